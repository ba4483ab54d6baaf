"""The client's machine: responses in, whatever their cuts; large literals pass through.

Untagged data that cannot be read is an event too, ``NotUnderstood``: lines and literals stay in
step without it. Only what is no response, or no sense as an answer, ends the session.

Which command's data a response is, is not its business: the connection knows what it asked. But
a completion, or leave to go on, that came before what it would answer was said, is refused here.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, TypeAlias

from netsuite.imap.commands.fetch import BinarySection, BodySection, Streamed
from netsuite.imap.commands.responses import Continue, Response, Status, Tagged
from netsuite.imap.grammar.compose import Segment
from netsuite.imap.grammar.fetch import OLD_NAMES
from netsuite.imap.grammar.fetch_response import parse_shown_binary, parse_shown_section
from netsuite.imap.grammar.lenient import ResponseCursor
from netsuite.imap.grammar.response_parser import parse_response
from netsuite.imap.grammar.tokens import BadSyntax, Cursor
from netsuite.wire.errors import RemoteProtocolError
from netsuite.wire.events import BodyChunk, EndOfBody, EndOfInput, Need
from netsuite.wire.reader import LineDialog

_CHUNK_OCTETS: Final = 65_536
#: What untagged data begins with, a number or not, and its name.
#: What may come right after a literal (RFC 3501, 9); nothing: the response ends with it.
_BEHIND_LITERAL: Final = (b"", b" ", b")", b"]")
_UNTAGGED: Final = re.compile(rb"\* *(?:[0-9]+ +)?([!-~]+)")


@dataclass(frozen=True, slots=True)
class ClientBounds:
    """What one response may cost, in octets.

    Args:
        line_octets: one line; a SEARCH of a large mailbox is one.
        held_octets: a literal beyond this is streamed, where it is a message's content.
        response_octets: all that is held of one response.
    """

    line_octets: int = 8 * 1024 * 1024
    held_octets: int = 65_536
    response_octets: int = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class LiteralBegins:
    """A large literal of a FETCH response, a message's section, follows in ``BodyChunk`` events."""

    number: int
    section: BodySection | BinarySection
    octets: int


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """Untagged data that could not be read; it is skipped.

    Args:
        name: of the response, in upper case, as FETCH or LIST.
        reason: what is wrong with it.
    """

    name: str
    reason: str


#: What a client's dialog gives.
ClientEvent: TypeAlias = (
    Response | NotUnderstood | LiteralBegins | BodyChunk | EndOfBody | EndOfInput
)
#: What a step of the dialog comes to; None where the next one is to be taken.
_Step: TypeAlias = ClientEvent | Need | None


class _Phase(enum.Enum):
    LINE = "a line of a response"
    LITERAL = "a literal that is held"
    BODY = "a literal that is streamed"
    BODY_END = "the end of that"


