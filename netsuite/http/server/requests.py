"""Requests: each is given to who answers it, and what comes of that is sent."""

from __future__ import annotations

from netsuite.connection.server import handlers
from netsuite.http.commands import Request, Response
from netsuite.http.request import IncomingRequest
from netsuite.http.responses import SentFile, Streamed
from netsuite.http.server.exchange import HTTP1Exchange
from netsuite.http.server.session import Session


async def request(session: Session, head: Request) -> Response | None:
    """Answer a request."""
    exchange = session.exchange = HTTP1Exchange(session, head)
    answering = session.shared.router.answer(IncomingRequest(exchange))
    if isinstance(answering, Response):
        raise TypeError(f"what answers {head.path} is no async function")
    response = await answering
    if isinstance(response, Response):
        return response
    if not isinstance(response, Streamed | SentFile):
        raise TypeError(f"what answers {head.path} returns no response, but {response!r:.100}")
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
