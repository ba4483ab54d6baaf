"""Connections that are cut at any octet: nothing that is not whole has a file's name, on either
side, and what can be gone on with is."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from zope.interface import implementer

from netsuite.cli.client import fetching, transfers
from netsuite.cli.client.access import Access
from netsuite.cli.client.destination import Destination, Place
from netsuite.cli.client.envelope import Envelope
from netsuite.cli.client.files import Letter
from netsuite.cli.client.problems import CommandError
from netsuite.cli.client.session import ClientSession, Login
from netsuite.cli.client.smtp import send
from netsuite.cli.client.urls import Target, parse_url
from netsuite.connection.errors import ClientError
from netsuite.message.address import Address
from netsuite.testing.cases import TestCase
from netsuite.testing.daemon import Daemon
from tests.store.reactors import reactor

pytestmark = pytest.mark.long
LOGIN = ("alice", "netsuite")
#: Larger than what one turn of a loop, or one record, carries.
CONTENT = random.Random(13).randbytes(150_000)
LETTER = b"From: a@example.test\r\nTo: alice@example.test\r\nSubject: cut\r\n\r\n" + (
    b"0123456789012345678901234567890123456789012345678901234567890123\r\n" * 2000
)
#: How a connection may end: reset, or in order.
ENDS = ("abortConnection", "loseConnection")


class _Cut(ProtocolWrapper):
    """A connection that ends when the session has heard so many octets."""

    def dataReceived(self, data: bytes) -> None:
        """Pass what may still be heard."""
        session: CutSession = self.factory.session
        passing = data[: session.left]
        session.left -= len(passing)
        session.heard += len(passing)
        if passing:
            super().dataReceived(passing)
        if not session.left:
            getattr(self.transport, session.end)()


class _Cutting(WrappingFactory):
    protocol = _Cut
    noisy = False

    def __init__(self, factory: Any, session: CutSession) -> None:
        super().__init__(factory)
        self.session = session


@implementer(IStreamClientEndpoint)
class _Endpoint:
    def __init__(self, endpoint: IStreamClientEndpoint, session: CutSession) -> None:
        self._endpoint = endpoint
        self._session = session

    def connect(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        """Connect, to be cut."""
        return self._endpoint.connect(_Cutting(factory, self._session))


class CutSession(ClientSession):
    """A session that hears so many octets, of all its connections together, and no more."""

    def __init__(
        self, target: Target, login: Login | None, left: int = 2**62, end: str = ENDS[0]
    ) -> None:
        super().__init__(reactor, target, Access(progress=False, connect_seconds=20), login)
        self.left = left
        self.heard = 0
        self.end = end

    def direct(self, host: str, port: int) -> IStreamClientEndpoint:
        """Return a way that is cut."""
        return _Endpoint(super().direct(host, port), self)


def offsets(total: int, count: int) -> Iterator[int]:
    """Return where to cut: every few octets at both ends, and some between, others each time the
    total is another."""
    chosen = random.Random(total)
    yield from sorted({chosen.randrange(1, total) for _ in range(count)} | {1, total - 1})


class Cuts(TestCase):
    """Every verb by every scheme against a daemon."""

    daemon: Daemon
    place: Path

    @classmethod
    def setUpClass(cls) -> None:
        cls.place = Path(tempfile.mkdtemp())
        cls.daemon = Daemon(cls.place / "home")
        public = cls.daemon.home / "files/public"
        (public / "f.bin").write_bytes(CONTENT)
        os.utime(public / "f.bin", (1e9, 1e9))

    @classmethod
    def tearDownClass(cls) -> None:
        cls.daemon.stop()
        shutil.rmtree(cls.place, ignore_errors=True)

    def url(self, scheme: str, path: str) -> Target:
        """Return a URL of the daemon."""
        return parse_url(f"{scheme}://127.0.0.1:{self.daemon.ports[scheme]}/{path}")

    async def fetched(self, session: ClientSession, place: Place) -> None:
        """Fetch what a session's URL names."""
        destination = Destination(place)
        try:
            await fetching.fetch_one(session, destination, patterns=True)
        finally:
            destination.close()

    async def cut_gets(
        self, target: Target, login: Login | None, *, ends: tuple[str, ...] = ENDS, count: int = 30
    ) -> None:
        """Cut a fetch at many octets."""
        file = Path(self.mktemp())
        session = CutSession(target, login)
        await self.fetched(session, Place(file=file))
        content = file.read_bytes()
        resumes = target.service in ("http", "ftp")
        broken = continued = 0
        for left in offsets(session.heard, count):
            end = ends[left % len(ends)]
            file.write_bytes(b"old")
            try:
                await self.fetched(CutSession(target, login, left, end), Place(file=file))
            except (ClientError, CommandError):
                broken += 1
                self.assertEqual(b"old", file.read_bytes(), (left, end))
                part = file.with_name(f"{file.name}.netsuite-part")
                self.assertTrue(resumes or not part.exists())
                continued += part.exists()
            if resumes:
                await self.fetched(CutSession(target, login), Place(file=file, resume=True))
            else:
                await self.fetched(CutSession(target, login), Place(file=file))
            self.assertEqual(content, file.read_bytes(), (left, end))
        self.assertGreater(broken, 0)
        if resumes:
            self.assertGreater(continued, 0)

    async def test_http(self) -> None:
        """A file is whole or has another name; the rest of it is fetched."""
        await self.cut_gets(self.url("http", "f.bin"), None)

    async def test_ftp(self) -> None:
        """The same, wherever control and data connections are cut."""
        await self.cut_gets(self.url("ftp", "f.bin"), None)

    async def test_gopher(self) -> None:
        """Gopher ends what is no text by closing: only what is reset is known to be cut."""
        await self.cut_gets(self.url("gopher", "9/f.bin"), None, ends=ENDS[:1])

    async def test_messages(self) -> None:
        """A message is whole, or not there."""
        await self.sent()
        uid = await self.last_uid()
        await self.cut_gets(self.url("imap", f"INBOX;UID={uid}"), LOGIN)
        number = len(await self.rows("pop3", ""))
        await self.cut_gets(self.url("pop3", str(number)), LOGIN)
        await self.cut_gets(self.url("nntp", "example.talk/1"), None)

    async def test_several(self) -> None:
        """Of several those that have come are there, whole."""
        whole = Path(self.mktemp())
        for scheme, path, login in (
            ("imap", "INBOX;UID=1:*", LOGIN),
            ("pop3", "1-", LOGIN),
            ("nntp", "example.talk/*", None),
            ("ftp", "*.*", None),
        ):
            target = self.url(scheme, path)
            session = CutSession(target, login)
            directory = whole / scheme
            directory.mkdir(parents=True)
            await self.fetched(session, Place(directory=directory))
            names = {each.name: each.read_bytes() for each in directory.iterdir()}
            for left in offsets(session.heard, 10):
                directory = Path(self.mktemp())
                directory.mkdir()
                cut = CutSession(target, login, left, ENDS[left % 2])
                with contextlib.suppress(ClientError, CommandError):
                    await self.fetched(cut, Place(directory=directory))
                for each in directory.iterdir():
                    if not each.name.endswith(".netsuite-part"):
                        self.assertEqual(names[each.name], each.read_bytes(), (scheme, left))

    # -- storing -----------------------------------------------------------------------------

    async def cut_work(
        self,
        target: Target,
        work: Callable[[ClientSession], Awaitable[None]],
        check: Callable[[], Awaitable[None]],
        *,
        count: int = 15,
    ) -> None:
        """Cut something that is stored at many octets of what the server says."""
        session = CutSession(target, LOGIN)
        await work(session)
        for left in offsets(session.heard, count):
            with contextlib.suppress(ClientError, CommandError):
                await work(CutSession(target, LOGIN, left, ENDS[left % 2]))
            await check()

    async def test_http_put(self) -> None:
        """A file is stored whole, or what was there stays."""
        await self.cut_puts(self.url("http", "~alice/put"))

    async def test_ftp_put(self) -> None:
        """The same."""
        await self.cut_puts(self.url("ftp", "public/put"))

    async def cut_puts(self, target: Target) -> None:
        """Cut what stores a file, each time another."""
        put = transfers.client_of(target.service).put
        assert put is not None
        contents: list[bytes] = []

        async def work(session: ClientSession) -> None:
            contents.append(f"{len(contents)} ".encode() * 20_000)
            (self.place / "sent").write_bytes(contents[-1])
            with (self.place / "sent").open("rb") as source:
                await put(session, source)

        async def check() -> None:
            stored = self.daemon.home / "files/home/alice/public/put"
            self.assertIn(stored.read_bytes(), contents)

        await self.cut_work(target, work, check)

    async def test_mail(self) -> None:
        """A message is there as often as it was taken, and always whole."""

        async def add(session: ClientSession) -> None:
            post = transfers.client_of("imap").post
            assert post is not None
            await post(session, letter())

        await self.cut_work(self.url("imap", "Drafts"), add, self.whole_messages, count=8)

    async def test_send(self) -> None:
        """What is sent arrives whole, or not at all."""
        target = self.url("smtp", "")
        session = CutSession(target, None)
        await self.sent(session)
        for left in offsets(session.heard, 15):
            with contextlib.suppress(ClientError, CommandError):
                await self.sent(CutSession(target, None, left, ENDS[left % 2]))
        for row in await self.rows("imap", "INBOX"):
            if row["subject"] == "cut":
                self.assertGreater(int(str(row["octets"])), len(LETTER))

    async def sent(self, session: ClientSession | None = None) -> None:
        """Send the letter to alice."""
        envelope = Envelope(None, [Address("alice", "example.test")])
        await send(session or CutSession(self.url("smtp", ""), None), letter(), envelope)

    async def whole_messages(self) -> None:
        """Check what is in Drafts."""
        for row in await self.rows("imap", "Drafts"):
            self.assertEqual(len(LETTER), row["octets"])

    async def rows(self, scheme: str, path: str) -> list[dict[str, object]]:
        """Return what ls tells."""
        ls = transfers.client_of(scheme).ls
        assert ls is not None
        listing = await ls(CutSession(self.url(scheme, path), LOGIN))
        return [dict(zip(listing.titles, row, strict=True)) for row in listing.rows]

    async def last_uid(self) -> object:
        """Return the newest message's UID."""
        return (await self.rows("imap", "INBOX"))[-1]["uid"]


def letter() -> Letter:
    """Return a message."""
    return Letter(BytesIO(LETTER), len(LETTER), True)
