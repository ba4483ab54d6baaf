"""The sockets that the parent has bound for its workers; it accepts nothing from them itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from twisted.internet.defer import DeferredList, maybeDeferred
from twisted.internet.interfaces import IListeningPort, IPushProducer
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from twisted.python.failure import Failure

from netsuite.config.endpoints import listening_address
from netsuite.config.schema import Settings
from netsuite.connection.listening import remove_dead_socket, why_not_bound
from netsuite.home import Reactor, SiteError
from netsuite.openings import Place, places_of
from netsuite.workers.sockets import Inherited

#: Those that can be handed to another process: others are made by somebody else's code, over which
#: a worker would have to be told.
KINDS = ("tcp", "tcp4", "tcp6", "unix", "systemd")


#: A bound port of Twisted's; that it has a descriptor no interface of ports says.
Port: TypeAlias = Any


class _NobodyServes(Factory):
    """What a bound socket has instead of a service."""

    noisy = False


class Ports:
    """The bound sockets.

    Args:
        home: the home directory.
        inherited: sockets that were bound before.
    """

    log = Logger()

    def __init__(self, reactor: Reactor, home: Path, inherited: Inherited) -> None:
        self._reactor = reactor
        self._home = home
        self._inherited = inherited
        # In the order of their places; a place may be there twice, as tcp:0 is another each time.
        self._bound: list[tuple[Place, Port]] = []

    def bind(self, places: Sequence[Place], *, at_home: bool = True) -> list[str]:
        """Bind what is not bound yet; return what could not be, in lines.

        Args:
            at_home: whether sockets in the home are bound, too.
        """
        problems: list[str] = []
        there = Counter(place for place, _ in self._bound)
        for place in places:
            if there[place]:
                there[place] -= 1
                continue
            port = self._same_address(place, places)
            if port is not None:
                self._bound.append((place, port))
                continue
            try:
                self._bind(place, at_home, problems)
            except SiteError as error:
                problems.append(str(error))
        return problems

    def _same_address(self, place: Place, wanted: Sequence[Place]) -> Port | None:
        """Return the port of a place that is no longer wanted, and that had the same address,
        however that was written; None where there is none."""
        address = listening_address(place.description, self._home)
        if address is None or address[1] == 0:
            return None
        for other, port in self._bound:
            if other not in wanted and address == listening_address(other.description, self._home):
                return port
        return None

    def _bind(self, place: Place, at_home: bool, problems: list[str]) -> None:
        kind = place.description.partition(":")[0]
        if kind not in KINDS:
            problems.append(
                f"{place.service}.{place.setting}: {place.description!r} cannot be handed to a "
                "worker; write it as tcp:25 or unix:/run/netsuite.sock, or set daemon.workers to 0"
            )
            return
        opening = place.opening(_NobodyServes(), self._reactor, self._home, self._inherited)
        if opening.at_home and not at_home:
            return
        if opening.path is not None and not opening.is_inherited:
            remove_dead_socket(opening.path)

        def bound(port: IListeningPort) -> None:
            IPushProducer(port).pauseProducing()
            self._bound.append((place, port))
            self.log.info(
                "{name} listens on {where}", name=place.service, where=port.getHost(), place=place
            )

        def not_bound(failure: Failure) -> None:
            problems.append(why_not_bound(place.service, place.description, failure.value))

        opening.endpoint.listen(opening.factory).addCallbacks(bound, not_bound)

    def descriptors(self, places: Collection[Place]) -> Mapping[str, Sequence[int]]:
        """Return the descriptors of those places, by their names."""
        found: dict[str, list[int]] = {}
        for place, port in self._bound:
            if place in places:
                found.setdefault(place.name, []).append(port.fileno())
        return found

    async def keep(self, places: Sequence[Place]) -> list[str]:
        """Close all but those; return the places that were closed, as they are shown."""
        wanted = Counter(places)
        kept, gone = [], []
        for place, port in self._bound:
            if wanted[place]:
                wanted[place] -= 1
                kept.append((place, port))
            else:
                gone.append((place, port))
        self._bound = kept
        there = [port for _, port in kept]
        gone = [(place, port) for place, port in gone if port not in there]
        await DeferredList([maybeDeferred(port.stopListening) for _, port in gone])
        return [f"{place.service} on {place.description}" for place, _ in gone]


def all_places(settings: Settings, names: Sequence[str], home: Path) -> list[Place]:
    """Return where those services are to listen; some listen nowhere."""
    found: list[Place] = []
    for name in names:
        section = vars(settings)[name]  # of which some have no places
        if "listen" in type(section).model_fields:
            with_tls = section.listen_tls if settings.tls.enabled else ()
            found += places_of(name, section.listen, with_tls, home)
    return found
