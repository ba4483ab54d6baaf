"""Listings of LIST in every form: what is read, how exactly, and what is not taken for a file."""

# ruff: noqa: E501 - tables read best one case a line

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netsuite.ftp.list_forms import DAY_SECONDS, MINUTE_SECONDS, read_listing, with_facts
from netsuite.ftp.listing import Listed, mlsx_entry, unix_line

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def at(*numbers: int) -> datetime:
    """Return a time in UTC."""
    return datetime(*numbers, tzinfo=UTC)  # type: ignore[arg-type,misc]


MINUTE, DAY, EXACT = MINUTE_SECONDS, DAY_SECONDS, 1
LINK = "OS.unix=slink"

#: A line, and what it tells: name, kind, octets, time, and how exactly.
LINES: list[tuple[str, str, str, int | None, datetime | None, int]] = [
    # Unix
    ("-rw-r--r--   1 root     wheel        1024 Jan  5 10:20 x y", "x y", "file", 1024, at(2026, 1, 5, 10, 20), MINUTE),
    ("-rw-r--r-- 1 o g 1024 Dec 25 10:20 x", "x", "file", 1024, at(2025, 12, 25, 10, 20), MINUTE),
    ("-rw-r--r-- 1 o g 1024 Mar  2 10:20 zone ahead", "zone ahead", "file", 1024, at(2026, 3, 2, 10, 20), MINUTE),
    ("-rw-r--r-- 1 o 1024 Jan  5  2020 no group", "no group", "file", 1024, at(2020, 1, 5), DAY),
    ("-rw-r--r-- 1024 Jan  5  2020 nobody", "nobody", "file", 1024, at(2020, 1, 5), DAY),
    ("-rw-r--r-- 1 Jo Doe Domain Users 7 Jan  5  2020 x", "x", "file", 7, at(2020, 1, 5), DAY),
    ("-rw-r--r-- 1 1001 1002 7 Jan  5  2020 x", "x", "file", 7, at(2020, 1, 5), DAY),
    ("drwxr-xr-x+ 2 o g 0 Jan  5  2020 acl", "acl", "dir", 0, at(2020, 1, 5), DAY),
    ("drwxr-xr-x. 2 o g 0 Jan  5  2020 selinux", "selinux", "dir", 0, at(2020, 1, 5), DAY),
    ("drwxr-xr-x@ 2 o g 0 Jan  5  2020 mac", "mac", "dir", 0, at(2020, 1, 5), DAY),
    ("drwxrwsr-t 2 o g 0 Jan  5  2020 slash/", "slash", "dir", 0, at(2020, 1, 5), DAY),
    ("lrwxrwxrwx 1 o g 3 Jan  5  2020 l -> there", "l", LINK, 3, at(2020, 1, 5), DAY),
    ("crw-rw---- 1 root tty 4, 64 Jan  5  2020 ttyS0", "ttyS0", "OS.unix=chrdev", 64, at(2020, 1, 5), DAY),
    ("-rw-r--r-- 1 o g 5 Jan  5  2020  leading and trailing ", " leading and trailing ", "file", 5, at(2020, 1, 5), DAY),
    ("-rw-r--r-- 1 o g 5 Jan  5  2020 12 Jan  5  2021 x", "12 Jan  5  2021 x", "file", 5, at(2020, 1, 5), DAY),
    ("-rw-r--r-- 1 o g 5 05 Jan 2020 day first", "day first", "file", 5, at(2020, 1, 5), DAY),
    ("-rw-r--r-- 1 o g 5 2020-01-05 10:20 iso", "iso", "file", 5, at(2020, 1, 5, 10, 20), MINUTE),
    ("-rw-r--r-- 1 o g 5 2020-01-05 10:20:11.123456789 +0130 full", "full", "file", 5, at(2020, 1, 5, 8, 50), MINUTE),
    ("-rw-r--r-- 1 o g 5 2020-01-05 10:20:11.1 -0100 full", "full", "file", 5, at(2020, 1, 5, 11, 20), MINUTE),
    ("-rw-r--r-- 1 o g 5 0001-01-01 00:00:00 +0100 first", "first", "file", 5, at(1, 1, 1), MINUTE),
    ("-rw-r--r-- 1 o g 0 Feb 29  2024 leap", "leap", "file", 0, at(2024, 2, 29), DAY),
    ("-------r--         326  1391972  1392298 Nov 22  1995 NetPresenz.sit", "NetPresenz.sit", "file", 1392298, at(1995, 11, 22), DAY),
    ("drwxrwxr-x               folder        2 May 10  1996 network", "network", "dir", 2, at(1996, 5, 10), DAY),
    ("-rw-r--r-- 1 o g 5 Jan  5  2020 back\\slash", "back\\slash", "file", 5, at(2020, 1, 5), DAY),
    # NetWare
    ("d [RWCEAFMS] Admin                 512 Oct 13  2004 PSI dir", "PSI dir", "dir", 512, at(2004, 10, 13), DAY),
    ("- [-WCE-FM-] rwickman       12 Jan 29 10:01 f.txt", "f.txt", "file", 12, at(2026, 1, 29, 10, 1), MINUTE),
    ("-[R----F--] supervisor            214059       Oct 20 15:27    cx.exe", "cx.exe", "file", 214059, at(2025, 10, 20, 15, 27), MINUTE),
    # DOS
    ("02-13-20  01:05PM       <DIR>          a b", "a b", "dir", None, at(2020, 2, 13, 13, 5), MINUTE),
    ("02-13-20  12:05AM                 1234 c d.txt", "c d.txt", "file", 1234, at(2020, 2, 13, 0, 5), MINUTE),
    ("02-13-99  12:05 PM                1,234 e", "e", "file", 1234, at(1999, 2, 13, 12, 5), MINUTE),
    ("02-13-2020  22:43                 1234 f", "f", "file", 1234, at(2020, 2, 13, 22, 43), MINUTE),
    ("02-13-20  01:05PM       <JUNCTION>     g", "g", "OS.dos=junction", None, at(2020, 2, 13, 13, 5), MINUTE),
    # EPLF
    ("+i8388621.48594,m825718503,r,s280,\tdjb.html", "djb.html", "file", 280, at(1996, 3, 1, 22, 15, 3), EXACT),
    ("+/,m824255907,i1.2\t 514 ", " 514 ", "dir", None, at(1996, 2, 13, 23, 58, 27), EXACT),
    ("+s12\twhat", "what", "OS.eplf=unknown", 12, None, EXACT),
    ("+r,s99999999999999999999,m-1\todd", "odd", "file", None, None, EXACT),
    # VMS
    ("CORE.DMP;1          5  13-NOV-1996 17:02:14.30  [SYSTEM]  (RWED,RWED,RE,RE)", "CORE.DMP", "file", None, at(1996, 11, 13, 17, 2), MINUTE),
    ("A.DIR;1             1/3  9-NOV-1993 10:12 [ANONYMOUS] (RWE,RWE,RE,RE)", "A", "dir", None, at(1993, 11, 9, 10, 12), MINUTE),
    # MVS
    ("WYOSPT 3420   2003/05/21  1  200  FB      80  8053  PS  48-MVS.FILE", "48-MVS.FILE", "file", None, None, EXACT),
    ("WPTA01 3290   2004/03/04  1    3  FB      80  3125  PO  A.LIB", "A.LIB", "dir", None, None, EXACT),
]  # fmt: skip


