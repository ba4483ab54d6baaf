"""Mailboxes and newsgroups of a suite: what is put there, what is seen, what is waited for."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater

from netsuite.smtp import send
from netsuite.testing.mail import parsed
from netsuite.testing.suite import Suite
from tests.testing.worlds import in_memory


async def sent(suite: Suite, subject: str, *recipients: str) -> None:
    """Send a message by SMTP."""
    await send(
        f"Subject: {subject}\r\n\r\nHi.\r\n".encode(),
        "shop@example.net",
        recipients or ["ann@example.test"],
        to=suite.smtp.endpoint,
        reactor=suite.clock,
    )


def test_line_ends() -> None:
    """Text has the line ends of Python, octets those of mail."""
    octets = b"Subject: =?utf-8?q?K=C3=A4se?=\r\n\r\nOne\r\nTwo\r\n"
    mail = parsed(octets)
    assert (mail["Subject"], mail.get_content()) == ("Käse", "One\nTwo\n")
    assert mail.octets == octets


def test_deliver() -> None:
    """A message is described, or given whole; what is described has a date and an id."""
    with in_memory("imap") as suite:

        async def body() -> None:
            ann = suite.mailbox("ann")
            mail = await ann.deliver(subject="Käse", body="Hi.\n", Reply_To="bob@example.net")
            assert (mail["To"], mail["Reply-To"]) == ("ann@example.test", "bob@example.net")
            assert mail["Date"]
            assert mail["Message-ID"].endswith("@example.test>")
            given = EmailMessage()
            given["Message-ID"] = "<1@a.test>"
            given.set_content("Hi.\n")
            assert (await ann.deliver(given, flags=["\\Flagged"]))["Message-ID"] == "<1@a.test>"
            first, second = await ann.messages()
            assert (first.uid, first["Subject"], first.envelope) == (1, "Käse", None)
            assert second.uid == 2
            assert second.flags == {"\\Flagged"}
            assert await ann.messages("Nowhere") == []

        suite.ground.run(body)


def test_wait() -> None:
    """What is waited for comes by whichever protocol, with its envelope; others do not count."""
    with in_memory("smtp") as suite:

        async def body() -> None:
            ann, bob = suite.mailbox("ann"), suite.mailbox("bob")
            waiting = Deferred.fromCoroutine(ann.wait(2, subject="Order"))
            await sent(suite, "Order", "ann@example.test", "bob@example.test")
            await sent(suite, "Something else")
            await deferLater(suite.clock, 1.0)
            assert not waiting.called
            await ann.deliver(subject="Order")
            sent_one, put_one = await waiting
            assert put_one.envelope is None
            assert sent_one.envelope is not None
            assert sent_one.envelope.sender == "shop@example.net"
            assert sent_one.envelope.recipients == ("ann@example.test", "bob@example.test")
            (other,) = await ann.wait(matching=lambda each: each["Subject"] != "Order")
            assert other["Subject"] == "Something else"
            assert len(await bob.wait()) == 1

        suite.ground.run(body)


def test_wait_in_vain() -> None:
    """The message tells what there is, and what was said."""
    with in_memory("smtp") as suite:

        async def body() -> None:
            await sent(suite, "Hello")
            began = suite.clock.seconds()
            told = (
                r"(?s)ann's INBOX: 0 messages after 3 seconds, wanted 1 with the subject 'x'\n"
                r"there is: 'Hello' from None\nsmtp-1:.*C: MAIL FROM:<shop@example\.net>"
            )
            with pytest.raises(AssertionError, match=told):
                await suite.mailbox("ann").wait(1, subject="x", timeout=3)
            assert suite.clock.seconds() == pytest.approx(began + 3)

        suite.ground.run(body)


def test_wait_no_longer() -> None:
    """Who gives up leaves no timer behind, and is not heard of again."""
    with in_memory("smtp") as suite:

        async def body() -> None:
            waiting = Deferred.fromCoroutine(suite.mailbox("ann").wait())
            waiting.cancel()
            with pytest.raises(CancelledError):
                await waiting
            await sent(suite, "Hello")

        suite.ground.run(body)


def test_group() -> None:
    """Articles have what NNTP wants of them, and are waited for like mail."""
    with in_memory("nntp") as suite:

        async def body() -> None:
            group = suite.group("local.test")
            waiting = Deferred.fromCoroutine(group.wait(1, subject="Hello"))
            article = await group.post(subject="Hello", body="Hi.\n")
            assert (article["Newsgroups"], article["Path"]) == ("local.test", "test")
            assert [each.uid for each in await waiting] == [1]
            assert len(await suite.group("local.test").articles()) == 1

        suite.ground.run(body)
