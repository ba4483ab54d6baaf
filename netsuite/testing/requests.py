"""The requests that an HTTP server under test was sent."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Final

from netsuite.http.request import IncomingRequest
from netsuite.http.responses import AnyResponse
from netsuite.http.router import Router

#: Of a body so many octets are kept, a mebibyte.
BODY_OCTETS: Final = 1_048_576


@dataclass(slots=True)
class Request:
    """A request that an HTTP server under test was sent.

    Args:
        fields: their names in lower case; the last of one name.
        body: what a handler has read of it, its first mebibyte.
    """

    method: str
    path: str
    query: str
    fields: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class _NotedRequest(IncomingRequest):
    """A request whose body is noted as it is read."""

    __slots__ = ("_noted",)

    def __init__(self, request: IncomingRequest, noted: Request) -> None:
        super().__init__(request.exchange)
        self.parameters = request.parameters
        self._noted = noted

    async def chunks(self, limit_octets: int | None = None) -> AsyncIterator[bytes]:
        """As ``IncomingRequest.chunks``."""
        body = super().chunks(limit_octets)
        assert isinstance(body, AsyncGenerator)
        async with contextlib.aclosing(body) as pieces:
            async for piece in pieces:
                room = BODY_OCTETS - len(self._noted.body)
                self._noted.body += piece[:room]
                yield piece


class NotingRouter(Router):
    """A router that notes requests, and has another answer."""

    def __init__(self, router: Router, noted: list[Request]) -> None:
        super().__init__()
        self._router = router
        self._noted = noted

    def answer(self, request: IncomingRequest) -> Awaitable[AnyResponse]:
        """As ``Router.answer``."""
        fields = {name.lower(): value for name, value in request.fields}
        head = request.head
        noted = Request(head.method, head.path, head.query or "", fields)
        self._noted.append(noted)
        return self._router.answer(_NotedRequest(request, noted))
