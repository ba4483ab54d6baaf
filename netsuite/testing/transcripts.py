"""Conversations as text files: what clients say, what servers must answer, several connections.

::

    # A line that begins with a number sign is a remark.
    S: 220 mx.example.test ESMTP netsuite
    C: EHLO client.test
    S: 250-mx.example.test greets client.test
    S* .*                              any number of lines that match, none included
    S~ 250 SIZE (?P<size>[0-9]+)       one line that matches; groups are kept
    C: MAIL FROM:<a@b> SIZE={{size}}   and can be said later, or expected
    C\\ NOOP\\r\\nNO                    octets as in a Python literal, no line end added
    2C: EHLO other.test                a second connection, opened where it is first named
    S!                                 the server has closed the connection

A line ends with CRLF on the wire. Whatever the server says beyond what is expected is an error,
at the latest when the next line is said or the transcript ends.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol


class Peer(Protocol):
    """One connection to the server under test, as a transcript drives it."""

    def say(self, octets: bytes) -> None:
        """Send octets to the server, and let it answer."""

    def heard(self) -> bytes:
        """Return what the server has said since this was last asked."""

    @property
    def closed(self) -> bool:
        """Whether the server has closed the connection."""


class TranscriptError(AssertionError):
    """The server said something else; the message shows the line and what came."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a transcript.

    Args:
        number: in the file, from 1.
        connection: empty for the first.
        who: ``C`` or ``S``.
        how: ``:`` as it is, ``~`` a pattern, ``*`` any number that match, ``\\`` a literal, ``!``
            closed.
    """

    number: int
    connection: str
    who: str
    how: str
    text: str


_line: Final = re.compile(r"(?P<connection>[0-9]*)(?P<who>[CS])(?P<how>[:~*\\!])(?: (?P<text>.*))?")
_ALLOWED: Final = {"C": ":\\", "S": ":~*!"}


def parse(text: str, name: str = "transcript") -> Iterator[Line]:
    """Read a transcript. Raises ValueError with the line that is none."""
    for number, written in enumerate(text.splitlines(), 1):
        if not written.strip() or written.startswith("#"):
            continue
        match = _line.fullmatch(written.rstrip())
        if match is None or match["how"] not in _ALLOWED[match["who"]]:
            raise ValueError(f"{name}:{number}: not a line of a transcript: {written!r}")
        yield Line(number, match["connection"], match["who"], match["how"], match["text"] or "")


class _Conversation:
    """One connection and what of the server's words is not accounted for yet."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.waiting: list[str] = []
        self.rest = b""

    def listen(self) -> None:
        octets = self.rest + self.peer.heard()
        *lines, self.rest = octets.split(b"\r\n")
        self.waiting += [line.decode("utf-8", "backslashreplace") for line in lines]


class Player:
    """Plays a transcript against a server to which *connect* opens connections."""

    def __init__(self, connect: Callable[[], Peer], name: str = "transcript") -> None:
        self.connect = connect
        self.name = name
        self.captured: dict[str, str] = {}
        self._conversations: dict[str, _Conversation] = {}

    def play(self, text: str) -> dict[str, str]:
        """Play it; return what was captured. Raises TranscriptError."""
        for line in parse(text, self.name):
            conversation = self._conversations.get(line.connection)
            if conversation is None:
                conversation = _Conversation(self.connect())
                self._conversations[line.connection] = conversation
            conversation.listen()
            if line.who == "C":
                self._say(line, conversation)
            else:
                self._expect(line, conversation)
        for connection, conversation in self._conversations.items():
            conversation.listen()
            self._nothing_left(f"the end of connection {connection or 'one'}", conversation)
        return self.captured

    def _filled(self, text: str) -> str:
        for name, value in self.captured.items():
            text = text.replace("{{" + name + "}}", value)
        return text

    def _nothing_left(self, where: str, conversation: _Conversation) -> None:
        rest = [repr(conversation.rest)] if conversation.rest else []
        if left := [*conversation.waiting, *rest]:
            raise TranscriptError(
                f"{self.name}: at {where} the server had also said:\n" + _shown(left)
            )

    def _say(self, line: Line, conversation: _Conversation) -> None:
        self._nothing_left(f"line {line.number}", conversation)
        text = self._filled(line.text)
        if line.how == "\\":
            octets: bytes = ast.literal_eval("b'" + text.replace("'", "\\x27") + "'")
        else:
            octets = text.encode("utf-8") + b"\r\n"
        conversation.peer.say(octets)

    def _expect(self, line: Line, conversation: _Conversation) -> None:
        waiting, text = conversation.waiting, self._filled(line.text)
        if line.how == "!":
            if waiting or not conversation.peer.closed:
                raise self._error(line, "closed", waiting)
        elif line.how == "*":
            while waiting and re.fullmatch(text, waiting[0]):
                del waiting[0]
        else:
            pattern = text if line.how == "~" else re.escape(text)
            match = re.fullmatch(pattern, waiting[0]) if waiting else None
            if match is None:
                raise self._error(line, text, waiting)
            self.captured.update({k: v for k, v in match.groupdict().items() if v is not None})
            del waiting[0]

    def _error(self, line: Line, wanted: str, waiting: list[str]) -> TranscriptError:
        said = _shown(waiting) if waiting else "  nothing"
        return TranscriptError(
            f"{self.name}:{line.number}: expected\n  {wanted}\nbut the server said\n{said}"
        )


def _shown(lines: list[str]) -> str:
    return "\n".join(f"  {line}" for line in lines[:20])


def play_file(path: Path, connect: Callable[[], Peer]) -> dict[str, str]:
    """Play a transcript from a file. Raises TranscriptError, ValueError."""
    return Player(connect, path.name).play(path.read_text("utf-8"))
