"""A daemon that leaves its terminal."""

from __future__ import annotations

import subprocess
from pathlib import Path

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
    assert "pop3 cannot listen on tcp:" in done.stderr
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
    assert str(tmp_path)[:20] in done.stderr  # twistd hands on 100 octets
    assert "is not an intact SQLite database" in (tmp_path / "log").read_text()
    assert "Traceback" not in done.stderr
