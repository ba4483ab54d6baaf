"""How a daemon with workers starts: on sockets of systemd's, in the background, or not at all."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest

from netsuite.testing.daemon import twistd
from tests.suite.fleet import Fleet, home_with_accounts, lives, until

pytestmark = pytest.mark.long


@pytest.mark.parametrize("workers", [0, 2])
def test_sockets_of_systemd(tmp_path: Path, workers: int) -> None:
    """Sockets that somebody else has bound are served, those of IPv6 and of Unix too; who connects
    before the daemon is there waits; one that nothing is configured for is told of."""
    home = home_with_accounts(tmp_path, "ann")
    path = tmp_path / "lmtp.sock"
    with (
        socket.create_server(("127.0.0.1", 0)) as first,
        socket.create_server(("::1", 0), family=socket.AF_INET6) as second,
        socket.create_server(("127.0.0.1", 0)) as nobodys,
        socket.socket(socket.AF_UNIX) as third,
    ):
        third.bind(str(path))
        third.listen()
        path.chmod(0o660)
        early = socket.create_connection(first.getsockname(), 30)
        listen = [
            f"tcp:{first.getsockname()[1]}:interface=127.0.0.1",
            rf"tcp:{second.getsockname()[1]}:interface=\:\:1",
        ]
        with (
            Fleet(
                home,
                ["imap", "lmtp"],
                f"imap.listen=['{listen[0]}', '{listen[1]}']",
                f"lmtp.listen=['unix:{path}']",
                workers=workers,
                activated=[first, second, nobodys, third],
            ) as fleet,
            early,
        ):
            assert early.recv(4096).startswith(b"* OK ")
            with socket.create_connection(second.getsockname()[:2], 30) as client:
                assert client.recv(4096).startswith(b"* OK ")
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(30)
                client.connect(str(path))
                assert client.recv(4096).startswith(b"220 ")
            port = nobodys.getsockname()[1]
            text = f"nothing is configured to listen on 127.0.0.1 port {port}"
            until(partial(fleet.logged, text), "not told of")
        # They are not the daemon's to close or to remove.
        assert path.stat().st_mode & 0o777 == 0o660
        with socket.create_connection(first.getsockname(), 30):
            pass


def start(*arguments: object, background: bool = False) -> tuple[int, str]:
    """Run twistd until it ends, or is in the background; return exit code and what it printed."""
    done = subprocess.run(
        twistd(*arguments, background=background), capture_output=True, text=True, timeout=90
    )
    return done.returncode, done.stdout + done.stderr


IMAP = (
    *("--set", "daemon.workers=2", "--set", "tls.enabled=false"),
    *("--listen", "tcp:0:interface=127.0.0.1"),
)


def test_a_start_that_fails(tmp_path: Path) -> None:
    """What keeps a worker from starting is one line of the daemon's start, and nothing is left."""
    (tmp_path / "netsuite.db").write_bytes(b"not a database" * 200)
    log = f"--logfile={tmp_path / 'daemon.log'}"
    code, printed = start(log, "netsuite-imap", "--home", tmp_path, *IMAP)
    assert code == 1
    (line,) = [line for line in printed.splitlines() if line.startswith("netsuite: ")]
    assert "netsuite.db" in line
    assert "Traceback" not in printed
    assert "is started" not in (tmp_path / "daemon.log").read_text()
    code, printed = start("netsuite-imap", "--memory", "--home", tmp_path, *IMAP)
    assert code == 1
    assert "--memory is one process: set daemon.workers to 0" in printed
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"tcp:{taken.getsockname()[1]}:interface=127.0.0.1"
        code, printed = start("netsuite-imap", "--home", tmp_path, *IMAP, "--listen", where)
    assert code == 1
    assert f"imap cannot listen on {where}: Address already in use" in printed


def test_in_the_background(tmp_path: Path) -> None:
    """twistd returns when a worker serves, or with the line that says why none does; a new version
    stays the process of the pidfile, which is gone when the daemon ends."""
    home = home_with_accounts(tmp_path, "ann")
    pidfile, log = tmp_path / "x.pid", home / "daemon.log"
    options = (f"--pidfile={pidfile}", f"--logfile={log}", "--rundir", tmp_path)
    code, printed = start(*options, "netsuite-imap", "--home", home, *IMAP, background=True)
    assert (code, printed) == (0, "")
    assert " serves, process " in log.read_text()
    pid = int(pidfile.read_text())
    try:
        until(lambda: log.read_text().count(" serves, process ") == 2, "no second worker")
        os.kill(pid, signal.SIGUSR2)
        until(lambda: "has taken over" in log.read_text(), "no new version", 90)
        assert int(pidfile.read_text()) == pid
    finally:
        os.kill(pid, signal.SIGTERM)
        until(lambda: not lives(pid), "it does not end")
    assert not pidfile.exists()
    (home / "netsuite.db").write_bytes(b"not a database" * 200)
    (home / "netsuite.db-wal").unlink(missing_ok=True)
    time.sleep(0.1)
    code, printed = start(*options, "netsuite-imap", "--home", home, *IMAP, background=True)
    assert code == 1
    assert "netsuite.db" in printed
    assert not pidfile.exists()
