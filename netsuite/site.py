"""The site: settings, store, accounts and certificates, which all services of a home share."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, TypedDict, TypeVar

from twisted.application.service import Service
from twisted.cred.portal import Portal
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from netsuite.accounts.authentication import AccountAuthenticator
from netsuite.accounts.checkers import LoginNames, PasswordCache, PasswordChecker, ProvenNameChecker
from netsuite.accounts.delivery import Patience, StoreDelivery
from netsuite.accounts.files import HomesOfSite
from netsuite.accounts.news import StoreNewsroom
from netsuite.accounts.passwords import Hashing
from netsuite.accounts.realm import AccountRealm
from netsuite.accounts.resolver import RecipientResolver, same_domain
from netsuite.accounts.srs import SenderRewriting
from netsuite.accounts.throttle import Throttle
from netsuite.config.endpoints import read_endpoint, socket_path
from netsuite.config.schema import Settings
from netsuite.connection.factory import ServerFactory
from netsuite.connection.linelog import LineLog
from netsuite.connection.listening import ListeningService, Opening, cannot_start, tell_operator
from netsuite.connection.proxy import ProxyFactory
from netsuite.connection.server import ServerShared
from netsuite.connection.settings import ServiceSettings
from netsuite.connection.transcript import Transcript, logging_observer
from netsuite.home import SiteError, make_home, open_store
from netsuite.message.injection import PostingPolicy
from netsuite.store.errors import StoreError
from netsuite.store.files import SiteTrees
from netsuite.store.files.thread_jobs import Threads
from netsuite.store.interfaces import Store
from netsuite.tls import BadCertificate, Certificates, ServerTLS, wrap_server

Sh = TypeVar("Sh", bound=ServerShared)
_SECRET_OCTETS: Final = 32
#: Connections that may wait to be accepted; Twisted's own 50 is little for a burst.
BACKLOG: Final = 1024


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


class Site(Service):
    """The collaborators of every service over one home, and their common life.

    Started, it opens the store; stopped, it closes it. What must not begin before the store is
    open asks ``when_open``.

    Args:
        settings: what is configured.
        home: the home directory; made if it is not there.
        reactor: for threads and time.
    """

    log = Logger()

    def __init__(self, settings: Settings, home: Path, reactor: Any) -> None:
        self.setName("site")
        self.settings = settings
        self.home = home
        self.reactor = reactor
        self.store = open_store(settings, home, reactor)
        self.hash_threads = ThreadPool(1, settings.accounts.hash_threads, name="hashing")
        self.file_threads = Threads(reactor, settings.files.threads, name="files")
        self.homes = SiteTrees(
            home / settings.files.root,
            run=self.file_threads.run,
            publish=self.store.changes.publish,
            limit_octets=settings.files.upload_octets or None,
            durable=settings.files.durable,
        )
        #: The files that need no login; others come by a login, as FileAccess.
        self.files = HomesOfSite(self.store, self.homes)
        self.srs = SenderRewriting(
            lambda: self.authenticator.secret,
            settings.site.domains[0],
            lambda: int(time.time() // 86_400),
        )
        self.resolver = RecipientResolver(
            self.store,
            reactor,
            domains=settings.site.domains,
            postmaster=settings.site.postmaster,
            separator=settings.site.detail_separator,
            detail_folders=settings.site.detail_folders,
            read_back=self.srs.original,
            carries_onward=settings.delivery.enabled,
        )
        self.delivery = StoreDelivery(self.store, self.resolver, patience=_patience(settings))
        self.password_cache = PasswordCache(
            reactor, settings.accounts.cache_seconds, self.store.changes
        )
        self.newsroom = StoreNewsroom(self.store, _posting_policy(settings))
        self.authenticator = self._make_authenticator()
        self.certificates = self._make_certificates()
        self._waiting: list[Deferred[None]] = []
        self._at_home: list[Callable[[], None]] = []  # binds, once the home is there
        self._is_prepared = False  # what ``startService`` did before the reactor ran
        self._is_open = False
        self._first: list[Callable[[Store], Awaitable[None]]] = []
        self._reloaded: list[Callable[[Settings], None]] = [self._apply_posting_policy]

    def _apply_posting_policy(self, settings: Settings) -> None:
        self.newsroom.policy = _posting_policy(settings)

    def _make_authenticator(self) -> AccountAuthenticator:
        accounts = self.settings.accounts
        names = LoginNames(tuple(self.settings.site.domains))
        hashing = Hashing(partial(deferToThreadPool, self.reactor, self.hash_threads))
        checkers = [
            PasswordChecker(
                self.store.accounts,
                hashing,
                right=self.password_cache,
                names=names,
                cram_md5=accounts.cram_md5,
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
        )

    def _make_certificates(self) -> Certificates | None:
        if not self.settings.tls.enabled:
            return None
        folder = self.home / self.settings.tls.certificates
        return Certificates(folder, self.reactor, host=self.settings.site.hostname)

    def forwarded_as(self, sender: str) -> str:
        """Return the reverse path that a message of *sender* is forwarded with: its own where it
        is one of ours."""
        domain = same_domain(sender.rpartition("@")[2])
        return sender if domain in self.resolver.domains else self.srs.rewritten(sender)

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
        }

    def line_log(self, path: str, stamp: Callable[[datetime], str]) -> LineLog | None:
        """Make a service's log of one line an event, its time first, at a path in the home; None
        where that is empty."""
        if not path:
            return None
        return LineLog(
            self.home / path,
            self.reactor,
            now=lambda: datetime.now().astimezone(),
            stamp=stamp,
            elsewhere=self.file_threads.run,
        )

    def listening(self, factory: ServerFactory[Sh], shared: Callable[[], Sh]) -> ListeningService:
        """Return the service that lets a factory listen where its settings say.

        Args:
            shared: what its connections share by now; asked for at each reload.

        Raises:
            SiteError: an endpoint string cannot be understood.
        """
        name, settings = factory.shared.service, factory.shared.settings
        openings = [self._opening(factory, "listen", each) for each in settings.listen]
        if factory.shared.tls is not None:
            openings += [self._opening(factory, "listen_tls", each) for each in settings.listen_tls]
        self.on_reload(lambda _: factory.configure(shared()))
        service = ListeningService(name, openings, factory, self.when_open)
        self._at_home.append(service.bind)
        return service

    def _opening(self, factory: ServerFactory[Sh], setting: str, description: str) -> Opening:
        shared, tls = factory.shared, setting == "listen_tls"
        wanted = description
        if wanted.startswith(("tcp", "unix:")) and ":backlog=" not in wanted:
            wanted += f":backlog={BACKLOG}"
        path = socket_path(description, self.home)
        if path is not None and ":lockfile=" not in wanted:
            wanted += ":lockfile=0"  # it would name a process, whose number another may have by now
        try:
            endpoint = read_endpoint(wanted, self.reactor, self.home)
        except ValueError as error:
            raise SiteError(f"{shared.service}.{setting}: {error}") from None
        wrapped: Any = factory
        if tls and shared.tls is not None:
            wrapped = wrap_server(factory, shared.tls, self.reactor)
        if shared.settings.proxies:  # its header comes before TLS
            wrapped = ProxyFactory(wrapped, self.reactor, trusted=shared.settings.proxies)
        at_home = path is not None and path.parent == self.home
        return Opening(description, endpoint, wrapped, tls, path, at_home)

    # -- life ----------------------------------------------------------------------------------

    def once_open(self, work: Callable[[Store], Awaitable[None]]) -> None:
        """Do something with the open store before any service reads from its ports."""
        self._first.append(work)

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
        """
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
        self.hash_threads.start()
        ensureDeferred(self._open()).addErrback(self._not_opened)

    def _prepare(self) -> None:
        make_home(self.home)
        self.authenticator.secret = read_secret(self.home / "secret")
        try:
            if self.certificates is not None:
                self.certificates.open()
        except (BadCertificate, OSError) as error:
            raise SiteError(f"the certificates cannot be used: {error}") from None
        for bind in self._at_home:
            bind()

    async def _open(self) -> None:
        if not self._is_prepared:
            self._prepare()
        self._is_prepared = False  # a site that is started again looks again
        await self.store.open()
        await self._open_files()
        for work in self._first:
            await work(self.store)
        self._is_open = True
        waiting, self._waiting = self._waiting, []
        for opened in waiting:
            opened.callback(None)

    async def _open_files(self) -> None:
        try:
            await self.homes.start()
        except StoreError as error:
            root = self.home / self.settings.files.root
            raise SiteError(
                f"the files below {root} cannot be used: {error}; "
                "change the owner, or name another directory with files.root"
            ) from None

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
        """Close the store, after all that was begun."""
        super().stopService()
        return ensureDeferred(self._stop())

    async def _stop(self) -> None:
        self.resolver.close()
        self.newsroom.close()
        self.password_cache.close()
        await self.homes.stop()
        await self.store.close()
        self._is_open = False
        self.hash_threads.stop()
        self.file_threads.stop()

    # -- changes while it runs -----------------------------------------------------------------

    def on_reload(self, apply: Callable[[Settings], None]) -> None:
        """Be told of new settings."""
        self._reloaded.append(apply)

    def apply(self, settings: Settings) -> None:
        """Take what can change while it runs from new settings, and read certificates again."""
        self.settings = settings
        self.resolver.configure(
            domains=settings.site.domains,
            postmaster=settings.site.postmaster,
            separator=settings.site.detail_separator,
            detail_folders=settings.site.detail_folders,
        )
        self.delivery.patience = _patience(settings)
        self.authenticator.names.configure(tuple(settings.site.domains))
        self.authenticator.offered = _mechanisms(settings)
        if self.certificates is not None:
            self.certificates.refresh()
        for apply in self._reloaded:
            apply(settings)


async def _awaited(work: Awaitable[None]) -> None:
    await work


def read_secret(path: Path) -> bytes:
    """Read the site's secret; make it the first time.

    It only has to stay the same: from it the answers for unknown user names are made.
    """
    try:
        found = path.read_bytes()
        if len(found) >= _SECRET_OCTETS:
            return found
    except FileNotFoundError:
        pass
    except OSError as error:
        raise SiteError(f"{path} cannot be read: {error.strerror}") from None
    made = secrets.token_bytes(_SECRET_OCTETS)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(made)
    except OSError as error:
        raise SiteError(f"{path} cannot be written: {error.strerror}") from None
    return made
