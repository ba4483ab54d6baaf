"""The end of an attempt, as those hear of it who wait for mail: what was delivered here from the
queue, and what senders here were told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from netsuite.accounts.delivery import Patience
from netsuite.smtp.commands import reply
from netsuite.store.errors import Busy
from netsuite.store.interfaces import Report
from netsuite.store.model import Account, Placement
from netsuite.store.outgoing import LeaseLost, Outgoing, Settled, Settlement
from tests.smtp.delivery.test_agent import AgentCase
from tests.smtp.delivery.worlds import World

GREYLISTED = reply(451, "4.7.1", "Greylisted")
UNKNOWN = reply(550, "5.1.1", "No such user")
ANN, BOB = "ann@ours.test", "bob@ours.test"
#: Sender, recipients, account, whose mailboxes it is in.
Heard = tuple[str, tuple[str, ...], str | None, list[str]]
REPORT: Heard = ("", (ANN,), None, ["ann"])


class Told(AgentCase):
    """Each message once, with its envelope and where it is."""

    def make_world(self) -> World:
        return World(patience=Patience(timedelta(hours=8), timedelta(hours=1)))

    async def heard(self) -> list[Heard]:
        """Return what was told since the last time; each place is looked into."""
        told, self.world.told[:] = list(self.world.told), []
        mail, accounts = self.world.store.mail, self.world.store.accounts
        found = []
        for sender, recipients, account, places in told:
            owners = []
            for place in places:
                folder = await mail.folder_by_id(place.folder)
                self.assertEqual(folder.uid_validity, place.uid_validity)
                (message,) = await mail.messages(folder.id, [place.uid], None)
                octets = await mail.content(message.content)
                self.assertTrue(octets.startswith(b"Return-Path: <" + sender.encode() + b">\r\n"))
                assert folder.owner is not None
                owners.append((await accounts.account_by_id(folder.owner)).name)
            found.append((sender, recipients, account, owners))
        return found

    async def full(self, name: str) -> Account:
        """Make an account that has no room."""
        account = await self.world.account(name)
        return await self.room(account, 1)

    async def room(self, account: Account, octets: int | None = None) -> Account:
        """Change the room that an account has; it is tried again in the next minutes."""
        await self.world.store.accounts.update_account(account.id, quota_octets=octets)
        return account

    async def test_success_here(self) -> None:
        """What waits in the queue so that its arrival is told by the same commit, and that."""
        await self.world.account("ann")
        await self.world.account("bob")
        await self.world.send(BOB, notify="SUCCESS", account="ann")
        self.assertEqual([(ANN, (BOB,), "ann", ["bob"]), REPORT], await self.heard())
        await self.world.send(BOB, notify="SUCCESS", sender="eve@far.test")
        self.assertEqual([("eve@far.test", (BOB,), None, ["bob"])], await self.heard())
        self.assertEqual(1, len(self.world.host("far.test").said))

    async def test_full_then_not(self) -> None:
        """Of an alias the one is told of at once, who was full when there is room; no place is
        told of twice."""
        await self.world.account("ann")
        bob = await self.full("bob")
        await self.world.store.accounts.set_alias("all", ["ann", "bob"])
        await self.world.send("all@ours.test", sender="eve@far.test")
        self.assertEqual([("eve@far.test", ("all@ours.test",), None, ["ann"])], await self.heard())
        self.world.clock.advance(300)
        self.assertEqual([], await self.heard())
        await self.room(bob)
        self.world.clock.pump([60] * 15)
        self.assertEqual([("eve@far.test", (BOB,), None, ["bob"])], await self.heard())

    async def test_who_submitted_is_gone(self) -> None:
        """The message is told of all the same."""
        ann = await self.world.account("ann")
        bob = await self.full("bob")
        await self.world.account("carl")
        await self.world.store.accounts.set_alias("all", ["bob", "carl"])
        await self.world.send("all@ours.test", account="ann")
        self.assertEqual([(ANN, ("all@ours.test",), "ann", ["carl"])], await self.heard())
        await self.world.store.accounts.remove_account(ann.id)
        await self.room(bob)
        self.world.clock.pump([60] * 15)
        self.assertEqual([(ANN, (BOB,), None, ["bob"])], await self.heard())

    async def test_reports(self) -> None:
        """A delay and a failure, whoever has submitted; also where the report has to wait for
        room. What leaves for other hosts is told of to nobody."""
        ann = await self.world.account("ann")
        there = self.world.host("there.test")
        there.answers.extend([GREYLISTED] * 5)
        await self.world.send("x@there.test", account="ann")
        self.assertEqual([], await self.heard())
        self.world.clock.pump([60] * 70)
        self.assertEqual([REPORT], await self.heard())
        self.world.clock.pump([60] * 240)
        self.assertEqual(([], []), (await self.world.queued(), await self.heard()))
        await self.room(ann, 1)
        there.answers.append(UNKNOWN)
        await self.world.send("x@there.test")
        self.assertEqual([], await self.heard())
        await self.room(ann)
        self.world.clock.pump([60] * 15)
        self.assertEqual([REPORT], await self.heard())
        there.answers.append(UNKNOWN)
        await self.world.send("x@there.test", sender="eve@far.test")
        self.assertEqual([], await self.heard())

    async def test_not_written_down(self) -> None:
        """What is written down late is told of then; what another has to do, when it is done."""
        await self.world.account("ann")
        settle = self.world.store.queue.settle
        failures: list[type[Busy] | type[LeaseLost]] = []

        async def fails(
            settlements: Sequence[Settlement],
            *,
            placements: Sequence[Placement] = (),
            report: Report | None = None,
            onward: Outgoing | None = None,
            replies: Sequence[Report] = (),
        ) -> Settled:
            if failures:
                failure = failures.pop()
                raise failure([each.item for each in settlements])
            return await settle(
                settlements, placements=placements, report=report, onward=onward, replies=replies
            )

        self.patch(self.world.store.queue, "settle", fails)
        for failure, seconds in ((Busy, 5), (LeaseLost, 60)):
            with self.subTest(failure=failure):
                failures.append(failure)
                await self.world.send(ANN, notify="SUCCESS", sender="")
                self.world.clock.pump([1] * (seconds - 1))
                self.assertEqual([], await self.heard())
                self.world.clock.pump([1] * 20)
                self.assertEqual([("", (ANN,), None, ["ann"])], await self.heard())
