"""The digest, with trial alone: against servers on sockets, and in memory with virtual time."""

from digest import Digest

from netsuite.connection.errors import ConnectionLost, TLSFailure
from netsuite.testing import TestCase, authority

READERS = ["ann@example.test", "bob@example.test"]


class DigestCase(TestCase):
    """A newsgroup with an article, and a digest of it."""

    services = ("nntp", "smtp")

    async def made(self, readers=READERS, tls=None):
        suite = self.netsuite
        await suite.group("local.test").post(subject="Hello")
        mail, news = suite.smtp.endpoint, suite.nntp.endpoint
        return Digest(suite.reactor, "local.test", readers, mail=mail, news=news, tls=tls)


class Sent(DigestCase):
    """What readers get."""

    async def test_everybody_is_told(self):
        digest = await self.made()
        self.assertEqual(READERS, await digest.send())
        for name in ("ann", "bob"):
            (mail,) = await self.netsuite.mailbox(name).wait(1, subject="1 new in local.test")
            self.assertEqual("Hello\n", mail.get_content())

    async def test_each_article_once(self):
        digest = await self.made(["ann@example.test"])
        await digest.send()
        self.assertEqual([], await digest.send())
        await self.netsuite.group("local.test").post(subject="News")
        await digest.send()
        mail = await self.netsuite.mailbox("ann").wait(2)
        self.assertEqual("News\n", mail[1].get_content())

    async def test_tls(self):
        digest = await self.made(tls=authority.client_options("127.0.0.1"))
        await digest.send()
        self.assertIn("STARTTLS", self.netsuite.smtp.transcripts[0].said("C"))


class NotSent(DigestCase):
    """What goes wrong, in memory: nothing waits, however long it takes."""

    ground = "memory"

    async def test_who_is_put_off_is_told_later(self):
        digest = await self.made()
        with self.netsuite.smtp.refusing("RCPT", 451, times=1):
            self.assertEqual(READERS[1:], await digest.send())
        self.assertEqual(READERS[:1], await digest.send())

    async def test_who_is_unknown_hears_nothing(self):
        digest = await self.made()
        with self.netsuite.smtp.refusing("RCPT", 550, when=lambda it: it.recipient.local == "ann"):
            self.assertEqual(READERS[1:], await digest.send())
        self.assertEqual([], await self.netsuite.mailbox("ann").messages())

    async def test_the_news_server_is_gone(self):
        digest = await self.made()
        with self.netsuite.nntp.drop(at="OVER", times=1), self.assertRaises(ConnectionLost):
            await digest.send()
        self.assertEqual(READERS, await digest.send())

    async def test_a_certificate_that_has_expired(self):
        digest = await self.made(tls=authority.client_options("127.0.0.1"))
        with self.netsuite.smtp.tls("expired", times=1), self.assertRaises(TLSFailure):
            await digest.send()
