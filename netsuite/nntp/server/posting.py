"""Posting: an article taken from the connection and given to the injecting agent: POST."""

from __future__ import annotations

from netsuite.connection.server import handlers
from netsuite.nntp import commands as c
from netsuite.nntp import replies
from netsuite.nntp.commands import Status
from netsuite.nntp.server.session import Session
from netsuite.store.errors import StoreError
from netsuite.wire.events import BodyChunk, EndOfBody


async def post(session: Session, command: c.Post) -> Status:
    """Ask for the article. See RFC 3977, 6.3.1."""
    if session.shared.newsroom.policy.posting == "none":
        return replies.NO_POSTING
    access = session.reader
    if not access.may_post:
        return replies.LOG_IN_FIRST
    session.posting = access.posting(
        now=session.now(), unique=session.shared.unique(), source=session.peer.address
    )
    return Status(340, "Send the article; end it with a dot on a line of its own")


async def chunk(session: Session, event: BodyChunk) -> None:
    """Accept some octets of an article."""
    if session.posting is not None:
        work = session.posting.take(event.octets)
        if work is not None:
            await work


async def end(session: Session, event: EndOfBody) -> Status:
    """Accept the article's end: 240 means that it is durable."""
    posting = session.finished_posting()
    try:
        message_id = await posting.finish(bare_line_end=session.dialog.bare_line_end)
    except StoreError as error:
        session.log.info("an article was not stored: {error!r}", error=error)
        raise
    finally:
        posting.abort()  # nothing, if it was stored
    return Status(240, f"Article received {message_id}")


HANDLERS = handlers(post, chunk, end)
