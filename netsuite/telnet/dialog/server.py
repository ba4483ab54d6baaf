"""The server's dialog: octets to lines, keys and interrupts; text, prompts and echo to octets.

Whose turn it is, the dialog is told: ``ReadLine`` and ``ReadKey`` give it to the client, and the
event they lead to gives it back. What is typed meanwhile waits, but an interrupt is told at once.

Everything that is printed goes through ``sanitized``: no content can act on the terminal.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from netsuite.telnet import commands, editing
from netsuite.telnet.commands import Code, Option
from netsuite.telnet.dialog.core import CHARSETS, Echo, TelnetDialog, function
from netsuite.telnet.dialog.style import Style, has_colour, styled
from netsuite.telnet.dialog.typed import TypedAhead
from netsuite.telnet.editing import Complete, EndOfFile, Interrupt, Line, LineEditor
from netsuite.telnet.grammar import escape, format_meaning, network_text
from netsuite.telnet.options import Outcome, Side
from netsuite.telnet.options import State as OptionState
from netsuite.telnet.sanitize import cut, one_line, sanitized, width
from netsuite.wire.errors import RemoteProtocolError
from netsuite.wire.events import NEED_DATA, PAUSED, EndOfInput, Need
from netsuite.wire.machine import Machine

#: Where the client has not said how wide its window is.
COLUMNS: Final = 80
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
    """Text for the terminal; lines end with LF.

    Args:
        style: how it is set off, where the terminal has colours and the user wants them.
    """

    text: str
    style: Style = Style.PLAIN


@dataclass(frozen=True, slots=True)
class ReadLine:
    """It is the client's turn to type a line.

    Args:
        prompt: shown before it.
        visible: whether what is typed may be shown; a password's is not.
        limit: how many characters it may have.
        completes: whether TAB asks for what the line may go on with.
        text: what is in the line already, to be edited; where the client edits lines itself there
            is none.
    """

    prompt: str
    visible: bool = True
    limit: int = editing.LINE_CHARACTERS
    completes: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class ReadKey:
    """It is the client's turn to press a key; the prompt is taken away when it has."""

    prompt: str


@dataclass(frozen=True, slots=True)
class Completion:
    """The answer to ``Complete``; the line goes on.

    Args:
        insert: put in at the cursor.
        candidates: shown below the line, to choose from; with neither, the bell rings.
    """

    insert: str = ""
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """Word of something, shown at once on a line of its own, wherever the conversation stands; a
    line that is being typed is shown anew below it."""

    text: str


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
    COMPLETING = "we are asked how a line goes on; what is typed waits"
    KEY = "a key is awaited"
    CLOSED = "all has been said"


TRANSITIONS: Final[Mapping[tuple[State, type], State]] = {
    (State.OURS, Greet): State.OURS,
    (State.OURS, Print): State.OURS,
    (State.OURS, ReadLine): State.LINE,
    (State.OURS, ReadKey): State.KEY,
    (State.OURS, Farewell): State.CLOSED,
    (State.OURS, Notice): State.OURS,
    (State.LINE, Line): State.OURS,
    (State.LINE, Interrupt): State.OURS,
    (State.LINE, EndOfFile): State.OURS,
    (State.LINE, Complete): State.COMPLETING,
    (State.LINE, Notice): State.LINE,
    (State.LINE, Farewell): State.CLOSED,
    (State.COMPLETING, Completion): State.LINE,
    (State.COMPLETING, Interrupt): State.OURS,
    (State.COMPLETING, Notice): State.COMPLETING,
    (State.COMPLETING, Farewell): State.CLOSED,
    (State.KEY, Key): State.OURS,
    (State.KEY, Interrupt): State.OURS,
    (State.KEY, EndOfFile): State.OURS,
    (State.KEY, Notice): State.KEY,
    (State.KEY, Farewell): State.CLOSED,
}
MACHINE: Final = Machine(TRANSITIONS, start=State.OURS, final=[State.CLOSED])


#: What a line or a key that was asked for may end as.
Typed: TypeAlias = Line | Key | Interrupt | EndOfFile
#: What a server's dialog gives, and takes.
ServerEvent: TypeAlias = Typed | Complete | commands.WindowSize | Echo | EndOfInput
ServerSaid: TypeAlias = Greet | Print | ReadLine | ReadKey | Completion | Notice | Farewell


