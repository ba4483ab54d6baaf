"""Gopher's faults, as netsuite's own client and a socket meet them."""

from __future__ import annotations

import pytest

from tests.testing.faults.cases import Case, check_ours, check_theirs
from tests.testing.faults.world import World

CASES = [
    Case(
        "none",
        lambda f: f.edit(b"no such", b""),
        "done iWelcome.* 0a.txt",
        r"done b'iWelcome.*\\r\\n\.\\r\\n'",
    ),
    Case(
        "refused",
        lambda f: f.refusing("REQUEST", text="not now", times=1),
        "PermanentRefusal: REQUEST was refused: not now",
        r"done b'3not now\\t",
    ),
    Case("dropped", lambda f: f.drop(at="REQUEST", times=1), "done $", "done b''"),
    Case(
        "reset",
        lambda f: f.reset(at="REQUEST", times=1),
        "ConnectionLost: the connection is gone",
        "ConnectionResetError",
    ),
    Case(
        "missing dot",
        lambda f: f.missing_dot(times=1),
        "done iWelcome.* 0a.txt",
        r"done b'iWelcome(?!.*\\r\\n\.\\r\\n')",
    ),
    Case(
        "late",
        lambda f: f.delay(60, at="REQUEST", times=1),
        "Timeout: the server said nothing for 20 seconds",
        "TimeoutError: timed out",
        silent=True,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_ours(fabric: World, case: Case) -> None:
    """What netsuite's client sees."""
    check_ours(fabric, "gopher", case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_theirs(thread: World, case: Case) -> None:
    """What a socket sees."""
    check_theirs(thread, "gopher", case)
