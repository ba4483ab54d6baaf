"""Names of files here: those of parts, and those that a server must not give."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from netsuite.ftp.paths import octets_of

#: Octets that a file system takes for a name.
NAME_OCTETS: Final = 255
#: What makes the name of a part, behind a tag that tells of which version it is.
SUFFIX: Final = ".netsuite-part"
_STEM_OCTETS: Final = NAME_OCTETS - len(SUFFIX) - 9
_part: Final = re.compile(r"(.+)\.[0-9a-f]{8}" + re.escape(SUFFIX), re.DOTALL)

_WINDOWS_LETTERS: Final = frozenset('<>:"|?*')
_WINDOWS_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{name}{digit}" for name in ("com", "lpt") for digit in "0123456789\u00b9\u00b2\u00b3"}
)


def part_name(name: str, octets: int | None, modified: datetime | None) -> str:
    """Return the name under which a file comes or goes, until it is whole. What was begun is gone
    on with only if it is of the same version: so size and time are in it."""
    tag = hashlib.sha256(f"{octets} {modified}".encode()).hexdigest()[:8]
    return f"{stem(name)}.{tag}{SUFFIX}"


def stem(name: str) -> str:
    """Return what the names of all a file's parts begin with."""
    octets = octets_of(name)
    return name if len(octets) <= _STEM_OCTETS else hashlib.sha256(octets).hexdigest()


def is_part(name: str) -> bool:
    """Return whether a name is that of a part, of whatever."""
    return _part.fullmatch(name) is not None


def parts_by_stem(names: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """Return the parts that there are among names: of which ``stem`` to the parts, of whatever
    version."""
    parts: dict[str, list[str]] = {}
    for name in names:
        found = _part.fullmatch(name)
        if found is not None:
            parts.setdefault(found[1], []).append(name)
    return parts


def trouble_with(name: str, *, windows: bool) -> str:
    """Return why a file here cannot have a name that a server gives; empty where it can.

    Args:
        windows: whether it is Windows here, whose names may not have everything.
    """
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        return "it leads elsewhere"
    if len(octets_of(name)) > NAME_OCTETS:
        return "the name is too long"
    if not windows:
        return ""
    if "\\" in name or (len(name) > 1 and name[1] == ":"):
        return "it leads elsewhere"
    if name.partition(".")[0].rstrip(" ").lower() in _WINDOWS_DEVICES:
        return "it is the name of a device"
    if name[-1] in ". " or _WINDOWS_LETTERS & set(name) or any(each < " " for each in name):
        return "Windows takes no such name"
    return ""