class ServerDialog(TelnetDialog):
    """The server's side; *utf8* sends it before, or without, any agreement on it."""

    __slots__ = (
        "_charset_asked", "_completes", "_editor", "_end_told", "_held", "_key", "_prompt",
        "_resized", "_typed", "_utf8", "charset", "state", "terminal_types", "wants_colour",
        "window",
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
        self._typed = TypedAhead()
        self._completes = False
        self._prompt = ""
        self._key: str | None = None  # of a line that is to be one key
        self._held: Typed | Complete | None = None  # told after the echo that belongs before it
        #: Width and height of the window, in characters; 0 for unknown.
        self.window = (0, 0)
        self._resized: commands.WindowSize | None = None
        #: Whether the user wants colours, where the terminal has them.
        self.wants_colour = True
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
            if self._interrupted():
                return Interrupt()
            if self._from_typed() or self._out:
                continue
            if len(self._typed) > TYPED_AHEAD:
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
            self._typed.feed(token.octets)
        return token is not None

    def _rest(self) -> EndOfInput | Need:
        """Return what there is to say when all that came was read."""
        if self.state in (State.OURS, State.COMPLETING):
            return PAUSED
        if self.reader.eof and not self._end_told:
            self._end_told = True
            return EndOfInput()
        return NEED_DATA

    def _interrupted(self) -> bool:
        """While we are at work, an interrupt is told at once, and what was typed before it is
        dropped; return whether there was one."""
        if self.state not in (State.OURS, State.COMPLETING) or not self._typed.drop_interrupted():
            return False
        if self.state is State.COMPLETING:
            self.state = MACHINE.step(self.state, Interrupt())
            self._out += network_text("\n", self.encoding)
        return True

    def _function(self, code: int) -> None:
        key = _FUNCTION_KEYS.get(code)
        if key is not None:
            self._typed.put(key)
        elif code == Code.AYT:
            self._answer(_AYT)
        elif code == Code.AO and self._answer(function(Code.DM)) and self.state is State.OURS:
            # RFC 854: what is printed may be thrown away; what is under way may as well end.
            self._typed.put(editing.INTERRUPT)

    def _from_typed(self) -> bool:
        """Read on in what was typed; return whether that led to something to tell."""
        if self.state not in (State.LINE, State.KEY) or not len(self._typed):
            return False
        self._typed.join()
        came = self._read_line() if self.state is State.LINE else self._read_key()
        if came is not None:
            self.state = MACHINE.step(self.state, came)
            self._held = came
        return came is not None

    def _read_line(self) -> Typed | Complete | None:
        typed = self._typed
        self._editor.completes = self._completes and self.echoes
        typed.at, came = self._editor.type(typed.text, typed.at)
        self._show_edited()
        return came

    def _show_edited(self) -> None:
        """Send what the editor has to show, where it is we who show what is typed."""
        shown = self._editor.output()
        if shown and self.echoes:
            self._out += escape(shown.encode(self.encoding, "replace"))

    def _read_key(self) -> Typed | None:
        """A key; of a client that sends lines, the first character of one, or its end."""
        typed = self._typed
        while typed.at < len(typed.text):
            key = typed.text[typed.at]
            typed.at += 1
            if key == editing.INTERRUPT:
                return self._key_ended(Interrupt())
            if key == editing.END_OF_FILE:
                return self._key_ended(EndOfFile())
            if self.echoes:
                return self._key_ended(Key(key))
            if key == "\n":
                return self._key_ended(Key(self._key or key))
            self._key = self._key or key
        return None

    def _key_ended(self, event: Typed) -> Typed:
        self._key = None
        if self.echoes:
            self._out += b"\r" + b" " * len(self._prompt) + b"\r"
        return event

    # -- options -------------------------------------------------------------------------------

    def _changed(self, outcome: Outcome, option: int) -> None:
        side, on = outcome.side, outcome.changed
        if side is Side.HIM and option == Option.TTYPE and on:
            self._out += format_meaning(commands.TerminalTypeSend())
        elif side is Side.HIM and option == Option.NAWS and on is False:
            self._resize(0, 0)
        elif side is Side.US and option == Option.CHARSET and on:
            self._charset_asked = True
            self._out += format_meaning(commands.CharsetRequest(("UTF-8", "US-ASCII")))

    def _said(self, meaning: commands.Meaning) -> None:
        if isinstance(meaning, commands.WindowSize):
            if self.is_on(Side.HIM, Option.NAWS):
                self._resize(_within(meaning.width, WIDTHS), _within(meaning.height, HEIGHTS))
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

    def _resize(self, columns: int, rows: int) -> None:
        self.window = (columns, rows)
        self._resized = commands.WindowSize(columns, rows)
        if self.state in (State.LINE, State.COMPLETING):
            self._editor.resize(columns)
            self._show_edited()

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

    @property
    def echoes(self) -> bool:
        """Whether what is typed comes key by key, and it is we who show it."""
        return self.is_on(Side.US, Option.ECHO)

    @property
    def colour(self) -> bool:
        """Whether the terminal has colours, and the user wants them."""
        return self.wants_colour and any(map(has_colour, self.terminal_types))

    def _shown(self, text: str) -> str:
        """Return what the terminal shows for text, in the encoding there is."""
        shown = sanitized(text)
        if shown.isascii() or self.encoding == "utf-8":
            return shown
        return shown.encode("ascii", "replace").decode("ascii")

    # -- out -----------------------------------------------------------------------------------

    def send(self, value: ServerSaid) -> bytes:
        """Print what is to be said. Raises LocalProtocolError when it is the client's turn."""
        state = self.state
        self.state = MACHINE.step(state, value)
        if isinstance(value, Greet):
            return self._greeting()
        if isinstance(value, Print):
            text = sanitized(value.text)
            self._say(styled(text, value.style) if self.colour else text)
        elif isinstance(value, Farewell):
            self._say(("" if state is State.OURS else "\n") + sanitized(value.text))
        elif isinstance(value, Notice):
            self._notice(state, sanitized(value.text.removesuffix("\n")) + "\n")
        elif isinstance(value, Completion):
            self._complete(value)
        elif isinstance(value, ReadLine):
            self._begin_line(value)
        else:
            self._prompt = sanitized(value.prompt)
            self._say(self._prompt)
            self._out += self._mark()
        return self._take_output()

    def _say(self, text: str) -> None:
        self._out += network_text(text, self.encoding)

    def _begin_line(self, value: ReadLine) -> None:
        above, line_end, self._prompt = sanitized(value.prompt).rpartition("\n")
        self._say(above + line_end)
        self._completes = value.completes
        self._editor.begin(
            visible=value.visible,
            limit=value.limit,
            prompt=self._shown(self._prompt),
            text=value.text if self.echoes else "",
            columns=self.window[0],
        )
        self._show_line()

    def _show_line(self) -> None:
        """Show prompt and line, on a row of which nothing is used."""
        self._editor.show(self._shown(self._prompt))
        if self.echoes:
            self._show_edited()
        else:
            self._editor.output()
            self._say(self._prompt)
        self._out += self._mark()

    def _complete(self, value: Completion) -> None:
        """Go on with the line: with more in it, or below what it may go on with."""
        if value.insert:
            self._editor.insert(value.insert)
        elif not value.candidates:
            self._editor.bell()
        if value.candidates:
            self._editor.leave()
            self._show_edited()
            self._say(in_columns(value.candidates, self.window[0] or COLUMNS))
            self._show_line()
        else:
            self._show_edited()

    def _notice(self, state: State, text: str) -> None:
        """Show a line at once; what is being typed, or awaited, is shown anew below it."""
        if state is State.OURS:
            self._say(text)
        elif not self.echoes:
            self._say("\n" + text + self._prompt)
        elif state is State.KEY:
            self._say("\r" + " " * width(self._prompt) + "\r" + text + self._prompt)
        else:
            self._editor.hide()
            self._show_edited()
            self._say(text)
            self._show_line()

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


def in_columns(words: Sequence[str], columns: int) -> str:
    """Return words as lines of equal columns, down and then across, as wide as a window."""
    shown = [cut(one_line(word), columns - 1) for word in words]
    each = max(map(width, shown)) + 2
    across = max(1, (columns + 1) // each)
    rows = -(-len(shown) // across)
    lines = []
    for row in range(rows):
        cells = shown[row::rows]
        lines.append("".join(cell + " " * (each - width(cell)) for cell in cells).rstrip() + "\n")
    return "".join(lines)


def _within(number: int, bounds: tuple[int, int]) -> int:
    return 0 if number == 0 else max(bounds[0], min(number, bounds[1]))
