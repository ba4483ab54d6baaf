"""One message's way through the logs: handed in, carried on, taken, read, by one identifier a
host."""

from __future__ import annotations

import imaplib
import json
import poplib
import re
import smtplib
import time
from collections.abc import Iterator
from typing import Any

import pytest

from netsuite.testing.daemon import Daemon

SECONDS = 30.0
LOGS = ('log.form="json"', 'imap.read_log="log/imap.log"', 'pop3.read_log="log/pop3.log"')


def lines(daemon: Daemon, log: str, identifier: str) -> list[dict[str, Any]]:
    """Return the lines of a log that name an identifier, as soon as there are any."""
    path, end = daemon.home / "log" / log, time.monotonic() + SECONDS
    while time.monotonic() < end:
        if path.exists():
            found = [json.loads(line) for line in path.read_text().splitlines()]
            if named := [line for line in found if line.get("id") == identifier]:
                return named
        time.sleep(0.1)
    raise AssertionError(f"{path} does not name {identifier}")


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Daemon, Daemon]]:
    """Return a daemon that sends all mail for others to another, and that."""
    folder = tmp_path_factory.mktemp("trace")
    other = ("site.domains=['two.test']", "site.hostname='mx.two.test'")
    with Daemon(folder / "two", *LOGS, *other) as two:
        settings = (
            "site.hostname='mx.one.test'",
            "delivery.enabled=true",
            "delivery.loopback=true",
            f"delivery.smart_host='smtp://127.0.0.1:{two.ports['smtp']}'",
        )
        with Daemon(folder / "one", *LOGS, *settings) as one:
            yield one, two


def received_ids(message: bytes) -> dict[str, str]:
    """Return the identifier that each host has written into its Received field."""
    pattern = rb"by (mx\.\w+\.test) with \w+\s+id ([^\s;]+)"
    return {host.decode(): each.decode() for host, each in re.findall(pattern, message)}


def test_there(hosts: tuple[Daemon, Daemon]) -> None:
    """What alice hands in is in the message log and the delivery log of her host, in the message
    log of the other, and in its log of what is read, by IMAP and by POP3."""
    one, two = hosts
    with smtplib.SMTP("127.0.0.1", one.ports["submission"]) as submission:
        submission.login("alice", "netsuite")
        submission.sendmail("alice@example.test", ["bob@two.test"], b"Subject: trace\r\n\r\nx\r\n")
    message = by_imap(two, "bob", b"trace")
    by_pop3(two, "bob", len(message))
    ids = received_ids(message)
    assert set(ids) == {"mx.one.test", "mx.two.test"}
    (handed_in,) = lines(one, "submission.log", ids["mx.one.test"])
    assert (handed_in["account"], handed_in["to"]) == ("alice", ["bob@two.test"])
    assert handed_in["session"].startswith("submission-")
    (carried,) = lines(one, "delivery.log", ids["mx.one.test"])
    assert (carried["outcome"], carried["to"]) == ("delivered", "bob@two.test")
    (taken,) = lines(two, "smtp.log", ids["mx.two.test"])
    assert (taken["code"], taken["from"]) == (250, "alice@example.test")
    for log, service in (("imap.log", "imap"), ("pop3.log", "pop3")):
        (read,) = lines(two, log, ids["mx.two.test"])
        assert (read["account"], read["folder"], read["peer"]) == ("bob", "INBOX", "127.0.0.1")
        assert read["session"].startswith(f"{service}-")
        assert read["octets"] == len(message)


def by_imap(daemon: Daemon, account: str, subject: bytes) -> bytes:
    """Read the message of that subject, as soon as it is there."""
    end = time.monotonic() + SECONDS
    with imaplib.IMAP4("127.0.0.1", daemon.ports["imap"]) as imap:
        imap.login(account, "netsuite")
        while time.monotonic() < end:
            imap.select("INBOX")
            _, found = imap.search(None, "SUBJECT", subject.decode())
            if found[0]:
                number = found[0].split()[-1].decode()
                # A header is not the text, and what comes in pieces is one message.
                imap.fetch(number, "(BODY.PEEK[HEADER] BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
                imap.fetch(number, "(BODY.PEEK[]<100.200>)")
                _, answer = imap.fetch(number, "(BODY[])")
                first = answer[0]
                assert isinstance(first, tuple)
                return first[1]
            time.sleep(0.1)
    raise AssertionError(f"{subject!r} has not come")


def by_pop3(daemon: Daemon, account: str, octets: int) -> None:
    """Read the message of that size."""
    pop3 = poplib.POP3("127.0.0.1", daemon.ports["pop3"])
    pop3.user(account)
    pop3.pass_("netsuite")
    (number,) = [each.split()[0] for each in pop3.list()[1] if int(each.split()[1]) == octets]
    pop3.top(int(number), 1)
    pop3.retr(int(number))
    pop3.quit()


def test_all_logs_are_json(hosts: tuple[Daemon, Daemon]) -> None:
    """The daemon's own, too."""
    for daemon in hosts:
        logs = [daemon.home / "daemon.log", *(daemon.home / "log").glob("*.log")]
        for path in logs:
            assert all("time" in json.loads(line) for line in path.read_text().splitlines()), path
        assert len(logs) >= 2
