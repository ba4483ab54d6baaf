"""NNTP's faults, as netsuite's own client and nntplib meet them."""

from __future__ import annotations

import pytest

from tests.testing.faults.cases import Case, check_ours, check_theirs
from tests.testing.faults.world import World

CASES = [
    Case("none", lambda f: f.edit(b"no such", b""), "done 1 519", "done 1 28"),
    Case(
        "group refused",
        lambda f: f.refusing("GROUP", 403, "broken", times=1),
        "TransientRefusal: GROUP was refused: 403 broken",
        "NNTPTemporaryError: 403 broken",
    ),
    Case(
        "article refused",
        lambda f: f.refusing("ARTICLE", 430, "gone", times=1),
        "PermanentRefusal: ARTICLE was refused: 430 gone",
        "NNTPTemporaryError: 430 gone",
    ),
    Case(
        "goodbye in mid-session",
        lambda f: f.refusing("ARTICLE", 400, "going", times=1),
        "TransientRefusal: ARTICLE was refused: 400 going",
        "NNTPTemporaryError: 400 going",
    ),
    Case(
        "turned away",
        lambda f: f.refusing("GREETING", times=1),
        "TransientRefusal: the connection was refused: 400 Try again later",
        "NNTPTemporaryError: 400 Try again later",
    ),
    Case(
        "dropped at ARTICLE",
        lambda f: f.drop(at="ARTICLE", times=1),
        "ConnectionLost: the server has closed the connection",
        "EOFError",
    ),
    Case(
        "missing dot",
        lambda f: f.missing_dot("ARTICLE", times=1),
        "Timeout: the server said nothing for 20 seconds",
        "TimeoutError: timed out",
        silent=True,
    ),
    Case(
        "late reply",
        lambda f: f.delay(60, at="GROUP", times=1),
        "Timeout: the server said nothing for 20 seconds",
        "TimeoutError: timed out",
        silent=True,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_ours(fabric: World, case: Case) -> None:
    """What netsuite's client sees."""
    check_ours(fabric, "nntp", case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_theirs(thread: World, case: Case) -> None:
    """What nntplib sees."""
    check_theirs(thread, "nntp", case)
