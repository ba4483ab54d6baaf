"""The interfaces of a store. ``testing.store_contract`` checks each implementation.

Longer than 500 lines: signatures and what they promise, and hardly a line that does anything.

All methods are called on the reactor's thread. Those that are ``async`` may leave it for the
work. A positive return of one that changes something means it is durable and has been
published to the change feed. Any may raise ``Busy``, ``StorageFull`` or ``StoreClosed``.
"""

from __future__ import annotations

from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from datetime import datetime
from types import EllipsisType
from typing import Protocol

from netsuite.store import model, outgoing
from netsuite.store.changes import ChangeFeed
from netsuite.store.file_locks import FileLockStore
from netsuite.store.file_usage import FileUsageStore
from netsuite.store.model import AccountId, ContentId, FolderId
from netsuite.store.query import Query
from netsuite.store.rights import ALL
from netsuite.store.sharing import AnnotationStore, RightsStore
from netsuite.store.tally import Backlog, StoreTally


class Draft(Protocol):
    """A content on its way in: written in pieces, then committed to one or many places.

    ::

        draft = store.mail.draft()
        await draft.write(octets)        # many times; small ones stay in memory,
        ...                              # large ones go to disk as they come
        placed = await store.mail.commit(draft, placements)   # or: await draft.abort()

    Nothing of it can be seen before the commit. A draft that is never finished is gone at
    the next start.
    """

    octets: int

    def write(self, octets: bytes) -> Awaitable[None] | None:
        """Append; return None when more may come at once, else an awaitable to await first."""

    async def abort(self) -> None:
        """Throw it away; may be called at any time before the commit, and twice."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the sender of a queued message is told, and where that goes.

    Args:
        draft: the report, written whole.
        placements: the sender's folder, where the sender has one here.
        onward: to the sender elsewhere.
    """

    draft: Draft
    placements: Sequence[model.Placement] = ()
    onward: outgoing.Outgoing | None = None


