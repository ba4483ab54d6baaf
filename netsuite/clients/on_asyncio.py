"""The form of the clients for asyncio: what they have to wait for is awaited on its loop."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Generator
from types import TracebackType
from typing import Any, ClassVar, Self

from twisted.internet.defer import Deferred

from netsuite.clients.connecting import Connecting
from netsuite.clients.derived import Derived, Inner, given
from netsuite.clients.reactors import reactor_on

MODULE = "netsuite.aio"


class OnAsyncio(Derived):
    """An object of a client, for asyncio."""

    _module: ClassVar[str] = MODULE
    _form: AsyncioForm
    _inner: Inner

    def __await__(self) -> Generator[Any, Any, object]:
        return self._form.awaited(lambda: self._inner).__await__()

    def __aiter__(self) -> Self:
        self._inner = self._inner.__aiter__()
        return self

    async def __anext__(self) -> object:
        return await self._form.awaited(self._inner.__anext__)

    async def __aenter__(self) -> object:
        entered = await self._form.awaited(self._inner.__aenter__)
        return self if getattr(entered, "_inner", None) is self._inner else entered

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> object:
        return await self._form.awaited(lambda: self._inner.__aexit__(kind, error, trace))


class AsyncioForm:
    """The clients on one loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.reactor: object = reactor_on(loop)

    def run(self, work: Callable[[], object]) -> object:
        """As ``Form.run``: what has to be awaited is given back to be."""
        self._check()
        result = work()
        if inspect.iscoroutine(result) or isinstance(result, Deferred):
            return self.awaited(lambda: result)
        return self.given(result)

    async def awaited(self, work: Callable[[], Awaitable[object]]) -> object:
        """Await work on the loop. Whoever is cancelled meanwhile cancels it."""
        self._check()
        result = Deferred.fromCoroutine(_awaited(work()))
        return self.given(await result.asFuture(self._loop))

    def connected(self, connect: Callable[[], Connecting[Any]]) -> object:
        """As ``Form.connected``: it is to be begun, by ``await`` or ``async with``."""
        return self.given(connect())

    def _check(self) -> None:
        if asyncio.get_running_loop() is not self._loop:
            raise RuntimeError("the client is one of another loop")

    def given(self, value: object) -> object:
        """As ``Form.given``."""
        return given(value, OnAsyncio, self)

    def taken(self, name: str, value: object) -> object:
        """As ``Form.taken``: what it awaits is awaited on the loop, as Twisted does not."""
        if isinstance(value, OnAsyncio):
            return value._inner
        if inspect.isroutine(value):
            return self._called(value)
        if isinstance(value, AsyncIterable):
            return self._iterated(value)
        if name == "sink":
            return _Sink(self._called(getattr(value, "write")))  # noqa: B009 - of any class
        return value

    def _called(self, function: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            result = function(*map(self.given, arguments))
            if inspect.isawaitable(result):
                return self._deferred(result)
            return self._called(result) if inspect.isroutine(result) else result

        return call

    async def _iterated(self, source: AsyncIterable[object]) -> AsyncIterator[object]:
        pieces = aiter(source)
        while True:
            try:
                piece = await self._deferred(anext(pieces))
            except StopAsyncIteration:
                return
            yield piece

    def _deferred(self, result: Awaitable[object]) -> Deferred[object]:
        return Deferred.fromFuture(asyncio.ensure_future(_awaited(result), loop=self._loop))


class _Sink:
    """Something that is written to."""

    def __init__(self, write: Callable[..., object]) -> None:
        self.write = write


async def _awaited(work: Awaitable[object]) -> object:
    return await work


def here() -> AsyncioForm:
    """Return the form of the loop that runs. Raises RuntimeError where none does."""
    return AsyncioForm(asyncio.get_running_loop())
