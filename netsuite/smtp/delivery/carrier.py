"""A connection that carries mail to another host: found, secured, logged in, used for many."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint
from twisted.logger import Logger

from netsuite import tls
from netsuite.connection import errors
from netsuite.message.address import Address, parse_address
from netsuite.message.build import return_path
from netsuite.message.headers import header_end
from netsuite.smtp.client import SMTPClient, connect
from netsuite.smtp.commands import Mail, Rcpt, Reply, reply
from netsuite.smtp.delivery.lifecycle import Said
from netsuite.smtp.delivery.routes import Router, Unroutable, is_elsewhere
from netsuite.smtp.relay import Relay, Security
from netsuite.store.interfaces import MailStore
from netsuite.store.outgoing import QueueItem

#: Contents up to so many octets are sent as a whole, others in pieces as they are read.
WHOLE_OCTETS: Final = 256 * 1024
#: Read of a content whose header is wanted.
HEADER_OCTETS: Final = 64 * 1024

LOOPBACK: Final = reply(554, "5.4.6", "The mail host has only addresses that are not another's")
BAD_ADDRESS: Final = reply(553, "5.1.3", "Not an address that mail can be sent to")
NO_REQUIRETLS: Final = reply(550, "5.7.30", "The mail host does not keep REQUIRETLS (RFC 8689)")
NOT_8BIT: Final = reply(
    554, "5.6.3", "The message holds 8-bit octets, which the mail host does not take"
)
UNSIGNED: Final = reply(451, "4.7.0", "The message could not be signed here")


class Signs(Protocol):
    """Signs messages that leave (``policy.signing.Signer``)."""

    async def sign(self, header: bytes, body: AsyncIterator[bytes]) -> bytes:
        """Return fields to put before a message; empty for one that is not signed."""


class Unreachable(Exception):
    """No host could be talked to; *said* is by the last one."""

    def __init__(self, said: Said) -> None:
        super().__init__(str(said.reply))
        self.said = said


class Carrier:
    """One connection to a host, ready for a message.

    Args:
        remote: the host, as errors and logs name it.
        signer: of what our accounts, and we, have written; None for nobody.
    """

    log = Logger()

    def __init__(
        self, client: SMTPClient, remote: str, relay: Relay, signer: Signs | None = None
    ) -> None:
        self.client = client
        self.remote = remote
        self._relay = relay
        self._signer = signer
        #: Messages that were handed over.
        self.carried = 0

    async def send(
        self, sender: str, items: Sequence[QueueItem], content: Content
    ) -> Sequence[Said]:
        """Hand a message over; return what was said of each recipient.

        Raises:
            ClientError: the connection is of no use any more.
        """
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
        try:
            signature = await self._signature(items[0], content)
        except Exception:
            self.log.failure("signing a message")
            return [Said(UNSIGNED)] * len(items)
        if signature:
            mail = replace(mail, size=content.octets + len(signature))
            body = signature + body if isinstance(body, bytes) else _after(signature, body)
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

    async def _signature(self, item: QueueItem, content: Content) -> bytes:
        """Return the signatures of what is ours: an account's, or a report of our own. What
        comes from elsewhere and is forwarded is nothing that we answer for."""
        envelope = item.envelope
        report = not envelope.sender and not item.recipient.forwarded
        if self._signer is None or (envelope.account is None and not report):
            return b""
        header = await content.header()
        end = header_end(header)
        if end == len(header) < content.octets:
            return b""  # too large to be held, so nobody's letter
        return await self._signer.sign(header[:end], content.body())

    def _unsafe(self, require_tls: bool) -> Reply | None:
        """Return why a message that must not go in the clear cannot go here (RFC 8689, 4.2)."""
        kept = (
            self.client.peer.secure
            and self._relay.security is Security.VERIFIED
            and "REQUIRETLS" in self.client.extensions
        )
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
            others=tuple(_mail_parameters(item, require_tls=envelope.require_tls)),
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
            mail = replace(mail, body="8BITMIME" if eight_bit else "")
            if eight_bit and "8BITMIME" not in self.client.extensions:
                return mail, None
        elif not {"BINARYMIME", "CHUNKING"} <= self.client.extensions.keys():
            return mail, None
        return replace(mail, utf8=utf8), content.pieces() if whole is None else whole

    async def close(self) -> None:
        """Say goodbye."""
        try:
            await self.client.quit()
        except errors.ClientError:
            self.client.abort()


def _mail_parameters(item: QueueItem, *, require_tls: bool) -> Sequence[tuple[str, str]]:
    envelope = item.envelope
    found = [("RET", envelope.ret)] if envelope.ret else []
    if envelope.envelope_id:
        found.append(("ENVID", envelope.envelope_id))
    if require_tls:
        found.append(("REQUIRETLS", ""))
    return found


def _rcpt(item: QueueItem, address: Address) -> Rcpt:
    recipient = item.recipient
    found = [("NOTIFY", recipient.notify)] if recipient.notify else []
    if recipient.original:
        found.append(("ORCPT", recipient.original))
    return Rcpt(address, others=tuple(found))


async def _after(first: bytes, others: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in others:
        yield piece


class Content:
    """The content of a queued message, as it leaves: without the Return-Path of our mailboxes."""

    def __init__(self, mail: MailStore, item: QueueItem) -> None:
        self._mail = mail
        self._content = item.content
        self._stored = item.octets
        self._prefix = return_path(item.envelope.sender)
        self._begins: bool | None = None  # with the prefix
        self._whole: bytes | None = None

    @property
    def octets(self) -> int:
        """How large it is, once some of it has been read; at the most, before."""
        return self._stored - (len(self._prefix) if self._begins else 0)

    async def whole(self, limit: int = WHOLE_OCTETS) -> bytes | None:
        """Return it, None where it is larger than *limit*. Raises NoSuchMessage."""
        if self._whole is None and self._stored <= limit:
            self._whole = b"".join([piece async for piece in self.pieces()])
        return self._whole

    async def header(self) -> bytes:
        """Return what begins with its header. Raises NoSuchMessage."""
        found = b""
        async for piece in self.pieces():
            found += piece
            if len(found) >= HEADER_OCTETS:
                break
        return found

    async def pieces(self) -> AsyncIterator[bytes]:
        """Return it piece by piece. Raises NoSuchMessage."""
        if self._whole is not None:
            yield self._whole
            return
        if self._stored <= WHOLE_OCTETS:
            stored = await self._mail.content(self._content)
            self._begins = stored.startswith(self._prefix)
            yield stored[len(self._prefix) :] if self._begins else stored
            return
        if self._begins is None:
            first = self._mail.read(self._content, 0, len(self._prefix))
            self._begins = b"".join([piece async for piece in first]) == self._prefix
        start = len(self._prefix) if self._begins else 0
        async for piece in self._mail.read(self._content, start):
            yield piece

    async def body(self) -> AsyncIterator[bytes]:
        """Return what follows its header, piece by piece. Raises NoSuchMessage."""
        skip = header_end(await self.header())
        async for piece in self.pieces():
            yield piece[skip:]
            skip = max(skip - len(piece), 0)

    async def ascii(self) -> bool:
        """Return whether it holds no 8-bit octet; read to see."""
        async for piece in self.pieces():
            if not piece.isascii():
                return False
        return True


class Connector:
    """Connects to the hosts of a domain, one after the other, until one takes mail.

    Args:
        reactor: for connections and time.
        helo: what to call ourselves.
        loopback: whether mail may go to an address of loopback, as in tests.
        bind: by ``4`` and ``6``: the address to come from.
        authorities: returns TLS for a host, its certificate verified.
        signer: of messages that leave; None where they are not signed.
    """

    def __init__(
        self,
        reactor: Any,
        router: Router,
        *,
        helo: str,
        loopback: bool = False,
        source: Sequence[str] = (),
        tls_for: Callable[[str, bool], tls.ClientContext],
        connect_seconds: float = 30.0,
        signer: Signs | None = None,
    ) -> None:
        self._reactor = reactor
        self.router = router
        self._helo = helo
        self._loopback = loopback
        self._source = {":" in each: each for each in source}
        self._tls_for = tls_for
        self._connect_seconds = connect_seconds
        self._signer = signer

    async def connect(self, domain: str) -> Carrier:
        """Return a connection to a host of a domain.

        Raises:
            Unroutable: there is no such host.
            Unreachable: none of them takes mail now.
        """
        said = Said(reply(451, "4.4.1", "No host answers"))
        for relay in await self.router.route(domain):
            try:
                addresses = await self._addresses(relay)
            except Unroutable as error:
                said = error.said
                continue
            for address in addresses:
                try:
                    return await self._open(relay, address)
                except errors.ClientError as error:
                    said = Said(*self._words(error, relay, address))
        if said.reply.permanent and said.remote:
            # A host that greets with 5yz takes no mail now; another time it may (RFC 5321, 3.1).
            said = Said(replace(said.reply, code=450, enhanced="4.3.2"), said.remote)
        if said.reply.permanent:
            raise Unroutable(said.reply)
        raise Unreachable(said)

    async def _addresses(self, relay: Relay) -> Sequence[str]:
        found = await self.router.addresses(relay.host)
        if self._loopback or relay.login is not None or relay == self.router.settings.smart_host:
            return found
        wanted = [each for each in found if is_elsewhere(each)]
        if not wanted:
            raise Unroutable(LOOPBACK)
        return wanted

    async def _open(self, relay: Relay, address: str) -> Carrier:
        """Connect to one address, and secure it as far as it has to be."""
        secure = relay.security is not Security.NONE
        try:
            client = await self._begin(relay, address, tls_wanted=secure)
        except errors.TLSFailure:
            if relay.security is not Security.OPPORTUNISTIC:
                raise
            client = await self._begin(relay, address, tls_wanted=False)  # RFC 7435, 3
        try:
            if relay.login is not None:
                await client.login(*relay.login)
        except BaseException:
            client.abort()
            raise
        return Carrier(client, f"{relay.host}[{address}]", relay, self._signer)

    async def _begin(self, relay: Relay, address: str, *, tls_wanted: bool) -> SMTPClient:
        endpoint_of = TCP6ClientEndpoint if ":" in address else TCP4ClientEndpoint
        source = self._source.get(":" in address)
        endpoint = endpoint_of(
            self._reactor,
            address,
            relay.port,
            timeout=self._connect_seconds,
            bindAddress=(source, 0) if source else None,
        )
        context = None
        if tls_wanted:
            context = self._tls_for(relay.host, relay.security is Security.VERIFIED)
        client = await connect(
            endpoint,
            clock=self._reactor,
            helo=self._helo,
            tls_context=context if relay.implicit else None,
            implicit=relay.implicit,
        )
        if context is not None and not relay.implicit:
            try:
                if "STARTTLS" in client.extensions:
                    await client.starttls(context)
                elif relay.security is not Security.OPPORTUNISTIC:
                    raise errors.TLSFailure("the host does not offer STARTTLS")
            except BaseException:
                client.abort()
                raise
        return client

    def _words(self, error: errors.ClientError, relay: Relay, address: str) -> tuple[Reply, str]:
        """Return what went wrong in the form of a reply, and who said it; empty for us."""
        remote = f"{relay.host}[{address}]"
        if isinstance(error, errors.Refusal) and isinstance(error.code, int):
            return reply(error.code, "", error.text), remote
        if isinstance(error, errors.TLSFailure):
            return reply(454, "4.7.5", f"TLS with {remote} failed: {error}"), ""
        if isinstance(error, errors.NotOffered):
            return reply(454, "4.7.0", f"{remote} does not offer {error}"), ""
        if isinstance(error, errors.ProtocolViolation):
            return reply(451, "4.5.0", f"{remote} does not keep to the protocol: {error}"), ""
        return reply(451, "4.4.1", f"{remote}: {error}"), ""
