"""Listings, read: MLSD's, and those of LIST in every form that servers have written it.

LIST is written for people (RFC 959, 4.1.3). What programs know of it are the habits of servers:
Unix's ``ls -l`` and NetWare's likeness of it, DOS's ``dir``, EPLF, VMS, MVS. Sizes and times are
read as far as they are told; what is not understood is kept as such, since who removes what a
listing does not name must know whether the listing was understood.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from netsuite.ftp.listing import LINE_OCTETS, Listed, is_name, parse_mlsx

MINUTE_SECONDS: Final = 60
DAY_SECONDS: Final = 86_400

_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a listing.

    Args:
        entries: what is in the directory.
        left_out: lines that were not understood, or whose names are no names.
    """

    entries: Sequence[Listed]
    left_out: Sequence[str] = ()


def _moment(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0
) -> datetime | None:
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _before(now: datetime, month: int, day: int, hour: int, minute: int) -> datetime | None:
    """Return the last such minute there was; zones may differ by a day."""
    for year in (now.year, now.year - 1):
        when = _moment(year, month, day, hour, minute)
        if when is not None and when <= now + timedelta(days=1):
            return when
    return None


# -- Unix and NetWare ---------------------------------------------------------------------------

# -rw-r--r--+  1 owner group  1024 Jan  5 10:20 name        ls -l; some leave owners away
# d [RWCEAFMS] owner           512 Oct 13  2004 name        NetWare
# -[R----F--]  owner        214059 Oct 20 15:27    name     Hellsoft's for NetWare
_unix_mode: Final = re.compile(
    r"([-bcdlps])(?:[-rwxSsTtlL]{9}[+.@]?(?=[ 0-9])| ?\[[-A-Z ]{1,10}\] )"
)
#: The size and the time; owners may have spaces in their names, so these are looked for.
_unix_tail: Final = re.compile(
    r"(?<![0-9])(?P<octets>[0-9]{1,19})\ +(?:"
    r"(?:(?P<month>[A-Za-z]{3})\ +(?P<day>[0-9]{1,2})"
    r"|(?P<day2>[0-9]{1,2})\ +(?P<month2>[A-Za-z]{3}))"
    r"\ +(?:(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})|(?P<year>[0-9]{4}))"
    r"|(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})\ (?P<time>[0-9]{2}:[0-9]{2})(?::[0-9]{2}[.0-9]{0,20})?"
    r"(?:\ (?P<zone>[-+][0-9]{4}))?"
    r")\ (?P<name>.+)",
    re.DOTALL | re.VERBOSE,
)
_UNIX_KINDS: Final = {
    "d": "dir", "-": "file", "l": "OS.unix=slink",
    "b": "OS.unix=blkdev", "c": "OS.unix=chrdev", "p": "OS.unix=fifo", "s": "OS.unix=socket",
}  # fmt: skip


def parse_unix(line: str, now: datetime) -> Listed | None:
    """Read a line of ``ls -l``, or of NetWare; None for what is none."""
    mode = _unix_mode.match(line) if len(line) <= LINE_OCTETS else None
    tail = _unix_tail.search(line, mode.end()) if mode else None
    if mode is None or tail is None:
        return None
    when, precision = _unix_time(tail, now)
    if when is None:
        return None
    name = tail["name"].lstrip(" ") if "[" in mode[0] else tail["name"]
    kind = _UNIX_KINDS[mode[1]]
    if kind == "dir":
        name = name.removesuffix("/")  # ls -F
    elif mode[1] == "l":
        name = name.partition(" -> ")[0]
    return Listed(name, kind, int(tail["octets"]), when, precision_seconds=precision)


