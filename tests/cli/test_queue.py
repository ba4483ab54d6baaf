"""The queue as an operator sees it, and what would become of mail for an address."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from netsuite.accounts.delivery import StoreDelivery
from netsuite.accounts.interfaces import DeliverBy, Recipient
from netsuite.accounts.resolver import RecipientResolver
from netsuite.smtp.parameters import ReportRequest
from netsuite.store.outgoing import Envelope, QueueState, Settlement
from netsuite.store.sql import SQLStore
from netsuite.testing.cases import TestCase
from tests.cli.commands import done, refused
from tests.store.reactors import reactor
from tests.suite.mail_hosts import name_server

#: What a server said; it may say anything.
LATER = "451 4.7.1 Later\x1b[31m"


async def enqueue(
    home: Path,
    *recipients: str,
    sender: str = "ann@localhost",
    ret: str = "HDRS",
    deliver_by: DeliverBy | None = None,
) -> None:
    """Queue a message, whose first recipient has been tried."""
    store = SQLStore(f"sqlite:///{home / 'netsuite.db'}", clock=reactor, threads=reactor)
    await store.open()
    try:
        resolver = RecipientResolver(store, reactor, domains=["localhost"])
        delivery = StoreDelivery(store, resolver)
        draft = delivery.draft()
        draft.write(b"Return-Path: <>\r\nSubject: waits\r\n\r\n")
        to = [Recipient("away@localhost", onward=(each,)) for each in recipients]
        await delivery.deliver(draft, to, Envelope(sender, ret=ret), deliver_by=deliver_by)
        (item,) = await store.queue.claim(limit=1, per_domain=1, lease_seconds=60)
        later = datetime.now(UTC) + timedelta(hours=3, minutes=1)
        await store.queue.settle(
            [
                Settlement(
                    item.id,
                    item.lease,
                    QueueState.DEFERRED,
                    "451 4.7.1 Later\x1b[31m",
                    "mx[1]",
                    later,
                )
            ]
        )
    finally:
        await store.close()


class Queue(TestCase):
    """A home with an account, whose mail is not carried while the tests look at it."""

    def setUp(self) -> None:
        self.home = Path(self.mktemp()).absolute()
        self.home.mkdir()
        done(self.home, "account", "add", "ann", "--password-stdin")

    async def test_list_and_show(self) -> None:
        """Rows with what was said last; nothing a server says reaches the terminal as it is."""
        await enqueue(self.home, "x@there.test", "y@other.test")
        printed = done(self.home, "queue", "list")
        assert re.search(
            r"^1 +1 +\d+s +deferred +1 +3h +<ann@localhost> +<x@there.test> +451 4.7.1 Later",
            printed,
            re.M,
        )
        assert re.search(
            r"^2 +1 +\d+s +queued +0 +now +<ann@localhost> +<y@other.test> +-$", printed, re.M
        )
        assert "2 of 2 items of 1 messages" in printed
        assert "\x1b" not in printed
        shown = done(self.home, "queue", "show", 1)
        for line in (
            "For:           <x@there.test>",
            "Forwarded by:  away@localhost",
            "By way of:     there.test",
            "Said by:       mx[1]",
            "RET:           HDRS, the header alone",
        ):
            assert line in shown.splitlines()
        assert done(self.home, "queue", "show", 1, "--content").startswith("Return-Path: <>")
        assert refused(self.home, "queue", "show", 99) == "there is no item 99"

    async def test_what_was_asked_of_reports(self) -> None:
        """RET, BY and HOLD are told apart, in words; what was not said is not there."""
        by = datetime(2099, 1, 2, 3, 4, 5, tzinfo=UTC)
        moment = by.astimezone().isoformat(" ")
        cases: tuple[tuple[ReportRequest, bool | None, list[str]], ...] = (
            (ReportRequest(), None, []),
            (ReportRequest("FULL"), None, ["RET:           FULL, the whole message"]),
            (ReportRequest(by=by), True, [f"BY:            {moment}, then given back"]),
            (
                ReportRequest("HDRS", by, True, "for;60"),
                False,
                [
                    "RET:           HDRS, the header alone",
                    f"BY:            {moment}, then its sender is told; each relaying is told, too",
                    "HOLD:          for 60 seconds",
                ],
            ),
            (
                ReportRequest(hold="until;2099-01-02T03:04:05Z"),
                None,
                [f"HOLD:          until {moment}"],
            ),
        )
        for number, (request, returned, expected) in enumerate(cases, 1):
            deliver_by = None if returned is None else DeliverBy(by, returned)
            await enqueue(self.home, "x@there.test", ret=str(request), deliver_by=deliver_by)
            shown = done(self.home, "queue", "show", number)
            found = [x for x in shown.splitlines() if x.startswith(("RET:", "BY:", "HOLD:"))]
            self.assertEqual(expected, found)

    async def test_pages_and_filters(self) -> None:
        """Some of them, by what is known of them."""
        await enqueue(self.home, "x@there.test", "y@other.test", "z@there.test")
        printed = done(self.home, "queue", "list", "--limit", 2)
        assert "2 of 3 items of 1 messages; go on with --after 2" in printed
        assert "1 of 3" in done(self.home, "queue", "list", "--limit", 2, "--after", 2)
        for option, value, count in (
            ("--domain", "there.test", 2),
            ("--recipient", "Y@other.test", 1),
            ("--sender", "ann@localhost", 3),
            ("--message", "7", 0),
        ):
            assert f"{count} of {count} items" in done(self.home, "queue", "list", option, value)

    async def test_changes(self) -> None:
        """Held, released, tried at once, removed: those that were said, or all."""
        await enqueue(self.home, "x@there.test", "y@other.test")
        assert "say which" in refused(self.home, "queue", "delete")
        assert "no such item" in refused(self.home, "queue", "retry", "999")
        assert done(self.home, "queue", "hold", "--domain", "there.test") == "held: 1 item\n"
        assert "1 of 1 items" in done(self.home, "queue", "list", "--held")
        assert done(self.home, "queue", "release", "--all") == "released: 1 item\n"
        assert done(self.home, "queue", "retry", 1, 2, 3) == "to be tried now: 2 items\n"
        assert done(self.home, "queue", "bounce", 2) == "to be given back: 1 item\n"
        assert (
            done(self.home, "queue", "delete", "--recipient", "x@there.test") == "removed: 1 item\n"
        )
        assert "1 of 1 items" in done(self.home, "queue", "list")

    def test_why(self) -> None:
        """Where mail for an address goes: here, elsewhere, nowhere."""
        names: dict[str, dict[str, object]] = {
            "there.test": {"mx": [(20, "two.there.test"), (10, "one.there.test")]},
            "one.there.test": {"addresses": ["192.0.2.1", "2001:db8::1"]},
            "two.there.test": {},
            "null.test": {"mx": [(0, "")]},
        }
        done(self.home, "alias", "set", "both", "ann", "x@there.test")
        there = (
            "to one.there.test:25 at 2001:db8::1, 192.0.2.1, then two.there.test:25 "
            "(No mail host of the domain has an address), TLS opportunistic"
        )
        with name_server(names) as server:
            resolver = f"delivery.resolvers=['{server}']"
            expected = {
                "ann@localhost": "into the mailbox ann@localhost",
                "eve@localhost": "refused, since nobody has that address",
                "x@there.test": there,
                "both@localhost": f"into the mailbox ann@localhost; as x@there.test {there}",
                "x@null.test": "nowhere: 556 5.1.10 The domain takes no mail (RFC 7505)",
                "x@none.test": "nowhere: 550 5.1.2 There is no such domain",
                "nonsense": "not an address",
            }
            printed = done(self.home, "--set", resolver, "queue", "why", *expected)
            self.assertEqual(
                [f"{address}: {said}" for address, said in expected.items()], printed.splitlines()
            )
            smart = "delivery.smart_host='smtp://me:secret@smart.test'"
            printed = done(
                self.home, "--set", resolver, "--set", smart, "queue", "why", "x@there.test"
            )
            assert "to smart.test:25" in printed
            assert "secret" not in printed
