"""When a log is moved away, and whither."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest

from netsuite.connection.rotation import Rotation, move_away_once


def at(text: str) -> float:
    """Return a local time in seconds since 1970."""
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("rotation", "size", "modified", "due"),
    [
        (Rotation(), 1 << 40, "2001-01-01", False),
        (Rotation(octets=10), 9, "2001-01-01", False),
        (Rotation(octets=10), 10, "2026-03-04", True),
        (Rotation(days=1), 1, "2026-03-04T23:59:59", False),
        (Rotation(days=1), 1, "2026-03-03T23:59:59", True),
        (Rotation(days=1), 0, "2026-03-03", False),
        (Rotation(days=1), 1, "2026-03-05", False),  # the clock was set back
        (Rotation(days=7), 1, "2026-02-25", True),
    ],
)
def test_due(rotation: Rotation, size: int, modified: str, due: bool) -> None:
    """By its size, or where its last line is of an earlier day, or seven; never an empty one."""
    assert rotation.is_due(size, at(modified), at("2026-03-04T23:59:59")) is due


def test_some_days() -> None:
    """In thirty days, four or five ends of seven are met."""
    rotation, day = Rotation(days=7), 86_400
    start = at("2026-01-05T12:00")
    ends = [rotation.is_due(1, start + day * n, start + day * (n + 1)) for n in range(30)]
    assert sum(ends) in (4, 5)


def test_moved(tmp_path: Path) -> None:
    """The youngest is the first, and the oldest goes."""
    path, rotation = tmp_path / "a.log", Rotation(keep=2)
    for number in range(4):
        path.write_text(str(number))
        rotation.move_away(path)
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {
        "a.log.1": "3",
        "a.log.2": "2",
    }


def test_gone(tmp_path: Path) -> None:
    """Where there is no log, those that were moved away stay what they are."""
    path, rotation = tmp_path / "a.log", Rotation(keep=2)
    (tmp_path / "a.log.1").write_text("old")
    with pytest.raises(FileNotFoundError):
        rotation.move_away(path)
    assert [each.name for each in tmp_path.iterdir()] == ["a.log.1"]


def test_two_at_once(tmp_path: Path) -> None:
    """Of two processes that find a log due one moves it, and both go on in the new file."""
    path, rotation = tmp_path / "a.log", Rotation(octets=1)
    path.write_text("old")
    first, second = (os.open(path, os.O_WRONLY | os.O_APPEND) for _ in range(2))
    assert move_away_once(rotation, path, first, 0)
    os.close(first)
    path.write_text("new")
    assert move_away_once(rotation, path, second, 0)
    os.close(second)
    assert path.read_text() == "new"
    assert (tmp_path / "a.log.1").read_text() == "old"
    assert not (tmp_path / "a.log.2").exists()


def test_may_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it may not be moved it is written on; where it has gone by itself, anew."""
    path, rotation = tmp_path / "a.log", Rotation(octets=1)
    path.write_text("old")
    descriptor = os.open(path, os.O_WRONLY)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    assert not move_away_once(rotation, path, descriptor, 0)
    path.unlink()
    assert move_away_once(rotation, path, descriptor, 0)
    os.close(descriptor)
