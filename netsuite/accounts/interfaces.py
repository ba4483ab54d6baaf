"""What the protocols see of accounts: the door one logs in through, and the facets behind it.

A facet is what an account offers one kind of protocol. Protocol code holds a facet and knows
neither accounts nor the store's ids of them.

Longer than 500 lines: it is all that protocols may import of accounts, on one page.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from zope.interface import Attribute, Interface

from netsuite.message.injection import PostingPolicy
from netsuite.store.changes import Listener, Subscription
from netsuite.store.interfaces import Draft
from netsuite.store.model import (
    ContentId,
    Copied,
    Described,
    FlagAction,
    FlagsStored,
    Folder,
    FolderId,
    Message,
    Placed,
    SpecialUse,
    Status,
    Usage,
)
from netsuite.store.query import Query
from netsuite.store.tree import FileTree, TreePath

# -- the door ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Channel:
    """Over what somebody tries to log in.

    Args:
        protocol: the service: ``"smtp"``, ``"imap"``, ``"pop3"`` ...
        address: the peer's IP address, or empty for a local socket.
        secure: TLS is in place.
        local: the peer is on the loopback interface or a local socket.
        binding: the tls-exporter channel binding (RFC 9266), None without TLS 1.3 or where
            the transport cannot give one.
        certificate_names: names in a verified client certificate.
        host: the name the server goes by.
    """

    protocol: str
    address: str = ""
    secure: bool = False
    local: bool = False
    binding: bytes | None = None
    certificate_names: tuple[str, ...] = ()
    host: str = ""


class LoginRefused(Exception):
    """The login failed; ``reason`` is for the log, never for the peer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BadCredentials(LoginRefused):
    """No such account, wrong password, disabled, not for this protocol: told apart in the log
    and the audit only."""


class Throttled(LoginRefused):
    """Too many wrong guesses from there or for that account; try again later."""


class PlaintextRefused(LoginRefused):
    """A password may not be sent over this channel: no TLS, and not loopback."""


class MalformedResponse(LoginRefused):
    """The client broke the mechanism's grammar."""


class LoginUnavailable(LoginRefused):
    """Temporary: the account store could not be asked."""


@dataclass(frozen=True, slots=True)
class Challenged:
    """The exchange goes on: send these octets (not yet base64), take the response."""

    octets: bytes


