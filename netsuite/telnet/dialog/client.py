"""The client's dialog: octets to what the server shows; text and functions to octets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from netsuite.telnet import commands
from netsuite.telnet.commands import Code, Option
from netsuite.telnet.dialog.core import CHARSETS, Echo, TelnetDialog, function
from netsuite.telnet.dialog.linemode import KEYS, ClientLineMode
from netsuite.telnet.grammar import escape, format_meaning, network_text
from netsuite.telnet.options import Outcome, Side
from netsuite.wire.events import NEED_DATA, EndOfInput, Need

OURS: Final = frozenset(
    {
        Option.BINARY,
        Option.SGA,
        Option.STATUS,
        Option.TTYPE,
        Option.NAWS,
        Option.CHARSET,
        Option.LINEMODE,
        Option.NEW_ENVIRON,
        Option.TOGGLE_FLOW,
    }
)
HIS: Final = frozenset(
    {Option.BINARY, Option.ECHO, Option.SGA, Option.STATUS, Option.EOR, Option.CHARSET}
)


@dataclass(frozen=True, slots=True)
class Shown:
    """Octets that the server shows: in text mode without NULs."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Prompted:
    """The server has ended a prompt: GA, or EOR."""


@dataclass(frozen=True, slots=True)
class Text:
    """Text to say; its lines end with LF, which is sent as CR LF."""

    text: str


