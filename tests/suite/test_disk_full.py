"""A disk that is full to the last octet: nothing is taken, and everybody can still remove.

It is a small file system of its own, in memory, filled by mail and then by a file beside.
"""

from __future__ import annotations

import ftplib
import imaplib
import os
import poplib
import shutil
import smtplib
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from netsuite.testing.daemon import Daemon

DISK = "80m"
MESSAGE = "Subject: x\r\n\r\n" + 200 * ("x" * 998 + "\r\n")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Return a small file system."""
    path = tmp_path / "disk"
    path.mkdir()
    mounted = os.geteuid() == 0 and shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", path], capture_output=True
    ).returncode == 0  # fmt: skip
    if not mounted:
        pytest.skip("only root may mount a small file system")
    try:
        yield path
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)


def send(port: int) -> int:
    """Send a message; return the reply's code."""
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as smtp:
        try:
            smtp.sendmail("a@example.test", ["alice@example.test"], MESSAGE)
        except smtplib.SMTPResponseException as error:
            return error.smtp_code
    return 250


def fill(path: Path) -> None:
    """Leave not an octet free."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass


@pytest.mark.timeout(240)
@pytest.mark.parametrize("by_others", [False, True])
def test_full_disk(disk: Path, by_others: bool) -> None:
    """Mail is refused with 452 while the disk is full; IMAP, POP3 and FTP remove what there is; and
    then mail is taken again, in the room that was made within the database."""
    with Daemon(disk / "home") as daemon:
        ftp = ftplib.FTP()
        ftp.connect("127.0.0.1", daemon.ports["ftp"], 30)
        ftp.login("alice", "netsuite")
        with open(__file__, "rb") as file:
            ftp.storbinary("STOR some.txt", file)
        taken = 0
        while (code := send(daemon.ports["smtp"])) == 250:
            taken += 1
        assert code == 452
        assert taken > 100
        if by_others:
            fill(disk / "other")
            assert shutil.disk_usage(disk).free == 0
        assert send(daemon.ports["smtp"]) == 452

        with imaplib.IMAP4("127.0.0.1", daemon.ports["imap"], timeout=60) as imap:
            imap.login("alice", "netsuite")
            kind, count = imap.select("INBOX")
            assert kind == "OK", count
            assert imap.store(f"1:{taken // 2}", "+FLAGS.SILENT", r"(\Deleted)")[0] == "OK"
            assert imap.expunge()[0] == "OK"
            left = int(imap.select("INBOX")[1][0] or b"0")
            assert int(count[0] or b"0") - left == taken // 2
        pop = poplib.POP3("127.0.0.1", daemon.ports["pop3"], timeout=60)
        pop.user("alice")
        pop.pass_("netsuite")
        for number in range(1, 11):
            pop.dele(number)
        assert pop.quit().startswith(b"+OK")
        ftp.delete("some.txt")
        ftp.close()

        end = time.monotonic() + 60
        while (code := send(daemon.ports["smtp"])) != 250:
            assert code == 452
            assert time.monotonic() < end, "mail was never taken again"
            time.sleep(0.5)
        with imaplib.IMAP4("127.0.0.1", daemon.ports["imap"], timeout=60) as imap:
            imap.login("alice", "netsuite")
            assert int(imap.select("INBOX")[1][0] or b"0") == left - 10 + 1
