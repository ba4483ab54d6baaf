"""The mirroring of a server's tree here.

What a server names is a stranger's word: names that lead elsewhere are left out, and where they
are stored no link is followed (``local``). Nothing is removed here for a listing that was not
understood to its end.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from netsuite.connection import errors
from netsuite.ftp.client import FTPClient
from netsuite.ftp.list_forms import Reading
from netsuite.ftp.listing import Listed
from netsuite.ftp.mirror.crew import Job, NotWhole
from netsuite.ftp.mirror.direction import (
    DEPTH,
    Context,
    InTheWay,
    NotTheSame,
    is_exact,
    may_begin_anew,
    shown,
    version_of,
)
from netsuite.ftp.mirror.events import MadeDirectory, Removed, TimeSet, Transferred
from netsuite.ftp.mirror.local import PIECE_OCTETS, LocalEntry
from netsuite.ftp.mirror.names import is_part, part_name, parts_by_stem, stem, trouble_with
from netsuite.ftp.mirror.rules import Version, is_newer, is_same
from netsuite.ftp.paths import TreePath

#: The parts that there are here, by the stem of their names.
Parts: TypeAlias = Mapping[str, Sequence[str]]


class Down:
    """A mirror of a server's tree here.

    Args:
        context: what it goes by.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._options, self._local = context.options, context.local
        self._crew, self._run = context.crew, context.run

    def begin(self) -> None:
        """Have the top worked on."""
        self._crew.add(self._directory((), frozenset()))

    def _directory(self, path: TreePath, above: frozenset[str]) -> Job:
        """Return the work on a directory.

        Args:
            above: the ``unique`` facts of those it is in.
        """

        async def work(client: FTPClient, job: Job) -> None:
            self._context.insist_on_hashes(client)
            reading = await client.directory(self._context.remote(path) or None)
            if not self._options.dry_run:
                await self._make(path)
            here = await self._run(self._local.scan, path)
            parts = parts_by_stem(here)
            found = [
                await self._entry((*path, each.name), each, here, parts, above)
                for each in reading.entries
            ]
            if reading.left_out:
                count = len(reading.left_out)
                self._context.leave_out(path, f"{count} lines of its listing tell of no file")
            if self._options.delete:
                await self._delete(path, reading, here, parts, facts=client.has_facts)
            for each in found:
                if each is not None:
                    self._crew.add(each)

        return Job(shown(path), work, is_directory=True)

    async def _make(self, path: TreePath) -> None:
        """Make a directory, if it is not there. Raises OSError."""
        if not path:
            await self._run(self._local.make_top)
        elif await self._run(self._local.make, path):
            self._crew.tell(MadeDirectory(shown(path)))

    async def _entry(
        self,
        path: TreePath,
        entry: Listed,
        here: Mapping[str, LocalEntry],
        parts: Parts,
        above: frozenset[str],
    ) -> Job | None:
        """Return the work on an entry of a listing; None where there is none."""
        if is_part(entry.name) or not self._context.wants(path, directory=entry.is_directory):
            return None
        trouble = trouble_with(entry.name, windows=os.name == "nt")
        if not trouble and not entry.is_directory and entry.kind != "file":
            trouble = f"it is neither a file nor a directory, but {entry.kind}"
        if entry.is_directory and (len(path) > DEPTH or (entry.unique and entry.unique in above)):
            trouble = "it leads up again, or goes too deep"
        if trouble:
            self._context.leave_out(path, trouble)
            return None
        there = here.get(entry.name)
        kind = "dir" if entry.is_directory else "file"
        if there is not None and there.kind != kind and kind + there.kind != "fileother":
            if not self._options.delete:
                self._context.leave_out(path, str(InTheWay()))
                return None
            await self._remove(path)
            there = None
        if entry.is_directory:
            return self._directory(path, above | {entry.unique} if entry.unique else above)
        return self._file(path, entry, there, parts.get(stem(entry.name), ()))

    async def _delete(
        self,
        path: TreePath,
        reading: Reading,
        here: Mapping[str, LocalEntry],
        parts: Parts,
        *,
        facts: bool,
    ) -> None:
        """Remove what the server has not."""
        there = {each.name for each in reading.entries}
        # A part stays as long as its file does.
        needed = {part for name in there for part in parts.get(stem(name), ())}
        gone = [name for name in here if name not in there]
        if gone and reading.left_out:
            self._context.leave_out(path, "nothing is removed in it")
            return
        for name in gone:
            below = (*path, name)
            # LIST leaves hidden files away, on many servers.
            hidden = name.startswith(".") and not facts
            directory = here[name].kind == "dir"
            if (
                not hidden
                and name not in needed
                and self._context.wants(below, directory=directory)
            ):
                await self._remove(below)

    async def _remove(self, path: TreePath) -> None:
        if not self._options.dry_run:
            await self._run(self._local.remove, path)
        self._crew.tell(Removed(shown(path)))

    # -- files --------------------------------------------------------------------------------

    def _file(
        self, path: TreePath, listed: Listed, there: LocalEntry | None, parts: Sequence[str]
    ) -> Job:
        """Return the work on a file.

        Args:
            there: what has its name here.
            parts: names of its parts here, of whatever version.
        """

        async def work(client: FTPClient, job: Job) -> None:
            remote = self._context.remote(path)
            entry = listed if is_exact(listed) else await client.exactly(remote, listed)
            if there is not None and there.kind == "file":
                if await self._is_there(client, path, entry, there):
                    return
                if self._options.newer and not is_newer(version_of(entry), _version(there)):
                    return
            if self._options.dry_run:
                self._crew.tell(Transferred(job.path, entry.octets or 0))
                return
            begun = job.moved > 0 or _part(entry) in parts
            await self._fetch(client, job, path, entry, begun=begun)
            for name in parts:
                if name != _part(entry):
                    await self._run(self._local.remove, (*path[:-1], name))

        return Job(shown(path), work)

    async def _is_there(
        self, client: FTPClient, path: TreePath, entry: Listed, there: LocalEntry
    ) -> bool:
        """Return whether a file here is the same."""
        if self._options.checksum and there.octets == entry.octets:
            same = await self._context.has_same_hash(client, self._context.remote(path), path)
            if same and entry.modified and not _has_time(there, entry.modified):
                if not self._options.dry_run:
                    await self._run(self._local.set_time, path, entry.modified)
                self._crew.tell(TimeSet(shown(path)))
            return same
        return is_same(version_of(entry), _version(there), keeps_times=True)

    async def _fetch(
        self, client: FTPClient, job: Job, path: TreePath, entry: Listed, *, begun: bool
    ) -> None:
        """Fetch a file, or what its part lacks. Raises ClientError, OSError."""
        remote, part = self._context.remote(path), (*path[:-1], _part(entry))
        offset = 0
        if begun and (entry.modified is not None or client.has_hash):
            offset = await self._run(self._local.size, part)
        if entry.octets is None or offset > entry.octets:
            offset = 0
        writing = _Writing(self._context, part, job, offset, entry.octets)
        if offset == 0 or offset != entry.octets:
            try:
                await writing.retrieve(client, remote)
            except errors.Refusal as error:
                if not may_begin_anew(error, offset):
                    raise
                offset = 0
                writing = _Writing(self._context, part, job, offset, entry.octets)
                await writing.retrieve(client, remote)
        come = writing.octets + writing.held_octets
        if entry.octets is not None and come != entry.octets:
            await writing.flush()
            raise NotWhole(f"{come} of {entry.octets} octets have come")
        if self._context.must_verify(client, offset):
            await writing.flush()
            if not await self._context.has_same_hash(client, remote, part):
                await self._run(self._local.remove, part)
                if offset == 0:
                    raise NotTheSame("what has come has another hash than the server says")
                await self._fetch(client, job, path, entry, begun=False)
                return
        last = writing.take()
        await self._run(
            self._local.put_in_place, part, path[-1], entry.modified, writing.octets, last
        )
        self._crew.tell(Transferred(job.path, come, offset))


