"""The clients for asyncio: what is awaited, cancelled, given and left on a loop."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

from netsuite import aio
from netsuite.clients.reactors import LoopReactor, reactor_on
from netsuite.connection.errors import ConnectionLost, ConnectionRefused, Timeout
from netsuite.imap.commands.fetch import BodySection
from netsuite.imap.commands.responses import Exists
from netsuite.testing import BlockingSuite, serve

BIG = b"0123456789abcdef" * 65_536


@pytest.fixture(scope="module")
def suite() -> Iterator[BlockingSuite]:
    """What is connected to."""
    with serve("ftp", "imap", "pop3", "telnet") as suite:
        suite.mailbox("ann").deliver(subject="One")
        yield suite


def run(work: Callable[[], Awaitable[None]]) -> None:
    """Run work on a loop of its own, which complains of what is left."""

    async def bounded() -> None:
        async with asyncio.timeout(30):
            await work()

    asyncio.run(bounded(), debug=True)


def login(suite: BlockingSuite) -> dict[str, Any]:
    """Return how to connect."""
    return {"credentials": ("ann", suite.mailbox("ann").password), "timeout": 20}


def test_sources_and_sinks_of_the_loops_own(suite: BlockingSuite) -> None:
    """What asyncio itself awaits can give what is stored, and take what is read."""

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(BIG), 100_000):
            await asyncio.sleep(0)
            yield BIG[start : start + 100_000]

    class Sink:
        octets = b""

        async def write(self, octets: bytes) -> None:
            await asyncio.sleep(0)
            self.octets += octets

    async def main() -> None:
        sink = Sink()
        async with aio.ftp(suite.ftp.url, **login(suite)) as ftp:
            await ftp.store("big", pieces())
            assert await ftp.read("big").into(sink) == len(BIG)
            async with ftp.read("big") as stream:
                assert (await anext(stream)) == BIG[: stream.octets]
            assert await ftp.size("big") == len(BIG)
        assert sink.octets == BIG

    run(main)


def test_functions_that_are_coroutines(suite: BlockingSuite) -> None:
    """They are called with what asyncio can await, and awaited; those that they return, too."""
    seen: list[tuple[int, bytes]] = []

    def begin(number: int) -> Callable[[bytes], Awaitable[None]]:
        async def write(octets: bytes) -> None:
            await asyncio.sleep(0)
            seen.append((number, octets))

        return write

    async def consume(begins: object, pieces: AsyncIterator[bytes]) -> None:
        async for piece in pieces:
            await asyncio.sleep(0)
            seen.append((0, piece))

    async def main() -> None:
        async with aio.pop3(suite.pop3.url, **login(suite)) as pop3:
            assert not await pop3.retrieve([1], begin)
        assert seen[-1] == (1, b"")
        async with aio.imap(suite.imap.url + "INBOX", **login(suite)) as imap:
            await imap.append("INBOX", BIG)
            await imap.fetch(2, [BodySection(peek=True)], consumer=consume)
        assert b"".join(piece for number, piece in seen if not number) == BIG
        del seen[:]

    run(main)


def test_several_at_once(suite: BlockingSuite) -> None:
    """Clients of one loop wait side by side; a mailbox tells its news meanwhile."""

    async def main() -> None:
        first = aio.imap(suite.imap.url + "INBOX", **login(suite))
        second = aio.imap(suite.imap.url, **login(suite))
        async with first as imap, second as other, imap.idle() as news:
            before = (await other.status("INBOX"))["MESSAGES"]
            await other.append("INBOX", b"Subject: Two\r\n\r\n.")
            assert await anext(news) == Exists(before + 1)

    run(main)


def test_cancelled(suite: BlockingSuite) -> None:
    """Whoever is cancelled cancels what was asked, and the connection is no more."""

    async def main() -> None:
        async with aio.telnet(suite.telnet.url) as telnet:
            await telnet.read_until("login: ")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await telnet.read_until("what is never said")
            with pytest.raises(Timeout):
                await telnet.read_until("what is never said", seconds=0.01)
        with pytest.raises(ConnectionLost):
            await telnet.read_until("what is never said")

    run(main)


def test_errors(suite: BlockingSuite) -> None:
    """What goes wrong is raised as it is everywhere."""

    async def main() -> None:
        with pytest.raises(ConnectionRefused):
            await aio.pop3("pop3://127.0.0.1:1/")

    run(main)
    with pytest.raises(RuntimeError, match="no running event loop"):
        aio.pop3("pop3://127.0.0.1:1/")


def test_a_client_is_one_loops(suite: BlockingSuite) -> None:
    """On another loop it is refused, at once."""
    left: list[Any] = []

    async def main() -> None:
        left.append(await aio.imap(suite.imap.url, **login(suite)))

    async def other() -> None:
        with pytest.raises(RuntimeError, match="another loop"):
            await left[0].noop()

    run(main)
    run(other)


def test_reactors_go_with_their_loops(suite: BlockingSuite) -> None:
    """There is one reactor on a loop, and nothing holds it when the clients are gone."""
    seen: list[weakref.ref[Any]] = []

    async def main() -> None:
        async with aio.imap(suite.imap.url, **login(suite)) as imap:
            reactor = reactor_on(asyncio.get_running_loop())
            assert isinstance(reactor, LoopReactor)
            assert vars(imap)["_inner"].clock is reactor
            seen.append(weakref.ref(reactor))

    run(main)
    gc.collect()
    assert seen[0]() is None
