"""Changes of a store, as values, and the interface of the feed that publishes them.

The store itself publishes, after its commit, in commit order; no caller can forget to.
A listener is called on the reactor's thread and must only take note: it may not wait, and
it may not call the store from within the call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from netsuite.store.model import AccountId, FolderId


@dataclass(frozen=True, slots=True)
class MessagesAdded:
    """Messages came into a folder: UIDs ascending, each with the flags it came with."""

    folder: FolderId
    modseq: int
    uids: tuple[int, ...]
    flags: tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class MessageSpread:
    """A message came into many folders at once: ``MessagesAdded`` for each of them, made for
    those that somebody listens to.

    Args:
        places: folder, mod-sequence and UID.
    """

    places: tuple[tuple[FolderId, int, int], ...]
    flags: frozenset[str]

    def added(self, place: tuple[FolderId, int, int]) -> MessagesAdded:
        """Return what happened at a place."""
        folder, modseq, uid = place
        return MessagesAdded(folder, modseq, (uid,), (self.flags,))


@dataclass(frozen=True, slots=True)
class FlagsChanged:
    """Flags changed, for all who see the folder (account None) or for one account.

    ``flags[i]`` is what the account (or all) now sees on ``uids[i]``. On a shared folder with
    read state per account a change for all carries only the shared flags and ``partial`` is
    true: who needs the whole set reads it again.
    """

    folder: FolderId
    modseq: int
    uids: tuple[int, ...]
    flags: tuple[frozenset[str], ...]
    account: AccountId | None = None
    partial: bool = False


@dataclass(frozen=True, slots=True)
class MessagesExpunged:
    """Messages are gone from a folder; UIDs ascending."""

    folder: FolderId
    modseq: int
    uids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FolderCreated:
    """A folder was made."""

    folder: FolderId
    owner: AccountId | None
    name: str


@dataclass(frozen=True, slots=True)
class FolderDeleted:
    """A folder is gone, with all that was in it."""

    folder: FolderId
    owner: AccountId | None
    name: str


@dataclass(frozen=True, slots=True)
class FolderRenamed:
    """A folder has a new name; its messages and UIDs are what they were."""

    folder: FolderId
    owner: AccountId | None
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class SubscriptionChanged:
    """An account (un)subscribed a name."""

    account: AccountId
    name: str
    subscribed: bool


@dataclass(frozen=True, slots=True)
class RightsChanged:
    """Somebody was given, or lost, rights on a folder; its messages are what they were."""

    folder: FolderId
    owner: AccountId | None


@dataclass(frozen=True, slots=True)
class AnnotationsChanged:
    """Annotations of a folder, or of the server (folder None), were set or removed.

    Args:
        owner: of the folder.
        entries: their names.
        account: whose own they are; None for shared ones.
    """

    folder: FolderId | None
    owner: AccountId | None
    entries: tuple[str, ...]
    account: AccountId | None = None


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """An account's password, state or rights changed, or it was made or removed."""

    account: AccountId
    name: str


@dataclass(frozen=True, slots=True)
class AliasesChanged:
    """An alias was made, changed or removed."""


@dataclass(frozen=True, slots=True)
class ScriptsChanged:
    """An account's scripts, or which of them is active, changed."""

    account: AccountId


@dataclass(frozen=True, slots=True)
class QueueChanged:
    """Something was queued or settled."""


@dataclass(frozen=True, slots=True)
class FileChanged:
    """A file or directory was written, made, removed or renamed: by us, in this process or
    another, or by another program, as far as such are watched.

    News may be lost with the process that has them, and not all directories may be watched: who
    wants to know of every change has to look at validators anyway.

    Args:
        root: which tree: ``"public"``, or ``"home/ACCOUNT"``.
        path: names below the root. Of a directory that came as a whole it is told alone, or with
            what is in it; of the root itself it means that anything below may have changed.
        gone: whether nothing has that name any more.
        uploaded: whether it is a file with new content, all of which somebody has sent to this
            process.
    """

    root: str
    path: tuple[str, ...]
    gone: bool = False
    uploaded: bool = False


@dataclass(frozen=True, slots=True)
class FileLocksChanged:
    """A lock on files was made, changed or removed."""


Change: TypeAlias = (
    MessagesAdded
    | FlagsChanged
    | MessagesExpunged
    | FolderCreated
    | FolderDeleted
    | FolderRenamed
    | SubscriptionChanged
    | RightsChanged
    | AnnotationsChanged
    | AccountChanged
    | AliasesChanged
    | QueueChanged
    | ScriptsChanged
    | FileChanged
    | FileLocksChanged
)
#: What a feed is given to publish.
Published: TypeAlias = Change | MessageSpread
Listener: TypeAlias = Callable[[Change], None]


class Subscription(Protocol):
    """A listener's place in the feed."""

    def cancel(self) -> None:
        """Call the listener no more; may be called twice."""


class ChangeFeed(Protocol):
    """Tells listeners of changes, in commit order, from whichever process they came."""

    def watch_folder(self, folder: FolderId, listener: Listener) -> Subscription:
        """Report what happens in one folder."""

    def watch_account(self, account: AccountId, listener: Listener) -> Subscription:
        """Report what happens to an account's folders as such (made, renamed, gone,
        subscribed, annotated), to public folders as such, to rights on anybody's folders, and to
        the account."""

    def watch_accounts(self, listener: Listener) -> Subscription:
        """Report changes to any account itself, and to the aliases."""

    def watch_files(self, listener: Listener) -> Subscription:
        """Report files that change, in this process or another."""

    def watch_locks(self, listener: Listener) -> Subscription:
        """Report that locks on files changed."""

    def watch_scripts(self, listener: Listener) -> Subscription:
        """Report that some account's scripts changed."""

    def watch_queue(self, listener: Listener) -> Subscription:
        """Report that something was queued or settled."""

    def watch_all(self, listener: Listener) -> Subscription:
        """Report everything."""

    def publish(self, changes: Iterable[Change]) -> None:
        """Report what happened beside the store, such as to files: here at once, and in a moment
        to the other processes that have the store open."""
