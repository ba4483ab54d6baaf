"""The storage of a site: store, files, certificates and a secret, in its home or in memory."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from twisted.internet.interfaces import IReactorFDSet
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from netsuite.accounts.file_rules import HOME_NAME, SITE_NAME
from netsuite.accounts.passwords import Hashing
from netsuite.certificates import BadCertificate, Certificates
from netsuite.config.files import FilesSection
from netsuite.config.schema import Settings
from netsuite.home import SECRET_OCTETS, Reactor, SiteError, make_home, open_store, read_secret
from netsuite.store.errors import StoreError
from netsuite.store.files import Mapped, MemorySiteTrees, SiteTrees
from netsuite.store.files.locks import SiteLocks
from netsuite.store.files.quotas import LOCKS, FileQuotas
from netsuite.store.files.site_trees import HOME, PUBLIC
from netsuite.store.files.thread_jobs import RunInThread, Threads
from netsuite.store.files.watching import FileWatcher, WatchedTree
from netsuite.store.interfaces import Store
from netsuite.store.tree import FileHomes


class Storage(Protocol):
    """Where a site keeps what outlives a connection, and the threads in which it is reached."""

    @property
    def home(self) -> Path | None:
        """The home directory; None in memory."""

    @property
    def store(self) -> Store:
        """Accounts, mail, news and the queue."""

    @property
    def homes(self) -> FileHomes:
        """The files."""

    @property
    def certificates(self) -> Certificates | None:
        """What TLS is spoken with; None where there is no TLS."""

    @property
    def hashing(self) -> Hashing:
        """Where passwords are hashed."""

    @property
    def run(self) -> RunInThread:
        """Runs in a thread what may wait for the disk."""

    @property
    def waiting(self) -> Mapping[str, int]:
        """How much work waits for threads, by their name."""

    def prepare(self) -> bytes:
        """Look whether all of it can be used, before the store is opened; return the site's
        secret. Raises SiteError."""

    def start_threads(self) -> None:
        """Begin to run what is to run in threads."""

    async def start(self) -> None:
        """Open the files. Raises SiteError."""

    async def stop(self) -> None:
        """Close the files, then the store; let the threads end."""


def _mapped(files: FilesSection) -> tuple[Sequence[Mapped], Sequence[Mapped]]:
    """Return the directories of the host that appear in the public tree, and in that of homes."""
    public, homes = (
        [
            Mapped(each.names[1:], Path(each.directory), each.read_only)
            for each in files.mapped
            if each.names[0] == area
        ]
        for area in (SITE_NAME, HOME_NAME)
    )
    return public, homes


class AtHome:
    """All below one home directory, but for a store that its settings place elsewhere.

    Args:
        home: made if it is not there.
        reactor: for threads and time.
        worker: which of a daemon's processes it is in; 0 where there is but one. Only the first
            watches for changes of files by other programs.
    """

    def __init__(self, settings: Settings, home: Path, reactor: Reactor, worker: int = 0) -> None:
        self.home = home
        self._files = settings.files
        self.store = open_store(settings, home, reactor)
        self._hash_threads = ThreadPool(1, settings.accounts.hash_threads, name="hashing")
        self.hashing = Hashing(partial(deferToThreadPool, reactor, self._hash_threads))
        self._file_threads = Threads(reactor, self._files.threads, name="files")
        self.run: RunInThread = self._file_threads.run
        self.homes = SiteTrees(
            home / self._files.root,
            run=self.run,
            publish=self.store.changes.publish,
            limit_octets=self._files.upload_octets or None,
            durable=self._files.durable,
            links=self._files.links == "inside",
            mapped=_mapped(self._files),
            quotas=FileQuotas(
                self.store,
                reactor,
                locks=home / self._files.root / LOCKS,
                durable=self._files.durable,
            ),
            locks=SiteLocks(self.store, lambda: datetime.now(UTC)),
        )
        self._worker = worker
        self._watcher = self._make_watcher(reactor) if worker <= 1 else None
        self.certificates = None
        if settings.tls.enabled:
            self.certificates = Certificates(
                home / settings.tls.certificates, reactor, host=settings.site.hostname
            )

    def _make_watcher(self, reactor: Reactor) -> FileWatcher | None:
        most = self._files.watched_directories
        has_readers = IReactorFDSet.providedBy(reactor)
        if not most or not has_readers:
            return None
        root = self.home / self._files.root
        public, homes = _mapped(self._files)
        watcher = FileWatcher(
            [
                *(WatchedTree((name,), root / name) for name in (PUBLIC, HOME)),
                *(WatchedTree((PUBLIC, *each.path), each.directory) for each in public),
                *(WatchedTree((HOME, *each.path), each.directory) for each in homes),
            ],
            reactor=reactor,
            run=self.run,
            feed=self.store.changes,
            most=most,
        )
        self.homes.used = watcher.begin
        return watcher

    @property
    def waiting(self) -> Mapping[str, int]:
        """As ``Storage.waiting``."""
        # Twisted has no public name for it.
        return {
            "files": self._file_threads.waiting,
            "hashing": self._hash_threads._queue.qsize(),
        }

    def prepare(self) -> bytes:
        """As ``Storage.prepare``."""
        make_home(self.home)
        secret = read_secret(self.home / "secret")
        try:
            if self.certificates is not None:
                self.certificates.open()
        except (BadCertificate, OSError) as error:
            raise SiteError(f"the certificates cannot be used: {error}") from None
        return secret

    def start_threads(self) -> None:
        """As ``Storage.start_threads``; those of files begin with the first of these."""
        self._hash_threads.start()

    async def start(self) -> None:
        """As ``Storage.start``."""
        try:
            await self.homes.start()
        except StoreError as error:
            root = self.home / self._files.root
            raise SiteError(
                f"the files below {root} cannot be used: {error}; "
                "change the owner, or name another directory with files.root"
            ) from None
        if self._watcher is not None:
            await self._watcher.start(all_homes=self._worker == 1)

    async def stop(self) -> None:
        """As ``Storage.stop``."""
        if self._watcher is not None:
            await self._watcher.stop()
        await self.homes.stop()
        await self.store.close()
        self._hash_threads.stop()
        self._file_threads.stop()


class InMemory:
    """All in memory, gone with the process: for tests, and for programs that keep nothing.

    Args:
        reactor: its own threads hash passwords.
        now: returns the present moment, for dates of messages and files.
        guid, uid_validity: as of ``MemoryStore``.
        hashing: what hashes passwords instead.
        certificates: what TLS is spoken with instead of a self-signed certificate.
    """

    home = None

    def __init__(
        self,
        settings: Settings,
        reactor: Reactor,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        guid: Callable[[], str] = lambda: secrets.token_hex(16),
        uid_validity: Callable[[], int] | None = None,
        hashing: Hashing | None = None,
        certificates: Certificates | None = None,
    ) -> None:
        from netsuite.store.memory import MemoryStore  # which a site at home has no use for

        validity = uid_validity or (lambda: int(now().timestamp()))
        self.store = MemoryStore(now, guid=guid, uid_validity=validity)
        self.run: RunInThread = partial(deferToThreadPool, reactor, reactor.getThreadPool())
        self.hashing = hashing or Hashing(self.run)
        self.homes = MemorySiteTrees(
            now,
            publish=self.store.changes.publish,
            limit_octets=settings.files.upload_octets or None,
            run=self.run,
            mapped=_mapped(settings.files),
            quotas=FileQuotas(self.store, reactor),
            locks=SiteLocks(self.store, now),
        )
        self.certificates = None
        if settings.tls.enabled:
            self.certificates = certificates or Certificates(
                None, reactor, host=settings.site.hostname
            )

    @property
    def waiting(self) -> Mapping[str, int]:
        """As ``Storage.waiting``: none of it has threads of its own."""
        return {}

    def prepare(self) -> bytes:
        """As ``Storage.prepare``."""
        if self.certificates is not None:
            self.certificates.open()
        return secrets.token_bytes(SECRET_OCTETS)

    def start_threads(self) -> None:
        """Do nothing: the reactor starts its own."""

    async def start(self) -> None:
        """As ``Storage.start``."""
        await self.homes.start()

    async def stop(self) -> None:
        """As ``Storage.stop``."""
        await self.homes.stop()
        await self.store.close()
