"""Scripts at delivery: where mail goes, what is sent on, answered and refused, by one commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import count

from netsuite.accounts.answers import Writer
from netsuite.accounts.delivery import StoreDelivery
from netsuite.accounts.filtering import Filters
from netsuite.accounts.interfaces import PartlyFull, Recipient, Rejected
from netsuite.store.errors import OverQuota, StorageFull
from netsuite.store.model import Account, FolderId, SpecialUse
from netsuite.store.outgoing import Envelope
from netsuite.testing.cases import TestCase
from tests.accounts.worlds import NOW, World

MESSAGE = (
    b"From: joerg@elsewhere.test\r\nTo: ann@example.test\r\nSubject: Hello\r\n"
    b"Message-ID: <1@elsewhere.test>\r\n\r\nHello there.\r\n"
)
SENDER = "joerg@elsewhere.test"
REQUIRE = (
    'require ["fileinto", "copy", "imap4flags", "mailbox", "vacation", "reject", "ereject", '
    '"envelope", "body", "duplicate", "special-use", "variables", "subaddress"];\r\n'
)


class FilteredWorld(World):
    """A site whose accounts have scripts."""

    def __init__(self) -> None:
        super().__init__()
        numbers = count(1)
        self.time = NOW
        self.store._records.now = lambda: self.time
        writer = Writer("mx.example.test", lambda: self.time, lambda: f"name{next(numbers)}")
        self.filters = Filters(
            self.store, self.resolver, writer, now=lambda: self.time, environment={}
        )
        self.delivery = StoreDelivery(
            self.store, self.resolver, now=lambda: self.time, filters=self.filters
        )

    async def script(self, account: Account, text: str) -> None:
        """Have an account use a script."""
        await self.store.scripts.put(account.id, "main", REQUIRE + text, most=9)
        await self.store.scripts.activate(account.id, "main")

    async def send(
        self,
        *to: str | Recipient,
        octets: bytes = MESSAGE,
        sender: str = SENDER,
        each: bool = False,
    ) -> Mapping[str, Exception]:
        """Deliver a message."""
        draft = self.delivery.draft()
        draft.write(octets)
        found = [
            one
            if isinstance(one, Recipient)
            else await self.resolver.resolve(*one.split("@"), relay=True)
            for one in to
        ]
        return await self.delivery.deliver(draft, found, Envelope(sender), each=each)

    async def folders(self, account: Account) -> dict[str, list[frozenset[str]]]:
        """Return the flags of the messages in an account's folders that have any."""
        found = {}
        for folder in await self.store.mail.folders(account.id):
            messages = await self.store.mail.messages(folder.id, None, account.id)
            if messages:
                found[folder.name] = [each.flags for each in messages]
        return found

    async def queued(self) -> list[tuple[str, str, str, str]]:
        """Return sender, recipient, by whom it was forwarded, and subject of what is queued."""
        found = []
        for item in await self.store.queue.items():
            octets = await self.store.mail.content(item.content)
            subject = octets.partition(b"Subject: ")[2].partition(b"\r\n")[0].decode()
            recipient = item.recipient
            found.append((item.envelope.sender, recipient.address, recipient.forwarded_by, subject))
        return found


NONE: frozenset[str] = frozenset()


