"""The threads that read, and the connection for reads too small to leave the reactor for.

On SQLite a point read takes some microseconds, a hop to a thread and back some tens; so
bounded point reads of an embedded database run at once (``run_inline``), everything else, and
everything on PostgreSQL, in a thread.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Final, TypeVar

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from netsuite.store.errors import StoreClosed, StoreError
from netsuite.store.sql.database import Database, DatabaseSession, translated

T = TypeVar("T")
READERS: Final = 3


class Readers:
    """A few threads with a connection each."""

    log = Logger()

    def __init__(self, database: Database, call_from_thread: Callable[..., object]) -> None:
        self._database = database
        self._call_from_thread = call_from_thread
        #: A job takes a thread's connection, and returns the one that the thread goes on with.
        self._jobs: SimpleQueue[Callable[[DatabaseSession], DatabaseSession] | None] = SimpleQueue()
        self._threads: list[Thread] = []
        self._inline: DatabaseSession | None = None
        self._closing = False
        self._lost = False  # as the log has it

    def start(self) -> None:
        """Open the connections."""
        if self._database.sqlite:
            self._inline = self._database.session()
        for number in range(READERS):
            session = self._database.session()
            thread = Thread(
                target=self._run,
                args=(session,),
                name=f"netsuite-store-reader-{number}",
                daemon=True,
            )
            self._threads.append(thread)
            thread.start()

    async def run_inline(
        self, read: Callable[[DatabaseSession], T], *, together: bool = False
    ) -> T:
        """Run a bounded point read: at once where the database is embedded, else in a thread.

        Raises what *read* raises.

        Args:
            together: whether it has several statements that must see one state of the store.
        """
        session = self._inline
        if session is None:
            return await self.run_in_thread(read)
        try:
            if not together:
                return read(session)
            session.begin_reading()
            try:
                return read(session)
            finally:
                session.execute("COMMIT")
        except StoreError:
            raise
        except Exception as error:
            raise translated(error, self._database) from error

    def run_in_thread(self, read: Callable[[DatabaseSession], T]) -> Deferred[T]:
        """Run a read in a thread, on one state of the store. Raises StoreClosed.

        When the Deferred is cancelled, a read that has not begun is left, and one that asks
        ``session.cancelled`` ends.
        """
        if self._closing or not self._threads:
            raise StoreClosed("the store is closed")
        done: Deferred[T] = Deferred()
        self._jobs.put(lambda session: self._read(session, read, done))
        return done

    @property
    def waiting(self) -> int:
        """How many reads wait for a thread."""
        return self._jobs.qsize()

    def stop(self) -> None:
        """Finish what waits, then end the threads; returns when they are gone."""
        self._closing = True
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        inline, self._inline = self._inline, None
        if inline is not None:
            inline.close()

    # -- in a thread

    def _run(self, session: DatabaseSession) -> None:
        while (job := self._jobs.get()) is not None:
            session = job(session)
        session.close()

    def _read(
        self, session: DatabaseSession, read: Callable[[DatabaseSession], T], done: Deferred[T]
    ) -> DatabaseSession:
        """Read, again on another connection where the first one was lost meanwhile."""
        again = True
        while not done.called:  # else it was cancelled: its connection is gone
            if session.outdated:
                session = self._renewed(session)
            session.cancelled = lambda: self._closing or done.called
            try:
                session.begin_reading()
                result = read(session)
                session.execute("COMMIT")
            except Exception as error:
                before, session = session, self._recover(session)
                if session is not before and again:
                    again = False
                    continue
                self._call_from_thread(done.errback, self._reported(error))
            else:
                self._call_from_thread(done.callback, result)
            break
        return session

    def _reported(self, error: Exception) -> Exception:
        if isinstance(error, StoreError | ValueError):
            return error
        named = translated(error, self._database)
        if type(named) is StoreError:
            self.log.failure("a read failed")
        return named

    def _recover(self, session: DatabaseSession) -> DatabaseSession:
        try:
            session.execute("ROLLBACK")
            return session
        except Exception:
            if session.sqlite:
                return session  # there was no transaction
        self._database.generation += 1
        return self._renewed(session)

    def _renewed(self, session: DatabaseSession) -> DatabaseSession:
        """Return another connection; the same one where there is none to be had."""
        with suppress(Exception):
            session.close()
        try:
            made = self._database.session()
        except StoreError as error:
            if not self._lost:
                self.log.error("{error}: nothing is read until it can be reached", error=error)
            self._lost = True
            return session
        if self._lost:
            self.log.info("the store can be read again")
        self._lost = False
        return made
