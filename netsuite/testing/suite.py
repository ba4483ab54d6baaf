"""A suite under test: any of the services, on one store in memory, on whichever ground.

::

    suite = Suite("smtp", "imap", ground=Sockets())
    await suite.start()
    ann = suite.mailbox("ann")
    ...                                   # the program under test sends to suite.smtp.port
    (mail,) = await ann.wait(1)
    await suite.stop()
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final, TypeVar

from twisted.internet.defer import ensureDeferred
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.python.failure import Failure

from netsuite.accounts.arrivals import ArrivedMessage, MailEnvelope
from netsuite.certificates import Certificates, Pair
from netsuite.compose import Daemon, ServiceOf
from netsuite.config.load import load
from netsuite.connection.listening import ListeningService
from netsuite.home import Reactor
from netsuite.http.router import Router
from netsuite.site import Site
from netsuite.storage import InMemory
from netsuite.store.changes import ChangeFeed
from netsuite.store.errors import NoSuchAccount, NoSuchFolder
from netsuite.store.interfaces import Store
from netsuite.store.model import FolderId, FolderKind
from netsuite.testing.anybody import TakesAnybody, account_of
from netsuite.testing.certificates import Authority, authority
from netsuite.testing.fabric import Fabric
from netsuite.testing.faults import Faults
from netsuite.testing.files import Files
from netsuite.testing.grounds import Ground
from netsuite.testing.hashing import NoHashing, verifiers
from netsuite.testing.health import Health, settled
from netsuite.testing.mail import Group, Mailbox
from netsuite.testing.recordings import Recordings, shown
from netsuite.testing.requests import NotingRouter, Request

T = TypeVar("T")

SERVICES: Final = (
    "smtp", "submission", "lmtp", "imap", "pop3", "managesieve", "nntp", "ftp", "http", "telnet",
    "gopher",
)  # fmt: skip
DOMAIN: Final = "example.test"
PASSWORD: Final = "secret"
#: Where servers listen, and the names that their certificates are good for.
HOST: Final = "127.0.0.1"
_NAMES: Final = ("localhost", HOST, "::1", DOMAIN, f"*.{DOMAIN}")
#: Dates of messages begin here where a seed is given.
_BEGINNING: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)

_SETTINGS: Final = (
    "accounts.free_guesses=1000",  # a wrong password is an answer to wait for, not a danger
    "delivery.enabled=false",  # a test's mail leaves this machine in no case
    "nntp.posting=open",
    "ftp.require_session_reuse=false",  # which ftplib does not do
)


class _Endpoint(HostnameEndpoint):
    """An endpoint that tells its reactor."""

    def __init__(self, reactor: Reactor, host: str, port: int) -> None:
        super().__init__(reactor, host, port)
        self.reactor = reactor


class Service(Faults):
    """One service under test: where it is, what goes wrong with it, and what was said to it.

    Attributes:
        transcripts: its sessions.
        requests: of HTTP, what was asked.
    """

    def __init__(self, suite: Suite, listening: ListeningService) -> None:
        super().__init__(suite.clock, suite.seed or 0)
        self.name = str(listening.name)
        self.transcripts = Recordings(suite.clock)
        self.requests: list[Request] = []
        self._suite = suite
        self._listening = listening
        factory = listening.factory
        self.attach(factory)
        changed: dict[str, Any] = {"transcript": self.transcripts.transcript}
        router = getattr(factory.shared, "router", None)
        if isinstance(router, Router):
            changed["router"] = NotingRouter(router, self.requests)
        if suite.seed is not None:
            known = {"now": suite.now, "identify": suite.unique}
            known |= {"unique": suite.unique} if self.name == "nntp" else {}
            changed |= {name: what for name, what in known.items() if hasattr(factory.shared, name)}
        factory.configure(replace(factory.shared, **changed))
        listening.openings = tuple(
            replace(each, factory=self.wrap(each.factory)) for each in listening.openings
        )

    @property
    def host(self) -> str:
        """The address it listens on."""
        return HOST

    @property
    def port(self) -> int:
        """The port where it listens, with STARTTLS where its protocol has that."""
        return self._listening.port

    @property
    def tls_port(self) -> int:
        """The port where it listens under TLS from the first octet."""
        return self._listening.tls_port

    @property
    def address(self) -> tuple[str, int]:
        """Host and port, as ``socket.create_connection`` takes them."""
        return HOST, self.port

    @property
    def url(self) -> str:
        """The URL of that."""
        return self._listening.url

    @property
    def endpoint(self) -> IStreamClientEndpoint:
        """Where a Twisted client on the suite's reactor connects to."""
        return _Endpoint(self._suite.reactor, HOST, self.port)

    @property
    def tls_endpoint(self) -> IStreamClientEndpoint:
        """The same for the port under TLS; the client brings TLS itself."""
        return _Endpoint(self._suite.reactor, HOST, self.tls_port)

    @property
    def sessions(self) -> int:
        """How many connections there are now."""
        return len(self._listening.factory)

    def end_sessions(self) -> None:
        """Abort all connections."""
        for connection in self._listening.factory:
            connection.abort()

    def begin_anew(self) -> None:
        """End its sessions and its faults, and forget what was said."""
        self.end_sessions()
        self.clear()
        self.count_anew()
        self.transcripts.clear()
        self.requests.clear()


