"""The delivery: each folder once, and the queue for other hosts."""

from __future__ import annotations

from netsuite.accounts.interfaces import Recipient
from netsuite.testing.cases import TestCase
from tests.accounts.worlds import World


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
        await world.delivery.deliver(draft, found, "a@b.test", None)
        account = await world.store.accounts.account("ann")
        inbox = await world.store.mail.folder(account.id, "INBOX")
        self.assertEqual(1, inbox.messages)

    async def test_onward(self) -> None:
        """What goes to other hosts is queued, once an address, with who submitted it."""
        world = World()
        ann = await world.account("ann")
        draft = world.delivery.draft()
        draft.write(b"Subject: x\r\n\r\n")
        found = [Recipient(each, (), ("x@elsewhere.test",)) for each in ("a@b.test", "c@b.test")]
        await world.delivery.deliver(draft, found, "ann@example.test", "ann")
        (item,) = await world.store.queue.items()
        self.assertEqual("ann@example.test", item.envelope.sender)
        self.assertEqual(ann.id, item.envelope.account)
        self.assertEqual(["x@elsewhere.test"], [item.recipient])
