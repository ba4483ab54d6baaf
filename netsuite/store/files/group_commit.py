"""Group commit of uploads: those that end at the same time are made durable together.

An ``fsync`` has the file system write down all that it has decided so far, whosever it is. So of
several files whose octets are on their way already, the first one waits for the disk and the
others find it done; and a directory that got several names is written once. Each file is synced
before it has its name, and its directory before anybody is told, as if it were alone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from netsuite.store.files.errors import translated
from netsuite.store.files.staging import StagedFile
from netsuite.store.files.thread_jobs import Jobs
from netsuite.store.tree import Entry

#: Committed together, at most: who comes last waits for all.
_TOGETHER: Final = 64
#: What is committed on the reactor's thread and took so long has waited for the disk ...
WAIT_SECONDS: Final = 0.01
#: ... and for so long a thread does it instead.
BUSY_SECONDS: Final = 0.25


@dataclass(slots=True, eq=False)
class Commit:
    """One upload that is to get its name.

    Args:
        pieces: what is still to be written.
        modified: its time of modification, None for now.
        replaces: whether it may take a name that another file has. If not, it ends with None where
            one has it, and is as it was but written; so it does where that file is smaller than it
            was to be.
    """

    staged: StagedFile
    pieces: Sequence[bytes]
    modified: datetime | None
    replaces: bool = True
    done: Deferred[Entry | None] = field(default_factory=Deferred)
    result: Entry | Failure | None = None
    is_over: bool = False

    def end(self, result: Entry | Failure | None) -> None:
        """Note what has become of it."""
        self.result = result
        self.is_over = True


class GroupCommit:
    """Commits the uploads of one tree: those that come while others are at it, together.

    Args:
        now: returns seconds.
    """

    def __init__(self, jobs: Jobs, now: Callable[[], float] = time.monotonic) -> None:
        self._jobs = jobs
        self._now = now
        self._waits_until = 0.0
        self._waiting: list[Commit] = []
        self._busy = False

    def add(self, commit: Commit) -> Deferred[Entry | None]:
        """Make an upload durable and give it its name; nothing is left of it where that fails.
        Raises StoreClosed."""
        self._jobs.enter()
        if self._at_once(commit):
            self._jobs.leave()
            commit.done.callback(commit.result)  # a Failure makes it fail
            return commit.done
        self._waiting.append(commit)
        if not self._busy:
            self._go_on()
        return commit.done

    def _go_on(self) -> None:
        together, self._waiting = self._waiting[:_TOGETHER], self._waiting[_TOGETHER:]
        self._busy = bool(together)
        if together:
            self._jobs.run(commit_all, together).addBoth(self._landed, together)

    def _landed(self, result: object, together: Sequence[Commit]) -> None:
        self._go_on()  # the thread need not wait for who is told now
        for commit in together:
            if isinstance(result, Failure):  # there was no thread for it
                commit.end(result)
                commit.staged.discard()
            try:
                commit.done.callback(commit.result)  # a Failure makes it fail
            finally:
                self._jobs.leave()
        replaced = [each.staged.replaced for each in together if each.staged.replaced >= 0]
        if replaced:
            closing = self._jobs.run(_close_all, replaced)
            closing.addErrback(lambda _: _close_all(replaced))  # there was no thread for it

    def _at_once(self, commit: Commit) -> bool:
        """Commit here what takes no waiting, as far as one can know; return whether it is over."""
        began = self._now()
        if began < self._waits_until or not commit.staged.is_quick(commit.pieces):
            return False
        alone = Commit(commit.staged, commit.pieces, commit.modified, replaces=False)
        commit_all((alone,))
        if self._now() - began > WAIT_SECONDS:
            self._waits_until = began + BUSY_SECONDS
        if alone.result is None and commit.replaces:
            commit.pieces, commit.modified = (), None
            return False
        commit.end(alone.result)
        return True


def commit_all(commits: Sequence[Commit]) -> None:
    """Commit uploads, all of one step before any of the next; in a thread.

    An error ends the one that has it; the others go on.
    """
    together = len(commits) > 1

    def prepare(commit: Commit) -> None:
        commit.staged.prepare(commit.pieces, commit.modified, begin=together)

    def take_name(commit: Commit) -> None:
        staged = commit.staged
        if not staged.take_free_name() and not (commit.replaces and staged.take_name()):
            commit.end(None)

    _each(commits, prepare)
    _each(commits, lambda commit: commit.staged.sync())
    _each(commits, take_name)
    synced: set[tuple[int, int]] | None = set() if together else None
    _each(commits, lambda commit: commit.staged.sync_directory(synced))

    def finish(commit: Commit) -> None:
        commit.end(commit.staged.finished())

    _each(commits, finish)


def _each(commits: Sequence[Commit], step: Callable[[Commit], None]) -> None:
    for commit in commits:
        if not commit.is_over:
            try:
                translated(step, commit)
            except BaseException:
                commit.end(Failure())
                commit.staged.discard()


def _close_all(descriptors: Sequence[int]) -> None:
    for each in descriptors:
        with suppress(OSError):
            os.close(each)
