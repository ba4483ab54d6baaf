"""Scripts of mailboxes that mail comes to from the queue, and mail that scripts send on."""

from __future__ import annotations

from netsuite.accounts.interfaces import Rejected
from netsuite.smtp import replies
from netsuite.smtp.commands import reply
from netsuite.store.errors import Busy
from netsuite.testing.cases import SynchronousTestCase
from tests.smtp.delivery.test_agent import AgentCase

ANN, BOB = "ann@ours.test", "bob@ours.test"
SENDER = "eve@far.test"
REQUIRE = 'require ["fileinto", "mailbox", "copy", "reject", "vacation", "imap4flags"];'


class Scripts(AgentCase):
    """Mail for Ann, who has a script, and Bob, to whom comes what an alias brings for both."""

    async def script(self, text: str) -> None:
        """Make the accounts, and Ann's script."""
        ann = await self.world.account("ann")
        await self.world.account("bob")
        store = self.world.store
        await store.accounts.set_alias("both", ["ann", "bob"])
        await store.scripts.put(ann.id, "main", f"{REQUIRE} {text}", most=5)
        await store.scripts.activate(ann.id, "main")
        self.ann = ann.id

    async def folder(self, name: str) -> list[frozenset[str]]:
        """Return the flags of what is in a folder of Ann's."""
        mail = self.world.store.mail
        folder = await mail.folder(self.ann, name)
        return [each.flags for each in await mail.messages(folder.id, None, self.ann)]

    async def test_filed(self) -> None:
        """What comes from the queue is filed by the script, with its flags."""
        await self.script('fileinto :create :flags "x" "Lists";')
        await self.world.send("both@ours.test", sender=SENDER)
        self.assertEqual([frozenset({"x"})], await self.folder("Lists"))
        self.assertEqual([], await self.folder("INBOX"))
        self.assertEqual(1, len(await self.world.inbox("bob")))
        self.assertEqual([], await self.world.queued())

    async def test_redirected(self) -> None:
        """What is sent on leaves with the mailbox's name in front, in a rewritten name."""
        await self.script('redirect "x@there.test";')
        for to in (ANN, "both@ours.test"):
            await self.world.send(to, sender=SENDER)
        self.assertEqual([], await self.folder("INBOX"))
        said = [(f"rewritten+{SENDER}", ["x@there.test"])] * 2
        self.assertEqual(said, [each[:2] for each in self.world.host("there.test").said])
        self.assertEqual([], await self.world.queued())

    async def test_discarded(self) -> None:
        """What is discarded is done with."""
        await self.script("discard;")
        await self.world.send("both@ours.test", sender=SENDER)
        self.assertEqual([], await self.folder("INBOX"))
        self.assertEqual([], await self.world.queued())
        self.assertNotIn("far.test", self.world.hosts)

    async def test_refused(self) -> None:
        """What is refused comes back to its sender, with the reason."""
        await self.script('reject "No, thanks.";')
        await self.world.send("both@ours.test", sender=SENDER)
        ((sender, to, octets),) = self.world.host("far.test").said
        self.assertEqual(("", [SENDER]), (sender, to))
        self.assertIn(b"No, thanks.", octets)
        self.assertIn(b"Status: 5.7.1", octets)
        self.assertEqual([], await self.folder("INBOX"))
        self.assertEqual([], await self.world.queued())

    async def test_answered_once(self) -> None:
        """An answer goes with the commit, once though that is tried again."""
        await self.script('vacation :addresses "both@ours.test" "Away.";')
        settle, failures = self.world.store.queue.settle, [Busy("no"), Busy("no")]

        async def fails(*args: object, **options: object) -> object:
            if failures:
                raise failures.pop()
            return await settle(*args, **options)  # type: ignore[arg-type]

        self.patch(self.world.store.queue, "settle", fails)
        message = b"To: both@ours.test\r\nSubject: x\r\n\r\n"
        await self.world.send("both@ours.test", sender=SENDER, octets=message)
        self.assertNotIn("far.test", self.world.hosts)
        self.world.clock.pump([1] * 30)
        ((sender, to, octets),) = self.world.host("far.test").said
        self.assertEqual(("", [SENDER]), (sender, to))
        self.assertIn(b"Subject: Auto: x\r\n", octets)
        self.assertEqual(1, len(await self.folder("INBOX")))
        await self.world.send("both@ours.test", sender=SENDER, octets=message)
        self.world.clock.pump([1] * 30)
        self.assertEqual(1, len(self.world.host("far.test").said))
        self.assertEqual(2, len(await self.folder("INBOX")))

    async def test_full(self) -> None:
        """While there is no room, nothing is sent on; then it is, once."""
        await self.script('redirect :copy "x@there.test";')
        accounts = self.world.store.accounts
        await accounts.update_account(self.ann, quota_messages=0)
        await self.world.send("both@ours.test", sender=SENDER)
        self.assertNotIn("there.test", self.world.hosts)
        await accounts.update_account(self.ann, quota_messages=None)
        self.world.clock.pump([60] * 30)
        self.assertEqual(1, len(await self.folder("INBOX")))
        self.assertEqual(1, len(self.world.host("there.test").said))

    async def test_far_failure(self) -> None:
        """What is sent on and is not taken there comes back to the sender, not to Ann."""
        await self.script('redirect "x@there.test";')
        self.world.host("there.test").answers.append(reply(550, "5.1.1", "Nobody"))
        await self.world.send(ANN, sender=SENDER)
        self.assertEqual(1, len(self.world.host("far.test").said))
        self.assertEqual([], await self.folder("INBOX"))


class Replies(SynchronousTestCase):
    """A refusal in SMTP's words."""

    def test_words(self) -> None:
        """Words are said line by line where SMTP can say them."""
        for reason, lines in (
            ("No.", ("No.",)),
            ("No,\r\n\n thanks. \n", ("No,", "thanks.")),
            ("a\rb\0c", ("a",)),
            ("", replies.REFUSED.lines),
            ("J\u00f6rg", replies.REFUSED.lines),
            ("x" * 9999, ("x" * 400,)),
        ):
            said = replies.rejected(Rejected(reason))
            self.assertEqual((550, "5.7.1", lines), (said.code, said.enhanced, said.lines))
