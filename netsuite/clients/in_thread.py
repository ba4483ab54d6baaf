"""The form of the clients for programs that wait: they run on a reactor in a thread.

Functions, files and iterators that a client is given are called and read in the thread that waits
for it, as if there were no other.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import threading
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, ClassVar, Final, TypeAlias

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from netsuite.clients.connecting import Connecting
from netsuite.clients.derived import Derived, Inner, given
from netsuite.clients.reactors import ReactorThread
from netsuite.connection.client import ClientConnection
from netsuite.imap.client import IMAPClient
from netsuite.telnet.client import TelnetClient

MODULE = "netsuite.blocking"
#: Clients of which several threads may await something at once; of others they take turns.
_AT_ONCE: Final = (IMAPClient, TelnetClient)

#: Until the clients' thread has heard that work is given up.
_GIVE_UP_SECONDS: Final = 2.0

#: What a waiting thread has to do.
_Errand: TypeAlias = Callable[[], object]


class InThread(Derived):
    """An object of a client, for programs that wait."""

    _module: ClassVar[str] = MODULE
    _form: ThreadForm
    _inner: Inner

    def __iter__(self) -> Iterator[object]:
        """Return its pieces; whoever leaves before the last closes it."""
        try:
            while True:
                try:
                    piece = self._form.run(self._inner.__anext__)
                except StopAsyncIteration:
                    return
                yield piece
        finally:
            if hasattr(self._inner, "aclose"):
                self._form.run(self._inner.aclose)

    def __next__(self) -> object:
        try:
            return self._form.run(self._inner.__anext__)
        except StopAsyncIteration:
            raise StopIteration from None

    def __enter__(self) -> object:
        entered = self._form.run(self._inner.__aenter__)
        return self if getattr(entered, "_inner", None) is self._inner else entered

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> object:
        return self._form.run(lambda: self._inner.__aexit__(kind, error, trace))

    def __del__(self) -> None:
        # A stream closes when nobody holds it any more, which has to happen in the clients' thread.
        if "_form" in self.__dict__:
            self._form.let_go(self.__dict__.pop("_inner"))


class ThreadForm:
    """One client in the thread.

    Args:
        turns: taken by each call.
    """

    def __init__(
        self,
        thread: ReactorThread,
        turns: contextlib.AbstractContextManager[object] | None = None,
    ) -> None:
        self._thread = thread
        self._turns = turns or contextlib.nullcontext()

    @property
    def reactor(self) -> object:
        """The reactor of the thread."""
        return self._thread.reactor

    def run(self, work: Callable[[], object]) -> object:
        """As ``Form.run``: wait until it is done. What interrupts the wait, such as Ctrl-C, gives
        the work up, and its connection with it where an answer is under way."""
        self._check()
        with self._turns:
            return self.given(_Wait(self._thread, work).result())

    def connected(self, connect: Callable[[], Connecting[Any]]) -> object:
        """As ``Form.connected``: it has begun."""

        async def begun() -> object:
            return await connect()

        return self.run(begun)

    def _check(self) -> None:
        if self._thread.process != os.getpid():
            raise RuntimeError("the client was connected before this process was forked off")
        if not self._thread.is_here:
            raise RuntimeError("the clients have ended, as the program does")
        if threading.current_thread() is self._thread.thread:
            raise RuntimeError("within the clients' own thread, where nothing may wait")

    def given(self, value: object) -> object:
        """As ``Form.given``."""
        form = self
        if isinstance(value, ClientConnection) and not isinstance(value, _AT_ONCE):
            form = ThreadForm(self._thread, threading.RLock())
        return given(value, InThread, form)

    def taken(self, name: str, value: object) -> object:
        """As ``Form.taken``."""
        if isinstance(value, InThread):
            return value._inner
        if name == "sink":
            return _Sink(_errand(self._thread, getattr(value, "write")))  # noqa: B009
        if name == "write" and callable(value):
            return _errand(self._thread, value)
        if name == "progress" and callable(value):
            return _notice(value)
        if name == "begin" and callable(value):
            return self._begun(value)
        if hasattr(value, "read") or isinstance(value, Iterator):
            return _Source(self._thread, value)
        return value

    def _begun(self, begin: Callable[..., Callable[..., object]]) -> Callable[..., object]:
        thread = self._thread
        queue = _queue()
        return lambda *arguments: _errand(thread, begin(*arguments), queue)

    def let_go(self, inner: object) -> None:
        """Let go of something in the clients' thread."""
        if self._thread.is_here:
            self._thread.reactor.callFromThread(_forget, [inner])


