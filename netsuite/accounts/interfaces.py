"""The interfaces of accounts: the authenticator one logs in through, and the facets behind it.

A facet is what an account offers one kind of protocol. Protocol code holds a facet and knows
neither accounts nor the store's ids of them. It is long and whole: the facets name each other's
values, and hardly a line of it does anything.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Generic, Protocol, TypeAlias, TypeVar

from netsuite.accounts import file_rules
from netsuite.message.injection import PostingPolicy
from netsuite.store import model
from netsuite.store.changes import Listener, Subscription
from netsuite.store.errors import Busy, OverQuota
from netsuite.store.interfaces import Draft, Report
from netsuite.store.model import ContentId, FolderId, Placed
from netsuite.store.outgoing import Envelope, Outgoing, QueueCount, QueueItem
from netsuite.store.query import Query
from netsuite.store.tree import FileTree, TreePath

F = TypeVar("F")


# -- logging in --------------------------------------------------------------------------------


class OtherEnd(Protocol):
    """The other end of a connection, as ``Channel`` names it."""

    @property
    def address(self) -> str: ...
    @property
    def secure(self) -> bool: ...
    @property
    def local(self) -> bool: ...
    @property
    def binding(self) -> bytes | None: ...
    @property
    def certificate_names(self) -> tuple[str, ...]: ...


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

    @classmethod
    def to(cls, peer: OtherEnd, *, protocol: str, host: str) -> Channel:
        """Return the channel to the other end of a connection."""
        return cls(
            protocol=protocol,
            address=peer.address,
            secure=peer.secure,
            local=peer.local,
            binding=peer.binding,
            certificate_names=peer.certificate_names,
            host=host,
        )


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


class MechanismNotOffered(LoginRefused):
    """There is no such SASL mechanism here."""


class LoginCancelled(LoginRefused):
    """The client has broken off the SASL exchange."""


#: Refusals that count against whoever is refused: a number of them ends the connection.
COUNTED_REFUSALS: Final = (
    BadCredentials,
    Throttled,
    PlaintextRefused,
    MalformedResponse,
    LoginUnavailable,
)


def _nothing() -> None:
    """Nothing is to be done when this facet's user leaves."""


class Standing(Protocol):
    """A login that can be revoked: its account may log in there, its password is right."""

    def watch(self, revoked: Callable[[], None]) -> Callable[[], None]:
        """Call a function once it is not; return what ends that."""

    def accept(self, verifiers: model.Verifiers) -> None:
        """Accept a password, too, that whoever has logged in is about to set."""


@dataclass(frozen=True, slots=True)
class LoggedIn(Generic[F]):
    """A login that succeeded.

    Args:
        octets: additional data for the client with the success, None for none or where the client
            has been given it already.
        logout: to be called when the user leaves: what the realm gave beside the facet.
        standing: None where nobody knows when it is over.
    """

    avatar: F
    name: str
    octets: bytes | None = None
    logout: Callable[[], None] = _nothing
    standing: Standing | None = None

    def watch(self, revoked: Callable[[], None]) -> Callable[[], None]:
        """Call a function once the login is not good any more; return what ends that."""
        return _nothing if self.standing is None else self.standing.watch(revoked)


#: Sends a challenge of a SASL exchange, not yet in base64, and returns the client's response; None
#: where the client cancels.
Ask = Callable[[bytes], Awaitable[bytes | None]]


