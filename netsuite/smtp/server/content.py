"""The content: DATA and BDAT, and what follows them. See RFC 5321, 4.1.1.4; RFC 3030, 2."""

from __future__ import annotations

from netsuite.connection.server import handlers
from netsuite.smtp import replies
from netsuite.smtp.commands import Bdat, Data, EndOfChunk, Reply
from netsuite.smtp.server.session import Session
from netsuite.smtp.settings import Mode
from netsuite.wire.events import BodyChunk, EndOfBody


async def data(session: Session, command: Data) -> None:
    """Ask for the content."""
    session.say(replies.SEND_DATA)
    session.begin_content()


async def bdat(session: Session, command: Bdat) -> None:
    """Check the size of a chunk; it is answered when it has come."""
    session.begin_content().announce(command.octets)


async def chunk(session: Session, event: BodyChunk) -> None:
    """Accept some of the content."""
    await session.transaction.take(event.octets, bare_line_end=session.dialog.met_bare_line_end)


async def end_of_chunk(session: Session, event: EndOfChunk) -> Reply:
    """Say that a chunk has come."""
    refusal = session.transaction.refusal
    if refusal is not None:
        session.forget_transaction()
    return refusal or replies.CHUNK_OK


async def end_of_body(session: Session, event: EndOfBody) -> Reply | None:
    """Deliver the message; a positive answer means that it is durable."""
    transaction = session.transaction
    answer = await transaction.finish(
        session.account, bare_line_end=session.dialog.bare_line_end, judge=session.judge_message
    )
    session.log_message(transaction, transaction.said, answer)
    session.forget_transaction()
    if session.shared.mode is Mode.LMTP:
        # One reply a recipient, all the same: it is delivered to all or to none.
        for _ in transaction.said[1:]:
            session.writer.write(session.dialog.send_one(answer))
    if session.leaves:
        session.say(answer)
        session.close()
        return None
    return answer


HANDLERS = handlers(data, bdat, chunk, end_of_chunk, end_of_body)
