"""Which certificate serves which name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from netsuite.connection.server_names import Offered, ServerNames

SOON = datetime(2026, 3, 1, tzinfo=UTC)
LATER = SOON + timedelta(days=60)
MADE = Offered("default", ("mail.test", "localhost"), LATER, self_signed=True, self_made=True)


def offered(file: str, *names: str, until: datetime = SOON, alone: bool = False) -> Offered:
    return Offered(file, names, until, self_signed=alone)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("a.test", "a.test"),  # its file's name, though another is good for it longer
        ("b.test", "zz"),  # of two the one that is good longest
        ("c.test", "zz"),  # a name before a wildcard
        ("x.wild.test", "wild"),  # a wildcard before a name of the default
        ("d.test", "default"),
        ("unknown.test", "default"),
        ("x.y.wild.test", "default"),  # one level
        ("default", "default"),
        ("", "default"),
    ],
)
def test_order(name: str, file: str) -> None:
    """File names, names, wildcards, the default's names; the default for all others."""
    names = ServerNames(
        [
            offered("default", "d.test", "x.wild.test", "a.test", until=LATER),
            offered("a.test", "b.test"),
            offered("wild", "*.wild.test"),
            offered("zz", "a.test", "b.test", "c.test", until=LATER),
        ],
        "d.test",
    )
    assert names.find(name) == file


def test_vouched_for() -> None:
    """One that somebody vouches for wins over one that is good for longer."""
    names = ServerNames(
        [offered("a", "x.test", until=LATER, alone=True), offered("b", "x.test")], "x.test"
    )
    assert names.find("x.test") == names.find("") == "b"


def test_own_default_stays() -> None:
    """A default that the operator has put there serves whoever names nothing; the self-made one
    only where no other covers the host."""
    other = offered("mail.test", "mail.test")
    own = offered("default", "mail.test", alone=True)
    assert ServerNames([own, other], "mail.test").find("") == "default"
    assert ServerNames([MADE, other], "mail.test").find("") == "mail.test"
    assert ServerNames([MADE, other], "www.test").find("") == "default"
    assert ServerNames([MADE, other], "mail.test").find("localhost") == "default"


def test_no_default() -> None:
    """Without one it is that of the host, else the best there is; without any, none."""
    two = [offered("a", "a.test"), offered("b", "b.test", until=LATER)]
    assert ServerNames(two, "a.test").find("") == "a"
    assert ServerNames(two, "c.test").find("") == "b"
    assert ServerNames([], "c.test").find("") is None


def test_in_words() -> None:
    """Each certificate is told with what it serves."""
    served = ServerNames([MADE, offered("x", "mail.test", "localhost")], "mail.test").served()
    assert served == {
        "x": "x, mail.test, localhost, whoever asks for none of the names here",
        "default": "nobody",
    }
