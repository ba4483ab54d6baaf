"""A daemon that leaves its terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import traceback
from pathlib import Path

import pytest

from netsuite.connection.listening import CannotStartUnseen
from netsuite.testing.daemon import twistd
from tests.test_daemon import taken_port


def background(home: Path, where: str) -> list[str]:
    """Return the command line of a POP3 daemon that leaves its terminal."""
    return twistd(
        f"--pidfile={home / 'pid'}", f"--logfile={home / 'log'}",
        "netsuite-pop3", "--home", home, "--set", "pop3.listen_tls=[]", "--listen", where,
        background=True,
    )  # fmt: skip


def test_a_taken_port_is_told_to_the_terminal(tmp_path: Path) -> None:
    """twistd without --nodaemon and with a port that is taken ends, with the reason and exit
    code 1; it once waited for ever, and left its pid file."""
    with taken_port() as port:
        done = subprocess.run(
            background(tmp_path, f"tcp:{port}:interface=127.0.0.1"),
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    assert done.returncode == 1
    line, *twisted = done.stderr.splitlines()
    assert line == (
        f"netsuite: pop3 cannot listen on tcp:{port}:interface=127.0.0.1: Address already in use; "
        "change pop3.listen, or stop what listens there"
    )
    assert twisted[0] == "An error has occurred: b'the line above says why'"
    assert "change pop3.listen" in (tmp_path / "log").read_text()
    assert not (tmp_path / "pid").exists()


def test_a_store_that_is_none_is_told_to_the_terminal(tmp_path: Path) -> None:
    """So does one whose store cannot be opened; its shell once saw exit code 0."""
    (tmp_path / "netsuite.db").write_bytes(b"not a database" * 100)
    done = subprocess.run(
        background(tmp_path, "tcp:0:interface=127.0.0.1"),
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    line, *twisted = done.stderr.splitlines()
    assert line.startswith("netsuite: ")
    assert str(tmp_path / "netsuite.db") in line
    assert "is not an intact SQLite database" in line
    assert "CannotStart" not in "".join(twisted)
    assert "is not an intact SQLite database" in (tmp_path / "log").read_text()
    assert "Traceback" not in done.stderr


def test_what_started_holds_no_terminal(tmp_path: Path) -> None:
    """A shell that reads what twistd prints hears the end of it, though the daemon goes on."""
    done = subprocess.run(
        background(tmp_path, "tcp:0:interface=127.0.0.1"), capture_output=True, timeout=60
    )
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGTERM)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize(
    ("message", "handed_on"),
    [
        ("imap cannot listen", "imap cannot listen"),
        ("x" * 94 + " word", "x" * 94 + "..."),
        ("ä" * 23 + " und mehr", "\\xe4" * 23 + "..."),
    ],
)
def test_without_the_terminal(message: str, handed_on: str) -> None:
    """Where nothing can be told, what twistd hands on is whole words without a class name."""
    error = CannotStartUnseen(message)
    *_, last = traceback.format_exception_only(error)
    assert last.strip() == handed_on
