"""The fabric: a reactor whose connections meet in memory and whose time is virtual."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from random import Random
from typing import Final, TypeVar

from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IHostnameResolver,
    IReactorPluggableNameResolver,
    IReactorPluggableResolver,
    IReactorTCP,
    IReactorThreads,
    IReactorTime,
    IReactorUNIX,
    IResolverSimple,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from netsuite.testing.fabric.connector import CallingFactory, Connector
from netsuite.testing.fabric.hosts import Hosts, tcp_address
from netsuite.testing.fabric.network import Connection, Network, Port, ServingFactory
from netsuite.testing.fabric.shutdown import Triggers
from netsuite.testing.fabric.threads import TurnThreads
from netsuite.testing.fabric.transport import Address
from netsuite.testing.fabric.turns import MOST_TURNS, Timer, Turns, name_of

T = TypeVar("T")

#: The hosts that are known by a name where no others are given.
LOCALHOST: Final[Mapping[str, Sequence[str]]] = {"localhost": ("127.0.0.1",)}


@implementer(
    IReactorTime,
    IReactorTCP,
    IReactorUNIX,
    IReactorThreads,
    IReactorPluggableResolver,
    IReactorPluggableNameResolver,
)
class Fabric:
    """A reactor whose connections meet in memory and whose time is virtual.

    It does something only while it is told to, by ``settle``, ``advance`` or ``run``, and then on
    the thread of whoever tells it. Work for its own pool runs in threads that it waits for; that of
    others' threads, such as those of a store on a disk, is not waited for.

    Args:
        seed: cut what is sent anywhere, and let connections be served in any order, always the
            same for the same seed; None for no such thing: what is written in one turn comes in one
            piece.
        buffer_octets: so many are in flight in each direction of a connection; and so many are
            unsent when a producer is paused.
        now: the time to begin with, in seconds.
        hosts: the IP addresses of each name.
        record: keep each connection, with all that is written on it, in ``connections``.
    """

    def __init__(
        self,
        *,
        seed: int | None = None,
        buffer_octets: int = 65_536,
        now: float = 0.0,
        hosts: Mapping[str, Sequence[str]] = LOCALHOST,
        record: bool = False,
    ) -> None:
        self._turns = Turns(now, None if seed is None else Random(seed))
        #: The names of hosts, in ``hosts.names``.
        self.hosts = Hosts(self._turns, hosts)
        #: Whom endpoints ask for names (IReactorPluggableNameResolver).
        self.nameResolver: IHostnameResolver = self.hosts
        #: Until it is stopped.
        self.running = True
        self._resolver: IResolverSimple = self.hosts
        self._network = Network(self._turns, self.hosts, buffer_octets, record=record)
        #: Both ends of each connection that was made, in their order; none where none are kept.
        self.connections: Sequence[Connection] = self._network.connections
        self._threads = TurnThreads(self._turns)
        self._events: dict[str, Triggers] = {}

    # -- driving -------------------------------------------------------------------------------

    def settle(self) -> None:
        """Run until nothing is due now. Raises AssertionError where that never comes."""
        self._turns.settle()
        while self._threads.at_work() and self._threads.give_time():
            self._turns.settle()

    def advance(self, seconds: float) -> None:
        """Let time pass, and run what is due, each at its own time."""
        self.settle()
        self._turns.advance(seconds)
        self.settle()

    def run(self, work: Awaitable[T], timeout: float = 30.0) -> T:
        """Run until work has ended; where nothing else is to do, time goes on to the next timer.

        Args:
            work: a coroutine, or a Deferred.
            timeout: how many virtual seconds it may take.

        Returns:
            What it returns.

        Raises:
            AssertionError: it has not ended in time, or never will: nothing is left to run. It was
                cancelled then.
            Exception: what it raises.
        """
        outcome: list[T | Failure] = []
        running = Deferred.fromCoroutine(_await(work))
        running.addBoth(outcome.append)
        turns, until = self._turns, self._turns.now + timeout
        taken = 0
        while not outcome:
            if turns.is_due():
                turns.turn()
                taken += 1
                if taken > MOST_TURNS:
                    turns.fail_as_loop()
                continue
            if self._threads.at_work() and self._threads.give_time():
                continue
            due, taken = turns.next_due(), 0
            if due is None or due > until:
                told = "nothing is left to run" if due is None else f"{timeout:g} seconds are over"
                raise self._stuck(running, told)
            turns.now = due
        result = outcome[0]
        if isinstance(result, Failure):
            result.raiseException()
        return result

    def _stuck(self, running: Deferred[T], told: str) -> AssertionError:
        left = self.leftovers()
        running.cancel()
        return AssertionError(
            "\n  ".join([f"{told}, and what was to be done has not ended; there are:", *left])
            if left
            else f"{told}, and what was to be done has not ended; nothing is open"
        )

    @property
    def ports(self) -> Sequence[Port]:
        """What listens now."""
        return list(self._network.ports())

    def leftovers(self) -> list[str]:
        """Return what is still there, each in words: ports, connections, timers, threads."""
        return [
            *self._network.open(),
            *(
                f"timer in {timer.due - self._turns.now:g} seconds: {name_of(timer.function)}"
                for timer in self._turns.timers()
            ),
            *self._threads.leftovers(),
        ]

    # -- time (IReactorTime) -------------------------------------------------------------------

    def seconds(self) -> float:
        """Return the virtual time."""
        return self._turns.now

    def callLater(
        self, delay: float, callable: Callable[..., object], *args: object, **kwargs: object
    ) -> Timer:
        """Call a function later."""
        return self._turns.call_later(delay, callable, args, kwargs)

    def getDelayedCalls(self) -> Sequence[Timer]:
        """Return the timers that wait."""
        return self._turns.timers()

    # -- connections (IReactorTCP, IReactorUNIX) -----------------------------------------------

    def listenTCP(
        self, port: int, factory: ServingFactory, backlog: int = 50, interface: str = ""
    ) -> Port:
        """Listen; on 0, at a port that is free. Raises CannotListenError."""
        return self._network.listen_tcp(port, factory, backlog, interface)

    def connectTCP(
        self,
        host: str,
        port: int,
        factory: CallingFactory,
        timeout: float | None = 30.0,
        bindAddress: tuple[str, int] | None = None,
    ) -> Connector:
        """Connect to what listens, or will when the next turn is taken."""
        source = bindAddress or ("", 0)
        return self._connect(tcp_address(host, port), factory, timeout, source)

    def listenUNIX(
        self,
        address: str,
        factory: ServingFactory,
        backlog: int = 50,
        mode: int = 0o666,
        wantPID: bool = False,
    ) -> Port:
        """Listen at a path, where no file is made. Raises CannotListenError."""
        return self._network.listen_unix(address, factory, backlog)

    def connectUNIX(
        self,
        address: str,
        factory: CallingFactory,
        timeout: float | None = 30.0,
        checkPID: bool = False,
    ) -> Connector:
        """Connect to what listens at a path."""
        return self._connect(UNIXAddress(address), factory, timeout, ("", 0))

    def _connect(
        self,
        destination: Address,
        factory: CallingFactory,
        timeout: float | None,
        source: tuple[str, int],
    ) -> Connector:
        connector = Connector(self._network, destination, factory, timeout, source, self.resolve)
        connector.connect()
        return connector

    # -- names (IReactorPluggableResolver, IReactorPluggableNameResolver) ----------------------

    def resolve(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:
        """Return a host's address. Fails with DNSLookupError."""
        return self._resolver.getHostByName(name, timeout)

    def installResolver(self, resolver: IResolverSimple) -> IResolverSimple:
        """Ask another for the names that connections are made to; return who was asked before."""
        before, self._resolver = self._resolver, resolver
        return before

    def installNameResolver(self, resolver: IHostnameResolver) -> IHostnameResolver:
        """Accept another resolver for endpoints; return the one before."""
        before, self.nameResolver = self.nameResolver, resolver
        return before

    # -- threads (IReactorThreads) -------------------------------------------------------------

    def callFromThread(
        self, callable: Callable[..., object], *args: object, **kwargs: object
    ) -> None:
        """Call a function in the next turn; any thread may ask for that."""
        self._turns.call_soon(partial(callable, *args, **kwargs))

    def callInThread(
        self, callable: Callable[..., object], *args: object, **kwargs: object
    ) -> None:
        """Call a function in a thread, from a later turn on."""
        self._threads.callInThread(callable, *args, **kwargs)

    def getThreadPool(self) -> TurnThreads:
        """Return the pool, which makes a thread for each piece of work."""
        return self._threads

    def suggestThreadPoolSize(self, size: int) -> None:
        """Accept a size that makes no difference."""

    # -- start and stop, as far as services use them (IReactorCore) ----------------------------

    def callWhenRunning(
        self, callable: Callable[..., object], *args: object, **kwargs: object
    ) -> None:
        """Call a function: it is running."""
        callable(*args, **kwargs)

    def addSystemEventTrigger(
        self,
        phase: str,
        eventType: str,
        callable: Callable[..., object],
        *args: object,
        **kwargs: object,
    ) -> tuple[str, str, Callable[[], object]]:
        """Call a function ``before``, ``during`` or ``after`` an event, as ``shutdown``."""
        call = partial(callable, *args, **kwargs)
        self._events.setdefault(eventType, Triggers()).add(phase, call)
        return phase, eventType, call

    def removeSystemEventTrigger(self, triggerID: tuple[str, str, Callable[[], object]]) -> None:
        """Do not call it. Raises ValueError: it has been, or is removed."""
        phase, event, call = triggerID
        self._events[event].remove(phase, call)

    def fireSystemEvent(self, eventType: str) -> None:
        """Fire the triggers of an event."""
        self._events.setdefault(eventType, Triggers()).fire()

    def stop(self) -> None:
        """Fire the triggers of the shutdown; what is due afterwards can still be run."""
        self.running = False
        self.fireSystemEvent("shutdown")


async def _await(work: Awaitable[T]) -> T:
    return await work
