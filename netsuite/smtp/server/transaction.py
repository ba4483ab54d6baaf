"""The mail transaction: its envelope, its content as it comes, and why it is refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from twisted.internet.defer import ensureDeferred
from twisted.logger import Logger

from netsuite.accounts.interfaces import DeliverBy, Delivery, Recipient, Rejected
from netsuite.message.address import Address
from netsuite.message.build import return_path
from netsuite.message.repair import BinaryRepair
from netsuite.smtp import replies
from netsuite.smtp.commands import Mail, Reply
from netsuite.smtp.dialog import canonical_lines
from netsuite.smtp.header_rewriter import HeaderRewriter
from netsuite.smtp.parameters import report_request
from netsuite.smtp.policy.chain import Judgement
from netsuite.smtp.policy.content import Spool, marked_header
from netsuite.smtp.policy.interface import Tag
from netsuite.smtp.settings import Settings
from netsuite.store.errors import OverQuota
from netsuite.store.interfaces import Draft
from netsuite.store.outgoing import Envelope
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError
from netsuite.wire.reader import CRLF

#: What a chunk may announce beyond the largest message and still be read to its end. RFC 3030, 2
#: has a refused chunk read; to read a thousand gigabytes for that is no service to anybody.
SWALLOWED_OCTETS: Final = 64 * 1024 * 1024


class MailTransaction:
    """A message being received (RFC 5321, 3.3).

    Once it is refused, what still comes of it is dropped, and its end is answered with the
    refusal: so the connection always knows where the next command begins.

    Args:
        each: whether each recipient has a fate of its own (RFC 2033, 4.2).
        not_before: when it leaves (RFC 4865); None for at once.
        deliver_by: by when it has to have arrived (RFC 2852); None for not said.
    """

    log = Logger()

    __slots__ = (
        "_addresses",
        "_delivery",
        "_draft",
        "_each",
        "_held",
        "_refused",
        "_repair",
        "_rewriter",
        "_seen",
        "_settings",
        "_spool",
        "deliver_by",
        "mail",
        "not_before",
        "octets",
        "recipients",
        "refusal",
        "said",
        "tags",
    )

    def __init__(
        self,
        mail: Mail,
        settings: Settings,
        delivery: Delivery,
        *,
        each: bool = False,
        not_before: datetime | None = None,
        deliver_by: DeliverBy | None = None,
    ) -> None:
        self.mail = mail
        self.not_before = not_before
        self.deliver_by = deliver_by
        #: How many of the content have come.
        self.octets = 0
        #: Addresses as RCPT said them, each time it did.
        self.said: list[Address] = []
        #: Where it goes; the same address once.
        self.recipients: list[Recipient] = []
        self.refusal: Reply | None = None
        #: What policies have said of it.
        self.tags: list[Tag] = []
        self._settings = settings
        self._delivery = delivery
        self._each = each
        self._addresses: list[str] = []  # of the recipients that ``said`` stands for
        self._refused: Mapping[str, Exception] = {}
        self._seen: set[str] = set()
        self._draft: Draft | None = None
        self._spool: Spool | None = None  # in place of the draft, while it is judged
        self._rewriter: HeaderRewriter | None = None
        self._held = b""  # a CR whose LF may follow, where line ends are mended
        # What is kept has to fit every door; policies judge the message as it came.
        self._repair = None if self.wants_lines else BinaryRepair()

    @property
    def begun(self) -> bool:
        """Whether some of the content has been announced."""
        return self._rewriter is not None

    @property
    def sender(self) -> str:
        """The reverse path, empty for the null path."""
        return str(self.mail.sender) if self.mail.sender is not None else ""

    @property
    def addresses(self) -> Collection[str]:
        """The recipients' addresses."""
        return self._seen

    @property
    def wants_lines(self) -> bool:
        """Whether CR and LF can only be line ends in it, as everywhere but in what is binary (RFC
        3030, 3)."""
        return self.mail.body != "BINARYMIME"

    def _mends(self) -> bool:
        return self._settings.mend_line_ends and self.wants_lines

    def add(self, address: Address, recipient: Recipient) -> None:
        """Add a recipient that was resolved."""
        self.said.append(address)
        self._addresses.append(recipient.address)
        if recipient.address not in self._seen:
            self._seen.add(recipient.address)
            self.recipients.append(recipient)

    def begin(
        self,
        stamp: bytes,
        completion: Callable[[bytes], bytes] | None = None,
        *,
        spool: Callable[[int], Spool] | None = None,
    ) -> None:
        """Begin the content.

        Args:
            stamp: the Received field.
            completion: what is done to a submitted message's header; see ``HeaderRewriter``.
            spool: returns where it is kept until it is judged; None where it is not.
        """
        # For the mailboxes here; whoever carries it on leaves Return-Path out (RFC 5321, 4.4).
        stamp = return_path(self.sender) + stamp
        self._rewriter = HeaderRewriter(stamp, completion)
        if spool is None:
            self._draft = self._delivery.draft(self.mail.size)
        else:
            self._draft = self._spool = spool(len(stamp))

    def announce(self, octets: int) -> None:
        """Check the size of a chunk, before it comes. Raises RemoteProtocolError for one so large
        that it will not even be read."""
        limit = self._settings.largest_octets
        if octets > limit + SWALLOWED_OCTETS:
            raise RemoteProtocolError("a chunk beyond all limits", replies.TOO_BIG, close=True)
        if self.octets + octets > limit:
            self.refuse(replies.TOO_BIG)

    def _content(self) -> tuple[HeaderRewriter, Draft]:
        if self._rewriter is None or self._draft is None:
            raise LocalProtocolError("no content has begun")
        return self._rewriter, self._draft

    async def take(self, octets: bytes, *, bare_line_end: bool) -> None:
        """Accept some of the content.

        Args:
            octets: of it.
            bare_line_end: whether CR or LF stood alone in what has come so far, these included.
        """
        if self.refusal is not None:
            return
        rewriter, draft = self._content()
        settings = self._settings
        self.octets += len(octets)
        if self.octets > settings.largest_octets:
            self.refuse(replies.TOO_BIG)
            return
        # Each octet has been looked at for that, and most messages have none.
        if (bare_line_end or self._held or octets.endswith(b"\r")) and self._mends():
            octets, self._held = canonical_lines(self._held + octets)
        try:
            octets = rewriter.feed(octets)
            if not octets:
                if rewriter.too_large:
                    self.refuse(replies.HEADER_TOO_BIG)
                return
            if rewriter.hops > settings.hops:
                self.refuse(replies.LOOP)
                return
            await self._write(draft, octets)
        except Exception as error:
            self.refuse(self._refusal(error))

    async def _write(self, draft: Draft, octets: bytes) -> None:
        """Write some of the content: into a spool as it came, into the store made fit for it."""
        if self._repair is not None and draft is not self._spool:
            octets = self._repair.feed(octets)
        work = draft.write(octets) if octets else None
        if work is not None:
            await work

    def refuse(self, refusal: Reply) -> None:
        """Drop what has come and what will; the first reason is the one that counts."""
        if self.refusal is None:
            self.refusal = refusal
            self.abort()

    async def finish(
        self,
        account: str | None,
        *,
        bare_line_end: bool,
        judge: Callable[[Spool], Awaitable[Judgement]],
    ) -> Reply:
        """Deliver it, durably, to all or to none; return the answer.

        Args:
            account: who submitted it, None without a login.
            bare_line_end: whether CR or LF stood alone in it.
            judge: asks the policies, where any of them judges messages.
        """
        if bare_line_end and self.wants_lines and not self._settings.mend_line_ends:
            self.refusal = None  # whatever else is wrong with it: this one ends the session
            self.refuse(replies.BARE_LINE_END)
        if self.refusal is not None:
            return self.refusal
        rewriter, draft = self._content()
        try:
            octets = (rewriter.feed(CRLF) if self._held else b"") + rewriter.finish()
            if rewriter.hops > self._settings.hops:
                return replies.LOOP
            await self._write(draft, octets)
            if self._spool is not None:
                judgement = await judge(self._spool)
                if judgement.refusal is not None:
                    return judgement.refusal.reply
                draft = await self._marked(self._spool, judgement)
            if self._repair is not None:
                left = draft.write(self._repair.finish())
                if left is not None:
                    await left
            self._refused = await self._delivery.deliver(
                draft,
                self.recipients,
                self._envelope(),
                account=account,
                not_before=self.not_before,
                deliver_by=self.deliver_by,
                each=self._each,
            )
        except Exception as error:
            return self._refusal(error)
        self._draft = None  # it has been committed
        return replies.DELIVERED

    def _envelope(self) -> Envelope:
        mail = self.mail
        body = mail.body if self._repair is None else "8BITMIME"
        request = report_request(mail, self.deliver_by.by if self.deliver_by is not None else None)
        return Envelope(
            self.sender, body, mail.utf8, mail.require_tls, str(request), mail.envelope_id
        )

    def answers(self, answer: Reply) -> Sequence[Reply]:
        """Return what is said to each RCPT that was taken, where *answer* is that of the message
        (RFC 2033, 4.2)."""
        refused = {
            address: replies.rejected(why) if isinstance(why, Rejected) else replies.MAILBOX_FULL
            for address, why in self._refused.items()
        }
        return [refused.get(each, answer) for each in self._addresses]

    async def _marked(self, spool: Spool, judgement: Judgement) -> Draft:
        """Return a draft of a message that has been judged, with what was said of it."""
        draft = self._draft = self._delivery.draft(spool.octets)
        header, kept = marked_header(spool, judgement.tags), spool.kept
        await self._write(draft, header if kept is None else header + kept)
        if kept is None:
            try:
                async for piece in spool.body():
                    await self._write(draft, piece)
            finally:
                await spool.abort()
        return draft

    def abort(self) -> None:
        """Throw the content away, unless it has been delivered; may be called twice."""
        draft, self._draft = self._draft, None
        if draft is not None:
            aborting = ensureDeferred(draft.abort())
            aborting.addErrback(lambda failure: self.log.failure("aborting a draft", failure))

    def _refusal(self, error: Exception) -> Reply:
        """Return why a message is refused; a bug is raised again. A refusal does not go to the
        session's guard: it is kept to the message's end, logged, and said to each of LMTP's
        recipients."""
        if isinstance(error, Rejected):
            return replies.rejected(error)
        table = replies.AT_END
        if type(error) is OverQuota and self.octets <= (self.mail.size or 0):
            # Room for that much had been promised: it was taken since (RFC 1870, 6.3).
            table = replies.AT_RECIPIENT
        reply = table.find(error)
        if reply is None:
            raise error
        return reply
