"""The files of a suite under test: put some in, wait for an upload, look at them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from netsuite.store.changes import Change, ChangeFeed, FileChanged
from netsuite.store.errors import FileInTheWay, NoSuchFile
from netsuite.store.tree import EntryKind, FileTree, TreePath
from netsuite.testing.mail import SECONDS


class Surroundings(Protocol):
    """The part of a suite that files need."""

    @property
    def clock(self) -> IReactorTime:
        """For time limits."""

    @property
    def changes(self) -> ChangeFeed:
        """Where uploads are heard of."""

    def transcripts(self) -> str:
        """Return what was said last, for a message of a failed test."""


def path_of(name: str) -> TreePath:
    """Return the path of a name with slashes."""
    return tuple(each for each in name.split("/") if each)


class Files:
    """A tree of files: an account's own, or the public site.

    Args:
        tree: in the store.
        described: whose it is, for messages.
    """

    def __init__(self, suite: Surroundings, tree: FileTree, described: str) -> None:
        self._suite = suite
        self._tree = tree
        self._described = described

    async def read(self, name: str) -> bytes:
        """Return a file's octets. Raises KeyError where there is none."""
        try:
            file = await self._tree.open(path_of(name))
        except NoSuchFile:
            raise KeyError(name) from None
        try:
            return await file.read(0, file.entry.octets)
        finally:
            file.close()

    async def put(self, name: str, octets: bytes | str) -> None:
        """Put a file there, with the directories it is in, without any protocol."""
        *above, _ = path = path_of(name)
        for depth in range(1, len(above) + 1):
            try:
                await self._tree.make_directory(path[:depth])
            except FileInTheWay:
                continue
        upload = await self._tree.upload(path)
        written = upload.write(octets.encode() if isinstance(octets, str) else octets)
        if written is not None:
            await written
        await upload.commit()

    async def remove(self, name: str) -> None:
        """Remove a file, without any protocol. Raises KeyError where there is none."""
        try:
            await self._tree.remove_file(path_of(name))
        except NoSuchFile:
            raise KeyError(name) from None

    async def names(self) -> list[str]:
        """Return the names of all files, with slashes, sorted."""
        return sorted([name async for name in self._below(())])

    async def _below(self, path: TreePath) -> AsyncIterator[str]:
        async for entries in self._tree.listing(path):
            for entry in entries:
                inner = (*path, entry.name)
                if entry.kind is EntryKind.DIRECTORY:
                    async for name in self._below(inner):
                        yield name
                else:
                    yield "/".join(inner)

    async def wait(self, name: str, *, timeout: float = SECONDS) -> bytes:
        """Wait until a file is there, and return its octets.

        Args:
            timeout: in seconds of the suite's clock.

        Raises:
            AssertionError: it was not there in time; the message shows what was, and what was
                said.
        """
        heard: Deferred[None] = Deferred()

        def hear(change: Change) -> None:
            if isinstance(change, FileChanged) and not heard.called:
                heard.callback(None)

        clock = self._suite.clock
        until = clock.seconds() + timeout
        while True:
            watching = self._suite.changes.watch_files(hear)
            try:
                return await self.read(name)
            except KeyError:
                left = until - clock.seconds()
                if left <= 0:
                    there = ", ".join(await self.names()) or "nothing"
                    raise AssertionError(
                        f"{self._described}: no {name} after {timeout:g} seconds; there is: "
                        f"{there}\n{self._suite.transcripts()}"
                    ) from None
                timer = clock.callLater(left, hear, FileChanged("", ()))
                try:
                    await heard
                finally:  # who waits may be cancelled
                    if timer.active():
                        timer.cancel()
                heard = Deferred()
            finally:
                watching.cancel()
