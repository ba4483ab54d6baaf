"""FTP without a network: whose turn it is, what may be said now, what may interrupt a transfer."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final, TypeAlias

from netsuite.ftp import commands, grammar
from netsuite.ftp.reply_grammar import ReplyReader, format_reply
from netsuite.wire.errors import (
    BareLineEnd,
    LineTooLong,
    LocalProtocolError,
    RemoteProtocolError,
)
from netsuite.wire.events import PAUSED, EndOfInput, Need
from netsuite.wire.machine import Machine
from netsuite.wire.reader import CRLF, LineDialog
from netsuite.wire.unanswered import Unanswered


class State(enum.Enum):
    """Where a session stands. Whether a transfer runs is apart from that."""

    __hash__ = object.__hash__  # an enum's own is a function in Python

    AUTHORIZATION = "nobody has logged in"
    NAMED = "a name was given, the password comes next"
    READY = "logged in"
    RENAMING = "what is to be renamed was named, its new name comes next"
    CLOSED = "ended"


_BEFORE: Final = (State.AUTHORIZATION, State.NAMED)
_IN: Final = (State.READY, State.RENAMING)
#: What anybody may say at any time.
_ANY_TIME: Final = (
    commands.Feat,
    commands.Help,
    commands.Noop,
    commands.Syst,
    commands.Opts,
    commands.Pbsz,
    commands.Prot,
    commands.Abor,
    commands.Clnt,
    commands.Csid,
    commands.Lang,
    commands.SiteHelp,
)
#: What only who is logged in may say.
FILES: Final = (
    commands.Pwd, commands.Cwd, commands.Cdup, commands.Type, commands.Mode, commands.Stru,
    commands.Pasv, commands.Epsv, commands.Port, commands.Rest, commands.Allo, commands.Retr,
    commands.Stor, commands.Stou, commands.Appe, commands.List, commands.Nlst, commands.Mlsd,
    commands.Mlst, commands.Size, commands.Mdtm, commands.Mfmt, commands.Dele, commands.Mkd,
    commands.Rmd, commands.Stat, commands.Acct, commands.Smnt, commands.Rang, commands.Hash,
    commands.Digest, commands.Avbl, commands.Mff, commands.SiteChmod, commands.SiteUtime,
    commands.SiteWho,
)  # fmt: skip

#: From a state, by what is answered positively, to a state. What is not in it is out of order.
TRANSITIONS: Final[Mapping[tuple[State, type], State]] = {
    **{(state, kind): state for state in _BEFORE for kind in _ANY_TIME},
    **{(state, commands.Host): State.AUTHORIZATION for state in _BEFORE},
    **{(state, commands.User): State.NAMED for state in (*_BEFORE, *_IN)},
    (State.NAMED, commands.Pass): State.READY,
    **{(state, commands.Auth): State.AUTHORIZATION for state in (*_BEFORE, *_IN)},
    **{(state, commands.Rein): State.AUTHORIZATION for state in (*_BEFORE, *_IN)},
    **{(state, commands.Quit): State.CLOSED for state in (*_BEFORE, *_IN)},
    # RNTO must come at once (RFC 959, 4.1.3): whatever comes between ends the renaming.
    **{(state, kind): State.READY for state in _IN for kind in (*_ANY_TIME, *FILES)},
    **{(state, commands.Rnfr): State.RENAMING for state in _IN},
    (State.RENAMING, commands.Rnto): State.READY,
}
MACHINE: Final = Machine(TRANSITIONS, start=State.AUTHORIZATION, final=[State.CLOSED])

#: Where a refusal leads, if not back to where it was.
REFUSED: Final[Mapping[tuple[State, type], State]] = {
    (State.NAMED, commands.Pass): State.AUTHORIZATION,
    (State.NAMED, commands.User): State.AUTHORIZATION,
    **{
        (State.RENAMING, kind): State.READY
        for (state, kind) in TRANSITIONS
        if state is State.RENAMING
    },
}

LOG_IN_FIRST: Final = commands.reply(530, "Log in with USER and PASS first")
LOGGED_IN: Final = commands.reply(503, "Logged in already")
HOST_BEFORE: Final = commands.reply(503, "HOST comes before a login; say REIN first")
NAME_FIRST: Final = commands.reply(503, "Say USER first")
RENAME_FIRST: Final = commands.reply(503, "Say RNFR first")
OUT_OF_ORDER: Final[Mapping[State, Mapping[type, commands.Reply]]] = {
    State.AUTHORIZATION: {
        **dict.fromkeys((*FILES, commands.Rnfr, commands.Rnto), LOG_IN_FIRST),
        commands.Pass: NAME_FIRST,
    },
    State.NAMED: dict.fromkeys((*FILES, commands.Rnfr, commands.Rnto), LOG_IN_FIRST),
    State.READY: {
        commands.Pass: LOGGED_IN,
        commands.Host: HOST_BEFORE,
        commands.Rnto: RENAME_FIRST,
    },
    State.RENAMING: {commands.Pass: LOGGED_IN, commands.Host: HOST_BEFORE},
}


#: What a server's dialog gives, and takes.
ServerEvent: TypeAlias = commands.Command | EndOfInput
ServerSaid: TypeAlias = commands.Reply | commands.Ended
#: A command and a reply to it; the greeting answers None.
Answered: TypeAlias = tuple[commands.Command | None, commands.Reply]
#: What a client's dialog gives.
ClientEvent: TypeAlias = Answered | EndOfInput


class ServerDialog(LineDialog):
    """The server's side.

    Events are commands. A transfer command, or a hash, is not answered like the others: until an
    ``Ended`` is sent, only what may interrupt it (``INTERRUPTS``) is given as an event, each
    answered with a reply of its own before the next; a command that has to wait, and all behind
    it, wait.
    """

    def __init__(self) -> None:
        super().__init__()
        self.state = State.AUTHORIZATION
        #: The last event, while it is not answered; a transfer is none of these.
        self.pending: commands.Command | None = None
        #: The transfer or hash that has not ended.
        self.transfer: commands.Command | None = None
        self._held: commands.Command | RemoteProtocolError | None = None
        self._line_end: bytes | None = None  # which one the client uses
        self._greeted = False

    def discard_input(self) -> int:
        """Drop every octet received and not yet read; return how many there were."""
        held, self._held = self._held, None
        return super().discard_input() + (held is not None)

    @property
    def client_ended(self) -> bool:
        """Whether the client says nothing more; that event waits behind what it has said."""
        return self._reader.eof

    def forget(self) -> None:
        """Go back to the beginning, as after AUTH TLS (RFC 4217, 4)."""
        self.state = State.AUTHORIZATION
        self.pending = None

    def next_event(self) -> ServerEvent | Need:
        """Return the next event. Raises RemoteProtocolError with the reply to give."""
        if self.pending is not None or self.state is State.CLOSED:
            return PAUSED
        if self._held is None:
            command = self._command()
            if command is None:
                return self._end()
        else:
            command, self._held = self._held, None
        if self.transfer is not None:
            if not isinstance(command, commands.INTERRUPTS):
                self._held = command
                return PAUSED
        elif isinstance(command, RemoteProtocolError):
            raise command
        elif (self.state, type(command)) not in TRANSITIONS:
            answer = OUT_OF_ORDER[self.state][type(command)]
            if type(command) is not commands.Rnto:
                self.state = REFUSED.get((self.state, type(command)), self.state)
            raise RemoteProtocolError("out of order", answer)
        if isinstance(command, commands.WORK):
            self.state = TRANSITIONS[self.state, type(command)]
            self.transfer = command
        else:
            self.pending = command
        return command

    def _command(self) -> commands.Command | RemoteProtocolError | None:
        """Read a command, or what is wrong with it; None when there is no whole line."""
        try:
            line = self._line()
            return None if line is None else grammar.parse_command(line)
        except LineTooLong as error:
            return RemoteProtocolError(str(error), grammar.TOO_LONG)
        except BareLineEnd as error:
            # What follows may be a command that somebody has hidden in another's argument.
            return RemoteProtocolError(str(error), grammar.NOT_A_LINE, close=True)
        except RemoteProtocolError as error:
            return error

    def _line(self) -> bytes | None:
        """Read a line. Some devices end theirs with LF: a client whose first line does may go on
        so, and may not say CR then. Raises LineTooLong, BareLineEnd."""
        try:
            line = self._reader.read_line(grammar.COMMAND_OCTETS)
            end, whole = CRLF, line
        except BareLineEnd as error:
            end, whole, line = b"\n", error.line, error.line[:-1]
            if b"\r" in line:
                raise
        if line is None or whole is None:
            return None
        if self._line_end is None:
            self._line_end = end
        if end != self._line_end:
            raise BareLineEnd("another line end than before", whole)
        return line

    def send(self, value: ServerSaid) -> bytes:
        """Print a reply; step the state. Raises LocalProtocolError."""
        if isinstance(value, commands.Ended):
            if self.transfer is None or not value.reply.final:
                raise LocalProtocolError("no transfer to end, or no final reply")
            self.transfer = None
            return format_reply(value.reply)
        if not value.final:
            if self.transfer is None:
                raise LocalProtocolError("a preliminary reply to no transfer")
            return format_reply(value)
        pending, self.pending = self.pending, None
        if pending is None:
            if value.positive and self._greeted:
                raise LocalProtocolError("a reply to nothing")
            self._greeted = True
        elif self.transfer is None:
            key = (self.state, type(pending))
            refused = REFUSED.get(key, self.state)
            self.state = TRANSITIONS[key] if value.positive else refused
        return format_reply(value)


#: What NOOP is answered with, and no transfer that has begun is (RFC 959, 5.4).
TO_NOOP: Final = frozenset({200, 500, 501, 502, 503})


class ClientDialog(LineDialog):
    """The client's side: commands out, replies in.

    Events are ``(command, Reply)`` pairs, in order; a preliminary reply leaves its command asked,
    and another pair follows. What the server says when nothing was asked (421, before it closes)
    answers ``None``.
    """

    hears_while_writing = True

    def __init__(self) -> None:
        super().__init__()
        self._replies = ReplyReader()
        self._asked: Unanswered[commands.Command] = Unanswered(self._reader)
        self._beside: Unanswered[commands.Command] = Unanswered(self._reader)  # see _answering
        self._beside.take()  # the greeting answers none of them
        self._begun = 0  # where the reply that is coming began
        #: Whether an octet 255 in a command is doubled, as Telnet has it; some servers take two.
        self.doubles_iac = True

    def discard_input(self) -> int:
        """Drop every octet received and not yet read; return how many there were."""
        self._replies = ReplyReader()
        return super().discard_input()

    def send(self, value: commands.Command) -> bytes:
        """Print a command. Raises LocalProtocolError for what cannot be said."""
        octets = grammar.format_command(value)
        if not self.doubles_iac:
            octets = octets.replace(grammar.IAC + grammar.IAC, grammar.IAC)
        beside = isinstance(value, commands.Noop) and self._in_transfer
        (self._beside if beside else self._asked).say(value)
        return octets

    @property
    def _in_transfer(self) -> bool:
        return isinstance(self._asked.first, commands.TRANSFERS)

    def _answering(self, answer: commands.Reply) -> Unanswered[commands.Command]:
        """Return what a reply is to. NOOP may be said while a transfer runs: some servers answer it
        at once, others when the transfer has ended, so it is told by what they answer."""
        if not len(self._beside) or (self._in_transfer and answer.code not in TO_NOOP):
            return self._asked
        return self._beside

    def next_event(self) -> ClientEvent | Need:
        """Return the next event.

        Raises:
            RemoteProtocolError: the server broke the protocol; the connection is of no use
                any more.
        """
        while True:
            if not self._replies.within:
                self._begun = self._reader.position
            try:
                line = self._reader.read_line(grammar.COMMAND_OCTETS, lenient=True)
            except LineTooLong as error:
                raise RemoteProtocolError(str(error), close=True) from None
            if line is None:
                return self._end()
            answer = self._replies.line(line)
            if answer is None:
                continue
            if answer.code == 421 and self._asked.is_surplus(self._begun):
                return None, answer
            asked = self._answering(answer)
            return asked.answered(self._begun, final=answer.final), answer
