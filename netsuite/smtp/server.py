"""The Twisted connection of an SMTP server: relay, submission and LMTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, cast

from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from netsuite.accounts.interfaces import (
    Authenticator,
    Challenged,
    Channel,
    Exchange,
    LoggedIn,
    LoginRefused,
    Receiver,
    Submitter,
)
from netsuite.connection.close_reason import CloseReason
from netsuite.connection.factory import ServerFactory
from netsuite.connection.linelog import LineLog
from netsuite.connection.protocol import DialogConnection
from netsuite.connection.settings import Limits, Timeouts
from netsuite.message.address import Address
from netsuite.message.build import received, received_from
from netsuite.smtp import replies
from netsuite.smtp.commands import (
    Auth,
    AuthResponse,
    Bdat,
    Challenge,
    Data,
    Ehlo,
    EndOfChunk,
    Expn,
    Helo,
    Help,
    Lhlo,
    Mail,
    Noop,
    Quit,
    Rcpt,
    Reply,
    Rset,
    StartTls,
    Vrfy,
    reply,
)
from netsuite.smtp.dialog import ServerDialog
from netsuite.smtp.messagelog import format_line
from netsuite.smtp.settings import Mode, Settings
from netsuite.smtp.transaction import MailTransaction
from netsuite.wire.dates import format_message_date
from netsuite.wire.events import BodyChunk, EndOfBody, EndOfInput, Event


# Longer than 300 lines: one method a command, all of them short, and together the protocol.
class SMTPServer(DialogConnection):
    """One SMTP session, the server's side. See RFC 5321.

    Args:
        factory: holds everything that sessions share.
        name: tells the connection apart in the log.
    """

    dialog: ServerDialog

    def __init__(self, factory: SMTPServerFactory, name: str = "") -> None:
        settings = factory.settings
        super().__init__(
            ServerDialog(lmtp=settings.mode is Mode.LMTP),
            factory.clock,
            timeouts=factory.timeouts,
            limits=factory.limits,
            name=name,
        )
        self.shared = factory
        self.settings = settings
        self.helo = ""
        self.extended = False
        self.submitter: Submitter | None = None
        self.account: str | None = None
        self.transaction: MailTransaction | None = None
        self._identifier = ""  # of the message that is coming
        self._origins: dict[str, bytes] = {}  # the first words of Received, by protocol

    # -- the session --------------------------------------------------------------------------

    def began(self) -> None:
        """Greet."""
        settings = self.settings
        word = "LMTP" if settings.mode is Mode.LMTP else "ESMTP"
        self.say(reply(220, "", f"{settings.host} {word} {settings.software}"))

    def ended(self, reason: Failure) -> None:
        """Throw away what had come of a message; nothing of it was acknowledged."""
        self._forget_transaction()

    def goodbye(self, cause: CloseReason) -> None:
        """Say 421 with the reason (RFC 5321, 3.8)."""
        self.dialog.pending = None
        self.say(replies.GOODBYE[cause])

    def failed(self, event: Event, failure: Failure) -> None:
        """Say that it is our fault and temporary; the session goes on."""
        if isinstance(event, BodyChunk):
            if self.transaction is not None:
                self.transaction.refuse(replies.BROKEN)
            return
        if self.dialog.pending is not None:
            login = isinstance(event, Auth)
            self.say(replies.LOGIN_BROKEN if login else replies.BROKEN)
        if isinstance(event, EndOfBody | EndOfChunk):
            self._forget_transaction()

    def reset_for_tls(self) -> None:
        """Forget everything said in the clear (RFC 3207, 4.2)."""
        self.dialog.forget()
        self._forget_transaction()
        self.helo, self.extended = "", False
        self._origins.clear()
        self.submitter = self.account = None

    def channel(self) -> Channel:
        """Give what the door is to know of this connection."""
        # "submission" is not "smtp" to an account's services
        return Channel.to(self.peer, protocol=self.shared.name, host=self.settings.host)

    def offers_auth(self) -> bool:
        """Whether AUTH can be said in this service at all."""
        mode = self.settings.mode
        return mode is Mode.SUBMISSION or (mode is Mode.RELAY and self.settings.offer_auth)

    def _ehlo(self, event: Ehlo | Lhlo) -> None:
        self._greeted(event.domain, extended=True)
        settings, peer = self.settings, self.peer
        lines = [
            f"{settings.host} greets {event.domain}",
            "PIPELINING",
            f"SIZE {settings.size_octets}",
        ]
        lines += ["8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING"]
        if not peer.secure and self.shared.tls is not None:
            lines.append("STARTTLS")
        if self.offers_auth() and self.submitter is None:
            mechanisms = self.shared.authenticator.mechanisms(self.channel())
            if mechanisms:
                lines.append(f"AUTH {' '.join(mechanisms)}")
        self.say(Reply(250, "", tuple(lines)))

    def _helo(self, event: Helo) -> None:
        self._greeted(event.domain, extended=False)
        self.say(reply(250, "", f"{self.settings.host} greets {event.domain}"))

    def _greeted(self, domain: str, *, extended: bool) -> None:
        self._forget_transaction()
        self.helo, self.extended = domain, extended
        self._origins.clear()

    def _rset(self, event: Rset) -> None:
        self._forget_transaction()
        self.say(replies.RESET)

    def _quit(self, event: Quit) -> None:
        self.say(replies.BYE)
        self.close()

    def _starttls(self, event: StartTls) -> None:
        if self.peer.secure:
            self.say(replies.TLS_ALREADY)
        elif self.shared.tls is None:
            self.say(replies.NO_TLS)
        else:
            self.say(replies.START_TLS)
            self.start_tls(self.shared.tls)

    # -- AUTH ---------------------------------------------------------------------------------

    def _auth(self, event: Auth) -> Awaitable[None] | None:
        refusal = self._auth_refusal()
        if refusal is not None:
            self.say(refusal)
            return None
        channel = self.channel()
        exchange = self.shared.authenticator.exchange(channel, event.mechanism, Submitter)
        if exchange is not None:
            return self._log_in(exchange, event.initial)
        # A mechanism with a clear password is offered under TLS only; say which it is.
        encrypt = not channel.secure and event.mechanism in ("PLAIN", "LOGIN")
        self.say(replies.ENCRYPT_FIRST if encrypt else replies.NO_MECHANISM)
        return None

    def _auth_refusal(self) -> Reply | None:
        if not self.offers_auth():
            return replies.NO_AUTH
        if self.submitter is not None:
            return replies.ALREADY_LOGGED_IN
        return None

    async def _log_in(self, exchange: Exchange, octets: bytes | None) -> None:
        try:
            while True:
                step = await exchange.respond(octets)
                if isinstance(step, Challenged):
                    octets = await self._challenge(step.octets)
                else:
                    break
                if octets is None:
                    self.say(replies.CANCELLED)
                    return
            # RFC 4954, 4: what comes with the success goes in a challenge of its own, which
            # the client answers with an empty line.
            if step.octets is not None and await self._challenge(step.octets) is None:
                self.say(replies.CANCELLED)
                return
        except LoginRefused as error:
            self.log.info("{name}: login refused: {reason}", name=self.name, reason=error.reason)
            self.say(replies.for_login(error))
            self.count_bad()
            return
        self._logged_in(step)

    def _logged_in(self, step: LoggedIn) -> None:
        self.submitter = cast(Submitter, step.avatar)
        self.account = step.name
        self.logged_in()
        self.say(replies.LOGGED_IN)

    async def _challenge(self, octets: bytes) -> bytes | None:
        self.say(Challenge(octets))
        event = await self.take()
        return event.octets if isinstance(event, AuthResponse) else None

    # -- envelope -----------------------------------------------------------------------------

    def _mail(self, event: Mail) -> None:
        refusal = self._mail_refusal(event)
        if refusal is None:
            self.transaction = MailTransaction(event, self.settings, self.shared.receiver)
            refusal = replies.SENDER_OK
        self.say(refusal)

    def _mail_refusal(self, event: Mail) -> Reply | None:
        settings, sender = self.settings, event.sender
        if settings.require_tls and not self.peer.secure and not self.peer.local:
            return replies.TLS_FIRST
        if settings.mode is Mode.SUBMISSION and self.submitter is None:
            return replies.LOG_IN_FIRST
        if event.others or (event.auth is not None and not self.offers_auth()):
            return replies.BAD_PARAMETER
        if event.body == "BINARYMIME":
            return replies.NO_BINARYMIME
        if event.size is not None and event.size > settings.size_octets:
            return replies.TOO_BIG
        if sender is not None:
            if not event.utf8 and not sender.ascii:
                return replies.UTF8_SENDER
            if self.submitter is not None and not self.submitter.may_send_as(str(sender)):
                return replies.NOT_YOUR_ADDRESS
        return None

    def _rcpt(self, event: Rcpt) -> Awaitable[None] | None:
        transaction = self.transaction
        assert transaction is not None
        refusal = None
        if event.others:
            refusal = replies.BAD_PARAMETER
        elif not event.recipient.ascii and not transaction.mail.utf8:
            refusal = replies.UTF8_SENDER
        elif len(transaction.said) >= self.settings.recipients:
            refusal = replies.TOO_MANY_RECIPIENTS
        if refusal is not None:
            self.say(refusal)
            return None
        address = event.recipient
        known = self.shared.receiver.resolve_now(address.local, address.domain)
        if known is None:
            return self._resolve(transaction, address)
        transaction.add(address, known)
        self.say(replies.RECIPIENT_OK)
        return None

    async def _resolve(self, transaction: MailTransaction, address: Address) -> None:
        try:
            recipient = await self.shared.receiver.resolve(address.local, address.domain)
        except replies.EXPECTED as error:
            refusal = replies.for_error(error, replies.AT_RECIPIENT)
            self._log_message(transaction, [address], refusal)
            self.say(refusal)
            if refusal.permanent:
                self.count_bad()  # whoever tries out names is shown the door
            return
        transaction.add(address, recipient)
        self.say(replies.RECIPIENT_OK)

    # -- content ------------------------------------------------------------------------------

    def _data(self, event: Data) -> None:
        self.say(replies.SEND_DATA)
        self._begin_content()

    def _bdat(self, event: Bdat) -> None:
        transaction = self._begin_content()
        transaction.announce(event.octets)

    def _begin_content(self) -> MailTransaction:
        transaction = self.transaction
        assert transaction is not None
        if not transaction.begun:
            date = self.shared.now()
            identifier = self._identifier = self.shared.identify()
            transaction.begin(
                self._stamp(transaction, self.shared.printed(date), identifier),
                date=date,
                identifier=identifier,
            )
        return transaction

    def _stamp(self, transaction: MailTransaction, date: bytes, identifier: str) -> bytes:
        word = self._protocol_word(transaction.mail.utf8)
        origin = self._origins.get(word)
        if origin is None:
            origin = self._origins[word] = self._origin(word)
        # More than one would tell each of the others (RFC 5321, 7.2).
        recipient = str(transaction.said[0]) if len(transaction.said) == 1 else ""
        return received(origin, identifier=identifier, date=date, recipient=recipient)

    def _origin(self, protocol: str) -> bytes:
        peer = self.peer
        return received_from(
            helo=self.helo,
            address=peer.address,
            by=self.settings.host,
            protocol=protocol,
            tls=f"{peer.tls_version} {peer.cipher}" if peer.secure else "",
        )

    def _protocol_word(self, utf8: bool) -> str:
        """Give the ``with`` word (RFC 3848; RFC 6531, 4.3)."""
        if self.settings.mode is Mode.LMTP:
            word = "UTF8LMTP" if utf8 else "LMTP"
        elif utf8:
            word = "UTF8SMTP"
        else:
            word = "ESMTP" if self.extended else "SMTP"
        if word == "SMTP":
            return word
        return word + ("S" if self.peer.secure else "") + ("A" if self.account is not None else "")

    def _chunk(self, event: BodyChunk) -> Awaitable[None] | None:
        assert self.transaction is not None
        return self.transaction.take(event.octets, bare_line_end=self.dialog.met_bare_line_end)

    def _end_of_chunk(self, event: EndOfChunk) -> None:
        transaction = self.transaction
        assert transaction is not None
        if transaction.refusal is not None:
            self._forget_transaction()
        self.say(transaction.refusal or replies.CHUNK_OK)

    def _end_of_body(self, event: EndOfBody) -> Awaitable[Reply]:
        assert self.transaction is not None
        return self._deliver(self.transaction)

    async def _deliver(self, transaction: MailTransaction) -> Reply:
        bare_line_end = self.dialog.bare_line_end
        answer = await transaction.finish(self.account, bare_line_end=bare_line_end)
        self._log_message(transaction, transaction.said, answer)
        self._forget_transaction()
        if self.settings.mode is Mode.LMTP:
            # One reply a recipient, all the same: it is delivered to all or to none.
            for _ in transaction.said[1:]:
                self.write(self.dialog.send_one(answer))
        return answer

    def _log_message(
        self, transaction: MailTransaction, said: Sequence[Address], answer: Reply
    ) -> None:
        log = self.shared.line_log
        if log is not None:
            log.add(
                format_line,
                self.name,
                self.peer.address,
                self.account,
                self._identifier if transaction.begun else "",
                transaction.sender,
                said,
                transaction.octets,
                answer,
            )

    def _forget_transaction(self) -> None:
        transaction, self.transaction = self.transaction, None
        if transaction is not None:
            transaction.abort()

    def _end_of_input(self, event: EndOfInput) -> None:
        self.close()

    answers: ClassVar[Mapping[type, Callable[[Any, Any], Awaitable[Any] | None]]] = {
        Ehlo: _ehlo,
        Lhlo: _ehlo,
        Helo: _helo,
        Mail: _mail,
        Rcpt: _rcpt,
        Data: _data,
        Bdat: _bdat,
        BodyChunk: _chunk,
        EndOfBody: _end_of_body,
        EndOfChunk: _end_of_chunk,
        Rset: _rset,
        Noop: lambda self, event: self.say(replies.OK),
        Vrfy: lambda self, event: self.say(replies.TRY_IT),
        Expn: lambda self, event: self.say(replies.NO_LISTS),
        Help: lambda self, event: self.say(replies.HELP),
        Quit: _quit,
        StartTls: _starttls,
        Auth: _auth,
        EndOfInput: _end_of_input,
    }


class SMTPServerFactory(ServerFactory):
    """Makes the connections of one SMTP service.

    Args:
        settings: of the service.
        authenticator: where submitters log in.
        receiver: who resolves recipients and takes messages.
        clock: for all timeouts.
        now: the time for trace fields, aware.
        identify: gives a new identifier for each message: letters and digits.
        timeouts: how long a peer may take.
        limits: how much it may.
        tls: what STARTTLS is begun with; None where there is no TLS.
        transcript: makes a connection's transcript from its name.
        message_log: of lines as ``messagelog.format_line`` gives them; None for none.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        authenticator: Authenticator,
        receiver: Receiver,
        clock: IReactorTime,
        now: Callable[[], datetime],
        identify: Callable[[], str],
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
        tls: Any = None,
        transcript: Callable[[str], Any] | None = None,
        message_log: LineLog | None = None,
    ) -> None:
        super().__init__(
            lambda factory, name: SMTPServer(self, name),
            clock,
            name=settings.mode.name.lower() if settings.mode is not Mode.RELAY else "smtp",
            timeouts=timeouts,
            limits=limits,
            tls=tls,
            transcript=transcript,
            line_log=message_log,
        )
        self.settings = settings
        self.authenticator = authenticator
        self.receiver = receiver
        self.now = now
        self.identify = identify
        self._printed: tuple[datetime | None, bytes] = (None, b"")

    def printed(self, date: datetime) -> bytes:
        """Print the date of a trace field; one that is given again is not printed again."""
        last, octets = self._printed
        if last is not date:
            octets = format_message_date(date)
            self._printed = (date, octets)
        return octets
