"""The page on sizing: its table is what its own figures come to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).resolve().parent.parent / "docs/howto/sizing.rst").read_text()
_UNITS = {"MB": 1e6, "GB": 1e9, "TB": 1e12, "million": 1e6, "billion": 1e9}
#: A day's share in the busiest second: a tenth in an hour.
SHARE = 0.1 / 3600


def row(name: str) -> list[float]:
    """Return the figures of a row of the table."""
    (line,) = re.findall(rf"^{name}  +(.*)$", PAGE, re.MULTILINE)
    found = []
    for cell in re.split(r"  +", line):
        number, *unit = cell.replace(",", "").split()
        found.append(float(number) * _UNITS.get(unit[0] if unit else "", 1))
    return found


@pytest.mark.parametrize(
    ("name", "of_each"),
    [
        ("messages a second, peak", 40 * 3 * SHARE),
        ("of processor, for those", None),
        ("visits a second", 50 * SHARE),
        ("connections", 1.5),
        ("memory for them, with TLS", 1.5 * 8e3),
        ("octets on disk", 10_000 * 53e3 * 1.56),
        ("messages", 10_000),
    ],
)
def test_table(name: str, of_each: float | None) -> None:
    """Each figure is the account's times the accounts, to two digits."""
    accounts = row("accounts")
    assert accounts == [1e3, 1e5, 1e7]
    if of_each is not None:
        for count, figure in zip(accounts, row(name), strict=True):
            assert figure == pytest.approx(count * of_each, rel=0.04), (name, count)
        return
    lines = re.findall(rf"^{name}  +(.*)$", PAGE, re.MULTILINE)
    for line, seconds in zip(lines, (40 * 3 * SHARE * 0.65e-3, 50 * SHARE * 9e-3), strict=True):
        cores = [float(each) for each in re.findall(r"([\d.]+) cores", line)]
        for count, figure in zip(accounts, cores, strict=True):
            assert figure == pytest.approx(count * seconds, rel=0.1), (line, count)
