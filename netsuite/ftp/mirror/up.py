"""The mirroring of a tree here to a server."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence, Set

from netsuite.connection import errors
from netsuite.ftp.client import FTPClient
from netsuite.ftp.listing import Listed
from netsuite.ftp.mirror.crew import Job, NotWhole
from netsuite.ftp.mirror.direction import (
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
from netsuite.ftp.mirror.names import is_part, part_name, parts_by_stem, stem
from netsuite.ftp.mirror.rules import Version, is_newer, is_same
from netsuite.ftp.paths import TreePath, sayable

#: What a server says of a path where nothing is.
_NOT_THERE = frozenset({450, 501, 550, 553})


class Changed(OSError):
    """A file has changed here while it was sent."""

    def __init__(self) -> None:
        super().__init__("it has changed while it was sent")


class Up:
    """A mirror of a tree here on a server.

    Args:
        context: what it goes by.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._options, self._local = context.options, context.local
        self._crew, self._run = context.crew, context.run
        self._renames = True  # the server has not refused to

    def begin(self) -> None:
        """Have the top worked on."""
        self._crew.add(self._directory((), there=True))

    def _directory(self, path: TreePath, *, there: bool) -> Job:
        """Return the work on a directory.

        Args:
            there: whether the server has it; of the top, whether it may.
        """

        async def work(client: FTPClient, job: Job) -> None:
            self._context.insist_on_hashes(client)
            here = await self._run(self._local.scan, path)
            listed = await self._listed(client, path) if there else None
            if not listed and not self._options.dry_run:
                listed = await self._make(client, path, there=listed is not None)
            listed = listed or {}
            parts = parts_by_stem(listed)
            jobs: list[Job] = []
            for name, entry in here.items():
                found = listed.get(name)
                own = parts.get(stem(name), ())
                job_of = await self._entry(client, (*path, name), entry, found, own)
                if job_of is not None:
                    jobs.append(job_of)
            if self._options.delete:
                needed = {part for name in here for part in parts.get(stem(name), ())}
                await self._delete(client, path, listed, here.keys() | needed)
            for each in jobs:
                self._crew.add(each)

        return Job(shown(path), work, is_directory=True)

    async def _listed(self, client: FTPClient, path: TreePath) -> Mapping[str, Listed] | None:
        """Return what the server has in a directory; None where there is none. Raises Refusal."""
        try:
            reading = await client.directory(self._context.remote(path) or None)
        except errors.Refusal as error:
            if path or not self._context.top or error.code not in _NOT_THERE:
                raise
            return None
        return {each.name: each for each in reading.entries}

    async def _make(
        self, client: FTPClient, path: TreePath, *, there: bool
    ) -> Mapping[str, Listed]:
        """Make a directory; of the top all that are missing above it, too. Return what is in it.
        Raises Refusal.

        Args:
            there: whether the server has listed it, and nothing in it; some list just so what is
                not there, as LIST takes patterns.
        """
        if there and (path or client.has_facts or not self._context.top):
            return {}
        names = self._context.remote(path).split("/")
        for count in range(len(names) if path else 1, len(names)):
            if above := "/".join(names[:count]):
                with contextlib.suppress(errors.Refusal):
                    await client.mkd(above)
        try:
            await client.mkd(self._context.remote(path))
        except errors.PermanentRefusal:
            # Made by now, perhaps by an earlier try of ours whose answer was lost; or the listing
            # is refused as well.
            return await self._listed(client, path) or {}
        self._crew.tell(MadeDirectory(shown(path)))
        return {}

    async def _entry(
        self,
        client: FTPClient,
        path: TreePath,
        entry: LocalEntry,
        there: Listed | None,
        parts: Sequence[str],
    ) -> Job | None:
        """Return the work on something here; None where there is none."""
        directory = entry.kind == "dir"
        if is_part(path[-1]) or not self._context.wants(path, directory=directory):
            return None
        if entry.kind == "other" or not sayable(path[-1]):
            line_end = "there is a line end in its name"
            self._context.leave_out(
                path, "it is neither a file nor a directory" if sayable(path[-1]) else line_end
            )
            return None
        if there is not None and there.kind != entry.kind:
            if not self._options.delete:
                self._context.leave_out(path, str(InTheWay()))
                return None
            await self._remove(client, path, there)
            there = None
        if directory:
            return self._directory(path, there=there is not None)
        return self._file(path, entry, there, parts)

    async def _delete(
        self,
        client: FTPClient,
        path: TreePath,
        listed: Mapping[str, Listed],
        needed: Set[str],
    ) -> None:
        """Remove from the server what is not here, nor a part of something that is."""
        for name, entry in listed.items():
            below = (*path, name)
            if name not in needed and self._context.wants(below, directory=entry.is_directory):
                await self._remove(client, below, entry)

    async def _remove(self, client: FTPClient, path: TreePath, entry: Listed) -> None:
        """Remove something from the server, all that is in it first. Raises Refusal."""
        remote = self._context.remote(path)
        if not self._options.dry_run:
            if entry.is_directory:
                for each in (await client.directory(remote)).entries:
                    await self._remove(client, (*path, each.name), each)
                await client.rmd(remote)
            else:
                await client.dele(remote)
        self._crew.tell(Removed(shown(path)))

    # -- files --------------------------------------------------------------------------------

    def _file(
        self,
        path: TreePath,
        entry: LocalEntry,
        listed: Listed | None,
        parts: Sequence[str],
    ) -> Job:
        """Return the work on a file.

        Args:
            listed: what has its name there.
            parts: names of its parts there, of whatever version.
        """

        async def work(client: FTPClient, job: Job) -> None:
            there = listed
            if there is not None:
                if not is_exact(there) and there.octets in (None, entry.octets):
                    there = await client.exactly(self._context.remote(path), there)
                if await self._is_there(client, path, entry, there):
                    return
                if self._options.newer and not is_newer(_version(entry), version_of(there)):
                    return
            if self._options.dry_run:
                self._crew.tell(Transferred(job.path, entry.octets))
                return
            part = part_name(path[-1], entry.octets, entry.modified)
            # What the listing said of it may be long ago, if a connection was lost meanwhile.
            begun = part in parts or job.moved > 0
            await self._store(client, job, path, entry, part, begun=begun)
            for name in parts:
                if name != part:
                    await client.dele(self._context.remote((*path[:-1], name)))

        return Job(shown(path), work)

    async def _is_there(
        self, client: FTPClient, path: TreePath, entry: LocalEntry, there: Listed
    ) -> bool:
        """Return whether the server has the same file."""
        if self._options.checksum and there.octets == entry.octets:
            remote = self._context.remote(path)
            same = await self._context.has_same_hash(client, remote, path)
            if (
                same
                and not is_same(_version(entry), version_of(there), keeps_times=False)
                and (self._options.dry_run or await client.set_modified(remote, entry.modified))
            ):
                self._crew.tell(TimeSet(shown(path)))
            return same
        return is_same(_version(entry), version_of(there), keeps_times="MFMT" in client.features)

    async def _store(
        self,
        client: FTPClient,
        job: Job,
        path: TreePath,
        entry: LocalEntry,
        part: str,
        *,
        begun: bool,
    ) -> None:
        """Store a file, or what its part lacks. Raises ClientError, OSError."""
        whole = self._context.remote(path)
        remote = self._context.remote((*path[:-1], part)) if self._renames else whole
        offset = 0
        if begun and self._renames:
            offset = await _size(client, remote) or 0
        if offset > entry.octets:
            offset = 0
        if offset == 0 or offset < entry.octets:
            try:
                await self._send(client, job, path, entry, remote, offset)
            except errors.Refusal as error:
                if not may_begin_anew(error, offset):
                    raise
                offset = 0
                await self._send(client, job, path, entry, remote, offset)
        size = await _size(client, remote)
        if size is not None and size != entry.octets:
            if size > entry.octets:
                await client.dele(remote)  # two were at it; neither's is right
            raise NotWhole(f"the server has {size} of {entry.octets} octets")
        await client.set_modified(remote, entry.modified)
        if self._context.must_verify(client, offset) and not await self._context.has_same_hash(
            client, remote, path
        ):
            await client.dele(remote)
            if offset == 0:
                raise NotTheSame("what was sent has another hash than the server says")
            await self._store(client, job, path, entry, part, begun=False)
            return
        if self._renames and not await self._put_in_place(client, remote, whole):
            self._renames = False
            with contextlib.suppress(errors.Refusal):
                await client.dele(remote)
            await self._store(client, job, path, entry, part, begun=False)
            return
        self._crew.tell(Transferred(job.path, entry.octets, offset))

    async def _send(
        self,
        client: FTPClient,
        job: Job,
        path: TreePath,
        entry: LocalEntry,
        remote: str,
        offset: int,
    ) -> None:
        """Send a file from an offset on. Raises ClientError, OSError, Changed."""
        sent = offset

        async def pieces() -> AsyncIterator[bytes]:
            nonlocal sent
            while sent < entry.octets:
                octets = await self._run(
                    self._local.read, path, sent, min(PIECE_OCTETS, entry.octets - sent)
                )
                if not octets:
                    return
                yield octets
                sent += len(octets)
                job.moved += len(octets)
                self._context.advance(len(octets))

        # Where REST is for stream mode, STOR begins there; others know APPE, which does it, too.
        append = offset > 0 and "REST" not in client.features
        await client.stor(remote, pieces(), offset=0 if append else offset, append=append)
        if sent < entry.octets or await self._run(self._local.version, path) != entry:
            await client.dele(remote)
            raise Changed()

    async def _put_in_place(self, client: FTPClient, part: str, whole: str) -> bool:
        """Give a part its name; return False where the server does not rename. Raises Refusal."""
        try:
            await client.rename(part, whole)
        except errors.PermanentRefusal as error:
            if type(error.command).__name__ == "Rnfr":
                return False
            # Some, on Windows, rename to no name that is there.
            await client.dele(whole)
            await client.rename(part, whole)
        return True


async def _size(client: FTPClient, path: str) -> int | None:
    """Return a file's size; None where there is none, or it is not told."""
    try:
        return await client.size(path)
    except errors.Refusal:
        return None


def _version(entry: LocalEntry) -> Version:
    return Version(entry.octets, entry.modified)
