"""Changes of a tree of files that count for accounts with a quota."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from netsuite.store.errors import StoreError
from netsuite.store.file_usage import NO_FILES, FileAmount
from netsuite.store.files.account_tally import AccountTally
from netsuite.store.files.syscalls import Moved
from netsuite.store.files.thread_jobs import Jobs

T = TypeVar("T")


async def changing(
    tally: AccountTally | None,
    jobs: Jobs,
    work: Callable[[], T],
    *,
    then: Callable[[T], object],
    changed: Callable[[T], FileAmount],
    reserved: FileAmount = NO_FILES,
) -> T:
    """Do something in a thread that changes what an account has.

    Args:
        tally: the account's; None where it has no quota.
        then: told what *work* returned, whether somebody waits or not.
        changed: returns from that what there is more than before.
        reserved: for what there has to be room.

    Raises:
        OverQuota: there is none.
    """
    if tally is None:
        return await jobs.do(work, then=then)
    await _enter(tally, reserved)
    more = NO_FILES

    def note(result: T) -> None:
        nonlocal more
        more = changed(result)
        then(result)

    try:
        done = jobs.do(work, then=note, ended=lambda: tally.leave(more, reserved=reserved))
    except StoreError:  # the tree is closed
        tally.leave(reserved=reserved)
        raise
    return await done


async def moving(
    source: AccountTally | None,
    target: AccountTally | None,
    jobs: Jobs,
    rename: Callable[..., Moved],
    *,
    then: Callable[[Moved], object],
    need: FileAmount,
    is_directory: bool,
) -> None:
    """Move something from one account, or nobody, to another.

    What is in a directory may change until it is moved, so then the files of both are counted.

    Args:
        rename: as ``syscalls.rename``, but for *fits*.
        need: what the target has more of then.

    Raises:
        OverQuota: there is no room for it.
        Changed: it is more than that by now.
    """
    if target is not None:
        await _enter(target, need)
    try:
        if source is not None:
            await source.enter()
    except BaseException:
        if target is not None:
            target.leave(reserved=need)
        raise
    result: Moved | None = None

    def note(moved: Moved) -> None:
        nonlocal result
        result = moved
        then(moved)

    def leave() -> None:
        lost = gained = NO_FILES
        if result is not None and not is_directory:
            lost, gained = NO_FILES - result.itself, result.itself - result.freed
        uncounted = is_directory and result is not None
        if source is not None:
            source.leave(lost, uncounted=uncounted)
        if target is not None:
            target.leave(gained, reserved=need, uncounted=uncounted)

    def fits(moved: Moved) -> bool:
        return target is None or is_directory or need.covers(moved.itself - moved.freed)

    try:
        done = jobs.do(partial(rename, fits=fits), then=note, ended=leave)
    except StoreError:  # the tree is closed
        leave()
        raise
    await done
    for tally in (source, target):
        if is_directory and tally is not None:
            await tally.settle()


async def _enter(tally: AccountTally, reserved: FileAmount) -> None:
    await tally.reserve(reserved)
    try:
        await tally.enter()
    except BaseException:
        tally.release(reserved)
        raise
