"""Directories of the web: what is read of listings, and what is not taken for one."""

from __future__ import annotations

import pytest

from netsuite.cli.client.web_listing import read_json, read_page
from netsuite.connection.errors import NotOffered
from netsuite.ftp.listing import Listed

URL = "http://h/a%20b/"
NGINX = """<html><head><title>Index of /a b/</title></head><body><h1>Index of /a b/</h1><hr><pre>
<a href="../">../</a>
<a href="c%20d/">c d/</a>            30-Nov-2026 12:00       -
<a href="e.txt">e.txt</a>            30-Nov-2026 12:00       7
</pre></body></html>"""
#: Pages, and the names on them; ``/`` behind directories.
PAGES = {
    "nginx": (NGINX, ["c d/", "e.txt"]),
    "Apache": (
        "<title>Index of /a b</title><a href='?C=N;O=D'>Name</a><a href='/'>Parent Directory</a>"
        "<a href='x.tar.gz'>x.tar.gz</a><a href='x.tar.gz'><img></a>",
        ["x.tar.gz"],
    ),
    "Python": (
        "<title>Directory listing for /a b/</title><a href='%E9.txt'>x</a><a href='d/'>d/</a>",
        ["\udce9.txt", "d/"],
    ),
    "elsewhere": (
        "<title>Index of /</title><a href='http://other/a%20b/x'>x</a><a href='//other/y'>y</a>"
        "<a href='/a%20b/z/deeper'>z</a><a href='mailto:a@b'>m</a><a href='http://[/'>bad</a>"
        "<a href='#here'>h</a><a>none</a><a href='/a%20b/whole'>w</a><a href='%2e%2e%2fup'>u</a>",
        ["whole"],
    ),
}


@pytest.mark.parametrize("kind", PAGES)
def test_pages(kind: str) -> None:
    """Links to what is in the directory are its names, others are none."""
    page, names = PAGES[kind]
    entries = read_page(page, URL).entries
    assert [f"{e.name}/" if e.is_directory else e.name for e in entries] == names


def test_a_page_that_is_no_listing() -> None:
    """A page with links is not taken for a directory."""
    with pytest.raises(NotOffered, match="a listing at http://h/"):
        read_page("<title>Welcome</title><a href='x'>x</a>", URL)


def test_json() -> None:
    """netsuite's listings are read with sizes and times; names that lead elsewhere are left out."""
    reading = read_json(
        b'{"entries": [{"name": "\\ufffd", "href": "./%E9", "kind": "file", "octets": 3,'
        b' "modified": "2026-11-30T12:00:00+00:00"}, {"name": "d", "href": "./d/",'
        b' "kind": "directory", "modified": "2026-11-30T12:00:00+00:00"},'
        b' {"name": "..", "href": "./%2e%2e/", "kind": "directory",'
        b' "modified": "2026-11-30T12:00:00+00:00"}]}',
        URL,
    )
    file, directory = reading.entries
    assert (file.name, file.kind, file.octets) == ("\udce9", "file", 3)
    assert file.modified is not None
    assert (directory.name, directory.kind) == ("d", "dir")
    assert list(reading.left_out) == [".."]


@pytest.mark.parametrize(
    "octets", [b"", b"[]", b"{}", b'{"entries": 1}', b'{"entries": [1]}', b"\xff", b"[" * 100_000]
)
def test_other_json(octets: bytes) -> None:
    """Other JSON is no listing."""
    with pytest.raises(NotOffered):
        read_json(octets, URL)


def test_entries_are_those_of_ftp() -> None:
    """A mirror compares them as it does FTP's."""
    assert read_page(NGINX, URL).entries[1] == Listed("e.txt", "file")
