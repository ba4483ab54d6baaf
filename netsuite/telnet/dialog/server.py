"""The server's dialog: octets to lines, keys and interrupts; text, prompts and echo to octets.

Whose turn it is, the dialog is told: ``ReadLine`` and ``ReadKey`` give it to the client, and the
event they lead to gives it back. What is typed meanwhile waits, but an interrupt is told at once.

Everything that is printed goes through ``sanitized``: no content can act on the terminal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from netsuite.telnet import commands, editing
from netsuite.telnet.commands import Code, Edit, Option
from netsuite.telnet.dialog.core import Echo, TelnetDialog, function
from netsuite.telnet.dialog.linemode import ServerLineMode
from netsuite.telnet.dialog.style import styled
from netsuite.telnet.dialog.turns import (
    MACHINE,
    TRANSITIONS,
    Completion,
    Farewell,
    Greet,
    HandOver,
    Input,
    Key,
    Notice,
    Output,
    Print,
    ReadKey,
    ReadLine,
    ServerEvent,
    ServerSaid,
    State,
    Typed,
)
from netsuite.telnet.dialog.typed import TypedAhead
from netsuite.telnet.dialog.user_terminal import HEIGHTS, WIDTHS, UserTerminal
from netsuite.telnet.editing import Complete, EndOfFile, Interrupt, LineEditor
from netsuite.telnet.grammar import escape, network_text
from netsuite.telnet.options import Outcome, Side
from netsuite.telnet.options import State as OptionState
from netsuite.telnet.sanitize import in_columns, sanitized, width
from netsuite.wire.errors import RemoteProtocolError
from netsuite.wire.events import NEED_DATA, PAUSED, EndOfInput, Need

__all__ = [
    "HEIGHTS",
    "TRANSITIONS",
    "WIDTHS",
    "Completion",
    "Farewell",
    "Greet",
    "HandOver",
    "Input",
    "Key",
    "Notice",
    "Output",
    "Print",
    "ReadKey",
    "ReadLine",
    "ServerDialog",
    "ServerEvent",
    "ServerSaid",
    "State",
]

#: Where the client has not said how wide its window is.
COLUMNS: Final = 80
#: Characters that may wait to be read; then the transport waits.
TYPED_AHEAD: Final = 65_536
#: What we do and what the client may do.
OURS: Final = frozenset(
    {Option.BINARY, Option.ECHO, Option.SGA, Option.STATUS, Option.EOR, Option.CHARSET}
)
HIS: Final = frozenset(
    {
        Option.BINARY,
        Option.SGA,
        Option.EOR,
        Option.TTYPE,
        Option.NAWS,
        Option.CHARSET,
        Option.LINEMODE,
        Option.NEW_ENVIRON,
        Option.TOGGLE_FLOW,
    }
)
#: What is asked for at once.
WANTED: Final = (
    (Side.US, Option.ECHO),
    (Side.US, Option.SGA),
    (Side.HIM, Option.TTYPE),
    (Side.HIM, Option.NAWS),
    (Side.US, Option.CHARSET),
    (Side.US, Option.BINARY),
    (Side.HIM, Option.BINARY),
    (Side.HIM, Option.NEW_ENVIRON),
)
#: Both ends cannot echo (RFC 857, 5): ECHO is not among the client's.

#: What functions are to a program on a terminal: the keys that it has for them.
_PROGRAM_KEYS: Final[Mapping[int, bytes]] = {
    Code.IP: b"\x03", Code.BRK: b"\x03", Code.ABORT: b"\x1c", Code.EOF: b"\x04",
    Code.SUSP: b"\x1a", Code.EC: b"\x7f", Code.EL: b"\x15",
}  # fmt: skip
_DATA_MARK: Final = bytes([Code.IAC, Code.DM])
_DO_TIMING_MARK: Final = bytes([Code.IAC, Code.DO, Option.TIMING_MARK])
#: CR that neither ends a line nor the piece.
_LONE_RETURN: Final = re.compile(rb"\r(?=[^\n])")
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


class ServerDialog(TelnetDialog):
    """The server's side.

    Args:
        utf8: whether UTF-8 is sent to a terminal of which nothing is known.
        lets_edit: whether the client is asked to edit lines itself (LINEMODE).
    """

    __slots__ = (
        "_after_return", "_completes", "_editor", "_end_told", "_held", "_key", "_lets_edit",
        "_prompt", "_prompted", "_resized", "_typed", "linemode", "state", "terminal",
    )  # fmt: skip

    def __init__(self, *, utf8: bool = False, lets_edit: bool = False) -> None:
        super().__init__(ours=OURS, his=HIS)
        self.state = State.OURS
        #: What is known of the user's.
        self.terminal = UserTerminal(self, utf8=utf8)
        self.linemode = ServerLineMode(self)
        self._lets_edit = lets_edit
        self._prompted: ReadLine | ReadKey | None = None  # what was asked for last
        self._editor = LineEditor(self._shown)
        self._typed = TypedAhead()
        self._completes = False
        self._prompt = ""
        self._key: str | None = None  # of a line that is to be one key
        self._after_return = False  # whether what the program showed last ends with CR
        self._held: Typed | Complete | Input | None = (
            None  # told after the echo that belongs before it
        )
        self._resized: commands.WindowSize | None = None
        self._end_told = False

    # -- in ------------------------------------------------------------------------------------

    def next_event(self) -> ServerEvent | Need:
        """Return the next event. Raises RemoteProtocolError, after which nothing more is read."""
        while True:
            if self._out:
                return Echo(self._take_output())
            if isinstance(self._held, Interrupt) and self._take_marks():
                continue
            if self._held is not None:
                held, self._held = self._held, None
                return held
            if self._resized is not None:
                resized, self._resized = self._resized, None
                return resized
            if self.state is State.CLOSED:
                return PAUSED
            if self._interrupted():
                self._held = Interrupt()
                continue
            if self._from_typed() or self._out:
                continue
            if len(self._typed) > TYPED_AHEAD:
                return PAUSED
            taken = self._take()
            if not taken and not self._out and self._resized is None:
                # A line that is half typed, or a NOP, is no command that was left unfinished.
                if not self._took:
                    return self._rest()
                self._took = False
                return Echo(b"")

    def _take(self) -> bool:
        """Take what was sent next; return whether there was something."""
        try:
            return self._take_token(self._next())
        except RemoteProtocolError as error:
            error.reply = Farewell("Goodbye: that is no way to talk.\n")
            raise

    def _take_token(self, token: commands.Data | commands.Function | None) -> bool:
        program = self.state is State.PROGRAM
        if isinstance(token, commands.Function):
            if program and token.code in _PROGRAM_KEYS:
                self._put_input(_PROGRAM_KEYS[token.code])
            else:
                self._function(token.code)
        elif token is not None and program:
            self._put_input(self._typed.octets(token.octets))
        elif token is not None:
            self._data(token.octets)
        return token is not None

    def _take_marks(self) -> bool:
        """Take the marks that clients send behind an interrupt, and show nothing before they are
        answered (RFC 1184, 5.8); return whether there is an answer."""
        while self.reader.peek(2) == _DATA_MARK or self.reader.peek(3) == _DO_TIMING_MARK:
            self._take()
        return bool(self._out)

    def _put_input(self, octets: bytes) -> None:
        if octets:
            self._held = Input(octets)

    def _data(self, octets: bytes) -> None:
        characters = self._typed.feed(octets)
        if not characters.isascii() and "\ufffd" not in characters:
            encoding = self.encoding
            self.terminal.typed_utf8 = True  # nothing else looks like it
            if self.encoding != encoding:
                self._show_anew()

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
            self.answer(_AYT)
        elif code == Code.AO and self.answer(function(Code.DM)) and self.state is State.OURS:
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
            self._hide_prompt()
        return event

    def _hide_prompt(self) -> None:
        """Take away the prompt for a key."""
        self._out += b"\r" + b" " * width(self._shown(self._prompt)) + b"\r"

    # -- options -------------------------------------------------------------------------------

    def _changed(self, outcome: Outcome, option: int) -> None:
        window = self.terminal.window
        self.terminal.changed(outcome, option)
        if self.terminal.window != window:
            self._resize()
        if option == Option.LINEMODE and outcome.side is Side.HIM and outcome.changed:
            self._arrange(self._prompted)

    def _said(self, meaning: commands.Meaning) -> None:
        if isinstance(meaning, commands.LineMode | commands.SpecialCharacters):
            self.linemode.said(meaning)
            return
        encoding = self.encoding
        self.terminal.said(meaning)
        if isinstance(meaning, commands.WindowSize) and self.is_on(Side.HIM, Option.NAWS):
            self._resize()
        if self.encoding != encoding:
            self._show_anew()

    def _resize(self) -> None:
        self._resized = commands.WindowSize(*self.terminal.window)
        if self.state in (State.LINE, State.COMPLETING):
            self._editor.resize(self.terminal.window[0])
            self._show_edited()

    def _show_anew(self) -> None:
        """Show in other characters the line that is being typed, if that makes a difference."""
        typed = self._prompt + self._editor.text
        if self.state in (State.LINE, State.COMPLETING) and self.echoes and not typed.isascii():
            self._editor.hide()
            self._editor.show(self._shown(self._prompt))
            self._show_edited()

    def _arrange(self, value: ReadLine | ReadKey | None) -> None:
        """Have the client edit and show the line that is asked for, where it offered to and is
        to; a password's it does not show."""
        if not self._lets_edit or not self.linemode.on or value is None:
            return
        edits = isinstance(value, ReadLine)
        self.linemode.want(Edit.EDIT | Edit.TRAPSIG if edits else 0)
        self.ask(Side.US, Option.ECHO, on=not (isinstance(value, ReadLine) and value.visible))

    @property
    def encoding(self) -> str:
        """The encoding that text is sent in."""
        return self.terminal.encoding

    @property
    def echoes(self) -> bool:
        """Whether what is typed comes key by key, and it is we who show it."""
        return self.is_on(Side.US, Option.ECHO) and not self.linemode.edits

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
            self._say(styled(text, value.style) if self.terminal.colour else text)
        elif isinstance(value, Farewell):
            self._say(("" if state is State.OURS else "\n") + sanitized(value.text))
        elif isinstance(value, Notice):
            self._notice(state, sanitized(value.text.removesuffix("\n")) + "\n")
        elif isinstance(value, Completion):
            self._complete(value)
        elif isinstance(value, ReadLine):
            self._begin_line(value)
        elif isinstance(value, Output):
            self._show_output(value.octets)
        elif isinstance(value, HandOver):
            # It was typed for the program, which is on a terminal: there Enter is CR.
            self._put_input(self._typed.rest().replace("\n", "\r").encode())
        else:
            self._prompted = value
            self._arrange(value)
            self._prompt = sanitized(value.prompt)
            self._say(self._prompt)
            self._out += self._mark()
        return self._take_output()

    def _say(self, text: str) -> None:
        self._out += network_text(text, self.encoding)

    def _show_output(self, octets: bytes) -> None:
        """Show what a program does. Where it is no binary, CR that ends no line is CR NUL."""
        if not self.is_on(Side.US, Option.BINARY):
            if self._after_return and not octets.startswith(b"\n"):
                self._out += b"\0"
            self._after_return = octets.endswith(b"\r")
            octets = _LONE_RETURN.sub(b"\r\0", octets)
        self._out += escape(octets)

    def _begin_line(self, value: ReadLine) -> None:
        self._prompted = value
        self._arrange(value)
        above, line_end, self._prompt = sanitized(value.prompt).rpartition("\n")
        self._say(above + line_end)
        self._completes = value.completes
        self._editor.begin(
            visible=value.visible,
            limit=value.limit,
            prompt=self._shown(self._prompt),
            text=value.text if self.echoes else "",
            columns=self.terminal.window[0],
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
            self._say(in_columns(value.candidates, self.terminal.window[0] or COLUMNS))
            self._show_line()
        else:
            self._show_edited()

    def _notice(self, state: State, text: str) -> None:
        """Show a line at once; what is being typed, or awaited, is shown anew below it."""
        if state is State.OURS:
            self._say(text)
        elif state is State.PROGRAM:
            self._say("\n" + text)
        elif not self.echoes:
            self._say("\n" + text + self._prompt)
        elif state is State.KEY:
            self._hide_prompt()
            self._say(text + self._prompt)
        else:
            self._editor.hide()
            self._show_edited()
            self._say(text)
            self._show_line()

    def _greeting(self) -> bytes:
        for side, option in WANTED:
            self.ask(side, option)
        if self._lets_edit:
            self.ask(Side.HIM, Option.LINEMODE)
        return self._take_output()

    def _mark(self) -> bytes:
        """Return the mark that ends a prompt: EOR where that is on, GA where SGA was refused."""
        if self.is_on(Side.US, Option.EOR):
            return function(Code.EOR)
        refused = self.options.state(Side.US, Option.SGA) is OptionState.NO
        return function(Code.GA) if refused else b""