@dataclass(frozen=True, slots=True)
class Octets:
    """Octets to say, as they are but for IAC."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Press:
    """A function to send: ``Code.IP``, ``Code.AYT`` ..."""

    code: int


@dataclass(frozen=True, slots=True)
class Ask:
    """A wish that the server turns one of its options on or off."""

    option: int
    on: bool


#: What a client's dialog gives, and takes.
ClientEvent: TypeAlias = Shown | Prompted | Echo | EndOfInput
ClientSaid: TypeAlias = Text | Octets | Press | Ask | commands.WindowSize


class ClientDialog(TelnetDialog):
    """The client's side of one connection.

    Args:
        terminal_types: what we are, the most wanted first.
        window: width and height in characters; 0 for unknown.
        charsets: what we understand, the most wanted first.
        environment: what a server is told that asks for it, and nothing else.
        keys: those of the terminal, by their functions.
    """

    __slots__ = (
        "_end_told", "_negotiated_anew", "_terminal_types", "_type", "charset", "charsets",
        "environment", "flow", "linemode", "restarts_with_any", "window",
    )  # fmt: skip
    hears_while_writing = True

    def __init__(
        self,
        *,
        terminal_types: Sequence[str] = ("XTERM",),
        window: tuple[int, int] = (80, 24),
        charsets: Sequence[str] = ("UTF-8", "US-ASCII"),
        environment: Sequence[commands.Variable] = (),
        keys: Mapping[int, int] = KEYS,
    ) -> None:
        super().__init__(ours=OURS, his=HIS)
        self.window = window
        self.charsets = tuple(charsets)
        #: What was agreed on; None for nothing.
        self.charset: str | None = None
        self.environment = tuple(environment)
        self.linemode = ClientLineMode(self, keys)
        #: Whether the terminal is to stop at XOFF; None where the server has no say in it.
        self.flow: bool | None = None
        #: Whether any key then lets it go on, and not XON alone.
        self.restarts_with_any = False
        self._terminal_types = tuple(terminal_types) or ("UNKNOWN",)
        self._type = 0
        self._end_told = False
        self._negotiated_anew = False  # and that is told, also where nothing is answered

    # -- in ------------------------------------------------------------------------------------

    def next_event(self) -> ClientEvent | Need:
        """Return what came. Raises RemoteProtocolError, after which nothing more is read."""
        while True:
            if self._out or self._negotiated_anew:
                self._negotiated_anew = False
                return Echo(self._take_output())
            token = self._next()
            if isinstance(token, commands.Data):
                octets = token.octets
                if not self.is_on(Side.HIM, Option.BINARY):
                    octets = octets.replace(b"\0", b"")  # NUL does nothing, and CR NUL is CR
                if octets:
                    return Shown(octets)
            elif isinstance(token, commands.Function):
                if token.code in (Code.GA, Code.EOR):
                    return Prompted()
                if token.code == Code.AYT:
                    self.answer(b"[Yes]\r\n")
            elif not self._out and not self._negotiated_anew:
                if self.reader.eof and not self._end_told:
                    self._end_told = True
                    return EndOfInput()
                return NEED_DATA

    # -- options -------------------------------------------------------------------------------

    def _changed(self, outcome: Outcome, option: int) -> None:
        self._negotiated_anew = True
        if outcome.side is not Side.US:
            return
        if option == Option.NAWS and outcome.changed:
            self._out += format_meaning(commands.WindowSize(*self.window))
        elif option == Option.LINEMODE and outcome.changed:
            self.linemode.began()
        elif option == Option.TOGGLE_FLOW:
            self.flow = True if outcome.changed else None  # RFC 1372, 5

    def _marks_time(self) -> bool:
        # Servers that ask for LINEMODE take a WILL from who has refused that for the wish to edit
        # lines, and stop to suppress go-aheads.
        return self.linemode.on

    def _said(self, meaning: commands.Meaning) -> None:
        self._negotiated_anew = True
        if isinstance(meaning, commands.TerminalTypeSend):
            if self.is_on(Side.US, Option.TTYPE):
                self.answer(format_meaning(commands.TerminalTypeIs(self._next_type())))
        elif isinstance(meaning, commands.EnvironmentSend):
            if self.is_on(Side.US, Option.NEW_ENVIRON):
                told = tuple(self._told(meaning.wanted))
                self.answer(format_meaning(commands.EnvironmentIs(told)))
        elif isinstance(meaning, commands.FlowControl):
            self._flow_control(meaning.flow)
        elif isinstance(
            meaning, commands.LineMode | commands.SpecialCharacters | commands.ForwardMask
        ):
            self.linemode.said(meaning)
        elif isinstance(meaning, commands.CharsetRequest):
            self._charset_request(meaning)
        elif isinstance(meaning, commands.CharsetAccepted):
            self.charset = CHARSETS.get(meaning.name.lower())

    def _next_type(self) -> str:
        """RFC 1091, 6: each in turn, the last one twice, then from the top again."""
        names = (*self._terminal_types, self._terminal_types[-1])
        name = names[self._type]
        self._type = (self._type + 1) % len(names)
        return name

    def _told(self, wanted: Sequence[commands.Variable]) -> Iterator[commands.Variable]:
        """Return what is told of the environment (RFC 1572, 2)."""
        known = {each.name: each.value for each in self.environment}
        for each in wanted or (commands.Variable(""), commands.Variable("", user=True)):
            if each.name:
                yield replace(each, value=known.get(each.name))
            else:
                yield from (mine for mine in self.environment if mine.user == each.user)

    def _flow_control(self, flow: commands.Flow) -> None:
        if self.is_on(Side.US, Option.TOGGLE_FLOW):
            if flow in (commands.Flow.ON, commands.Flow.OFF):
                self.flow = flow is commands.Flow.ON
            else:
                self.restarts_with_any = flow is commands.Flow.RESTART_ANY

    def _charset_request(self, request: commands.CharsetRequest) -> None:
        wanted = {name.lower() for name in self.charsets}
        for name in request.names:
            if name.lower() in wanted and name.lower() in CHARSETS:
                if self.answer(format_meaning(commands.CharsetAccepted(name))):
                    self.charset = CHARSETS[name.lower()]
                return
        self.answer(format_meaning(commands.CharsetRejected()))

    @property
    def encoding(self) -> str:
        """The encoding of text. UTF-8 where nothing was agreed on: ASCII is the same in it."""
        return self.charset or "utf-8"

    # -- out -----------------------------------------------------------------------------------

    def send(self, value: ClientSaid) -> bytes:
        """Print what is to be said."""
        before = self._take_output()
        if isinstance(value, Text):
            return before + network_text(value.text, self.encoding)
        if isinstance(value, Octets):
            return before + escape(value.octets)
        if isinstance(value, Press):
            # RFC 1123, 3.2.4 wants the Synch sequence behind an interrupt.
            synch = function(Code.DM) if value.code == Code.IP else b""
            return before + function(value.code) + synch
        if isinstance(value, Ask):
            self.ask(Side.HIM, value.option, on=value.on)
            return before + self._take_output()
        self.window = (value.width, value.height)
        if self.is_on(Side.US, Option.NAWS):
            return before + format_meaning(value)
        return before
