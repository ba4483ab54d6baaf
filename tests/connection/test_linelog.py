"""Logs of one line an event: as JSON, and when they are moved away. As text they are tried with the
lines of each protocol."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from twisted.internet.defer import maybeDeferred
from twisted.internet.task import Clock

from netsuite.connection.linelog import Line, LineLog
from netsuite.connection.rotation import Rotation

WHEN = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)


def line_fields(name: str, path: Path) -> Mapping[str, object]:
    """Return an event's."""
    return {"name": name, "path": path}


LINE = Line(lambda when, name, path: f"{when} {name}\n", line_fields)


def log_at(path: Path, clock: Clock, **more: object) -> LineLog:
    """Make a log."""
    return LineLog(
        path,
        clock,
        now=lambda: WHEN,
        stamp=datetime.ctime,
        elsewhere=maybeDeferred,
        **more,  # type: ignore[arg-type]  # each test gives its own
    )


def test_json(tmp_path: Path) -> None:
    """An object a line, whatever is in it; what JSON has no form for stands as text."""
    clock, path = Clock(), tmp_path / "a.log"
    log = log_at(path, clock, as_json=True)
    log.add(LINE, 'a "b"\n\x1b\udcff', Path("/x"))
    log.add(LINE, "c", Path("/y"))
    clock.advance(1)
    octets = path.read_bytes()
    assert octets.isascii()
    first, second = (json.loads(line) for line in octets.splitlines())
    assert first == {
        "time": "2026-03-01T12:00:05+00:00",
        "name": 'a "b"\n\x1b\udcff',
        "path": "/x",
    }
    assert second["name"] == "c"


def test_rotation(tmp_path: Path) -> None:
    """It is moved away between two batches of lines, and none is lost."""
    clock, path = Clock(), tmp_path / "a.log"
    log = log_at(path, clock, rotation=Rotation(octets=40, keep=2))
    for number in range(10):
        log.add(LINE, str(number), None)
        clock.advance(1)
    names = ("a.log.2", "a.log.1", "a.log")
    lines = [(tmp_path / name).read_text().splitlines() for name in names]
    assert [line.split()[-1] for each in lines for line in each] == [str(n) for n in range(4, 10)]
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(names)
