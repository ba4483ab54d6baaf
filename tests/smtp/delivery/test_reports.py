"""What the senders of queued mail are told where they have asked for more than the usual."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from netsuite.accounts.interfaces import DeliverBy
from netsuite.smtp.commands import reply
from netsuite.smtp.parameters import ReportRequest
from netsuite.store.outgoing import Envelope
from tests.smtp.delivery.test_agent import AgentCase
from tests.smtp.delivery.worlds import BEGAN, TAKEN

GREYLISTED = reply(451, "4.7.1", "Greylisted")
BY = BEGAN + timedelta(hours=1)
BY_DATE = b"\r\nDeliver-By-Date: Fri, 2 Jan 2026 04:04:05 +0000\r\n"


class InTime(AgentCase):
    """BY (RFC 2852)."""

    async def asked(
        self, mode: str, *, notify: str = "", to: str = "x@there.test", trace: bool = False
    ) -> None:
        """Send a message as SMTP takes one with BY."""
        request = ReportRequest(by=BY, trace=trace)
        await self.world.send(
            to,
            notify=notify,
            envelope=Envelope("", ret=str(request)),
            deliver_by=DeliverBy(BY, mode == "R"),
        )

    async def reports(self) -> list[bytes]:
        return await self.world.inbox("ann")

    async def test_late(self) -> None:
        """N has the sender told once that the time is over, and the message tried on; R has it
        given back then (4.1.3)."""
        await self.world.account("ann")
        for mode, notify, action, status in (
            ("N", "", b"delayed", b"4.4.7"),
            ("N", "DELAY", b"delayed", b"4.4.7"),
            ("N", "FAILURE", b"", b""),
            ("R", "", b"failed", b"5.4.7"),
            ("R", "DELAY", b"", b""),
        ):
            with self.subTest(mode=mode, notify=notify):
                self.world.step += BEGAN - self.world.now()
                before = len(await self.reports())
                self.world.host("there.test").answers.extend([GREYLISTED] * 12)
                await self.asked(mode, notify=notify)
                self.world.clock.pump([60] * 59)
                self.assertEqual(before, len(await self.reports()))
                self.world.clock.pump([60] * 2)
                told = (await self.reports())[before:]
                self.assertEqual(1 if action else 0, len(told))
                for each in told:
                    self.assertIn(b"\r\nAction: " + action, each)
                    self.assertIn(b"\r\nStatus: " + status, each)
                    self.assertIn(BY_DATE, each)
                    self.assertIn(b"\r\nArrival-Date: Fri, 2 Jan 2026 03:04:05 +0000\r\n", each)
                self.assertEqual(mode == "N", bool(await self.world.queued()))
                self.world.host("there.test").answers.clear()
                self.world.clock.pump([60] * 120)
                self.assertEqual([], await self.world.queued())
                self.assertEqual(before + len(told), len(await self.reports()))

    async def test_late_here(self) -> None:
        """A mailbox that has room again, but too late, gets nothing (4.1.3)."""
        await self.world.account("ann")
        bob = await self.world.account("bob")
        await self.world.store.accounts.set_alias("all", ["ann", "bob"])
        await self.world.store.accounts.update_account(bob.id, quota_octets=1)
        await self.asked("R", to="all@ours.test")
        self.world.clock.pump([60] * 54)
        await self.world.store.accounts.update_account(bob.id, quota_octets=None)
        self.world.clock.pump([60] * 10)
        self.assertEqual(([], []), (await self.world.inbox("bob"), await self.world.queued()))
        _, report = await self.reports()
        self.assertIn(b"\r\nStatus: 5.4.7\r\n", report)

    async def test_traced(self) -> None:
        """T has each relaying told, whoever tells more beyond, and whatever NOTIFY wants but
        nothing at all (4.1.4)."""
        await self.world.account("ann")
        host = self.world.host("there.test")
        for trace, notify, reporting, told in (
            (True, "", True, True),
            (True, "FAILURE", False, True),
            (True, "SUCCESS", True, True),
            (True, "NEVER", True, False),
            (False, "", True, False),
            (False, "SUCCESS", True, False),
            (False, "SUCCESS", False, True),
        ):
            with self.subTest(trace=trace, notify=notify, reporting=reporting):
                before = len(await self.reports())
                host.reports = reporting
                await self.asked("R", notify=notify, trace=trace)
                found = (await self.reports())[before:]
                self.assertEqual(int(told), len(found))
                for each in found:
                    self.assertIn(b"\r\nAction: relayed\r\n", each)
                    self.assertIn(BY_DATE, each)
                    self.assertIs(reporting, b"server that reports what becomes of it" in each)

    async def test_beyond(self) -> None:
        """Who wants to hear of a delay hears that nobody beyond would tell, while it is not late
        (4.1.4.2)."""
        await self.world.account("ann")
        host = self.world.host("there.test")
        await self.asked("N")
        (report,) = await self.reports()
        self.assertIn(b"\r\nAction: relayed\r\n", report)
        await self.asked("N", notify="NEVER")
        self.assertEqual(1, len(await self.reports()))
        host.answers.append(GREYLISTED)
        await self.asked("N")
        self.world.step = timedelta(hours=2)
        host.answers.extend([GREYLISTED, TAKEN])
        self.world.clock.pump([60] * 120)
        self.assertEqual([], await self.world.queued())
        _, delay = await self.reports()
        self.assertIn(b"\r\nAction: delayed\r\n", delay)

    async def test_held(self) -> None:
        """A report says that the message was to be held (RFC 4865, 5.1.2)."""
        await self.world.account("ann")
        for hold in ("for;3600", "until;2026-01-02T04:04:05Z"):
            self.world.host("there.test").answers.append(reply(550, "5.1.1", "No such user"))
            envelope = replace(Envelope(""), ret=str(ReportRequest("HDRS", hold=hold)))
            await self.world.send("x@there.test", envelope=envelope)
            *_, report = await self.reports()
            self.assertIn(b"\r\nFuture-Release-Request: " + hold.encode() + b"\r\n", report)
            self.assertNotIn(b"Deliver-By-Date", report)
            self.assertNotIn(b"Hello", report)
