"""One message on its way in: its envelope, its content as it comes, and why it is refused."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from functools import partial
from typing import Final

from twisted.internet.defer import ensureDeferred
from twisted.logger import Logger

from netsuite.accounts.interfaces import Receiver, Recipient
from netsuite.message.address import Address
from netsuite.message.build import address_field, return_path
from netsuite.message.words import fold
from netsuite.smtp import replies
from netsuite.smtp.commands import Mail, Reply
from netsuite.smtp.dialog import canonical_lines
from netsuite.smtp.header_rewriter import Incoming
from netsuite.smtp.settings import Mode, Settings
from netsuite.store.interfaces import Draft
from netsuite.wire.dates import format_message_date
from netsuite.wire.errors import RemoteProtocolError
from netsuite.wire.reader import CRLF

#: What a chunk may announce beyond the largest message and still be read to its end. RFC 3030, 2
#: has a refused chunk read; to read a thousand gigabytes for that is no service to anybody.
SWALLOWED_OCTETS: Final = 64 * 1024 * 1024


class MailTransaction:
    """A message being received.

    Once it is refused, what still comes of it is dropped, and its end is answered with the
    refusal: so the connection always knows where the next command begins.

    Args:
        mail: what MAIL said.
        settings: of the service.
        receiver: who takes the message.
    """

    log = Logger()

    __slots__ = (
        "_draft",
        "_held",
        "_incoming",
        "_octets",
        "_receiver",
        "_seen",
        "_settings",
        "mail",
        "recipients",
        "refusal",
        "said",
    )

    def __init__(self, mail: Mail, settings: Settings, receiver: Receiver) -> None:
        self.mail = mail
        #: Addresses as RCPT said them, each time it did.
        self.said: list[Address] = []
        #: Where it goes; the same address once.
        self.recipients: list[Recipient] = []
        self.refusal: Reply | None = None
        self._settings = settings
        self._receiver = receiver
        self._seen: set[str] = set()
        self._draft: Draft | None = None
        self._incoming: Incoming | None = None
        self._octets = 0
        self._held = b""  # a CR whose LF may follow, where line ends are mended

    @property
    def begun(self) -> bool:
        """Whether some of the content has been announced."""
        return self._incoming is not None

    @property
    def octets(self) -> int:
        """How many octets of the content have come."""
        return self._octets

    @property
    def sender(self) -> str:
        """The reverse path, empty for the null path."""
        return str(self.mail.sender) if self.mail.sender is not None else ""

    def add(self, address: Address, recipient: Recipient) -> None:
        """Add a recipient that was resolved."""
        self.said.append(address)
        if recipient.address not in self._seen:
            self._seen.add(recipient.address)
            self.recipients.append(recipient)

    def begin(self, stamp: bytes, *, date: datetime, identifier: str) -> None:
        """Begin the content.

        Args:
            stamp: the Received field.
            date: for a Date field that lacks in a submitted message.
            identifier: for a Message-ID likewise.
        """
        for recipient in self.recipients:
            if recipient.onward:
                break
        else:  # Return-Path belongs to the final delivery (RFC 5321, 4.4), nowhere else
            stamp = return_path(self.sender) + stamp
        completion = None
        if self._settings.mode is Mode.SUBMISSION:
            completion = partial(self._completion, date=date, identifier=identifier)
        self._incoming = Incoming(stamp, completion)
        self._draft = self._receiver.draft(self.mail.size)

    def _completion(self, names: frozenset[bytes], *, date: datetime, identifier: str) -> bytes:
        """Print what a submitted message lacks (RFC 6409, 8)."""
        added: list[bytes] = []
        if b"date" not in names:
            added.append(fold(b"Date", format_message_date(date)))
        if b"message-id" not in names:
            message_id = f"<{identifier}@{self._settings.host}>"
            added.append(fold(b"Message-ID", message_id.encode("ascii", "replace")))
        if b"from" not in names and self.sender:
            added.append(address_field("From", [("", self.sender)]))
        return b"".join(added)

    def announce(self, octets: int) -> None:
        """Judge a chunk by its size, before it comes.

        Raises:
            RemoteProtocolError: it is so large that it will not even be read.
        """
        limit = self._settings.size_octets
        if octets > limit + SWALLOWED_OCTETS:
            raise RemoteProtocolError("a chunk beyond all limits", replies.TOO_BIG, close=True)
        if self._octets + octets > limit:
            self.refuse(replies.TOO_BIG)

    def take(self, octets: bytes, *, bare_line_end: bool) -> Awaitable[None] | None:
        """Take some of the content; give what to await before more is taken.

        Args:
            octets: of it.
            bare_line_end: whether CR or LF stood alone in what has come so far, these included.
        """
        if self.refusal is not None:
            return None
        incoming, draft = self._incoming, self._draft
        assert incoming is not None
        assert draft is not None
        self._octets += len(octets)
        if self._octets > self._settings.size_octets:
            self.refuse(replies.TOO_BIG)
            return None
        # Each octet has been looked at for that, and most messages have none.
        if self._settings.mend_line_ends and (
            bare_line_end or self._held or octets.endswith(b"\r")
        ):
            octets, self._held = canonical_lines(self._held + octets)
        octets = incoming.feed(octets)
        if not octets:
            if incoming.too_large:
                self.refuse(replies.HEADER_TOO_BIG)
            return None
        if incoming.hops > self._settings.hops:
            self.refuse(replies.LOOP)
            return None
        try:
            work = draft.write(octets)
        except replies.EXPECTED as error:
            self.refuse(replies.for_error(error, replies.AT_END))
            return None
        return None if work is None else self._written(work)

    async def _written(self, work: Awaitable[None]) -> None:
        try:
            await work
        except replies.EXPECTED as error:
            self.refuse(replies.for_error(error, replies.AT_END))

    def refuse(self, refusal: Reply) -> None:
        """Drop what has come and what will; the first reason is the one that counts."""
        if self.refusal is None:
            self.refusal = refusal
            self.abort()

    async def finish(self, account: str | None, *, bare_line_end: bool) -> Reply:
        """Deliver it, durably, to all or to none; give the answer.

        Args:
            bare_line_end: whether CR or LF stood alone in it.
            account: who submitted it, None without a login.
        """
        if bare_line_end and not self._settings.mend_line_ends:
            self.refuse(replies.BARE_LINE_END)
        if self.refusal is not None:
            return self.refusal
        incoming, draft = self._incoming, self._draft
        assert incoming is not None
        assert draft is not None
        try:
            octets = (incoming.feed(CRLF) if self._held else b"") + incoming.finish()
            if incoming.hops > self._settings.hops:
                return replies.LOOP
            if octets:
                work = draft.write(octets)
                if work is not None:
                    await work
            await self._receiver.deliver(draft, self.recipients, self.sender, account)
        except replies.EXPECTED as error:
            return replies.for_error(error, replies.AT_END)
        self._draft = None  # it has been committed
        return replies.DELIVERED

    def abort(self) -> None:
        """Throw the content away, unless it has been delivered; may be called twice."""
        draft, self._draft = self._draft, None
        if draft is not None:
            aborting = ensureDeferred(draft.abort())
            aborting.addErrback(lambda failure: self.log.failure("aborting a draft", failure))