def _unix_time(tail: re.Match[str], now: datetime) -> tuple[datetime | None, int]:
    """Return the time, and how far off it may be, in seconds."""
    if tail["date"]:
        numbers = [int(each) for each in re.split("[-:]", f"{tail['date']}-{tail['time']}")]
        when = _moment(*numbers)
        zone = tail["zone"]
        if zone and when is not None:
            minutes = int(zone[1:3]) * 60 + int(zone[3:])
            with contextlib.suppress(OverflowError):  # in the year 1, or 9999
                when -= timedelta(minutes=-minutes if zone[0] == "-" else minutes)
        return when, MINUTE_SECONDS
    month = _MONTHS.get((tail["month"] or tail["month2"]).lower(), 0)
    day = int(tail["day"] or tail["day2"])
    if tail["year"]:
        return _moment(int(tail["year"]), month, day), DAY_SECONDS
    return _before(now, month, day, int(tail["hour"]), int(tail["minute"])), MINUTE_SECONDS


# -- DOS ------------------------------------------------------------------------------------------

# 02-13-26  10:43AM       <DIR>          name
# 02-13-2026  22:43             1,234 name
_dos: Final = re.compile(
    r"(?P<month>[0-9]{2})-(?P<day>[0-9]{2})-(?P<year>[0-9]{4}|[0-9]{2}) +"
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}) ?(?P<half>[AaPp][Mm])? +"
    r"(?:(?P<octets>[0-9][0-9,]{0,24})|<(?P<kind>[A-Za-z]{3,10})>) +(?P<name>.+)",
    re.DOTALL,
)


def parse_dos(line: str, now: datetime) -> Listed | None:
    """Read a line as servers on Windows write it; None for what is none, a path among it."""
    found = _dos.fullmatch(line) if len(line) <= LINE_OCTETS else None
    if found is None or "\\" in found["name"]:
        return None
    year, hour = int(found["year"]), int(found["hour"])
    if found["half"]:
        hour = hour % 12 + (12 if found["half"].upper() == "PM" else 0)
    if year < 100:
        year += 2000 if year < 70 else 1900
    when = _moment(year, int(found["month"]), int(found["day"]), hour, int(found["minute"]))
    if when is None:
        return None
    kind = "file"
    if found["kind"]:
        kind = "dir" if found["kind"].upper() == "DIR" else f"OS.dos={found['kind'].lower()}"
    octets = int(found["octets"].replace(",", "")) if found["octets"] else None
    return Listed(found["name"], kind, octets, when, precision_seconds=MINUTE_SECONDS)


# -- EPLF -----------------------------------------------------------------------------------------


def parse_eplf(line: str, now: datetime) -> Listed | None:
    """Read a line of EPLF (cr.yp.to/ftp/list/eplf.html), which is for programs: ``+`` and facts
    with commas behind them, a tab, the name. None for what is none."""
    facts, tab, name = line.partition("\t")
    if not (line.startswith("+") and tab) or len(line) > LINE_OCTETS:
        return None
    kind, octets, when, unique = "OS.eplf=unknown", None, None, ""
    for fact in facts[1:].split(","):
        value = fact[1:]
        number = int(value) if value.isascii() and value.isdigit() and len(value) < 20 else None
        if fact == "/":
            kind = "dir"
        elif fact == "r":
            kind = "file"
        elif fact.startswith("i"):
            unique = value
        elif fact.startswith("s"):
            octets = number
        elif fact.startswith("m") and number is not None and number < 1 << 36:
            when = datetime.fromtimestamp(number, UTC)
    return Listed(name, kind, octets, when, unique=unique)


# -- VMS ------------------------------------------------------------------------------------------

# CORE.DMP;1          5  13-NOV-1996 17:02:14.30  [SYSTEM]  (RWED,RWED,RE,RE)
_vms: Final = re.compile(
    r"(?P<name>[^ ;]{1,255});[0-9]{1,5} +[0-9]{1,10}(?:/[0-9]{1,10})? +"
    r"(?P<day>[0-9]{1,2})-(?P<month>[A-Za-z]{3})-(?P<year>[0-9]{4}) +"
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?:[:.0-9]{0,9})(?: .*)?"
)
#: A long name stands on a line of its own, and what is told of it on the next.
_vms_name: Final = re.compile(r"[^ ;]{1,255};[0-9]{1,5}")


