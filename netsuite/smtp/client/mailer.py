"""A mailer: sends messages to one server, over connections that it makes, secures and keeps.

::

    await send(octets, "a@me.example", ["b@there.example"],
               to="submission://me:secret@mail.example", reactor=reactor)
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.defer import ensureDeferred
from twisted.internet.endpoints import HostnameEndpoint, UNIXClientEndpoint
from twisted.internet.interfaces import IDelayedCall, IReactorTime, IStreamClientEndpoint

from netsuite import tls
from netsuite.connection import errors
from netsuite.connection.client import ClientTimeouts
from netsuite.smtp.client.connection import SMTPClient, address_of, connect
from netsuite.smtp.client.content import Content, Message, content_of, envelope_of
from netsuite.smtp.client.place import Place, parse_place
from netsuite.smtp.client.results import Result
from netsuite.smtp.commands import Ehlo, Mail, Rcpt
from netsuite.smtp.grammar import format_command
from netsuite.wire.errors import LocalProtocolError

#: Messages on one connection; servers close one that brings very many.
MESSAGES: Final = 100


#: Of which a sender may want to hear (RFC 3461, 4.1).
_EVENTS: Final = ("SUCCESS", "FAILURE", "DELAY")


class TLSUse(enum.Enum):
    """When TLS begins on a connection."""

    IMPLICIT = "with the first octet"
    REQUIRED = "with STARTTLS, or nothing is sent"
    OPPORTUNISTIC = "with STARTTLS, where the server offers it"
    NONE = "never"


@dataclass(slots=True, eq=False)
class _Kept:
    client: SMTPClient
    messages: int = 0
    timer: IDelayedCall | None = None


# As many arguments as there are things to say; each has the value that is safe.
class Mailer:
    """Sends messages to one server.

    Args:
        to: a URL, ``smtp://HOST:PORT``, ``submission://``, ``smtps://``, ``lmtp://`` or
            ``lmtp:///PATH`` of a Unix socket, with the login in it if there is one; or an endpoint.
        reactor: for connections and time; None: that of an endpoint with an attribute of that name.
        login: name and password, instead of those in the URL.
        security: None for what is safe: TLS required where a password is sent; none on this very
            machine, whose connections nobody can read; else where it is offered.
        tls_context: see ``netsuite.tls.client_options``; None for the certificate authorities of
            the system and the URL's host.
        helo: what to call ourselves.
        lmtp: whether an endpoint's server speaks LMTP; a URL says it itself.
        timeouts: how long the server may take.
        kept: connections kept for the next message.
        idle_seconds: how long one is kept that nobody uses.

    Raises:
        ValueError: the URL is none of a mail server, or TLS has nobody to verify.
        LocalProtocolError: CR, LF or NUL in an argument.
    """

    def __init__(
        self,
        to: str | IStreamClientEndpoint,
        *,
        reactor: IReactorTime | None = None,
        login: tuple[str, str] | None = None,
        security: TLSUse | None = None,
        tls_context: tls.ClientContext | None = None,
        helo: str = "localhost",
        lmtp: bool = False,
        timeouts: ClientTimeouts | None = None,
        kept: int = 2,
        idle_seconds: float = 30.0,
    ) -> None:
        place = parse_place(to) if isinstance(to, str) else Place("", lmtp=lmtp)
        self._to = place
        if reactor is None:
            reactor = getattr(to, "reactor", None)
        if reactor is None:
            raise ValueError("on which reactor? neither the argument nor the endpoint says")
        self._reactor = reactor
        self._timeouts = timeouts or ClientTimeouts()
        self._endpoint = self._reach(place) if isinstance(to, str) else to
        self._login = login or place.login
        self._security = TLSUse.IMPLICIT if place.implicit else security
        self._context = tls_context
        if tls_context is None and place.host:
            self._context = tls.client_options(place.host)
        if self._context is None and security not in (None, TLSUse.NONE, TLSUse.OPPORTUNISTIC):
            raise ValueError("TLS to an endpoint needs a tls_context")
        self._helo = helo
        format_command(Ehlo(helo))
        if any(each in "\r\n\0" for each in "".join(self._login or ())):
            raise LocalProtocolError("CR, LF or NUL in a name or a password")
        self._most = kept
        self._idle_seconds = idle_seconds
        self._kept: list[_Kept] = []
        self._closed = False

    def _reach(self, place: Place) -> IStreamClientEndpoint:
        seconds = self._timeouts.connect_seconds or 30.0
        if place.path:
            return UNIXClientEndpoint(self._reactor, place.path, timeout=seconds)
        return HostnameEndpoint(self._reactor, place.host, place.port, timeout=seconds)

    # -- sending ------------------------------------------------------------------------------

    async def send(
        self,
        message: Message,
        sender: str | None = None,
        recipients: Sequence[str | Rcpt] | None = None,
        *,
        body: str = "",
        utf8: bool = False,
        ret: str = "",
        envelope_id: str = "",
        notify: Sequence[str] = (),
        chunking: bool = False,
        seconds: float | None = None,
    ) -> tuple[Result, ...]:
        """Send a message, header and all.

        Args:
            message: octets, the path of a file, an open file, a stream, or one of ``email``'s.
                What is no stream is read in pieces as the server takes them.
            sender: the reverse path; empty for the null path; None: what the header of one of
                ``email``'s says.
            recipients: addresses; None: likewise.
            body: ``7BIT``, ``8BITMIME`` or ``BINARYMIME``: see ``SMTPClient.send``.
            utf8: whether a stream's header needs SMTPUTF8; of others that is seen.
            ret: what of the message a report has: ``FULL`` or ``HDRS`` (RFC 3461, 4.3).
            envelope_id: what reports are to call it (RFC 3461, 4.4).
            notify: what to report of each recipient: ``NEVER``, or some of ``SUCCESS``,
                ``FAILURE`` and ``DELAY``; one given as ``Rcpt`` says that itself.
            chunking: whether BDAT is used where it is offered.
            seconds: for all of it; None for the timeouts of the connection alone.

        Returns:
            What became of it for each recipient, in their order: taken, or refused and why.

        Raises:
            ValueError, LocalProtocolError: no recipients, no address, CR, LF or NUL in an argument;
                nothing was sent.
            OSError: the file cannot be read.
            ClientError: no connection, no TLS, no login; or the connection broke within the
                message, and whether it was taken is not known.
        """
        if sender is None or recipients is None:
            named = envelope_of(message)
            sender = named[0] if sender is None else sender
            recipients = named[1] if recipients is None else recipients
        if not recipients:
            raise ValueError("no recipients")
        rcpts = [_rcpt(each, notify) for each in recipients]
        address = address_of(sender) if sender else None
        asked = _mail(Mail(address, body=body, ret=ret, envelope_id=envelope_id))
        with content_of(message) as content:
            mail = replace(asked, size=content.octets, utf8=utf8 or content.utf8)
            sending = ensureDeferred(self._send(mail, rcpts, content, chunking=chunking))
            if seconds is not None:
                sending.addTimeout(seconds, self._reactor)
            try:
                kept, results = await sending
            except DeferredTimeout:
                raise errors.Timeout(f"not sent after {seconds:g} seconds") from None
        await self._give_back(kept)
        return results

    async def _send(
        self, mail: Mail, rcpts: Sequence[Rcpt], content: Content, *, chunking: bool
    ) -> tuple[_Kept, tuple[Result, ...]]:
        kept = self._take()
        if kept is not None:
            client = kept.client
            try:
                results = await self._send_on(kept, mail, rcpts, content, chunking=chunking)
            except errors.ConnectionLost:
                if client.content_begun:
                    raise
            else:
                if client.content_begun or client.reusable:
                    return kept, results
            # The server has closed a connection that had waited long, and got nothing of it.
            client.abort()
        fresh = _Kept(await self._connect())
        return fresh, await self._send_on(fresh, mail, rcpts, content, chunking=chunking)

    async def _send_on(
        self, kept: _Kept, mail: Mail, rcpts: Sequence[Rcpt], content: Content, *, chunking: bool
    ) -> tuple[Result, ...]:
        kept.messages += 1
        try:
            return await kept.client.send(mail, rcpts, content.body, chunking=chunking)
        except BaseException:
            kept.client.abort()
            raise

    # -- connections --------------------------------------------------------------------------

    async def connect(self) -> SMTPClient:
        """Return a connection of its own, secured and logged in; to be ended by its ``quit``.
        Raises ClientError."""
        return await self._connect()

    async def close(self) -> None:
        """Say goodbye on every kept connection."""
        self._closed = True
        while (kept := self._take()) is not None:
            await _quit(kept.client)

    async def _connect(self) -> SMTPClient:
        implicit = self._security is TLSUse.IMPLICIT
        client = await connect(
            self._endpoint,
            clock=self._reactor,
            helo=self._helo,
            tls_context=self._context if implicit else None,
            implicit=implicit,
            lmtp=self._to.lmtp,
            timeouts=self._timeouts,
        )
        try:
            if not implicit:
                await self._secure(client)
            if self._login is not None:
                await client.login(*self._login)
        except BaseException:
            client.abort()
            raise
        return client

    async def _secure(self, client: SMTPClient) -> None:
        """Begin TLS as far as it is wanted. Raises NotOffered, and as ``starttls``."""
        security = self._security
        if security is None:
            security = TLSUse.OPPORTUNISTIC if self._login is None else TLSUse.REQUIRED
            if client.peer.local:
                security = TLSUse.NONE
        required = security is TLSUse.REQUIRED
        if security is TLSUse.NONE or not (required or "STARTTLS" in client.extensions):
            return
        if self._context is not None:
            await client.starttls(self._context)
        elif required:
            raise client.with_conversation(errors.TLSFailure("no tls_context to verify TLS with"))

    def _take(self) -> _Kept | None:
        """Return a kept connection that can be used, the one used last; None for none."""
        while self._kept:
            kept = self._kept.pop()
            if kept.timer is not None and kept.timer.active():
                kept.timer.cancel()
            if kept.client.reusable:
                return kept
            kept.client.abort()
        return None

    async def _give_back(self, kept: _Kept) -> None:
        """Keep a connection, or end it."""
        if not kept.client.reusable:
            kept.client.abort()
        elif self._closed or len(self._kept) >= self._most or kept.messages >= MESSAGES:
            await _quit(kept.client)
        else:
            kept.timer = self._reactor.callLater(self._idle_seconds, self._expire, kept)
            self._kept.append(kept)

    def _expire(self, kept: _Kept) -> None:
        self._kept.remove(kept)
        ensureDeferred(_quit(kept.client))


async def _quit(client: SMTPClient) -> None:
    """Say goodbye; what is said to that changes nothing of what was sent."""
    try:
        await client.quit()
    except errors.ClientError:
        client.abort()


async def send(
    message: Message,
    sender: str | None = None,
    recipients: Sequence[str | Rcpt] | None = None,
    *,
    to: str | IStreamClientEndpoint,
    reactor: IReactorTime | None = None,
    login: tuple[str, str] | None = None,
    security: TLSUse | None = None,
    tls_context: tls.ClientContext | None = None,
    helo: str = "localhost",
    lmtp: bool = False,
    timeouts: ClientTimeouts | None = None,
    body: str = "",
    utf8: bool = False,
    ret: str = "",
    envelope_id: str = "",
    notify: Sequence[str] = (),
    chunking: bool = False,
    seconds: float | None = None,
) -> tuple[Result, ...]:
    """Send one message on a connection of its own.

    The arguments are those of ``Mailer`` and of its ``send``, as are what it returns and raises.
    """
    mailer = Mailer(
        to,
        reactor=reactor,
        login=login,
        security=security,
        tls_context=tls_context,
        helo=helo,
        lmtp=lmtp,
        timeouts=timeouts,
        kept=0,
    )
    return await mailer.send(
        message,
        sender,
        recipients,
        body=body,
        utf8=utf8,
        ret=ret,
        envelope_id=envelope_id,
        notify=notify,
        chunking=chunking,
        seconds=seconds,
    )


def _mail(mail: Mail) -> Mail:
    """Return MAIL. Raises ValueError where its words for DSN are none (RFC 3461, 4)."""
    if mail.ret not in ("", "FULL", "HDRS"):
        raise ValueError(f"ret is FULL or HDRS, not {mail.ret!r}")
    name = mail.envelope_id
    if not (name.isascii() and name.isprintable()) or len(name) > 100:
        raise ValueError("an envelope_id is printable ASCII, 100 octets at most")
    format_command(mail)
    return mail


def _rcpt(recipient: str | Rcpt, notify: Sequence[str]) -> Rcpt:
    words = set(notify)
    if words - {"NEVER"} - set(_EVENTS) or ("NEVER" in words and len(words) > 1):
        raise ValueError(f"notify is NEVER, or some of {', '.join(_EVENTS)}; not {notify}")
    if isinstance(recipient, str):
        value = ",".join(each for each in ("NEVER", *_EVENTS) if each in words)
        recipient = Rcpt(address_of(recipient), notify=value)
    format_command(recipient)
    return recipient
