"""Turns of the processes that write to one SQLite file, in which nobody is passed over.

SQLite lets whoever finds the file locked sleep for longer and longer, and try again; while a
process writes all the time, another hardly ever finds it not to. Here the next one is woken by the
one before, and waits behind those who came before it. Measured with two processes that add messages
of 4 KB as fast as they can, on two cores that others use, too: together they add 1.1 times what one
does alone, and 0.7 times without turns (``python -m tests.benchmarks writers``).
"""

from __future__ import annotations

from queue import SimpleQueue
from threading import Condition, Thread
from types import TracebackType
from typing import Final

from netsuite.store.errors import Busy
from netsuite.store.octet_locks import OctetLocks

#: Octets far above all ids of folders, which POP3 locks in the same file. Whoever wants the turn
#: holds the first while waiting for the second: who gives the turn back and wants it again at once
#: is behind.
_NEXT: Final = 1 << 62
_TURN: Final = _NEXT + 1


class WriteTurns:
    """The turns of one open store, as a context for its writer's thread.

    The system waits for a lock for ever or not at all. So a thread waits, and who asked it to gives
    up after a while: another process may have been stopped in its turn.

    Args:
        path: the file of the locks.
        seconds: how long one waits for a turn.
    """

    def __init__(self, path: str, seconds: float) -> None:
        self._locks = OctetLocks(path)
        self._seconds = seconds
        self._state = Condition()
        self._waiting = False  # whether the thread does
        self._wanted = False
        self._given = False
        self._asked: SimpleQueue[bool] = SimpleQueue()
        self._thread: Thread | None = None

    def __enter__(self) -> None:
        """Take the turn. Raises Busy."""
        with self._state:
            if not self._waiting:
                if self._is_free():
                    return
                self._ask()
            self._wanted = True
            given = self._state.wait_for(lambda: self._given, self._seconds)
            self._wanted = self._given = False
            if not given:
                raise Busy(f"another process has been writing for {self._seconds:g} s")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give it back."""
        self._locks.release(_TURN)

    def close(self) -> None:
        """Take no more turns."""
        if self._thread is None:
            self._locks.close()
        else:
            self._asked.put(False)

    def _is_free(self) -> bool:
        """Take the turn if nobody has it or waits for it."""
        if not self._locks.take(_NEXT):
            return False
        free = self._locks.take(_TURN)
        self._locks.release(_NEXT)
        return free

    def _ask(self) -> None:
        """Have the thread wait for the turn."""
        if self._thread is None:
            self._thread = Thread(target=self._run, name="netsuite-store-turns", daemon=True)
            self._thread.start()
        self._waiting = True
        self._asked.put(True)

    def _run(self) -> None:
        while self._asked.get():
            self._locks.wait(_NEXT)
            self._locks.wait(_TURN)
            self._locks.release(_NEXT)
            with self._state:
                self._waiting = False
                if self._wanted:
                    self._given = True
                    self._state.notify()
                else:
                    self._locks.release(_TURN)
        self._locks.close()