class _Wait:
    """A thread's wait for work in the clients' thread; meanwhile it runs errands for it."""

    def __init__(self, thread: ReactorThread, work: Callable[[], object]) -> None:
        self._thread = thread
        self._queue = _queue()
        self._running: Deferred[object] | None = None
        self._results: list[object] = []
        self._given_up = False
        thread.reactor.callFromThread(self._begin, work)

    def _begin(self, work: Callable[[], object]) -> None:
        if self._given_up:
            return
        running = self._running = Deferred.fromCoroutine(_awaited(work))
        running.addBoth(lambda result: self._queue.put(lambda: self._results.append(result)))

    def result(self) -> object:
        """Wait. Raises what the work does."""
        try:
            while not self._results:
                self._queue.get()()
        except BaseException:
            self._given_up = True
            self._thread.reactor.callFromThread(self._give_up)
            self._forget()
            raise
        result = self._results.pop()
        if isinstance(result, Failure):
            result.raiseException()
        return result

    def _give_up(self) -> None:
        if self._running is not None:
            self._running.cancel()
        self._queue.put(self._given_up_too)

    def _given_up_too(self) -> None:
        """Mark the place in the errands behind which none is for this wait."""

    def _forget(self) -> None:
        """Take away what was to be told of work that is given up: nobody waits to hear it."""
        kept: list[_Errand] = []
        with contextlib.suppress(Empty):
            while (errand := self._queue.get(timeout=_GIVE_UP_SECONDS)) != self._given_up_too:
                if not isinstance(errand, _Notice):
                    kept.append(errand)
        for errand in kept:
            self._queue.put(errand)


async def _awaited(work: Callable[[], object]) -> object:
    result = work()
    return await result if inspect.isawaitable(result) else result


def _errand(
    thread: ReactorThread,
    function: Callable[..., object],
    queue: SimpleQueue[_Errand] | None = None,
) -> Callable[..., Deferred[object]]:
    """Return a function for the clients' thread, which has another called by the thread that waits:
    that by which this is called, or whose *queue* is given."""
    errands = _queue() if queue is None else queue

    def call(*arguments: object) -> Deferred[object]:
        done: Deferred[object] = Deferred()

        def run() -> None:
            if done.called:
                return  # given up meanwhile
            try:
                result = function(*arguments)
            except Exception:
                thread.reactor.callFromThread(_fail, done, Failure())
            else:
                thread.reactor.callFromThread(_succeed, done, result)

        errands.put(run)
        return done

    return call


class _Notice:
    """A call by the thread that waits, of which nobody awaits the end; what it raises ends the
    wait."""

    def __init__(self, function: Callable[..., object], arguments: tuple[object, ...]) -> None:
        self._function = function
        self._arguments = arguments

    def __call__(self) -> object:
        return self._function(*self._arguments)


def _notice(function: Callable[..., object]) -> Callable[..., None]:
    """Return a function for the clients' thread, which gives such notice to this one."""
    errands = _queue()
    return lambda *arguments: errands.put(_Notice(function, arguments))


def _succeed(done: Deferred[object], result: object) -> None:
    if not done.called:
        done.callback(result)


def _fail(done: Deferred[object], failure: Failure) -> None:
    if not done.called:
        done.errback(failure)


class _Sink:
    """Something that is written to by the thread that waits."""

    def __init__(self, write: Callable[..., object]) -> None:
        self.write = write


class _Source:
    """A file or an iterator that is read by the thread that waits."""

    def __init__(self, thread: ReactorThread, source: Inner) -> None:
        self._end = object()
        if hasattr(source, "read"):
            self._next = _errand(thread, lambda: source.read(65_536) or self._end)
            for name in ("seek", "tell"):  # for its size
                if hasattr(source, name):
                    setattr(self, name, getattr(source, name))
        else:
            self._next = _errand(thread, lambda: next(source, self._end))

    def __aiter__(self) -> _Source:
        return self

    async def __anext__(self) -> object:
        piece = await self._next()
        if piece is self._end:
            raise StopAsyncIteration
        return piece


def _forget(held: list[object]) -> None:
    held.clear()


_local = threading.local()


def _queue() -> SimpleQueue[_Errand]:
    """Return the errands of the current thread."""
    try:
        queue: SimpleQueue[_Errand] = _local.queue
    except AttributeError:
        queue = _local.queue = SimpleQueue()
    return queue


_lock = threading.Lock()
_thread: ReactorThread | None = None


def here() -> ThreadForm:
    """Return the form of this process, whose thread begins with the first client."""
    global _thread
    with _lock:
        if _thread is None or not _thread.is_here:
            _thread = ReactorThread()
        return ThreadForm(_thread)


def _after_fork() -> None:
    global _lock, _thread
    _lock, _thread = threading.Lock(), None


os.register_at_fork(after_in_child=_after_fork)
