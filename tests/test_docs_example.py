"""The example of docs/testing.rst: a real SMTP server for the length of a test."""

from __future__ import annotations

import smtplib

from twisted.internet import reactor
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.threads import deferToThread

from netsuite.accounts.delivery import StoreDelivery
from netsuite.accounts.resolver import RecipientResolver
from netsuite.smtp.server import Shared, SMTPServerFactory
from netsuite.store.memory import MemoryStore
from netsuite.testing.cases import TestCase


def send(port: int) -> None:
    """What is tested: a program of one's own, here with a blocking client in a thread."""
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
        smtp.sendmail(
            "shop@example.test", ["ann@example.test"], b"Subject: Order 7\r\n\r\nThanks!\r\n"
        )


class OrderMail(TestCase):
    """A shop that confirms its orders by mail."""

    async def test_confirmation(self) -> None:
        """Who has ordered gets a mail."""
        store = MemoryStore()
        ann = await store.accounts.add_account("ann", None)
        resolver = RecipientResolver(store, reactor, domains=["example.test"])
        factory = SMTPServerFactory(
            Shared(
                clock=reactor,
                host="mx.example.test",
                resolver=resolver,
                delivery=StoreDelivery(store, resolver),
            )
        )
        port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(factory)
        try:
            await deferToThread(send, port.getHost().port)
        finally:
            await port.stopListening()
            await factory.drain()
        inbox = await store.mail.folder(ann.id, "INBOX")
        (message,) = await store.mail.messages(inbox.id, None, ann.id)
        octets = await store.mail.content(message.content)
        self.assertIn(b"Subject: Order 7\r\n", octets)
