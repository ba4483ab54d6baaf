"""The factory of one service's connections: it counts them, and lets them end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress, IDelayedCall
from twisted.internet.protocol import Factory
from twisted.logger import Logger

from netsuite.connection.counts import Counts, OwnCounts
from netsuite.connection.deadlines import CloseReason
from netsuite.connection.peer import peer_at
from netsuite.connection.server import ServerConnection, ServerShared
from netsuite.connection.tally import Tally
from netsuite.wire.ip_prefix import peer_prefix

#: So many connections are told at once why they are turned away; others are just closed.
TOLD_AT_ONCE = 64
#: How often it is logged that connections are turned away.
NOTICE_SECONDS = 10.0
#: How long an aborted transport may take to say that it is gone.
ABORT_SECONDS = 1.0

Sh = TypeVar("Sh", bound=ServerShared)
#: A connection of some service; what its dialog says is its protocol's matter.
AnyConnection = ServerConnection[Any, Any]


class ServerFactory(Factory, Generic[Sh]):
    """Makes a service's connections, of the class that subclasses name in ``connection``."""

    noisy = False
    log = Logger()
    #: Makes a connection; a class, but for what a test puts in its place.
    connection: Callable[..., AnyConnection]

    def __init__(self, shared: Sh) -> None:
        self.shared = shared
        self.draining = False
        #: What its connections have done.
        self.tally = Tally()
        #: The number of this process among those of its daemon, in its connections' names; 0 where
        #: it is the only one.
        self.worker = 0
        #: Called with each connection that is made, as long as somebody looks.
        self.made: Callable[[AnyConnection], None] | None = None
        self._made = 0
        self._keys: dict[AnyConnection, str | None] = {}  # None: turned away, not counted
        self._served = 0
        #: How many there are of this service, and from each address: where there are other
        #: processes, with theirs.
        self.counts: Counts = OwnCounts()
        self._unnoticed = 0  # turned away, and not logged yet
        self._noticed: float | None = None
        self._drained: list[Deferred[None]] = []
        self._deadline: IDelayedCall | None = None

    def configure(self, shared: Sh) -> None:
        """Accept other settings, for the connections there are and those to come."""
        self.shared = shared
        for connection in self:
            connection.configure(shared)

    # -- connections ---------------------------------------------------------------------------

    def __iter__(self) -> Iterator[AnyConnection]:
        """Return the connections there are, one by one."""
        return iter(list(self._keys))

    def __len__(self) -> int:
        return len(self._keys)

    def buildProtocol(self, addr: IAddress | None) -> AnyConnection | None:
        """Make a connection; None when too many are being turned away already."""
        peer = peer_at(addr)
        key = peer_prefix(peer.address)
        cause = self._count(key)
        if cause is not None:
            self.tally.turned_away[cause] += 1
            self._notice(peer.address, cause)
            if len(self._keys) - self._served >= TOLD_AT_ONCE:
                return None
        self._made += 1
        shared = self.shared
        number = f"{self.worker}.{self._made}" if self.worker else f"{self._made}"
        name = f"{shared.service}-{number}"
        connection = self.connection(shared, name)
        connection.factory = self
        if addr is not None:
            connection.peer = peer
        connection.registry = self
        connection.tally = self.tally
        connection.turned_away = cause
        if cause is None:
            self.tally.accepted += 1
            self._keys[connection] = key
            self._served += 1
            if shared.transcript is not None:
                connection.transcript = shared.transcript(name)
            if self.made is not None:
                self.made(connection)
        else:
            self._keys[connection] = None
        return connection

    def _notice(self, address: str, cause: CloseReason) -> None:
        """Log that connections are turned away, but not each of a flood."""
        self._unnoticed += 1
        now = self.shared.clock.seconds()
        if self._noticed is not None and now - self._noticed < NOTICE_SECONDS:
            return
        self._noticed = now
        count, self._unnoticed = self._unnoticed, 0
        self.log.warn(
            "{name}: {count} connections turned away, the last from {address}: {cause}",
            name=self.shared.service,
            count=count,
            address=address or "a local socket",
            cause=cause.value,
        )

    def _count(self, key: str) -> CloseReason | None:
        """Count one more connection; return why there can be none, and then it is not counted."""
        if self.draining:
            return CloseReason.SHUTDOWN
        name, settings = self.shared.service, self.shared.settings
        served = self.counts.add(name, 1)
        if settings.connections and served > settings.connections:
            self.counts.add(name, -1)
            return CloseReason.BUSY
        from_there = self.counts.add(f"{name} {key}", 1) if key else 0
        each = settings.connections_per_address
        if each and from_there > each:
            self._uncount(key)
            return CloseReason.BUSY_ADDRESS
        return None

    def _uncount(self, key: str) -> None:
        self.counts.add(self.shared.service, -1)
        if key:
            self.counts.add(f"{self.shared.service} {key}", -1)

    def connection_ended(self, connection: AnyConnection) -> None:
        """A connection is gone."""
        key = self._keys.pop(connection, None)
        self.tally.octets_in += connection.octets_in
        self.tally.octets_out += connection.writer.octets
        if key is not None:
            self._served -= 1
            self._uncount(key)
        if self.draining and not self._keys:
            self._end_drain()

    # -- stopping ------------------------------------------------------------------------------

    def drain(self) -> Deferred[None]:
        """Stop: idle connections leave at once, busy ones after what they do, all in time. Returns
        a Deferred that fires when none is left, and the log of what they did is written."""
        drained = self._drain_connections()
        line_log = self.shared.line_log
        if line_log is not None:
            drained.addCallback(lambda _: line_log.finish())
        return drained

    def _drain_connections(self) -> Deferred[None]:
        first = not self.draining
        self.draining = True
        if not self._keys:
            return succeed(None)
        drained: Deferred[None] = Deferred()
        self._drained.append(drained)
        if first:
            seconds = self.shared.settings.drain_seconds
            self._deadline = self.shared.clock.callLater(seconds, self._abort_all)
            for connection in self:
                connection.drain()
        return drained

    def _abort_all(self) -> None:
        for connection in self:
            self.log.info("{name} did not end in time", name=connection.name)
            connection.abort()
        if self._keys:
            self._deadline = self.shared.clock.callLater(ABORT_SECONDS, self._end_drain)

    def _end_drain(self) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        drained, self._drained = self._drained, []
        for each in drained:
            each.callback(None)

    def startFactory(self) -> None:
        """A service that was stopped may be started again."""
        self.draining = False
