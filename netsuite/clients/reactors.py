"""Reactors of one's own, not installed: one on an asyncio loop that runs, one in a thread."""

from __future__ import annotations

import asyncio
import atexit
import os
import sys
import threading
from collections.abc import Callable
from typing import Any, Final, TypeAlias
from weakref import WeakValueDictionary

from twisted.internet._resolver import GAIResolver
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.python.threadpool import ThreadPool

#: A reactor; its interfaces together have no type, and few attributes of any one will do.
Reactor: TypeAlias = Any

#: How long a thread may take to begin, and at the program's end to leave.
THREAD_SECONDS: Final = 10.0
_LEAVE_SECONDS: Final = 2.0


class _Threads(ThreadPool):
    """Threads that look up names, and hold up no program's end."""

    @staticmethod
    def threadFactory(  # type: ignore[override]  # noqa: N802 - Twisted's name
        *, target: Callable[..., object], name: str
    ) -> threading.Thread:
        """Return a thread."""
        return threading.Thread(target=target, name=name, daemon=True)


def look_up_in_daemons(reactor: Reactor) -> None:
    """Have names looked up in threads that end with the process: those of a reactor's own pool end
    with the reactor, for which nobody here may wait."""
    threads = _Threads(0, 8, name="netsuite-names")
    threads.start()
    reactor.installNameResolver(GAIResolver(reactor, lambda: threads))


class LoopReactor(AsyncioSelectorReactor):
    """A reactor on an asyncio loop that somebody else runs; never run, never stopped."""

    def installWaker(self) -> None:  # noqa: N802 - Twisted's name
        """Do nothing: the loop has a waker of its own."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop."""
        loop: asyncio.AbstractEventLoop = self._asyncioEventloop
        return loop


# A reactor holds its loop; that one is gone with the clients on it, and the loop when it is.
_on_loops: WeakValueDictionary[int, Reactor] = WeakValueDictionary()


def reactor_on(loop: asyncio.AbstractEventLoop) -> Reactor:
    """Return the reactor on a loop: the installed one where it runs there, else one of our own."""
    installed = sys.modules.get("twisted.internet.reactor")
    if installed is not None and getattr(installed, "_asyncioEventloop", None) is loop:
        return installed
    found = _on_loops.get(id(loop))
    if found is None or found.loop is not loop:
        found = LoopReactor(loop)
        look_up_in_daemons(found)
        _on_loops[id(loop)] = found
    return found


class ReactorThread:
    """A thread with a reactor of its own, which ends with the process.

    Attributes:
        process: the process it was begun in; after a fork there is no such thread in the child.
    """

    def __init__(self) -> None:
        self.process = os.getpid()
        self.reactor = _new_reactor()
        look_up_in_daemons(self.reactor)
        begun = threading.Event()
        self._ended = threading.Event()
        self.reactor.callWhenRunning(begun.set)
        self.thread = threading.Thread(target=self._run, name="netsuite-clients", daemon=True)
        self.thread.start()
        if not begun.wait(THREAD_SECONDS):
            raise RuntimeError("the thread of the clients has not begun")
        atexit.register(self.stop)

    def _run(self) -> None:
        try:
            self.reactor.run(installSignalHandlers=False)
        finally:
            self._ended.set()

    @property
    def is_here(self) -> bool:
        """Whether the thread is one of this process, and runs."""
        return self.process == os.getpid() and not self._ended.is_set()

    def stop(self) -> None:
        """End it, and the connections on it; at the program's end."""
        atexit.unregister(self.stop)
        if self.is_here:
            self.reactor.callFromThread(self.reactor.stop)
            self._ended.wait(_LEAVE_SECONDS)


def _new_reactor() -> Reactor:
    """Return a reactor of the best kind there is."""
    try:
        from twisted.internet.epollreactor import EPollReactor as Kind
    except ImportError:
        from twisted.internet.selectreactor import SelectReactor as Kind
    made: Reactor = Kind()
    return made