def _nothing() -> None:
    """Nothing is to be done when this facet's user leaves."""


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The exchange succeeded.

    Args:
        avatar: the facet asked for.
        name: the account's name.
        octets: additional data for the client with the success, None for none.
        logout: to be called when the user leaves: what the realm gave beside the facet.
    """

    avatar: object
    name: str
    octets: bytes | None = None
    logout: Callable[[], None] = _nothing


LoginStep: TypeAlias = Challenged | LoggedIn


class Exchange(Protocol):
    """One SASL exchange under way."""

    async def respond(self, octets: bytes | None) -> LoginStep:
        """Take the initial response (None: none was sent) or the next. Raises LoginRefused."""


class Door(Protocol):
    """Where protocols log their users in; one for the whole suite, so that throttling, account
    states and the audit log are shared. Behind it stands a ``twisted.cred`` portal."""

    def mechanisms(self, channel: Channel) -> Sequence[str]:
        """SASL mechanisms to offer over this channel, strongest first; none with a clear
        password where one may not be sent."""

    def allows_password(self, channel: Channel) -> bool:
        """Whether USER/PASS, LOGIN and the like may be used over this channel."""

    async def log_in(
        self, channel: Channel, username: str, password: str, facet: type[Interface]
    ) -> LoggedIn:
        """Log in with a clear password. Raises LoginRefused."""

    def exchange(self, channel: Channel, mechanism: str, facet: type[Interface]) -> Exchange | None:
        """Begin a SASL exchange; None when that mechanism is not offered here."""


# -- facets -----------------------------------------------------------------------------------


class IMailAccess(Interface):
    """An account's mail: its own folders, and the public ones under the public namespace.

    Names are full names as the client knows them: own folders by their name (``INBOX``,
    ``Sent``, ``Lists/python``), public ones below ``Public/``, groups as ``Public/comp.lang``.
    Every method that names or gives a ``Folder`` gives it with that full name.
    """

    name = Attribute("The account's name.")
    public_prefix = Attribute('The prefix of the public namespace, ``"Public/"``.')


class MailAccess(Protocol):
    """The typed twin of ``IMailAccess``. Errors are the store's."""

    name: str
    public_prefix: str

    async def folders(self) -> Sequence[Folder]:
        """Every folder the account may see, ``subscribed`` set, sorted by name."""

    async def subscriptions(self) -> frozenset[str]:
        """Subscribed names, whether such folders exist or not."""

    async def subscribe(self, name: str, subscribed: bool) -> None:
        """Change a subscription."""

    async def folder(self, name: str) -> Folder:
        """Raises NoSuchFolder."""

    async def status(self, name: str) -> Status:
        """Raises NoSuchFolder."""

    async def create(self, name: str, special_use: SpecialUse | None = None) -> Folder:
        """Raises FolderExists, BadFolderName, NotPermitted."""

    async def delete(self, name: str) -> None:
        """Raises NoSuchFolder, NotPermitted."""

    async def rename(self, old: str, new: str) -> None:
        """Raises NoSuchFolder, FolderExists, BadFolderName, NotPermitted."""

    def writable(self, folder: Folder) -> bool:
        """Whether the account may add to, expunge from and set shared flags in it."""

    def draft(self, expected_octets: int | None = None) -> Draft:
        """Begin a content."""

    async def append(
        self, name: str, draft: Draft, flags: frozenset[str], internal_date: datetime | None
    ) -> Placed:
        """Commit a draft to a folder. Raises NoSuchFolder, NotPermitted, OverQuota."""

    async def usage(self) -> Usage:
        """The account's quota."""

    def watch(self, listener: Listener) -> Subscription:
        """Hear of folders made, renamed, gone, subscribed."""

    def watch_folder(self, folder: FolderId, listener: Listener) -> Subscription:
        """Hear what happens in a folder."""

    # On an opened folder, by its id; as MailStore's methods of the same names, as this account.
    async def folder_status(self, folder: FolderId) -> Status: ...
    async def uids(self, folder: FolderId) -> Sequence[int]: ...
    async def claim_recent(self, folder: FolderId) -> int: ...
    async def messages(self, folder: FolderId, uids: Sequence[int] | None) -> Sequence[Message]: ...
    async def described(self, folder: FolderId, uids: Sequence[int]) -> Sequence[Described]: ...
    async def content(self, content: ContentId) -> bytes: ...
    async def contents(self, contents: Sequence[ContentId]) -> dict[ContentId, bytes]: ...
    def read(
        self, content: ContentId, start: int = 0, stop: int | None = None
    ) -> AsyncIterator[bytes]: ...
    async def search(self, folder: FolderId, query: Query) -> Sequence[int]: ...
    async def store_flags(
        self,
        folder: FolderId,
        uids: Sequence[int],
        action: FlagAction,
        flags: frozenset[str],
        *,
        unchanged_since: int | None = None,
    ) -> FlagsStored: ...
    async def copy(self, folder: FolderId, uids: Sequence[int], target: str) -> Copied: ...
    async def move(self, folder: FolderId, uids: Sequence[int], target: str) -> Copied: ...
    async def expunge(self, folder: FolderId, uids: Sequence[int] | None) -> Sequence[int]: ...
    async def changes_since(
        self, folder: FolderId, modseq: int
    ) -> tuple[Sequence[Message], Sequence[int]]: ...


class IMaildrop(Interface):
    """An account's INBOX as POP3 sees it: locked, numbered once, changed at the end."""


@dataclass(frozen=True, slots=True)
class DropItem:
    """One message of a maildrop; ``uidl`` is unique and stable (RFC 1939, 7)."""

    octets: int
    uidl: str


