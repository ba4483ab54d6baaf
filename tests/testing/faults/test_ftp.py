"""FTP's faults, as netsuite's own client and ftplib meet them."""

from __future__ import annotations

import pytest

from tests.testing.faults.cases import Case, check_ours, check_theirs
from tests.testing.faults.world import World

CASES = [
    Case("none", lambda f: f.edit(b"no such", b""), "done 360 360", "done 360 360"),
    Case(
        "login refused",
        lambda f: f.refusing("USER", 530, "no", times=1),
        "AuthenticationFailed: USER was refused: 530 no",
        "error_perm: 530 no",
    ),
    Case(
        "size refused",
        lambda f: f.refusing("SIZE", times=1),
        "TransientRefusal: SIZE was refused: 450 Try again later",
        "error_temp: 450 Try again later",
    ),
    Case(
        "file refused",
        lambda f: f.refusing("RETR", 450, "busy", times=1),
        "TransientRefusal: RETR was refused: 450 busy",
        "error_temp: 450 busy",
    ),
    Case(
        "goodbye in mid-session",
        lambda f: f.refusing("RETR", 421, "going", times=1),
        "TransientRefusal: RETR was refused: 421 going",
        "error_temp: 421 going",
    ),
    Case(
        "turned away",
        lambda f: f.refusing("GREETING", times=1),
        "TransientRefusal: the connection was refused: 421 Try again later",
        "error_temp: 421 Try again later",
    ),
    Case(
        "no extended port",
        lambda f: f.refusing("EPSV", 500, "unknown"),
        "done 360 360",
        "done 360 360",
    ),
    Case(
        "dropped at RETR",
        lambda f: f.drop(at="RETR", times=1),
        "ConnectionLost: the server has closed the connection",
        "EOFError",
    ),
    Case(
        "silent data port",
        lambda f: f.silent_data_port(times=1),
        "Timeout: the server said nothing for 20 seconds",
        "TimeoutError: timed out",
        silent=True,
    ),
    Case(
        "unfinished reply",
        lambda f: f.unfinished_reply("TYPE", times=1),
        "Timeout: the server said nothing for 20 seconds",
        "TimeoutError: timed out",
        silent=True,
    ),
    Case("size told too large", lambda f: f.size_lie(10, times=1), "done 370 360", "done 370 360"),
    Case(
        "late reply",
        lambda f: f.delay(60, at="SIZE", times=1),
        "Timeout: the server said nothing for 20 seconds",
        "TimeoutError: timed out",
        silent=True,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_ours(fabric: World, case: Case) -> None:
    """What netsuite's client sees."""
    check_ours(fabric, "ftp", case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_theirs(thread: World, case: Case) -> None:
    """What ftplib sees."""
    check_theirs(thread, "ftp", case)
