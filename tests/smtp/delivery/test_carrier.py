"""What a carrier says of a queued message to another server."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from twisted.internet.defer import ensureDeferred

from netsuite.accounts.interfaces import DeliverBy, Recipient
from netsuite.connection.errors import ConnectionLost
from netsuite.smtp.client import connect
from netsuite.smtp.delivery.carrier import Carrier
from netsuite.smtp.delivery.content import Content
from netsuite.smtp.delivery.lifecycle import Said
from netsuite.smtp.parameters import ReportRequest
from netsuite.smtp.server import SMTPServerFactory
from netsuite.store.outgoing import Envelope, QueueItem
from netsuite.testing.fabric import Fabric
from tests.accounts.worlds import NOW, World
from tests.connection.joined import JoinedCase, reached
from tests.smtp.fakes import FakeReceiver, make_shared

ENVELOPE = Envelope("a@b.test")
TO = Recipient("bob@example.test", onward=("bob@example.test",))


class Carrying(JoinedCase):
    """One message for a server of ours, which may lack what others lack."""

    def setUp(self) -> None:
        self.world = World()

    def item(
        self,
        octets: bytes = b"Subject: x\r\n\r\n",
        envelope: Envelope = ENVELOPE,
        to: Recipient = TO,
        deliver_by: DeliverBy | None = None,
    ) -> QueueItem:
        draft = self.world.delivery.draft()
        draft.write(b"Return-Path: <a@b.test>\r\n" + octets)
        self.successResultOf(
            ensureDeferred(
                self.world.delivery.deliver(draft, [to], envelope, deliver_by=deliver_by)
            )
        )
        *_, item = self.successResultOf(ensureDeferred(self.world.store.queue.items()))
        return item

    def carry(
        self,
        item: QueueItem,
        *,
        verified: bool = False,
        sender: str = "a@b.test",
        login: bool = False,
        **settings: Any,
    ) -> Said:
        """Send it to a server, after a login or without; return what that said."""
        self.fabric = Fabric(record=True)
        shared = make_shared(clock=self.fabric, **settings)
        assert isinstance(shared.resolver, FakeReceiver)
        self.receiver = shared.resolver
        endpoint = reached(self.fabric, SMTPServerFactory(shared))
        client = self.run_(connect(endpoint, clock=self.fabric, helo="out.test"))
        self.client = client
        if login:
            self.run_(client.login("alice", "secret"))
        self.carrier = Carrier(client, "mx[1]", verified=verified, now=lambda: NOW)
        content = Content(self.world.store.mail, item)
        (said,) = self.run_(self.carrier.send(sender, [item], content))
        return said

    def heard(self) -> bytes:
        """Return what the client has said."""
        return self.fabric.connections[0].client.written

    def test_notifications_are_passed_on(self) -> None:
        """ENVID and ORCPT arrive as they came, also where they hold what xtext codes."""
        envelope = Envelope("a@b.test", ret="HDRS", envelope_id="a b+c=d")
        notify, original = "SUCCESS,DELAY", "rfc822;bob+list@elsewhere.test"
        to = replace(TO, notify=notify, original=original)
        said = self.carry(self.item(envelope=envelope, to=to))
        self.assertEqual((250, True), (said.reply.code, said.reports))
        (call,) = self.receiver.calls
        self.assertEqual(envelope, replace(call.envelope, body=""))
        self.assertEqual(
            (notify, original), (call.recipients[0].notify, call.recipients[0].original)
        )
        said = self.carry(self.item(envelope=envelope, to=to), not_offered=["DSN"])
        self.assertEqual((250, False), (said.reply.code, said.reports))
        self.assertNotIn(b"NOTIFY", self.heard())

    def test_the_content(self) -> None:
        """It leaves without the Return-Path of our own copies, small or large, dots and all."""
        for octets in (b"Subject: x\r\n\r\n.\r\n", b"Subject: x\r\n\r\n" + b".line\r\n" * 50_000):
            self.carry(self.item(octets))
            (taken,) = [each[2] for each in self.receiver.delivered]
            self.assertTrue(taken.endswith(octets))
            self.assertEqual(1, taken.count(b"Return-Path:"))

    def test_tls_required(self) -> None:
        """TLS-Required has one value, once (RFC 8689, 3)."""
        for header, optional in (
            (b"TLS-Required: No\r\n", True),
            (b"Subject: x\r\ntls-required:\r\n no \r\n", True),
            (b"", False),
            (b"TLS-Required: Yes\r\n", False),
            (b"TLS-Required:\r\n", False),
            (b"TLS-Required: No\r\nTLS-Required: No\r\n", False),
            (b"Subject: x\r\n\r\nTLS-Required: No\r\n", False),
        ):
            content = Content(self.world.store.mail, self.item(header + b"\r\n"))
            found = self.successResultOf(ensureDeferred(content.tls_optional()))
            self.assertIs(optional, found, header)

    def test_forwarded(self) -> None:
        """An address of ours that forwards leaves its name, and forwards nothing twice; another
        may, and what was sent straight to another host goes there whoever had it before."""
        away = replace(TO, address="away@ours.test")
        octets = b"Subject: x\r\n\r\nhello\r\n"
        for _ in range(2):
            self.assertEqual(250, self.carry(self.item(octets, to=away)).reply.code)
            (taken,) = [each[2] for each in self.receiver.delivered]
            octets = taken[taken.index(b"Delivered-To") :]
            self.assertTrue(octets.startswith(b"Delivered-To: %s\r\n" % away.address.encode()))
            away = replace(TO, address="second@ours.test")
        for address in ("away@ours.test", "SECOND@ours.test"):
            said = self.carry(self.item(octets, to=replace(TO, address=address)))
            self.assertEqual("554 5.4.6", str(said.reply)[:9])
            self.assertEqual([], self.receiver.delivered)
            self.assertFalse(said.remote)
        self.assertEqual(250, self.carry(self.item(octets)).reply.code)
        inside = octets[octets.index(b"\r\n\r\n") :] + octets
        said = self.carry(self.item(b"Subject: y" + inside, to=away))
        self.assertEqual(250, said.reply.code)

    def test_what_a_server_does_not_take(self) -> None:
        """8-bit octets and BINARYMIME are given back, not mangled; SMTPUTF8 is asked for only
        where the header needs it."""
        eight_bit = self.item("Subject: x\r\n\r\n\u00e9\r\n".encode())
        self.assertEqual(250, self.carry(eight_bit).reply.code)
        self.assertIn(b"BODY=8BITMIME", self.heard())
        binary = self.item(envelope=replace(ENVELOPE, body="BINARYMIME"))
        self.assertEqual(250, self.carry(binary).reply.code)
        self.assertIn(b"BODY=BINARYMIME", self.heard())
        self.assertIn(b"BDAT", self.heard())
        said = self.carry(binary, not_offered=["BINARYMIME"])
        self.assertEqual((554, "5.6.1"), (said.reply.code, said.reply.enhanced))
        self.assertNotIn(b"MAIL", self.heard())
        for octets, wanted in (
            (b"Subject: x\r\n\r\n", False),
            ("Subject: \u00e9\r\n\r\n".encode(), True),
        ):
            self.carry(self.item(octets, replace(ENVELOPE, utf8=True)))
            self.assertIs(wanted, b"SMTPUTF8" in self.heard())

    def test_after_a_login(self) -> None:
        """A host that we log in to is told that we vouch for no submitter (RFC 4954, 5)."""
        for login in (True, False):
            said = self.carry(
                self.item(), login=login, offer_auth=True, sender="alice@example.test"
            )
            self.assertEqual(250, said.reply.code)
            self.assertIs(login, b" AUTH=<>" in self.heard())

    def test_require_tls(self) -> None:
        """Only under TLS with the host's own certificate, to one that promises it, too."""
        item = self.item(envelope=replace(ENVELOPE, require_tls=True))
        for verified in (False, True):
            said = self.carry(item, verified=verified)  # a server in the clear does not offer it
            self.assertEqual((550, "5.7.30"), (said.reply.code, said.reply.enhanced))
            self.assertNotIn(b"MAIL", self.heard())
        # A report is not thrown away for that (RFC 8689, 5).
        self.assertEqual(250, self.carry(item, sender="").reply.code)
        self.assertNotIn(b"REQUIRETLS", self.heard())

    def test_deliver_by(self) -> None:
        """BY goes on with the time that is left; who wants mail back in time has it back where
        that is not promised (RFC 2852, 4.1.4)."""
        hour = timedelta(hours=1)
        in_time, tell = (
            self.item(deliver_by=DeliverBy(NOW + hour, each)) for each in (True, False)
        )
        for item, said_by in ((in_time, b" BY=3600;R"), (tell, b" BY=3600;N")):
            self.assertEqual(250, self.carry(item).reply.code)
            self.assertIn(said_by, self.heard())
        said = self.carry(in_time, not_offered=["DELIVERBY"])
        self.assertEqual((554, "5.4.7"), (said.reply.code, said.reply.enhanced))
        said = self.carry(tell, not_offered=["DELIVERBY"])
        self.assertEqual((250, False), (said.reply.code, said.reports))
        self.assertNotIn(b"BY=", self.heard())
        late = self.item(deliver_by=DeliverBy(NOW, True))
        self.assertEqual("5.4.7", self.carry(late).reply.enhanced)

    def test_deliver_by_as_it_was_said(self) -> None:
        """The trace goes on, and the time that was said, also where trying ends before, and after
        the sender was told of the delay (RFC 2852, 4.1.4)."""
        hour = timedelta(hours=1)
        for seconds, returned, said_by in (
            (3600, False, b" BY=3600;NT"),
            (-60, False, b" BY=-60;NT"),
            (999_999_999, True, b" BY=999999999;RT"),
        ):
            moment = NOW + timedelta(seconds=seconds)
            envelope = replace(ENVELOPE, ret=str(ReportRequest("HDRS", moment, trace=True)))
            item = self.item(envelope=envelope, deliver_by=DeliverBy(moment, returned))
            recipient = item.recipient
            if not returned:
                recipient = replace(recipient, warn=None)
            item = replace(item, recipient=recipient)
            self.assertEqual(250, self.carry(item).reply.code)
            self.assertIn(said_by + b"\r\n", self.heard())
            self.assertIn(b" RET=HDRS ", self.heard())
        late = replace(ENVELOPE, ret=str(ReportRequest(by=NOW - hour)))
        item = self.item(envelope=late, deliver_by=DeliverBy(NOW - hour, False))
        said = self.carry(item, not_offered=["DELIVERBY"])
        self.assertEqual((250, True), (said.reply.code, said.reports))
        self.assertNotIn(b"NOTIFY", self.heard())

    def test_delays_beyond(self) -> None:
        """A host without DELIVERBY is asked to tell of delays, of who is not to hear nothing (RFC
        2852, 4.1.4.2)."""
        for notify, asked in (
            ("", b" NOTIFY=FAILURE,DELAY"),
            ("SUCCESS", b" NOTIFY=SUCCESS,DELAY"),
            ("FAILURE,DELAY", b" NOTIFY=FAILURE,DELAY"),
            ("NEVER", b" NOTIFY=NEVER"),
        ):
            by = DeliverBy(NOW + timedelta(hours=1), False)
            item = self.item(to=replace(TO, notify=notify), deliver_by=by)
            self.carry(item, not_offered=["DELIVERBY"])
            self.assertIn(asked + b"\r\n", self.heard())
            self.carry(item)
            self.assertEqual(bool(notify), b"NOTIFY" in self.heard())

    def test_addresses(self) -> None:
        """What is no address is refused here, and nothing of it is said."""
        bad = replace(self.item(), recipient=replace(self.item().recipient, address="a\r\nQUIT@b"))
        said = self.carry(bad)
        self.assertEqual((553, "5.1.3"), (said.reply.code, said.reply.enhanced))
        self.assertNotIn(b"QUIT", self.heard())

    def test_ended_while_idle(self) -> None:
        """A host that has ended the session is a lost connection, and no fate of a message."""
        for word in (b"421 4.4.2 timeout\r\n", b"250 stray\r\n"):
            item = self.item()
            self.carry(item)
            self.fabric.connections[0].server.write(word)
            self.fabric.settle()
            content = Content(self.world.store.mail, item)
            self.fail_(self.carrier.send("a@b.test", [item], content), ConnectionLost)
            self.assertEqual(1, self.carrier.carried)
