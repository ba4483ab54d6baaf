"""The Twisted connection of an SMTP client: connect, secure, log in, send, one recipient at a time
accounted for.

::

    client = await connect(endpoint, clock=reactor, helo="me.example", tls_context=context)
    await client.login("me", "secret")
    for result in await client.send_message("a@me.example", ["b@there.example"], octets):
        print(result.recipient, result.reply)
    await client.quit()
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint

from netsuite import sasl, tls
from netsuite.connection import errors
from netsuite.connection.client import (
    ClientConnection,
    ClientTimeouts,
    answer_of,
    connect_and_begin,
)
from netsuite.connection.writer import pieces
from netsuite.message.address import Address, parse_address
from netsuite.sasl.exchange import exchange
from netsuite.sasl.interfaces import ClientMechanism, Nonce
from netsuite.sasl.lines import Auth, AuthResponse
from netsuite.smtp import commands
from netsuite.smtp.commands import Command, Mail, Rcpt, Reply, reply
from netsuite.smtp.dialog import ClientDialog, ClientEvent, ClientSaid, canonical_lines
from netsuite.smtp.grammar import challenge_of, extensions_of, format_command
from netsuite.wire import base64
from netsuite.wire.events import BodyChunk, EndOfBody
from netsuite.wire.reader import CRLF

#: After the last octet of a message, while the server makes it durable (4.5.3.2.6).
END_SECONDS: Final = 600.0
#: RFC 4954, 4: AUTH with its initial response is still a command line of RFC 5321.
AUTH_LINE_OCTETS: Final = 512

_DSN: Final = frozenset({"RET", "ENVID", "NOTIFY", "ORCPT"})

NEEDS_UTF8: Final = reply(553, "5.6.7", "The server does not take SMTPUTF8 (said by the client)")
NEEDS_8BIT: Final = reply(554, "5.6.3", "The server does not take 8BITMIME (said by the client)")
TOO_BIG: Final = reply(552, "5.3.4", "Larger than the server takes (said by the client)")


def _nonce() -> bytes:
    return base64.encode(os.urandom(18))


def refusal(answer: Reply, command: Command | None = None) -> errors.Refusal:
    """Return the error that a negative reply is: transient, or permanent, or a login's."""
    kind: type[errors.Refusal] = errors.PermanentRefusal
    if not answer.permanent:
        kind = errors.TransientRefusal
    elif isinstance(command, Auth | AuthResponse):
        kind = errors.AuthenticationFailed
    return kind(answer.code, f"{answer.enhanced} {answer.text}".strip(), command)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a message for one recipient.

    Args:
        reply: the one that decided: to MAIL, RCPT, DATA or the message's end.
    """

    recipient: Address
    reply: Reply

    @property
    def taken(self) -> bool:
        """Whether the server has taken charge of it."""
        return self.reply.positive


# Longer than 300 lines with its docstrings: the steps of one session, used in this order.
class SMTPClient(ClientConnection[ClientEvent, ClientSaid]):
    """One SMTP session, the client's side. See RFC 5321.

    Args:
        helo: what to call ourselves.
        lmtp: whether the server speaks LMTP (RFC 2033).
    """

    dialog: ClientDialog

    def __init__(
        self,
        clock: IReactorTime,
        *,
        helo: str,
        lmtp: bool = False,
        timeouts: ClientTimeouts | None = None,
    ) -> None:
        super().__init__(ClientDialog(), clock, timeouts=timeouts, name="smtp-client")
        self.helo = helo
        self.lmtp = lmtp
        #: The server's greeting.
        self.banner = ""
        #: What EHLO said: keyword to parameters; empty for a server that knows only HELO.
        self.extensions: Mapping[str, str] = {}
        self._leaving: Reply | None = None  # the server has said 421

    # -- beginning ----------------------------------------------------------------------------

    async def begin(self) -> None:
        """Accept the greeting, and greet. Raises Refusal."""
        greeting = await self._answer()
        self._check(greeting, code=220)
        self.banner = greeting.text
        await self.greet()

    async def greet(self) -> None:
        """Say EHLO, or HELO to a server that does not know it. Raises Refusal."""
        hello = commands.Lhlo(self.helo) if self.lmtp else commands.Ehlo(self.helo)
        answer = await self._say(hello)
        if answer.positive:
            self.extensions = extensions_of(answer)
            return
        # RFC 5321, 3.2: HELO is for servers that do not know EHLO, not for any other refusal.
        if self.lmtp or answer.code not in (500, 501, 502, 504):
            raise self.with_conversation(refusal(answer, hello))
        await self._ask(commands.Helo(self.helo))
        self.extensions = {}

    async def starttls(self, context: tls.ClientContext) -> None:
        """Go on under TLS, the server's certificate verified; greet again. Raises NotOffered,
        Refusal, and as ``secure``."""
        if "STARTTLS" not in self.extensions:
            raise self.with_conversation(errors.NotOffered("STARTTLS"))
        await self._ask(commands.StartTls(), code=220)
        await self.secure(context)
        self.extensions = {}
        await self.greet()

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms that the server offers now."""
        return tuple(self.extensions.get("AUTH", "").upper().split())

    async def login(self, username: str, password: str, *, nonce: Nonce = _nonce) -> None:
        """Log in with the strongest mechanism offered that takes a password; one that shows it
        is taken under TLS, and on this machine.

        Args:
            username: who we are.
            password: what proves it.
            nonce: returns a fresh nonce.

        Raises:
            NotOffered: there is none.
            AuthenticationFailed, TransientRefusal, ProtocolViolation: as ``authenticate``.
        """
        peer = self.peer
        name = sasl.choose(
            self.mechanisms,
            password=True,
            binding=peer.binding is not None,
            clear=peer.secure or peer.local,
        )
        mechanism = name and sasl.client(
            name, nonce=nonce, username=username, password=password, binding=peer.binding
        )
        if not mechanism:
            raise self.with_conversation(errors.NotOffered("a login that may be used here"))
        await self.authenticate(mechanism)

    async def authenticate(self, mechanism: ClientMechanism) -> None:
        """Log in with SASL. Raises AuthenticationFailed, TransientRefusal; ProtocolViolation where
        the server cannot prove itself or does not keep to the mechanism."""
        name = mechanism.name
        with self.protocol_violations():
            answer = await exchange(
                mechanism,
                fits=lambda initial: len(format_command(Auth(name, initial))) <= AUTH_LINE_OCTETS,
                begin=lambda initial: self._say(Auth(name, initial)),
                respond=lambda octets: self._say(AuthResponse(octets)),
                challenge=lambda each: challenge_of(each) if each.code == 334 else None,
            )
            self._check(answer, Auth(name), code=235)
            mechanism.finished(None)

    # -- sending ------------------------------------------------------------------------------

    async def send_message(
        self, sender: str, recipients: Sequence[str], octets: bytes, *, chunking: bool = False
    ) -> tuple[Result, ...]:
        """Send a message. As ``send``, with addresses as text.

        Args:
            sender: the reverse path; empty for the null path.

        Raises:
            ValueError: a text is no address.
        """
        addresses = [_address(text) for text in recipients]
        mail = Mail(_address(sender) if sender else None)
        return await self.send(mail, [Rcpt(a) for a in addresses], octets, chunking=chunking)

    async def send(
        self,
        mail: Mail,
        recipients: Sequence[Rcpt],
        body: bytes | AsyncIterable[bytes],
        *,
        chunking: bool = False,
    ) -> tuple[Result, ...]:
        """Send a message.

        SIZE, 8BITMIME and SMTPUTF8 are said where the server offers them and the message needs
        them; parameters for DSN only where it offers that (RFC 3461, 5.2.1).

        Args:
            mail: the sender; for a stream also its ``size`` if known, and ``body="8BITMIME"``
                if it may hold 8-bit octets.
            recipients: at least one.
            body: the message; line ends other than CRLF are made CRLF.
            chunking: whether to use BDAT where it is offered.

        Returns:
            What became of it for each recipient, in their order. A refusal is a result and no
            exception; the session can be used on, but after 421.

        Raises:
            ClientError: the connection is of no use any more; whether the message was taken is
                not known.
        """
        mail, refusal = self._fit(mail, recipients, body)
        if refusal is not None:
            return tuple(Result(each.recipient, refusal) for each in recipients)
        if "DSN" not in self.extensions:
            mail = replace(mail, others=_without_dsn(mail.others))
            recipients = [replace(each, others=_without_dsn(each.others)) for each in recipients]
        by_chunks = chunking and "CHUNKING" in self.extensions
        answers, go_ahead = await self._envelope(mail, recipients, data=not by_chunks)
        taken = [each for each, answer in zip(recipients, answers, strict=True) if answer.positive]
        if by_chunks:
            finals = await self._chunks(body, len(taken)) if taken else []
        elif go_ahead.code == 354:
            finals = await self._content(body if taken else b"", len(taken))
        else:
            finals = [go_ahead] * len(taken)
        if (by_chunks and not taken) or (not by_chunks and go_ahead.code != 354):
            await self._reset()
        final = iter(finals)
        return tuple(
            Result(each.recipient, next(final) if answer.positive else answer)
            for each, answer in zip(recipients, answers, strict=True)
        )

    def _fit(
        self, mail: Mail, recipients: Sequence[Rcpt], body: bytes | AsyncIterable[bytes]
    ) -> tuple[Mail, Reply | None]:
        """Return MAIL as the server wants to know it; or why the message cannot be sent at all."""
        offered = self.extensions
        size, kind = mail.size, mail.body
        if isinstance(body, bytes):
            size = len(body)
            if not kind and not body.isascii():
                kind = "8BITMIME"
        addresses = [mail.sender, *(each.recipient for each in recipients)]
        utf8 = mail.utf8 or any(a is not None and not a.ascii for a in addresses)
        if utf8 and "SMTPUTF8" not in offered:
            return mail, NEEDS_UTF8
        if kind == "8BITMIME" and "8BITMIME" not in offered:
            return mail, NEEDS_8BIT
        limit = offered.get("SIZE", "")
        if size is not None and limit.isascii() and limit.isdigit() and 0 < int(limit[:20]) < size:
            return mail, TOO_BIG
        said = size if "SIZE" in offered else None
        return replace(mail, size=said, body=kind, utf8=utf8), None

    async def _envelope(
        self, mail: Mail, recipients: Sequence[Rcpt], *, data: bool
    ) -> tuple[list[Reply], Reply]:
        """Say MAIL, RCPT for each and DATA; return the replies to the recipients and to DATA."""
        said: list[Command] = [mail, *recipients]
        if data:
            said.append(commands.Data())
        if "PIPELINING" not in self.extensions:
            return await self._envelope_in_steps(mail, recipients, data=data)
        self.writer.write(b"".join([self.dialog.send(each) for each in said]))
        first = await self._answer()
        answers = [await self._answer() for _ in recipients]
        if not first.positive:
            answers = [first] * len(answers)  # what is said to them is but that
        return answers, await self._answer() if data else first

    async def _envelope_in_steps(
        self, mail: Mail, recipients: Sequence[Rcpt], *, data: bool
    ) -> tuple[list[Reply], Reply]:
        first = await self._say(mail)
        if not first.positive:
            return [first] * len(recipients), first
        answers = [await self._say(each) for each in recipients]
        if not data or not any(answer.positive for answer in answers):
            return answers, first
        return answers, await self._say(commands.Data())

    async def _content(self, body: bytes | AsyncIterable[bytes], count: int) -> list[Reply]:
        """Send the message after 354, and hear what is said to its end.

        Where no recipient was taken there is only an end to send (RFC 2920, 3.1).
        """
        try:
            await self.writer.write_body(self._coded(body))
            self._end(EndOfBody(), count)
        except ConnectionDone:
            pass  # the server may have said why
        except BaseException:
            self.abort()  # a message cut short must not look like a whole one
            raise
        return await self._finals(count)

    def _end(self, said: EndOfBody | commands.Bdat, count: int) -> None:
        """End the message; LMTP answers that once for each recipient taken."""
        self.say(said)
        for _ in range(count - 1 if self.lmtp else 0):
            self.dialog.expect(said)

    async def _finals(self, count: int) -> list[Reply]:
        """Return a reply for each recipient taken: LMTP has so many, SMTP one for all."""
        if not self.lmtp:
            return [await self._answer(seconds=END_SECONDS)] * count
        return [await self._answer(seconds=END_SECONDS) for _ in range(max(count, 1))]

    async def _coded(self, body: bytes | AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        async for octets in pieces(body):
            yield self.dialog.send(BodyChunk(octets))

    async def _chunks(self, body: bytes | AsyncIterable[bytes], count: int) -> list[Reply]:
        """Send the message with BDAT; return a reply for each recipient."""
        try:
            held = b""
            async for octets in pieces(body):
                octets, held = canonical_lines(held + octets)
                if octets:
                    refusal = await self._chunk(octets)
                    if refusal is not None:
                        return [refusal] * count
            if held:
                refusal = await self._chunk(CRLF)
                if refusal is not None:
                    return [refusal] * count
        except BaseException:
            self.abort()
            raise
        self._end(commands.Bdat(0, last=True), count)
        return await self._finals(count)

    async def _chunk(self, octets: bytes) -> Reply | None:
        self.say(commands.Bdat(len(octets)))
        self.writer.write(self.dialog.send(BodyChunk(octets)))
        await self.writer.writable()
        answer = await self._answer()
        if answer.positive:
            return None
        await self._reset()
        return answer

    async def _reset(self) -> None:
        if not self._leaving:
            await self._say(commands.Rset())

    # -- other commands -----------------------------------------------------------------------

    async def noop(self) -> None:
        """See whether the server is still there. Raises Refusal."""
        await self._ask(commands.Noop())

    async def quit(self) -> None:
        """End the session; a server that is gone already is no error."""
        with contextlib.suppress(errors.ConnectionLost):
            await self._say(commands.Quit())
        await self.closed()

    # -- saying and hearing -------------------------------------------------------------------

    def _check(self, answer: Reply, command: Command | None = None, *, code: int = 0) -> None:
        """Raise Refusal for an answer that says no; where only one *code* is to go on with,
        ProtocolViolation for another."""
        if not answer.positive:
            raise self.with_conversation(refusal(answer, command))
        if code and answer.code != code:
            raise self.violated(f"{answer.code} for {code}")

    async def _ask(self, command: Command, *, code: int = 0) -> None:
        self._check(await self._say(command), command, code=code)

    async def _say(self, command: Command) -> Reply:
        if self._leaving is not None:
            return self._leaving
        self.say(command)
        return await self._answer()

    async def _answer(self, *, seconds: float | None = None) -> Reply:
        """Return the next reply; after 421 there is no other (RFC 5321, 3.8)."""
        if self._leaving is not None:
            return self._leaving
        answer = answer_of(await self.receive(seconds=seconds))
        if answer.code == 421:
            self._leaving = answer
        return answer


def _address(text: str) -> Address:
    address = parse_address(text)
    if address is None:
        raise ValueError(f"no address: {text!r}")
    return address


def _without_dsn(others: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in others if pair[0] not in _DSN)


async def connect(
    endpoint: IStreamClientEndpoint,
    *,
    clock: IReactorTime,
    helo: str,
    tls_context: tls.ClientContext | None = None,
    implicit: bool = False,
    lmtp: bool = False,
    timeouts: ClientTimeouts | None = None,
) -> SMTPClient:
    """Connect and greet: see ``connect_and_begin``. TLS from the first octet is for port 465."""
    return await connect_and_begin(
        endpoint,
        lambda: SMTPClient(clock, helo=helo, lmtp=lmtp, timeouts=timeouts),
        upgrade=SMTPClient.starttls,
        tls_context=tls_context,
        implicit=implicit,
    )
