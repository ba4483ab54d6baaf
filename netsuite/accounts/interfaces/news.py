"""News as readers see it, with an account and without, and posting."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from netsuite.message.injection import PostingPolicy
from netsuite.store import model


class Newsgroup(Protocol):
    """A newsgroup as it stands; its attributes change with it.

    ``low`` to ``high`` are the numbers its articles may have now (RFC 3977, 6.1.1); an empty group
    has ``high == low - 1``. Neither ever sinks.
    """

    id: model.FolderId
    name: str
    description: str
    created: datetime | None
    moderator: str | None
    postable: bool
    gone: bool

    @property
    def low(self) -> int: ...
    @property
    def high(self) -> int: ...
    @property
    def count(self) -> int: ...


@dataclass(frozen=True, slots=True)
class NewsArticle:
    """An article in one of its groups.

    Args:
        message_id: with its angle brackets.
        locations: the groups and numbers it has, as Xref tells them (RFC 5536, 3.2.14).
    """

    folder: model.FolderId
    number: int
    message_id: str
    content: model.ContentId
    octets: int
    locations: str


class Newsroom(Protocol):
    """The newsgroups as all may read them; one for the whole suite.

    What is known is given from memory, without waiting; all else is asked of the store.
    """

    async def group(self, name: str) -> Newsgroup:
        """Raises NoSuchFolder."""

    async def groups(self) -> Sequence[Newsgroup]:
        """All, sorted by name."""

    async def numbers(self, group: Newsgroup) -> Sequence[int]:
        """The article numbers there are, ascending. They change while others post: take what is
        needed before waiting. Raises NoSuchFolder."""

    async def arrived_since(self, group: Newsgroup, moment: datetime) -> Sequence[int]:
        """The numbers of articles that came into it then or later. Raises NoSuchFolder."""

    async def article(self, group: Newsgroup, number: int) -> NewsArticle:
        """Raises NoSuchMessage."""

    async def find(self, message_id: str) -> NewsArticle:
        """One of the places of an article. Raises NoSuchMessage."""

    async def content(self, article: NewsArticle) -> bytes:
        """A whole article; for small ones. Raises as MailStore.content."""

    def read(
        self, content: model.ContentId, start: int = 0, stop: int | None = None
    ) -> AsyncIterator[bytes]:
        """As MailStore.read."""

    async def described(
        self, folder: model.FolderId, numbers: Sequence[int]
    ) -> Sequence[model.Described]:
        """Articles with summaries, those that are there, ascending."""

    async def search(self, group: Newsgroup, text: str) -> Sequence[int]:
        """The numbers of articles that hold a text, ascending; exact."""

    def message_id(self, described: model.Described) -> str:
        """An article's Message-ID; a made one, always the same, where it has none itself."""

    async def contents(
        self, contents: Sequence[model.ContentId]
    ) -> Mapping[model.ContentId, bytes]:
        """As MailStore.contents."""

    async def places(self, message_ids: Sequence[str]) -> Mapping[str, Sequence[tuple[str, int]]]:
        """Group name and number of each place of articles; for Xref."""

    @property
    def policy(self) -> PostingPolicy:
        """What posters are asked for, and what is told of them."""

    def anonymous(self) -> NewsAccess:
        """What somebody who has not logged in may do."""


class NewsAccess(Protocol):
    """Somebody who reads and posts news: the facet NNTP's AUTHINFO asks for. ``name`` is empty for
    somebody who has not logged in."""

    name: str
    room: Newsroom

    def may_approve(self, group: Newsgroup) -> bool:
        """Whether articles with an Approved field are taken from them for that group."""

    @property
    def may_post(self) -> bool:
        """Whether the site's policy lets them post."""

    def check_groups(self, groups: Sequence[Newsgroup], *, approved: bool) -> None:
        """Check where an article is to go. Raises Unfit.

        Args:
            approved: whether it has an Approved field.
        """

    def posting(self, *, now: datetime, unique: str, source: str) -> Posting:
        """Begin to take an article.

        Args:
            now: the time.
            unique: a word never given before, for its Message-ID: letters and digits.
            source: the poster's IP address; it is told only where the policy says so.
        """


class Posting(Protocol):
    """An article on its way in, through the site's injecting agent (RFC 5537, 3.5).

    Once it is refused, what still comes of it is dropped.
    """

    def take(self, octets: bytes) -> Awaitable[None] | None:
        """Accept the next octets; returns what to await before the next, or None."""

    async def finish(self, *, bare_line_end: bool = False) -> str:
        """Make it durable in all its newsgroups, stored once; return its Message-ID.

        Args:
            bare_line_end: whether CR or LF stood alone in it.

        Raises:
            Unfit: with the reason, in words for its poster.
            MessageExists: an article with its Message-ID is here.
            StoreError: it could not be stored.
        """

    def abort(self) -> None:
        """Throw away what was written of it; nothing, if it was stored."""