class Authenticator(Protocol):
    """Where protocols log their users in; one for the whole suite, so that throttling, account
    states and the audit log are shared. Behind it stands a ``twisted.cred`` portal.

    A facet is asked for by its class: ``MailAccess``, ``Maildrop``, ``ScriptAccess``,
    ``Submitter``, ``NewsAccess``, ``FileAccess``, ``ShellAccess``, or one of a composer's own.
    """

    def mechanisms(self, channel: Channel) -> Sequence[str]:
        """Return the SASL mechanisms to offer over this channel, strongest first; none with a
        clear password where one may not be sent."""

    def allows_password(self, channel: Channel) -> bool:
        """Return whether USER/PASS, LOGIN and the like may be used over this channel."""

    async def log_in(
        self, channel: Channel, username: str, password: str, facet: type[F]
    ) -> LoggedIn[F]:
        """Log in with a clear password. Raises LoginRefused."""

    async def authenticate(
        self,
        channel: Channel,
        mechanism: str,
        facet: type[F],
        ask: Ask,
        initial: bytes | None = None,
        *,
        data_with_success: bool = False,
    ) -> LoggedIn[F]:
        """Log in by a SASL exchange (RFC 4422), from its beginning to its end.

        Args:
            initial: the initial response, None where there was none.
            data_with_success: whether the protocol has a place for data with its success reply;
                elsewhere it goes in a challenge of its own, which the client answers with an empty
                response (RFC 4422, 5.2).

        Raises:
            LoginRefused: it failed; MechanismNotOffered before anything was asked.
        """


# -- mail -------------------------------------------------------------------------------------


class SharingAccess(Protocol):
    """Rights on folders, as an account may see and change them (RFC 4314).

    Identifiers are names of accounts, ``anyone``, ``authenticated``, groups of accounts as
    ``$staff`` or ``group=staff``, and each of these with a dash in front.
    """

    async def mine(self, name: str) -> str:
        """Return the account's rights. Raises NoSuchFolder."""

    async def rows(self, name: str) -> Mapping[str, str]:
        """Return who has which rights. Raises NoSuchFolder, NotPermitted."""

    async def grantable(self, name: str, who: str) -> tuple[str, str]:
        """Return the rights that an identifier has in any case, and those it may be given. Raises
        NoSuchFolder, NotPermitted, NoSuchAccount."""

    async def change(
        self, name: str, who: str, action: model.FlagAction | None, letters: str
    ) -> None:
        """Change rights; None takes all that an identifier has been given.

        Raises:
            NoSuchFolder: it is not there for the account.
            NoSuchAccount: nobody is meant by the identifier.
            NotPermitted: the account may not, or these rights are given or kept by nobody.
        """


class AnnotationAccess(Protocol):
    """Annotations of folders, and (name None) of the server, as an account sees them (RFC 5464)."""

    async def entries(self, name: str | None) -> Mapping[str, bytes]:
        """Return all that the account sees, sorted. Raises NoSuchFolder, NotPermitted."""

    async def annotate(
        self, name: str | None, values: Mapping[str, bytes | None], *, most: int
    ) -> None:
        """As ``AnnotationStore.annotate``. Raises NotPermitted."""


class QuotaAccess(Protocol):
    """Quotas, as an account may see and change them (RFC 9208)."""

    @property
    def may_limit(self) -> bool:
        """Return whether the account may set limits."""

    async def roots(self, name: str) -> Sequence[str]:
        """Return the roots of a mailbox, which need not be there. Raises NotPermitted,
        NoSuchFolder."""

    async def usage(self, root: str) -> model.Usage:
        """Return what is used. Raises NotPermitted; NoSuchFolder: there is no such root."""

    async def usage_of_owner(self, name: str) -> model.Usage | None:
        """Return what the owner of a mailbox uses; None for a public one. Raises NoSuchFolder."""

    async def limit(self, root: str, octets: int | None, messages: int | None) -> None:
        """Set what may be used. Raises NotPermitted, NoSuchFolder."""


@dataclass(frozen=True, slots=True)
class NewMail:
    """A message that is put into a folder: its draft, written whole.

    Args:
        internal_date: None for the time of the commit.
    """

    draft: Draft
    flags: frozenset[str] = frozenset()
    internal_date: datetime | None = None


