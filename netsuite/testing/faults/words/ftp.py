"""FTP's words: ``450 text``; a silent port for data; data connections that rules meet."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final, get_args

from twisted.internet.interfaces import (
    IAddress,
    IConnector,
    IListeningPort,
    IProtocolFactory,
    ITransport,
)
from twisted.internet.protocol import Factory, Protocol

from netsuite.ftp import commands
from netsuite.ftp.reply_grammar import extended_passive_reply, passive_reply
from netsuite.ftp.server.session import Session
from netsuite.ftp.server.shared import Shared
from netsuite.ftp.transfer.accepting import DataPort
from netsuite.ftp.transfer.channel import Expected, Ports
from netsuite.home import Reactor
from netsuite.testing.faults.kinds import Refuse, SilentPort, Wrong
from netsuite.testing.faults.transport import DataFactory
from netsuite.testing.faults.words.table import (
    GOES_ON,
    Answer,
    Rules,
    Words,
    Wrongly,
    named,
    shifting,
)

#: What arranges a port where the server listens.
_PASSIVE: Final = (commands.Pasv, commands.Epsv)
_PASSIVE_CODES: Final = (227, 229)


def reply(event: object, refusal: Refuse) -> commands.Reply:
    """Return the reply."""
    code = int(refusal.code or (421 if event is None else 450))
    return commands.reply(code, refusal.text or "Try again later")


def ends(refusal: Refuse) -> bool:
    """Return whether the connection is closed behind it (RFC 959, 4.2.2)."""
    return refusal.code == 421


async def _refuse_work(
    session: Session, event: object, refused: commands.Reply, answer: Answer
) -> commands.Ended:
    """End a transfer or a hash before it has begun."""
    if isinstance(event, commands.TRANSFERS):
        session.data().reset()
    return commands.Ended(refused)


# -- a port where nobody says anything ------------------------------------------------------------


class Silence(Factory):
    """Accepts connections, and says nothing on them."""

    noisy = False

    def __init__(self) -> None:
        self.transports: list[ITransport] = []

    def buildProtocol(self, addr: IAddress) -> Protocol:  # type: ignore[override]
        """Accept one."""
        return _Silent(self.transports)


class _Silent(Protocol):
    def __init__(self, transports: list[ITransport]) -> None:
        self._transports = transports

    def connectionMade(self) -> None:
        """Keep it, to be closed with all else."""
        if self.transport is not None:
            self._transports.append(self.transport)


def replied(session: Session, rules: Rules, event: object, said: object) -> object:
    """Return what is said to PASV and EPSV: another port, where a rule has it so."""
    if not isinstance(event, _PASSIVE) or not isinstance(said, commands.Reply):
        return said
    if said.code not in _PASSIVE_CODES:
        return said
    for rule, _ in rules.book.of(SilentPort):
        if rule.strikes(rules.number, event):
            port = _listen(session, rules)
            if isinstance(event, commands.Pasv):
                return passive_reply(session.here(), port)
            return extended_passive_reply(port)
    return said


def _listen(session: Session, rules: Rules) -> int:
    silence = Silence()
    port = session.shared.reactor.listenTCP(0, silence, interface=session.here())

    def stop() -> None:
        port.stopListening()
        for transport in silence.transports:
            transport.loseConnection()

    rules.at_end(stop)
    number: int = port.getHost().port
    return number


# -- data connections with faults -----------------------------------------------------------------


class DataConnector:
    """Ends a data connection that we have made as rules have it.

    Args:
        connector: makes it.
        factory: of the connection.
    """

    def __init__(self, connector: IConnector, factory: DataFactory) -> None:
        self._connector = connector
        self._factory = factory

    def disconnect(self) -> None:
        """End what was connected, or is still to be."""
        if self._factory.made is not None:
            self._factory.made.loseConnection()
        else:
            self._connector.disconnect()


class DataReactor:
    """A reactor on which data connections are made that rules meet.

    What it is asked for otherwise is the reactor's, but for its descriptors, so that whoever
    listens does so by ``listenTCP``.
    """

    def __init__(
        self, reactor: Reactor, wrap: Callable[[IProtocolFactory], DataFactory | None]
    ) -> None:
        self._reactor = reactor
        self._wrap = wrap

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):  # what it provides is not what the reactor does
            raise AttributeError(name)
        return getattr(self._reactor, name)

    def listenTCP(
        self, port: int, factory: IProtocolFactory, backlog: int = 50, interface: str = ""
    ) -> IListeningPort:
        """Listen for a data connection."""
        listening: IListeningPort = self._reactor.listenTCP(
            port, self._wrap(factory) or factory, backlog=backlog, interface=interface
        )
        return listening

    def connectTCP(
        self,
        host: str,
        port: int,
        factory: IProtocolFactory,
        timeout: float,
        bindAddress: tuple[str, int],
    ) -> IConnector | DataConnector:
        """Make a data connection."""
        wrapped = self._wrap(factory)
        connector: IConnector = self._reactor.connectTCP(
            host, port, wrapped or factory, timeout=timeout, bindAddress=bindAddress
        )
        return connector if wrapped is None else DataConnector(connector, wrapped)


class DataPorts(Ports):
    """Ports for data: those of a service, but where rules meet data connections."""

    def __init__(self, shared: Shared, rules: Rules) -> None:
        super().__init__(shared.reactor, shared.settings.passive_range, shared.shuffled)
        self._shared = shared
        self._rules = rules

    def listen(self, factory: Expected, interface: str) -> IListeningPort | DataPort:
        """Listen. Raises NoPortFree."""
        wrapped = self._rules.wrap_data(factory)
        if wrapped is None:
            return super().listen(factory, interface)
        shared = self._shared
        listening = DataReactor(shared.reactor, lambda factory: wrapped)
        return Ports(listening, shared.settings.passive_range, shared.shuffled).listen(
            factory, interface
        )


def adapt(shared: Shared, rules: Rules) -> Shared:
    """Return what a session shares, with data connections that rules meet."""
    adapted = replace(shared, reactor=DataReactor(shared.reactor, rules.wrap_data))
    object.__setattr__(adapted, "ports", DataPorts(shared, rules))  # as ``Shared`` does itself
    return adapted


WORDS: Final = Words(
    protocol="ftp",
    codes="[45][0-9]{2}",
    names=named(*get_args(commands.Command)),
    reply=reply,
    ends=ends,
    refusing=dict.fromkeys(commands.WORK, _refuse_work),
    wrongly={
        Wrong.UNFINISHED: Wrongly(change=GOES_ON),
        Wrong.SIZE: Wrongly(change=shifting(rb"\A213 (\d+)\r\n"), to=frozenset({"SIZE"})),
    },
    starttls="AUTH",
    go_ahead=re.compile(rb"\A234 .*\r\n"),
    injected=b"331 injected\r\n",
    replied=replied,
    adapt=adapt,
    has_data=True,
)
