"""A connection that carries mail to another host, used for many messages."""

from __future__ import annotations

from collections.abc import AsyncIterable, Sequence
from dataclasses import replace
from typing import Final

from netsuite.connection import errors
from netsuite.message.address import Address, parse_address
from netsuite.message.headers import header_end
from netsuite.smtp.client import SMTPClient
from netsuite.smtp.commands import Mail, Rcpt, Reply, reply
from netsuite.smtp.delivery.content import Content
from netsuite.smtp.delivery.lifecycle import Said
from netsuite.store.outgoing import QueueItem

BAD_ADDRESS: Final = reply(553, "5.1.3", "Not an address that mail can be sent to")
NO_REQUIRETLS: Final = reply(550, "5.7.30", "The mail host does not keep REQUIRETLS (RFC 8689)")
NOT_8BIT: Final = reply(
    554, "5.6.3", "The message holds 8-bit octets, which the mail host does not take"
)


class Carrier:
    """One connection to a host, ready for a message.

    Args:
        remote: the host, as errors and logs name it.
        verified: TLS is in place, and its certificate is the host's own.
    """

    def __init__(self, client: SMTPClient, remote: str, *, verified: bool) -> None:
        self.client = client
        self.remote = remote
        self._verified = verified
        #: Messages that were handed over.
        self.carried = 0

    async def send(
        self, sender: str, items: Sequence[QueueItem], content: Content
    ) -> Sequence[Said]:
        """Hand a message over; return what was said of each recipient.

        Raises:
            ConnectionLost: before anything was said, where the host had ended the session while
                it was idle: it has closed, said 421, or what nobody had asked for.
            ClientError: the connection is of no use any more.
        """
        if not self.client.reusable:
            self.client.abort()
            raise errors.ConnectionLost("the host had ended the session")
        envelope = items[0].envelope
        refusal = self._unsafe(envelope.require_tls)
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
        mail, body = await self._message(mail_from, items[0], content, [a for _, a in good])
        if body is None:
            return [Said(NOT_8BIT)] * len(items)
        rcpts = [_rcpt(item, address) for item, address in good]
        answers = iter(await self.client.send(mail, rcpts, body) if rcpts else ())
        self.carried += 1
        reports = "DSN" in self.client.extensions
        return [
            Said(BAD_ADDRESS)
            if address is None
            else Said(next(answers).reply, self.remote, reports)
            for address in addresses
        ]

    def _unsafe(self, require_tls: bool) -> Reply | None:
        """Return why a message that must not go in the clear cannot go here (RFC 8689, 4.2)."""
        kept = self._verified and "REQUIRETLS" in self.client.extensions
        return NO_REQUIRETLS if require_tls and not kept else None

    async def _message(
        self, sender: Address | None, item: QueueItem, content: Content, to: Sequence[Address]
    ) -> tuple[Mail, bytes | AsyncIterable[bytes] | None]:
        """Return MAIL and the body; None for one that the host does not take as it is."""
        envelope = item.envelope
        whole = await content.whole()
        mail = Mail(
            sender,
            size=content.octets,
            body=envelope.body,
            ret=envelope.ret,
            envelope_id=envelope.envelope_id,
            require_tls=envelope.require_tls,
        )
        if whole is not None:
            header_utf8 = not whole[: header_end(whole)].isascii()
            eight_bit = not whole.isascii()
        else:
            header_utf8 = eight_bit = not await content.ascii()
        # SMTPUTF8 is asked for only where the message needs it: few servers take it, and most
        # messages that were handed in with it do not (RFC 6531, 3.4).
        utf8 = envelope.utf8 and header_utf8
        if envelope.body != "BINARYMIME":
            mail = replace(mail, body="8BITMIME" if eight_bit else "7BIT")
            if eight_bit and "8BITMIME" not in self.client.extensions:
                return mail, None
        elif not {"BINARYMIME", "CHUNKING"} <= self.client.extensions.keys():
            return mail, None
        return replace(mail, utf8=utf8), content.pieces() if whole is None else whole

    def abort(self) -> None:
        """Drop the connection."""
        self.client.abort()

    async def close(self) -> None:
        """Say goodbye."""
        try:
            await self.client.quit()
        except errors.ClientError:
            self.client.abort()


def _rcpt(item: QueueItem, address: Address) -> Rcpt:
    return Rcpt(address, notify=item.recipient.notify, original=item.recipient.original)
