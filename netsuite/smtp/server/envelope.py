"""The envelope: MAIL and RCPT. See RFC 5321, 3.3."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from netsuite.accounts.interfaces import DeliverBy, NotOurs, Recipient
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
    most = session.shared.settings.messages
    session.messages += 1
    if most and session.messages > most:
        session.say(replies.TOO_MANY_MESSAGES)
        session.close()
        return None
    refusal = _mail_refusal(session, command)
    if refusal is not None:
        return refusal
    if not _is_plain(command):
        refusal = _extension_refusal(session, command)
        if refusal is not None:
            return refusal
    sender = "" if command.sender is None else str(command.sender)
    judged = await session.judge(Stage.MAIL, sender=sender)
    if judged is not None:
        return session.refuse(judged)
    if not _is_plain(command):
        return _begin_as_asked(session, command)
    session.begin_transaction(command)
    return replies.SENDER_OK


def _is_plain(command: Mail) -> bool:
    """Return whether none of the extensions is asked for that a service can do without."""
    return (
        command.body != "BINARYMIME"
        and command.by is None
        and command.hold_for is None
        and command.hold_until is None
        and not (command.ret or command.envelope_id or command.require_tls)
    )


def _mail_refusal(session: Session, command: Mail) -> Reply | None:
    shared, sender = session.shared, command.sender
    settings = shared.settings
    if settings.require_tls and not session.peer.secure and not session.peer.local:
        return replies.TLS_FIRST
    if shared.mode is Mode.SUBMISSION and session.submitter is None:
        return replies.LOG_IN_FIRST
    if command.others or (command.auth is not None and session.authenticator is None):
        return replies.BAD_PARAMETER
    if command.size is not None and command.size > settings.largest_octets:
        return replies.TOO_BIG
    if sender is not None:
        if not command.utf8 and not sender.ascii:
            return replies.UTF8_SENDER
        if session.submitter is not None and not session.may_send_as(str(sender)):
            return replies.NOT_YOUR_ADDRESS
    return None


def _extension_refusal(session: Session, command: Mail) -> Reply | None:
    """Return why a parameter of an extension cannot be had here."""
    offered = session.shared.extensions
    if command.body == "BINARYMIME" and "BINARYMIME" not in offered:
        return replies.NO_BINARYMIME
    if command.require_tls and not session.peer.secure and "REQUIRETLS" in offered:
        return replies.REQUIRETLS_FIRST
    held = command.hold_for is not None or command.hold_until is not None
    if (
        (command.require_tls and "REQUIRETLS" not in offered)
        or (command.by is not None and "DELIVERBY" not in offered)
        or (held and session.longest_hold is None)
    ):
        return replies.BAD_PARAMETER
    return None


def _begin_as_asked(session: Session, command: Mail) -> Reply:
    """Begin a message as extensions have it."""
    not_before, deliver_by = _times(session, command)
    longest = session.longest_hold
    if not_before is not None and longest is not None:
        if not_before > session.shared.now() + longest:
            return replies.HELD_TOO_LONG
        if deliver_by is not None and not_before > deliver_by.by:
            return replies.HELD_BEYOND_BY  # RFC 4865, 5.2.2
    if "DSN" not in session.shared.extensions:  # said all the same, it is not heard
        command = replace(command, ret="", envelope_id="")
    if command.require_tls:
        command = replace(command, ret="HDRS")  # RFC 8689, 5
    session.begin_transaction(command, not_before=not_before, deliver_by=deliver_by)
    return replies.SENDER_OK


def _times(session: Session, command: Mail) -> tuple[datetime | None, DeliverBy | None]:
    """Return when a message leaves, and by when it has to have arrived."""
    not_before = command.hold_until
    if command.hold_for is not None:
        not_before = session.shared.now() + timedelta(seconds=command.hold_for)
    if command.by is None:
        return not_before, None
    moment = session.shared.now() + timedelta(seconds=command.by.seconds)
    return not_before, DeliverBy(moment, command.by.returned)


async def rcpt(session: Session, command: Rcpt) -> Reply | None:
    """Find where the recipient's mail goes."""
    transaction, address = session.transaction, command.recipient
    refusal = _rcpt_refusal(session, transaction, command)
    if refusal is not None:
        return refusal
    judgement = await session.judge_recipient(address)
    judged = judgement.refusal
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
        if isinstance(error, NotOurs) and session.submitter is not None:
            refusal = replies.NOT_CARRIED
    else:
        if command.notify or command.original or transaction.not_before is not None:
            recipient = _as_asked(session, command, recipient)
        transaction.add(address, recipient)
        transaction.tags += judgement.tags
        return replies.RECIPIENT_OK
    _refused(session, address, refusal)
    return None


def _as_asked(session: Session, command: Rcpt, recipient: Recipient) -> Recipient:
    """Return a recipient as MAIL and RCPT have it: reported on as is wished, and held."""
    if (command.notify or command.original) and "DSN" in session.shared.extensions:
        recipient = replace(recipient, notify=command.notify, original=command.original)
    if session.transaction.not_before is not None and recipient.folders:
        # Mail for those who are here waits too, in the queue (RFC 4865, 4.2, point 5).
        waiting = tuple(dict.fromkeys((*recipient.put_off, *recipient.folders.values())))
        recipient = replace(recipient, folders={}, put_off=waiting)
    return recipient


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
