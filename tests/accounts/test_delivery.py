"""The delivery: each folder once, and the queue for other hosts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta

from netsuite.accounts.interfaces import DeliverBy, PartlyFull, Recipient
from netsuite.accounts.resolver import CROWDED_SECONDS
from netsuite.store.errors import OverQuota
from netsuite.store.model import AccountState, Folder
from netsuite.store.outgoing import ALL, Envelope, QueueRecipient
from netsuite.testing.cases import TestCase
from tests.accounts.worlds import NOW, World


class Delivering(TestCase):
    """The end of DATA, as it were."""

    async def test_once_each(self) -> None:
        """Two recipients with one mailbox get one message."""
        world = World()
        await world.account("ann")
        draft = world.delivery.draft()
        draft.write(b"Subject: x\r\n\r\n")
        found = [
            await world.resolver.resolve("ann", "example.test"),
            await world.resolver.resolve("ann+x", "example.test"),
        ]
        await world.delivery.deliver(draft, found, Envelope("a@b.test"))
        account = await world.store.accounts.account("ann")
        inbox = await world.store.mail.folder(account.id, "INBOX")
        self.assertEqual(1, inbox.messages)

    async def test_onward(self) -> None:
        """What goes to other hosts is queued, once an address, with who submitted it."""
        world = World()
        ann = await world.account("ann")
        draft = world.delivery.draft()
        draft.write(b"Subject: x\r\n\r\n")
        found = [
            Recipient(each, onward=("x@Elsewhere.test",), notify="NEVER", original="rfc822;o@x")
            for each in ("a@b.test", "x@Elsewhere.test")
        ]
        envelope = Envelope("ann@example.test", ret="HDRS")
        await world.delivery.deliver(draft, found, envelope, account="ann")
        (item,) = await world.store.queue.items()
        self.assertEqual(replace(envelope, account=ann.id), item.envelope)
        expires = NOW + timedelta(days=5)
        self.assertEqual(
            QueueRecipient(
                "x@Elsewhere.test", "elsewhere.test", expires, NOW + timedelta(hours=4),
                notify="NEVER", original="rfc822;o@x", forwarded_by="a@b.test",
            ),
            item.recipient,
        )  # fmt: skip

    async def test_by_when(self) -> None:
        """BY shortens the time for trying, or says when to tell; FUTURERELEASE moves both."""
        world = World()
        to = [Recipient("x@y.test", onward=("x@y.test",))]
        hour = timedelta(hours=1)
        for deliver_by, not_before, expected in (
            (DeliverBy(NOW + hour, True), None, (NOW + hour, NOW + 4 * hour, "R")),
            (DeliverBy(NOW + hour, False), None, (NOW + 120 * hour, NOW + hour, "N")),
            (None, NOW + hour, (NOW + 121 * hour, NOW + 5 * hour, "")),
        ):
            draft = world.delivery.draft()
            draft.write(b"x")
            await world.delivery.deliver(
                draft, to, Envelope(""), not_before=not_before, deliver_by=deliver_by
            )
            *_, item = await world.store.queue.items()
            recipient = item.recipient
            self.assertEqual(expected, (recipient.expires, recipient.warn, recipient.deliver_by))
            self.assertEqual(not_before, recipient.not_before)
            self.assertEqual("", recipient.forwarded_by)

    async def test_success_is_told_of_by_the_queue(self) -> None:
        """Who wants to hear of success gets it by the commit that delivers."""
        world = World()
        await world.account("ann")
        draft = world.delivery.draft()
        draft.write(b"x")
        found = await world.resolver.resolve("ann+x", "example.test")
        await world.delivery.deliver(draft, [replace(found, notify="SUCCESS")], Envelope("a@b"))
        (item,) = await world.store.queue.items()
        self.assertEqual("ann@example.test", item.recipient.address)
        self.assertEqual(0, (await inbox(world, "ann")).messages)

    async def test_success_and_folders(self) -> None:
        """A detail is remembered in the queue; what a policy has filed elsewhere stays there, and
        two ways to one mailbox are one."""
        world = World()
        account = await world.account("ann")
        for name in ("lists", "Junk"):
            await world.store.mail.create_folder(account.id, name)
        world.resolver.configure(
            domains=["example.test"], postmaster="", separator="+", detail_folders=True
        )
        await world.store.accounts.set_alias("alias", ["ann"])
        resolve, filed = world.resolver.resolve, world.resolver.filed
        junk = 0
        ann, lists, none, alias = [
            await resolve(each, "example.test")
            for each in ("ann", "ann+lists", "ann+none", "alias")
        ]
        for found, queued, folder in (
            ([told(lists)], "ann+lists", "lists"),
            ([told(none)], "ann", "INBOX"),
            ([told(await filed(ann, "junk"))], "", "Junk"),
            ([told(await filed(lists, "junk"))], "", "Junk"),
            ([alias, told(ann)], "ann", "INBOX"),
        ):
            with self.subTest(folder=folder, queued=queued):
                draft = world.delivery.draft()
                draft.write(b"x")
                await world.delivery.deliver(draft, found, Envelope("a@b"))
                items = await world.store.queue.items()
                await world.store.queue.delete(ALL)
                place = await world.store.mail.folder(account.id, folder)
                if queued:
                    (item,) = items
                    self.assertEqual(f"{queued}@example.test", item.recipient.address)
                    self.assertEqual(place.id, await world.resolver.mailbox(item.recipient.address))
                    self.assertEqual(0, place.messages)
                else:
                    self.assertEqual([], items)
                    junk += 1
                    self.assertEqual(junk, place.messages)


def told(recipient: Recipient) -> Recipient:
    """Return a recipient of which the sender wants to hear."""
    return replace(recipient, notify="SUCCESS")


class Full(TestCase):
    """Mailboxes without room, when the message is there."""

    async def test_a_fate_for_each_of_an_alias(self) -> None:
        """Who is full, or disabled, is queued; the others have it."""
        world = World()
        await world.account("ann")
        await world.account("full", quota_octets=10)
        await world.account("off", state=AccountState.DISABLED)
        await world.store.accounts.set_alias("all", ["ann", "full", "off"])
        found = await world.resolver.resolve("all", "example.test")
        await self.deliver(world, [found])
        self.assertEqual(1, (await inbox(world, "ann")).messages)
        self.assertEqual(0, (await inbox(world, "full")).messages)
        items = await world.store.queue.items()
        self.assertEqual(
            {"full@example.test", "off@example.test"}, {each.recipient.address for each in items}
        )

    async def test_only_some_recipients(self) -> None:
        """Nobody has it, to be tried again; then the full one is known before the message comes."""
        world = World()
        await world.account("ann")
        await world.account("full", quota_octets=10)
        both = [await world.resolver.resolve(name, "example.test") for name in ("ann", "full")]
        with self.assertRaises(PartlyFull) as raised:
            await self.deliver(world, both)
        self.assertEqual(("full",), raised.exception.accounts)
        self.assertEqual(0, (await inbox(world, "ann")).messages)
        with self.assertRaises(OverQuota):
            await world.resolver.resolve("full", "example.test")
        await world.resolver.resolve("full", "example.test", octets=9)
        world.clock.advance(CROWDED_SECONDS)
        await world.resolver.resolve("full", "example.test")

    async def test_all(self) -> None:
        """It will not fit the next time either."""
        world = World()
        await world.account("full", quota_octets=10)
        found = await world.resolver.resolve("full", "example.test")
        with self.assertRaises(OverQuota) as raised:
            await self.deliver(world, [found])
        self.assertIs(OverQuota, type(raised.exception))

    async def test_each(self) -> None:
        """LMTP: who has room has it, and who has not is named."""
        world = World()
        await world.account("ann")
        await world.account("full", quota_octets=10)
        both = [await world.resolver.resolve(name, "example.test") for name in ("ann", "full")]
        left_out = await self.deliver(world, both, each=True)
        self.assertEqual(["full@example.test"], list(left_out))
        self.assertEqual(1, (await inbox(world, "ann")).messages)
        self.assertEqual([], list(await world.store.queue.items()))

    async def test_each_queued(self) -> None:
        """LMTP: who is queued has been taken, too."""
        world = World()
        for name in ("ann", "bob"):
            await world.account(name)
        ann, bob = [await world.resolver.resolve(each, "example.test") for each in ("ann", "bob")]
        told = replace(ann, notify="SUCCESS")
        held = replace(bob, folders={}, put_off=("bob@example.test",))
        self.assertEqual([], list(await self.deliver(world, [told, held], each=True)))
        self.assertEqual(2, len(await world.store.queue.items()))

    async def deliver(
        self, world: World, recipients: Sequence[Recipient], *, each: bool = False
    ) -> Collection[str]:
        draft = world.delivery.draft()
        draft.write(b"Subject: longer than ten octets\r\n\r\n")
        return await world.delivery.deliver(draft, recipients, Envelope("a@b.test"), each=each)


async def inbox(world: World, name: str) -> Folder:
    """Return an account's INBOX as it is."""
    account = await world.store.accounts.account(name)
    return await world.store.mail.folder(account.id, "INBOX")