# Longer than 300 lines: what a test may ask of one suite.
class Suite:
    """Services over one store in memory.

    Args:
        services: of ``SERVICES``; none for all.
        ground: where they run.
        settings: as after ``--set``: ``section.key=value``.
        seed: make ids, dates and what goes wrong at random the same every time; None: as they come.
        domain: of the mailboxes.
        anybody: whether every address is taken, whatever its domain, and its account made; if not,
            those alone that ``mailbox`` has made.
        ports: where the kernel is not to choose: by service, ``smtp``; under TLS ``smtp-tls``.
        authority: who signs the certificate.

    Attributes:
        site: the ``netsuite.site.Site``, to which a test may add what it wants before the start.
    """

    def __init__(
        self,
        *services: str,
        ground: Ground,
        settings: Sequence[str] = (),
        seed: int | None = None,
        domain: str = DOMAIN,
        anybody: bool = True,
        ports: Mapping[str, int] | None = None,
        authority: Authority = authority,
    ) -> None:
        unknown = set(services) - set(SERVICES)
        if unknown:
            raise ValueError(f"no service: {', '.join(sorted(unknown))}; there are {SERVICES}")
        self.ground = ground
        self.reactor = ground.reactor
        self.clock = IReactorTime(self.reactor)
        self.seed = seed
        self.domain = domain
        self.anybody = anybody
        self.authority = authority
        self.envelopes: dict[tuple[FolderId, int], MailEnvelope] = {}
        self._random = Random(seed)
        self._began = self.clock.seconds()
        self._mailboxes: dict[str, Mailbox] = {}
        self._names = services or SERVICES
        self._ports = ports or {}
        configured = load(None, [f'site.domains=["{domain}"]', *_SETTINGS, *settings])
        self._storage = InMemory(
            configured,
            self.reactor,
            now=self.now,
            guid=lambda: f"{self._random.getrandbits(128):032x}",
            hashing=NoHashing(),
            certificates=_certificates(self.clock, authority),
        )
        self.site = Site(settings=configured, reactor=self.reactor, storage=self._storage)
        self.site.on_mail(self._note)
        if anybody:
            takes = TakesAnybody(lambda: self.store, self.add_domain, self.mailbox)
            self.site.policies.add(takes, services=("smtp", "submission", "lmtp"))
        #: What a test leaves behind, and what it logs; where somebody looks after that.
        self.health: Health | None = None
        self._services: dict[str, Service] = {}
        self._daemon: Daemon | None = None

    def now(self) -> datetime:
        """Return the time of messages; with a seed and a clock that is real, always the same."""
        if self.seed is None:
            return datetime.now(UTC)
        passed = self.clock.seconds() - self._began if isinstance(self.reactor, Fabric) else 0.0
        return _BEGINNING + timedelta(seconds=passed)

    async def _note(self, envelope: MailEnvelope, message: ArrivedMessage) -> None:
        for place in envelope.places:
            self.envelopes[place.folder, place.uid] = envelope

    def add_domain(self, domain: str) -> None:
        """Add a domain to ours."""
        if domain not in self.site.resolver.domains:
            self.site.configure("site", domains=[*self.site.settings.site.domains, domain])

    # -- life ----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Let the services listen, if they do not yet; what the test adds to ``site`` is there by
        then."""
        if self._daemon is not None:
            return
        made = []
        for name in self._names:
            keys = {"listen": name, **({} if name == "lmtp" else {"listen_tls": f"{name}-tls"})}
            where = {key: [self._place(port)] for key, port in keys.items()}
            made.append(ServiceOf(name, settings=where)(self.site))
        self._daemon = Daemon(self.site, made, self.site.read_settings, sighup=False)
        for each in made:
            assert isinstance(each, ListeningService)
            self._services[str(each.name)] = Service(self, each)
        # A port that is taken is told of first.
        self._daemon.privilegedStartService()  # type: ignore[no-untyped-call]
        self._daemon.startService()
        await self.site.when_open()

    def _place(self, name: str) -> str:
        return f"tcp:{self._ports.get(name, 0)}:interface={HOST}"

    async def stop(self) -> None:
        """End all sessions, and the services; may be called twice.

        Raises:
            AssertionError: a fault has not happened so often as was said.
        """
        daemon, self._daemon = self._daemon, None
        if daemon is None:
            return
        for service in self:
            service.end_sessions()
        await daemon.stopService()
        self.check()

    def check(self) -> None:
        """Raise UnmetExpectation, an AssertionError, where a fault has not happened so often as was
        said; what ``reset`` would end in silence."""
        for service in self:
            service.check()

    def flush_errors(self, *kinds: type[BaseException]) -> list[Failure]:
        """Return the errors that were logged, and forget them: a test expected them.

        Args:
            kinds: those of these alone; none: all.

        Raises:
            RuntimeError: nobody looks after what is logged here, as the fixtures do.
        """
        if self.health is None:
            raise RuntimeError("nobody looks after what is logged; pytest's fixtures do")
        return self.health.flush_errors(*kinds)

    async def reset(self) -> None:
        """Make it as it was at the start: no accounts, mail, articles, files, faults."""
        for service in self:
            service.begin_anew()
        await settled(self.clock)  # lest a session that ends deliver to those who come now
        store = self.store
        for account in await store.accounts.accounts():
            await store.accounts.remove_account(account.id)
        for alias in await store.accounts.aliases():
            await store.accounts.set_alias(alias, ())
        for folder in await store.mail.folders(None):
            await store.mail.delete_folder(folder.id)
        self._storage.homes.clear()
        self.envelopes.clear()
        self._mailboxes.clear()

    def __iter__(self) -> Iterator[Service]:
        """Return the services."""
        return iter(self._services.values())

    def __getitem__(self, name: str) -> Service:
        """Return a service by its name. Raises KeyError for one that does not run."""
        try:
            return self._services[name]
        except KeyError:
            raise KeyError(self._missing(name)) from None

    def _missing(self, name: str) -> str:
        if name in self._names and not self._services:
            return f"{name} does not run yet: start the suite, or use it under 'with'"
        return f"no service {name} runs here; there are: {', '.join(self._names)}"

    # -- services ------------------------------------------------------------------------------

    @property
    def smtp(self) -> Service:
        """The server to which other hosts bring mail."""
        return self["smtp"]

    @property
    def submission(self) -> Service:
        """The server to which accounts bring mail."""
        return self["submission"]

    @property
    def lmtp(self) -> Service:
        """The server to which a mail server beside us delivers."""
        return self["lmtp"]

    @property
    def imap(self) -> Service:
        """The IMAP4 server."""
        return self["imap"]

    @property
    def pop3(self) -> Service:
        """The POP3 server."""
        return self["pop3"]

    @property
    def managesieve(self) -> Service:
        """The ManageSieve server."""
        return self["managesieve"]

    @property
    def nntp(self) -> Service:
        """The NNTP server."""
        return self["nntp"]

    @property
    def ftp(self) -> Service:
        """The FTP server."""
        return self["ftp"]

    @property
    def http(self) -> Service:
        """The HTTP server."""
        return self["http"]

    @property
    def telnet(self) -> Service:
        """The Telnet server."""
        return self["telnet"]

    @property
    def gopher(self) -> Service:
        """The Gopher server."""
        return self["gopher"]

    # -- content -------------------------------------------------------------------------------

    @property
    def store(self) -> Store:
        """Where everything is."""
        return self.site.store

    @property
    def changes(self) -> ChangeFeed:
        """What happens in the store."""
        return self.site.store.changes

    def mailbox(self, name: str, password: str | None = None) -> Mailbox:
        """Return an account and its mail; it is made the first time.

        Args:
            name: of the account, or an address of its.
            password: what it logs in with from now on; None: as it is, ``secret`` at first.
        """
        name = account_of(name)
        accounts = self.store.accounts
        known = self._mailboxes.get(name)
        if known is None:
            chosen = password or PASSWORD
            try:
                account = at_once(accounts.account(name))
            except NoSuchAccount:
                account = at_once(accounts.add_account(name, verifiers(chosen)))
            known = self._mailboxes[name] = Mailbox(self, account, chosen)
        elif password not in (None, known.password):
            known.password = password
            at_once(accounts.set_verifiers(known.id, verifiers(password)))
        return known

    def group(self, name: str) -> Group:
        """Return a newsgroup; it is made the first time."""
        mail = self.store.mail
        try:
            at_once(mail.folder(None, name))
        except NoSuchFolder:
            at_once(mail.create_folder(None, name, kind=FolderKind.GROUP))
        return Group(self, name)

    def files(self, account: str | None = None) -> Files:
        """Return an account's files, which is made the first time; the public site's for None."""
        homes = self.site.homes
        if account is None:
            return Files(self, homes.public, "the public site")
        self.mailbox(account)
        return Files(self, at_once(homes.home(account)), f"{account}'s files")

    async def load(self, directory: str | Path) -> None:
        """Put in what a directory has, all of it where it is there:

        ``mail/ACCOUNT/FOLDER/*.eml``, ``news/GROUP/*``, ``files/public/...`` and
        ``files/home/ACCOUNT/...``. Messages of a folder go in by the order of their names.
        """
        root = Path(directory)
        for path in _files_below(root / "mail"):
            account, *folders, _ = path.relative_to(root / "mail").parts
            folder = "/".join(folders) or "INBOX"
            await self.mailbox(account).deliver(path.read_bytes(), folder=folder)
        for path in _files_below(root / "news"):
            await self.group(path.parent.name).post(path.read_bytes())
        for path in _files_below(root / "files" / "public"):
            name = path.relative_to(root / "files" / "public").as_posix()
            await self.files().put(name, path.read_bytes())
        for path in _files_below(root / "files" / "home"):
            account, *names = path.relative_to(root / "files" / "home").parts
            await self.files(account).put("/".join(names), path.read_bytes())

    # -- for messages of failed tests ----------------------------------------------------------

    def transcripts(self) -> str:
        """Return the ends of the newest sessions of each service."""
        return shown([service.transcripts for service in self])

    def unique(self) -> str:
        """Return letters that no other message has."""
        return f"{self._random.getrandbits(64):016x}"


def _certificates(clock: IReactorTime, authority: Authority) -> Certificates:
    issued = authority.certificate(*_NAMES)
    chain = (issued.certificate, authority.root.certificate)
    until = issued.certificate.not_valid_after_utc
    return Certificates(None, clock, pair=Pair(chain, issued.key, _NAMES, until))


def _files_below(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def at_once(work: Awaitable[T]) -> T:
    """Return what something gives that does not wait, as nothing does of a store in memory."""
    outcome: list[T | Failure] = []
    ensureDeferred(_awaited(work)).addBoth(outcome.append)
    if not outcome:
        raise AssertionError("it has to wait")
    result = outcome[0]
    if isinstance(result, Failure):
        result.raiseException()
    return result


async def _awaited(work: Awaitable[T]) -> T:
    return await work
