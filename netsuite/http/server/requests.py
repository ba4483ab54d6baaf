"""Requests: each is given to who answers it, and what comes of that is sent."""

from __future__ import annotations

from netsuite.connection.server import handlers
from netsuite.http.commands import Request, Response
from netsuite.http.request import IncomingRequest
from netsuite.http.server.exchange import HTTP1Exchange
from netsuite.http.server.session import Session


async def request(session: Session, head: Request) -> Response | None:
    """Answer a request."""
    exchange = session.exchange = HTTP1Exchange(session, head)
    response = await session.shared.router.answer(IncomingRequest(exchange))
    if isinstance(response, Response):
        return response
    try:
        if session.closing:  # it has been given up meanwhile
            return None
        exchange.say_head(response.head)
        if head.method != "HEAD":
            await response.say_body(exchange)
    finally:
        await response.dismiss()
    exchange.end()
    return None


HANDLERS = handlers(request)
