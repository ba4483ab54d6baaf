"""One SMTP session: what it knows, what it says, how it ends."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from twisted.python.failure import Failure

from netsuite.accounts.interfaces import Authenticator, Channel, DeliverBy, LoggedIn, Submitter
from netsuite.connection.deadlines import CloseReason
from netsuite.connection.server import ServerConnection
from netsuite.message.address import Address
from netsuite.message.build import received, received_from
from netsuite.sasl.lines import Auth, AuthResponse, Challenge
from netsuite.smtp import replies
from netsuite.smtp.commands import EndOfChunk, Mail, Reply, reply
from netsuite.smtp.dialog import ServerDialog, ServerEvent, ServerSaid
from netsuite.smtp.messagelog import LINE
from netsuite.smtp.policy.chain import ACCEPTED, Judgement
from netsuite.smtp.policy.content import Spool
from netsuite.smtp.policy.interface import Client, Facts, NoNames, Refusal, Stage, Tag
from netsuite.smtp.server.shared import Shared
from netsuite.smtp.server.transaction import MailTransaction
from netsuite.smtp.settings import Mode
from netsuite.smtp.submission import Completion
from netsuite.wire.dates import format_message_date
from netsuite.wire.errors import LocalProtocolError
from netsuite.wire.events import BodyChunk, EndOfBody

#: The same second stands in many trace fields.
_printed: Final = lru_cache(maxsize=8)(format_message_date)


class Session(ServerConnection[ServerEvent, ServerSaid]):
    """One SMTP session, the server's side. See RFC 5321."""

    dialog: ServerDialog
    shared: Shared
    errors = replies.ERRORS

    def __init__(self, shared: Shared, name: str = "") -> None:
        super().__init__(
            ServerDialog(lmtp=shared.mode is Mode.LMTP, submission=shared.mode is Mode.SUBMISSION),
            shared,
            name,
        )
        self.helo = ""
        self.extended = False
        #: Who has logged in.
        self.submitter: Submitter | None = None
        #: How often MAIL was said.
        self.messages = 0
        self._client: Client | None = None  # as policies are told of it
        self._tags: dict[Stage, Sequence[Tag]] = {}  # what policies have said before RCPT
        #: A policy has asked for the end of the connection.
        self.leaves = False
        self._transaction: MailTransaction | None = None
        self._identifier = ""  # of the message that is coming
        self._origins: dict[str, bytes] = {}  # the first words of Received, by protocol

    def began(self) -> None:
        """Greet."""
        policies = self.shared.policies
        if policies is not None and policies.hears(Stage.CONNECTION):
            self.answer_first(self._greeting_or_refusal())
        else:
            self.say(self._greeting())

    def _greeting(self) -> Reply:
        shared = self.shared
        word = "LMTP" if shared.mode is Mode.LMTP else "ESMTP"
        return reply(220, "", f"{shared.host} {word} {shared.software}")

    async def _greeting_or_refusal(self) -> Reply | None:
        refusal = await self.judge(Stage.CONNECTION)
        if refusal is None:
            return self._greeting()
        self.say(refusal.reply)  # RFC 5321, 3.1; whom nobody serves need not stay to say QUIT
        self.close()
        return None

    def ended(self, reason: Failure) -> None:
        """Throw away what had come of a message; nothing of it was acknowledged."""
        self.forget_transaction()

    def goodbye(self, reason: CloseReason) -> None:
        """Say 421 with the reason (RFC 5321, 3.8)."""
        if reason is CloseReason.IDLE and self.dialog.within_body:
            reason = CloseReason.SLOW_BODY  # no command is what is waited for
        reply = replies.GOODBYE.get(reason)
        if reply is not None:
            self.dialog.pending = None
            self.say(reply)

    def failed(self, event: ServerEvent | None, failure: Failure) -> None:
        """Say that it is our fault and temporary; the session goes on."""
        if isinstance(event, BodyChunk):
            self.transaction.refuse(replies.BROKEN)
            return
        if self.dialog.pending is not None:
            transaction = self._transaction
            if isinstance(event, EndOfBody) and transaction and self.shared.mode is Mode.LMTP:
                self.say(self.say_first(transaction.answers(replies.BROKEN)))
            else:
                self.say(replies.LOGIN_BROKEN if isinstance(event, Auth) else replies.BROKEN)
        if isinstance(event, EndOfBody | EndOfChunk):
            self.forget_transaction()

    def reset_for_tls(self) -> None:
        """Forget everything said in the clear (RFC 3207, 4.2)."""
        self.dialog.forget()
        self.greeted("", extended=False)
        self.submitter = None
        self.logged_out()

    # -- who is there --------------------------------------------------------------------------

    def channel(self) -> Channel:
        """Return over what the user logs in."""
        # "submission" is not "smtp" to an account's services
        return Channel.to(self.peer, protocol=self.shared.mode.value, host=self.shared.host)

    @property
    def authenticator(self) -> Authenticator | None:
        """Where accounts log in; None where AUTH cannot be said in this service at all."""
        shared = self.shared
        offered = shared.mode is Mode.SUBMISSION or (
            shared.mode is Mode.RELAY and shared.settings.offer_auth
        )
        return shared.authenticator if offered else None

    def may_send_as(self, address: str) -> bool:
        """Return whether an address is one of who has logged in."""
        submitter, submission = self.submitter, self.shared.submission
        if submitter is None:
            return False
        if submitter.may_send_as(address):
            return True
        if submission is None:
            return False
        allowed = submission.addresses.get(submitter.name, ())
        lowered = address.lower()
        return any(
            lowered.endswith(each.lower()) if each.startswith("@") else lowered == each.lower()
            for each in allowed
        )

    @property
    def longest_hold(self) -> timedelta | None:
        """How long a message may be held (RFC 4865); None where none is."""
        shared = self.shared
        days = shared.submission.longest_hold_days if shared.submission is not None else 0
        return timedelta(days=days) if days and "FUTURERELEASE" in shared.extensions else None

    def greeted(self, domain: str, *, extended: bool) -> None:
        """Accept a greeting, EHLO where it is *extended*, which ends what went before (RFC 5321,
        4.1.4)."""
        self.forget_transaction()
        self.helo, self.extended = domain, extended
        self._origins.clear()

    async def challenge(self, octets: bytes) -> bytes | None:
        """Send a challenge; return the response, None for a cancellation."""
        self.say(Challenge(octets))
        event = await self.take()
        return event.octets if isinstance(event, AuthResponse) else None

    def enter(self, login: LoggedIn[Submitter]) -> Reply:
        """Accept that an account has logged in."""
        self.submitter = login.avatar
        self.logged_in(login)
        return replies.LOGGED_IN

    # -- policies ------------------------------------------------------------------------------

    def client(self) -> Client:
        """Return who is there, as policies are told."""
        known = self._client
        if (
            known is None
            or known.peer is not self.peer
            or known.helo != self.helo
            or (known.account or "") != self.account
        ):
            shared, policies = self.shared, self.shared.policies
            names = NoNames() if policies is None else policies.names(self.peer.address)
            known = self._client = Client(
                service=shared.mode.value,
                host=shared.host,
                peer=self.peer,
                names=names if known is None else known.names,
                helo=self.helo,
                account=self.account or None,
            )
        return known

    async def judge(self, stage: Stage, *, sender: str | None = None) -> Refusal | None:
        """Ask policies of the session, or of a sender; return who refuses. Marks of each stage are
        kept until it comes again."""
        policies = self.shared.policies
        if policies is None or not policies.hears(stage):
            return None
        judgement = await policies.judge(stage, Facts(self.client(), sender))
        if judgement.refusal is None:
            self._tags[stage] = judgement.tags
        return judgement.refusal

    async def judge_greeting(self, domain: str) -> Refusal | None:
        """Ask policies of what a client calls itself; return who refuses. Then all is as before
        (RFC 5321, 4.1.4), what has come of a message, too."""
        before, self.helo = self.helo, domain
        refusal = await self.judge(Stage.HELO)
        if refusal is not None:
            self.helo = before
        return refusal

    async def judge_recipient(self, address: Address) -> Judgement:
        """Ask policies of a recipient. Their marks are the message's if it is taken."""
        policies = self.shared.policies
        if policies is None or not policies.hears(Stage.RECIPIENT):
            return ACCEPTED
        return await policies.judge(Stage.RECIPIENT, self.facts(str(address)))

    def facts(self, recipient: str = "", message: Spool | None = None) -> Facts:
        """Return what is known of the message that is coming."""
        transaction = self.transaction
        return Facts(self.client(), transaction.sender, recipient, transaction.addresses, message)

    async def judge_message(self, message: Spool) -> Judgement:
        """Ask policies of a message that has come; where it is taken, its recipients are those
        that they say, and all marks are returned."""
        policies, transaction = self.shared.policies, self.transaction
        if policies is None:
            return ACCEPTED
        judgement = await policies.judge(Stage.MESSAGE, self.facts(message=message))
        before = itertools.chain.from_iterable(self._tags.values())
        tags = [*before, *transaction.tags, *judgement.tags]
        self.leaves = judgement.refusal is not None and judgement.refusal.close
        folders = [tag.folder for tag in tags if tag.folder]
        if folders and judgement.refusal is None:
            resolver = self.shared.resolver
            transaction.recipients = [
                await resolver.filed(each, folders[-1]) for each in transaction.recipients
            ]
        return Judgement(judgement.refusal, tags, judgement.rule)

    def refuse(self, refusal: Refusal) -> Reply | None:
        """Return what is to be said of a refusal; where the connection ends with it, say it."""
        if not refusal.close:
            return refusal.reply
        self.say(refusal.reply)
        self.close()
        return None

    # -- the message that is coming ------------------------------------------------------------

    @property
    def transaction(self) -> MailTransaction:
        """The transaction; the dialog lets nobody go on with one that has not begun."""
        if self._transaction is None:
            raise LocalProtocolError("no mail transaction has begun")
        return self._transaction

    def begin_transaction(
        self,
        mail: Mail,
        *,
        not_before: datetime | None = None,
        deliver_by: DeliverBy | None = None,
    ) -> None:
        """Begin a message from *mail*'s sender; see ``MailTransaction``."""
        shared = self.shared
        self._transaction = MailTransaction(
            mail,
            shared.settings,
            shared.delivery,
            each=shared.mode is Mode.LMTP,
            not_before=not_before,
            deliver_by=deliver_by,
        )

    def forget_transaction(self) -> None:
        """End the transaction; what was not delivered is thrown away."""
        transaction, self._transaction = self._transaction, None
        if transaction is not None:
            transaction.abort()

    def begin_content(self) -> MailTransaction:
        """Accept that content follows; the first time it gets its trace field."""
        transaction = self.transaction
        if not transaction.begun:
            date = self.shared.now()
            identifier = self._identifier = self.shared.identify()
            printed = _printed(date)
            stamp = self._stamp(transaction, printed, identifier)
            policies = self.shared.policies
            judged = policies is not None and (
                policies.hears(Stage.MESSAGE) or transaction.tags or any(self._tags.values())
            )
            transaction.begin(
                stamp,
                self._completion(transaction, printed, identifier),
                spool=policies.spool if policies is not None and judged else None,
            )
        return transaction

    def _completion(
        self, transaction: MailTransaction, date: bytes, identifier: str
    ) -> Completion | None:
        shared, submitter = self.shared, self.submitter
        if submitter is None:
            return None  # who has logged in submits, wherever that was
        return Completion(
            date,
            f"<{identifier}@{shared.host}>",
            transaction.sender or submitter.address,
            self.may_send_as,
            shared.submission.sender_field if shared.submission is not None else "add",
        )

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
            by=self.shared.host,
            protocol=protocol,
            tls=f"{peer.tls_version} {peer.cipher}" if peer.secure else "",
        )

    def _protocol_word(self, utf8: bool) -> str:
        """Return the ``with`` word (RFC 3848; RFC 6531, 4.3)."""
        if self.shared.mode is Mode.LMTP:
            word = "UTF8LMTP" if utf8 else "LMTP"
        elif utf8:
            word = "UTF8SMTP"
        else:
            word = "ESMTP" if self.extended else "SMTP"
        if word == "SMTP":
            return word
        return word + ("S" if self.peer.secure else "") + ("A" if self.account else "")

    def say_first(self, answers: Sequence[Reply]) -> Reply:
        """Say of several replies to one event, LMTP's, all but the last; return that."""
        for each in answers[:-1]:
            self.writer.write(self.dialog.send_one(each))
        return answers[-1]

    def log_message(
        self, transaction: MailTransaction, said: Sequence[Address], answer: Reply
    ) -> None:
        """Note in the message log what the client is told of a message, or of one recipient."""
        shared = self.shared
        if transaction.begun:
            outcome = "accepted" if answer.positive else "refused"
            shared.counts["netsuite_messages", shared.service, outcome] += 1
        else:
            shared.counts["netsuite_recipients_refused", shared.service] += 1
        log = shared.line_log
        if log is not None:
            log.add(
                LINE,
                self.name,
                self.peer.address,
                self.account or None,
                self._identifier if transaction.begun else "",
                transaction.sender,
                said,
                transaction.octets,
                answer,
            )
