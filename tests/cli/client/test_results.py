"""Results of commands: a line, or an object a line; and the work on several URLs."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from netsuite.cli.client.on_each import SomeFailed, Troubles
from netsuite.cli.client.problems import Exit, NotGiven
from netsuite.cli.client.results import Result
from netsuite.cli.client.urls import parse_url
from netsuite.cli.client.wanted import Wanted
from netsuite.connection.errors import ConnectionLost

TARGET = parse_url("ftp://h/x")
WHEN = datetime(2026, 11, 30, 12, tzinfo=UTC)


def test_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """People read the values, programs all of it; what a terminal would obey reaches neither."""
    result = Result("new", {"name": "a\x1bb", "flags": ["x", "y"], "no": None}, {"modified": WHEN})
    result.show(as_json=False)
    assert capsys.readouterr().out == "new a\N{REPLACEMENT CHARACTER}b x y\n"
    result.show(as_json=True)
    assert json.loads(capsys.readouterr().out) == {
        "event": "new", "name": "a\x1bb", "flags": ["x", "y"], "no": None,
        "modified": "2026-11-30T12:00:00+00:00",
    }  # fmt: skip


def test_octets(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Names that are not UTF-8 get to programs as they are."""
    Result("removed", {"path": "\udce9"}).show(as_json=False)
    assert capfdbinary.readouterr().out == b"removed \xe9\n"


def test_one_url_ends_the_command() -> None:
    """What goes wrong with the only URL is the command's own end."""
    with pytest.raises(NotGiven), Troubles(1).of(TARGET):
        raise NotGiven("no")


def _fail(troubles: Troubles, error: Exception, of_all: int = 0) -> None:
    """Have something go wrong."""
    with troubles.of_all(TARGET, of_all) if of_all else troubles.of(TARGET):
        raise error


def test_several(capsys: pytest.CaptureFixture[str]) -> None:
    """Of several each is told and the rest done; the code is theirs, or says that some are done."""
    troubles = Troubles(3)
    _fail(troubles, NotGiven("no"))
    with pytest.raises(SomeFailed, match="1 of 3") as some:
        troubles.finish()
    assert some.value.code is Exit.PARTLY
    assert capsys.readouterr().err == "netsuite: ftp://h/x: no\n"
    _fail(troubles, ConnectionLost("gone"), of_all=2)
    with pytest.raises(SomeFailed, match="3 of 3") as all_of_them:
        troubles.finish()
    assert all_of_them.value.code is Exit.PARTLY
    same = Troubles(2)
    for _ in range(2):
        _fail(same, NotGiven("no"))
    with pytest.raises(SomeFailed) as refused:
        same.finish()
    assert refused.value.code is Exit.REFUSED
    Troubles(2).finish()


def test_a_lost_connection_is_of_all() -> None:
    """What is lost with the connection is not the fault of one URL."""
    with pytest.raises(ConnectionLost), Troubles(2).of(TARGET):
        raise ConnectionLost("gone")


@pytest.mark.parametrize(
    ("other", "login", "beside"),
    [
        ("ftp://h/y", ("a", "b"), True), ("ftps://h/x", ("a", "b"), False),
        ("ftp://g/x", ("a", "b"), False), ("ftp://h:2121/x", ("a", "b"), False),
        ("ftp://h/x", None, False),
    ],
)  # fmt: skip
def test_beside(other: str, login: tuple[str, str] | None, beside: bool) -> None:
    """One session is for one server, and one who logs in."""
    assert Wanted(TARGET, ("a", "b")).is_beside(Wanted(parse_url(other), login)) == beside
