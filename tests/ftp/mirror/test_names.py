"""Names of parts, and names that a server must not give."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netsuite.ftp.mirror.names import (
    NAME_OCTETS,
    is_part,
    part_name,
    parts_by_stem,
    stem,
    trouble_with,
)
from netsuite.ftp.paths import octets_of

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@given(st.text(min_size=1, max_size=300), st.text(min_size=1, max_size=300))
def test_parts(name: str, other: str) -> None:
    """A part is known as its file's, whatever the version, and as no other's; its name fits."""
    part = part_name(name, 7, NOW)
    older = part_name(name, 8, None)
    assert is_part(part)
    found = parts_by_stem([name, part, other, older])
    assert list(found[stem(name)]) == [part, older]
    assert (stem(other) in found) is (name == other)
    assert len(octets_of(part)) <= NAME_OCTETS
    assert len({part, part_name(name, 8, NOW), part_name(name, 7, None)}) == 3


@pytest.mark.parametrize("name", ["a.netsuite-part", "a.1234567g.netsuite-part", ".netsuite-part"])
def test_no_parts(name: str) -> None:
    """A name that is only like that of a part is a file's."""
    assert not is_part(name)


@pytest.mark.parametrize("windows", [True, False])
@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "../a", "a\0b", "x" * 256, "é" * 128])
def test_nowhere(name: str, *, windows: bool) -> None:
    """What no file here can be called is found out everywhere."""
    assert trouble_with(name, windows=windows)


@pytest.mark.parametrize(
    "name",
    ["..\\a", "\\a", "a\\b", "C:", "C:a", "c:\\a", "NUL", "nul.txt", "con", "Aux.c", "COM1",
     "lpt9.x", "com\u00b9", "CONIN$", "a.", "a ", "a:stream", "a?", 'a"b', "a\nb", "NUL .txt"],
)  # fmt: skip
def test_windows(name: str) -> None:
    """What leads elsewhere on Windows, or to a device, is left out there, and there alone."""
    assert trouble_with(name, windows=True)
    assert not trouble_with(name, windows=False)


@pytest.mark.parametrize("windows", [True, False])
@pytest.mark.parametrize(
    "name", ["a", "...a", ".hidden", "console", "com", "com10", "ä b", "nulls.txt"]
)
def test_names(name: str, *, windows: bool) -> None:
    """Names are names."""
    assert not trouble_with(name, windows=windows)
