"""The machine: Python and its libraries, clock, limits, memory, IPv6, locale."""

from __future__ import annotations

import contextlib
import ctypes
import locale
import os
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from netsuite.cli.diagnosis.findings import Finding

#: Below this many descriptors ordinary use of one service can exhaust them.
FEW_DESCRIPTORS: Final = 4096
LITTLE_MEMORY: Final = 512 * 1024**2
#: What adjtimex(2) returns while nobody sets the clock.
_TIME_ERROR: Final = 5
#: The store's search wants its trigrams.
OLDEST_SQLITE: Final = (3, 34, 0)
#: Rare, and only where two connections write and checkpoint in one instant: sqlite.org/wal.html.
WAL_RESET_MENDED: Final = (3, 51, 3)
WAL_RESET_BACKPORTS: Final = ((3, 44, 6), (3, 50, 7))


def look_at_machine(home: Path, pid: int | None) -> Iterator[Finding]:
    """Look at all of it.

    Args:
        pid: of the daemon, whose limits count; None where it does not run.
    """
    yield judge_python(sys.version_info[:3])
    yield judge_sqlite(sqlite3.sqlite_version_info)
    yield judge_descriptors(*descriptor_limits(pid), of_daemon=pid is not None)
    yield judge_memory(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    yield judge_synchronized(is_synchronized())
    yield judge_time(time.time(), newest_change(home))
    yield judge_ipv6(has_ipv6())
    yield judge_encoding(sys.getfilesystemencoding(), locale.getpreferredencoding(False))
    yield Finding("ok", "clock", f"the time zone is {time.tzname[0]} (UTC{time.strftime('%z')})")


def judge_python(version: Sequence[int]) -> Finding:
    """Judge the version of Python."""
    said = f"Python {'.'.join(map(str, version))}"
    if tuple(version) < (3, 11):
        return Finding("fail", "python", said, "install Python 3.11 or later")
    return Finding("ok", "python", said)


def judge_sqlite(version: tuple[int, int, int]) -> Finding:
    """Judge the version of SQLite."""
    said = f"SQLite {'.'.join(map(str, version))}"
    if version < OLDEST_SQLITE:
        return Finding("fail", "sqlite", said, "a store needs SQLite 3.34 or later")
    backported = any(version[:2] == each[:2] and version >= each for each in WAL_RESET_BACKPORTS)
    if version < WAL_RESET_MENDED and not backported:
        said += (
            ", in which other programs than netsuite must not write to netsuite.db (its fault with "
            "WAL resets, mended in 3.51.3, may be mended in a distribution's, too)"
        )
    return Finding("ok", "sqlite", said)


def descriptor_limits(pid: int | None) -> tuple[int, int]:
    """Return the soft and the hard limit of descriptors, of a process or of this one."""
    with contextlib.suppress(OSError, PermissionError):
        if pid is not None:
            return resource.prlimit(pid, resource.RLIMIT_NOFILE)
    return resource.getrlimit(resource.RLIMIT_NOFILE)


def judge_descriptors(soft: int, hard: int, *, of_daemon: bool) -> Finding:
    """Judge the limits of descriptors."""
    whose = "the daemon" if of_daemon else "a program started from here"
    if soft == resource.RLIM_INFINITY or soft >= FEW_DESCRIPTORS:
        many = "any number of" if soft == resource.RLIM_INFINITY else f"{soft:,}"
        return Finding("ok", "limits", f"{whose} may open {many} descriptors")
    advice = "netsuite.service has LimitNOFILE=65536; from a shell: ulimit -n"
    if 0 <= hard < FEW_DESCRIPTORS:
        advice += f", which root has to raise first (it is at most {hard:,})"
    return Finding(
        "warn",
        "limits",
        f"{whose} may open {soft:,} descriptors, and each connection is one",
        advice,
    )


def judge_memory(octets: int) -> Finding:
    """Judge how much memory there is."""
    said = f"{octets / 1024**2:,.0f} MiB of memory"
    if octets < LITTLE_MEMORY:
        advice = "a login's password is hashed in some 50 MiB; keep accounts.hash_threads at 1"
        return Finding("warn", "memory", said, advice)
    return Finding("ok", "memory", said)


def is_synchronized() -> bool | None:
    """Return whether the clock is set by the time of the network; None where nobody knows."""
    if shutil.which("timedatectl") and os.path.isdir("/run/systemd/system"):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            line = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
            said = subprocess.run(line, capture_output=True, text=True, timeout=5).stdout.strip()
            if said in ("yes", "no"):
                return said == "yes"
    try:
        # Asked to change nothing, it says how the kernel's clock is; root is not needed.
        state: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _TIME_ERROR


def judge_synchronized(synchronized: bool | None) -> Finding:
    """Judge whether somebody sets the clock."""
    if synchronized:
        return Finding("ok", "clock", "it is set by the time of the network")
    if synchronized is None:
        return Finding("ok", "clock", "nobody says whether it is set by the time of the network")
    return Finding(
        "warn",
        "clock",
        "nobody sets it: certificates, signatures and leases of the queue go by it",
        "apt install systemd-timesyncd, or chrony; a machine in a machine may have its host's",
    )


def newest_change(home: Path) -> float:
    """Return when something of a home changed last, in seconds since 1970; 0 where nothing has."""
    newest = 0.0
    with contextlib.suppress(OSError):
        for each in os.scandir(home):
            with contextlib.suppress(OSError):
                newest = max(newest, each.stat(follow_symlinks=False).st_mtime)
    return newest


def judge_time(now: float, changed: float) -> Finding:
    """Judge the clock by what was written."""
    ahead = changed - now
    if ahead > 60:
        return Finding(
            "fail",
            "clock",
            f"something in the home was changed {ahead:,.0f} seconds from now: it was set back, or "
            "the disk's host has another time",
            "set the clock; until then mail of those seconds sorts wrongly, and the queue waits",
        )
    return Finding("ok", "clock", "nothing in the home is of the future")


def has_ipv6() -> bool:
    """Return whether this machine has an IPv6 address of its own."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.connect(("2001:db8::1", 9))  # nothing is sent: the kernel chooses its address
            return not str(probe.getsockname()[0]).startswith(("fe80", "::1"))
    except OSError:
        return False


def judge_ipv6(there: bool) -> Finding:
    """Judge whether IPv6 leads anywhere."""
    if there:
        return Finding("ok", "ipv6", "this machine has an address")
    return Finding(
        "ok", "ipv6", "this machine has no address but local ones; publish no AAAA record for it"
    )


def judge_encoding(files: str, text: str) -> Finding:
    """Judge the encodings of the locale."""
    if files.lower().replace("-", "") != "utf8":
        advice = "set LANG=C.UTF-8 for the daemon"
        return Finding("fail", "locale", f"names of files are taken for {files}", advice)
    if text.lower().replace("-", "") != "utf8":
        advice = "set LANG=C.UTF-8, or accounts and folders print as question marks"
        return Finding("warn", "locale", f"text of the terminal is {text}", advice)
    return Finding("ok", "locale", "names and text are UTF-8")