@pytest.mark.parametrize(("line", "name", "kind", "octets", "when", "precision"), LINES)
def test_lines(
    line: str, name: str, kind: str, octets: int | None, when: datetime | None, precision: int
) -> None:
    """Every form is told apart, and read as exactly as it tells."""
    reading = read_listing([line], NOW, facts=False)
    (entry,) = reading.entries
    assert (entry.name, entry.kind, entry.octets, entry.modified) == (name, kind, octets, when)
    assert entry.precision_seconds == precision
    assert not reading.left_out


@pytest.mark.parametrize("line", [line for line, *_ in LINES])
def test_cut(line: str) -> None:
    """A line that is cut anywhere is another name, or no entry, and never an error."""
    for cut in range(len(line)):
        for entry in read_listing([line[:cut]], NOW, facts=False).entries:
            assert entry.name


@pytest.mark.parametrize(
    "line",
    [
        "-rw-r--r-- 1 o g 1 Jan  5  2020 ../../etc/passwd",
        "-rw-r--r-- 1 o g 1 Jan  5  2020 /etc/passwd",
        "-rw-r--r-- 1 o g 1 Jan  5  2020 a\0b",
        "-rw-r--r-- 1 o g 1 Jan  5  2020 a\rb",
        "lrwxrwxrwx 1 o g 1 Jan  5  2020 a/b -> c",
        "drwxrwxrwx 1 o g 1 Jan  5  2020 a//",
        "-rw-r--r-- 1 o g 99999999999999999999999 Jan  5  2020 x",
        "-rw-r--r-- 1 o g 1 Feb 30  2020 x",
        "-rw-r--r-- 1 o g 1 Foo  5  2020 x",
        "-rw-r--r-- 1 o g 1 Jan  5 25:00 x",
        "-rw-r--r-- 1 o g 1 Jan  5  0000 x",
        "02-13-20  01:05PM  12 ..\\..\\boot.ini",
        "02-13-20  01:05PM  12 C:\\boot.ini",
        "13-13-20  01:05PM  12 x",
        "02-13-20  25:05  12 x",
        "+r\t../x",
        "+r,s1 no tab",
        "X.TXT;1  5  31-FEB-1996 17:02",
        "/X.TXT;1  5  13-FEB-1996 17:02",
        "%RMS-E-PRV, insufficient privilege",
        "-" * 20_000,
        "-" + " " * 20_000,
        "+r\t" + "x" * 20_000,
    ],
)
def test_left_out(line: str) -> None:
    """What is no name, and what is not understood, is no entry; and is told of."""
    reading = read_listing([line], NOW, facts=False)
    assert not reading.entries
    assert list(reading.left_out) == [line]