class MailAccess(Protocol):
    """An account's mail: its own folders, and what it may see of others.

    Names are full names as the client knows them: own folders by their name (``INBOX``,
    ``Sent``, ``Lists/python``), public ones below ``Public/``, groups as ``Public/comp.lang``,
    those of other accounts as ``Other Users/alice/Projects``.
    Every method that names or returns a ``Folder`` has it with that full name, and with the
    account's ``rights``, letters as in ``store.rights``. Errors are the store's: what the account
    may not see is not there, what it may not do is not permitted.
    """

    name: str
    public_prefix: str
    others_prefix: str

    @property
    def sharing(self) -> SharingAccess: ...
    @property
    def annotations(self) -> AnnotationAccess: ...
    @property
    def quotas(self) -> QuotaAccess: ...

    async def folders(self) -> Sequence[model.Folder]:
        """Every folder the account may see, ``subscribed`` set, sorted by name."""

    async def subscriptions(self) -> frozenset[str]:
        """Subscribed names, whether such folders exist or not."""

    async def subscribe(self, name: str, subscribed: bool) -> None:
        """Change a subscription."""

    async def folder(self, name: str, needed: str = "") -> model.Folder:
        """Raises NoSuchFolder; NotPermitted where rights that are needed are missing."""

    async def folder_by_id(self, folder: FolderId) -> model.Folder:
        """Raises NoSuchFolder, NotPermitted."""

    async def status(self, name: str) -> model.Status:
        """Raises NoSuchFolder, NotPermitted."""

    async def create(self, name: str, special_use: model.SpecialUse | None = None) -> model.Folder:
        """Raises FolderExists, BadFolderName, NotPermitted."""

    async def delete(self, name: str) -> FolderId:
        """Returns its id. Raises NoSuchFolder, NotPermitted; OnlyFoldersBelow: nothing but others
        below it is there."""

    async def rename(self, old: str, new: str) -> None:
        """Raises NoSuchFolder, FolderExists, BadFolderName, NotPermitted."""

    def writable(self, folder: model.Folder) -> bool:
        """Return whether the account keeps the folder: it, and nobody else, is told what is
        new in it."""

    def draft(self, expected_octets: int | None = None) -> Draft:
        """Begin a content."""

    async def append(
        self,
        name: str,
        messages: Sequence[NewMail],
        *,
        instead_of: tuple[FolderId, int] | None = None,
    ) -> Sequence[model.Placed]:
        """Commit drafts to a folder, all or none.

        Args:
            instead_of: folder and UID of a message that is removed by the same commit.

        Raises:
            NoSuchFolder, NotPermitted, OverQuota: nothing was done.
            NoSuchMessage: the one to remove is gone.
        """

    async def usage(self) -> model.Usage:
        """The account's quota."""

    def watch(self, listener: Listener) -> Subscription:
        """Hear of folders made, renamed, gone, subscribed."""

    def watch_folder(self, folder: FolderId, listener: Listener) -> Subscription:
        """Hear what happens in a folder."""

    # On an opened folder, by its id; as MailStore's methods of the same names, as this account.
    async def uids(self, folder: FolderId) -> Sequence[int]: ...
    async def opened(self, folder: FolderId, since: int | None = None) -> model.Opened: ...
    async def claim_recent(self, folder: FolderId) -> tuple[int, int]: ...
    async def messages(
        self, folder: FolderId, uids: Sequence[int] | None
    ) -> Sequence[model.Message]: ...
    async def described(
        self, folder: FolderId, uids: Sequence[int]
    ) -> Sequence[model.Described]: ...
    async def columns(
        self, folder: FolderId, uids: Sequence[int], wanted: Collection[model.Column]
    ) -> model.Columns: ...
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
        action: model.FlagAction,
        flags: frozenset[str],
        *,
        unchanged_since: int | None = None,
    ) -> model.FlagsStored: ...
    async def copy(self, folder: FolderId, uids: Sequence[int], target: str) -> model.Copied: ...
    async def move(self, folder: FolderId, uids: Sequence[int], target: str) -> model.Copied: ...
    async def expunge(self, folder: FolderId, uids: Sequence[int] | None) -> Sequence[int]: ...
    async def changes_since(self, folder: FolderId, modseq: int) -> model.Changes: ...


