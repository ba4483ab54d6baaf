"""Listings: lines of LIST, written; entries of MLSD, both ways. ``list_forms`` reads LIST's.

A listing is the word of a stranger. Names that are no names (with a slash, ``.``, ``..``) are left
out, so that who stores below a directory what a listing names there stays below it.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from netsuite.ftp.paths import sayable

#: RFC 3659, 7.5: the facts we know, in the order we give them.
FACTS: Final = ("type", "size", "modify", "perm", "unique", "UNIX.mode")
#: A line of a listing longer than this is none.
LINE_OCTETS: Final = 8_192
#: LIST shows the time of day of what is not older than this, and the year of all else.
RECENT: Final = timedelta(days=180)

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun",
                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # fmt: skip


# Not frozen: 100,000 are made for one listing, and that takes a microsecond of each.
@dataclass(slots=True)
class Listed:
    """One entry of a listing.

    Args:
        name: its own name.
        kind: ``file``, ``dir``, ``cdir`` (the directory itself), ``pdir`` (the one above it), or
            what else a server calls it, such as ``OS.unix=slink``.
        octets: its size; None where it was not told.
        modified: in UTC; None where it was not told.
        perm: what may be done with it (RFC 3659, 7.5.5); None where it was not told.
        unique: the same for the same file; empty where it was not told.
        precision_seconds: how far off *modified* may be beside the zone, which listings for people
            do not tell; 1 for a time in UTC.
        mode: permission bits; None where they were not told.
    """

    name: str
    kind: str = "file"
    octets: int | None = None
    modified: datetime | None = None
    perm: str | None = None
    unique: str = ""
    precision_seconds: int = 1
    mode: int | None = None

    @property
    def is_directory(self) -> bool:
        """Whether it is one."""
        return self.kind in ("dir", "cdir", "pdir")


# -- times --------------------------------------------------------------------------------------


def format_time(moment: datetime) -> str:
    """Write a time-val in whole seconds (RFC 3659, 2.3)."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return (
        f"{moment.year:04}{moment.month:02}{moment.day:02}"
        f"{moment.hour:02}{moment.minute:02}{moment.second:02}"
    )


def parse_time(text: str) -> datetime | None:
    """Read a time-val; None for what is none, such as the 30th of February."""
    whole, _, fraction = text.partition(".")
    if len(whole) != 14 or not (whole.isascii() and whole.isdigit()):
        return None
    if fraction and not (fraction.isascii() and fraction.isdigit()):
        return None
    # Before 2000 some servers wrote 19100 for that year; RFC 3659 does not, and nobody does now.
    second = min(int(whole[12:]), 59) if whole[12:] == "60" else int(whole[12:])
    try:
        return datetime(
            int(whole[:4]), int(whole[4:6]), int(whole[6:8]), int(whole[8:10]),
            int(whole[10:12]), second, int(fraction[:6].ljust(6, "0")) if fraction else 0, UTC,
        )  # fmt: skip
    except ValueError:
        return None


def format_mode(mode: int) -> str:
    """Write permission bits as the fact UNIX.mode has them."""
    return f"{mode & 0o7777:04o}"


# -- printed --------------------------------------------------------------------------------------


#: RFC 3659, 7.5.5: each letter of ``perm``, and what has to be permitted for it.
_DIRECTORY_PERM: Final = (
    ("c", "store"), ("d", "remove"), ("e", ""), ("f", "rename"), ("l", "list"), ("m", "make"),
    ("p", "remove"),
)  # fmt: skip
_FILE_PERM: Final = (
    ("a", "append"), ("d", "remove"), ("f", "rename"), ("r", "read"), ("w", "replace"),
)  # fmt: skip


@lru_cache(maxsize=512)
def perm_fact(permitted: frozenset[str], directory: bool) -> str:
    """Return a ``perm`` fact (RFC 3659, 7.5.5).

    Args:
        permitted: what may be done, in the words of ``FileAccess.permissions``.
    """
    letters = _DIRECTORY_PERM if directory else _FILE_PERM
    return "".join(letter for letter, word in letters if not word or word in permitted)


def unix_line(entry: Listed, now: datetime) -> str:
    """Write a line as ``ls -l`` does, which is what programs that read LIST know best."""
    perm = "rw" if entry.perm is None else entry.perm
    denied = 0 if "w" in perm or "c" in perm else 0o222
    denied |= 0 if "r" in perm or "l" in perm else 0o444
    kind, links, bits = (stat.S_IFDIR, 2, 0o755) if entry.is_directory else (stat.S_IFREG, 1, 0o644)
    bits = bits if entry.mode is None else entry.mode
    mode = stat.filemode(kind | bits & ~denied)
    when = (entry.modified or now).astimezone(UTC)
    clock = f"{when:%H:%M}" if now - RECENT < when <= now + timedelta(days=1) else f"{when.year:>5}"
    date = f"{_MONTHS[when.month - 1]} {when.day:>2} {clock}"
    return f"{mode} {links:>3} ftp      ftp      {entry.octets or 0:>12} {date} {entry.name}"


