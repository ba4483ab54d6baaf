"""The envelope: MAIL and RCPT. See RFC 5321, 3.3."""

from __future__ import annotations

from netsuite.connection.server import handlers
from netsuite.message.address import Address
from netsuite.smtp import replies
from netsuite.smtp.commands import Mail, Rcpt, Reply
from netsuite.smtp.policy.interface import Stage
from netsuite.smtp.server.session import Session
from netsuite.smtp.server.transaction import MailTransaction
from netsuite.smtp.settings import Mode


async def mail(session: Session, command: Mail) -> Reply | None:
    """Begin a message."""
    refusal = _mail_refusal(session, command)
    if refusal is not None:
        return refusal
    sender = "" if command.sender is None else str(command.sender)
    judged = await session.judge(Stage.MAIL, sender=sender)
    if judged is not None:
        return session.refuse(judged)
    session.begin_transaction(command)
    return replies.SENDER_OK


def _mail_refusal(session: Session, command: Mail) -> Reply | None:
    shared, submitter, sender = session.shared, session.submitter, command.sender
    settings = shared.settings
    if settings.require_tls and not session.peer.secure and not session.peer.local:
        return replies.TLS_FIRST
    if shared.mode is Mode.SUBMISSION and submitter is None:
        return replies.LOG_IN_FIRST
    if command.others or (command.auth is not None and session.authenticator is None):
        return replies.BAD_PARAMETER
    if command.body == "BINARYMIME":
        return replies.NO_BINARYMIME
    if command.size is not None and command.size > settings.largest_octets:
        return replies.TOO_BIG
    if sender is not None:
        if not command.utf8 and not sender.ascii:
            return replies.UTF8_SENDER
        if submitter is not None and not submitter.may_send_as(str(sender)):
            return replies.NOT_YOUR_ADDRESS
    return None


async def rcpt(session: Session, command: Rcpt) -> Reply | None:
    """Find where the recipient's mail goes."""
    transaction, address = session.transaction, command.recipient
    refusal = _rcpt_refusal(session, transaction, command)
    if refusal is not None:
        return refusal
    judged = await session.judge_recipient(address)
    if judged is not None:
        _refused(session, address, judged.reply, close=judged.close)
        return None
    try:
        recipient = await session.shared.resolver.resolve(
            address.local,
            address.domain,
            octets=transaction.mail.size or 0,
            relay=session.submitter is not None,
        )
    except Exception as error:
        refusal = replies.AT_RECIPIENT.find(error)
        if refusal is None:
            raise
    else:
        transaction.add(address, recipient)
        return replies.RECIPIENT_OK
    _refused(session, address, refusal)
    return None


def _refused(session: Session, address: Address, refusal: Reply, *, close: bool = False) -> None:
    """Refuse a recipient: here and not by the guard, since each is a line of the message log, and
    counts by its reply."""
    session.log_message(session.transaction, [address], refusal)
    session.say(refusal)
    policies = session.shared.policies
    if policies is not None:
        policies.refused(session.facts(str(address)), refusal)
    if close:
        session.close()
    elif refusal.permanent:
        session.count_bad()  # whoever tries out names is sent away


def _rcpt_refusal(session: Session, transaction: MailTransaction, command: Rcpt) -> Reply | None:
    if command.others:
        return replies.BAD_PARAMETER
    if not command.recipient.ascii and not transaction.mail.utf8:
        return replies.UTF8_SENDER
    if len(transaction.said) >= session.shared.settings.recipients:
        return replies.TOO_MANY_RECIPIENTS
    return None


HANDLERS = handlers(mail, rcpt)
