"""The sessions that work on one mirror: jobs for each, lost connections made again."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from netsuite.connection import errors
from netsuite.ftp.client import FTPClient
from netsuite.ftp.mirror.events import Event, Failed, FewerSessions, Retrying
from netsuite.ftp.mirror.rules import Options
from netsuite.wire.errors import LocalProtocolError

#: Returns a client that has logged in.
Connect: TypeAlias = Callable[[], Awaitable[FTPClient]]

#: No more is begun while so many events are not taken.
EVENTS: Final = 1_000
_MOST_WAIT_SECONDS: Final = 60.0
#: So many jobs in a row that come to nothing for lost connections are the end.
MOST_GIVEN_UP: Final = 3
#: What another connection may mend.
_LOST: Final = (
    errors.ConnectionRefused,
    errors.ConnectionLost,
    errors.Timeout,
    errors.TLSFailure,
    errors.ProtocolViolation,
    errors.TransientRefusal,
)


class NotWhole(errors.ConnectionLost):
    """A file has come, or gone, in another size than was told."""


@dataclass(slots=True)
class Job:
    """One step: a directory that is compared, a file that is transferred.

    Args:
        path: what it is about, as events tell it.
        work: does it, with a session; again with another when that is lost.
        is_directory: whether it is the work on a directory, which makes other jobs.
        moved: octets that have passed in it, so that it is seen to get on.
    """

    path: str
    work: Callable[[FTPClient, Job], Awaitable[None]]
    is_directory: bool = False
    moved: int = 0


class _Session:
    """The session that a worker has, or has not."""

    client: FTPClient | None = None

    def use(self) -> FTPClient:
        """Return it."""
        assert self.client is not None  # whoever has a job has made one
        return self.client


class Crew:
    """Sessions, and what they have to do.

    The first to connect tells whether the server can be used at all; if not, that is the end. Once
    there was a session, one is tried for again and again, for a while. Others that the server does
    not want beside those that there are are done without.

    Args:
        connect: makes a session.
        clock: for the time between tries.
        options: how many sessions, and tries.
    """

    def __init__(self, connect: Connect, clock: IReactorTime, options: Options) -> None:
        self._connect = connect
        self._clock = clock
        self._options = options
        self._files: deque[Job] = deque()
        self._directories: deque[Job] = deque()
        self._busy = 0
        self._workers = 0
        self._sessions: set[FTPClient] = set()
        self._is_full = False  # the server takes no more of them
        self._had_any = False
        self._given_up = 0  # jobs, one after the other, whose connections were lost all the time
        self._idle: list[Deferred[None]] = []
        self._events: deque[Event] = deque()
        self._told: Deferred[None] | None = None
        self._fatal: BaseException | None = None

    # -- what jobs use ------------------------------------------------------------------------

    def add(self, job: Job) -> None:
        """Have a job done: files before directories, so that few of them wait at a time, and of
        directories that first which was added last."""
        (self._directories if job.is_directory else self._files).append(job)
        self._wake()

    def tell(self, event: Event) -> None:
        """Tell of something."""
        self._events.append(event)
        if self._told is not None and not self._told.called:
            self._told.callback(None)

    # -- the work -----------------------------------------------------------------------------

    async def events(self) -> AsyncGenerator[Event, None]:
        """Do the jobs; return what is told of them. Ends when there are none left, and with what
        made it impossible to go on. Who stops listening stops the work."""
        working = [ensureDeferred(self._work()) for _ in range(max(self._options.parallel, 1))]
        self._workers = len(working)
        for each in working:
            each.addCallbacks(self._ended, self._failed)
        try:
            while True:
                while self._events:
                    yield self._events.popleft()
                    if len(self._events) == EVENTS // 2:
                        self._wake()
                if self._fatal is not None:
                    raise self._fatal
                if not self._workers:
                    return
                self._told = Deferred()
                await self._told
        finally:
            self._fatal = self._fatal or errors.ConnectionLost("given up")
            for each in working:
                each.cancel()
            for client in list(self._sessions):
                client.abort()

    def _ended(self, _: object) -> None:
        self._workers -= 1
        if not self._workers:
            if self._files or self._directories:  # those who were left were not wanted, either
                self._fatal = self._fatal or errors.ConnectionLost("no session is left")
            self._nudge()

    def _failed(self, failure: object) -> None:
        """Go no further: a session cannot be had, or a job has met what nobody foresaw."""
        self._workers -= 1
        self._fatal = self._fatal or getattr(failure, "value", None)
        self._wake()
        self._nudge()

    def _nudge(self) -> None:
        if self._told is not None and not self._told.called:
            self._told.callback(None)

    def _wake(self) -> None:
        idle, self._idle = self._idle, []
        for each in idle:
            if not each.called:
                each.callback(None)

    async def _work(self) -> None:
        """Do jobs, in one session after the other, until there are none left."""
        session = _Session()
        try:
            while (job := await self._next()) is not None:
                try:
                    wanted = await self._do(job, session)
                finally:
                    self._busy -= 1
                    self._wake()
                if not wanted:
                    break
        except BaseException:
            self._drop(session)
            raise
        if session.client is not None:
            self._sessions.discard(session.client)
            with contextlib.suppress(errors.ClientError):
                await session.client.quit()

    async def _next(self) -> Job | None:
        """Return the next job; None when there are no more, and none is being done that could
        make some."""
        while self._fatal is None:
            if len(self._events) < EVENTS and (self._files or self._directories):
                self._busy += 1
                return self._files.popleft() if self._files else self._directories.pop()
            if not (self._busy or self._files or self._directories):
                return None
            waiting: Deferred[None] = Deferred()
            self._idle.append(waiting)
            await waiting
        return None

    async def _do(self, job: Job, session: _Session) -> bool:
        """Do a job, or tell that it cannot be done; return whether the server wants this session.

        Raises:
            ClientError: no session can be had.
        """
        failures = 0
        while True:
            moved = job.moved
            try:
                if session.client is None and not await self._connected(session):
                    self.add(job)
                    return False
                await job.work(session.use(), job)
                self._given_up = 0
                return True
            except (errors.ClientError, OSError, LocalProtocolError) as error:
                had = session.client is not None
                if had and not _is_over(session.use(), error):
                    self.tell(Failed(job.path, error))
                    return True
                if not had and not (self._had_any and isinstance(error, _LOST)):
                    raise
                self._drop(session)
                gets_on = job.moved > moved and not isinstance(error, NotWhole)
                failures = 1 if gets_on else failures + 1
                if failures >= self._options.attempts:
                    self._given_up += 1
                    if not had or self._given_up >= MOST_GIVEN_UP:
                        raise
                    self.tell(Failed(job.path, error))
                    return True
                seconds = min(self._options.wait_seconds * 2 ** (failures - 1), _MOST_WAIT_SECONDS)
                self.tell(Retrying(job.path, error, seconds))
                await deferLater(self._clock, seconds)

    async def _connected(self, session: _Session) -> bool:
        """Make a session; return False where the server wants no more of them than there are."""
        try:
            session.client = await self._connect()
        except (errors.Refusal, errors.ConnectionRefused) as error:
            if all(each.lost for each in self._sessions):
                raise
            if not self._is_full:
                self.tell(FewerSessions("", error))
            self._is_full = True
            return False
        self._sessions.add(session.client)
        self._had_any = True
        return True

    def _drop(self, session: _Session) -> None:
        client, session.client = session.client, None
        if client is not None:
            self._sessions.discard(client)
            client.abort()


def _is_over(client: FTPClient, error: Exception) -> bool:
    """Return whether a session is of no more use: it is gone, or is about to be, or its data does
    not pass."""
    if isinstance(error, errors.TransientRefusal):
        return client.lost or error.code in (421, 425, 426)
    return client.lost or isinstance(error, _LOST)
