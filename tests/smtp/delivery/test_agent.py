"""The delivery agent: what becomes of queued mail, in virtual time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from netsuite.accounts.delivery import Patience
from netsuite.connection import errors
from netsuite.message.headers import header_end
from netsuite.smtp.commands import reply
from netsuite.smtp.delivery.agent import DeliveryAgent
from netsuite.smtp.delivery.connector import Unreachable
from netsuite.smtp.delivery.content import Content
from netsuite.smtp.delivery.lifecycle import Said
from netsuite.store.errors import Busy, NoSuchFolder, NoSuchMessage, StorageFull, StoreError
from netsuite.store.model import AccountState
from netsuite.store.outgoing import Envelope, QueueFilter, QueueItem, Settled
from netsuite.store.sql import SQLStore
from netsuite.testing.cases import TestCase
from netsuite.wire.dates import now
from tests.smtp.delivery.worlds import HOUR, TAKEN, World
from tests.store.reactors import reactor

GREYLISTED = reply(451, "4.7.1", "Greylisted")
UNKNOWN = reply(550, "5.1.1", "No such user")
SILENT = reply(451, "4.4.1", "No host answers")


class AgentCase(TestCase):
    """A world whose agent runs."""

    def setUp(self) -> None:
        self.world = self.make_world()
        self.world.agent.startService()
        self.addCleanup(self.stop)

    def make_world(self) -> World:
        return World()

    async def stop(self) -> None:
        stopped = self.world.agent.stopService()
        self.world.clock.advance(60)
        await stopped


class Delivering(AgentCase):
    """Other hosts take mail, or do not."""

    async def test_at_once(self) -> None:
        """A message leaves without the Return-Path of our own copies, and is gone."""
        await self.world.send("x@there.test", "y@there.test", "z@other.test")
        there, other = self.world.host("there.test"), self.world.host("other.test")
        octets = b"Subject: x\r\n\r\nHello\r\n"
        self.assertEqual([("ann@ours.test", ["x@there.test", "y@there.test"], octets)], there.said)
        self.assertEqual([("ann@ours.test", ["z@other.test"], octets)], other.said)
        self.assertEqual([], await self.world.queued())

    async def test_one_connection_for_many(self) -> None:
        """A connection waits a moment for more mail, then says goodbye."""
        for _ in range(3):
            await self.world.send("x@there.test")
        host = self.world.host("there.test")
        self.assertEqual((1, 0, 3), (host.connected, host.closed, len(host.said)))
        self.world.clock.advance(2)
        self.assertEqual(1, host.closed)

    async def test_so_many_at_once(self) -> None:
        """A slow domain gets so many connections and no more; the others do not wait for it."""
        slow = self.world.host("slow.test")
        slow.waits = Deferred()
        for _ in range(10):
            await self.world.send("x@slow.test")
        self.assertEqual(2, slow.connected)
        await self.world.send("y@there.test")
        self.assertEqual(1, len(self.world.host("there.test").said))
        waits, slow.waits = slow.waits, None
        waits.callback(None)
        self.world.settle()
        self.assertEqual(10, len(slow.said))
        self.assertEqual([], await self.world.queued())

    async def test_a_broken_connection(self) -> None:
        """One that had waited is replaced at once; a fresh one that breaks is tried again later."""
        host = self.world.host("there.test")
        await self.world.send("x@there.test")
        host.answers.append(errors.ConnectionLost("gone"))
        await self.world.send("y@there.test")
        self.assertEqual(2, host.connected)
        self.assertEqual([], await self.world.queued())
        self.world.clock.advance(10)
        host.answers.append(errors.ConnectionLost("gone"))
        await self.world.send("z@there.test")
        self.assertEqual([("z@there.test", "deferred", 1)], await self.world.queued())

    async def test_slow_ones_leave_room(self) -> None:
        """However many recipients the messages for slow domains have, others do not wait."""
        for number in range(8):
            slow = self.world.host(f"slow{number}.test")
            slow.waits = Deferred()
            for message in range(8):
                await self.world.send(*(f"{message}-{n}@slow{number}.test" for n in range(100)))
        await self.world.send("y@there.test")
        self.assertEqual(1, len(self.world.host("there.test").said))

    async def test_slow_for_ever(self) -> None:
        """A host that is never done, or never ready, is given up in time."""
        for name, minutes in (("waits", 61), ("connecting", 31)):
            with self.subTest(name):
                host = self.world.host(f"{name}.test")
                setattr(host, name, Deferred())
                await self.world.send(f"x@{name}.test")
                self.world.clock.pump([60] * minutes)
                self.assertEqual([(f"x@{name}.test", "deferred", 1)], await self.world.queued())
                setattr(host, name, None)
                self.world.clock.pump([60] * 11)
                self.assertEqual([], await self.world.queued())
        self.assertEqual(1, self.world.host("waits.test").aborted)

    async def test_a_server_that_leaves(self) -> None:
        """After 421 the next message goes over another connection."""
        host = self.world.host("there.test")
        host.answers.append(reply(421, "4.3.2", "Going down"))
        await self.world.send("x@there.test")
        await self.world.send("y@there.test")
        self.assertEqual(2, host.connected)
        self.assertEqual([("x@there.test", "deferred", 1)], await self.world.queued())

    async def test_forwarded(self) -> None:
        """What an alias sends on leaves with a reverse path of ours."""
        await self.world.store.accounts.set_alias("away", ["x@there.test"])
        await self.world.send("away@ours.test", sender="eve@far.test")
        self.assertEqual("rewritten+eve@far.test", self.world.host("there.test").said[0][0])


class Retrying(AgentCase):
    """What is put off is tried again, by and by."""

    async def test_schedule(self) -> None:
        """Waits double; then it is taken."""
        host = self.world.host("there.test")
        host.answers.extend([GREYLISTED] * 3)
        await self.world.send("x@there.test")
        for attempts, wait in ((1, 300), (2, 600), (3, 1200)):
            self.assertEqual([("x@there.test", "deferred", attempts)], await self.world.queued())
            self.world.clock.advance(wait - 1)
            self.assertEqual(attempts, len(host.said))
            self.world.clock.advance(1)
        self.assertEqual(4, len(host.said))
        self.assertEqual([], await self.world.queued())

    async def test_only_who_was_put_off(self) -> None:
        """Recipients of one message have fates of their own."""
        host = self.world.host("there.test")
        host.answers.append(lambda each: GREYLISTED if each.startswith("x") else TAKEN)
        await self.world.send("x@there.test", "y@there.test")
        self.assertEqual([("x@there.test", "deferred", 1)], await self.world.queued())
        self.world.clock.advance(300)
        self.assertEqual(["x@there.test"], host.said[1][1])

    async def test_a_sick_host_is_left_in_peace(self) -> None:
        """All mail for it waits, for longer each time; then all goes at once."""
        host = self.world.host("there.test")
        host.refusals.extend([SILENT, SILENT])
        for number in range(5):
            await self.world.send(f"{number}@there.test")
        self.assertEqual(1, host.connected)
        self.world.clock.advance(59)
        await self.world.send("more@there.test")
        self.assertEqual(1, host.connected)
        self.world.clock.advance(1)
        self.assertEqual(2, host.connected)
        self.world.clock.advance(119)
        self.assertEqual(2, host.connected)
        self.world.clock.pump([1] + [300] * 4)
        self.assertEqual(
            {f"{number}@there.test" for number in range(5)} | {"more@there.test"},
            {each for _, recipients, _ in host.said for each in recipients},
        )
        self.assertEqual([], await self.world.queued())

    async def test_tls_that_fails(self) -> None:
        """It keeps no message whose sender can do without (RFC 8689, 4.2.2), whether that is the
        first, waits with others, or comes while the hosts are left in peace; nor the others longer
        than before."""
        host = self.world.host("there.test")
        no_tls = Unreachable(Said(reply(454, "4.7.5", "No TLS")), by_tls=True)
        optional = b"TLS-Required: No\r\nSubject: x\r\n\r\nHello\r\n"
        host.refusals.extend([no_tls] * 100)
        await self.world.send("first@there.test", octets=optional)
        host.connecting = Deferred()
        for number in range(5):
            await self.world.send(
                f"{number}@there.test", octets=optional if number == 3 else b"\r\n"
            )
        waiting, host.connecting = host.connecting, None
        waiting.callback(None)
        self.world.settle()
        await self.world.send("late@there.test", octets=optional)
        await self.world.send("strict@there.test")
        await self.world.send(
            "both@there.test", octets=optional, envelope=Envelope("", require_tls=True)
        )
        taken = [recipients for _, recipients, _ in host.said]
        self.assertEqual([["first@there.test"], ["3@there.test"], ["late@there.test"]], taken)
        waits = {recipient for recipient, _, _ in await self.world.queued()}
        self.assertEqual(
            {f"{each}@there.test" for each in ("0", "1", "2", "4", "strict", "both")}, waits
        )
        connected = host.connected - host.without_tls
        self.world.clock.advance(59)
        self.assertEqual(connected, host.connected - host.without_tls)
        host.refusals.clear()
        self.world.clock.pump([60] * 10)
        self.assertEqual([], await self.world.queued())
        self.assertEqual(9, len(host.said))

    async def test_a_header_that_cannot_be_read(self) -> None:
        """Then TLS is needed."""
        host = self.world.host("there.test")
        host.refusals.append(Unreachable(Said(reply(454, "4.7.5", "No TLS")), by_tls=True))

        async def broken(content: object) -> bool:
            raise NoSuchMessage("1")

        self.patch(Content, "tls_optional", broken)
        await self.world.send("x@there.test", octets=b"TLS-Required: No\r\n\r\n")
        self.assertEqual([("x@there.test", "deferred", 1)], await self.world.queued())
        self.assertEqual(0, host.without_tls)
        self.assertEqual(1, len(self.flushLoggedErrors(NoSuchMessage)))

    async def test_what_is_over_is_forgotten(self) -> None:
        """Of a million domains that do not answer nothing is left a day later."""
        for number in range(20):
            self.world.host(f"{number}.test").refusals.append(SILENT)
            await self.world.send(f"x@{number}.test")
        self.assertEqual(20, len(self.world.agent._destinations))
        self.world.clock.pump([300] * 100)
        self.assertEqual({}, self.world.agent._destinations)

    async def test_through_an_outage(self) -> None:
        """A day without the host loses nothing and doubles nothing."""
        host = self.world.host("there.test")
        await self.world.send("before@there.test")
        host.refusals.extend([SILENT] * 60)
        for number in range(3):
            await self.world.send(f"{number}@there.test")
            self.world.clock.advance(10)
        self.world.clock.pump([600] * 150)
        host.refusals.clear()
        self.world.clock.pump([600] * 30)
        self.assertEqual(
            ["0@there.test", "1@there.test", "2@there.test", "before@there.test"],
            sorted(each for _, recipients, _ in host.said for each in recipients),
        )
        self.assertEqual([], await self.world.queued())

    async def test_release_and_retry(self) -> None:
        """An operator holds, releases, and has tried at once."""
        host = self.world.host("there.test")
        host.answers.append(GREYLISTED)
        await self.world.send("x@there.test")
        await self.world.store.queue.hold(QueueFilter(), True)
        self.world.clock.advance(HOUR)
        self.assertEqual(1, len(host.said))
        host.answers.append(GREYLISTED)
        await self.world.store.queue.hold(QueueFilter(), False)
        self.world.settle()
        self.assertEqual(2, len(host.said))
        await self.world.store.queue.retry(QueueFilter())
        self.world.settle()
        self.assertEqual(3, len(host.said))
        self.assertEqual([], await self.world.queued())


class Reporting(AgentCase):
    """The sender is told."""

    async def reports(self) -> list[bytes]:
        return await self.world.inbox("ann")

    async def test_refused(self) -> None:
        """An unknown recipient comes back as a report, in the commit that ends the item."""
        await self.world.account("ann")
        self.world.host("there.test").answers.append(UNKNOWN)
        await self.world.send("x@there.test", envelope=Envelope("", envelope_id="id7"))
        (report,) = await self.reports()
        header = report[: header_end(report)]
        self.assertTrue(header.startswith(b"Return-Path: <>\r\nDate: "))
        for expected in (
            b"To: ann@ours.test",
            b"report-type=delivery-status",
            b"Auto-Submitted: auto-replied",
        ):
            self.assertIn(expected, header)
        for expected in (
            b"Original-Envelope-Id: id7",
            b"Final-Recipient: rfc822; x@there.test",
            b"Action: failed",
            b"Status: 5.1.1",
            b"Remote-MTA: dns; mx.there.test[192.0.2.1]",
            b"Diagnostic-Code: smtp; 550 5.1.1 No such user",
            b"Subject: x\r\n\r\nHello\r\n",
        ):
            self.assertIn(expected, report)
        self.assertEqual([], await self.world.queued())

    async def test_one_for_several(self) -> None:
        """Recipients of one attempt share a report."""
        await self.world.account("ann")
        self.world.host("there.test").answers.append(UNKNOWN)
        await self.world.send("x@there.test", "y@there.test")
        (report,) = await self.reports()
        self.assertEqual(2, report.count(b"Action: failed"))

    async def test_to_a_sender_elsewhere(self) -> None:
        """The report is queued and carried, from the null path."""
        self.world.host("there.test").answers.append(UNKNOWN)
        await self.world.send("x@there.test", sender="eve@far.test")
        ((sender, recipients, octets),) = self.world.host("far.test").said
        self.assertEqual(("", ["eve@far.test"]), (sender, recipients))
        self.assertTrue(octets.startswith(b"Date: "))

    async def test_on_what_must_not_go_in_the_clear(self) -> None:
        """The report must not, either (RFC 8689, 5)."""
        self.world.host("there.test").answers.append(UNKNOWN)
        self.world.host("far.test").answers.append(GREYLISTED)
        envelope = Envelope("", require_tls=True)
        await self.world.send("x@there.test", sender="eve@far.test", envelope=envelope)
        (item,) = await self.world.store.queue.items()
        self.assertEqual(("", True), (item.envelope.sender, item.envelope.require_tls))

    async def test_on_what_may_go_in_the_clear(self) -> None:
        """The report may, too (RFC 8689, 6), and goes; not one on what REQUIRETLS was said of."""
        far, no_tls = self.world.host("far.test"), Said(reply(454, "4.7.5", "No TLS"))
        optional = b"TLS-Required: No\r\nSubject: x\r\n\r\nHello\r\n"
        for octets, require_tls, expected in (
            (optional, False, 1),
            (optional, True, 0),
            (b"Subject: x\r\n\r\nHello\r\n", False, 0),
        ):
            with self.subTest(octets=octets, require_tls=require_tls):
                self.world.host("there.test").answers.append(UNKNOWN)
                far.refusals.append(Unreachable(no_tls, by_tls=True))
                before = len(far.said)
                envelope = Envelope("", require_tls=require_tls)
                await self.world.send(
                    "x@there.test", sender="eve@far.test", octets=octets, envelope=envelope
                )
                self.assertEqual(expected, len(far.said) - before)
                self.world.clock.pump([60] * 10)
                self.assertEqual([], await self.world.queued())
                *_, (_, _, report) = far.said
                header = report[: header_end(report)]
                self.assertEqual(expected, header.count(b"\r\nTLS-Required: No\r\n"))

    async def test_no_report_on_a_report(self) -> None:
        """What comes from the null path, and cannot be delivered, ends there."""
        self.world.host("there.test").answers.append(UNKNOWN)
        self.world.host("far.test").answers.append(UNKNOWN)
        await self.world.send("x@there.test", sender="eve@far.test")
        self.assertEqual([], await self.world.queued())
        self.assertEqual(1, len(self.world.host("far.test").said))

    async def test_a_sender_that_is_not_there(self) -> None:
        """Mail of a sender of ours who has gone ends, too."""
        self.world.host("there.test").answers.append(UNKNOWN)
        await self.world.send("x@there.test", sender="gone@ours.test")
        self.assertEqual([], await self.world.queued())

    async def test_what_the_sender_wants_to_know(self) -> None:
        """NOTIFY decides (RFC 3461, 5.2)."""
        await self.world.account("ann")
        host = self.world.host("there.test")
        for notify, answer, action in (
            ("NEVER", UNKNOWN, None),
            ("SUCCESS", UNKNOWN, None),
            ("SUCCESS,FAILURE", UNKNOWN, b"failed"),
            ("", TAKEN, None),
            ("FAILURE", TAKEN, None),
            ("SUCCESS", TAKEN, b"relayed"),
        ):
            with self.subTest(notify=notify, answer=answer):
                before = len(await self.reports())
                host.answers.append(answer)
                await self.world.send("x@there.test", notify=notify)
                told = (await self.reports())[before:]
                self.assertEqual(0 if action is None else 1, len(told))
                if action is not None:
                    self.assertIn(b"Action: " + action, told[0])
                    self.assertIn(b"Original-Recipient: rfc822; x@there.test", told[0])

    async def test_a_server_that_reports_itself(self) -> None:
        """It was told NOTIFY, so we say nothing of success."""
        await self.world.account("ann")
        self.world.host("there.test").reports = True
        await self.world.send("x@there.test", notify="SUCCESS")
        self.assertEqual([], await self.reports())

    async def test_success_here(self) -> None:
        """A mailbox of ours gets the message and its sender the report."""
        await self.world.account("ann")
        await self.world.account("bob")
        await self.world.send("bob@ours.test", notify="SUCCESS")
        self.assertEqual(1, len(await self.world.inbox("bob")))
        (report,) = await self.reports()
        self.assertIn(b"Action: delivered", report)

    async def test_returned(self) -> None:
        """RET says how much of the message comes back; without it small ones do, whole."""
        await self.world.account("ann")
        small, large = b"Subject: x\r\n\r\nbody\r\n", b"Subject: x\r\n\r\n" + b"body\r\n" * 20_000
        for ret, octets, whole in (
            ("", small, True),
            ("", large, False),
            ("HDRS", small, False),
            ("FULL", large, True),
            ("FULL REQUIRETLS", small, False),
        ):
            with self.subTest(ret=ret, octets=len(octets)):
                before = len(await self.reports())
                self.world.host("there.test").answers.append(UNKNOWN)
                word, _, tls = ret.partition(" ")
                envelope = Envelope("", ret=word, require_tls=bool(tls))
                await self.world.send("x@there.test", octets=octets, envelope=envelope)
                (report,) = (await self.reports())[before:]
                self.assertIs(whole, b"\r\n\r\nbody\r\n" in report)
                self.assertIn(b"Subject: x\r\n", report)


class Late(AgentCase):
    """Mail that cannot be delivered for long."""

    def make_world(self) -> World:
        return World(patience=Patience(timedelta(hours=12), timedelta(hours=4)))

    async def test_warned_once_then_given_back(self) -> None:
        """After four hours the sender is told of the delay, at the end of the failure."""
        await self.world.account("ann")
        self.world.host("there.test").answers.extend([GREYLISTED] * 100)
        await self.world.send("x@there.test")
        self.world.clock.pump([60] * 239)
        self.assertEqual([], await self.world.inbox("ann"))
        self.world.clock.pump([60] * 2)
        (warning,) = await self.world.inbox("ann")
        for expected in (
            b"Action: delayed",
            b"Status: 4.7.1",
            b"Will-Retry-Until: Fri, 2 Jan 2026 15:04:05 +0000",
        ):
            self.assertIn(expected, warning)
        self.world.clock.pump([60] * 478)
        self.assertEqual(1, len(await self.world.inbox("ann")))
        self.world.clock.pump([60] * 3)
        _, failure = await self.world.inbox("ann")
        for expected in (b"Action: failed", b"Status: 4.4.7", b"451 4.7.1 Greylisted"):
            self.assertIn(expected, failure)
        self.assertEqual([], await self.world.queued())

    async def test_a_host_that_never_answers(self) -> None:
        """It is given back in time, though most of its attempts did not take place."""
        await self.world.account("ann")
        self.world.host("there.test").refusals.extend([SILENT] * 1000)
        for number in range(3):
            await self.world.send(f"{number}@there.test")
        self.world.clock.pump([60] * (12 * 60 + 31))
        self.assertEqual([], await self.world.queued())
        failures = [each for each in await self.world.inbox("ann") if b"Action: failed" in each]
        self.assertEqual(3, len(failures))


class Here(AgentCase):
    """Mailboxes of ours that could not take their mail at once."""

    async def test_full_then_not(self) -> None:
        """The member of an alias that was full has it as soon as there is room."""
        await self.world.account("ann")
        bob = await self.world.account("bob")
        await self.world.store.accounts.update_account(bob.id, quota_octets=1)
        await self.world.store.accounts.set_alias("all", ["ann", "bob"])
        await self.world.send("all@ours.test")
        self.assertEqual([("bob@ours.test", "deferred", 1)], await self.world.queued())
        (item,) = await self.world.store.queue.items()
        self.assertEqual("452 4.2.2 Mailbox full", item.last_reply)
        await self.world.store.accounts.update_account(bob.id, quota_octets=None)
        self.world.clock.advance(300)
        self.assertEqual([], await self.world.queued())
        (there,) = await self.world.inbox("bob")
        self.assertTrue(there.startswith(b"Return-Path: <ann@ours.test>\r\n"))
        self.assertEqual(1, len(await self.world.inbox("ann")))

    async def test_disabled_then_gone(self) -> None:
        """It waits for a disabled account, and comes back when there is no account any more."""
        await self.world.account("ann")
        bob = await self.world.account("bob")
        await self.world.store.accounts.update_account(bob.id, state=AccountState.DISABLED)
        await self.world.store.accounts.set_alias("all", ["ann", "bob"])
        await self.world.send("all@ours.test")
        (item,) = await self.world.store.queue.items()
        self.assertEqual("451 4.2.1 The account is disabled", item.last_reply)
        await self.world.store.accounts.remove_account(bob.id)
        self.world.clock.advance(300)
        self.assertEqual([], await self.world.queued())
        _, report = await self.world.inbox("ann")
        self.assertIn(b"Status: 5.1.1", report)


class Leases(AgentCase):
    """What is on its way stays ours; what waits is given back at the end."""

    async def test_renewed(self) -> None:
        """A transfer that takes long is not taken over by another."""
        slow = self.world.host("slow.test")
        slow.waits = Deferred()
        await self.world.send("x@slow.test")
        self.world.clock.pump([10] * 60)
        claimed = await self.world.store.queue.claim(limit=9, per_domain=9, lease_seconds=9)
        self.assertEqual([], list(claimed))
        slow.waits.callback(None)
        self.assertEqual([], await self.world.queued())

    async def test_given_back(self) -> None:
        """After a stop what had not been begun is due at once, for whoever comes."""
        slow = self.world.host("slow.test")
        slow.waits = Deferred()
        for number in range(4):
            await self.world.send(f"{number}@slow.test")
        stopping = self.world.agent.stopService()
        self.assertNoResult(stopping)
        claimed = await self.world.store.queue.claim(limit=9, per_domain=9, lease_seconds=9)
        self.assertEqual(2, len(claimed))
        slow.waits.callback(None)
        await stopping
        self.assertEqual(2, len(await self.world.queued()))

    async def test_nothing_is_taken_while_it_stops(self) -> None:
        """A stopped agent claims no more; one that does not end in time is not waited for."""
        slow = self.world.host("slow.test")
        slow.waits = Deferred()
        await self.world.send("x@slow.test")
        stopping = self.world.agent.stopService()
        await self.world.send("y@there.test")
        self.assertEqual([], self.world.host("there.test").said)
        self.world.clock.advance(10)
        await stopping

    async def test_the_clock_is_set(self) -> None:
        """A step of the time of day ends leases; what is on its way is not sent once more."""
        slow = self.world.host("slow.test")
        slow.waits = Deferred()
        await self.world.send("x@slow.test")
        self.world.step = timedelta(hours=1)
        await self.world.send("y@slow.test")
        slow.waits.callback(None)
        self.world.settle()
        self.assertEqual([["x@slow.test"], ["y@slow.test"]], [said[1] for said in slow.said])
        self.assertEqual([], await self.world.queued())

    async def test_one_is_removed_under_way(self) -> None:
        """The leases of the others go on, and their end is written down."""
        slow = self.world.host("slow.test")
        slow.waits = Deferred()
        await self.world.send("x@slow.test", "y@slow.test")
        await self.world.store.queue.delete(QueueFilter(recipient="x@slow.test"))
        self.world.clock.pump([10] * 12)
        claimed = await self.world.store.queue.claim(limit=9, per_domain=9, lease_seconds=9)
        self.assertEqual([], list(claimed))
        slow.waits.callback(None)
        self.world.settle()
        self.assertEqual([], await self.world.queued())
        self.assertEqual(1, len(slow.said))

    async def test_stopped_while_it_connects(self) -> None:
        """What could be too late to be written down is not sent, but given back."""
        slow = self.world.host("slow.test")
        slow.connecting = Deferred()
        await self.world.send("x@slow.test")
        stopping = self.world.agent.stopService()
        slow.connecting.callback(None)
        await stopping
        self.assertEqual([], slow.said)
        self.assertEqual((1, 1), (slow.connected, slow.closed))
        self.assertEqual([("x@slow.test", "queued", 0)], await self.world.queued())

    async def test_stopped_while_it_claims(self) -> None:
        """What was claimed too late is given back, and waited for."""
        queue, waits = self.world.store.queue, Deferred[None]()
        claim = queue.claim

        async def slow_claim(**wanted: Any) -> Sequence[QueueItem]:
            await waits
            return await claim(**wanted)

        self.patch(queue, "claim", slow_claim)
        await self.world.send("x@there.test")
        stopping = self.world.agent.stopService()
        self.assertNoResult(stopping)
        waits.callback(None)
        await stopping
        self.assertEqual([], self.world.host("there.test").said)
        self.assertEqual([("x@there.test", "queued", 0)], await self.world.queued())

    async def test_more_connections(self) -> None:
        """A changed setting holds for destinations that are in use, too."""
        slow = self.world.host("slow.test")
        slow.waits = Deferred()
        for _ in range(3):
            await self.world.send("x@slow.test")
        self.assertEqual(2, slow.connected)
        self.world.agent.connections = 4
        await self.world.send("x@slow.test")
        self.assertEqual(3, slow.connected)
        slow.waits.callback(None)


class Failing(AgentCase):
    """What goes wrong here keeps no item, and delivers nothing twice."""

    def failing(self, name: str, *failures: Exception) -> list[Exception]:
        """Have a method of the queue fail before it works again; return what is left."""
        queue, left = self.world.store.queue, list(failures)
        works = getattr(queue, name)

        async def fails(*args: Any, **wanted: Any) -> object:
            if left:
                raise left.pop(0)
            return await works(*args, **wanted)

        self.patch(queue, name, fails)
        return left

    async def test_recorded_later(self) -> None:
        """A store that cannot be written for some minutes is waited for, on the lease."""
        for failure in (Busy("locked"), StorageFull("full"), StoreError("unexpected")):
            with self.subTest(failure=failure):
                left = self.failing("settle", *[failure] * 30)
                await self.world.send("x@there.test")
                self.assertEqual([("x@there.test", "trying", 0)], await self.world.queued())
                self.world.clock.pump([5] * 31)
                self.assertEqual([], left)
                self.assertEqual([], await self.world.queued())
        self.assertEqual(3, len(self.world.host("there.test").said))

    async def test_a_bug_in_the_store(self) -> None:
        """The item is not kept: it is anybody's when the lease ends."""
        self.failing("settle", ZeroDivisionError())
        await self.world.send("x@there.test")
        self.assertEqual(1, len(self.flushLoggedErrors(ZeroDivisionError)))
        self.world.clock.pump([1] * 61)
        self.assertEqual([], await self.world.queued())

    async def test_claimed_later(self) -> None:
        """Looking goes on after any error."""
        for failure in (Busy("locked"), ZeroDivisionError()):
            with self.subTest(failure=failure):
                self.failing("claim", failure)
                await self.world.send("x@there.test")
                self.world.clock.advance(5)
                self.world.settle()
                self.assertEqual([], await self.world.queued())
        self.assertEqual(1, len(self.flushLoggedErrors(ZeroDivisionError)))

    async def test_a_report_that_cannot_be_delivered(self) -> None:
        """The message ends without."""
        await self.world.account("ann")
        settle = self.world.store.queue.settle

        async def no_report(*args: Any, report: object = None, **more: Any) -> Settled:
            if report is not None:
                raise NoSuchFolder("INBOX")
            return await settle(*args, **more)

        self.patch(self.world.store.queue, "settle", no_report)
        self.world.host("there.test").answers.append(UNKNOWN)
        await self.world.send("x@there.test")
        self.assertEqual([], await self.world.queued())

    async def test_nobody_foresaw_it(self) -> None:
        """What fails while a host is connected to, or talked to, puts the message off."""
        host = self.world.host("there.test")
        host.refusals.append(ValueError("odd host"))
        host.answers.extend([NoSuchMessage("gone"), ValueError("odd")])
        await self.world.send("x@there.test")
        for attempts, wait in ((1, 300), (2, 600), (3, 1200)):
            self.assertEqual([("x@there.test", "deferred", attempts)], await self.world.queued())
            self.assertEqual(1, len(self.flushLoggedErrors(ValueError, NoSuchMessage)))
            self.world.clock.advance(wait)
        self.assertEqual([], await self.world.queued())
        self.assertEqual(2, host.aborted)