@dataclass(frozen=True, slots=True)
class DropList:
    """The messages of a maildrop, by their numbers from 0: of very many at once, so it has a
    sequence for each thing that is known of them.

    Args:
        octets: their sizes.
        uidls: their names, unique and stable (RFC 1939, 7).
    """

    octets: Sequence[int] = ()
    uidls: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.octets)


class MaildropInUse(Exception):
    """Another session holds the maildrop (RFC 2449, 8.1.1: IN-USE)."""


class OpenedLately(Exception):
    """The maildrop was opened a short while ago (RFC 2449, 6.5: LOGIN-DELAY)."""


class Maildrop(Protocol):
    """An account's INBOX as POP3 sees it: locked, numbered once from 0, changed at the end."""

    name: str

    async def open(self, next_at: datetime | None = None) -> DropList:
        """Lock and number it.

        Args:
            next_at: no session, in whichever process, may open it again before.

        Raises:
            MaildropInUse: another session holds it.
            OpenedLately: that moment of the session before has not come.
        """

    def read(self, number: int) -> AsyncIterator[bytes]:
        """Stream a message. Raises NoSuchMessage when another session expunged it."""

    async def received_before(self, numbers: Sequence[int], when: datetime) -> Sequence[int]:
        """Return those of some messages that came before a moment, and are still there."""

    async def remove(self, numbers: Sequence[int]) -> None:
        """Remove messages, durably, all or none."""

    def release(self) -> None:
        """Release the lock; may be called twice."""


class ScriptAccess(Protocol):
    """An account's Sieve scripts: the facet that ManageSieve asks for.

    ``most`` is how many there may be, ``largest_octets`` how large each. Errors are the store's,
    and ``sieve.errors.ScriptError``.
    """

    name: str
    most: int
    largest_octets: int

    async def scripts(self) -> Sequence[model.ScriptEntry]:
        """All, sorted by name."""

    async def script(self, name: str) -> bytes:
        """The text of one. Raises NoSuchScript."""

    def check(self, script: bytes) -> Sequence[tuple[int, str]]:
        """Check a script; return warnings, each with its line. Raises ScriptError, TooLarge."""

    async def put(self, name: str, script: bytes) -> Sequence[tuple[int, str]]:
        """Check a script and make or replace one; return warnings. Raises ScriptError, TooLarge,
        OverQuota: there are as many as there may be."""

    async def activate(self, name: str | None) -> None:
        """Make one the active one, or have none be. Raises NoSuchScript."""

    async def rename(self, name: str, new: str) -> None:
        """Rename one. Raises NoSuchScript, ScriptExists."""

    async def delete(self, name: str) -> None:
        """Remove one. Raises NoSuchScript, ScriptActive."""


class Submitter(Protocol):
    """An account that may send mail: the facet SMTP's AUTH asks for.

    ``address`` is the one of its addresses that its name makes.
    """

    name: str
    address: str

    def may_send_as(self, address: str) -> bool:
        """Return whether the reverse path is one of the account's own addresses."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where mail for one address goes.

    Args:
        address: as it was named.
        folders: of mailboxes here, with the address of each mailbox.
        onward: addresses of other hosts, whose mail is queued.
        put_off: addresses of mailboxes here that cannot take it for now, whose mail is queued, too.
        by_alias: the address stands for others, whose mail has a fate each: where one has no
            room, the others have theirs.
        notify: of what the sender wants to be told, as NOTIFY (RFC 3461, 4.1); empty for not said.
        original: ORCPT, its xtext undone (RFC 3461, 4.2).
    """

    address: str
    folders: Mapping[FolderId, str] = field(default_factory=dict)
    onward: Sequence[str] = ()
    put_off: Sequence[str] = ()
    by_alias: bool = False
    notify: str = ""
    original: str = ""


