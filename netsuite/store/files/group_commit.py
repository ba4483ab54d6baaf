"""Group commit of uploads: those that end at the same time are made durable together.

An ``fsync`` has the file system write down all that it has decided so far, whosever it is. So of
several files whose octets are on their way already, the first one waits for the disk and the
others find it done; and a directory that got several names is written once. Each file is synced
before it has its name, and its directory before anybody is told, as if it were alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


@dataclass(slots=True, eq=False)
class Commit:
    """One upload that is to get its name.

    Args:
        pieces: what is still to be written.
        modified: its time of modification, None for now.
    """

    staged: StagedFile
    pieces: Sequence[bytes]
    modified: datetime | None
    done: Deferred[Entry] = field(default_factory=Deferred)
    result: Entry | Failure | None = None


class GroupCommit:
    """Commits the uploads of one tree: those that come while others are at it, together."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._waiting: list[Commit] = []
        self._busy = False

    def add(
        self, staged: StagedFile, pieces: Sequence[bytes], modified: datetime | None
    ) -> Deferred[Entry]:
        """Make an upload durable and give it its name; nothing is left of it where that fails.
        Raises StoreClosed."""
        self._jobs.enter()
        commit = Commit(staged, pieces, modified)
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
            ended = commit.result
            if isinstance(result, Failure):  # there was no thread for it
                ended = result
                commit.staged.discard()
            try:
                commit.done.callback(ended)  # type: ignore[arg-type]  # a Failure makes it fail
            finally:
                self._jobs.leave()


def commit_all(commits: Sequence[Commit]) -> None:
    """Commit uploads, all of one step before any of the next; in a thread.

    An error ends the one that has it; the others go on.
    """
    together = len(commits) > 1

    def prepare(commit: Commit) -> None:
        commit.staged.prepare(commit.pieces, commit.modified, begin=together)

    _each(commits, prepare)
    _each(commits, lambda commit: commit.staged.sync())
    _each(commits, lambda commit: commit.staged.take_name())
    synced: set[tuple[int, int]] | None = set() if together else None
    _each(commits, lambda commit: commit.staged.sync_directory(synced))

    def finish(commit: Commit) -> None:
        commit.result = commit.staged.finished()

    _each(commits, finish)


def _each(commits: Sequence[Commit], step: Callable[[Commit], None]) -> None:
    for commit in commits:
        if commit.result is None:
            try:
                translated(step, commit)
            except BaseException:
                commit.result = Failure()
                commit.staged.discard()
