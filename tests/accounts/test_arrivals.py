"""Arrivals: who asked is told of mail, articles and files, each once, when it is there."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from email.message import EmailMessage

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint
from twisted.logger import globalLogPublisher

from netsuite.accounts import arrivals
from netsuite.accounts.arrivals import (
    TOLD_AT_ONCE,
    ArrivedArticle,
    ArrivedFile,
    ArrivedMessage,
    MailEnvelope,
)
from netsuite.accounts.interfaces import Channel, FileAccess
from netsuite.connection.errors import Refusal
from netsuite.ftp.client import connect as connect_ftp
from netsuite.http.client import HTTPClient
from netsuite.imap.client import connect as connect_imap
from netsuite.nntp.client import connect as connect_nntp
from netsuite.smtp import send
from netsuite.store.errors import NoSuchMessage, TooLarge
from netsuite.testing.case import TestCase
from netsuite.testing.health import settled
from tests.logged import Lines

MAIL = EmailMessage()
MAIL["From"] = "shop@example.net"
MAIL["To"] = "ann@example.test, bob@example.test"
MAIL["Subject"] = "Order 7"
MAIL.set_content("Thanks!\n")
ARTICLE = b"From: ann@example.test\r\nNewsgroups: local.a,local.b\r\nSubject: Hello\r\n\r\nAll\r\n"


class Mail(TestCase):
    """Mail that is delivered."""

    ground = "memory"
    services = ("smtp", "imap")

    async def test_delivered(self) -> None:
        """A message to two is told once, with the envelope and what was sent."""
        told: list[tuple[MailEnvelope, EmailMessage, bytes]] = []

        @self.netsuite.site.on_mail
        async def archive(envelope: MailEnvelope, message: ArrivedMessage) -> None:
            told.append((envelope, await message.email(), await message.read()))

        await self.send()
        await self.netsuite.mailbox("bob").wait(1)
        ((envelope, message, octets),) = told
        self.assertEqual("shop@example.net", envelope.sender)
        self.assertEqual(("ann@example.test", "bob@example.test"), envelope.recipients)
        self.assertIsNone(envelope.account)
        self.assertEqual(2, len(envelope.places))
        self.assertEqual("Order 7", message["Subject"])
        self.assertTrue(octets.startswith(b"Return-Path: <shop@example.net>\r\n"))

    async def send(self) -> None:
        """Send the message."""
        suite = self.netsuite
        await send(MAIL, to=suite.smtp.endpoint, reactor=suite.reactor)

    async def test_copies(self) -> None:
        """What IMAP copies and appends has not arrived."""
        suite = self.netsuite
        ann = suite.mailbox("ann")
        told: list[MailEnvelope] = []
        suite.site.on_mail(lambda envelope, message: told.append(envelope))
        client = await connect_imap(suite.imap.endpoint, clock=suite.clock)
        await client.login("ann", ann.password)
        await client.append("INBOX", b"Subject: x\r\n\r\n")
        await client.create("Other")
        await client.select("INBOX")
        await client.copy(1, "Other")
        await client.logout()
        await ann.wait(1, folder="Other")
        self.assertEqual([], told)

    async def test_troubles(self) -> None:
        """One who fails does not keep others from being told, nor the sender from going on."""
        told: list[str] = []
        site = self.netsuite.site
        site.on_mail(lambda envelope, message: 1 // 0)
        site.on_mail(lambda envelope, message: told.append(envelope.sender))
        await self.send()
        await self.netsuite.mailbox("ann").wait(1)
        self.assertEqual(["shop@example.net"], told)
        self.assertEqual(1, len(self.flushLoggedErrors(ZeroDivisionError)))

    async def test_gone_and_large(self) -> None:
        """A message that is too large, or that its reader has removed by then, is an error."""
        messages: list[ArrivedMessage] = []
        site = self.netsuite.site
        site.on_mail(lambda envelope, message: messages.append(message))
        await self.send()
        ann = self.netsuite.mailbox("ann")
        await ann.wait(1)
        with self.assertRaises(TooLarge):
            await messages[0].read(10)
        for name in ("ann", "bob"):
            account = await site.store.accounts.account(name)
            folder = await site.store.mail.folder(account.id, "INBOX")
            await site.store.mail.expunge(folder.id, None, deleted_only=False)
        with self.assertRaises(NoSuchMessage):
            await messages[0].read(10_000)

    async def test_stop(self) -> None:
        """A site that stops waits for those who are being told, and not for ever."""
        suite = self.netsuite
        cancelled: list[bool] = []

        @suite.site.on_mail
        async def slow(envelope: MailEnvelope, message: ArrivedMessage) -> None:
            never: Deferred[None] = Deferred(lambda _: cancelled.append(True))
            await never

        await self.send()
        await suite.mailbox("ann").wait(1)
        began = suite.clock.seconds()
        await suite.stop()
        self.assertEqual([True], cancelled)
        self.assertEqual(10, suite.clock.seconds() - began)
        self.flushLoggedErrors()

    async def test_stop_at_all_costs(self) -> None:
        """One who goes on though it was cancelled, or begins meanwhile, does not keep it open."""
        suite = self.netsuite
        never: list[Deferred[None]] = []

        @suite.site.on_mail
        async def deaf(envelope: MailEnvelope, message: ArrivedMessage) -> None:
            if len(never) < 3:
                suite.site.arrivals.mail_delivered("", [], None, envelope.places)
            while True:
                never.append(Deferred(lambda _: None))
                with contextlib.suppress(CancelledError):
                    await never[-1]

        await self.send()
        await suite.mailbox("ann").wait(1)
        began = suite.clock.seconds()
        await suite.stop()
        self.assertEqual(10, suite.clock.seconds() - began)
        self.flushLoggedErrors()

    async def test_any_answer(self) -> None:
        """What a plain listener returns is nobody's concern."""
        told: list[str] = []

        @self.netsuite.site.on_mail
        def counted(envelope: MailEnvelope, message: ArrivedMessage) -> int:
            told.append(envelope.sender)
            return len(told)

        await self.send()
        await self.netsuite.mailbox("ann").wait(1)
        self.assertEqual(["shop@example.net"], told)
        self.assertEqual([], self.flushLoggedErrors())