class NotOurs(Exception):
    """The domain is not one this suite receives for."""


class AccountDisabled(Exception):
    """The only account that mail goes to is disabled, which may pass."""


class NotCarried(Busy):
    """Mail for an address goes to another host, and nobody carries any there for now."""


class Rejected(Exception):
    """All whom a message is for refuse it, by their scripts; ``reason`` is in their words."""

    def __init__(self, reason: str) -> None:
        super().__init__("refused by the script of its recipient")
        self.reason = reason


class PartlyFull(OverQuota):
    """Some of a message's mailboxes have no room for it, and nobody has got it."""


class Resolver(Protocol):
    """The resolver of where mail goes: domains, aliases, catch-all, ``user+detail``."""

    async def filed(self, recipient: Recipient, folder: str) -> Recipient:
        """Return a recipient whose mailboxes get a message into the folder of a name, where they
        have one."""

    async def resolve(
        self, local: str, domain: str, *, octets: int = 0, relay: bool = False
    ) -> Recipient:
        """Return where mail for an address goes.

        Args:
            local: its quoting undone.
            domain: the domain; empty for a bare ``postmaster`` (RFC 5321, 4.5.1).
            octets: how large the sender says the message is (RFC 1870); 0 for not said.
            relay: whether the sender may send to other hosts.

        Raises:
            NotOurs: the domain is not received for.
            NoSuchAccount: nobody has that address.
            OverQuota: the only mailbox it goes to has no room.
            AccountDisabled: the only mailbox it goes to.
            NotCarried, Busy: mail for it is put off.
        """

    async def mailbox(self, address: str) -> FolderId:
        """Return the folder of a mailbox whose mail was queued, by its address.

        Raises:
            NoSuchAccount, AccountDisabled: its mail cannot be delivered.
        """


@dataclass(frozen=True, slots=True)
class DeliverBy:
    """The value of BY (RFC 2852, 4): by when mail has to have arrived.

    Args:
        by: the moment.
        returned: whether it is given back then (R), or the sender is told of the delay (N).
    """

    by: datetime
    returned: bool


@dataclass(frozen=True, slots=True)
class Filed:
    """Where a message from the queue goes, all of it by one commit.

    Args:
        onward: whom else it is queued for.
        replies: makes what is sent because of it, anew for each try to commit.
        done: to be called once it is durable; otherwise *undone*.
    """

    placements: Sequence[model.Placement] = ()
    onward: Outgoing | None = None
    replies: Callable[[], Awaitable[Sequence[Report]]] | None = None
    done: Callable[[], None] = _nothing
    undone: Callable[[], None] = _nothing


#: Told of a message that is in folders by now: sender, recipients, account, places, each as
#: ``arrivals.MailEnvelope`` has it.
Delivered: TypeAlias = Callable[[str, Sequence[str], str | None, Sequence[Placed]], None]


class Delivery(Protocol):
    """The delivery of messages to recipients that were resolved."""

    def draft(self, expected_octets: int | None = None) -> Draft:
        """Begin a content."""

    async def deliver(
        self,
        draft: Draft,
        recipients: Sequence[Recipient],
        envelope: Envelope,
        *,
        account: str | None = None,
        not_before: datetime | None = None,
        deliver_by: DeliverBy | None = None,
        each: bool = False,
    ) -> Mapping[str, Exception]:
        """Make it durable for all recipients, or for none; each folder gets it once.

        Args:
            envelope: its ``account`` is not looked at.
            account: who submitted it, None without a login.
            not_before: when it leaves for other hosts (RFC 4865).
            each: deliver where there is room, rather than nowhere (LMTP).

        Returns:
            The addresses of recipients that have not got it, with the reason: OverQuota, or
            Rejected; none but with *each*.

        Raises:
            OverQuota: no mailbox has room; PartlyFull: some have not.
            Rejected: by the scripts of all.
            StoreError: of the store.
        """

    async def file_queued(self, item: QueueItem) -> Filed:
        """Return where a message goes that waits in the queue for a mailbox here.

        Raises:
            NoSuchAccount, AccountDisabled: it cannot be delivered.
            Rejected: by the mailbox's script.
            StoreError: of the store.
        """

    async def report(
        self, sender: str, octets: bytes, *, require_tls: bool = False
    ) -> Report | None:
        """Return what the sender of a message is told, ready to be committed; None where there is
        no such sender.

        Args:
            sender: of the message that is reported on.
            octets: of the report.
            require_tls: the message had REQUIRETLS (RFC 8689, 5).
        """


