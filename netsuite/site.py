"""The site: settings, store, accounts and certificates, which all services over it share.

Longer than 500 lines: one class, and its docstring says why that is.
"""

from __future__ import annotations

import os
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, TypeVar

from twisted.application.service import Service
from twisted.cred.portal import Portal
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.reflect import namedAny

from netsuite import __version__
from netsuite.accounts.answers import Writer
from netsuite.accounts.arrivals import Arrivals, ArticleListener, FileListener, MailListener
from netsuite.accounts.authentication import AccountAuthenticator
from netsuite.accounts.checkers import (
    LoginNames,
    OtherPasswords,
    PasswordCache,
    PasswordChecker,
    ProvenNameChecker,
)
from netsuite.accounts.delivery import Patience, StoreDelivery
from netsuite.accounts.files import HomesOfSite
from netsuite.accounts.filtering import Filters
from netsuite.accounts.news import StoreNewsroom
from netsuite.accounts.passwords import Hashing
from netsuite.accounts.permissions import FilePermissions
from netsuite.accounts.realm import AccountRealm
from netsuite.accounts.resolver import RecipientResolver, same_domain
from netsuite.accounts.revocation import OpenLogins
from netsuite.accounts.scripts import ScriptLimits
from netsuite.accounts.srs import SenderRewriting
from netsuite.accounts.throttle import Throttle
from netsuite.bus import Bus, OneProcess
from netsuite.certificates import ServerTLS
from netsuite.config.load import changed, load
from netsuite.config.schema import Settings
from netsuite.connection.counts import Counts
from netsuite.connection.factory import ServerFactory
from netsuite.connection.linelog import LineLog
from netsuite.connection.listening import ListeningService, cannot_start, tell_operator
from netsuite.connection.server import ServerShared
from netsuite.connection.settings import ServiceSettings
from netsuite.connection.transcript import Transcript, logging_observer
from netsuite.home import Reactor, SiteError, find_config, find_home
from netsuite.message.injection import PostingPolicy
from netsuite.openings import openings_of
from netsuite.storage import AtHome, InMemory, Storage
from netsuite.store.errors import StoreError
from netsuite.store.folder_names import STANDARD_FOLDERS
from netsuite.store.interfaces import Store
from netsuite.wire.dates import now
from netsuite.workers.sockets import Inherited

if TYPE_CHECKING:  # a service that runs alone imports nothing of the others
    from netsuite.gopher.routes import Routes
    from netsuite.http.resources import SiteRouter
    from netsuite.http.xmlrpc.server import XMLRPCServer
    from netsuite.smtp.policy.chain import OwnPolicies
    from netsuite.telnet.shell.table import CommandTable

#: Of a class that is known by its name alone.
AnyPart: TypeAlias = Any
Sh = TypeVar("Sh", bound=ServerShared)


def _posting_policy(settings: Settings) -> PostingPolicy:
    """Return what posters are asked for, by whichever protocol they come."""
    section = settings.nntp
    return PostingPolicy(
        host=settings.site.hostname,
        posting=section.posting,
        article_octets=section.article_octets or None,
        crossposts=section.crossposts,
        oldest=timedelta(days=section.oldest_days),
        tell_source=section.tell_source,
        complaints=section.complaints,
        domain=settings.site.domains[0],
    )


def _patience(settings: Settings) -> Patience:
    """Return how long mail is tried for."""
    section = settings.delivery
    warn_after = timedelta(hours=section.warn_hours) if section.warn_hours else None
    return Patience(timedelta(hours=section.lifetime_hours), warn_after)


def _mechanisms(settings: Settings) -> Mapping[str, Collection[str]]:
    """Return the SASL mechanisms of the services that do not offer all."""
    return dict(settings.accounts.mechanisms.items())


class Common(TypedDict):
    """What the ``Shared`` of every service is made with."""

    clock: IReactorTime
    host: str
    tls: ServerTLS | None
    transcript: Callable[[str], Transcript] | None
    counts: Counter[tuple[str, ...]]


