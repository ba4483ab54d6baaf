"""What a carrier says of a queued message to another server."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from twisted.internet.defer import ensureDeferred
from twisted.internet.task import Clock

from netsuite.accounts.interfaces import Recipient
from netsuite.connection.errors import ConnectionLost
from netsuite.smtp.client import connect
from netsuite.smtp.delivery.carrier import Carrier
from netsuite.smtp.delivery.content import Content
from netsuite.smtp.server import SMTPServerFactory
from netsuite.store.outgoing import Envelope
from netsuite.testing.cases import SynchronousTestCase
from tests.accounts.worlds import World
from tests.connection.links import MemoryEndpoint
from tests.smtp.fakes import FakeReceiver, make_shared

T = TypeVar("T")


class Notifications(SynchronousTestCase):
    """DSN (RFC 3461, 5.2.1)."""

    def test_passed_on(self) -> None:
        """ENVID and ORCPT arrive as they came, also where they hold what xtext codes."""
        world = World()
        shared = make_shared()
        assert isinstance(shared.clock, Clock)
        assert isinstance(shared.resolver, FakeReceiver)
        self.endpoint = MemoryEndpoint(SMTPServerFactory(shared), shared.clock)
        envelope = Envelope("a@b.test", ret="HDRS", envelope_id="a b+c=d")
        notify, original = "SUCCESS,DELAY", "rfc822;bob+list@elsewhere.test"
        draft = world.delivery.draft()
        draft.write(b"Subject: x\r\n\r\n")
        to = Recipient("x", onward=("bob@example.test",), notify=notify, original=original)
        self.successResultOf(ensureDeferred(world.delivery.deliver(draft, [to], envelope)))
        (item,) = self.successResultOf(ensureDeferred(world.store.queue.items()))
        client = self.run_(connect(self.endpoint, clock=shared.clock, helo="out.test"))
        carrier = Carrier(client, "mx.example.test", verified=False)
        (said,) = self.run_(carrier.send("a@b.test", [item], Content(world.store.mail, item)))
        self.assertEqual(250, said.reply.code)
        (call,) = shared.resolver.calls
        self.assertEqual(envelope, replace(call.envelope, body=""))
        self.assertEqual(
            (notify, original), (call.recipients[0].notify, call.recipients[0].original)
        )

    def test_ended_while_idle(self) -> None:
        """A host that has ended the session is a lost connection, and no fate of a message."""
        for word in (b"421 4.4.2 timeout\r\n", b"250 stray\r\n"):
            world = World()
            shared = make_shared()
            assert isinstance(shared.clock, Clock)
            self.endpoint = MemoryEndpoint(SMTPServerFactory(shared), shared.clock)
            draft = world.delivery.draft()
            draft.write(b"Subject: x\r\n\r\n")
            to = Recipient("x", onward=("bob@example.test",))
            sent = world.delivery.deliver(draft, [to], Envelope("a@b.test"))
            self.successResultOf(ensureDeferred(sent))
            (item,) = self.successResultOf(ensureDeferred(world.store.queue.items()))
            client = self.run_(connect(self.endpoint, clock=shared.clock, helo="out.test"))
            carrier = Carrier(client, "mx.example.test", verified=False)
            client.dataReceived(word)
            sending = carrier.send("a@b.test", [item], Content(world.store.mail, item))
            self.failureResultOf(ensureDeferred(sending), ConnectionLost)
            self.assertEqual(0, carrier.carried)

    def run_(self, work: Coroutine[Any, Any, T]) -> T:
        running = ensureDeferred(work)
        self.endpoint.link.settle()
        return self.successResultOf(running)
