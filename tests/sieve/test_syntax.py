"""Sieve's text, read as RFC 5228, 8 has it; and what is no Sieve."""

from __future__ import annotations

import re
import time
from contextlib import suppress

import pytest

from netsuite.sieve import limits
from netsuite.sieve.errors import ScriptError
from netsuite.sieve.syntax import Number, Parsed, Strings, Tag, parse


def strings(*values: str, line: int = 1, bracketed: bool = False) -> Strings:
    """Return strings as they are read."""
    return Strings(values, line, bracketed)


@pytest.mark.parametrize(
    ("octets", "commands"),
    [
        (b"", ()),
        (b" \t\r\n# nothing\r\n/* at * all **/", ()),
        (b"\xef\xbb\xbfkeep;", (Parsed("keep", 1),)),
        (b"KEEP ;stop;", (Parsed("keep", 1), Parsed("stop", 1))),
        (b"#\n\n/*\n*/ keep /* a */ ;", (Parsed("keep", 4),)),
        (b"x 1 2K 3m 4G;", (Parsed("x", 1, tuple(
            Number(each, 1) for each in (1, 2048, 3 << 20, 4 << 30))),)),
        (b'x :Tag "a\\"b\\\\c\\d" ["1","2"];', (Parsed("x", 1, (
            Tag("tag", 1), strings('a"b\\cd'), strings("1", "2", bracketed=True))),)),
        (b'x "a\r\nb" "c";', (Parsed("x", 1, (strings("a\r\nb"), strings("c", line=2))),)),
        (b"x text:\r\na\r\n..b\r\n.c\r\n.\r\n;", (
            Parsed("x", 1, (strings("a\r\n.b\r\n.c\r\n"),)),)),
        (b"x text: # why\r\n.\r\n;\r\ny;", (Parsed("x", 1, (strings(""),)), Parsed("y", 4))),
        (b"x TEXT:\na\n.\n;", (Parsed("x", 1, (strings("a\r\n"),)),)),
        (b"if t { keep; }", (
            Parsed("if", 1, tests=(Parsed("t", 1),), block=(Parsed("keep", 1),)),)),
        (b"if a (b, c :d) {}", (Parsed("if", 1, tests=(Parsed("a", 1, tests=(
            Parsed("b", 1), Parsed("c", 1, (Tag("d", 1),)))),), block=()),)),
    ],
)  # fmt: skip
def test_read(octets: bytes, commands: tuple[Parsed, ...]) -> None:
    """What is Sieve is read, with the line of each command."""
    assert parse(octets) == commands


@pytest.mark.parametrize(
    ("octets", "line", "reason"),
    [
        (b"keep", 1, "';' is wanted instead of the end"),
        (b"keep\n}", 2, "';' is wanted instead of '}'"),
        (b"}", 1, "a command is wanted instead of '}'"),
        (b"if t { keep;", 1, "'}' is wanted"),
        (b"if (a, b {}", 1, "')' is wanted"),
        (b"if a () {}", 1, "a test is wanted"),
        (b"x [];", 1, "a string is wanted"),
        (b'x ["a",];', 1, "a string is wanted"),
        (b'x ["a" "b"];', 1, "']' is wanted"),
        (b'\nx "a', 2, "a string that does not end"),
        (b'x "a\\', 1, "a string that does not end"),
        (b"/* a", 1, "a comment that does not end"),
        (b"x text:\r\na\r\n", 1, "without the dot"),
        (b"x text: a\r\n.\r\n;", 1, "not Sieve"),
        (b"x 1a;", 1, "not Sieve"),
        (b"x -1;", 1, "not Sieve"),
        (b"x :;", 1, "not Sieve"),
        (b"x 99999999999999999999;", 1, "a number above"),
        (b"x " + b"9" * 100_000 + b";", 1, "a number above"),
        (b"x 9999999999G;", 1, "a number above"),
        (b'\n\nx "\xff";', 3, "not UTF-8"),
        (b'\nx "\x00";', 2, "a NUL"),
        (b"if not " + b"not " * 40 + b"true {}", 1, "nested more than 32 deep"),
        (b"if a {" * 40 + b"}" * 40, 1, "nested more than 32 deep"),
        (b"x;" * 10_001, 1, "more than 10000 commands"),
        (b"x [" + b'"",' * 10_001 + b'""];', 1, "more than 10000 strings"),
        (b" " * (limits.SCRIPT_OCTETS + 1), 0, "more than 262144 octets"),
    ],
)
def test_refused(octets: bytes, line: int, reason: str) -> None:
    """What is no Sieve is refused, with the line."""
    with pytest.raises(ScriptError, match=re.escape(reason)) as raised:
        parse(octets)
    assert raised.value.line == line
    assert len(str(raised.value)) < 200


@pytest.mark.parametrize(
    "octets",
    [b'"' * 200_000, b"/*" * 100_000, b"\\" * 200_000, b"[" * 200_000, b"{" * 200_000,
     b"a " * 100_000, b'x "' + b"\\a" * 100_000, b"text:\n" + b".\r" * 100_000, b"1K" * 100_000,
     b"#\n" * 100_000],
)  # fmt: skip
def test_linear(octets: bytes) -> None:
    """The time it takes to refuse a script grows with its length alone."""
    began = time.monotonic()
    with suppress(ScriptError):
        parse(octets)
    assert time.monotonic() - began < 3