class MaildropInUse(Exception):
    """Another session holds the maildrop (RFC 2449, 8.1.1: IN-USE)."""


class Maildrop(Protocol):
    """The typed twin of ``IMaildrop``; numbers count from 0."""

    name: str

    async def open(self) -> Sequence[DropItem]:
        """Lock and number it. Raises MaildropInUse."""

    def read(self, number: int) -> AsyncIterator[bytes]:
        """Stream a message. Raises NoSuchMessage when another session expunged it."""

    async def remove(self, numbers: Sequence[int]) -> None:
        """Remove messages, durably, all or none."""

    def release(self) -> None:
        """Give the lock back; may be called twice."""


class ISubmitter(Interface):
    """An account that may send mail: the facet SMTP's AUTH asks for."""


class Submitter(Protocol):
    """The typed twin of ``ISubmitter``."""

    name: str

    def may_send_as(self, address: str) -> bool:
        """Whether the reverse path is one of the account's own addresses."""


# -- receiving mail, before and without a login -------------------------------------------------


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where mail for one address goes: local folders, and addresses elsewhere."""

    address: str
    folders: tuple[FolderId, ...]
    onward: tuple[str, ...] = ()


class NotOurs(Exception):
    """The domain is not one this suite receives for."""


class Receiver(Protocol):
    """What resolves recipients: domains, aliases, catch-all, ``user+detail``."""

    async def resolve(self, local: str, domain: str) -> Recipient:
        """Raises NotOurs, NoSuchAccount, OverQuota."""

    def resolve_now(self, local: str, domain: str) -> Recipient | None:
        """Give what ``resolve`` would give, where that is known without asking anybody; None
        where it is not."""
        return None

    def draft(self, expected_octets: int | None = None) -> Draft:
        """Begin a content."""

    async def deliver(
        self, draft: Draft, recipients: Sequence[Recipient], sender: str, account: str | None
    ) -> None:
        """Make it durable for all recipients, or for none; each folder gets it once."""


# -- news ---------------------------------------------------------------------------------------


class Newsgroup(Protocol):
    """A newsgroup as it stands; its attributes change with it.

    ``low`` to ``high`` are the numbers its articles may have now (RFC 3977, 6.1.1); an empty group
    has ``high == low - 1``. Neither ever sinks.
    """

    id: FolderId
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

    folder: FolderId
    number: int
    message_id: str
    content: ContentId
    octets: int
    locations: str


class Newsroom(Protocol):
    """The newsgroups as all may read them; one for the whole suite.

    What is asked a thousand times a second is given by plain functions, from memory, where it
    can be (``..._at_hand``; None: it cannot). The others wait for the store.
    """

    def group_at_hand(self, name: str) -> Newsgroup | None: ...
    async def group(self, name: str) -> Newsgroup:
        """Raises NoSuchFolder."""

    async def groups(self) -> Sequence[Newsgroup]:
        """All, sorted by name."""

    def numbers_at_hand(self, group: Newsgroup) -> Sequence[int] | None: ...
    async def numbers(self, group: Newsgroup) -> Sequence[int]:
        """The article numbers there are, ascending. They change while others post: take what is
        needed before waiting. Raises NoSuchFolder."""

    async def arrived_since(self, group: Newsgroup, moment: datetime) -> Sequence[int]:
        """The numbers of articles that came into it then or later. Raises NoSuchFolder."""

    def article_at_hand(self, group: Newsgroup, number: int) -> NewsArticle | None: ...
    async def article(self, group: Newsgroup, number: int) -> NewsArticle:
        """Raises NoSuchMessage."""

    def found_at_hand(self, message_id: str) -> NewsArticle | None: ...
    async def find(self, message_id: str) -> NewsArticle:
        """One of the places of an article. Raises NoSuchMessage."""

    def content_at_hand(self, article: NewsArticle) -> bytes | None: ...
    def read(
        self, content: ContentId, start: int = 0, stop: int | None = None
    ) -> AsyncIterator[bytes]:
        """As MailStore.read."""

    async def described(self, folder: FolderId, numbers: Sequence[int]) -> Sequence[Described]:
        """Articles with summaries, those that are there, ascending."""

    async def search(self, group: Newsgroup, text: str) -> Sequence[int]:
        """The numbers of articles that hold a text, ascending; exact."""

    def message_id(self, described: Described) -> str:
        """An article's Message-ID; a made one, always the same, where it has none itself."""

    async def contents(self, contents: Sequence[ContentId]) -> Mapping[ContentId, bytes]:
        """As MailStore.contents."""

    async def places(self, message_ids: Sequence[str]) -> Mapping[str, Sequence[tuple[str, int]]]:
        """Group name and number of each place of articles; for Xref."""

    @property
    def policy(self) -> PostingPolicy:
        """What posters are asked for, and what is told of them."""

    def anonymous(self) -> NewsAccess:
        """What somebody who has not logged in may do."""


