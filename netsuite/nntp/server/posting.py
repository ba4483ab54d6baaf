"""POST: one article on its way in, from its first octet to the groups it is put into."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Final

from twisted.internet.defer import ensureDeferred
from twisted.logger import Logger

from netsuite.accounts.interfaces import NewsAccess, Newsgroup
from netsuite.message.news import HEADER_OCTETS
from netsuite.nntp import commands as c
from netsuite.nntp import replies
from netsuite.nntp.commands import Status
from netsuite.nntp.injection import ProtoArticle, Trace, Unfit, check, inject
from netsuite.store.errors import NoSuchFolder, StoreError
from netsuite.store.interfaces import Draft
from netsuite.wire.events import BodyChunk, EndOfBody

if TYPE_CHECKING:
    from netsuite.nntp.server.session import NNTPServer

_EMPTY_LINE: Final = b"\r\n\r\n"


def post(session: NNTPServer, event: c.Post) -> None:
    """POST. See RFC 3977, 6.3.1."""
    posting, access = session.settings.posting, session.access
    if posting == "none":
        session.say(replies.NO_POSTING)
    elif access is None or (posting == "login" and not access.name):
        session.say(replies.LOG_IN_FIRST)
    else:
        session.transfer = Transfer(session, access)
        session.say(Status(340, "Send the article; end it with a dot on a line of its own"))


def chunk(session: NNTPServer, event: BodyChunk) -> Awaitable[None] | None:
    """Take some octets of an article."""
    assert session.transfer is not None
    return session.transfer.take(event.octets)


async def end(session: NNTPServer, event: EndOfBody) -> None:
    """Take the article's end: 240 means that it is durable."""
    transfer, session.transfer = session.transfer, None
    assert transfer is not None
    try:
        status = await transfer.finish(bare_line_end=session.dialog.bare_line_end)
    finally:
        transfer.abort()  # nothing, if it was stored
    session.say(status)


class Transfer:
    """An article being received.

    Once it is refused, what still comes of it is dropped, and its end is answered with the
    refusal: so the connection always knows where the next command begins.

    Args:
        session: whose it is.
        access: of the poster.
    """

    log = Logger()

    def __init__(self, session: NNTPServer, access: NewsAccess) -> None:
        self._session = session
        self._access = access
        self._draft: Draft | None = None
        self._header: bytearray | None = bytearray()  # None when it has been judged
        self._octets = 0
        self._groups: Sequence[Newsgroup] = ()
        self._message_id = ""
        self._refusal: str = ""

    def take(self, octets: bytes) -> Awaitable[None] | None:
        """Take the next octets."""
        limit = self._session.settings.article_octets
        self._octets += len(octets)
        if self._refusal:
            return None
        if limit is not None and self._octets > limit:
            self._refuse("The article is too large")
            return None
        if self._header is None:
            return self._write(octets)
        header = self._header
        header += octets
        end = _end_of_header(header, len(header) - len(octets))
        if end is None:
            if len(header) > HEADER_OCTETS:
                self._refuse("The header is too large")
            return None
        self._header = None
        return self._judge(bytes(header[:end]), bytes(header[end:]))

    def _refuse(self, why: str) -> None:
        self._refusal = why
        self._header = None
        self.abort()

    def _write(self, octets: bytes) -> Awaitable[None] | None:
        if b"\0" in octets:
            self._refuse("There is a NUL in the article")
            return None
        assert self._draft is not None
        return self._draft.write(octets)

    async def _judge(self, header: bytes, rest: bytes) -> None:
        """Judge the header; begin to store the article with the one it gets."""
        settings, now = self._session.settings, self._session.now()
        try:
            proto = check(header.removesuffix(b"\r\n"), now=now, oldest=settings.oldest)
            self._groups = await self._groups_of(proto)
        except Unfit as error:
            self._refuse(str(error))
            return
        except StoreError:
            self._refuse(replies.POSTING_BROKEN.text)
            return
        trace = Trace(
            host=settings.host,
            now=now,
            message_id=f"<{self._session.shared.unique()}@{settings.host}>",
            account=self._access.name,
            source=self._session.peer.address if settings.tell_source else "",
            complaints=settings.complaints,
        )
        injected, self._message_id = inject(proto, trace)
        self._draft = self._access.draft()
        for octets in (injected + b"\r\n", rest):
            work = self._write(octets) if octets and not self._refusal else None
            if work is not None:
                await work

    async def _groups_of(self, proto: ProtoArticle) -> Sequence[Newsgroup]:
        """Give the newsgroups an article goes to. Raises Unfit, StoreError."""
        most = self._session.settings.crossposts
        if len(proto.newsgroups) > most:
            raise Unfit(f"Crossposted to more than {most} newsgroups")
        groups: list[Newsgroup] = []
        for name in proto.newsgroups:
            # RFC 5537, 3.5, point 4 would let some be unknown, for the sake of relaying; nothing is
            # relayed from here, so it is a mistake that its poster should hear of.
            try:
                groups.append(await self._access.room.group(name))
            except NoSuchFolder:
                raise Unfit(f"There is no newsgroup {name} here") from None
        for group in groups:
            if not group.postable:
                raise Unfit(f"{group.name} does not take articles")
            may_approve = self._access.may_approve(group)
            if group.moderator and not proto.approved:
                raise Unfit(f"{group.name} is moderated: send the article to its moderator")
            if proto.approved and not may_approve:
                raise Unfit(f"You are not a moderator of {group.name}, so may not say Approved")
        return groups

    async def finish(self, *, bare_line_end: bool) -> Status:
        """Store the article; give what is to be said of it."""
        if not self._refusal and self._header is not None:
            self._refuse("There is no empty line between header and body")
        if not self._refusal and bare_line_end:
            self._refuse("CR or LF stands alone: lines end with CR LF")
        if self._refusal:
            return Status(441, self._refusal)
        draft = self._draft
        assert draft is not None
        try:
            await self._access.post(draft, self._groups, self._message_id)
        except StoreError as error:
            self.log.info("an article was not stored: {error!r}", error=error)
            return replies.for_posting(error)
        self._draft = None  # it has been committed
        return Status(240, f"Article received {self._message_id}")

    def abort(self) -> None:
        """Throw away what was written of it."""
        draft, self._draft = self._draft, None
        if draft is not None:
            aborting = ensureDeferred(draft.abort())
            aborting.addErrback(lambda failure: self.log.failure("aborting a draft", failure))


def _end_of_header(octets: bytearray, came_at: int) -> int | None:
    """Give where the header's empty line ends; None when it has not come.

    Args:
        came_at: what stands before was searched already.
    """
    if octets.startswith(b"\r\n"):
        return len(b"\r\n")
    at = octets.find(_EMPTY_LINE, max(0, came_at - len(_EMPTY_LINE) + 1))
    return None if at < 0 else at + len(_EMPTY_LINE)