class MailStore(Protocol):
    """Folders and the messages in them."""

    # -- folders

    async def folders(self, account: AccountId | None) -> Sequence[model.Folder]:
        """All folders of the account, or all public ones, sorted by name; ``subscribed`` is
        not set (see ``subscriptions``)."""

    async def folder(self, owner: AccountId | None, name: str) -> model.Folder:
        """One folder by name; INBOX in any case. Raises NoSuchFolder."""

    async def folder_by_id(self, folder: FolderId) -> model.Folder:
        """One folder by id. Raises NoSuchFolder."""

    async def status(self, folder: FolderId, account: AccountId | None) -> model.Status:
        """Counts as *account* sees them. Raises NoSuchFolder."""

    async def create_folder(
        self,
        owner: AccountId | None,
        name: str,
        *,
        kind: model.FolderKind = model.FolderKind.MAILBOX,
        special_use: model.SpecialUse | None = None,
        description: str = "",
        postable: bool = True,
        moderator: str | None = None,
    ) -> model.Folder:
        """Make a folder and the missing ones above it (mailboxes only). Raises FolderExists,
        BadFolderName. A name that was deleted comes back with a greater UIDVALIDITY."""

    async def delete_folder(self, folder: FolderId) -> None:
        """Remove a folder and its messages; folders below it stay. Raises NoSuchFolder,
        NotPermitted (INBOX)."""

    async def rename_folder(self, folder: FolderId, name: str) -> None:
        """Rename it and those below it. INBOX instead moves its messages to a new folder and
        stays, empty (RFC 3501, 6.3.5). Raises NoSuchFolder, FolderExists, BadFolderName."""

    async def rename_named(
        self, owner: AccountId | None, old: str, name: str, *, shown: str = ""
    ) -> None:
        """The same by name, where there may be only folders below it (RFC 3501, 6.3.5). The
        owner's subscriptions follow.

        Args:
            shown: what stands before the name in the subscriptions of other accounts, which
                then follow, too.
        """

    async def subscriptions(self, account: AccountId) -> frozenset[str]:
        """The names the account has subscribed, of folders that exist or not."""

    async def subscribe(self, account: AccountId, name: str, subscribed: bool) -> None:
        """Add or take away a subscription. Raises BadFolderName for a new one of a name that no
        folder can have."""

    # -- contents in

    def draft(self, expected_octets: int | None = None) -> Draft:
        """Begin a content."""

    async def beginning(self, draft: Draft, octets: int) -> bytes:
        """Return the first octets of a draft, before its commit."""

    async def commit(
        self,
        draft: Draft,
        placements: Sequence[model.Placement],
        *,
        onward: outgoing.Outgoing | None = None,
        message_id: str | None = None,
        replies: Sequence[Report] = (),
    ) -> Sequence[model.Placed]:
        """Make the content durable, in all the places and in the queue, or in none.

        Args:
            replies: what is sent because of it, delivered by the same commit.
            message_id: refuse if a message with this Message-ID is in a public folder.

        Raises:
            OverQuota, NoSuchFolder, MessageExists: nothing was stored.
            TooLarge: the content is larger than the store takes.
        """

    async def commit_all(
        self,
        messages: Sequence[tuple[Draft, model.Placement]],
        *,
        instead_of: tuple[FolderId, int] | None = None,
    ) -> Sequence[model.Placed]:
        """Make several contents durable, each in its place, in their order, or none.

        Args:
            instead_of: folder and UID of a message that is removed by the same commit, however it
                is flagged; the others may have its room.

        Raises:
            OverQuota, NoSuchFolder, TooLarge: nothing was stored, nor removed.
            NoSuchMessage: the one to remove is gone.
        """

    # -- looking

    async def uids(self, folder: FolderId) -> Sequence[int]:
        """All UIDs, ascending (an ``array`` of 32-bit unsigned numbers)."""

    async def opened(
        self, folder: FolderId, account: AccountId | None, since: int | None = None
    ) -> model.Opened:
        """Return a folder as it stands, all of it of one moment: whatever the feed tells of it
        with a mod-sequence up to the folder's is in it. Raises NoSuchFolder.

        Args:
            since: with what happened after that mod-sequence.
        """

    async def claim_recent(self, folder: FolderId) -> tuple[int, int]:
        """Return the first UID no read-write session was told of, and the one after the last;
        mark all as told of."""

    async def messages(
        self, folder: FolderId, uids: Sequence[int] | None, account: AccountId | None
    ) -> Sequence[model.Message]:
        """The messages of those UIDs that are there (None: all), ascending by UID."""

    async def described(
        self, folder: FolderId, uids: Sequence[int], account: AccountId | None
    ) -> Sequence[model.Described]:
        """The same with summaries, made now where they are not kept yet."""

    async def columns(
        self,
        folder: FolderId,
        uids: Sequence[int],
        wanted: Collection[model.Column],
        account: AccountId | None,
    ) -> model.Columns:
        """What is wanted of the messages of those UIDs that are there, ascending by UID."""

    async def find_message_id(self, message_id: str) -> Sequence[tuple[FolderId, int]]:
        """Where messages of that Message-ID (angle brackets included) are, in public folders:
        folder and UID, ascending. Message-IDs are read out of the header at the commit."""

    async def find_message_ids(
        self, message_ids: Sequence[str]
    ) -> Mapping[str, Sequence[tuple[FolderId, int]]]:
        """The same for many; those nowhere to be found are left out."""

    async def crossposts(
        self, folder: FolderId, uids: Sequence[int]
    ) -> Mapping[int, Sequence[tuple[FolderId, int]]]:
        """Where else, in public folders, messages of a public folder are: folder and UID,
        ascending, by their UIDs here. Those nowhere else are left out.

        Args:
            uids: ascending; others between them may be in the answer.
        """

    async def first_uids(self, folders: Sequence[FolderId]) -> Mapping[FolderId, int]:
        """The lowest UID of each folder; empty folders are left out."""

    async def content(self, content: ContentId) -> bytes:
        """A whole content; for small ones. Raises NoSuchMessage, TooLarge (over 1 MiB)."""

    async def contents(self, contents: Sequence[ContentId]) -> Mapping[ContentId, bytes]:
        """Several small contents in one go; those gone or over 1 MiB are left out."""

    def read(
        self, content: ContentId, start: int = 0, stop: int | None = None
    ) -> AsyncIterator[bytes]:
        """Stream octets ``start`` to ``stop`` in pieces of at most 256 KiB. Raises
        NoSuchMessage. A reader that began keeps reading though the message is expunged."""

    async def search(
        self, folder: FolderId, query: Query, account: AccountId | None
    ) -> Sequence[int]:
        """The UIDs that match, ascending; exact, whether indexed yet or not."""

    # -- changing

    async def store_flags(
        self,
        folder: FolderId,
        uids: Sequence[int],
        action: model.FlagAction,
        flags: frozenset[str],
        account: AccountId | None,
        *,
        unchanged_since: int | None = None,
        shared: bool = False,
        may: str = ALL,
    ) -> model.FlagsStored:
        """Change flags. On a folder that is not the account's, ``\\Seen`` is always its own, and
        so is every other flag unless the caller, who knows whether the account may change the
        folder, says *shared*. Only a shared ``\\Deleted`` counts for ``expunge``.

        Args:
            may: the account's rights: other flags than they are for stay as they are.
        """

    async def copy(
        self,
        source: FolderId,
        uids: Sequence[int],
        target: FolderId,
        account: AccountId | None,
        *,
        may: str = ALL,
    ) -> model.Copied:
        """Copy all or none, in order; flags and internal dates go along. Raises OverQuota.

        Args:
            may: the account's rights there: what they are not for stays behind.
        """

    async def move(
        self,
        source: FolderId,
        uids: Sequence[int],
        target: FolderId,
        account: AccountId | None,
        *,
        may: str = ALL,
    ) -> model.Copied:
        """Move each in one durable step (RFC 6851): in both or in neither is never seen. Many are
        moved in several steps, so that others have their turn.

        Raises:
            OverQuota: there is no room for all of them; none was moved.
            MovedInPart: something failed amid them.
        """

    async def expunge(
        self, folder: FolderId, uids: Sequence[int] | None, *, deleted_only: bool = True
    ) -> Sequence[int]:
        """Remove messages (None: all); with *deleted_only* those flagged ``\\Deleted``, many in
        several steps; without it all or none. Gives the UIDs removed, ascending."""

    async def changes_since(
        self, folder: FolderId, modseq: int, account: AccountId | None
    ) -> model.Changes:
        """Messages changed and UIDs vanished after *modseq*; for QRESYNC (RFC 7162, 3.2)."""

    # -- quota

    async def usage(self, account: AccountId) -> model.Usage:
        """What the account uses and may use."""

    # -- maildrop

    async def lock_maildrop(self, folder: FolderId) -> bool:
        """Take the exclusive POP3 lock of a folder; False when it is taken (RFC 1939, 4)."""

    def unlock_maildrop(self, folder: FolderId) -> None:
        """Release it."""


