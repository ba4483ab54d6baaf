"""A daemon backed up under load, wiped out and restored is what it was, and IMAP clients know."""

from __future__ import annotations

import imaplib
import re
import shutil
import smtplib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from netsuite.testing.daemon import Daemon
from tests.cli.commands import done, refused
from tests.store.clusters import fresh_database

pytestmark = pytest.mark.long


@contextmanager
def load(daemon: Daemon) -> Iterator[list[int]]:
    """Send mail to bob on and on; give the numbers of messages that were taken."""
    taken: list[int] = []
    over = threading.Event()

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", daemon.ports["smtp"]) as client:
            while not over.is_set():
                number = len(taken) + 1
                text = f"Subject: number {number}\r\n\r\n{'x' * 2000}\r\n"
                client.sendmail("ann@example.test", ["bob@example.test"], text)
                taken.append(number)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield taken
    finally:
        over.set()
        thread.join()


def seen(daemon: Daemon) -> tuple[int, int, dict[int, bytes]]:
    """Return of bob's INBOX UIDVALIDITY, UIDNEXT, and by UID each message."""
    with imaplib.IMAP4("127.0.0.1", daemon.ports["imap"]) as client:
        client.login("bob", "netsuite")
        client.select("INBOX", readonly=True)
        validity = int(client.response("UIDVALIDITY")[1][0] or b"")
        uid_next = int(client.response("UIDNEXT")[1][0] or b"")
        found = client.uid("FETCH", "1:*", "(BODY.PEEK[])")[1]
        messages = {}
        for each in found:
            if isinstance(each, tuple):
                match = re.search(rb"UID (\d+)", each[0])
                assert match is not None, each
                messages[int(match[1])] = each[1]
        return validity, uid_next, messages


def files(home: Path) -> dict[str, bytes]:
    """Return the files that FTP, HTTP and Gopher show, and the secret."""
    found = [*(home / "files").rglob("*"), home / "secret"]
    return {str(each.relative_to(home)): each.read_bytes() for each in found if each.is_file()}


def numbers(messages: dict[int, bytes]) -> list[int]:
    """Return the numbers of the messages that the load has sent, by their UIDs."""
    found = [re.search(rb"Subject: number (\d+)\r\n", messages[uid]) for uid in sorted(messages)]
    return [int(each[1]) for each in found if each]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_under_load(tmp_path: Path, kind: str) -> None:
    """What was taken before the backup is back, nothing is half there, and UIDs are not mistaken:
    also those that the daemon gave after the backup."""
    home, backups = tmp_path / "home", tmp_path / "backups"
    settings: list[str] = []
    if kind == "postgresql":
        url = fresh_database()
        if url is None:
            pytest.skip("no PostgreSQL server programs, or nobody to run them as")
        settings.append(f"store.url={url}")
    options = [word for each in settings for word in ("--set", each)]
    with Daemon(home, *settings) as daemon:
        with load(daemon) as taken:
            while len(taken) < 50:
                threading.Event().wait(0.01)
            before = len(taken)
            done(home, *options, "backup", backups)
            after = len(taken)
            while len(taken) < after + 20:
                threading.Event().wait(0.01)
        assert "is in use" in refused(home, *options, "restore", "--replace", backups)
        known = seen(daemon)
        kept = files(home)
        assert kept
    shutil.rmtree(home)
    replace = ["--replace"] if kind == "postgresql" else []
    printed = done(home, *options, "restore", *replace, backups)
    assert "UIDVALIDITY raised for " in printed
    assert files(home) == kept
    assert "nothing is wrong" in done(home, *options, "check")
    with Daemon(home, *settings) as daemon:
        validity, uid_next, messages = seen(daemon)
        assert validity > known[0], "a client would take new messages for old ones"
        restored = numbers(messages)
        assert restored == list(range(1, len(restored) + 1))
        assert before <= len(restored) <= after + 1
        assert messages == {uid: each for uid, each in known[2].items() if uid < uid_next}
