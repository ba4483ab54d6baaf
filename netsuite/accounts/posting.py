"""The site's injecting agent: an article from its first octet to the groups it is put into."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final

from twisted.internet.defer import ensureDeferred
from twisted.logger import Logger

from netsuite.accounts.interfaces import NewsAccess, Newsgroup
from netsuite.message import injection
from netsuite.message.injection import PostingPolicy, Unfit
from netsuite.message.news import HEADER_OCTETS
from netsuite.store.errors import NoSuchFolder, StoreError
from netsuite.store.interfaces import Draft, MailStore
from netsuite.store.model import AccountId, Placed, Placement

#: What a poster's header may have; with our fields, all of it is within what readers look at.
PROTO_HEADER_OCTETS: Final = HEADER_OCTETS - 4096
_EMPTY_LINE: Final = b"\r\n\r\n"


def check_groups(
    access: NewsAccess, policy: PostingPolicy, groups: Sequence[Newsgroup], *, approved: bool
) -> None:
    """Check where an article, with an Approved field or without, is to go. Raises Unfit."""
    for group in groups:
        if not group.postable:
            raise Unfit(f"{group.name} does not take articles")
        if group.moderator and not approved:
            # RFC 5537, 3.5, point 7: forwarded, or refused.
            where = policy.moderator_address(group.moderator) or "its moderator"
            raise Unfit(f"{group.name} is moderated: mail the article to {where}")
        if approved and not access.may_approve(group):
            raise Unfit(f"You are not a moderator of {group.name}, so may not say Approved")


class AccountPosting:
    """Implements ``interfaces.Posting``.

    Once the article is refused, what still comes of it is dropped, and its end tells why: so a
    connection always knows where the next command begins.
    """

    log = Logger()

    def __init__(
        self,
        access: NewsAccess,
        account: AccountId | None,
        mail: MailStore,
        *,
        now: datetime,
        unique: str,
        source: str,
        posted: Callable[[str, Sequence[str], Sequence[Placed]], None] | None = None,
    ) -> None:
        self._posted = posted
        self._access = access
        self._account = account
        self._mail = mail
        self._policy = policy = access.room.policy
        self._now = now
        self._trace = injection.Trace(
            host=policy.host,
            now=now,
            message_id=f"<{unique}@{policy.host}>",
            account=access.name,
            source=source if policy.tell_source else "",
            complaints=policy.complaints,
        )
        self._draft: Draft | None = None
        self._header: bytearray | None = bytearray()  # None when it has been judged
        self._octets = 0
        self._groups: Sequence[Newsgroup] = ()
        self._message_id = ""
        self._refusal: Exception | None = None

    def take(self, octets: bytes) -> Awaitable[None] | None:
        """As ``Posting.take``."""
        limit = self._policy.article_octets
        self._octets += len(octets)
        if self._refusal is not None:
            return None
        if limit is not None and self._octets > limit:
            self._refuse("The article is too large")
            return None
        header = self._header
        if header is None:
            return self._write(octets)
        header += octets
        end = _end_of_header(header, len(header) - len(octets))
        if (end or len(header)) > PROTO_HEADER_OCTETS:
            self._refuse("The header is too large")
            return None
        if end is None:
            return None
        self._header = None
        return self._judge(bytes(header[:end]), bytes(header[end:]))

    def _refuse(self, why: str) -> None:
        self._refusal = Unfit(why)
        self._header = None
        self.abort()

    def _write(self, octets: bytes) -> Awaitable[None] | None:
        if b"\0" in octets:
            self._refuse("There is a NUL in the article")
            return None
        assert self._draft is not None
        return self._draft.write(octets)

    async def _judge(self, header: bytes, rest: bytes) -> None:
        """Check the header; begin to store the article with the one it gets."""
        try:
            proto = injection.check(
                header.removesuffix(b"\r\n"), now=self._now, oldest=self._policy.oldest
            )
            self._groups = await self._groups_of(proto)
        except (Unfit, StoreError) as error:
            self._refusal = error
            return
        injected, self._message_id = injection.inject(proto, self._trace)
        self._draft = self._mail.draft()
        for octets in (injected + b"\r\n", rest):
            work = self._write(octets) if octets and self._refusal is None else None
            if work is not None:
                await work

    async def _groups_of(self, proto: injection.ProtoArticle) -> Sequence[Newsgroup]:
        """Return the newsgroups an article goes to. Raises Unfit, StoreError."""
        most = self._policy.crossposts
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
        self._access.check_groups(groups, approved=proto.approved)
        return groups

    async def finish(self, *, bare_line_end: bool = False) -> str:
        """As ``Posting.finish``."""
        if self._refusal is None and self._header is not None:
            self._refuse("There is no empty line between header and body")
        if self._refusal is None and bare_line_end:
            self._refuse("CR or LF stands alone: lines end with CR LF")
        if self._refusal is not None:
            raise self._refusal
        draft = self._draft
        assert draft is not None
        placements = [Placement(group.id, account=self._account) for group in self._groups]
        placed = await self._mail.commit(draft, placements, message_id=self._message_id)
        self._draft = None  # it has been committed
        if self._posted is not None:
            self._posted(self._message_id, [group.name for group in self._groups], placed)
        return self._message_id

    def abort(self) -> None:
        """As ``Posting.abort``."""
        draft, self._draft = self._draft, None
        if draft is not None:
            aborting = ensureDeferred(draft.abort())
            aborting.addErrback(lambda failure: self.log.failure("aborting a draft", failure))


def _end_of_header(octets: bytearray, came_at: int) -> int | None:
    """Return where the header's empty line ends; None when it has not come.

    Args:
        came_at: what stands before was searched already.
    """
    if octets.startswith(b"\r\n"):
        return len(b"\r\n")
    at = octets.find(_EMPTY_LINE, max(0, came_at - len(_EMPTY_LINE) + 1))
    return None if at < 0 else at + len(_EMPTY_LINE)
