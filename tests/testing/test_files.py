"""Files of a suite: put there, read, waited for."""

from __future__ import annotations

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater

from netsuite.testing.files import path_of
from tests.testing.worlds import in_memory


def test_put_and_read() -> None:
    """A file comes with the directories it is in; one that is there is replaced."""
    with in_memory("gopher") as suite:

        async def body() -> None:
            files = suite.files()
            await files.put("a/b/c.txt", "text")
            await files.put("a/d.bin", b"\0\1")
            await files.put("a/b/c.txt", "other text, and longer")
            assert await files.names() == ["a/b/c.txt", "a/d.bin"]
            assert await files.read("a/b/c.txt") == b"other text, and longer"
            assert await files.read("/a//d.bin") == b"\0\1"
            with pytest.raises(KeyError, match=r"a/x\.txt"):
                await files.read("a/x.txt")
            assert await suite.files("ann").names() == []

        suite.ground.run(body)


def test_wait() -> None:
    """What is waited for comes when it is there, and others do not end the waiting."""
    with in_memory("gopher") as suite:

        async def body() -> None:
            files = suite.files("ann")
            waiting = Deferred.fromCoroutine(files.wait("b.txt"))
            await files.put("a.txt", "a")
            await deferLater(suite.clock, 1.0)
            assert not waiting.called
            await files.put("b.txt", "b")
            assert await waiting == b"b"
            assert await files.wait("a.txt", timeout=0) == b"a"

        suite.ground.run(body)


def test_wait_in_vain() -> None:
    """The message names what is there, and what was said."""
    with in_memory("gopher") as suite:

        async def body() -> None:
            files = suite.files("ann")
            with pytest.raises(
                AssertionError, match=r"no b\.txt after 3 seconds; there is: nothing"
            ):
                await files.wait("b.txt", timeout=3)
            assert suite.clock.seconds() == pytest.approx(3)
            await files.put("x/y", "")
            told = r"(?s)ann's files: no b\.txt .* there is: x/y\nno session has begun"
            with pytest.raises(AssertionError, match=told):
                await files.wait("b.txt", timeout=0)

        suite.ground.run(body)


def test_wait_no_longer() -> None:
    """Who gives up leaves no timer behind, and is not heard of again."""
    with in_memory("gopher") as suite:

        async def body() -> None:
            waiting = Deferred.fromCoroutine(suite.files().wait("b.txt"))
            waiting.cancel()
            with pytest.raises(CancelledError):
                await waiting
            await suite.files().put("b.txt", "b")

        suite.ground.run(body)


def test_paths() -> None:
    """Slashes divide, however many."""
    assert path_of("a/b.txt") == path_of("/a//b.txt/") == ("a", "b.txt")