class INewsReader(Interface):
    """Somebody who reads and posts news: the facet NNTP's AUTHINFO asks for."""


class NewsAccess(Protocol):
    """The typed twin of ``INewsReader``; ``name`` is empty for somebody who has not logged in."""

    name: str
    room: Newsroom

    def may_approve(self, group: Newsgroup) -> bool:
        """Whether articles with an Approved field are taken from them for that group."""

    @property
    def may_post(self) -> bool:
        """Whether the site's policy lets them post."""

    def check_groups(self, groups: Sequence[Newsgroup], *, approved: bool) -> None:
        """Judge where an article is to go. Raises Unfit.

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
        """Take the next octets; gives what to await before the next, or None."""

    async def finish(self, *, bare_line_end: bool = False) -> str:
        """Make it durable in all its newsgroups, stored once; give its Message-ID.

        Args:
            bare_line_end: whether CR or LF stood alone in it.

        Raises:
            Unfit: with the reason, in words for its poster.
            MessageExists: an article with its Message-ID is here.
            StoreError: it could not be stored.
        """

    def abort(self) -> None:
        """Throw away what was written of it; nothing, if it was stored."""


# -- files --------------------------------------------------------------------------------------


class IFileAccess(Interface):
    """What somebody sees of the files: their home at ``/``, the public site at ``/site``.

    Somebody anonymous sees the public site at ``/``, for reading.
    """


class FileAccess(FileTree, Protocol):
    """The typed twin of ``IFileAccess``: a tree whose every method asks first whether this
    account may do that there, and raises NotPermitted. ``NoSuchFile`` hides what it may not
    even see."""

    name: str

    def may_write(self, path: TreePath) -> bool:
        """Whether the account may change what is there; for listings and permissions shown."""

    def close(self) -> None:
        """Follow the account's changes no more: whoever logged in for it is done with it."""


class SiteFiles(Protocol):
    """What of the files can be seen without a login."""

    def anonymous(self) -> FileAccess:
        """Give the public site, for reading."""

    async def public_of(self, account: str) -> FileAccess:
        """Give what an account shows to everybody (``/~account/``), for reading.

        Raises:
            NoSuchFile: no such account, or it is disabled.
        """


# -- the shell ----------------------------------------------------------------------------------


class IShell(Interface):
    """All that an account has, for somebody at a terminal, and its password."""


class WrongPassword(Exception):
    """The old password is not the account's main password."""


class UnfitPassword(Exception):
    """The new password cannot be one; the message says why, in words for its owner."""


class ShellAccess(Protocol):
    """The typed twin of ``IShell``."""

    name: str

    @property
    def mail(self) -> MailAccess: ...
    @property
    def news(self) -> NewsAccess: ...
    @property
    def files(self) -> FileAccess: ...

    async def change_password(self, old: str, new: str) -> None:
        """Change the main password; an app password is not enough to do that. Guesses are not
        slowed down here: whoever asks has had *old* checked at the door.

        Raises:
            WrongPassword: *old* is not the main password.
            UnfitPassword: *new* cannot be a password.
        """