class AccountStore(Protocol):
    """Accounts, their verifiers, aliases, and the audit log. Names are in lower case."""

    async def account(self, name: str) -> model.Account:
        """Raises NoSuchAccount."""

    async def account_by_id(self, account: AccountId) -> model.Account:
        """Raises NoSuchAccount."""

    async def accounts(
        self, *, containing: str = "", after: str = "", limit: int | None = None
    ) -> Sequence[model.Account]:
        """All, sorted by name; or a page of some.

        Args:
            containing: a text in the name, or in the name people read, in any case (of letters
                other than ASCII's perhaps in this one alone).
            after: the last name of the page before.
            limit: so many at most; None: all.
        """

    async def add_account(
        self,
        name: str,
        verifiers: model.Verifiers | None,
        *,
        display_name: str = "",
        folders: Iterable[tuple[str, model.SpecialUse | None]] = (),
    ) -> model.Account:
        """Make an account with its INBOX and the folders given, in one step. Raises
        AccountExists (also when an alias has the name)."""

    async def remove_account(self, account: AccountId) -> None:
        """Remove an account with its folders and messages."""

    async def update_account(
        self,
        account: AccountId,
        *,
        state: model.AccountState | None = None,
        display_name: str | None = None,
        protocols: frozenset[str] | None | EllipsisType = ...,
        quota_octets: int | None | EllipsisType = ...,
        quota_messages: int | None | EllipsisType = ...,
        quota_file_octets: int | None | EllipsisType = ...,
        quota_files: int | None | EllipsisType = ...,
        groups: frozenset[str] | None = None,
    ) -> model.Account:
        """Change what is given (``...``: leave; None where allowed: no limit)."""

    async def verifiers(self, account: AccountId) -> model.Verifiers | None:
        """Of the main password; None when it has none."""

    async def set_verifiers(self, account: AccountId, verifiers: model.Verifiers | None) -> None:
        """Change the main password."""

    async def app_passwords(self, account: AccountId) -> Sequence[model.AppPassword]:
        """All, oldest first."""

    async def add_app_password(
        self,
        account: AccountId,
        label: str,
        verifiers: model.Verifiers,
        protocols: frozenset[str] | None = None,
    ) -> model.AppPassword:
        """Add one."""

    async def remove_app_password(self, account: AccountId, app_password: int) -> None:
        """Take one away."""

    async def used_app_password(self, app_password: int) -> None:
        """Note that it was used now."""

    async def alias(self, name: str) -> tuple[str, ...]:
        """What an alias stands for; nothing where there is no such alias."""

    async def aliases(
        self,
        *,
        containing: str = "",
        target: str = "",
        after: str = "",
        limit: int | None = None,
    ) -> Mapping[str, tuple[str, ...]]:
        """Alias (``local`` or ``local@domain`` or ``@domain`` for a catch-all) to targets:
        account names, or addresses elsewhere (they hold an ``@``). All, sorted by name; or a
        page of some, as of ``accounts``.

        Args:
            containing: a text in the alias, or in what it stands for.
            target: one of what it stands for, in any case.
        """

    async def set_alias(self, alias: str, targets: Sequence[str]) -> None:
        """Make or replace an alias; no targets removes it. Raises AccountExists (the alias is
        an account's name)."""

    async def record_login(self, login: model.Login) -> None:
        """Append to the audit log (in time, not before the caller goes on)."""

    async def logins(self, account: str | None = None, limit: int = 100) -> Sequence[model.Login]:
        """The newest lines of the audit log, newest first."""


