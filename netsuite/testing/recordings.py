"""Recordings: every session of a service as the lines that were said, secrets masked."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from twisted.internet.interfaces import IReactorTime

from netsuite.connection.transcript import Transcript
from netsuite.testing.transcripts import Role, parse

#: Of each session, and of so many of the newest, a failed wait shows the end.
_SHOWN_LINES = 30
_SHOWN_SESSIONS = 3
#: Of more lines than these that one side says together, as of a body, the first and the last.
_RUN_LINES = 16
_RUN_BEGIN = 10
_RUN_END = 2
#: In a difference: the connection is closed.
_END = "S!"


@dataclass(frozen=True, slots=True)
class Said:
    """One line.

    Args:
        side: ``C`` or ``S``.
        text: the line, without its end.
        seconds: since the session began.
    """

    side: str
    text: str
    seconds: float


@dataclass(slots=True)
class Session:
    """One session of a service.

    Args:
        name: as the log calls it: service and number.
        lines: what was said.
        ended: whether the connection is gone.
    """

    name: str
    lines: list[Said] = field(default_factory=list)
    ended: bool = False

    def __str__(self) -> str:
        """Return it as ``netsuite.testing.transcripts`` reads it."""
        return "".join(f"{each.side}: {each.text}\n" for each in self.lines)

    def said(self, side: str) -> list[str]:
        """Return the lines of one side."""
        return [each.text for each in self.lines if each.side == side]

    def check(self, golden: Path | str) -> None:
        """Check that it is as a file, or a text, has it, in the format of
        ``netsuite.testing.transcripts``; lines of both sides may be patterns.

        Raises:
            AssertionError: it is not; the message shows the difference.
            ValueError: the file is no transcript of one connection.
        """
        text = golden.read_text("utf-8") if isinstance(golden, Path) else golden
        name = golden.name if isinstance(golden, Path) else "golden"
        captured: dict[str, str] = {}
        wanted: list[str] = []
        found = [f"{each.side}: {each.text.rstrip()}" for each in self.lines]
        if self.ended:
            found.append(_END)
        for line in parse(text, name, Role.NEITHER):
            if line.connection:
                raise ValueError(f"{name}:{line.number}: this is one connection alone")
            if line.how == "!":
                wanted.append(_END)
                continue
            met = 0
            for each in self.lines[len(wanted) :]:
                if each.side != line.who or line.match(each.text.rstrip(), captured) is None:
                    break
                met += 1
                if line.how != "*":
                    break
            wanted += found[len(wanted) : len(wanted) + met]
            if not met and line.how != "*":
                wanted.append(f"{line.who}{line.how} {line.filled(captured)}".rstrip())
        if _END not in wanted and self.ended:
            found.pop()  # which nobody has asked for
        if wanted != found:
            difference = difflib.unified_diff(wanted, found, "wanted", "said", lineterm="")
            raise AssertionError("\n".join([f"{self.name}:", *difference]))


class Recordings:
    """The sessions of one service, in the order in which they began."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._sessions: list[Session] = []

    def __iter__(self) -> Iterator[Session]:
        """Return them."""
        return iter(self._sessions)

    def __len__(self) -> int:
        return len(self._sessions)

    def __getitem__(self, index: int) -> Session:
        """Return one by its number from 0; from the last with -1."""
        return self._sessions[index]

    def transcript(self, name: str) -> Transcript:
        """Begin to record a session; what ``ServerShared.transcript`` wants."""
        session = Session(name)
        self._sessions.append(session)

        def observe(side: str, text: str, seconds: float) -> None:
            if side == "-":
                session.ended = session.ended or text == "the connection has ended"
            else:
                session.lines.append(Said(side, text, seconds))

        return Transcript(observe, self._clock)

    def clear(self) -> None:
        """Forget them."""
        self._sessions.clear()


def shown(recordings: Sequence[Recordings]) -> str:
    """Return the ends of the newest sessions, for a message of a failed test."""
    newest = [session for each in recordings for session in list(each)[-_SHOWN_SESSIONS:]]
    parts = []
    for session in newest:
        lines = _shortened(session)
        cut = ["..."] if len(lines) > _SHOWN_LINES else []
        parts.append("\n  ".join([f"{session.name}:", *cut, *lines[-_SHOWN_LINES:]]))
    return "\n".join(parts) or "no session has begun"


def _shortened(session: Session) -> list[str]:
    """Return a session's lines, with the beginning and the end of what one side says at length."""
    shortened: list[str] = []
    for side, said in itertools.groupby(session.lines, lambda each: each.side):
        run = [f"{side}: {each.text}" for each in said]
        if len(run) > _RUN_LINES:
            left_out = len(run) - _RUN_BEGIN - _RUN_END
            run[_RUN_BEGIN:-_RUN_END] = [f"{side}: ({left_out} more lines)"]
        shortened += run
    return shortened