class Included(TestCase):
    """Scripts that include others (RFC 6609)."""

    def setUp(self) -> None:
        self.world = FilteredWorld()
        self.world.filters.configure("root")

    async def put(self, account: Account, name: str, text: str) -> None:
        """Put a script beside the active one."""
        await self.world.store.scripts.put(account.id, name, text, most=9)

    async def sent(self, account: Account) -> dict[str, int]:
        """Send a message; return how many are in which folder."""
        await self.world.send("ann@example.test")
        return {name: len(flags) for name, flags in (await self.world.folders(account)).items()}

    async def test_included(self) -> None:
        """A script runs those of its account and of the site that it includes, as they are now;
        what they need of the message is there."""
        ann = await self.world.account("ann")
        for name in ("Lists", "Other"):
            await self.world.store.mail.create_folder(ann.id, name)
        await self.world.script(
            ann,
            'require "include"; include "mine"; include :global :optional "all";',
        )
        self.assertEqual({"INBOX": 1}, await self.sent(ann))  # an error: there is none
        await self.put(
            ann,
            "mine",
            'require ["body", "fileinto"]; if body :contains "there" {fileinto "Lists";}',
        )
        self.assertEqual({"INBOX": 1, "Lists": 1}, await self.sent(ann))
        root = await self.world.account("root")
        await self.put(root, "all", 'require "fileinto"; fileinto "Other"; stop;')
        self.assertEqual({"INBOX": 1, "Lists": 2, "Other": 1}, await self.sent(ann))
        await self.put(root, "all", "discard;")
        self.assertEqual({"INBOX": 1, "Lists": 3, "Other": 1}, await self.sent(ann))
        await self.put(ann, "mine", "keep; stop;")
        self.assertEqual({"INBOX": 2, "Lists": 3, "Other": 1}, await self.sent(ann))

    async def test_not_shared(self) -> None:
        """Where no account is said to have scripts for all, there are none; nobody's own are
        anybody else's."""
        ann, root = await self.world.account("ann"), await self.world.account("root")
        await self.put(root, "all", "discard;")
        await self.world.script(ann, 'require "include"; include :optional "all";')
        self.assertEqual({"INBOX": 1}, await self.sent(ann))
        await self.world.script(ann, 'require "include"; include :global "all";')
        self.assertEqual({"INBOX": 1}, await self.sent(ann))
        self.world.filters.configure("")
        self.assertEqual({"INBOX": 2}, await self.sent(ann))


