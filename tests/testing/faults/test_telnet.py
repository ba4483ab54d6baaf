"""Telnet's faults, as netsuite's own client and telnetlib meet them."""

from __future__ import annotations

import pytest

from tests.testing.faults.cases import Case, check_ours, check_theirs
from tests.testing.faults.world import World

CASES = [
    Case("none", lambda f: f.edit(b"no such", b""), "done logged in", "done 0 b'Welcome, ann"),
    Case(
        "login refused",
        lambda f: f.refusing("LOGIN", times=1),
        "AuthenticationFailed: the login was refused: Login incorrect",
        "done 1 b'Login incorrect",
    ),
    Case(
        "too many guesses",
        lambda f: f.refusing("LOGIN", "throttled", times=1),
        "AuthenticationFailed: the login was refused: Too many wrong",
        "done -1 b'Too many wrong guesses",
    ),
    Case(
        "turned away",
        lambda f: f.refusing("GREETING", text="Full.", times=1),
        "ConnectionLost: the server closed before",
        "EOFError: telnet connection closed",
    ),
    Case(
        "dropped at the login",
        lambda f: f.drop(at="LOGIN", times=1),
        "ConnectionLost: the server closed before",
        "EOFError: telnet connection closed",
    ),
    Case(
        "late login",
        lambda f: f.delay(60, at="LOGIN", times=1),
        "Timeout: the server said nothing for 20 seconds",
        "done -1 b''",
        silent=True,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_ours(fabric: World, case: Case) -> None:
    """What netsuite's client sees."""
    check_ours(fabric, "telnet", case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_theirs(thread: World, case: Case) -> None:
    """What telnetlib sees."""
    check_theirs(thread, "telnet", case)
