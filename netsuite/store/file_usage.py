"""The interface of the tally of files: what accounts with a quota have of files, for all processes.

The tally of an account is what was settled, and what processes have claimed beside it: room for
what they are about to store. So a process needs the store once for many files. The claim of one
that has died stays as a mark: what it has changed since it settled last is not in the tally, and
the account's files are counted again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from netsuite.store.model import AccountId


@dataclass(frozen=True, slots=True)
class FileAmount:
    """Some files: octets of all of them, and how many files and directories."""

    octets: int = 0
    files: int = 0

    def __add__(self, other: FileAmount) -> FileAmount:
        return FileAmount(self.octets + other.octets, self.files + other.files)

    def __sub__(self, other: FileAmount) -> FileAmount:
        return FileAmount(self.octets - other.octets, self.files - other.files)

    @property
    def positive(self) -> FileAmount:
        """The amount, nothing where it is less than nothing."""
        return FileAmount(max(self.octets, 0), max(self.files, 0))

    def covers(self, other: FileAmount) -> bool:
        """Return whether another amount is no more than this one in any respect."""
        return other.octets <= self.octets and other.files <= self.files


NO_FILES = FileAmount()
ONE_FILE = FileAmount(0, 1)


@dataclass(frozen=True, slots=True)
class FileUsage:
    """What an account has of files, and may have.

    Args:
        used: what is settled; None where the files have to be counted.
        claimed: what processes have claimed beside that.
        quota_octets, quota_files: None for no limit.
        processes: the tokens of those that have claimed something, or may have changed something.
    """

    used: FileAmount | None
    claimed: FileAmount
    quota_octets: int | None
    quota_files: int | None
    processes: frozenset[str] = frozenset()

    @property
    def has_quota(self) -> bool:
        """Whether anything is limited."""
        return self.quota_octets is not None or self.quota_files is not None

    def left(self) -> tuple[int | None, int | None]:
        """Return the octets and files that may still be claimed, less than 0 where the quota is
        exceeded; None for no limit."""
        taken = (self.used or NO_FILES) + self.claimed
        return (
            None if self.quota_octets is None else self.quota_octets - taken.octets,
            None if self.quota_files is None else self.quota_files - taken.files,
        )


@dataclass(frozen=True, slots=True)
class Claimed:
    """The answer to a claim.

    Args:
        granted: what was; None where the quota has no room for what is needed, or where the files
            have to be counted first.
        usage: as it was before.
    """

    granted: FileAmount | None
    usage: FileUsage


#: Of what is left beside what is needed, one process is granted such a part in advance.
PART_GRANTED = 8


def granted_of(usage: FileUsage, need: FileAmount, more: FileAmount) -> FileAmount | None:
    """Return what is granted of a claim: what is needed, and some of what more is asked for; None
    where there is no room for what is needed."""
    amounts = []
    for left, needed, asked in zip(
        usage.left(), (need.octets, need.files), (more.octets, more.files), strict=True
    ):
        if left is None:
            amounts.append(needed + asked)
        elif needed > max(left, 0):
            return None
        else:
            amounts.append(needed + max(0, min(asked, (left - needed) // PART_GRANTED)))
    return FileAmount(*amounts)


class FileUsageStore(Protocol):
    """What accounts that have a quota of files have of them.

    Any method but ``settle`` may raise NoSuchAccount.
    """

    async def with_quota(self) -> Mapping[AccountId, str]:
        """Return the accounts that have a quota of files, with their names."""

    async def usage(self, account: AccountId) -> FileUsage:
        """Return what an account has."""

    async def mark(self, account: AccountId, process: str) -> None:
        """Note, durably, that a process is about to change files of an account."""

    async def claim(
        self, account: AccountId, process: str, need: FileAmount, more: FileAmount
    ) -> Claimed:
        """Claim room for files, which is the process's until it settles. It is marked already."""

    async def settle(
        self,
        account: AccountId,
        process: str,
        changed: FileAmount,
        unused: FileAmount,
        *,
        done: bool = False,
        uncounted: bool = False,
    ) -> None:
        """Put what a process has changed into the tally.

        Args:
            changed: by how much.
            unused: so much less is claimed by it from now on.
            done: it has no claim and no mark any more.
            uncounted: what it has changed is not known: the files are to be counted.
        """

    async def set_counted(
        self, account: AccountId, counted: FileAmount, dead: Collection[str]
    ) -> None:
        """Note what was counted while nobody changed anything, and forget processes."""