class ClientDialog(LineDialog):
    """One connection, the client's side.

    Events: the responses as values, ``LiteralBegins``, ``BodyChunk``, ``EndOfBody``. What was
    streamed stands as ``Streamed`` in the response, which comes when it is whole.

    It is never ``PAUSED``: a client may have many commands under way.
    """

    hears_while_writing: ClassVar[bool] = True  # an APPEND may be refused on its way

    def __init__(self, bounds: ClientBounds | None = None) -> None:
        super().__init__()
        self.bounds = bounds or ClientBounds()
        #: Whether mailbox names are in UTF-8: it was enabled.
        self.utf8 = False
        self._parts: list[bytes | Streamed] = []
        self._held = 0
        self._left = 0
        self._phase = _Phase.LINE
        self._begun = 0  # where the response that is coming began
        #: Where the latest response began: how many octets had come before it.
        self.begun = 0
        self._said: dict[bytes, int] = {}  # commands in progress, and what had come by then
        self._said_last = 0  # what had come when anything was said last
        self._unfinished = b""  # the command that is not said to its end

    @property
    def came(self) -> int:
        """Octets that have come so far."""
        return self._reader.fed

    def discard_input(self) -> int:
        """Drop every octet received and not yet read; return how many there were."""
        self._parts.clear()
        self._held = 0
        self._phase = _Phase.LINE
        return super().discard_input()

    def next_event(self) -> ClientEvent | Need:
        """Return the next event or ``NEED_DATA``.

        Raises:
            RemoteProtocolError: the server says what no server may; nothing can be read after.
        """
        while True:
            event = _STEPS[self._phase](self)
            if event is not None:
                return event

    def _read_line(self) -> _Step:
        if not self._parts:
            self._begun = self._reader.position
        try:
            line = self._reader.read_line(self.bounds.line_octets)
        except RemoteProtocolError as error:
            raise RemoteProtocolError(str(error), close=True) from None
        if line is None:
            return self._end()
        if self._parts and line[:1] not in _BEHIND_LITERAL:
            # The literal had another size than it was said to: what follows is anybody's guess.
            raise RemoteProtocolError(f"not a response: {line[:20]!r} behind a literal", close=True)
        self._hold(len(line))
        octets, brace = self._announced(line)
        if octets is None:
            self._parts.append(line)
            return self._parse()
        self._parts.append(line[:brace])
        self._left = octets
        if octets > self.bounds.held_octets:
            begins = self._content()
            if begins is not None:
                self._parts.append(Streamed(octets))
                self._phase = _Phase.BODY
                return begins
        self._hold(octets)
        self._phase = _Phase.LITERAL
        return None

    def _hold(self, octets: int) -> None:
        self._held += octets
        if self._held > self.bounds.response_octets:
            raise RemoteProtocolError("a response is too large to hold", close=True)

    def _announced(self, line: bytes) -> tuple[int | None, int]:
        """Return the size of a literal that a line announces, and where its brace is.

        Text for people may end like an announcement; only what is data can have a literal.
        """
        if not line.endswith(b"}"):
            return None, 0
        brace = line.rfind(b"{")
        digits = line[brace + 1 : -1]
        if brace < 0 or not digits.isdigit() or len(digits) > 18:
            return None, 0
        if not self._parts and _is_text(line):
            return None, 0
        return int(digits), brace

    def _content(self) -> LiteralBegins | None:
        """Return which content of which message comes next; None where it is something else."""
        try:
            number, section = _begun_content([*self._parts])
        except BadSyntax:
            return None
        return LiteralBegins(number, section, self._left)

    def _read_literal(self) -> _Step:
        octets = self._reader.read_exactly(self._left)
        if octets is None:
            return self._end()
        self._parts.append(octets)
        self._phase = _Phase.LINE
        return None

    def _read_body(self) -> _Step:
        octets = self._reader.read_some(min(self._left, _CHUNK_OCTETS))
        if octets is None:
            return self._end()
        self._left -= len(octets)
        if not self._left:
            self._phase = _Phase.BODY_END
        return BodyChunk(octets)

    def _end_body(self) -> _Step:
        self._phase = _Phase.LINE
        return EndOfBody()

    def _parse(self) -> _Step:
        parts, self._parts = self._parts, []
        self._held = 0
        self.begun = self._begun
        try:
            response = parse_response(ResponseCursor(parts, utf8=self.utf8))
        except BadSyntax as error:
            name = _UNTAGGED.match(_line(parts[0]))
            if name is None:
                raise RemoteProtocolError(f"not a response: {error}", close=True) from None
            return NotUnderstood(name[1].decode("ascii").upper(), str(error))
        if isinstance(response, Tagged):
            self._completed(response)
        elif isinstance(response, Continue) and self._begun < self._said_last:
            raise RemoteProtocolError("a continuation that nobody asked for", close=True)
        return response

    def _completed(self, tagged: Tagged) -> None:
        """Accept a completion. Raises RemoteProtocolError for one of what was not said before."""
        said = self._said.pop(tagged.tag, None)
        if said is None or self._begun < said:
            raise RemoteProtocolError("a completion of no command", close=True)
        if tagged.tag == self._unfinished and tagged.status is Status.OK:
            raise RemoteProtocolError("OK before the command was whole", close=True)

    def send(self, value: Segment) -> bytes:
        """Return the octets of a piece of a command."""
        self._said_last = self._reader.fed
        if value.tag:
            self._said[value.tag] = self._said_last
            self._unfinished = value.tag
        if value.last:
            self._unfinished = b""
        return value.octets


def _line(part: bytes | Streamed) -> bytes:
    assert isinstance(part, bytes)  # every other one is
    return part


def _is_text(line: bytes) -> bool:
    """Return whether a line is one of those that end in text for people."""
    words = line.split(b" ", 2)
    if words[0] == b"+":
        return True
    return len(words) > 1 and words[1].upper() in (b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH")


def _begun_content(parts: list[bytes | Streamed]) -> tuple[int, BodySection | BinarySection]:
    """Read the beginning of a FETCH response whose last line ends where a literal comes."""
    first, last = _line(parts[0]), _line(parts[-1])
    cursor = ResponseCursor([first])
    cursor.expect(ord("*"))
    cursor.space()
    number = cursor.number()
    cursor.space()
    if cursor.name() not in (b"FETCH", b"UIDFETCH") or not last.endswith((b" ", b" ~")):
        raise BadSyntax("no content")
    # The name right before the literal: BODY[...]<n>, BINARY[...]<n> or one of the old ones.
    words = last.rstrip(b" ~")
    for name, old in OLD_NAMES.items():
        if words.upper().endswith((b"(" + name, b" " + name)):
            return number, old
    for name, parse in _SECTIONS:
        place = words.upper().rfind(name + b"[")
        if place >= 0:
            section_cursor = ResponseCursor([words], place + len(name))
            section = parse(section_cursor)
            section_cursor.end()
            return number, section
    raise BadSyntax("no content")


_SECTIONS: Final[Sequence[tuple[bytes, Callable[[Cursor], BodySection | BinarySection]]]] = (
    (b"BODY", parse_shown_section),
    (b"BINARY", parse_shown_binary),
)


_STEPS: Final[Mapping[_Phase, Callable[[ClientDialog], _Step]]] = {
    _Phase.LINE: ClientDialog._read_line,
    _Phase.LITERAL: ClientDialog._read_literal,
    _Phase.BODY: ClientDialog._read_body,
    _Phase.BODY_END: ClientDialog._end_body,
}
