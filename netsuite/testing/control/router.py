"""The router of the control interface: it takes requests from this machine's programs alone."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Iterable
from typing import Final

from netsuite.http.commands import Response
from netsuite.http.replies import RequestRefused
from netsuite.http.request import IncomingRequest
from netsuite.http.responses import AnyResponse
from netsuite.http.router import Router
from netsuite.store.errors import StoreError
from netsuite.testing.control.answers import JSON_TYPE, Route, error, refusal, store_refusal

#: How this machine is called on it. A page elsewhere whose name has come to mean 127.0.0.1 (DNS
#: rebinding) is asked for under that name, and a page's script tells its own as the origin.
_HOST: Final = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?", re.IGNORECASE)


class ControlRouter(Router):
    """Answers in JSON, errors too.

    Args:
        limit_octets: of a body.
    """

    def __init__(self, routes: Iterable[Route], limit_octets: int) -> None:
        super().__init__()
        self._limit = limit_octets
        for each in routes:
            if each.pattern != "/" and each.pattern.endswith("/"):
                self.mount(each.pattern, each.handler)
            else:
                self.add(each.methods, each.pattern, each.handler)

    def answer(self, request: IncomingRequest) -> Awaitable[AnyResponse]:
        """As ``Router.answer``."""
        return self._answered(request)

    async def _answered(self, request: IncomingRequest) -> AnyResponse:
        try:
            self._check(request)
            response = await super().answer(request)
        except RequestRefused as refused:
            response = refused.response
        except StoreError as problem:
            response = store_refusal(problem)
        if isinstance(response, Response) and response.status >= 400:
            return _in_json(response)
        return response

    def _check(self, request: IncomingRequest) -> None:
        """Raise RequestRefused for what comes from elsewhere, or is too large."""
        head = request.head
        if not _HOST.fullmatch(head.host):
            raise refusal(403, f"this is localhost, not {head.host or 'nobody'}")
        for origin in head.fields.all("origin"):
            scheme, _, host = origin.partition("://")
            if scheme not in ("http", "https") or not _HOST.fullmatch(host):
                raise refusal(403, f"pages of {origin} may not ask here")
        if head.octets is not None and head.octets > self._limit:
            raise refusal(413, f"a body has {self._limit} octets at most")


def _in_json(response: Response) -> Response:
    """Return the answer to an error in JSON, whoever has made it."""
    fields = dict(response.fields)
    if fields.pop("Content-Type", "") == JSON_TYPE:
        return response
    said = " ".join(response.body.decode("utf-8", "replace").split())
    return error(response.status, said, *fields.items())