class QueueStore(Protocol):
    """The outgoing queue; items are put in by ``MailStore.commit`` and by ``settle``.

    Whoever claims items has them on a lease, and names it when settling: several processes may
    work on one queue, and one that was too slow changes nothing that another has claimed since.
    """

    async def claim(
        self,
        *,
        limit: int,
        per_domain: int,
        lease_seconds: float,
        without: Collection[str] = (),
    ) -> Sequence[outgoing.QueueItem]:
        """Take items that are due, oldest first; an unsettled one is due again when the lease
        ends.

        Args:
            limit: so many at most.
            per_domain: so many of one domain.
            without: domains of which none is wanted.
        """

    async def renew(self, lease: int, items: Sequence[int], lease_seconds: float) -> None:
        """Have a lease end so much after now. Raises LeaseLost."""

    async def settle(
        self,
        settlements: Sequence[outgoing.Settlement],
        *,
        placements: Sequence[model.Placement] = (),
        report: Report | None = None,
        onward: outgoing.Outgoing | None = None,
        replies: Sequence[Report] = (),
    ) -> outgoing.Settled:
        """Record what became of claimed items of one message, all at once or nothing; return
        where the message and the report are.

        Args:
            settlements: of at least one item.
            placements: where the message goes by the same commit.
            report: what the sender is told, delivered by the same commit.
            onward: whom else the message is queued for by it; nobody in place of a full folder.
            replies: what else is sent because of the message.

        Raises:
            LeaseLost: of one at least.
            NoSuchFolder, OverQuota, TooLarge, StorageFull: of a placement, or the report.
        """

    async def items(
        self, wanted: outgoing.QueueFilter = outgoing.ALL, *, after: int = 0, limit: int = 1000
    ) -> Sequence[outgoing.QueueItem]:
        """Return items in the order they were queued, a page of them.

        Args:
            after: the last item of the page before.
        """

    async def count(self, wanted: outgoing.QueueFilter = outgoing.ALL) -> outgoing.QueueCount:
        """Count items."""

    async def hold(self, wanted: outgoing.QueueFilter, held: bool) -> int:
        """Hold items, or release held ones; return how many. One that is being tried is, to its
        end."""

    async def retry(self, wanted: outgoing.QueueFilter) -> int:
        """Have items tried at once that wait for it; return how many."""

    async def expire(self, wanted: outgoing.QueueFilter) -> int:
        """Have the time of items end now, held or not; return how many. They are tried once more,
        at once, and given back to their sender where that does not succeed. Of one that is being
        tried that is the try after this one."""

    async def delete(self, wanted: outgoing.QueueFilter) -> int:
        """Remove items, and tell nobody; return how many."""

    async def next_due(self, without: Collection[str] = ()) -> datetime | None:
        """Return when the next item is due, or its lease ends, of all domains but some."""


