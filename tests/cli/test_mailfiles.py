"""mbox files and Maildirs: what goes out comes back, octet by octet."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netsuite.cli.mailfiles import (
    Kept,
    NewMaildir,
    NewMbox,
    NoMailFile,
    open_mail_file,
)
from netsuite.store.model import ANSWERED, DELETED, DRAFT, FLAGGED, SEEN

WHEN = datetime(2024, 2, 29, 10, 0, 0, tzinfo=UTC)
FLAGS = (SEEN, ANSWERED, FLAGGED, DELETED, DRAFT)
MESSAGES = (
    b"Subject: one\r\n\r\nHello\r\n",
    b"Subject: From quoting\r\n\r\nFrom here\r\n>From there\r\n>>From far\r\n\r\n"
    b"From ann@x Sat Jan  3 01:05:34 1996\r\nno message\r\n",
    b"Return-Path: <ann@example.org>\r\nSubject: caf\xe9\r\n\r\n\xff\xfe \0 bare \r cr\r\r\n",
    b"\r\nbody only\r\n",
    b"Subject: no body\r\n\r\n",
    b"Subject: empty lines at the end\r\n\r\nx\r\n\r\n\r\n",
)


def read(path: Path) -> list[Kept]:
    found = open_mail_file(path)
    kept = list(found)
    assert len(found) == len(kept)
    return kept


@pytest.mark.parametrize("form", [NewMbox, NewMaildir])
def test_there_and_back(tmp_path: Path, form: type[NewMbox] | type[NewMaildir]) -> None:
    """Octets, flags and dates are the same after an export and an import."""
    written = [
        Kept(octets, frozenset(FLAGS[:count]), WHEN) for count, octets in enumerate(MESSAGES)
    ]
    target = form(tmp_path / "mail")
    for each in written:
        assert each.received is not None
        target.add(each.octets, each.flags, each.received, new=not each.flags)
    target.close()
    found = read(tmp_path / "mail")
    assert sorted(found, key=lambda each: each.octets) == sorted(
        written, key=lambda each: each.octets
    )
    with pytest.raises(FileExistsError):
        form(tmp_path / "mail")


_line = st.sampled_from(
    [b"", b">", b"From a@b Sat Jan  3 01:05:34 1996", b"From x", b">From x", b"Status: RO", b"x: y",
     b" z", b"\r", b"\xff"]
)  # fmt: skip


@given(st.lists(st.lists(_line, max_size=6), max_size=4))
def test_any_bodies(tmp_path_factory: pytest.TempPathFactory, bodies: list[list[bytes]]) -> None:
    """No body can begin a message, or end one, or change its flags."""
    path = tmp_path_factory.mktemp("mbox") / "m"
    messages = [
        b"Subject: x\r\n\r\n" + b"".join(each + b"\r\n" for each in body) for body in bodies
    ]
    target = NewMbox(path)
    for octets in messages:
        target.add(octets, frozenset(), WHEN, new=True)
    target.close()
    assert [each.octets for each in read(path)] == messages
    assert all(not each.flags for each in read(path))


def test_an_mbox_of_others(tmp_path: Path) -> None:
    """Text that begins with "From" is text; CRLF, zones and a last line without end are known."""
    (tmp_path / "m").write_bytes(
        b"From - Sat Jan  3 01:05:34 1996\r\nStatus: RO\r\nX-Status: AF\r\nA: b\r\n\r\nhi\r\n"
        b"From now on we meet at 10:30 each day\r\n\r\nFrom us all\r\n\r\n"
        b"From ann@example.org Thu Feb 29 12:00:00 2024 +0200\nC: d\n\nno end"
    )
    first, second = read(tmp_path / "m")
    assert first.octets == (
        b"A: b\r\n\r\nhi\r\nFrom now on we meet at 10:30 each day\r\n\r\nFrom us all\r\n"
    )
    assert first.flags == {SEEN, ANSWERED, FLAGGED}
    assert first.received == datetime(1996, 1, 3, 1, 5, 34, tzinfo=UTC)
    assert second == Kept(b"C: d\r\n\r\nno end", frozenset(), WHEN)


def test_what_is_none(tmp_path: Path) -> None:
    """An empty file is an empty mbox; other files are told from one before anything is added."""
    (tmp_path / "empty").write_bytes(b"")
    assert read(tmp_path / "empty") == []
    for octets in (b"Subject: x\n\n", b"From me to you\n", b"\x7fELF", b"\nFrom a@b 10:00 1996\n"):
        (tmp_path / "other").write_bytes(octets)
        with pytest.raises(NoMailFile):
            open_mail_file(tmp_path / "other")
    with pytest.raises(NoMailFile):
        open_mail_file(tmp_path)
