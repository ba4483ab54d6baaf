"""The server's dialog: octets to lines, keys and interrupts; text, prompts and echo to octets.

Whose turn it is, the dialog is told: ``ReadLine`` and ``ReadKey`` give it to the client, and the
event they lead to gives it back. What is typed meanwhile waits, but an interrupt is told at once.

Everything that is printed goes through ``sanitized``: no content can act on the terminal.
"""

from __future__ import annotations

import codecs
import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from netsuite.telnet import commands, editing
from netsuite.telnet.commands import Code, Option
from netsuite.telnet.dialog.core import CHARSETS, Echo, TelnetDialog, function
from netsuite.telnet.editing import EndOfFile, Interrupt, Line, LineEditor
from netsuite.telnet.grammar import escape, format_meaning, network_text
from netsuite.telnet.options import Outcome, Side
from netsuite.telnet.options import State as OptionState
from netsuite.telnet.sanitize import sanitized
from netsuite.wire.errors import RemoteProtocolError
from netsuite.wire.events import NEED_DATA, PAUSED, EndOfInput, Need
from netsuite.wire.machine import Machine

#: Characters that may wait to be read; then the transport waits.
TYPED_AHEAD: Final = 65_536
#: What a window may be said to have, so that nothing is made of absurd numbers.
WIDTHS: Final = (20, 1000)
HEIGHTS: Final = (3, 1000)
#: Terminal types asked for: a list of them ends with a name twice (RFC 1091, 6).
TERMINAL_TYPES: Final = 8

#: What we do and what the client may do.
OURS: Final = frozenset(
    {Option.BINARY, Option.ECHO, Option.SGA, Option.STATUS, Option.EOR, Option.CHARSET}
)
HIS: Final = frozenset(
    {Option.BINARY, Option.SGA, Option.EOR, Option.TTYPE, Option.NAWS, Option.CHARSET}
)
#: Both ends cannot echo (RFC 857, 5): ECHO is not among the client's.

_AYT: Final = b"\r\n[Yes]\r\n"
#: What functions are as keys.
_FUNCTION_KEYS: Final[Mapping[int, str]] = {
    Code.IP: editing.INTERRUPT,
    Code.BRK: editing.INTERRUPT,
    Code.ABORT: editing.INTERRUPT,
    Code.EOF: editing.END_OF_FILE,
    Code.EC: editing.ERASE_CHARACTER,
    Code.EL: editing.ERASE_LINE,
}


@dataclass(frozen=True, slots=True)
class Greet:
    """The connection is there: say which options we want."""


@dataclass(frozen=True, slots=True)
class Print:
    """Text for the terminal; lines end with LF."""

    text: str


@dataclass(frozen=True, slots=True)
class ReadLine:
    """It is the client's turn to type a line.

    Args:
        prompt: shown before it.
        visible: whether what is typed may be shown; a password's is not.
        limit: how many characters it may have.
    """

    prompt: str
    visible: bool = True
    limit: int = editing.LINE_CHARACTERS


@dataclass(frozen=True, slots=True)
class ReadKey:
    """It is the client's turn to press a key; the prompt is taken away when it has."""

    prompt: str


@dataclass(frozen=True, slots=True)
class Farewell:
    """Last words, wherever the conversation stands."""

    text: str


@dataclass(frozen=True, slots=True)
class Key:
    """A key was pressed."""

    key: str


class State(enum.Enum):
    """The turns."""

    OURS = "we are at work; what is typed waits"
    LINE = "a line is being typed"
    KEY = "a key is awaited"
    CLOSED = "all has been said"


