"""Paths of targets to names, and back: one reading of each path, none that climbs."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

#   pct-encoded = "%" HEXDIG HEXDIG
_bad_percent: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_control: Final = re.compile("[\0-\x1f\x7f]")
#: What a name keeps of RFC 3986's pchar; the rest is encoded.
_SAFE: Final = "-._~!$&'()*+,;=:@"
#: Longer paths are not remembered.
_REMEMBERED_OCTETS: Final = 256


class BadPath(ValueError):
    """No path of names: a dot segment, a slash or control character encoded, a lone percent."""


def split_path(path: str) -> tuple[str, ...]:
    """Return the names of an absolute path; an empty last one says that it ends with a slash.

    Dot segments are refused in every spelling, not resolved: clients resolve them before they
    ask (RFC 3986, 5.2.4), so whoever sends one means to leave the root. What is not UTF-8 stays
    in the names as lone surrogates (PEP 383); an overlong spelling is therefore never a dot.

    Args:
        path: still encoded, with its leading slash.

    Raises:
        BadPath: see there.
    """
    return _remembered(path) if len(path) <= _REMEMBERED_OCTETS else _split(path)


def _split(path: str) -> tuple[str, ...]:
    names = path.split("/")
    if "%" in path:
        if _bad_percent.search(path):
            raise BadPath("a percent sign alone")
        names = [
            unquote_to_bytes(name).decode("utf-8", "surrogateescape") if "%" in name else name
            for name in names
        ]
        for name in names:
            if "/" in name or "\\" in name or _control.search(name):
                raise BadPath("a character that no name has")
    if "." in names or ".." in names:
        raise BadPath("a dot segment")
    return tuple(names[1:])


_remembered: Final = lru_cache(4096)(_split)


def quote_name(name: str) -> str:
    """Return a name as it stands in a path."""
    return quote_from_bytes(name.encode("utf-8", "surrogateescape"), _SAFE)


def join_path(names: tuple[str, ...]) -> str:
    """Return the absolute path of names; it never begins with two slashes."""
    return "/" + "/".join(map(quote_name, names)).lstrip("/")
