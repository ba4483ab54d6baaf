"""A suite for tests that block: every call waits, whatever the ground.

::

    with serve("smtp", "imap") as suite:
        shop.confirm(order=7, smtp=suite.smtp.address)
        (mail,) = suite.mailbox("ann").wait(1, subject="Order 7")
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from twisted.python.failure import Failure

from netsuite.site import Site
from netsuite.store.errors import BadFileName, IsADirectory
from netsuite.testing import files, mail
from netsuite.testing.grounds import Ground, Thread
from netsuite.testing.mail import SECONDS, Mail
from netsuite.testing.suite import DOMAIN, Service, Suite

T = TypeVar("T")
_Run = Callable[[Callable[[], Awaitable[Any]]], Any]


def _waited(run: _Run, work: Callable[[], Awaitable[T]]) -> T:
    """Return what is waited for; a wait that fails shows its message, and not how it was run."""
    __tracebackhide__ = True
    try:
        found: T = run(work)
    except AssertionError as failed:
        raise failed.with_traceback(None) from None
    return found


class Mailbox:
    """An account and its mail; see ``netsuite.testing.mail.Mailbox``."""

    def __init__(self, inner: mail.Mailbox, run: _Run) -> None:
        self._inner = inner
        self._run = run
        self.name = inner.name
        self.address = inner.address

    @property
    def password(self) -> str:
        """The password it logs in with."""
        return self._inner.password

    def deliver(
        self,
        message: EmailMessage | bytes | str | None = None,
        *,
        subject: str = "",
        body: str = "",
        sender: str = "sender@example.net",
        folder: str = "INBOX",
        flags: Sequence[str] = (),
        **fields: str,
    ) -> Mail:
        """Put a message into one of its folders, without any protocol."""
        delivered: Mail = self._run(
            lambda: self._inner.deliver(
                message, subject=subject, body=body, sender=sender, folder=folder, flags=flags,
                **fields,
            )
        )  # fmt: skip
        return delivered

    def messages(self, folder: str = "INBOX") -> list[Mail]:
        """Return what is in one of its folders, oldest first."""
        found: list[Mail] = self._run(lambda: self._inner.messages(folder))
        return found

    def wait(
        self,
        count: int = 1,
        *,
        subject: str | None = None,
        matching: Callable[[Mail], bool] = mail.any_mail,
        folder: str = "INBOX",
        timeout: float = SECONDS,
    ) -> list[Mail]:
        """Wait until so many messages are there. Raises AssertionError when they are not in
        time."""
        __tracebackhide__ = True
        return _waited(
            self._run,
            lambda: self._inner.wait(
                count, subject=subject, matching=matching, folder=folder, timeout=timeout
            ),
        )


class Group:
    """A newsgroup; see ``netsuite.testing.mail.Group``."""

    def __init__(self, inner: mail.Group, run: _Run) -> None:
        self._inner = inner
        self._run = run
        self.name = inner.name

    @property
    def articles(self) -> list[Mail]:
        """Its articles, oldest first."""
        found: list[Mail] = self._run(self._inner.articles)
        return found

    def post(
        self,
        article: EmailMessage | bytes | str | None = None,
        *,
        subject: str = "",
        body: str = "",
        sender: str = "sender@example.net",
        **fields: str,
    ) -> Mail:
        """Put an article there, without any protocol."""
        posted: Mail = self._run(
            lambda: self._inner.post(article, subject=subject, body=body, sender=sender, **fields)
        )
        return posted

    def wait(
        self,
        count: int = 1,
        *,
        subject: str | None = None,
        matching: Callable[[Mail], bool] = mail.any_mail,
        timeout: float = SECONDS,
    ) -> list[Mail]:
        """Wait until so many articles are there. Raises AssertionError when they are not in
        time."""
        __tracebackhide__ = True
        return _waited(
            self._run,
            lambda: self._inner.wait(count, subject=subject, matching=matching, timeout=timeout),
        )


class Files(Mapping[str, bytes]):
    """A tree of files, by their names with slashes; see ``netsuite.testing.files.Files``."""

    def __init__(self, inner: files.Files, run: _Run) -> None:
        self._inner = inner
        self._run = run

    def __getitem__(self, name: str) -> bytes:
        """Return a file's octets. Raises KeyError where there is none."""
        try:
            octets: bytes = self._run(lambda: self._inner.read(name))
        except (IsADirectory, BadFileName):
            raise KeyError(name) from None
        return octets

    def __setitem__(self, name: str, octets: bytes | str) -> None:
        """Put a file there, with the directories it is in, without any protocol."""
        self._run(lambda: self._inner.put(name, octets))

    def __delitem__(self, name: str) -> None:
        """Remove a file, without any protocol. Raises KeyError where there is none."""
        try:
            self._run(lambda: self._inner.remove(name))
        except (IsADirectory, BadFileName):
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        """Return the names of all files."""
        names: list[str] = self._run(self._inner.names)
        return iter(names)

    def __len__(self) -> int:
        return len(list(iter(self)))

    def wait(self, name: str, *, timeout: float = SECONDS) -> bytes:
        """Wait until a file is there, and return its octets. Raises AssertionError when it is not
        in time."""
        __tracebackhide__ = True
        return _waited(self._run, lambda: self._inner.wait(name, timeout=timeout))