# -- news -------------------------------------------------------------------------------------


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
        self, content: ContentId, start: int = 0, stop: int | None = None
    ) -> AsyncIterator[bytes]:
        """As MailStore.read."""

    async def described(
        self, folder: FolderId, numbers: Sequence[int]
    ) -> Sequence[model.Described]:
        """Articles with summaries, those that are there, ascending."""

    async def search(self, group: Newsgroup, text: str) -> Sequence[int]:
        """The numbers of articles that hold a text, ascending; exact."""

    def message_id(self, described: model.Described) -> str:
        """An article's Message-ID; a made one, always the same, where it has none itself."""

    async def columns(
        self, folder: FolderId, numbers: Sequence[int], wanted: Collection[model.Column]
    ) -> model.Columns:
        """As MailStore.columns."""

    def name_of(self, group: FolderId) -> str:
        """Return a group's name; empty for one that is gone."""

    async def crossposts(
        self, group: FolderId, numbers: Sequence[int]
    ) -> Mapping[int, Sequence[tuple[str, int]]]:
        """Group name and number of all places of those articles that are in more than one."""

    async def contents(self, contents: Sequence[ContentId]) -> Mapping[ContentId, bytes]:
        """As MailStore.contents."""

    async def places(self, message_ids: Sequence[str]) -> Mapping[str, Sequence[tuple[str, int]]]:
        """Group name and number of each place of articles; for Xref."""

    @property
    def policy(self) -> PostingPolicy:
        """Return what posters are asked for, and what is told of them."""

    def anonymous(self) -> NewsAccess:
        """Return what somebody who has not logged in may do."""


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
        """Check where an article, with an Approved field or without, is to go. Raises Unfit."""

    def posting(self, *, now: datetime, unique: str, source: str) -> Posting:
        """Begin to take an article.

        Args:
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


# -- files and the shell ----------------------------------------------------------------------


#: What may be done with files.
Permission: TypeAlias = file_rules.Permission
Permissions: TypeAlias = file_rules.Permissions


class FileAccess(FileTree, Protocol):
    """What somebody sees of the files: their home at ``/``, the public site at ``/site``; somebody
    anonymous sees the public site at ``/``.

    Every method asks first whether this account may do that there, and raises NotPermitted.
    ``NoSuchFile`` hides what it may not even see.
    """

    name: str

    @property
    def is_administrator(self) -> bool:
        """Whether it is an administrator's, who may see what others do."""

    def permissions(self, path: TreePath) -> Permissions:
        """Return what the account may do with what is there, as far as is known without waiting;
        for listings and permissions shown."""

    def permissions_within(self, path: TreePath) -> Callable[[str], Permissions]:
        """Return what tells, as ``permissions``, of each name in a directory, for those who ask of
        many."""


class SiteFiles(Protocol):
    """What of the files can be seen without a login."""

    def anonymous(self, protocol: str = "", *, dot_names: Collection[str] = ()) -> FileAccess:
        """Return the public site, as who has not logged in sees it.

        Args:
            protocol: by which it is used, for those who are told of uploads.
            dot_names: names with a dot in front that are seen all the same: by a server that reads
                them itself, and shows them to nobody.
        """

    async def public_of(self, account: str, *, dot_names: Collection[str] = ()) -> FileAccess:
        """Return what an account shows to everybody (``/~account/``), for reading.

        Args:
            dot_names: as for ``anonymous``.

        Raises:
            NoSuchFile: no such account, or it is disabled.
        """

    async def shown_accounts(self, limit: int) -> Sequence[str]:
        """Return the names of accounts that show something to everybody, sorted.

        Args:
            limit: so many accounts are looked at.
        """


