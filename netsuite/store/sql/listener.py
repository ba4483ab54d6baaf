"""The thread that PostgreSQL wakes when another process has committed (LISTEN and NOTIFY).

Whether that works is tried, not assumed: a pooler may swallow notifications, and other databases
that speak the protocol have none. Then, and while the connection is away, the store looks by
itself.
"""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Sequence
from contextlib import closing
from threading import Thread
from typing import Final, Protocol, runtime_checkable

from twisted.logger import Logger

from netsuite.store.changes import Published
from netsuite.store.errors import StoreError
from netsuite.store.sql import postgresql
from netsuite.store.sql.changelog import AT_ONCE, read_after
from netsuite.store.sql.database import Database, DatabaseSession

#: How often the store looks by itself, while it need not, and while it has to.
TRUSTING_SECONDS: Final = 2.0
DOUBTING_SECONDS: Final = 0.2
#: News that were found so often before their notification came: it does not come.
FOUND_BEFORE: Final = 5
#: How long until the next try to connect, and how often it is tried whether the server is there.
AGAIN_SECONDS: Final = 1.0
QUIET_SECONDS: Final = 30.0


class Notification(Protocol):
    """What psycopg gives."""

    @property
    def payload(self) -> str:
        """The word that came with it."""


@runtime_checkable
class NotifiedConnection(Protocol):
    """What is used of psycopg's connection."""

    def fileno(self) -> int:
        """Return the descriptor that can be read when something has come."""

    def add_notify_handler(self, callback: Callable[[Notification], None]) -> None:
        """Call a function with each notification that comes with an answer."""


class Listener:
    """The connection and its thread.

    Args:
        process: our token; our own commits are no news.
        known: returns the last transaction that was told of.
        advance: takes (sequence, changes) pairs in commit order, on the reactor's thread.
        call_from_thread: runs a function there.
    """

    log = Logger()

    def __init__(
        self,
        database: Database,
        process: str,
        *,
        known: Callable[[], int],
        advance: Callable[[Sequence[tuple[int, list[Published]]]], None],
        call_from_thread: Callable[..., object],
    ) -> None:
        self._database = database
        self._process = process
        self._known = known
        self._advance = advance
        self._call_from_thread = call_from_thread
        self._found = 0  # by looking, since the last notification
        self._ending = False
        self._away = False  # as the log has it
        self._woken, self._wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._thread = Thread(target=self._run, name="netsuite-store-listener", daemon=True)
        self._thread.start()

    def looked(self, found: bool) -> float:
        """Take note that the store has looked by itself; return the seconds until it should again.

        Args:
            found: whether there was something new.
        """
        if not self._database.notifies:
            return DOUBTING_SECONDS
        if found:
            self._found += 1
            if self._found >= FOUND_BEFORE:
                self._found = 0
                os.write(self._wake, b".")  # begin anew
        return TRUSTING_SECONDS

    def stop(self) -> None:
        """End the thread, and wait until it has."""
        self._ending = True
        os.write(self._wake, b".")
        self._thread.join()
        os.close(self._wake)
        os.close(self._woken)

    # -- in the thread

    def _run(self) -> None:
        while not self._ending:
            try:
                with closing(self._database.session()) as session:
                    self._listen(session)
            except Exception as error:
                if postgresql.is_lacking(error):
                    self.log.info("this database does not notify; changes are looked for instead")
                    return
                if not isinstance(error, StoreError) and postgresql.state_of(error) == "":
                    self.log.failure("listening for changes")
                elif not self._away:
                    self._away = True
                    self.log.warn("changes are looked for, not listened for: {e}", e=error)
            finally:
                self._database.notifies = False
            if not self._ending:
                self._wait(AGAIN_SECONDS, None)

    def _wait(self, seconds: float, connection: int | None) -> bool:
        """Wait for the connection, or for so long; return whether somebody has woken us."""
        files = [self._woken] if connection is None else [self._woken, connection]
        ready, _, _ = select.select(files, [], [], seconds)
        if self._woken not in ready:
            return False
        os.read(self._woken, 64)
        return True

    def _listen(self, session: DatabaseSession) -> None:
        connection = session.driver_connection
        if not isinstance(connection, NotifiedConnection):
            raise TypeError(f"a connection that is not notified: {connection!r}")
        told: list[str] = []
        connection.add_notify_handler(lambda notify: told.append(notify.payload))
        session.execute(f"LISTEN {postgresql.CHANNEL}")
        session.execute(f"NOTIFY {postgresql.CHANNEL}, 'listening'")  # to ourselves: does it come?
        while True:
            others = [each for each in told if each != self._process]
            told.clear()
            if others:
                self._found = 0
                self._away = False
                self._database.notifies = True
                self._read(session)
            if self._wait(QUIET_SECONDS, connection.fileno()):
                return
            session.execute("SELECT 1")  # with its answer come notifications

    def _read(self, session: DatabaseSession) -> None:
        """Read what is new, and have it told."""
        known = self._known()
        while True:
            news = read_after(session, known, AT_ONCE)
            if news:
                self._call_from_thread(self._advance, news)
            if len(news) < AT_ONCE:
                return
            known = news[-1][0]