TRANSITIONS: Final[Mapping[tuple[State, type], State]] = {
    (State.OURS, Greet): State.OURS,
    (State.OURS, Print): State.OURS,
    (State.OURS, ReadLine): State.LINE,
    (State.OURS, ReadKey): State.KEY,
    (State.OURS, Farewell): State.CLOSED,
    (State.LINE, Line): State.OURS,
    (State.LINE, Interrupt): State.OURS,
    (State.LINE, EndOfFile): State.OURS,
    (State.LINE, Farewell): State.CLOSED,
    (State.KEY, Key): State.OURS,
    (State.KEY, Interrupt): State.OURS,
    (State.KEY, EndOfFile): State.OURS,
    (State.KEY, Farewell): State.CLOSED,
}
MACHINE: Final = Machine(TRANSITIONS, start=State.OURS, final=[State.CLOSED])


#: What a line or a key that was asked for may end as.
Typed: TypeAlias = Line | Key | Interrupt | EndOfFile
#: What a server's dialog gives, and takes.
ServerEvent: TypeAlias = Typed | commands.WindowSize | Echo | EndOfInput
ServerSaid: TypeAlias = Greet | Print | ReadLine | ReadKey | Farewell


class ServerDialog(TelnetDialog):
    """The server's side; *utf8* sends it before, or without, any agreement on it."""

    __slots__ = (
        "_after_cr", "_at", "_charset_asked", "_decoder", "_editor", "_end_told", "_held",
        "_interrupted", "_key", "_pieces", "_pieces_characters", "_prompt", "_resized", "_typed",
        "_utf8", "charset", "state", "terminal_types",
    )  # fmt: skip

    def __init__(self, *, utf8: bool = False) -> None:
        super().__init__(ours=OURS, his=HIS)
        self.state = State.OURS
        #: What was agreed on; None for nothing.
        self.charset: str | None = None
        #: As the client has named them.
        self.terminal_types: tuple[str, ...] = ()
        self._utf8 = utf8
        self._charset_asked = False
        self._editor = LineEditor(self._shown)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._after_cr = False
        self._typed = ""  # what was typed and not read, from ``_at`` on, then the pieces
        self._at = 0
        self._pieces: list[str] = []
        self._pieces_characters = 0
        self._interrupted = False  # whether there may be an interrupt in it
        self._prompt = ""
        self._key: str | None = None  # of a line that is to be one key
        self._held: Typed | None = None  # told after the echo that belongs before it
        self._resized: commands.WindowSize | None = None
        self._end_told = False

    # -- in ------------------------------------------------------------------------------------

    def next_event(self) -> ServerEvent | Need:
        """Return the next event. Raises RemoteProtocolError, after which nothing more is read."""
        while True:
            if self._out:
                return Echo(self._take_output())
            if self._held is not None:
                held, self._held = self._held, None
                return held
            if self._resized is not None:
                resized, self._resized = self._resized, None
                return resized
            if self.state is State.CLOSED:
                return PAUSED
            if self._drop_interrupted():
                return Interrupt()
            if self._from_typed() or self._out:
                continue
            if self._waiting() > TYPED_AHEAD:
                return PAUSED
            try:
                taken = self._take()
            except RemoteProtocolError as error:
                error.reply = Farewell("Goodbye: that is no way to talk.\n")
                raise
            if not taken and not self._out and self._resized is None:
                # A line that is half typed, or a NOP, is no command that was left unfinished.
                if not self._took:
                    return self._rest()
                self._took = False
                return Echo(b"")

    def _take(self) -> bool:
        """Take what was sent next; return whether there was something."""
        token = self._next()
        if isinstance(token, commands.Function):
            self._function(token.code)
        elif token is not None:
            self._data(token.octets)
        return token is not None

    def _rest(self) -> EndOfInput | Need:
        """Return what there is to say when all that came was read."""
        if self.state is State.OURS:
            return PAUSED
        if self.reader.eof and not self._end_told:
            self._end_told = True
            return EndOfInput()
        return NEED_DATA

    def _waiting(self) -> int:
        return len(self._typed) - self._at + self._pieces_characters

    def _data(self, octets: bytes) -> None:
        """Accept octets as characters. CR LF and CR NUL are one line end (RFC 1123, 3.3.1), and so
        are CR and LF alone, which is what terminals in binary mode and netcat send."""
        if self._after_cr and octets[0] in b"\n\0":
            octets = octets[1:]
        self._after_cr = octets.endswith(b"\r")
        if b"\r" in octets:
            octets = octets.replace(b"\r\n", b"\n").replace(b"\r\0", b"\n").replace(b"\r", b"\n")
        self._put_typed(self._decoder.decode(octets.replace(b"\0", b"")))

    def _put_typed(self, characters: str) -> None:
        if characters:
            self._pieces.append(characters)
            self._pieces_characters += len(characters)
            self._interrupted = self._interrupted or editing.INTERRUPT in characters

    def _join(self) -> None:
        if self._pieces:
            self._typed = self._typed[self._at :] + "".join(self._pieces)
            self._at = self._pieces_characters = 0
            self._pieces.clear()

    def _drop_interrupted(self) -> bool:
        """While we are at work, an interrupt is told at once, and what was typed before it is
        dropped; return whether there was one."""
        if self.state is not State.OURS or not self._interrupted:
            return False
        self._join()
        self._interrupted = False
        at = self._typed.rfind(editing.INTERRUPT, self._at)
        if at >= 0:  # else an editor has met it
            self._at = at + 1
        return at >= 0

    def _function(self, code: int) -> None:
        key = _FUNCTION_KEYS.get(code)
        if key is not None:
            self._put_typed(key)
        elif code == Code.AYT:
            self._answer(_AYT)
        elif code == Code.AO and self._answer(function(Code.DM)) and self.state is State.OURS:
            # RFC 854: what is printed may be thrown away; what is under way may as well end.
            self._put_typed(editing.INTERRUPT)

    def _from_typed(self) -> bool:
        """Read on in what was typed; return whether that led to something to tell."""
        if self.state is State.OURS or not self._waiting():
            return False
        self._join()
        ended = self._read_line() if self.state is State.LINE else self._read_key()
        if ended is not None:
            self.state = MACHINE.step(self.state, ended)
            self._held = ended
        return ended is not None

    def _read_line(self) -> Typed | None:
        self._at, ended = self._editor.type(self._typed, self._at)
        shown = self._editor.output()
        if shown and self.is_on(Side.US, Option.ECHO):
            self._out += escape(shown.encode(self.encoding, "replace"))
        return ended

    def _read_key(self) -> Typed | None:
        """A key; of a client that sends lines, the first character of one, or its end."""
        keys = self.is_on(Side.US, Option.ECHO)
        while self._at < len(self._typed):
            key = self._typed[self._at]
            self._at += 1
            if key == editing.INTERRUPT:
                return self._key_ended(Interrupt())
            if key == editing.END_OF_FILE:
                return self._key_ended(EndOfFile())
            if keys:
                return self._key_ended(Key(key))
            if key == "\n":
                return self._key_ended(Key(self._key or key))
            self._key = self._key or key
        return None

    def _key_ended(self, event: Typed) -> Typed:
        self._key = None
        if self.is_on(Side.US, Option.ECHO):
            self._out += b"\r" + b" " * len(self._prompt) + b"\r"
        return event

    # -- options -------------------------------------------------------------------------------

    def _changed(self, outcome: Outcome, option: int) -> None:
        side, on = outcome.side, outcome.changed
        if side is Side.HIM and option == Option.TTYPE and on:
            self._out += format_meaning(commands.TerminalTypeSend())
        elif side is Side.HIM and option == Option.NAWS and on is False:
            self._resized = commands.WindowSize(0, 0)
        elif side is Side.US and option == Option.CHARSET and on:
            self._charset_asked = True
            self._out += format_meaning(commands.CharsetRequest(("UTF-8", "US-ASCII")))

    def _said(self, meaning: commands.Meaning) -> None:
        if isinstance(meaning, commands.WindowSize):
            if self.is_on(Side.HIM, Option.NAWS):
                width, height = _within(meaning.width, WIDTHS), _within(meaning.height, HEIGHTS)
                self._resized = commands.WindowSize(width, height)
        elif isinstance(meaning, commands.TerminalTypeIs):
            self._terminal_type(meaning.name)
        elif isinstance(meaning, commands.CharsetRequest):
            self._charset_request(meaning)
        elif isinstance(meaning, commands.CharsetAccepted):
            if self._charset_asked:
                self._charset_asked = False
                self._take_charset(meaning.name)
        elif isinstance(meaning, commands.CharsetRejected):
            self._charset_asked = False

    def _terminal_type(self, name: str) -> None:
        if not self.is_on(Side.HIM, Option.TTYPE) or len(self.terminal_types) >= TERMINAL_TYPES:
            return
        if self.terminal_types[-1:] == (name,):
            return  # the list's end
        self.terminal_types += (name,)
        if len(self.terminal_types) < TERMINAL_TYPES:
            self._out += format_meaning(commands.TerminalTypeSend())

    def _charset_request(self, request: commands.CharsetRequest) -> None:
        if not self.is_on(Side.HIM, Option.CHARSET):
            return
        known = [name for name in request.names if name.lower() in CHARSETS]
        # RFC 2066, 2: of two requests that met, the server refuses the client's.
        if self._charset_asked or not known:
            self._answer(format_meaning(commands.CharsetRejected()))
        elif self._answer(format_meaning(commands.CharsetAccepted(known[0]))):
            self._take_charset(known[0])

    def _take_charset(self, name: str) -> None:
        self.charset = CHARSETS.get(name.lower())
        if self.charset == "utf-8":
            # RFC 2066, 5: it is for binary mode. Clients that know no BINARY mean it anyway.
            self._ask(Side.US, Option.BINARY)
            self._ask(Side.HIM, Option.BINARY)

    @property
    def encoding(self) -> str:
        """The encoding that text is sent in."""
        if self.charset is not None:
            return self.charset
        return "utf-8" if self._utf8 or self.is_on(Side.US, Option.BINARY) else "ascii"

    def _shown(self, text: str) -> str:
        """Return what the terminal shows for text, in the encoding there is."""
        shown = sanitized(text)
        if shown.isascii() or self.encoding == "utf-8":
            return shown
        return shown.encode("ascii", "replace").decode("ascii")

    # -- out -----------------------------------------------------------------------------------

    def send(self, value: ServerSaid) -> bytes:
        """Print what is to be said. Raises LocalProtocolError when it is the client's turn."""
        at_prompt = self.state in (State.LINE, State.KEY)
        self.state = MACHINE.step(self.state, value)
        if isinstance(value, Greet):
            return self._greeting()
        before = self._take_output()
        if isinstance(value, Print | Farewell):
            text = "\n" + value.text if at_prompt else value.text
            return before + network_text(sanitized(text), self.encoding)
        self._prompt = sanitized(value.prompt)
        if isinstance(value, ReadLine):
            self._editor.begin(visible=value.visible, limit=value.limit)
        return before + network_text(self._prompt, self.encoding) + self._mark()

    def _greeting(self) -> bytes:
        for side, option in (
            (Side.US, Option.ECHO),
            (Side.US, Option.SGA),
            (Side.HIM, Option.TTYPE),
            (Side.HIM, Option.NAWS),
            (Side.US, Option.CHARSET),
        ):
            self._ask(side, option)
        return self._take_output()

    def _mark(self) -> bytes:
        """Return the mark that ends a prompt: EOR where that is on, GA where SGA was refused."""
        if self.is_on(Side.US, Option.EOR):
            return function(Code.EOR)
        refused = self.options.state(Side.US, Option.SGA) is OptionState.NO
        return function(Code.GA) if refused else b""


def _within(number: int, bounds: tuple[int, int]) -> int:
    return 0 if number == 0 else max(bounds[0], min(number, bounds[1]))
