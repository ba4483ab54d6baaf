"""Tables of listings, on terminals and in pipes."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime

import pytest

from netsuite.cli.client.listing import Listing

WHEN = datetime(2026, 11, 29, 12, 30, tzinfo=UTC)
LISTING = Listing(
    ("kind", "octets", "modified", "name"),
    [
        ("file", 12345678, WHEN, "a" * 60),
        ("file", 9, WHEN, "日本語" * 12),
        ("file", None, WHEN, "evil\x1b[2J"),
        ("file", 1, WHEN, "caf\udce9"),
    ],
)


def shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], columns: int
) -> list[str]:
    """Return the lines on a terminal of so many columns."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((columns, 24)))
    LISTING.show()
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_cut(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Long names are cut at the terminal's edge, and say so; numbers and dates never are."""
    title, first, second, third, fourth = shown(monkeypatch, capsys, columns)
    assert title.startswith("KIND    OCTETS  MODIFIED")
    assert len(first) == max(columns, 42)
    assert first.startswith("file  12345678  2026-11-29 12:30  aaaa")
    assert first.endswith("a…")
    assert second.endswith("…")
    assert "日" in second
    assert "\x1b" not in third
    assert "\udce9" not in fourth


def test_room(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is room nothing is cut."""
    assert shown(monkeypatch, capsys, 200)[1].endswith("a" * 60)


def test_pipe(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """A program gets names as they are."""
    LISTING.show()
    printed = capsysbinary.readouterr().out
    assert b"a" * 60 in printed
    assert b"caf\xe9\n" in printed
