"""One account, every authenticator: a password, a state and a wrong guess count for all of them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from netsuite.testing.daemon import Daemon
from tests.suite.doors import DOORS


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """Give a demo daemon that slows no guesses down before the thirtieth."""
    with Daemon(tmp_path, "accounts.free_guesses=30") as running:
        yield running


def netsuite(daemon: Daemon, *arguments: str, typed: str = "") -> str:
    """Run the command line on the daemon's home while it runs."""
    done = subprocess.run(
        [sys.executable, "-m", "netsuite", "--home", str(daemon.home), *arguments],
        input=typed, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def enter(daemon: Daemon, user: str, password: str) -> dict[str, bool]:
    """Try every door."""
    return {name: log_in(daemon, user, password) for name, log_in in DOORS.items()}


def everywhere(answer: bool) -> dict[str, bool]:
    """Give what every door should say."""
    return dict.fromkeys(DOORS, answer)


def test_password_change(daemon: Daemon) -> None:
    """A new password opens every door at once, the old one none, though it was right just now."""
    assert enter(daemon, "alice", "netsuite") == everywhere(True)
    netsuite(daemon, "account", "passwd", "alice", "--password-stdin", typed="changed\n")
    _wait_until(lambda: DOORS["imap"](daemon, "alice", "changed"))
    assert enter(daemon, "alice", "netsuite") == everywhere(False)
    assert enter(daemon, "alice", "changed") == everywhere(True)


def test_disabled(daemon: Daemon) -> None:
    """A disabled account is shut out everywhere, and let in again everywhere."""
    assert enter(daemon, "bob", "netsuite") == everywhere(True)
    netsuite(daemon, "account", "disable", "bob")
    _wait_until(lambda: not DOORS["imap"](daemon, "bob", "netsuite"))
    assert enter(daemon, "bob", "netsuite") == everywhere(False)
    assert enter(daemon, "alice", "netsuite") == everywhere(True)
    netsuite(daemon, "account", "enable", "bob")
    _wait_until(lambda: DOORS["imap"](daemon, "bob", "netsuite"))
    assert enter(daemon, "bob", "netsuite") == everywhere(True)


def test_guesses_are_counted_together(tmp_path: Path) -> None:
    """Wrong guesses at any doors slow down the next one at every door; the right password too."""
    with Daemon(tmp_path, "accounts.free_guesses=3") as daemon:
        for name in ("imap", "ftp", "nntp", "pop3", "http", "submission"):
            DOORS[name](daemon, "alice", "guess")
        assert enter(daemon, "alice", "netsuite") == everywhere(False)
        assert "throttled" in daemon.log().lower()


def _wait_until(true: Callable[[], bool]) -> None:
    """Wait for what another process has changed to be known here."""
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)
