"""HTTP's faults, as netsuite's own client and http.client meet them."""

from __future__ import annotations

import pytest

from tests.testing.faults.cases import Case, check_ours, check_theirs
from tests.testing.faults.world import World

CASES = [
    Case("none", lambda f: f.edit(b"no such", b""), "done 200 360 200 27", "done 200 360 200 27"),
    Case(
        "refused",
        lambda f: f.refusing("GET", 503, times=1),
        "done 503 43 200 27",
        "done 503 43 200 27",
    ),
    Case(
        "one path refused",
        lambda f: f.refusing("GET", 404, when=lambda request: request.path == "/stream", times=1),
        "done 200 360 404 33",
        "done 200 360 404 33",
    ),
    Case(
        "dropped",
        lambda f: f.drop(at="GET", times=1),
        "ConnectionLost: the server has closed the connection",
        "RemoteDisconnected: Remote end closed connection without response",
    ),
    Case(
        "reset",
        lambda f: f.reset(at="GET", times=1),
        "ConnectionLost: the connection is gone",
        "ConnectionResetError",
    ),
    Case(
        "late response",
        lambda f: f.delay(60, at="GET", times=1),
        "Timeout: the server said nothing for 20 seconds",
        "TimeoutError: timed out",
        silent=True,
    ),
    Case(
        "unfinished head",
        lambda f: f.unfinished_reply("GET", times=1),
        "Timeout: the server said nothing for 20 seconds",
        "TimeoutError: timed out",
        silent=True,
    ),
    Case(
        "length told too large",
        lambda f: f.size_lie(10, times=1),
        "Timeout: the server said nothing for 20 seconds",
        "TimeoutError: timed out",
        silent=True,
    ),
    Case(
        "length told too small",
        lambda f: f.size_lie(-10, times=1),
        "done 200 350 200 27",
        "done 200 350 200 27",
    ),
    Case(
        "chunk without a size",
        lambda f: f.chunk_garbage(times=1),
        "ProtocolViolation: no chunk",
        "IncompleteRead: IncompleteRead",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_ours(fabric: World, case: Case) -> None:
    """What netsuite's client sees."""
    check_ours(fabric, "http", case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_theirs(thread: World, case: Case) -> None:
    """What http.client sees."""
    check_theirs(thread, "http", case)
