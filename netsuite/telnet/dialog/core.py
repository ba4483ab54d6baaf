"""The core of both dialogs: reading, negotiating, answering what must be."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from netsuite.telnet import commands
from netsuite.telnet.grammar import TelnetReader, format_meaning, format_token, parse_meaning
from netsuite.telnet.options import Options, Outcome, Side
from netsuite.wire.errors import RemoteProtocolError

#: So much is answered until ``replenish``, which a connection calls so often: a peer that asks
#: without end is not answered without end.
ANSWERS: Final = 100
ANSWER_SECONDS: Final = 1.0
#: So much may be left unanswered in all before the connection is given up.
UNANSWERED: Final = 10_000

#: Names of the two character sets there are, in lower case (RFC 2066, 2; IANA's aliases).
CHARSETS: Final[Mapping[str, str]] = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "ansi_x3.4-1968": "ascii",
}


@dataclass(frozen=True, slots=True)
class Echo:
    """Octets to be sent at once, which may be none: what came has been taken."""

    octets: bytes


class TooMuchNegotiation(RemoteProtocolError):
    """The peer negotiates, or asks, without end."""


class TelnetDialog:
    """What both dialogs do: they read tokens, and answer negotiations and questions.

    Args:
        ours: options we agree to on our side.
        his: options we agree to on the peer's.
    """

    __slots__ = ("_answers", "_out", "_took", "_unanswered", "options", "reader", "speaks")
    hears_while_writing: ClassVar[bool] = False

    def __init__(self, *, ours: Collection[int], his: Collection[int]) -> None:
        self.reader = TelnetReader()
        self.options = Options(ours=ours, his=his)
        self._out = bytearray()  # to be sent with the next output
        self._answers = ANSWERS
        self._unanswered = 0
        self._took = False  # whether a whole token was taken
        #: Whether the peer has said anything that is Telnet's.
        self.speaks = False

    def receive(self, octets: bytes) -> None:
        """Accept what the transport brought."""
        self.reader.feed(octets)

    def receive_eof(self) -> None:
        """Accept that the transport will bring nothing more."""
        self.reader.feed_eof()

    def discard_input(self) -> int:
        """Drop every octet received and not yet read; return how many there were."""
        return self.reader.discard()

    def is_on(self, side: Side, option: int) -> bool:
        """Return whether one side of an option is on."""
        return self.options.is_on(side, option)

    def replenish(self) -> None:
        """Let what the peer asks be answered again; called as time goes by."""
        self._answers = ANSWERS

    def _changed(self, outcome: Outcome, option: int) -> None:
        """Accept that an option went on or off by the peer's word, or answered what we asked."""
        raise NotImplementedError

    def _said(self, meaning: commands.Meaning) -> None:
        """Accept a subnegotiation that is not answered here."""
        raise NotImplementedError

    def _marks_time(self) -> bool:
        """Return whether TIMING-MARK is answered with WILL."""
        return True

    def put(self, octets: bytes) -> None:
        """Have octets sent with the next output."""
        self._out += octets

    def _take_output(self) -> bytes:
        """Return what is to be sent, once."""
        out = bytes(self._out)
        self._out.clear()
        return out

    def answer(self, octets: bytes) -> bool:
        """Answer something that the peer may ask without end; return whether it was answered.

        Raises:
            TooMuchNegotiation: it has been asked too often.
        """
        if self._answers > 0:
            self._answers -= 1
            self._out += octets
            return True
        self._leave_unanswered()
        return False

    def _leave_unanswered(self) -> None:
        self._unanswered += 1
        if self._unanswered > UNANSWERED:
            raise TooMuchNegotiation("negotiation without end", close=True)

    def ask(self, side: Side, option: int, *, on: bool = True) -> None:
        """Want an option on or off."""
        said = self.options.ask(side, option, on=on)
        if said is not None:
            self._out += format_token(said)

    def _next(self) -> commands.Data | commands.Function | None:
        """Return data or a function; negotiations are dealt with on the way.

        Raises:
            RemoteProtocolError: too much of them, or a subnegotiation that does not end.
        """
        while True:
            token = self.reader.next()
            self._took = self._took or token is not None
            self.speaks = self.speaks or not isinstance(token, commands.Data | None)
            if isinstance(token, commands.Negotiation):
                self._negotiated(token)
            elif isinstance(token, commands.Subnegotiation):
                meaning = parse_meaning(token)
                if meaning is not None:
                    self._meant(meaning)
            elif isinstance(token, commands.Function):
                if token.code != commands.Code.NOP:
                    return token
            else:
                return token

    def _negotiated(self, heard: commands.Negotiation) -> None:
        if heard.option == commands.Option.TIMING_MARK:
            # RFC 860 has no state: each DO is answered, in its place in the stream.
            if heard.verb is commands.Verb.DO:
                verb = commands.Verb.WILL if self._marks_time() else commands.Verb.WONT
                self.answer(format_token(commands.Negotiation(verb, heard.option)))
            return
        if self._answers <= 0:
            self._leave_unanswered()  # how the option stands does not change
            return
        outcome = self.options.receive(heard)
        if outcome.ignored:
            self._leave_unanswered()
        if outcome.answer is not None:
            self.answer(format_token(outcome.answer))
        if outcome.changed is not None or outcome.settled:
            self._changed(outcome, heard.option)

    def _meant(self, meaning: commands.Meaning) -> None:
        if isinstance(meaning, commands.StatusSend):
            if self.options.is_on(Side.US, commands.Option.STATUS):
                self.answer(format_meaning(commands.StatusIs(self.options.status())))
        elif isinstance(meaning, commands.TranslationTable):
            self.answer(format_meaning(commands.TranslationTableRejected()))
        else:
            self._said(meaning)


def function(code: int) -> bytes:
    """Print a function."""
    return format_token(commands.Function(code))