def mlsx_entry(entry: Listed, facts: Sequence[str] = FACTS) -> str:
    """Write an entry of MLST or MLSD: facts, a space, the name (RFC 3659, 7.2)."""
    return f"{''.join([_FACT_OF[fact](entry) for fact in facts])} {entry.name}"


def _size(entry: Listed) -> str:
    # RFC 3659, 7.5.7 leaves the size of a directory to the server, and clients add it up.
    return "" if entry.octets is None or entry.is_directory else f"size={entry.octets};"


def _unique(entry: Listed) -> str:
    # value = *SCHAR: no semicolon, nothing that ends a line
    value = entry.unique
    if not value.isalnum() or not value.isascii():
        value = _no_schar.sub("-", value)
    return f"unique={value};" if value else ""


_no_schar: Final = re.compile(r"[^!-:<-~]")
#: What writes each fact, or nothing where it is not known.
_FACT_OF: Final[Mapping[str, Callable[[Listed], str]]] = {
    "type": lambda entry: f"type={entry.kind};",
    "size": _size,
    "modify": lambda entry: f"modify={format_time(entry.modified)};" if entry.modified else "",
    "perm": lambda entry: "" if entry.perm is None else f"perm={entry.perm};",
    "unique": _unique,
    "UNIX.mode": lambda entry: (
        "" if entry.mode is None else f"UNIX.mode={entry.mode & 0o7777:04o};"
    ),
}


def chosen_facts(options: str) -> tuple[str, ...]:
    """Read the options of OPTS MLST: the facts named there that we know, in our order."""
    wanted = {name.lower() for name in options.split(";")}
    return tuple(fact for fact in FACTS if fact.lower() in wanted)


def features(chosen: Sequence[str]) -> str:
    """Write FEAT's line of MLST, with a star for what is chosen (RFC 3659, 7.8)."""
    return "MLST " + "".join(f"{fact}{'*' if fact in chosen else ''};" for fact in FACTS)


# -- wildcards ------------------------------------------------------------------------------------


def has_wildcard(text: str) -> bool:
    """Return whether a path's last name stands for several."""
    name = text.rpartition("/")[2]
    return "*" in name or "?" in name


def matcher(pattern: str) -> Callable[[str], bool]:
    """Return what tells whether ``*`` (any number of letters) and ``?`` (one) can be read so that a
    pattern is a name. A name that begins with a dot must be asked for with one.

    What stands between two stars is looked for from the left, and the first that is found will do:
    so nothing is tried twice, and what looks is the regular expressions' C.
    """
    pieces = [
        re.compile(re.escape(piece).replace(r"\?", "."), re.DOTALL) for piece in pattern.split("*")
    ]
    first, between, last = pieces[0], pieces[1:-1], pieces[-1]
    tail = len(pattern.rpartition("*")[2])
    hidden = pattern.startswith(".")

    def matches(name: str) -> bool:
        if name.startswith(".") and not hidden:
            return False
        if len(pieces) == 1:
            return first.fullmatch(name) is not None
        stop = len(name) - tail
        found = first.match(name)
        if found is None or found.end() > stop or last.fullmatch(name, stop) is None:
            return False
        for piece in between:
            found = piece.search(name, found.end(), stop)
            if found is None:
                return False
        return True

    return matches


# -- read -----------------------------------------------------------------------------------------


def is_name(name: str) -> bool:
    """Return whether a listed name is that of something in the directory and nothing else."""
    return bool(name) and name not in (".", "..") and "/" not in name and sayable(name)


def parse_mlsx(line: str) -> Listed | None:
    """Read an entry of MLST or MLSD; None for what is none. Its name is not judged: MLST gives a
    path, and MLSD the directory itself."""
    written, space, name = line.partition(" ")
    if not space or not name or len(line) > LINE_OCTETS or (written and "=" not in written):
        return None
    facts: dict[str, str] = {}
    for fact in written.split(";"):
        key, equals, value = fact.partition("=")
        if equals:
            facts.setdefault(key.lower(), value)
    kind = facts.get("type", "file")
    return Listed(
        name=name,
        kind=kind if kind.lower().startswith("os.") else kind.lower(),
        octets=_count(facts.get("size", "")),
        modified=parse_time(facts.get("modify", "")),
        perm=facts.get("perm"),
        unique=facts.get("unique", ""),
    )


def _count(digits: str) -> int | None:
    if 0 < len(digits) <= 19 and digits.isascii() and digits.isdigit():
        return int(digits)
    return None
