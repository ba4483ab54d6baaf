"""The content: DATA and BDAT, and what follows them. See RFC 5321, 4.1.1.4; RFC 3030, 2."""

from __future__ import annotations

from netsuite.connection.server import handlers
from netsuite.smtp import replies
from netsuite.smtp.commands import Bdat, Data, EndOfChunk, Reply
from netsuite.smtp.server.session import Session
from netsuite.smtp.server.transaction import MailTransaction
from netsuite.smtp.settings import Mode
from netsuite.wire.errors import RemoteProtocolError
from netsuite.wire.events import BodyChunk, EndOfBody


async def data(session: Session, command: Data) -> Reply | None:
    """Ask for the content."""
    if session.transaction.mail.body == "BINARYMIME":
        return replies.CHUNKS_ONLY  # RFC 3030, 3
    session.say(replies.SEND_DATA)
    session.begin_content()
    return None


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
        session.account or None,
        bare_line_end=session.dialog.bare_line_end,
        judge=session.judge_message,
    )
    if session.shared.mode is Mode.LMTP:
        last = _tell_each(session, transaction, answer)
    else:
        session.log_message(transaction, transaction.said, answer)
        last = answer
    session.forget_transaction()
    if answer is replies.BARE_LINE_END:
        # Nobody can tell where the next command begins: that is what is being played with.
        raise RemoteProtocolError("CR or LF alone in a message", last, close=True)
    if session.leaves:
        session.say(last)
        session.close()
        return None
    return last


def _tell_each(session: Session, transaction: MailTransaction, answer: Reply) -> Reply:
    """Answer each RCPT but the last, whose answer is returned; log those with the same answer
    together."""
    answers = transaction.answers(answer)
    for said in dict.fromkeys(answers):
        to = [each for each, its in zip(transaction.said, answers, strict=True) if its is said]
        session.log_message(transaction, to, said)
    return session.say_first(answers)


HANDLERS = handlers(data, bdat, chunk, end_of_chunk, end_of_body)