def parse_vms(line: str, now: datetime) -> Listed | None:
    """Read a line of VMS; None for what is none. It tells sizes in blocks, so that the size in
    octets is not known; a directory is a file ``NAME.DIR``."""
    found = _vms.fullmatch(line.rstrip()) if len(line) <= LINE_OCTETS else None
    if found is None:
        return None
    when = _moment(int(found["year"]), _MONTHS.get(found["month"].lower(), 0), int(found["day"]),
                   int(found["hour"]), int(found["minute"]))  # fmt: skip
    if when is None:
        return None
    name, kind = found["name"], "file"
    if name.upper().endswith(".DIR"):
        name, kind = name[:-4], "dir"
    return Listed(name, kind, None, when, precision_seconds=MINUTE_SECONDS)


# -- MVS ------------------------------------------------------------------------------------------

# Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname
# WYOSPT 3420   2003/05/21  1  200  FB      80  8053  PS  48-MVS.FILE
_mvs: Final = re.compile(
    r"[^ ]{1,6} +[^ ]{1,6} +(?:[0-9]{4}/[0-9]{2}/[0-9]{2}|\*\*NONE\*\*) +[0-9]{1,5} +[0-9+]{1,8} +"
    r"[A-Z?]{1,4} +[0-9]{1,6} +[0-9]{1,6} +(?P<organization>P[OS](?:-E)?) +(?P<name>[^ ]{1,64})"
)


def parse_mvs(line: str, now: datetime) -> Listed | None:
    """Read a data set of MVS; None for what is none. Neither size nor time of change is told."""
    found = _mvs.fullmatch(line.rstrip()) if len(line) <= LINE_OCTETS else None
    if found is None:
        return None
    kind = "dir" if found["organization"].startswith("PO") else "file"
    return Listed(found["name"].strip("'"), kind)


# -- whole listings -------------------------------------------------------------------------------

#: In the order of how often they are met; no line can be read in two of these ways.
_FORMS: Final[Sequence[Callable[[str, datetime], Listed | None]]] = (
    parse_unix,
    parse_dos,
    parse_eplf,
    parse_vms,
    parse_mvs,
)
#: Lines that tell of no file: heads and feet of listings.
_about: Final = re.compile(
    r"total [0-9]+ *|Directory .*|Total of [0-9]+ files?, .*|Volume +Unit +Referred .*",
    re.IGNORECASE,
)


def read_listing(lines: Iterable[str], now: datetime, *, facts: bool) -> Reading:
    """Read a whole listing.

    Args:
        lines: without their line ends.
        now: for times without a year.
        facts: whether it is of MLSD, and not of LIST.
    """
    found: dict[str, Listed] = {}
    left_out: list[str] = []
    for line in lines if facts else _joined(lines):
        entry = parse_mlsx(line) if facts else _parse(line, now)
        if entry is None:
            if line.strip() and (facts or not _about.fullmatch(line)):
                left_out.append(line)
        elif entry.kind in ("cdir", "pdir") or entry.name in (".", ".."):
            pass
        elif not is_name(entry.name):
            left_out.append(line)
        else:
            found.setdefault(entry.name, entry)  # of VMS's versions the newest comes first
    return Reading(list(found.values()), left_out)


def _parse(line: str, now: datetime) -> Listed | None:
    for form in _FORMS:
        entry = form(line, now)
        if entry is not None:
            return entry
    return None


def _joined(lines: Iterable[str]) -> Iterable[str]:
    """Return lines, those of one file of VMS as one."""
    name = ""
    for line in lines:
        if name:
            yield f"{name} {line}" if line.startswith(" ") else name
            if line.startswith(" "):
                name = ""
                continue
        name = line if _vms_name.fullmatch(line) else ""
        if not name:
            yield line
    if name:
        yield name


def with_facts(entry: Listed, octets: int | None, modified: datetime | None) -> Listed:
    """Return an entry with what SIZE and MDTM say of it; None where they were not asked, or say
    nothing."""
    if octets is not None:
        entry = replace(entry, octets=octets)
    if modified is not None:
        entry = replace(entry, modified=modified, precision_seconds=1)
    return entry
