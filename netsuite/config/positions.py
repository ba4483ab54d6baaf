"""Positions of keys in a TOML text: the line numbers that ``tomllib`` does not give.

The text has been accepted by ``tomllib`` before, so this only has to find keys, not to judge
the syntax around them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

Path = tuple[str, ...]

# key = simple-key / dotted-key; simple-key = quoted-key / unquoted-key  (TOML 1.0)
_SIMPLE_KEY = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_KEY = rf"{_SIMPLE_KEY}(?:\s*\.\s*{_SIMPLE_KEY})*"
_TABLE = re.compile(rf"\s*\[\[?\s*({_KEY})\s*\]\]?")
_ASSIGNMENT = re.compile(rf"\s*({_KEY})\s*=")
_PART = re.compile(_SIMPLE_KEY)
#: What can hide brackets, quotes and hashes within a value.
_STRINGS = re.compile(
    r'"""(?:[^\\]|\\.)*?"""|\'\'\'.*?\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*', re.DOTALL
)


def key_lines(text: str) -> Mapping[Path, int]:
    """Return the line, counted from 1, at which each table and key of a TOML text stands.

    Those of an array of tables (``[[name]]``) have their number, from 0, behind its name.
    """
    blanked = _STRINGS.sub(_blank, text)
    lines: dict[Path, int] = {}
    counts: Counter[Path] = Counter()
    table: Path = ()
    depth = 0
    for number, (line, original) in enumerate(
        zip(blanked.split("\n"), text.split("\n"), strict=True), start=1
    ):
        if depth == 0:
            if header := _TABLE.match(original):
                table = _split(header[1])
                lines.setdefault(table, number)
                if original.lstrip().startswith("[["):
                    counts[table] += 1
                    table = (*table, str(counts[table] - 1))
                    lines[table] = number
                else:
                    table = _numbered(table, counts)
                continue
            if (assignment := _ASSIGNMENT.match(original)) and line.strip():
                lines.setdefault(table + _split(assignment[1]), number)
        depth += line.count("[") + line.count("{") - line.count("]") - line.count("}")
    return lines


def _numbered(table: Path, counts: Mapping[Path, int]) -> Path:
    """Return a table's path with the number of the last one of the array that it is in."""
    for depth in range(1, len(table)):
        if table[:depth] in counts:
            return (*table[:depth], str(counts[table[:depth]] - 1), *table[depth:])
    return table


def _blank(match: re.Match[str]) -> str:
    """Replace a string or comment by spaces, keeping its line ends."""
    return re.sub(r"[^\n]", " ", match[0])


def _split(key: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(key))
