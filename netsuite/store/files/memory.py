"""A tree of files in memory: the reference, and for tests that want no disk.

Longer than 500 lines: all that a tree promises, said once without a disk.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from netsuite.store import errors
from netsuite.store.file_usage import NO_FILES, ONE_FILE, FileAmount
from netsuite.store.files.account_tally import AccountTally
from netsuite.store.files.disk import OnChange, tell_nobody
from netsuite.store.files.file_names import checked
from netsuite.store.files.locks import TreeLocks
from netsuite.store.files.quotas import FileQuotas, Growth
from netsuite.store.files.stat import kept_mode
from netsuite.store.files.syscalls import PIECE_ENTRIES
from netsuite.store.files.uploads import FailedAwaitable
from netsuite.store.tree import (
    DEPTH,
    PLAIN_UPLOAD,
    Entry,
    EntryKind,
    HomeTree,
    Space,
    TreePath,
    UploadRequest,
)


@dataclass(slots=True, eq=False)
class Node:
    """A file or a directory."""

    unique: int
    modified: datetime
    version: int
    #: None: it is a directory.
    data: bytes | None = None
    children: dict[str, Node] = field(default_factory=dict)
    mode: int = 0

    def entry(self, name: str) -> Entry:
        """Return what is shown of it."""
        kind = EntryKind.DIRECTORY if self.data is None else EntryKind.FILE
        validator = f"{self.unique:x}.{self.version:x}"
        octets = len(self.data or b"")
        return Entry(name, kind, octets, self.modified, f"{self.unique:x}", validator, self.mode)


class MemoryFile:
    """Implements ``tree.OpenFile``."""

    def __init__(self, entry: Entry, data: bytes) -> None:
        self.entry = entry
        self._data = data
        self._descriptor = -1
        self._closed = False

    @property
    def descriptor(self) -> int:
        """For ``sendfile``: a file without a name, made when it is asked for."""
        if self._closed:
            raise ValueError("the file is closed")
        if self._descriptor < 0:
            with tempfile.TemporaryFile() as file:
                file.write(self._data)
                file.flush()
                self._descriptor = os.dup(file.fileno())
        return self._descriptor

    async def read(self, offset: int, octets: int) -> bytes:
        """Read at most so many octets from an offset; empty at the end."""
        if self._closed:
            raise ValueError("the file is closed")
        return self._data[offset : offset + octets]

    def close(self) -> None:
        """Close the descriptor; may be called twice."""
        self._closed = True
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class MemoryUpload:
    """Implements ``tree.Upload``."""

    def __init__(
        self,
        tree: MemoryTree,
        path: TreePath,
        before: Node | None,
        kept: bytes,
        take: Callable[[bytes, datetime | None], Entry],
        growth: Growth | None = None,
    ) -> None:
        self.octets = len(kept)
        self._tree = tree
        self._path = path
        self._before = before
        self._version = before.version if before else 0
        self._kept = kept
        self._data = bytearray(kept)
        self._take = take
        self._growth = growth
        self._failure: errors.StoreError | None = None
        self._finished = False

    def write(self, octets: bytes) -> Awaitable[None] | None:
        """Append."""
        if self._finished:
            raise ValueError("the upload is finished")
        if self._failure is None:
            self._data += octets
            self.octets = len(self._data)
            limit = self._tree.limit_octets
            if limit is not None and self.octets > limit:
                self._failure = errors.TooLarge(f"more than {limit} octets")
            elif self._growth is not None:
                waiting = self._growth.cover(self.octets)
                if waiting is not None:
                    return self._grown(waiting)
        return FailedAwaitable(self._failure) if self._failure is not None else None

    async def _grown(self, waiting: Awaitable[None]) -> None:
        try:
            await waiting
        except errors.StoreError as error:
            self._failure = error
            raise

    async def commit(
        self,
        *,
        modified: datetime | None = None,
        may_replace: Callable[[], Awaitable[object]] | None = None,
    ) -> Entry:
        """Give it its name."""
        if self._finished:
            raise ValueError("the upload is finished")
        self._finished = True
        try:
            if self._failure is not None:
                raise self._failure
            if may_replace is not None and self._tree.node_or_none(self._path) is not None:
                try:
                    await may_replace()
                except BaseException:
                    await self._keep()
                    raise
            async with self._named():
                self._tree.check_upload(self._path)
                return self._take(bytes(self._data), modified)
        finally:
            self._give_back()

    def _give_back(self) -> None:
        if self._growth is not None:
            self._growth.give_back()

    @asynccontextmanager
    async def _named(self) -> AsyncIterator[None]:
        """Have room for it while it gets its name, if it does."""
        growth = self._growth
        if growth is None:
            yield
            return
        await growth.enter(len(self._data))
        while self._is_less(growth.replaced):
            growth.leave()
            await growth.enter(len(self._data), again=True)
        replaced, octets = self._replaced(), None
        try:
            yield
            octets = self._replaced()
        finally:
            growth.leave(octets, replaced)

    def _is_less(self, replaced: int | None) -> bool:
        there = self._replaced()
        return replaced is not None and (there is None or there < replaced)

    def _replaced(self) -> int | None:
        there = self._tree.node_or_none(self._path)
        return None if there is None or there.data is None else len(there.data)

    async def abort(self, *, keep_partial: bool = False) -> None:
        """Throw it away, or keep what has come where that takes nothing away."""
        if self._finished:
            return
        self._finished = True
        if keep_partial and self._failure is None and len(self._data) > len(self._kept):
            await self._keep()
        self._give_back()

    async def _keep(self) -> None:
        there = self._tree.node_or_none(self._path)
        if there is self._before and (there is None or self._is_beginning(there)):
            with suppress(errors.StoreError):  # there is no room for it
                async with self._named():
                    self._tree.check_upload(self._path)
                    self._tree.put(self._path, bytes(self._data), None, whole=False)

    def _is_beginning(self, there: Node) -> bool:
        return there.data == self._kept and there.version == self._version


class MemoryTree(HomeTree):
    """Implements ``tree.HomeTree`` in memory."""

    def __init__(
        self,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        on_change: OnChange = tell_nobody,
        limit_octets: int | None = None,
        depth: int = DEPTH,
        quotas: FileQuotas | None = None,
        locks: TreeLocks | None = None,
    ) -> None:
        self._now = now
        self._quotas = quotas
        self._locks = locks
        self._on_change = on_change
        self.limit_octets = limit_octets
        self._depth = depth
        self._numbers = itertools.count(1)
        self._root = self._new(None)

    def _new(self, data: bytes | None, modified: datetime | None = None) -> Node:
        number = next(self._numbers)
        mode = 0o755 if data is None else 0o644
        return Node(number, modified or self._now(), number, data, mode=mode)

    # -- finding -------------------------------------------------------------------------------

    def _node(self, path: TreePath) -> Node:
        checked(path, self._depth)
        here = self._root
        for name in path:
            if here.data is not None or name not in here.children:
                raise errors.NoSuchFile("no such file")
            here = here.children[name]
        return here

    def node_or_none(self, path: TreePath) -> Node | None:
        """Return what is there, if anything is."""
        try:
            return self._node(path)
        except errors.NoSuchFile:
            return None

    def _parent(self, path: TreePath) -> Node:
        checked(path, self._depth)
        parent = self._node(path[:-1])
        if parent.data is not None:
            raise errors.NoSuchFile("its directory is a file")
        return parent

    async def entry(self, path: TreePath) -> Entry:
        """Look one up."""
        return self._node(path).entry(path[-1] if path else "")

    async def listing(self, path: TreePath) -> AsyncIterator[Sequence[Entry]]:
        """List a directory in pieces, in no order."""
        node = self._node(path)
        if node.data is not None:
            raise errors.NotADirectory("a file")
        entries = [child.entry(name) for name, child in node.children.items()]
        for start in range(0, len(entries), PIECE_ENTRIES):
            yield entries[start : start + PIECE_ENTRIES]

    async def open(self, path: TreePath) -> MemoryFile:
        """Open a file for reading."""
        node = self._node(path)
        if node.data is None:
            raise errors.IsADirectory("a directory")
        return MemoryFile(node.entry(path[-1]), node.data)

    # -- changing ------------------------------------------------------------------------------

    async def upload(self, path: TreePath, request: UploadRequest = PLAIN_UPLOAD) -> MemoryUpload:
        """Begin a file."""
        if not path:
            raise errors.IsADirectory("the root")
        self._takable(path, request)
        self.check_upload(path)
        growth = None
        if self._quotas is not None:
            growth = self._quotas.growth(path, partial(self._octets_at, path))
            await growth.begin(request)
        try:
            return self._begin(path, request, growth)
        except BaseException:
            if growth is not None:
                growth.give_back()
            raise

    def check_upload(self, path: TreePath) -> None:
        """Check that no lock is on a file, or on its name where it is a new one. Raises Locked."""
        if self._locks is not None:
            self._locks.check_content(path)
            if self.node_or_none(path) is None:
                self._locks.check_name(path)

    def _check_name(self, path: TreePath) -> None:
        if self._locks is not None:
            self._locks.check_name(path)

    def _gone(self, path: TreePath) -> None:
        if self._locks is not None:
            self._locks.forget(path)
        self._on_change(path, True)

    async def _octets_at(self, path: TreePath) -> int | None:
        there = self.node_or_none(path)
        return None if there is None or there.data is None else len(there.data)

    def _begin(self, path: TreePath, request: UploadRequest, growth: Growth | None) -> MemoryUpload:
        before = self._takable(path, request)
        data = b"" if before is None or before.data is None else before.data
        octets = len(data) if request.append else request.resume_at or 0
        if octets > len(data):
            raise errors.NoSuchFile(f"{len(data)} octets are there")
        whole = octets + (request.expected_octets or 0)
        if self.limit_octets is not None and whole > self.limit_octets:
            raise errors.TooLarge(f"{whole} octets")
        version = before.version if before else 0

        def take(content: bytes, modified: datetime | None) -> Entry:
            there = self._takable(path, request)
            if request.append and (there is not before or (there and there.version != version)):
                raise errors.Changed("the file that was to be appended to")
            return self.put(path, content, modified)

        return MemoryUpload(self, path, before, data[:octets], take, growth)

    def _takable(self, path: TreePath, request: UploadRequest) -> Node | None:
        there = self._parent(path).children.get(path[-1])
        if there is not None:
            if there.data is None:
                raise errors.IsADirectory("a directory has the name")
            if request.only_new:
                raise errors.FileInTheWay("something has the name")
        is_now = there.entry("").validator if there is not None else None
        if request.if_validator not in (None, is_now):
            raise errors.Changed("the file is not what it was")
        return there

    def put(
        self, path: TreePath, data: bytes, modified: datetime | None, *, whole: bool = True
    ) -> Entry:
        """Return a content its name; *whole* says whether all of it has come."""
        parent = self._parent(path)
        there = parent.children.get(path[-1])
        node = parent.children[path[-1]] = self._new(data, modified)
        if there is not None:
            node.mode = there.mode
        self._touch(parent)
        self._on_change(path, False, uploaded=whole)
        return node.entry(path[-1])

    def _touch(self, directory: Node) -> None:
        directory.modified = self._now()
        directory.version = next(self._numbers)

    async def make_directory(self, path: TreePath) -> Entry:
        """Make a directory."""
        if not path:
            raise errors.FileInTheWay("the root")
        self._check_name(path)
        parent = self._parent(path)
        if path[-1] in parent.children:
            raise errors.FileInTheWay("something has the name")
        async with self._changing(path, ONE_FILE):
            parent = self._parent(path)
            if path[-1] in parent.children:
                raise errors.FileInTheWay("something has the name")
            node = parent.children[path[-1]] = self._new(None)
            self._touch(parent)
        self._on_change(path, False)
        return node.entry(path[-1])

    def _tally(self, path: TreePath) -> AccountTally | None:
        return None if self._quotas is None else self._quotas.of(path)

    @asynccontextmanager
    async def _changing(self, path: TreePath, need: FileAmount = NO_FILES) -> AsyncIterator[None]:
        """Have room for what is needed, and count what has changed."""
        tally = self._tally(path)
        if tally is None:
            yield
            return
        await tally.reserve(need)
        try:
            await tally.enter()
        except BaseException:
            tally.release(need)
            raise
        before = await self.amount(path[:1])
        try:
            yield
        finally:
            tally.leave(await self.amount(path[:1]) - before, reserved=need)

    async def amount(self, path: TreePath) -> FileAmount:
        """Count what is below a directory."""
        amount = NO_FILES
        waiting = [self._node(path)]
        while waiting:
            for child in waiting.pop().children.values():
                amount += FileAmount(len(child.data or b""), 1)
                waiting.append(child)
        return amount

    async def remove_file(self, path: TreePath) -> None:
        """Remove a file."""
        self._check_name(path)
        async with self._changing(path):
            if self._node(path).data is None:
                raise errors.IsADirectory("a directory")
            self._drop(path)
        self._gone(path)

    async def remove_directory(self, path: TreePath) -> None:
        """Remove an empty directory."""
        if not path:
            raise errors.NotPermitted("the root")
        self._check_name(path)
        async with self._changing(path):
            node = self._node(path)
            if node.data is not None:
                raise errors.NotADirectory("a file")
            if node.children:
                raise errors.DirectoryNotEmpty("not empty")
            self._drop(path)
        self._gone(path)

    def _drop(self, path: TreePath) -> None:
        parent = self._parent(path)
        del parent.children[path[-1]]
        self._touch(parent)

    async def move_to(
        self, old: TreePath, sister: HomeTree, new: TreePath, *, replace: bool = True
    ) -> None:
        """As ``rename``, but *new* is in the sister."""
        tree, new = sister.underlying(new)
        if not isinstance(tree, MemoryTree):
            raise errors.NotPermitted("a tree of another kind")
        checked(new, tree._depth)
        if not old:
            raise errors.NotPermitted("the root")
        if not new:
            raise errors.FileInTheWay("the root")
        self._check_name(old)
        tree._check_name(new)
        source, target = self._tally(old), tree._tally(new)
        if source is target:
            async with self._changing(old):
                self._move(old, tree, new, replace=replace)
        else:
            there = await tree._octets_at(new)
            need = ONE_FILE + FileAmount(len(self._node(old).data or b"")) + await self.amount(old)
            if there is not None:
                need -= FileAmount(there, 1)
            async with self._changing(old), tree._changing(new, need.positive):
                self._move(old, tree, new, replace=replace)
        if self.node_or_none(old) is None:
            self._gone(old)
            tree._on_change(new, False)

    def _move(self, old: TreePath, tree: MemoryTree, new: TreePath, *, replace: bool) -> None:
        node = self._node(old)
        parent = tree._parent(new)
        there = parent.children.get(new[-1])
        if there is not None:
            if not replace or (there.data is None) != (node.data is None):
                raise errors.FileInTheWay("something has the name")
            if there is node:
                return
        if tree is self and new[: len(old)] == old:
            raise errors.NotPermitted("a directory into itself")
        if there is not None and there.children:
            raise errors.DirectoryNotEmpty("not empty")
        self._drop(old)
        parent.children[new[-1]] = node
        tree._touch(parent)

    def clear(self) -> None:
        """Remove everything."""
        there = list(self._root.children)
        self._root.children.clear()
        for name in there:
            self._on_change((name,), True)

    async def set_modified(self, path: TreePath, modified: datetime) -> Entry:
        """Set the time of modification."""
        node = self._node(path)
        if self._locks is not None:
            self._locks.check_content(path)
        node.modified = modified
        node.version = next(self._numbers)
        self._on_change(path, False)
        return node.entry(path[-1] if path else "")

    async def set_mode(self, path: TreePath, mode: int) -> Entry:
        """Set the permission bits."""
        node = self._node(path)
        if self._locks is not None:
            self._locks.check_content(path)
        node.mode = kept_mode(mode, directory=node.data is None)
        node.version = next(self._numbers)
        self._on_change(path, False)
        return node.entry(path[-1] if path else "")

    async def space(self, path: TreePath) -> Space:
        """Return that nothing but the quota limits it."""
        self._node(path)
        room = Space(None, None)
        return room if self._quotas is None else await self._quotas.within(path, room)