class WrongPassword(Exception):
    """The old password is not the account's main password."""


class UnfitPassword(Exception):
    """The new password cannot be one; the message says why, in words for its owner."""


class Unsendable(Exception):
    """A message was not taken, and nobody gets it; the message says why, in words for its
    sender."""


class Sending(Protocol):
    """The way of the mail that an account writes here: the one of submission.

    Args:
        address: of the account, for From and the reverse path.
        largest_octets, most_recipients: what one message may have.
        host: this host's name, for Message-IDs.
    """

    address: str
    host: str

    @property
    def largest_octets(self) -> int: ...
    @property
    def most_recipients(self) -> int: ...

    def is_own(self, address: str) -> bool:
        """Return whether an address is one of the account's own."""

    async def check(self, address: str) -> None:
        """Check whether mail for an address would be taken. Raises Unsendable, StoreError."""

    async def send(
        self, pieces: AsyncIterator[bytes], recipients: Sequence[str], *, identifier: str
    ) -> None:
        """Make a message durable for all its recipients, or for none.

        Args:
            pieces: of the message, whose header is complete.
            identifier: of the trace field: letters and digits that nobody else is given.

        Raises:
            Unsendable, StoreError: nobody gets it.
        """


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has an account here, as the others may know them."""

    name: str
    real_name: str
    address: str


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One connection to the daemon, as an administrator sees it.

    Args:
        account: empty before a login.
        address: empty for a local socket.
        doing: the name of its last command.
    """

    name: str
    service: str
    account: str
    address: str
    doing: str
    age_seconds: float
    idle_seconds: float


class Administration(Protocol):
    """What an administrator may look at and do from a terminal. Every method raises NotPermitted
    once the account is no administrator's any more."""

    async def accounts(
        self, containing: str = "", *, after: str = "", limit: int
    ) -> Sequence[tuple[model.Account, model.Usage]]:
        """Return a page of the accounts, sorted by name, with what they use."""

    async def queue(self, *, limit: int) -> tuple[QueueCount, Sequence[QueueItem]]:
        """Return how much waits in the queue, and the oldest of it."""

    async def sessions(self, find: str = "") -> Sequence[OpenSession]:
        """Return the sessions of all processes, the oldest first; or those of an account, a
        service or an address."""

    async def kick(self, name: str) -> int:
        """End the session of a name, and note it in the audit log; return how many there were."""


class ShellAccess(Protocol):
    """All that an account has, for somebody at a terminal, and its password.

    Args:
        real_name: as people read it; the account's name where it has no other.
        sending: None where nothing can be sent.
        administration: None for who is no administrator.
    """

    name: str
    real_name: str
    sending: Sending | None
    administration: Administration | None

    @property
    def mail(self) -> MailAccess: ...
    @property
    def news(self) -> NewsAccess: ...
    @property
    def files(self) -> FileAccess: ...

    def urls(self) -> Sequence[str]:
        """Return where the services listen that the shell's daemon has beside it."""

    async def rename(self, real_name: str) -> None:
        """Change the name that people read."""

    async def person(self, name: str) -> Person:
        """Return somebody who has an account here. Raises NoSuchAccount."""

    async def names(self, beginning: str, *, limit: int) -> Sequence[str]:
        """Return the names of accounts that begin so; for those who begin to type one."""

    async def change_password(self, old: str, new: str, *, by: Standing | None = None) -> None:
        """Change the main password; an app password is not enough to do that. Guesses are not
        slowed down here: whoever asks has had *old* checked by the authenticator.

        Raises:
            WrongPassword: *old* is not the main password.
            UnfitPassword: *new* cannot be a password.
        """