def test_heads_and_feet() -> None:
    """Lines about a listing tell of no file, and nothing is missing for them."""
    lines = [
        "total 5",
        "",
        "Directory DISK$USER:[ANONYMOUS]",
        "A_NAME_THAT_IS_LONG.TXT;2",
        "                    4  12-JAN-1996 10:01 [X] (RWE,RWE,RE,RE)",
        "A_NAME_THAT_IS_LONG.TXT;1  4  12-JAN-1995 10:01 [X] (RWE,RWE,RE,RE)",
        "Total of 2 Files, 8 Blocks.",
        "Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname",
        "drwxr-xr-x 2 o g 0 Jan  5  2020 .",
        "drwxr-xr-x 2 o g 0 Jan  5  2020 ..",
    ]
    reading = read_listing(lines, NOW, facts=False)
    (entry,) = reading.entries
    assert (entry.name, entry.modified) == ("A_NAME_THAT_IS_LONG.TXT", at(1996, 1, 12, 10, 1))
    assert not reading.left_out
    for lonely in (["A.TXT;1"], ["A.TXT;1", "B.TXT;1  4  12-JAN-1995 10:01 [X]"]):
        assert "A.TXT;1" in read_listing(lonely, NOW, facts=False).left_out


def test_facts() -> None:
    """MLSD's own and upper directories are not entries; a path is none, and told of."""
    lines = ["type=cdir; /here", "type=pdir; ..", "type=file;size=3; a", "type=file; a/b", "what",
             "total 1", LINES[0][0]]  # fmt: skip
    reading = read_listing(lines, NOW, facts=True)
    assert [each.name for each in reading.entries] == ["a"]
    assert list(reading.left_out) == lines[3:]


def test_with_facts() -> None:
    """SIZE and MDTM make an entry exact; what they do not say stays."""
    rough = Listed("a", octets=None, modified=at(2020, 1, 1), precision_seconds=DAY)
    asked = with_facts(rough, 7, at(2020, 1, 1, 2, 3, 4))
    assert asked == Listed("a", octets=7, modified=at(2020, 1, 1, 2, 3, 4))
    assert with_facts(rough, None, None) == rough


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0\r\n"), min_size=1, max_size=40)  # fmt: skip


@given(
    NAMES.filter(lambda name: name not in (".", "..") and " -> " not in name),
    st.integers(0, 10**12),
    st.datetimes(datetime(1971, 1, 1), datetime(2026, 3, 1)),
)
def test_as_our_server_writes(name: str, octets: int, when: datetime) -> None:
    """What our server writes is read back: by facts to the second, by lines as near as they say."""
    entry = Listed(name, "file", octets, when.replace(microsecond=0, tzinfo=UTC), "r", "7")
    assert read_listing([mlsx_entry(entry)], NOW, facts=True).entries == [entry]
    (found,) = read_listing([unix_line(entry, NOW)], NOW, facts=False).entries
    assert (found.name, found.octets) == (name, octets)
    assert found.modified is not None
    assert entry.modified is not None
    off = entry.modified - found.modified
    assert timedelta() <= off < timedelta(seconds=found.precision_seconds)


@given(st.lists(st.one_of(st.text(max_size=80), st.sampled_from([line for line, *_ in LINES]))))
def test_any_text(lines: list[str]) -> None:
    """No line breaks a reader, and no name leads anywhere."""
    for facts in (True, False):
        for entry in read_listing(lines, NOW, facts=facts).entries:
            assert entry.name not in ("", ".", "..")
            assert not set("/\0\r\n") & set(entry.name)


@pytest.mark.parametrize(
    "line",
    [
        "-rw-r--r-- " + "1 " * 4_000,
        "-rw-r--r-- " + "1" * 8_000,
        "-rw-r--r-- 1" + " " * 8_000,
        "-rw-r--r-- " + "1 Jan " * 1_300,
        "02-13-20 01:05PM " + " " * 8_000,
        "a;1 " + " " * 8_000,
        "a " * 4_000,
    ],
)
def test_quick(line: str) -> None:
    """A line that is made to be slow is not."""
    began = process_time()
    for _ in range(20):
        read_listing([line], NOW, facts=False)
    assert process_time() - began < 1.0
