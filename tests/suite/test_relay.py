"""Two daemons of two domains send mail to each other, over TLS, through the DNS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.suite.mail_hosts import MailHost, mail_hosts


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[MailHost, MailHost]]:
    """Return one.test and two.test."""
    with mail_hosts(tmp_path_factory.mktemp("relay")) as pair:
        yield pair
        for host in pair:
            assert "Traceback" not in host.daemon.log()


def test_there_and_back(hosts: tuple[MailHost, MailHost]) -> None:
    """Mail goes under TLS, and is answered."""
    one, two = hosts
    one.submit(["bob@two.test"], b"From: alice@one.test\r\nSubject: there\r\n\r\nHello\r\n")
    message = two.inbox("bob", b"Subject: there")
    assert message.startswith(b"Return-Path: <alice@one.test>\r\nReceived: from mx.one.test")
    assert b"with ESMTPS" in message.split(b"\r\n\r\n")[0]
    assert message.count(b"Return-Path:") == 1
    two.submit(["alice@one.test"], b"From: bob@two.test\r\nSubject: back\r\n\r\nHi\r\n", "bob")
    one.inbox("alice", b"Subject: back")


def test_here_and_there(hosts: tuple[MailHost, MailHost]) -> None:
    """One message for a mailbox here and one elsewhere is in both."""
    one, two = hosts
    one.submit(["bob@one.test", "bob@two.test"], b"Subject: both\r\n\r\nHello\r\n")
    assert one.inbox("bob", b"Subject: both").startswith(b"Return-Path: <alice@one.test>")
    two.inbox("bob", b"Subject: both")


def test_unknown_recipient(hosts: tuple[MailHost, MailHost]) -> None:
    """It comes back to the sender as a report."""
    one, _ = hosts
    one.submit(["nobody@two.test"], b"Subject: lost\r\n\r\nHello\r\n")
    report = one.inbox("alice", b"Final-Recipient: rfc822; nobody@two.test")
    assert b"Status: 5.1.1" in report
    assert b"Remote-MTA: dns; mx.two.test[127.0.0.3]" in report


def test_no_such_domain(hosts: tuple[MailHost, MailHost]) -> None:
    """So does mail for a domain that is not there."""
    one, _ = hosts
    one.submit(["x@three.test"], b"Subject: lost\r\n\r\nHello\r\n")
    report = one.inbox("alice", b"Final-Recipient: rfc822; x@three.test")
    assert b"Status: 5.1.2" in report


def test_outage(hosts: tuple[MailHost, MailHost]) -> None:
    """Mail waits for a host that is down."""
    one, two = hosts
    two.daemon.stop()
    one.submit(["bob@two.test"], b"Subject: patience\r\n\r\nHello\r\n")
    two.start()
    two.inbox("bob", b"Subject: patience")
