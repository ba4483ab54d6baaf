"""What both directions of a mirror share: paths, the thread's work, hashes compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from twisted.internet.defer import Deferred

from netsuite.connection import errors
from netsuite.ftp.client import FTPClient
from netsuite.ftp.listing import Listed
from netsuite.ftp.mirror.crew import Crew
from netsuite.ftp.mirror.events import LeftOut
from netsuite.ftp.mirror.local import LocalTree
from netsuite.ftp.mirror.rules import Options, Version
from netsuite.ftp.paths import TreePath

T = TypeVar("T")

#: A tree that is deeper has no end: a link in it leads up again.
DEPTH: Final = 64


class RunInThread(Protocol):
    """Runs a function with arguments in a thread."""

    def __call__(self, function: Callable[..., T], /, *arguments: object) -> Deferred[T]:
        """Call it; the Deferred fires on the reactor's thread."""


class InTheWay(OSError):
    """Something of another kind has the name; ``delete`` would remove it."""

    def __init__(self) -> None:
        super().__init__("something else has that name")


class NotTheSame(errors.ClientError):
    """A file that was transferred has another hash there than here."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the work on a mirror goes by.

    Args:
        crew: does the jobs.
        local: the tree here.
        top: the path of the tree there; empty for where a login leads.
        options: how it is mirrored.
        run: runs what blocks.
        advance: told of octets that have passed.
    """

    crew: Crew
    local: LocalTree
    top: str
    options: Options
    run: RunInThread
    advance: Callable[[int], object]

    def remote(self, path: TreePath) -> str:
        """Return a path as the server takes it."""
        below = "/".join(path)
        if not self.top or not below:
            return below or self.top
        return f"{self.top.removesuffix('/')}/{below}"

    def wants(self, path: TreePath, *, directory: bool) -> bool:
        """Return whether something is mirrored."""
        return self.options.wants(shown(path), directory=directory)

    def leave_out(self, path: TreePath, why: str) -> None:
        """Tell that something is not mirrored."""
        self.crew.tell(LeftOut(shown(path), why))

    async def has_same_hash(self, client: FTPClient, remote: str, local: TreePath) -> bool:
        """Return whether a file there has the hash of one here. Raises ClientError, OSError."""
        there = await client.hash(remote)
        return await self.run(self.local.hash, local, there.function) == there.value

    def insist_on_hashes(self, client: FTPClient) -> None:
        """Raise NotOffered where hashes are to be compared, and the server tells none."""
        if (self.options.verify or self.options.checksum) and not client.has_hash:
            raise errors.NotOffered("HASH")

    def must_verify(self, client: FTPClient, offset: int) -> bool:
        """Return whether hashes are to be compared: where that was asked for, and where a file was
        put together of what came at different times and the server can tell."""
        return self.options.verify or (offset > 0 and client.has_hash)


def may_begin_anew(error: errors.Refusal, offset: int) -> bool:
    """Return whether a refusal may be of the offset, and not of the file: many servers go on with
    no file that is stored, and some with none that is fetched."""
    return offset > 0 and error.code not in (421, 425, 426, 452, 552)


def shown(path: TreePath) -> str:
    """Return a path as events tell it."""
    return "/".join(path)


def version_of(entry: Listed) -> Version:
    """Return the version that a listing tells of."""
    return Version(entry.octets, entry.modified, entry.precision_seconds)


def is_exact(entry: Listed) -> bool:
    """Return whether size and time are told as exactly as can be."""
    known = entry.octets is not None and entry.modified is not None
    return known and entry.precision_seconds == 1