class Others(TestCase):
    """Articles and files."""

    ground = "memory"
    services = ("nntp", "ftp", "http")

    async def test_article(self) -> None:
        """An article of two groups is told once."""
        suite = self.netsuite
        suite.group("local.a")
        suite.group("local.b")
        told: list[tuple[ArrivedArticle, EmailMessage]] = []

        @suite.site.on_article
        async def index(article: ArrivedArticle) -> None:
            told.append((article, await article.message.email()))

        client = await connect_nntp(suite.nntp.endpoint, clock=suite.clock)
        await client.post(ARTICLE)
        await client.quit()
        await suite.group("local.b").wait(1)
        ((article, message),) = told
        self.assertEqual(("local.a", "local.b"), article.newsgroups)
        self.assertEqual(message["Message-ID"], article.message_id)
        self.assertEqual("Hello", message["Subject"])

    async def test_upload(self) -> None:
        """A file that was sent is told with whose it is; what is made, renamed and removed is no
        upload."""
        suite = self.netsuite
        told: list[tuple[str | None, str, bytes]] = []

        @suite.site.on_upload
        async def thumbnail(file: ArrivedFile) -> None:
            told.append((file.account, "/".join(file.path), await file.read()))

        suite.mailbox("ann")
        channel = Channel("ftp", local=True)
        login = await suite.site.authenticator.log_in(channel, "ann", "secret", FileAccess)
        files = login.avatar
        await files.make_directory(("pictures",))
        upload = await files.upload(("pictures", "a.png"))
        upload.write(b"PNG")
        await upload.commit()
        await files.rename(("pictures", "a.png"), ("pictures", "b.png"))
        await files.rename(("pictures", "b.png"), ("pictures", "a.png"))
        await suite.files("ann").wait("pictures/a.png")
        await suite.files().put("index.html", "<p>")
        await suite.files().wait("index.html")
        await settled(suite.clock)
        self.assertEqual([("ann", "pictures/a.png", b"PNG"), (None, "index.html", b"<p>")], told)


