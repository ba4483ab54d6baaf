"""``netsuite migrate`` killed at any moment: the next run misses nothing, and doubles nothing."""

from __future__ import annotations

import imaplib
import random
import subprocess
import time
from pathlib import Path

import pytest

from netsuite.testing.daemon import Daemon
from tests.cli.commands import COMMAND, done

KILLS = 12
MESSAGES = 1500
LARGE = 3


def fill(port: int) -> None:
    """Append messages, some of which are large, and some the same."""
    chance = random.Random(1)
    with imaplib.IMAP4("127.0.0.1", port) as client:
        client.login("alice", "netsuite")
        client.create("Work")
        for number in range(MESSAGES):
            size = 2_000_000 if number % (MESSAGES // LARGE) == 7 else chance.choice((10, 5000))
            octets = b"Subject: %d\r\nMessage-ID: <%d@x>\r\n\r\n" % (number, number)
            octets += b"x" * size + b"\r\n"
            flags = "(\\Seen work)" if number % 3 else ""
            client.append("Work" if number % 2 else "INBOX", flags, "", octets)


@pytest.mark.timeout(400)
@pytest.mark.long
def test_killed(tmp_path: Path) -> None:
    """Killed again and again, then left alone: all is there, once, in order."""
    home = tmp_path / "home"
    done(home, "account", "add", "ann", "--password-stdin")
    secret = tmp_path / "secret"
    secret.write_text("netsuite\n")
    chance = random.Random(2)
    with Daemon(tmp_path / "source", plugin="netsuite-imap") as daemon:
        fill(daemon.ports["imap"])
        url = f"imap://alice@127.0.0.1:{daemon.ports['imap']}/"
        words = ["migrate", "--password-file", str(secret), url, "ann"]
        command = [*COMMAND, "--home", str(home), *words]
        killed = 0
        while killed < KILLS:
            process = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            # Not before it works: importing takes a second or more.
            database = home / "netsuite.db-wal"
            before = database.stat().st_mtime_ns if database.exists() else 0
            while process.poll() is None and not _is_written(database, before):
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.06))
            if process.poll() is not None:
                break  # it was done before
            process.kill()
            process.wait()
            killed += 1
        assert killed >= 3
        last = done(home, *words)
        assert "0 messages copied" in done(home, *words), last
        done(home, "check")
        source, target = tmp_path / "source-out", tmp_path / "target-out"
        done(home, "export", "--account", "ann", "--format", "mbox", target)
        done(tmp_path / "source", "export", "--account", "alice", "--format", "mbox", source)
        for name in ("INBOX", "Work"):
            assert (target / name).read_bytes() == (source / name).read_bytes(), name


def _is_written(path: Path, before: int) -> bool:
    return path.exists() and path.stat().st_mtime_ns != before and path.stat().st_size > 0