class BlockingSuite:
    """A suite of which every call waits for its end.

    Its services are those of the suite: ``smtp``, ``imap`` ...; each has ``port``, ``address``,
    ``url``, ``refusing`` and what else ``netsuite.testing.suite.Service`` has.

    Args:
        suite: not started yet.
        close: called when it has stopped.
    """

    def __init__(self, suite: Suite, close: Callable[[], None] = lambda: None) -> None:
        #: The suite itself; what it returns has to be awaited.
        self.inner = suite
        self._run: _Run = suite.ground.run
        self._close = close

    def start(self) -> Self:
        """Let the services listen."""
        self._run(self.inner.start)
        return self

    def stop(self) -> None:
        """End all sessions, and the services; may be called twice. Raises as ``Suite.stop``."""
        try:
            self._run(self.inner.stop)
        finally:
            self._close()

    def reset(self) -> None:
        """Make it as it was at the start."""
        self._run(self.inner.reset)

    def check(self) -> None:
        """Raise UnmetExpectation where a fault has not happened so often as was said."""
        self.inner.check()

    def flush_errors(self, *kinds: type[BaseException]) -> list[Failure]:
        """Return the errors that were logged, and forget them; see ``Suite.flush_errors``."""
        return self.inner.flush_errors(*kinds)

    @property
    def site(self) -> Site:
        """The site, to which a test may add, as ``Suite.site``."""
        return self.inner.site

    def load(self, directory: str | Path) -> None:
        """Put in what a directory has; see ``Suite.load``."""
        self._run(lambda: self.inner.load(directory))

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run something on the suite's reactor, such as a client of netsuite's, and return its
        result."""
        result: T = self._run(work)
        return result

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.stop()
        except AssertionError:
            if error is None:  # what went wrong in the block says more
                raise

    def __getattr__(self, name: str) -> Service:
        """Return a service. Raises AttributeError for one that does not run."""
        try:
            return self.inner[name]
        except KeyError as missing:
            raise AttributeError(*missing.args) from None

    def __getitem__(self, name: str) -> Service:
        """Return a service by its name. Raises KeyError for one that does not run."""
        return self.inner[name]

    def mailbox(self, name: str, password: str | None = None) -> Mailbox:
        """Return an account and its mail; it is made the first time. See ``Suite.mailbox``."""
        return Mailbox(self._now(lambda: self.inner.mailbox(name, password)), self._run)

    def group(self, name: str) -> Group:
        """Return a newsgroup; it is made the first time."""
        return Group(self._now(lambda: self.inner.group(name)), self._run)

    def files(self, account: str | None = None) -> Files:
        """Return an account's files, which is made the first time; the public site's for None."""
        return Files(self._now(lambda: self.inner.files(account)), self._run)

    def transcripts(self) -> str:
        """Return the ends of the newest sessions of each service."""
        return self._now(self.inner.transcripts)

    def _now(self, work: Callable[[], T]) -> T:
        """Return what is made on the reactor's thread."""

        async def made() -> T:
            return work()

        result: T = self._run(made)
        return result


_lock = threading.Lock()
_thread: Thread | None = None


def shared_thread() -> Thread:
    """Return the thread that all suites of this process may share; it ends with the process."""
    global _thread
    with _lock:
        if _thread is None:
            _thread = Thread()
        return _thread


def serve(
    *services: str,
    ground: Ground | None = None,
    settings: Sequence[str] = (),
    seed: int | None = None,
    domain: str = DOMAIN,
    anybody: bool = True,
) -> BlockingSuite:
    """Return a suite for a ``with`` block, or to be started and stopped.

    Args:
        services: of ``netsuite.testing.suite.SERVICES``; none for all.
        ground: where they run; None for a thread.
        settings, seed, domain, anybody: as of ``Suite``.
    """
    where = ground or shared_thread()
    return BlockingSuite(
        Suite(*services, ground=where, settings=settings, seed=seed, domain=domain, anybody=anybody)
    )