class Uploads(TestCase):
    """Files as those who asked are told of them, by the protocols that store."""

    ground = "memory"
    services = ("ftp", "http")
    settings = ('files.rules=[{path="/site/incoming", may={anonymous="incoming"}}]',)

    async def stored(self, path: str, octets: bytes, user: str = "ann") -> None:
        """Store by FTP."""
        suite = self.netsuite
        client = await connect_ftp(
            suite.ftp.endpoint,
            clock=suite.clock,
            reach=lambda host, port: HostnameEndpoint(suite.reactor, host, port),
        )
        await client.login(user, "secret")

        async def pieces() -> AsyncIterator[bytes]:
            yield octets

        await client.stor(path, pieces())
        await client.quit()

    async def put(self, path: str, octets: bytes) -> int:
        """Store by HTTP; return the status."""
        suite = self.netsuite
        client = HTTPClient(suite.reactor)
        url = suite.http.url.rstrip("/") + path
        response = await client.request("PUT", url, body=octets, login=("ann", "secret"))
        await response.read()
        await client.close()
        return response.status

    async def test_told(self) -> None:
        """Who uploaded what, whereto and by what: when it is there, and its sender has been told;
        one who fails keeps nobody else from it."""
        suite = self.netsuite
        suite.mailbox("ann")
        await suite.site.homes.public.make_directory(("incoming",))
        told: list[tuple[object, ...]] = []
        suite.site.on_upload(lambda file: 1 // 0)

        @suite.site.on_upload
        async def index(file: ArrivedFile) -> None:
            assert file.entry is not None
            path = "/".join(file.path)
            same = await file.tree.entry(file.path)
            self.assertEqual(same.validator, file.entry.validator)
            told.append(
                (file.by, file.account, path, file.protocol, file.entry.octets, await file.read())
            )

        await self.stored("/a", b"FTP")
        self.assertEqual(201, await self.put("/~ann/b", b"by HTTP"))
        self.assertEqual(204, await self.put("/~ann/b", b"again"))
        await self.stored("/incoming/c", b"gift", "anonymous")
        with self.assertRaises(Refusal):
            await self.stored("/incoming/c", b"other", "anonymous")
        self.assertEqual(403, await self.put("/d", b"nowhere"))
        await settled(suite.clock)
        self.assertEqual(
            [
                ("ann", "ann", "a", "ftp", 3, b"FTP"),
                ("ann", "ann", "public/b", "http", 7, b"by HTTP"),
                ("ann", "ann", "public/b", "http", 5, b"again"),
                (None, None, "incoming/c", "ftp", 4, b"gift"),
            ],
            told,
        )
        self.assertEqual(4, len(self.flushLoggedErrors(ZeroDivisionError)))

    async def test_not_all_at_once(self) -> None:
        """One who takes time is told of so many at once; the others wait, and each has its turn."""
        suite = self.netsuite
        running: list[Deferred[None]] = []
        begun: list[str] = []

        @suite.site.on_upload
        async def slow(file: ArrivedFile) -> None:
            begun.append(file.name)
            running.append(Deferred())
            await running[-1]

        quick: list[str] = []
        suite.site.on_upload(lambda file: quick.append(file.name))
        names = [str(number) for number in range(TOLD_AT_ONCE + 3)]
        for name in names:
            await suite.files().put(name, "x")
        await settled(suite.clock)
        self.assertEqual((names[:TOLD_AT_ONCE], names), (begun, quick))
        for waiting in running[:3]:
            waiting.callback(None)
        await settled(suite.clock)
        self.assertEqual(names, begun)
        for waiting in running[3:]:
            waiting.callback(None)

    async def test_too_slow(self) -> None:
        """One who never ends is not told of all, which the log says; nobody else minds."""
        suite = self.netsuite
        self.patch(arrivals, "WAITING", 2)
        running: list[Deferred[None]] = []

        @suite.site.on_upload
        async def never(file: ArrivedFile) -> None:
            running.append(Deferred())
            await running[-1]

        quick: list[str] = []
        suite.site.on_upload(lambda file: quick.append(file.name))
        log = Lines()
        globalLogPublisher.addObserver(log)
        self.addCleanup(globalLogPublisher.removeObserver, log)
        for number in range(TOLD_AT_ONCE + 4):
            await suite.files().put(str(number), "x")
            await settled(suite.clock)
        self.assertEqual(TOLD_AT_ONCE + 4, len(quick))
        self.assertEqual(2, len([line for line in log if "too slow" in line]), log)
        while running:
            running.pop().callback(None)