class RememberedStore(Protocol):
    """Values by kind and key that are good until a moment: what would be learned again, at a price.

    They are written together, about a second after they were given, and what was given last may
    be lost with the process; but for what is claimed. So much is kept of a kind, and what ends
    first goes first.
    """

    async def recall(self, kind: str, key: str) -> str | None:
        """Return a value that is still good, written already or not."""

    def remember(self, kind: str, key: str, value: str, until: datetime) -> None:
        """Keep a value, in place of what the key had. Raises StoreClosed."""

    async def claim(self, kind: str, key: str, until: datetime) -> bool:
        """Keep an empty value, written at once, unless the key has a value that is still good;
        return whether it had none. Of all processes that ask, one is told so."""

    def forget(self, kind: str, key: str) -> None:
        """Drop a value, if there is one. Raises StoreClosed."""


class ScriptStore(Protocol):
    """Sieve scripts of accounts, by names in which case counts; one of an account may be active."""

    async def scripts(self, account: AccountId) -> Sequence[model.ScriptEntry]:
        """All, sorted by name."""

    async def script(self, account: AccountId, name: str) -> str:
        """The text of one. Raises NoSuchScript."""

    async def active_script(self, account: AccountId) -> str | None:
        """The text of the active one; None where none is."""

    async def with_active(self) -> Collection[AccountId]:
        """The accounts that have an active script."""

    async def put(self, account: AccountId, name: str, text: str, *, most: int) -> None:
        """Make or replace one; which is active stays as it is.

        Args:
            most: so many may there be of an account.

        Raises:
            OverQuota: there are as many; NoSuchAccount.
        """

    async def activate(self, account: AccountId, name: str | None) -> None:
        """Make one the active one, or have none be. Raises NoSuchScript."""

    async def rename(self, account: AccountId, name: str, new: str) -> None:
        """Rename one, which stays active if it was. Raises NoSuchScript, ScriptExists."""

    async def delete(self, account: AccountId, name: str) -> None:
        """Remove one. Raises NoSuchScript, ScriptActive."""


class Store(Protocol):
    """A whole store.

    Several processes may have one open. Each looks for what the others have committed a few times a
    second; who can tell them sooner does so from ``on_commit``, and calls ``look`` when told.
    """

    mail: MailStore
    accounts: AccountStore
    queue: QueueStore
    remembered: RememberedStore
    scripts: ScriptStore
    rights: RightsStore
    annotations: AnnotationStore
    file_usage: FileUsageStore
    file_locks: FileLockStore
    changes: ChangeFeed

    @property
    def tally(self) -> StoreTally:
        """What it has done since it was opened."""

    async def backlog(self) -> Backlog:
        """Return what waits in it. Raises StoreError."""

    async def octets(self) -> int:
        """Return how large it is, where it is kept. Raises StoreError."""

    async def probe(self) -> None:
        """Ask something, and write something that nobody misses. Raises StoreError where either
        cannot be done now."""

    def prepare(self) -> None:
        """Do at once what of ``open`` blocks, in a daemon whose reactor does not run yet: so its
        start can fail with it. Raises StoreError, as ``open`` would."""

    async def open(self) -> None:
        """Make or migrate the schema, clean up what a crash left. Raises StoreError whose
        message tells an operator what to change."""

    async def close(self) -> None:
        """Finish what was begun, then close; later calls raise StoreClosed."""

    def on_commit(self, tell: Callable[[], object]) -> None:
        """Call a function, on the reactor's thread, after each commit of ours that other processes
        have to hear of."""

    def look(self) -> None:
        """Hear at once what other processes have committed."""
