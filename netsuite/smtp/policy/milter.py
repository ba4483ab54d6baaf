"""The policy that asks a filter by the milter protocol: rspamd, ClamAV, Amavis, SpamAssassin.

Milter, and not rspamd's HTTP interface: every filter speaks it, rspamd too (its proxy), and no
protocol of the suite has to know another.
"""

from __future__ import annotations

from typing import Any, Final

from twisted.internet.defer import Deferred, DeferredQueue
from twisted.internet.endpoints import connectProtocol
from twisted.internet.interfaces import IPushProducer, IStreamClientEndpoint
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import Int32StringReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from netsuite.message.headers import Field
from netsuite.smtp.policy.interface import Defer, Facts, Message, Policy, Reject, Tag, Verdict
from netsuite.smtp.policy.milter_packets import (
    BODY_OCTETS,
    STEPS,
    MilterError,
    Said,
    Step,
    envelope,
    header_packets,
    negotiation,
    numbered,
    parse_header,
    parse_negotiation,
    parse_refusal,
)

#: What a filter says is not longer, nor are its changes more.
PACKET_OCTETS: Final = 1024 * 1024
CHANGES: Final = 1000


@implementer(IPushProducer)
class _Packets(Int32StringReceiver):
    """A connection to a filter: packets out, packets in."""

    MAX_LENGTH = PACKET_OCTETS
    transport: Any  # no interface of Twisted's has both producers and abortConnection

    def __init__(self) -> None:
        self._heard: DeferredQueue[bytes] = DeferredQueue()
        self._full = False
        self._room: Deferred[None] | None = None

    def connectionMade(self) -> None:  # noqa: N802
        """Have it told how fast the filter reads."""
        self.transport.registerProducer(self, True)

    def pauseProducing(self) -> None:  # noqa: N802
        """Accept that the filter does not read."""
        self._full = True

    def resumeProducing(self) -> None:  # noqa: N802
        """Go on: the filter reads again."""
        self._full = False
        room, self._room = self._room, None
        if room is not None:
            room.callback(None)

    def stopProducing(self) -> None:  # noqa: N802
        """Go on, to hear that the connection is lost."""
        self.resumeProducing()

    def stringReceived(self, string: bytes) -> None:  # noqa: N802
        """Keep a packet until it is asked for."""
        if len(self._heard.pending) > CHANGES:
            self.transport.abortConnection()
        else:
            self._heard.put(string)

    def lengthLimitExceeded(self, length: int) -> None:  # noqa: N802
        """End it: such a packet is no filter's."""
        self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """Say that nothing more comes, by an empty packet."""
        self._heard.put(b"")
        self.resumeProducing()

    def say(self, packet: bytes) -> None:
        """Send a packet."""
        self.transport.write(len(packet).to_bytes(4, "big") + packet)

    async def writable(self) -> None:
        """Wait until the filter has read what it was told: it need not answer a body."""
        if self._full:
            self._room = Deferred()
            await self._room

    def leave(self) -> None:
        """End the conversation."""
        self.say(b"Q")
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    async def hear(self) -> bytes:
        """Return the next packet that says something. Raises MilterError at the end."""
        while True:
            heard: Deferred[bytes] = self._heard.get()
            packet = await heard
            if not packet:
                raise MilterError("the filter has closed the connection")
            if packet[:1] != b"p":  # it is at it
                return packet


class Milter(Policy):
    """Asks a filter about each message when it has come: one connection a message.

    What the filter refuses, of the envelope or of one recipient too, is said of the whole message.
    Header fields that it adds, changes or takes out, and its quarantine (a folder), are
    heeded; a message whose body, sender or recipients it changes has to wait, told in the log.
    """

    def __init__(self, endpoint: IStreamClientEndpoint, folder: str = "Junk") -> None:
        self._endpoint = endpoint
        self._folder = folder

    async def message(self, facts: Facts) -> Verdict:
        """Ask about a message."""
        message = facts.message
        if message is None:
            return None
        connection: _Packets = await connectProtocol(self._endpoint, _Packets())
        try:
            verdict = await self._converse(connection, facts, message)
            connection.leave()
        except BaseException:
            connection.transport.abortConnection()
            raise
        return verdict

    async def _converse(self, connection: _Packets, facts: Facts, message: Message) -> Verdict:
        connection.say(negotiation())
        steps = parse_negotiation(await connection.hear())
        for packet in (*envelope(facts), *header_packets(message.header)):
            verdict, more = await self._step(connection, packet, steps)
            if not more:
                return verdict
        if not steps & Step.NO_BODY:
            verdict, more = await self._body(connection, message, steps)
            if not more:
                return verdict
        connection.say(b"E")
        return await self._end(connection, message)

    async def _step(self, connection: _Packets, packet: bytes, steps: Step) -> tuple[Verdict, bool]:
        """Tell one thing; return what is said of it, and whether more is to be told."""
        command = packet[1:2] if packet[:1] == b"D" else packet[:1]
        left_out, silent = STEPS[command]
        if steps & left_out:
            return None, True
        connection.say(packet)
        if packet[:1] == b"D" or steps & silent:
            return None, True
        answer = await connection.hear()
        refusal = parse_refusal(answer)
        if refusal is not None:
            return _refusal(refusal), False
        if answer[:1] not in (b"c", b"a", b"s"):
            raise MilterError(f"an answer that is none: {answer[:1]!r}")
        return None, answer[:1] != b"a"

    async def _body(
        self, connection: _Packets, message: Message, steps: Step
    ) -> tuple[Verdict, bool]:
        async for piece in message.body():
            for start in range(0, len(piece), BODY_OCTETS):
                packet = b"B" + piece[start : start + BODY_OCTETS]
                connection.say(packet)
                if steps & Step.SILENT_BODY:
                    await connection.writable()
                    continue
                answer = await connection.hear()
                refusal = parse_refusal(answer)
                if refusal is not None:
                    return _refusal(refusal), False
                if answer[:1] in (b"a", b"s"):
                    return None, answer[:1] == b"s"
        return None, True

    async def _end(self, connection: _Packets, message: Message) -> Verdict:
        """Hear what is to become of a message."""
        added: list[bytes] = []
        dropped: list[Field] = []
        folder = ""
        for _ in range(CHANGES):
            packet = await connection.hear()
            refusal = parse_refusal(packet)
            if refusal is not None:
                return _refusal(refusal)
            command = packet[:1]
            if command in (b"c", b"a"):
                changed = added or dropped or folder
                return Tag(b"".join(added), folder, dropped) if changed else None
            if command in (b"h", b"i", b"m"):
                index, name, value = parse_header(packet)
                if command == b"m":
                    dropped += numbered(message.header, name, index)
                if value or command != b"m":
                    added.append(name + b": " + value + b"\r\n")
            elif command == b"q":
                folder = self._folder
            else:
                raise MilterError(f"it changes more than the header: {command!r}")
        raise MilterError("too many changes")


def _refusal(said: Said) -> Defer | Reject:
    kind = Reject if said.code >= 500 else Defer
    if said.enhanced[0] != str(said.code)[0]:
        said = Said(said.code, f"{said.code // 100}.7.1", said.text)
    return kind(said.text, said.code, said.enhanced)
