"""POP3's faults, as netsuite's own client and poplib meet them."""

from __future__ import annotations

import pytest

from tests.testing.faults.cases import Case, check_ours, check_theirs
from tests.testing.faults.world import World

CASES = [
    Case(
        "none", lambda f: f.edit(b"no such", b""), r"done \d+ \d+ 420 420", r"done \d+ \d+ 420 420"
    ),
    Case(
        "put off",
        lambda f: f.refusing("PASS", text="try later", times=1),
        "TransientRefusal: PASS was refused: SYS/TEMP try later",
        r"error_proto: b'-ERR \[SYS/TEMP\] try later'",
    ),
    Case(
        "in use",
        lambda f: f.refusing("PASS", "IN-USE", "taken", times=1),
        "TransientRefusal: PASS was refused: IN-USE taken",
        r"error_proto: b'-ERR \[IN-USE\] taken'",
    ),
    Case(
        "refused message",
        lambda f: f.refusing("RETR", times=1),
        "TransientRefusal: RETR was refused: SYS/TEMP Try again later",
        r"error_proto: b'-ERR \[SYS/TEMP\] Try again later'",
    ),
    Case(
        "refused QUIT",
        lambda f: f.refusing("QUIT", times=1),
        "TransientRefusal: QUIT was refused: SYS/TEMP Try again later",
        r"error_proto: b'-ERR \[SYS/TEMP\] Try again later'",
    ),
    Case(
        "turned away",
        lambda f: f.refusing("GREETING", times=1),
        "TransientRefusal: the connection was refused: SYS/TEMP Try again",
        r"error_proto: b'-ERR \[SYS/TEMP\] Try again later'",
    ),
    Case(
        "dropped at RETR",
        lambda f: f.drop(at="RETR", times=1),
        "ConnectionLost: the server has closed the connection",
        "error_proto: -ERR EOF",
    ),
    Case(
        "missing dot",
        lambda f: f.missing_dot("RETR", times=1),
        "Timeout: the server said nothing for 20 seconds",
        "TimeoutError: timed out",
        silent=True,
    ),
    Case(
        "unfinished listing",
        lambda f: f.unfinished_reply("LIST", times=1),
        "Timeout: the server said nothing for 20 seconds",
        "TimeoutError: timed out",
        silent=True,
    ),
    Case(
        "size told too large",
        lambda f: f.size_lie(10, times=2),
        r"done \d+ \d+ 430 420",
        r"done \d+ \d+ 430 420",
    ),
    Case(
        "size told too small",
        lambda f: f.size_lie(-10, to="LIST", times=1),
        r"done \d+ \d+ 410 420",
        r"done \d+ \d+ 410 420",
    ),
    Case(
        "late reply",
        lambda f: f.delay(60, at="STAT", times=1),
        "Timeout: the server said nothing for 20 seconds",
        "TimeoutError: timed out",
        silent=True,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_ours(fabric: World, case: Case) -> None:
    """What netsuite's client sees."""
    check_ours(fabric, "pop3", case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_theirs(thread: World, case: Case) -> None:
    """What poplib sees."""
    check_theirs(thread, "pop3", case)
