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

``netsuite.testing.replay`` plays them too, to a server that is somewhere else, and as the server:
then ``C~``, ``C*`` and ``C!`` are what is expected, and ``S\\`` and ``S!`` what is done.
``netsuite.testing.recordings`` holds recordings against them, where both sides may have patterns.
"""

from __future__ import annotations

import ast
import enum
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
    """The other side said something else; the message shows the line and what came."""


class Role(enum.Enum):
    """The side that is played. Its own lines are said, those of the other are expected."""

    CLIENT = "client"
    SERVER = "server"
    NEITHER = "neither"  #: both are expected, of a conversation that is over


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

    def match(self, said: str, captured: dict[str, str]) -> re.Match[str] | None:
        """Return the match of what was said, None where something else was expected.

        Args:
            captured: what earlier lines have captured; what this one does is added.
        """
        text = self.filled(captured)
        found = re.fullmatch(text if self.how in "~*" else re.escape(text), said)
        if found is not None:
            captured.update({k: v for k, v in found.groupdict().items() if v is not None})
        return found

    def filled(self, captured: dict[str, str]) -> str:
        """Return its text with what was captured put in."""
        text = self.text
        for name, value in captured.items():
            text = text.replace("{{" + name + "}}", value)
        return text

    def octets(self, captured: dict[str, str]) -> bytes:
        """Return what stands for it on the wire."""
        text = self.filled(captured)
        if self.how != "\\":
            return text.encode("utf-8") + b"\r\n"
        octets: bytes = ast.literal_eval("b'" + text.replace("'", "\\x27") + "'")
        return octets


_line: Final = re.compile(r"(?P<connection>[0-9]*)(?P<who>[CS])(?P<how>[:~*\\!])(?: (?P<text>.*))?")
_ALLOWED: Final = {
    Role.CLIENT: {"C": ":\\", "S": ":~*!"},
    Role.SERVER: {"C": ":~*\\!", "S": ":\\!"},
    Role.NEITHER: {"C": ":~*", "S": ":~*!"},
}


def parse(text: str, name: str = "transcript", role: Role = Role.CLIENT) -> Iterator[Line]:
    """Read a transcript. Raises ValueError with the line that is none, or cannot be played so."""
    for number, written in enumerate(text.splitlines(), 1):
        if not written.strip() or written.startswith("#"):
            continue
        match = _line.fullmatch(written.rstrip())
        if match is None or match["how"] not in _ALLOWED[role][match["who"]]:
            raise ValueError(f"{name}:{number}: not a line of a transcript: {written!r}")
        line = Line(number, match["connection"], match["who"], match["how"], match["text"] or "")
        if line.how in "~*":
            try:
                re.compile(line.text)
            except re.error as error:
                raise ValueError(f"{name}:{number}: no pattern: {error}: {written!r}") from None
        yield line


class Heard:
    """The words of the other side of one connection, and those that no line accounts for yet.

    Args:
        name: of the transcript.
        speaker: who it is, for messages.

    Attributes:
        closed: whether it has closed the connection.
    """

    def __init__(self, name: str, speaker: str = "the server") -> None:
        self.closed = False
        self._name = name
        self._speaker = speaker
        self._octets = b""
        self._passed_over: Line | None = None

    def hear(self, octets: bytes) -> None:
        """Accept what it has said."""
        self._octets += octets

    def meets(self, line: Line, captured: dict[str, str]) -> bool:
        """Return whether what a line expects is there, and account for it; False where it may
        still come.

        Raises:
            TranscriptError: something else was said.
        """
        if line.how == "*":
            self._passed_over = line
            self._pass_over(captured)
            return True
        self._pass_over(captured)
        if line.how == "!":
            if self._octets:
                raise self.error(line, captured)
            return self.closed
        if line.how == "\\":
            return self._literal(line, captured)
        said, end, rest = self._octets.partition(b"\r\n")
        if not end:
            return self._may_come(line, captured)
        if line.match(_text(said), captured) is None:
            raise self.error(line, captured)
        self._octets, self._passed_over = rest, None
        return True

    def _literal(self, line: Line, captured: dict[str, str]) -> bool:
        wanted = line.octets(captured)
        if self._octets.startswith(wanted):
            self._octets = self._octets.removeprefix(wanted)
            return True
        if not wanted.startswith(self._octets):
            raise self.error(line, captured)
        return self._may_come(line, captured)

    def _may_come(self, line: Line, captured: dict[str, str]) -> bool:
        if self.closed:
            raise self.error(line, captured)
        return False

    def _pass_over(self, captured: dict[str, str]) -> None:
        """Account for lines that may be there in any number."""
        while self._passed_over is not None:
            said, end, rest = self._octets.partition(b"\r\n")
            if not end or self._passed_over.match(_text(said), captured) is None:
                return
            self._octets = rest

    def nothing_left(self, where: str, captured: dict[str, str]) -> None:
        """Raise TranscriptError where there is something that no line accounts for."""
        self._pass_over(captured)
        self._passed_over = None
        if self._octets:
            raise TranscriptError(
                f"{self._name}: at {where} {self._speaker} had also said:\n{self._shown()}"
            )

    def error(self, line: Line, captured: dict[str, str]) -> TranscriptError:
        """Return the error that is to be raised where a line was not said."""
        wanted = "closed" if line.how == "!" else line.filled(captured)
        said = self._shown() or ("  nothing, and closed" if self.closed else "  nothing")
        return TranscriptError(
            f"{self._name}:{line.number}: expected\n  {wanted}\nbut {self._speaker} said\n{said}"
        )

    def _shown(self) -> str:
        *lines, rest = self._octets.split(b"\r\n")
        texts = [*map(_text, lines), *([repr(rest)] if rest else [])]
        return "\n".join(f"  {text}" for text in texts[:20])


def _text(said: bytes) -> str:
    return said.decode("utf-8", "backslashreplace")


class Player:
    """Plays a transcript against a server to which *connect* opens connections."""

    def __init__(self, connect: Callable[[], Peer], name: str = "transcript") -> None:
        self.connect = connect
        self.name = name
        self.captured: dict[str, str] = {}
        self._conversations: dict[str, tuple[Peer, Heard]] = {}

    def play(self, text: str) -> dict[str, str]:
        """Play it; return what was captured. Raises TranscriptError."""
        for line in parse(text, self.name):
            if line.connection not in self._conversations:
                self._conversations[line.connection] = self.connect(), Heard(self.name)
            peer, heard = self._conversations[line.connection]
            self._listen(peer, heard)
            if line.who == "C":
                heard.nothing_left(f"line {line.number}", self.captured)
                peer.say(line.octets(self.captured))
            elif not heard.meets(line, self.captured):
                raise heard.error(line, self.captured)
        for connection, (peer, heard) in self._conversations.items():
            self._listen(peer, heard)
            heard.nothing_left(f"the end of connection {connection or 'one'}", self.captured)
        return self.captured

    def _listen(self, peer: Peer, heard: Heard) -> None:
        heard.hear(peer.heard())
        heard.closed = peer.closed


def play_file(path: Path, connect: Callable[[], Peer]) -> dict[str, str]:
    """Play a transcript from a file. Raises TranscriptError, ValueError."""
    return Player(connect, path.name).play(path.read_text("utf-8"))
