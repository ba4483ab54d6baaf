"""Comparators and match types, and what wildcards stand for."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netsuite.sieve.matching import COMPARATORS, Match, ascii_lower, glob


@pytest.mark.parametrize(
    ("comparator", "kind", "value", "key", "holds"),
    [
        ("i;octet", "is", "Ab", "Ab", True),
        ("i;octet", "is", "Ab", "ab", False),
        ("i;ascii-casemap", "is", "Ab", "aB", True),
        ("i;ascii-casemap", "is", "\u00c4", "\u00e4", False),
        ("i;ascii-casemap", "contains", "xABCx", "abc", True),
        ("i;octet", "contains", "abc", "", True),
        ("i;octet", "contains", "abc", "ac", False),
        ("i;ascii-numeric", "is", "007", "7", True),
        ("i;ascii-numeric", "is", "7a", "7b", True),
        ("i;ascii-numeric", "is", "x", "", True),
        ("i;ascii-numeric", "is", "x", "0", False),
    ],
)
def test_holds(comparator: str, kind: str, value: str, key: str, holds: bool) -> None:
    """A value is, or contains, a key as its comparator says."""
    assert Match(kind, COMPARATORS[comparator]).holds(value, key) is holds


@pytest.mark.parametrize(
    ("comparator", "relation", "value", "key", "holds"),
    [
        ("i;ascii-numeric", "gt", "10", "9", True),
        ("i;octet", "gt", "10", "9", False),
        ("i;ascii-numeric", "lt", "1" * 5000, "2" * 5000, True),
        ("i;ascii-numeric", "gt", "x", "9" * 5000, True),  # no number is above all
        ("i;ascii-numeric", "le", "x", "y", True),
        ("i;ascii-casemap", "ge", "B", "a", True),
        ("i;ascii-casemap", "ne", "B", "b", False),
        ("i;octet", "eq", "a", "a", True),
    ],
)
def test_value(comparator: str, relation: str, value: str, key: str, holds: bool) -> None:
    """Values are compared by their order (RFC 5231, 4.1)."""
    assert Match("value", COMPARATORS[comparator], relation).holds(value, key) is holds


@pytest.mark.parametrize(
    ("pattern", "text", "captured"),
    [
        ("", "", []),
        ("", "a", None),
        ("a", "a", []),
        ("*", "", [""]),
        ("*", "abc", ["abc"]),
        ("?", "a", ["a"]),
        ("?", "", None),
        ("a*c", "abbc", ["bb"]),
        ("*b*", "abab", ["a", "ab"]),
        ("*<*@*>", "Ann <a@b>", ["Ann ", "a", "b"]),
        ("[*] *", "[acme-users] [fwd] x", ["acme-users", "[fwd] x"]),
        ("*a?c*", "xabcabc", ["x", "b", "abc"]),
        ("**", "ab", ["", "ab"]),
        ("\\*\\?\\\\", "*?\\", []),
        ("\\a", "a", []),
        ("a\\", "a\\", []),
        ("*ab", "aab", ["a"]),
        ("a*a", "a", None),
        ("?*?", "ab", ["a", "", "b"]),
        ("?\u00e4?", "x\u00e4\U0001f600", ["x", "\U0001f600"]),
        (".*", "xx", None),
    ],
)
def test_glob(pattern: str, text: str, captured: list[str] | None) -> None:
    """Wildcards stand for as little as they can, from the left (RFC 5229, 3.2)."""
    found = glob(pattern, text, text)
    assert (None if found is None else list(found[1:])) == captured
    assert found is None or found[0] == text


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=12))
def test_as_an_expression(pattern: str, text: str) -> None:
    """They match, and stand for, what the same in a regular expression does."""
    parts = {"*": "(.*?)", "?": "(.)"}
    match = re.fullmatch("".join(parts.get(each, each) for each in pattern), text)
    found = glob(pattern, text, text)
    assert (None if found is None else list(found[1:])) == (match and list(match.groups()))


def test_captured_as_written() -> None:
    """What is captured is what stood there, whatever the comparator has made of it."""
    match = Match("matches", COMPARATORS["i;ascii-casemap"])
    assert match.captured("Re: \u0130STANBUL", "RE: *") == ["Re: \u0130STANBUL", "\u0130STANBUL"]
    assert ascii_lower("A\u0130\u212aZ") == "a\u0130\u212az"


def test_linear() -> None:
    """No pattern takes long."""
    began = time.monotonic()
    assert glob("*a" * 500 + "*b", "a" * 60_000, "a" * 60_000) is None
    assert glob("*" + "?a" * 100 + "b*", "a" * 10_000, "a" * 10_000) is None
    assert time.monotonic() - began < 2
