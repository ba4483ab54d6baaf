"""A connection that carries mail to another host, used for many messages."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

from twisted.logger import Logger

from netsuite.connection import errors
from netsuite.message.address import Address, parse_address
from netsuite.message.headers import fields, header_end
from netsuite.smtp.client import SMTPClient
from netsuite.smtp.commands import By, Mail, Rcpt, Reply, reply
from netsuite.smtp.delivery.content import Content
from netsuite.smtp.delivery.lifecycle import Said
from netsuite.smtp.parameters import parse_report_request
from netsuite.store.outgoing import QueueItem
from netsuite.wire.dates import now

BAD_ADDRESS: Final = reply(553, "5.1.3", "Not an address that mail can be sent to")
NO_REQUIRETLS: Final = reply(550, "5.7.30", "The mail host does not keep REQUIRETLS (RFC 8689)")
NOT_IN_TIME: Final = reply(
    554, "5.4.7", "The mail host does not promise to deliver in time or to give back (RFC 2852)"
)
FORWARDED_BEFORE: Final = reply(
    554, "5.4.6", "The message has been forwarded by this address before; it is in a loop"
)
UNSIGNED: Final = reply(451, "4.7.0", "The message could not be signed here")


class Signs(Protocol):
    """Signs messages that leave (``policy.signing.Signer``)."""

    async def sign(self, header: bytes, body: AsyncIterator[bytes]) -> bytes:
        """Return fields to put before a message; empty for one that is not signed."""


class Carrier:
    """One connection to a host, ready for a message.

    Args:
        remote: the host, as errors and logs name it.
        verified: TLS is in place, and its certificate is the host's own.
        signer: of what our accounts, and we, have written; None for nobody.
        now: returns the time of day.
    """

    log = Logger()

    def __init__(
        self,
        client: SMTPClient,
        remote: str,
        *,
        verified: bool,
        signer: Signs | None = None,
        now: Callable[[], datetime] = now,
    ) -> None:
        self.client = client
        self.remote = remote
        self._verified = verified
        self._signer = signer
        self._now = now
        #: Messages that were handed over.
        self.carried = 0

    async def send(
        self, sender: str, items: Sequence[QueueItem], content: Content
    ) -> Sequence[Said]:
        """Hand a message over; return what was said of each recipient. An address of ours that
        forwards it leaves its name in front, and does not forward what has that already.

        Args:
            items: of one message, forwarded by the same address, or none.

        Raises:
            ConnectionLost: before anything was said, where the host had ended the session while
                it was idle: it has closed, said 421, or what nobody had asked for.
            ClientError: the connection is of no use any more.
        """
        if not self.client.reusable:
            self.client.abort()
            raise errors.ConnectionLost("the host had ended the session")
        envelope = items[0].envelope
        by = self._by(items[0])
        unsafe = self._unsafe(envelope.require_tls)
        # A report is rather sent in the clear than lost (RFC 8689, 5).
        refusal = (unsafe if sender else None) or self._late(by)
        addresses = [parse_address(each.recipient.address) for each in items]
        mail_from = parse_address(sender) if sender else None
        if refusal is None and sender and mail_from is None:
            refusal = BAD_ADDRESS
        if refusal is not None:
            return [Said(refusal)] * len(items)
        good = [
            (item, address)
            for item, address in zip(items, addresses, strict=True)
            if address is not None
        ]
        try:
            prefix = await self._signature(items[0], content)
        except Exception:
            self.log.failure("signing a message")
            return [Said(UNSIGNED)] * len(items)
        forwarder = items[0].recipient.forwarded_by.encode()
        if forwarder:
            if await _delivered_to(forwarder, content):
                return [Said(FORWARDED_BEFORE)] * len(items)
            if forwarder.isascii():
                prefix = b"Delivered-To: %s\r\n%s" % (forwarder, prefix)
        whole = await content.whole()
        if whole is not None:
            ascii_header = whole[: header_end(whole)].isascii()
            kind = ""  # the client sees what is in it
        else:
            ascii_header = await content.ascii()
            kind = "7BIT" if ascii_header else "8BITMIME"
        mail = Mail(
            mail_from,
            size=content.octets + len(prefix),
            body=envelope.body if envelope.body == "BINARYMIME" else kind,
            # Asked for only where the message needs it: few servers take it, and most messages
            # that were handed in with it do not (RFC 6531, 3.4).
            utf8=envelope.utf8 and not ascii_header,
            # We vouch for nobody: who submitted it is not to be taken from our login (RFC 4954, 5).
            auth="<>" if self.client.logged_in else None,
            ret=parse_report_request(envelope.ret).ret,
            envelope_id=envelope.envelope_id,
            require_tls=envelope.require_tls and unsafe is None,
            by=by if "DELIVERBY" in self.client.extensions else None,
        )
        body = _after(prefix, content.pieces()) if whole is None else prefix + whole
        # A host that knows nothing of BY does not tell of the delay: we tell that it has the mail,
        # as long as it is not late yet, and ask it to tell of delays of its own (4.1.4.2).
        untold = by is not None and mail.by is None and by.seconds > 0
        rcpts = [_rcpt(item, address, delays=untold) for item, address in good]
        answers = iter(await self.client.send(mail, rcpts, body) if rcpts else ())
        self.carried += 1
        reports = "DSN" in self.client.extensions and not untold
        return [
            Said(BAD_ADDRESS)
            if address is None
            else Said(next(answers).reply, self.remote, reports)
            for address in addresses
        ]

    def _by(self, item: QueueItem) -> By | None:
        """Return BY as it is to be said now (RFC 2852, 4.1.4)."""
        recipient, request = item.recipient, parse_report_request(item.envelope.ret)
        returned = recipient.deliver_by == "R"
        # Who queued it before that was kept has it in these.
        moment = request.by or (recipient.expires if returned else recipient.warn)
        if not recipient.deliver_by or moment is None:
            return None
        return By(int((moment - self._now()).total_seconds()), returned, request.trace)

    def _late(self, by: By | None) -> Reply | None:
        """Return why a message that must arrive in time, or come back, cannot go here: the host
        does not promise that, or not for so short a time (4.1.4.1)."""
        if by is None or not by.returned:
            return None
        least = self.client.extensions.get("DELIVERBY")
        if least is None:
            return NOT_IN_TIME
        minimum = int(least) if least.isascii() and least.isdigit() and len(least) < 10 else 0
        return NOT_IN_TIME if by.seconds < max(minimum, 1) else None

    async def _signature(self, item: QueueItem, content: Content) -> bytes:
        """Return the signatures of what is ours: an account's, or a report of our own. What
        comes from elsewhere and is forwarded is nothing that we answer for."""
        envelope = item.envelope
        report = not envelope.sender and not item.recipient.forwarded_by
        if self._signer is None or (envelope.account is None and not report):
            return b""
        header = await content.header()
        end = header_end(header)
        if end == len(header) < content.octets:
            return b""  # too large to be held, so nobody's letter
        return await self._signer.sign(header[:end], content.body())

    def _unsafe(self, require_tls: bool) -> Reply | None:
        """Return why a message that must not go in the clear cannot go here (RFC 8689, 4.2)."""
        kept = self._verified and "REQUIRETLS" in self.client.extensions
        return NO_REQUIRETLS if require_tls and not kept else None

    def abort(self) -> None:
        """Drop the connection."""
        self.client.abort()

    async def close(self) -> None:
        """Say goodbye."""
        try:
            await self.client.quit()
        except errors.ClientError:
            self.client.abort()


def _rcpt(item: QueueItem, address: Address, *, delays: bool) -> Rcpt:
    """Return RCPT.

    Args:
        delays: the sender is to hear of delays, unless of nothing (RFC 2852, 4.1.4.2).
    """
    notify = item.recipient.notify
    if delays and not notify:
        notify = "FAILURE,DELAY"
    elif delays and "DELAY" not in notify and notify != "NEVER":
        notify += ",DELAY"
    return Rcpt(address, notify=notify, original=item.recipient.original)


async def _after(first: bytes, others: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in others:
        yield piece


async def _delivered_to(address: bytes, content: Content) -> bool:
    """Return whether an address has forwarded a message before."""
    header = (await content.header()).lower()
    if b"delivered-to" not in header:
        return False
    return any(
        each.name == b"delivered-to" and each.value == address.lower() for each in fields(header)
    )