def _part(entry: Listed) -> str:
    return part_name(entry.name, entry.octets, entry.modified)


def _version(there: LocalEntry) -> Version:
    return Version(there.octets, there.modified)


def _has_time(there: LocalEntry, modified: datetime) -> bool:
    return int(there.modified.timestamp()) == int(modified.timestamp())


class _Writing:
    """A part that grows.

    Args:
        offset: where what comes begins.
        most: of how many octets the whole consists; None where that is not known.
    """

    def __init__(
        self, context: Context, part: TreePath, job: Job, offset: int, most: int | None
    ) -> None:
        self._context = context
        self._part = part
        self._job = job
        self._most = most
        self._pieces: list[bytes] = []
        #: How many octets are held, and not written yet.
        self.held_octets = 0
        #: How many are in the part.
        self.octets = offset

    async def retrieve(self, client: FTPClient, remote: str) -> None:
        """Fetch what it lacks. What has come when that fails is written, and need not come again.
        Raises ClientError, OSError."""
        try:
            await client.retr(remote, self.write, offset=self.octets)
        except BaseException:
            await self.flush()
            raise

    async def write(self, octets: bytes) -> None:
        """Take a piece. Raises OSError; NotWhole where it is too much: the file has changed, and
        nothing that has come is of any use."""
        come = self.octets + self.held_octets + len(octets)
        if self._most is not None and come > self._most:
            self._pieces, self.held_octets, self.octets = [], 0, 0
            raise NotWhole(f"more than {self._most} octets have come")
        self._pieces.append(octets)
        self.held_octets += len(octets)
        self._job.moved += len(octets)
        self._context.advance(len(octets))
        if self.held_octets >= PIECE_OCTETS:
            await self.flush()

    def take(self) -> bytes:
        """Return what is held, to be written by others."""
        octets, self._pieces, self.held_octets = b"".join(self._pieces), [], 0
        return octets

    async def flush(self) -> None:
        """Have all that came written. Raises OSError."""
        octets = self.take()
        await self._context.run(self._context.local.write, self._part, self.octets, octets)
        self.octets += len(octets)
