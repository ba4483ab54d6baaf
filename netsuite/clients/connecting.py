"""A session that is being opened: to be awaited, or for an ``async with`` block."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar


class Client(Protocol):
    """A client of any protocol."""

    async def end_session(self) -> None:
        """End the session with its protocol's word for that."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


C = TypeVar("C", bound=Client)


class Connecting(Generic[C]):
    """A session that begins when it is awaited, or when its block is entered.

    ::

        async with clients.imap("imaps://mail.example.org") as imap:
            ...
        imap = await clients.imap("imaps://mail.example.org")

    The block's end ends the session politely; an exception drops the connection. Whoever awaits it
    calls ``end_session``.
    """

    def __init__(self, begin: Callable[[], Coroutine[Any, Any, C]]) -> None:
        self._begin = begin
        self._client: C | None = None

    def __await__(self) -> Generator[Any, Any, C]:
        return self._begin().__await__()

    async def __aenter__(self) -> C:
        client = await self._begin()
        self._client = await client.__aenter__()
        return self._client

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.__aexit__(kind, error, trace)
