"""POST: an article taken from the connection and given to the injecting agent."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from twisted.logger import Logger

from netsuite.message.injection import Unfit
from netsuite.nntp import commands as c
from netsuite.nntp import replies
from netsuite.nntp.commands import Status
from netsuite.store.errors import StoreError
from netsuite.wire.events import BodyChunk, EndOfBody

if TYPE_CHECKING:
    from netsuite.nntp.server.session import NNTPServer

_log = Logger()


def post(session: NNTPServer, event: c.Post) -> None:
    """POST. See RFC 3977, 6.3.1."""
    access = session.access
    if session.shared.room.policy.posting == "none":
        session.say(replies.NO_POSTING)
    elif access is None or not access.may_post:
        session.say(replies.LOG_IN_FIRST)
    else:
        session.posting = access.posting(
            now=session.now(), unique=session.shared.unique(), source=session.peer.address
        )
        session.say(Status(340, "Send the article; end it with a dot on a line of its own"))


def chunk(session: NNTPServer, event: BodyChunk) -> Awaitable[None] | None:
    """Take some octets of an article."""
    assert session.posting is not None
    return session.posting.take(event.octets)


async def end(session: NNTPServer, event: EndOfBody) -> None:
    """Take the article's end: 240 means that it is durable."""
    posting, session.posting = session.posting, None
    assert posting is not None
    try:
        message_id = await posting.finish(bare_line_end=session.dialog.bare_line_end)
    except Unfit as error:
        session.say(Status(441, str(error)))
    except StoreError as error:
        _log.info("an article was not stored: {error!r}", error=error)
        session.say(replies.for_posting(error))
    else:
        session.say(Status(240, f"Article received {message_id}"))
    finally:
        posting.abort()  # nothing, if it was stored