class Filtering(TestCase):
    """Mail for accounts that have scripts."""

    def setUp(self) -> None:
        self.world = FilteredWorld()

    async def ann(self, script: str) -> Account:
        """Make an account with a script."""
        ann = await self.world.account("ann")
        await self.world.script(ann, script)
        return ann

    async def outcome(
        self, script: str, octets: bytes = MESSAGE
    ) -> dict[str, list[frozenset[str]]]:
        """Return where a message goes by a script."""
        ann = await self.ann(script)
        await self.world.store.mail.create_folder(ann.id, "Lists")
        await self.world.store.mail.create_folder(ann.id, "Spam", special_use=SpecialUse.JUNK)
        await self.world.send("ann@example.test", octets=octets)
        return await self.world.folders(ann)

    async def test_kept(self) -> None:
        """What a script says nothing of is kept, with the flags that it has set."""
        found = await self.outcome('addflag ["\\\\Flagged", "$x"];')
        self.assertEqual({"INBOX": [frozenset({"\\Flagged", "$x"})]}, found)

    async def test_filed(self) -> None:
        """It goes into the folder named, once though that is named twice."""
        found = await self.outcome('fileinto :flags "a" "Lists"; fileinto :flags "b" "Lists";')
        self.assertEqual({"Lists": [frozenset({"a", "b"})]}, found)

    async def test_filed_twice(self) -> None:
        """It goes into several."""
        found = await self.outcome('fileinto "Lists"; keep; fileinto "inbox";')
        self.assertEqual({"INBOX": [NONE], "Lists": [NONE]}, found)

    async def test_no_such_folder(self) -> None:
        """Where there is no such folder, it is kept."""
        found = await self.outcome('fileinto "None"; fileinto "a//b";')
        self.assertEqual({"INBOX": [NONE]}, found)

    async def test_created(self) -> None:
        """A folder is made where the script says so, and subscribed."""
        ann = await self.ann(
            'fileinto :create "A/B"; fileinto :create "x//y"; '
            'fileinto :create "Other Users/eve/x"; fileinto :create "Public/x";'
        )
        await self.world.send("ann@example.test")
        await self.world.send("ann@example.test")
        found = await self.world.folders(ann)
        self.assertEqual({"A/B": [NONE] * 2, "INBOX": [NONE] * 2}, found)
        self.assertIn("A/B", await self.world.store.mail.subscriptions(ann.id))

    async def test_special_use(self) -> None:
        """A folder can be named by its use (RFC 8579, 4)."""
        found = await self.outcome(
            'if specialuse_exists "\\\\Junk" { fileinto :specialuse "\\\\junk" "Lists"; } '
            'fileinto :specialuse "\\\\Sent" "Lists";'
        )
        self.assertEqual({"Lists": [NONE], "Spam": [NONE]}, found)

    async def test_discarded(self) -> None:
        """What is discarded is nowhere, and its sender does not hear of it."""
        self.assertEqual({}, await self.outcome("discard;"))
        self.assertEqual([], await self.world.queued())

    async def test_body(self) -> None:
        """The body is looked at where a script asks for it, also of a large message."""
        script = 'if body :contains "needle" { fileinto "Lists"; }'
        large = MESSAGE + b"x" * 700_000 + b" needle\r\n"
        self.assertEqual({"Lists": [NONE]}, await self.outcome(script, large))

    async def test_failed(self) -> None:
        """A script that fails keeps the message, as does one that is none."""
        ann = await self.ann('fileinto "Lists"; redirect "${none}";')
        await self.world.send("ann@example.test")
        await self.world.store.scripts.put(ann.id, "main", "no script", most=9)
        await self.world.send("ann@example.test")
        self.assertEqual({"INBOX": [NONE] * 2}, await self.world.folders(ann))
        self.assertEqual([], await self.world.queued())

    async def test_others(self) -> None:
        """Who has no script, or none that is active, gets mail as ever."""
        bob = await self.world.account("bob")
        ann = await self.ann("discard;")
        await self.world.send("ann@example.test", "bob@example.test")
        self.assertEqual({"INBOX": [NONE]}, await self.world.folders(bob))
        self.assertEqual({}, await self.world.folders(ann))
        await self.world.store.scripts.activate(ann.id, None)
        await self.world.send("ann@example.test", "bob@example.test")
        self.assertEqual({"INBOX": [NONE]}, await self.world.folders(ann))

    async def test_filed_by_a_policy(self) -> None:
        """What a policy has filed elsewhere is no matter of the script."""
        ann = await self.ann("discard;")
        await self.world.store.mail.create_folder(ann.id, "Junk")
        to = await self.world.resolver.resolve("ann", "example.test")
        await self.world.send(await self.world.resolver.filed(to, "Junk"))
        self.assertEqual({"Junk": [NONE]}, await self.world.folders(ann))

    async def test_details(self) -> None:
        """The address as it was named can be asked for; who is named twice has it once."""
        ann = await self.ann(
            'if envelope :detail "to" "lists" { fileinto :create "Lists"; } else { keep; }'
        )
        await self.world.send("ann+lists@example.test", "ann@example.test")
        self.assertEqual({"Lists": [NONE]}, await self.world.folders(ann))

    async def test_duplicate(self) -> None:
        """A message that was seen is known, once its delivery is durable."""
        ann = await self.ann("if duplicate { discard; }")
        await self.world.store.accounts.update_account(ann.id, quota_messages=0)
        to = Recipient("ann@example.test", {(await self.inbox(ann)): "ann@example.test"})
        with self.assertRaises(OverQuota):
            await self.world.send(to)
        await self.world.store.accounts.update_account(ann.id, quota_messages=None)
        for _ in range(3):
            await self.world.send("ann@example.test")
        self.assertEqual({"INBOX": [NONE]}, await self.world.folders(ann))

    async def inbox(self, account: Account) -> FolderId:
        """Return the folder of an INBOX."""
        return (await self.world.store.mail.folder(account.id, "INBOX")).id

    # -- sent on -------------------------------------------------------------------------------

    async def test_redirected(self) -> None:
        """A message goes to other hosts in the name of the mailbox, and is not kept."""
        ann = await self.ann('redirect "x@far.test"; redirect :copy "Y@far.test";')
        await self.world.send("ann@example.test")
        self.assertEqual({}, await self.world.folders(ann))
        self.assertEqual(
            [
                (SENDER, "x@far.test", "ann@example.test", "Hello"),
                (SENDER, "Y@far.test", "ann@example.test", "Hello"),
            ],
            await self.world.queued(),
        )

    async def test_redirected_here(self) -> None:
        """To a mailbox here it goes at once, and through its script."""
        bob, eve = await self.world.account("bob"), await self.world.account("eve")
        await self.world.script(bob, 'fileinto :create "Of ann";')
        ann = await self.ann('redirect "bob@example.test"; redirect "eve+x@example.test";')
        await self.world.send("ann@example.test")
        self.assertEqual({}, await self.world.folders(ann))
        self.assertEqual({"Of ann": [NONE]}, await self.world.folders(bob))
        self.assertEqual({"INBOX": [NONE]}, await self.world.folders(eve))
        self.assertEqual([], await self.world.queued())

    async def test_circles(self) -> None:
        """What goes in a circle is kept where the circle closes."""
        bob = await self.world.account("bob")
        await self.world.script(bob, 'redirect "ann@example.test";')
        ann = await self.ann('redirect "bob@example.test";')
        await self.world.send("ann@example.test")
        self.assertEqual({"INBOX": [NONE]}, await self.world.folders(ann))
        self.assertEqual({}, await self.world.folders(bob))
        await self.world.script(ann, 'redirect "x@far.test";')
        await self.world.send(
            "ann@example.test", octets=b"Delivered-To: ANN@example.test\r\n" + MESSAGE
        )
        self.assertEqual({"INBOX": [NONE] * 2}, await self.world.folders(ann))
        self.assertEqual([], await self.world.queued())

    async def test_redirected_to_nobody(self) -> None:
        """Where nobody has an address, and where no mail is carried, it is kept."""
        ann = await self.ann('redirect "nobody@example.test";')
        await self.world.send("ann@example.test")
        self.world.resolver.carries_onward = False
        await self.world.script(ann, 'redirect "x@far.test";')
        await self.world.send("ann@example.test")
        self.assertEqual({"INBOX": [NONE] * 2}, await self.world.folders(ann))

    async def test_by_alias(self) -> None:
        """What comes by an alias for several goes by way of the queue to who has a script."""
        bob = await self.world.account("bob")
        ann = await self.ann('fileinto :create "A"; redirect "x@far.test";')
        await self.world.store.accounts.set_alias("both", ["ann", "bob"])
        await self.world.send("both@example.test")
        self.assertEqual({}, await self.world.folders(ann))
        self.assertEqual({"INBOX": [NONE]}, await self.world.folders(bob))
        (item,) = await self.world.store.queue.items()
        self.assertEqual(("ann@example.test", ""), (item.recipient.address, item.recipient.domain))
        filed = await self.world.delivery.file_queued(item)
        assert filed.onward is not None
        assert filed.replies is not None
        self.assertEqual(["x@far.test"], [each.address for each in filed.onward.recipients])
        self.assertEqual(1, len(filed.placements))
        self.assertEqual([], list(await filed.replies()))

    # -- answered ------------------------------------------------------------------------------

    async def test_vacation(self) -> None:
        """A sender is answered once an interval, with the null path."""
        ann = await self.ann('vacation :days 2 :subject "Away \u00fc" "Back\\nsoon, J\u00f6rg.";')
        for _ in range(2):
            await self.world.send("ann@example.test")
        self.assertEqual({"INBOX": [NONE] * 2}, await self.world.folders(ann))
        (item,) = await self.world.store.queue.items()
        self.assertEqual(("", SENDER), (item.envelope.sender, item.recipient.address))
        octets = await self.world.store.mail.content(item.content)
        for line in (
            b"From: ann@example.test\r\n",
            b"To: joerg@elsewhere.test\r\n",
            b"Subject: =?utf-8?q?Away_=C3=BC?=\r\n",
            b"In-Reply-To: <1@elsewhere.test>\r\n",
            b"References: <1@elsewhere.test>\r\n",
            b"Auto-Submitted: auto-replied\r\n",
            b"Message-ID: <name1@mx.example.test>\r\n",
        ):
            self.assertIn(line, octets)
        self.world.time += timedelta(days=2)
        await self.world.send("ann@example.test")
        self.assertEqual(2, len(await self.world.queued()))

    async def test_vacation_here(self) -> None:
        """Who is here has the answer at once."""
        bob = await self.world.account("bob")
        await self.ann('vacation "Away.";')
        await self.world.send("ann@example.test", sender="bob@example.test")
        self.assertEqual({"INBOX": [NONE]}, await self.world.folders(bob))

    async def test_vacation_mime(self) -> None:
        """An entity is sent as it is, with nothing in its header but what is an entity's."""
        await self.ann(
            'vacation :mime "Content-Type: text/html\r\nSubject: no\r\nBcc: x@y.test\r\n'
            '\r\n<p>Away</p>\r\n";'
        )
        await self.world.send("ann@example.test")
        (item,) = await self.world.store.queue.items()
        octets = await self.world.store.mail.content(item.content)
        self.assertIn(b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<p>Away</p>", octets)
        self.assertNotIn(b"x@y.test", octets)
        self.assertIn(b"Subject: Auto: Hello\r\n", octets)

    async def test_not_answered_where_it_failed(self) -> None:
        """Where the delivery fails, nobody was answered, and it is not remembered so."""
        ann = await self.ann('vacation "Away.";')
        to = Recipient("ann@example.test", {(await self.inbox(ann)): "ann@example.test"})
        await self.world.store.accounts.update_account(ann.id, quota_messages=0)
        with self.assertRaises(OverQuota):
            await self.world.send(to)
        self.assertEqual([], await self.world.queued())
        await self.world.store.accounts.update_account(ann.id, quota_messages=None)
        await self.world.send("ann@example.test")
        self.assertEqual(1, len(await self.world.queued()))

    # -- refused -------------------------------------------------------------------------------

    async def test_rejected(self) -> None:
        """Where all refuse, the message is not taken."""
        ann = await self.ann('reject "No, thanks.";')
        with self.assertRaises(Rejected) as raised:
            await self.world.send("ann@example.test")
        self.assertEqual("No, thanks.", raised.exception.reason)
        self.assertEqual({}, await self.world.folders(ann))
        self.assertEqual([], await self.world.queued())

    async def test_rejected_by_some(self) -> None:
        """Where some refuse, the sender is told of these by a report."""
        await self.ann('ereject "No, thanks.";')
        bob = await self.world.account("bob")
        await self.world.send("ann@example.test", "bob@example.test")
        self.assertEqual({"INBOX": [NONE]}, await self.world.folders(bob))
        (item,) = await self.world.store.queue.items()
        self.assertEqual(("", SENDER), (item.envelope.sender, item.recipient.address))
        octets = await self.world.store.mail.content(item.content)
        self.assertIn(b"No, thanks.", octets)
        self.assertIn(b"Final-Recipient: rfc822; ann@example.test\r\n", octets)
        self.assertIn(b"Status: 5.7.1\r\n", octets)
        self.assertIn(b"Subject: Hello\r\n", octets)

    async def test_rejected_without_a_report(self) -> None:
        """Nobody is told who wants to hear nothing, or is nobody."""
        await self.ann('reject "No, thanks.";')
        await self.world.account("bob")
        await self.world.send("ann@example.test", "bob@example.test", sender="")
        to = await self.world.resolver.resolve("ann", "example.test")
        await self.world.send(replace(to, notify="NEVER"), "bob@example.test")
        self.assertEqual([], await self.world.queued())

    async def test_rejected_in_other_letters(self) -> None:
        """Words that the protocol cannot say are told by a report, or left out (RFC 5429, 2)."""
        ann = await self.ann('reject "J\u00f6rg, no.";')
        await self.world.send("ann@example.test")
        (item,) = await self.world.store.queue.items()
        octets = await self.world.store.mail.content(item.content)
        self.assertIn("J\u00f6rg, no.".encode(), octets)
        await self.world.script(ann, 'ereject "J\u00f6rg, no.";')
        with self.assertRaises(Rejected):
            await self.world.send("ann@example.test")

    async def test_each(self) -> None:
        """By LMTP each recipient hears of itself (RFC 2033)."""
        ann = await self.ann('reject "No, thanks.";')
        bob, eve = await self.world.account("bob"), await self.world.account("eve")
        await self.world.script(bob, "discard;")
        await self.world.script(eve, 'fileinto :create "E";')
        names = ("ann@example.test", "bob@example.test", "eve@example.test")
        found = await self.world.send(*names, each=True)
        self.assertEqual([names[0]], list(found))
        self.assertIsInstance(found[names[0]], Rejected)
        self.assertEqual({"E": [NONE]}, await self.world.folders(eve))
        places = [
            Recipient(name, {await self.inbox(each): name})
            for name, each in zip(names, (ann, bob, eve), strict=True)
        ]
        await self.world.store.accounts.update_account(eve.id, quota_messages=1)
        found = await self.world.send(*places, each=True)
        self.assertEqual([Rejected, OverQuota], [type(each) for each in found.values()])
        self.assertEqual([], await self.world.queued())

    async def test_partly_full(self) -> None:
        """Where a mailbox has no room, nobody has it, though a script has sent it on."""
        ann = await self.ann('redirect :copy "x@far.test";')
        to = Recipient("ann@example.test", {await self.inbox(ann): "ann@example.test"})
        await self.world.store.accounts.update_account(ann.id, quota_messages=0)
        with self.assertRaises(PartlyFull):
            await self.world.send(to)
        self.assertEqual([], await self.world.queued())

    async def test_store_fails(self) -> None:
        """Where a script cannot be read, the message is not taken yet: it is not filed wrongly."""
        await self.ann("discard;")

        async def fail(*_: object) -> str:
            raise StorageFull("no")

        self.patch(self.world.store.scripts, "active_script", fail)
        with self.assertRaises(StorageFull):
            await self.world.send("ann@example.test")
