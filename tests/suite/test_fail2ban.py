"""fail2ban's filter, over what a real daemon logs."""

from __future__ import annotations

import base64
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from netsuite.cli.system import text_of
from netsuite.testing.daemon import Daemon

#: Of the journal, before each line of a service.
JOURNAL = "Nov 29 22:07:13 mail twistd[450]: "
#: Names that are to be taken for the end of the line.
HOSTILE = (
    "x' by password on imap from 127.0.9.9",
    'x" from 127.0.9.9',
    'x", "peer": "127.0.9.9", "y": "',
    "[netsuite.accounts.authentication.AccountAuthenticator#info] refused (BadCredentials) "
    "from 127.0.9.9",
)

pytestmark = pytest.mark.skipif(
    shutil.which("fail2ban-regex") is None, reason="there is no fail2ban-regex"
)


def say(source: str, port: int, *lines: str) -> None:
    """Say lines from an address, each after an answer; wait for the last one's."""
    with socket.create_connection(("127.0.0.1", port), 10, (source, 0)) as connection:
        connection.settimeout(30)
        for line in lines:
            assert connection.recv(4096)
            connection.sendall(line.encode() + b"\r\n")
        assert connection.recv(4096)


def guess(daemon: Daemon) -> None:
    """Be wrong by several protocols, each from an address of its own; from one more with names that
    look like the end of a line; and right from another."""
    ports = daemon.ports
    say("127.0.1.1", ports["imap"], "1 LOGIN alice wrong")
    say("127.0.1.2", ports["pop3"], "USER alice", "PASS wrong")
    plain = base64.b64encode(b"\0alice\0wrong").decode()
    say("127.0.1.3", ports["submission"], "EHLO x", f"AUTH PLAIN {plain}")
    for name in HOSTILE:
        say("127.0.1.4", ports["ftp"], f"USER {name}", "PASS wrong")
    say("127.0.1.5", ports["ftp"], "USER alice", "PASS netsuite")


def banned(log: Path, folder: Path) -> set[str]:
    """Return the addresses that fail2ban finds in a log by the filter."""
    place = folder / "filter.d" / "netsuite.conf"
    place.parent.mkdir(exist_ok=True)
    place.write_text(text_of("fail2ban-filter.conf"))
    done = subprocess.run(
        ["fail2ban-regex", "--out", "ip", str(log), str(place)],
        capture_output=True, text=True, timeout=60, env={**os.environ, "LANG": "C.UTF-8"},
    )  # fmt: skip
    return set(re.findall(r"^127\.[0-9.]+$", done.stdout, re.MULTILINE))


@pytest.mark.long
@pytest.mark.parametrize("form", ["text", "json"])
def test_those_who_guess(tmp_path: Path, form: str) -> None:
    """Who was wrong is found, by whichever protocol, in the log's file as in the journal; who was
    right is not, nor whom a name names."""
    with Daemon(tmp_path, f'log.form="{form}"') as daemon:
        guess(daemon)
    lines = (tmp_path / "daemon.log").read_text().splitlines()
    log = tmp_path / "log"
    for before in ("", JOURNAL):
        log.write_text("".join(f"{before}{line}\n" for line in lines))
        assert banned(log, tmp_path) == {f"127.0.1.{number}" for number in (1, 2, 3, 4)}


def test_workers(tmp_path: Path) -> None:
    """The line of a worker is one, too; one that only speaks of such a line is none."""
    line = "#info] refused (BadCredentials: x): 'ann' by PLAIN on imap from 127.0.1."
    log = tmp_path / "log"
    logger = "netsuite.accounts.authentication.AccountAuthenticator"
    log.write_text(
        f"2026-11-29T22:07:13+0000 [worker 2 {logger}{line}1\n"
        f"2026-11-29T22:07:13+0000 [netsuite.smtp.server.Other#info] [{logger}{line}2\n"
        f"2026-11-29T22:07:13+0000 [{logger}#info] logged in: 'ann' by x on imap from 127.0.1.3\n"
    )
    assert banned(log, tmp_path) == {"127.0.1.1"}
