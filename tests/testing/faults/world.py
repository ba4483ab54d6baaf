"""All services over a site in memory, each with faults; on a fabric, or on a reactor of their own
in a thread, for clients that block."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from queue import Queue
from typing import Any, Final, TypeVar

from twisted.internet.defer import ensureDeferred
from twisted.internet.selectreactor import SelectReactor
from twisted.python.failure import Failure

from netsuite.accounts.passwords import make_verifiers
from netsuite.certificates import Certificates
from netsuite.compose import ServiceOf, Site
from netsuite.config.schema import Settings, SiteSection
from netsuite.connection.listening import ListeningService
from netsuite.connection.peer import where
from netsuite.http.commands import ResponseHead
from netsuite.http.request import IncomingRequest
from netsuite.http.responses import Streamed
from netsuite.storage import InMemory
from netsuite.store.interfaces import Store
from netsuite.store.model import FolderKind, Placement, Verifiers
from netsuite.testing.certificates import authority
from netsuite.testing.fabric import Fabric
from netsuite.testing.faults import Faults

T = TypeVar("T")

NAMES: Final = ("smtp", "lmtp", "imap", "pop3", "nntp", "ftp", "http", "gopher", "telnet")
PASSWORD: Final = "secret"
#: Seconds until something is wrong with the test.
PATIENT: Final = 10.0
LETTER: Final = (
    b"From: Bob <bob@example.test>\r\nTo: ann@example.test\r\nSubject: hello\r\n"
    b"Message-ID: <1@example.test>\r\n\r\n" + b"a line of text\r\n" * 20
)
ARTICLE: Final = (
    b"Path: localhost!not-for-mail\r\nFrom: Bob <bob@example.test>\r\nNewsgroups: misc.test\r\n"
    b"Subject: hello\r\nMessage-ID: <2@example.test>\r\n"
    b"Date: Sun, 01 Mar 2026 10:00:00 +0000\r\n\r\n" + b"a line of text\r\n" * 20
)
TEXT: Final = b"a line of a file\r\n" * 20


@cache
def _verifiers() -> Verifiers:
    return make_verifiers(PASSWORD)


async def _fill(site: Site, store: Store) -> None:
    """Make the account ann with a letter, the group misc.test with an article, the file a.txt."""
    account = await store.accounts.add_account("ann", _verifiers())
    inbox = await store.mail.folder(account.id, "INBOX")
    group = await store.mail.create_folder(None, "misc.test", kind=FolderKind.GROUP)
    for octets, folder in ((LETTER, inbox), (ARTICLE, group)):
        draft = store.mail.draft(len(octets))
        draft.write(octets)
        await store.mail.commit(draft, [Placement(folder.id)])
    upload = await site.homes.public.upload(("a.txt",))
    upload.write(TEXT)
    await upload.commit()


async def _stream(request: IncomingRequest) -> Streamed:
    """Answer in chunks."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"a chunk\r\n"

    return Streamed(ResponseHead(200), chunks())


class World:
    """The services.

    Args:
        reactor: where they listen.
        certificates: an empty folder, for a certificate of the test authority's.
    """

    def __init__(self, reactor: Any, certificates: Path) -> None:
        self.reactor = reactor
        authority.certificate().write(certificates / "default.pem")
        settings = Settings(site=SiteSection(domains=["example.test"]))
        storage = InMemory(settings, reactor, certificates=Certificates(certificates, reactor))
        site = self.site = Site(settings=settings, reactor=reactor, storage=storage)
        site.http.add("GET", "/stream", _stream)
        site.once_open(lambda store: _fill(site, store))
        self.faults: dict[str, Faults] = {}
        self.services: dict[str, ListeningService] = {}
        for name in NAMES:
            self._add(name)

    def _add(self, name: str) -> None:
        where = "tcp:0:interface=127.0.0.1"
        service = ServiceOf(name, [where], [where])(self.site)
        assert isinstance(service, ListeningService)
        faults = self.faults[name] = Faults(self.reactor, seed=1)
        faults.attach(service.factory)
        service.openings = tuple(
            replace(opening, factory=faults.wrap(opening.factory)) for opening in service.openings
        )
        self.services[name] = service

    def start(self) -> Awaitable[None]:
        """Start; return what waits until all can be served."""
        self.site.startService()
        for service in self.services.values():
            service.startService()
        return self.site.when_open()

    async def reset(self) -> None:
        """End all connections and rules."""
        for name, service in self.services.items():
            self.faults[name].clear()
            for connection in service.factory:
                connection.abort()

    async def stop(self) -> None:
        """Stop all of it."""
        await self.reset()
        for service in self.services.values():
            await service.stopService()
        await self.site.stopService()

    def port(self, name: str, *, tls: bool = False) -> int:
        """Return the port of a service."""
        bound = self.services[name].bound
        _, port, _ = where(next(port.getHost() for opening, port in bound if opening.tls is tls))
        return port


@contextlib.contextmanager
def on_fabric(certificates: Path) -> Iterator[World]:
    """Give the services on a fabric."""
    fabric = Fabric()
    world = World(fabric, certificates)
    fabric.run(world.start())
    try:
        yield world
    finally:
        fabric.run(world.stop())


@contextlib.contextmanager
def in_thread(certificates: Path) -> Iterator[World]:
    """Give the services on a reactor of their own, which runs in a thread."""
    reactor: Any = SelectReactor()
    thread = threading.Thread(
        target=reactor.run, kwargs={"installSignalHandlers": False}, daemon=True
    )
    worlds: list[World] = []

    async def begin() -> None:
        worlds.append(World(reactor, certificates))
        await worlds[0].start()

    thread.start()
    call(reactor, begin)
    try:
        yield worlds[0]
    finally:
        call(reactor, worlds[0].stop)
        reactor.callFromThread(reactor.stop)
        thread.join(PATIENT)


def call(reactor: Any, work: Callable[[], Awaitable[T]]) -> T:
    """Run something on a reactor of another thread; return or raise what comes of it."""
    done: Queue[Any] = Queue()
    reactor.callFromThread(lambda: ensureDeferred(_awaited(work)).addBoth(done.put))
    result = done.get(timeout=PATIENT)
    if isinstance(result, Failure):
        result.raiseException()
    value: T = result
    return value


async def _awaited(work: Callable[[], Awaitable[T]]) -> T:
    return await work()
