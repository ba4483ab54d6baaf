"""Numbers of several messages in one URL."""

from __future__ import annotations

import pytest

from netsuite.cli.client.numbers import several_numbers


@pytest.mark.parametrize(
    ("text", "of_twelve"),
    [
        ("5-7", [5, 6, 7]),
        ("5:7", [5, 6, 7]),
        ("11-", [11, 12]),
        ("11:*", [11, 12]),
        ("*", list(range(1, 13))),
        ("2,4-5,12-", [2, 4, 5, 12]),
        ("7-5", []),
    ],
)
def test_sets(text: str, of_twelve: list[int]) -> None:
    """A set has the numbers between its ends."""
    numbers = several_numbers(text)
    assert numbers is not None
    assert [each for each in range(1, 13) if each in numbers] == of_twelve


@pytest.mark.parametrize("text", ["", "5", "a", "1-2-3", "-5", "1,,2", "1 2", "99999999999-"])
def test_no_sets(text: str) -> None:
    """One number is none, nor is what cannot be read."""
    assert several_numbers(text) is None
