"""A daemon whose large messages are in an object store, as docs/howto/object-store.rst shows."""

from __future__ import annotations

import imaplib
import os
import smtplib
import threading
import time
from pathlib import Path
from unittest.mock import patch

import pytest

from netsuite.store.objects import S3Objects
from netsuite.testing.daemon import Daemon
from tests.cli.commands import done
from tests.store.buckets import CREDENTIALS, bucket

pytestmark = pytest.mark.long
SECONDS = 30.0
PAGE = (Path(__file__).resolve().parents[2] / "docs/howto/object-store.rst").read_text()


def read(daemon: Daemon) -> bytes:
    """Return bob's last message, by IMAP."""
    with imaplib.IMAP4("127.0.0.1", daemon.ports["imap"]) as client:
        client.login("bob", "netsuite")
        client.select("INBOX")
        found = client.fetch("*", "(BODY.PEEK[])")[1]
        assert isinstance(found[0], tuple)
        return found[0][1]


def test_a_message_goes_there(tmp_path: Path) -> None:
    """It is taken, goes, is read, also after a SIGKILL; the check holds the two together."""
    url = bucket()
    for setting in ("objects = ", "objects_from_octets", "objects_keep_days"):
        assert setting in PAGE
    text = f"Subject: large\r\n\r\n{'0123456789abcde' * 70_000}\r\n"
    with patch.dict(os.environ, CREDENTIALS):
        objects = S3Objects(url)
        with Daemon(tmp_path, f"store.objects={url}") as daemon:
            with smtplib.SMTP("127.0.0.1", daemon.ports["smtp"]) as client:
                client.sendmail("ann@example.test", ["bob@example.test"], text)
            end = time.monotonic() + SECONDS
            while not dict(objects.sizes()):
                assert time.monotonic() < end, daemon.log()
                threading.Event().wait(0.1)
            assert read(daemon).endswith(text.encode()[-1_000_000:])
            (octets,) = dict(objects.sizes()).values()
            assert octets == len(read(daemon))
            daemon.kill()
        options = ("--set", f"store.objects={url}")
        assert "nothing is wrong" in done(tmp_path, *options, "check")
        printed = done(tmp_path, *options, "backup", tmp_path / "backups")
        assert "store.objects are not in the backup" in printed
        with Daemon(tmp_path, f"store.objects={url}") as daemon:
            assert read(daemon).endswith(text.encode()[-1_000_000:])