# Longer than 300 lines: what a program that composes services may do with all of them.
class Site(Service):
    """The collaborators of every service over one home, and their common life.

    Started, it opens the store; stopped, it closes it. In memory it may be started again, and has
    what it had; at a home another site is made for that. What must not begin before the store is
    open asks ``when_open``. ``netsuite.compose`` puts services over it.

    Args:
        home: the home directory; made if it is not there. None: ``$NETSUITE_HOME``, or that of
            the user.
        settings: what is configured; None: what the home's ``netsuite.toml`` says.
        memory: keep everything in memory, and have no home.
        reactor: for threads and time; None: the one that is installed.
        storage: where everything is kept, instead of in the home or in memory.
        bus: to the other processes of a daemon with workers; None: there are none.
        inherited: listening sockets that are there already.
        connection_counts: of all processes; None: this one's.

    Raises:
        ConfigError: the home's configuration is wrong.
        SiteError: the home cannot be used.
    """

    log = Logger()

    def __init__(
        self,
        home: str | os.PathLike[str] | None = None,
        *,
        settings: Settings | None = None,
        memory: bool = False,
        reactor: Reactor | None = None,
        storage: Storage | None = None,
        bus: Bus | None = None,
        inherited: Inherited | None = None,
        connection_counts: Counts | None = None,
    ) -> None:
        self.setName("site")
        self.bus: Bus = OneProcess() if bus is None else bus
        self._inherited = Inherited() if inherited is None else inherited
        self._connection_counts = connection_counts
        self.reactor: Reactor = _installed() if reactor is None else reactor
        in_memory = memory or storage is not None
        path = find_home(None if home is None else os.fspath(home))
        self._read: Callable[[], Settings] | None = None
        if settings is None and not in_memory:
            self._read = lambda: load(find_config(path, None))
            settings = self._read()
        self.settings = settings = settings or Settings()
        self._set: dict[str, dict[str, object]] = {}
        if storage is None:
            storage = (
                InMemory(settings, self.reactor)
                if memory
                else AtHome(settings, path, self.reactor, self.bus.worker)
            )
        self._storage = storage
        self.home: Path | None = storage.home
        self.store: Store = storage.store
        self.homes = storage.homes
        self.certificates = storage.certificates
        self.run = storage.run
        self.arrivals = Arrivals(self.store, self.homes, self.reactor)
        #: The files that need no login; others come by a login, as FileAccess.
        self.file_permissions = FilePermissions(
            settings.files.path_rules,
            read_only=(each.names for each in settings.files.mapped if each.read_only),
            fixed=(each.names for each in settings.files.mapped),
        )
        self.files = HomesOfSite(self.store, self.homes, self.file_permissions, self.arrivals)
        self.srs = SenderRewriting(
            lambda: self.authenticator.secret,
            settings.site.domains[0],
            lambda: int(time.time() // 86_400),
        )
        self.resolver = RecipientResolver(
            self.store,
            self.reactor,
            domains=settings.site.domains,
            postmaster=settings.site.postmaster,
            separator=settings.site.detail_separator,
            detail_folders=settings.site.detail_folders,
            read_back=self.srs.original,
            carries_onward=settings.delivery.enabled,
        )
        self.filters = Filters(
            self.store,
            self.resolver,
            Writer(settings.site.hostname, now, lambda: secrets.token_hex(12)),
            now=now,
            environment={
                "domain": settings.site.domains[0],
                "host": settings.site.hostname,
                "location": "MDA",
                "name": "netsuite",
                "phase": "during",
                "version": __version__,
            },
            everybodys=settings.site.sieve_library,
        )
        self.delivery = StoreDelivery(
            self.store,
            self.resolver,
            filters=self.filters,
            patience=_patience(settings),
            delivered=self.arrivals.mail_delivered,
        )
        self.password_cache = PasswordCache(
            self.reactor, settings.accounts.cache_seconds, self.store.changes
        )
        self.logins = OpenLogins(self.store.accounts, self.store.changes, self.reactor)
        self.newsroom = StoreNewsroom(
            self.store, _posting_policy(settings), posted=self.arrivals.article_posted
        )
        self.authenticator = self._make_authenticator()
        #: What services count for metrics: by the metric's name and its labels' values.
        self.counts = self.authenticator.counts
        self._parts: dict[str, object] = {}
        self._waiting: list[Deferred[None]] = []
        self._at_home: list[Callable[[], None]] = []  # binds, once the home is there
        self._is_prepared = False  # what ``startService`` did before the reactor ran
        self._is_open = False
        self._was_stopped = False
        self._being_opened: Deferred[None] | None = None
        self._first: list[Callable[[Store], Awaitable[None]]] = []
        self._reloaded: list[Callable[[Settings], None]] = [self._apply_posting_policy]

    def _apply_posting_policy(self, settings: Settings) -> None:
        self.newsroom.policy = _posting_policy(settings)

    def _make_authenticator(self) -> AccountAuthenticator:
        accounts = self.settings.accounts
        names = LoginNames(tuple(self.settings.site.domains))
        hashing = self._storage.hashing
        others = OtherPasswords(self.store.accounts, names, self.reactor, STANDARD_FOLDERS)
        checkers = [
            PasswordChecker(
                self.store.accounts,
                hashing,
                right=self.password_cache,
                names=names,
                cram_md5=accounts.cram_md5,
                others=others,
            ),
            ProvenNameChecker(self.store.accounts, names),
        ]
        return AccountAuthenticator(
            Portal(
                AccountRealm(
                    self.store,
                    self.resolver,
                    self.homes,
                    newsroom=self.newsroom,
                    hashing=hashing,
                    cram_md5=accounts.cram_md5,
                    scripts=ScriptLimits(
                        self.settings.managesieve.scripts, self.settings.managesieve.script_octets
                    ),
                    permissions=self.file_permissions,
                    arrivals=self.arrivals,
                ),
                checkers,
            ),
            self.store.accounts,
            Throttle(
                self.reactor,
                free_guesses=accounts.free_guesses,
                slowest_seconds=accounts.slowest_seconds,
            ),
            names=names,
            secret=b"",
            clear_text=accounts.clear_text,
            cram_md5=accounts.cram_md5,
            offered=_mechanisms(self.settings),
            logins=self.logins,
            others=others,
        )

    def forwarded_as(self, sender: str) -> str:
        """Return the reverse path that a message of *sender* is forwarded with: its own where it
        is one of ours."""
        domain = same_domain(sender.rpartition("@")[2])
        return sender if domain in self.resolver.domains else self.srs.rewritten(sender)

    @property
    def hashing(self) -> Hashing:
        """Where passwords are hashed."""
        return self._storage.hashing

    @property
    def waiting(self) -> Mapping[str, int]:
        """How much work waits for threads of the storage, by their name."""
        return self._storage.waiting

    # -- what programs add ---------------------------------------------------------------------

    def on_mail(self, listener: MailListener) -> MailListener:
        """Call ``listener(envelope, message)`` for each message that is delivered here, by
        SMTP, LMTP or from the queue; not of copies, nor of what IMAP appends. Return it."""
        self.arrivals.mail.append(listener)
        return listener

    def on_article(self, listener: ArticleListener) -> ArticleListener:
        """Call ``listener(article)`` for each article that is posted. Return it."""
        self.arrivals.articles.append(listener)
        return listener

    def on_upload(self, listener: FileListener) -> FileListener:
        """Call ``listener(file)`` for each file that is uploaded, once it is durable and its sender
        has been told so. Return it."""
        self.arrivals.files.append(listener)
        return listener

    @property
    def http(self) -> SiteRouter:
        """The routes of the site's HTTP servers; ``add`` and ``mount`` more. They come before
        those that every site has."""
        router: SiteRouter = self._part("netsuite.http.resources.SiteRouter", self.reactor)
        return router

    @property
    def gopher(self) -> Routes:
        """The selectors that programs answer: ``site.gopher.add("/time", handler)``."""
        routes: Routes = self._part("netsuite.gopher.routes.Routes")
        return routes

    @property
    def rpc(self) -> XMLRPCServer:
        """The methods of the site's XML-RPC path: ``site.rpc["add"] = function``."""
        rpc: XMLRPCServer = self._part("netsuite.http.xmlrpc.server.XMLRPCServer")
        return rpc

    @property
    def shell_commands(self) -> CommandTable:
        """The commands of the site's Telnet shell; ``add`` more."""
        table: CommandTable = self._part("netsuite.telnet.shell.table.CommandTable")
        return table

    @property
    def policies(self) -> OwnPolicies:
        """The policies that a program brings for mail that comes in; ``add`` more. They are asked
        before those that settings name."""
        policies: OwnPolicies = self._part("netsuite.smtp.policy.chain.OwnPolicies")
        return policies

    def _part(self, name: str, *arguments: object) -> AnyPart:
        """Return the site's own object of a class, made when it is first asked for: so a service
        that runs alone imports nothing of the others."""
        if name not in self._parts:
            self._parts[name] = namedAny(name)(*arguments)
        return self._parts[name]

    def configure(self, table: str, **values: object) -> None:
        """Change settings of one table, from now on and for every reload; those that are read
        once (``store``, ``files``, ``tls``, most of ``accounts``) not: give those to ``Site``.

        Raises:
            ConfigError: there is no such setting, or it cannot have that value.
        """
        self._take(changed(self.settings, table, values))
        self._set.setdefault(table, {}).update(values)

    # -- services ------------------------------------------------------------------------------

    def tls(self, *protocols: bytes) -> ServerTLS | None:
        """Return what a service of these ALPN names begins TLS with; None where TLS is off."""
        return self.certificates.context_for(*protocols) if self.certificates else None

    def common(self, settings: ServiceSettings, *protocols: bytes) -> Common:
        """Return what the ``Shared`` of a service is made with; *protocols* are its ALPN names."""

        def transcript(name: str) -> Transcript:
            return Transcript(logging_observer(name), self.reactor)

        return {
            "clock": self.reactor,
            "host": self.settings.site.hostname,
            "tls": self.tls(*protocols),
            "transcript": transcript if settings.transcript else None,
            "counts": self.counts,
        }

    def line_log(self, path: str, stamp: Callable[[datetime], str]) -> LineLog | None:
        """Make a service's log of one line an event, its time first, at a path in the home; None
        where that is empty, or there is no home."""
        if not path or self.home is None:
            return None
        return LineLog(
            self.home / path,
            self.reactor,
            now=lambda: datetime.now().astimezone(),
            stamp=stamp,
            elsewhere=self.run,
            home=self.home,
            as_json=self.settings.log.form == "json",
            rotation=self.settings.log.rotation,
        )

    def listening(self, factory: ServerFactory[Sh], shared: Callable[[], Sh]) -> ListeningService:
        """Return the service that lets a factory listen where its settings say; without a home it
        leaves out sockets that would be there.

        Args:
            shared: what its connections share by now; asked for at each reload.

        Raises:
            SiteError: an endpoint string cannot be understood.
        """
        openings = openings_of(factory, self.reactor, self.home, self._inherited)
        factory.worker = self.bus.worker
        if self._connection_counts is not None:
            factory.counts = self._connection_counts
        self.on_reload(lambda _: factory.configure(shared()))
        service = ListeningService(factory.shared.service, openings, factory, self.when_open)
        service.is_quiet = self.bus.worker > 0  # its parent has said it
        self._at_home.append(service.bind)
        return service

    # -- life ----------------------------------------------------------------------------------

    def once_open(self, work: Callable[[Store], Awaitable[None]]) -> None:
        """Do something with the open store before any service reads from its ports."""
        self._first.append(work)

    @property
    def is_open(self) -> bool:
        """Whether the store is open."""
        return self._is_open

    def when_open(self, work: Callable[[], Awaitable[None]] | None = None) -> Deferred[None]:
        """Wait until the store is open; then do *work*."""
        opened: Deferred[None] = Deferred()
        if work is not None:
            opened.addCallback(lambda _: ensureDeferred(_awaited(work())))
        if self._is_open:
            opened.callback(None)
        else:
            self._waiting.append(opened)
        return opened

    def startService(self) -> None:
        """Open the store; when that fails, say so in one line and end the process.

        Raises:
            CannotStart, CannotStartUnseen: the store or the home cannot be used, and the reactor
                does not run yet, so that the start of the daemon can fail with it.
            SiteError: it has been stopped, and is at a home.
        """
        if self._was_stopped and self.home is not None:
            raise SiteError(f"the site at {self.home} was stopped; make another to start again")
        # Here and not in __init__: by now the daemon runs as whom it is to run as.
        if not getattr(self.reactor, "running", True):
            try:
                self._prepare()
                self.store.prepare()
                self._is_prepared = True
            except (StoreError, SiteError) as error:
                self._tell(f"netsuite: {error}")
                raise cannot_start(str(error)) from None
        super().startService()
        self._storage.start_threads()
        self._being_opened = ensureDeferred(self._open()).addErrback(self._not_opened)

    def _prepare(self) -> None:
        self.authenticator.secret = self._storage.prepare()
        for bind in self._at_home:
            bind()

    async def _open(self) -> None:
        if not self._is_prepared:
            self._prepare()
        self._is_prepared = False  # a site that is started again looks again
        await self.store.open()
        await self._storage.start()
        self.arrivals.open()
        self.resolver.open()
        self.filters.open()
        self.password_cache.open()
        self.logins.open()
        for work in self._first:
            await work(self.store)
        self._is_open = True
        waiting, self._waiting = self._waiting, []
        for opened in waiting:
            opened.callback(None)

    def _not_opened(self, failure: Failure) -> None:
        if failure.check(StoreError, SiteError):
            message = f"netsuite: {failure.getErrorMessage()}"
        else:
            self.log.failure("opening the site", failure)
            message = "netsuite: the store could not be opened; the log has the reason"
        self._tell(message)
        # twistd has no way to end with an exit code of a service's choice.
        self.reactor.addSystemEventTrigger("after", "shutdown", os._exit, 1)
        self.reactor.callWhenRunning(self.reactor.stop)

    def _tell(self, message: str) -> None:
        self.log.critical("{message}", message=message)
        tell_operator(message)

    def stopService(self) -> Deferred[None]:
        """Close the store, after all that was begun: the opening, too."""
        super().stopService()
        self._was_stopped = True
        return ensureDeferred(self._stop())

    async def _stop(self) -> None:
        if self._being_opened is not None:
            await self._being_opened
        await self.arrivals.close()
        self.resolver.close()
        self.filters.close()
        self.newsroom.close()
        self.password_cache.close()
        self.logins.close()
        await self._storage.stop()
        self._is_open = False

    # -- changes while it runs -----------------------------------------------------------------

    def on_reload(self, apply: Callable[[Settings], None]) -> None:
        """Call a function with the settings whenever they have changed."""
        self._reloaded.append(apply)

    def read_settings(self) -> Settings:
        """Return what the home's configuration says by now; what is in use where the settings were
        given, or there is no home. Raises ConfigError."""
        return self.settings if self._read is None else self._read()

    def apply(self, settings: Settings) -> None:
        """Accept new settings, what can change while it runs. Raises ConfigError, and nothing has
        changed, where they do not go with ``configure``'s."""
        for table, values in self._set.items():
            settings = changed(settings, table, values)
        self._take(settings)

    def _take(self, settings: Settings) -> None:
        self.settings = settings
        self.resolver.configure(
            domains=settings.site.domains,
            postmaster=settings.site.postmaster,
            separator=settings.site.detail_separator,
            detail_folders=settings.site.detail_folders,
        )
        self.filters.configure(settings.site.sieve_library)
        self.file_permissions.configure(settings.files.path_rules)
        self.delivery.patience = _patience(settings)
        self.authenticator.names.configure(tuple(settings.site.domains))
        self.authenticator.offered = _mechanisms(settings)
        for apply in self._reloaded:
            try:
                apply(settings)
            except Exception:  # which keeps nobody else from them
                self.log.failure("taking new settings")


def _installed() -> Reactor:
    from twisted.internet import reactor

    return reactor


async def _awaited(work: Awaitable[None]) -> None:
    await work