class Together(TestCase):
    """Several agents on one queue."""

    async def test_nothing_twice(self) -> None:
        """Two processes share a queue in a file; each message goes once, and both have some."""
        url = f"sqlite:///{self.mktemp()}"
        worlds = []
        for _ in range(2):
            store = SQLStore(url, clock=reactor, threads=reactor)
            await store.open()
            self.addCleanup(store.close)
            worlds.append(World(store=store))
            worlds[-1].agent = self.agent(worlds[-1])
        for number in range(150):
            await worlds[number % 2].send(
                *(f"{number}@{place}.test" for place in "abc"), sender="eve@far.test"
            )
        for world in worlds:
            world.agent.startService()
            self.addCleanup(world.agent.stopService)
        for _ in range(600):
            if not (await worlds[0].store.queue.count()).items:
                break
            await deferLater(reactor, 0.05)
        self.assertEqual([], await worlds[0].queued())
        sent = [
            [each for host in world.hosts.values() for _, to, _ in host.said for each in to]
            for world in worlds
        ]
        self.assertEqual(
            sorted(f"{number}@{place}.test" for number in range(150) for place in "abc"),
            sorted(sent[0] + sent[1]),
        )
        self.assertTrue(all(sent))

    def agent(self, world: World) -> DeliveryAgent:
        """Return one that goes by the time of day."""
        return DeliveryAgent(
            world.store,
            reactor,
            file=world.delivery.file_queued,
            connect=world.connect,
            reporter=world.reporter,
            now=now,
        )
