"""One account, every authenticator: a password, a state and a wrong guess count for all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from netsuite.testing.daemon import Daemon
from tests.cli.commands import done
from tests.suite.doors import DOORS


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Return a demo daemon that slows down no guesses."""
    with Daemon(tmp_path_factory.mktemp("accounts"), "accounts.free_guesses=1000") as running:
        yield running


def change_password(daemon: Daemon, user: str, password: str) -> None:
    """Change a password by the command line while the daemon runs."""
    typed = f"{password}\n"
    done(daemon.home, "account", "passwd", user, "--password-stdin", stdin=typed)


def enter(daemon: Daemon, user: str, password: str) -> dict[str, bool]:
    """Try every door."""
    return {name: log_in(daemon, user, password) for name, log_in in DOORS.items()}


def everywhere(answer: bool) -> dict[str, bool]:
    """Return what every door should say."""
    return dict.fromkeys(DOORS, answer)


def test_password_change(daemon: Daemon) -> None:
    """A new password opens every door, the old one none, though it was right just now."""
    assert enter(daemon, "alice", "netsuite") == everywhere(True)
    change_password(daemon, "alice", "changed")
    # The old one stays right until the daemon notices what another process has changed.
    _wait_until(lambda: not DOORS["imap"](daemon, "alice", "netsuite"))
    assert enter(daemon, "alice", "netsuite") == everywhere(False)
    assert enter(daemon, "alice", "changed") == everywhere(True)
    change_password(daemon, "alice", "netsuite")
    _wait_until(lambda: DOORS["imap"](daemon, "alice", "netsuite"))


def test_disabled(daemon: Daemon) -> None:
    """A disabled account is shut out everywhere, and let in again everywhere."""
    assert enter(daemon, "bob", "netsuite") == everywhere(True)
    done(daemon.home, "account", "disable", "bob")
    _wait_until(lambda: not DOORS["imap"](daemon, "bob", "netsuite"))
    assert enter(daemon, "bob", "netsuite") == everywhere(False)
    assert enter(daemon, "alice", "netsuite") == everywhere(True)
    done(daemon.home, "account", "enable", "bob")
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
