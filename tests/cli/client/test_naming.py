"""Names of files from URLs and servers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netsuite.cli.client.naming import disposition_name, message_name, name_of, safe_name
from netsuite.cli.client.problems import Usage
from netsuite.cli.client.urls import parse_url


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://h/a/b.tar.gz?x=/y", "b.tar.gz"),
        ("http://h/", "index.html"),
        ("http://h/a/", "index.html"),
        ("http://h/a%2F..%2Fb", "a_.._b"),
        ("http://h/%2e%2e", "index.html"),
        ("http://h/.bashrc", "_bashrc"),
        ("http://h/-rf", "_rf"),
        ("http://h/x.netsuite-part", "x.netsuite-part_"),
        ("http://h/%1b%5b2J", "_[2J"),
        ("http://h/caf%C3%A9", "café"),
        ("http://h/caf%E9", "caf\udce9"),
        ("ftp://h/pub/x;type=a", "x"),
        ("ftp://h/pub/caf%E9", "caf\udce9"),
        ("gopher://h/0/docs/x.txt", "x.txt"),
        ("gopher://h", "gopher"),
        ("pop3://h/7", "7.eml"),
        ("imap://h/INBOX;UID=7", "7.eml"),
        ("imap://h/INBOX;UID=7;SECTION=1.2", "7.1.2"),
        ("nntp://h/misc.test/3", "3.eml"),
        ("news://h/a/b@c", "a_b@c.eml"),
    ],
)
def test_by_url(url: str, name: str) -> None:
    """A file is called as what stands last in its URL, a message by its number."""
    assert name_of(parse_url(url)) == name


def test_directory() -> None:
    """A directory is no file."""
    with pytest.raises(Usage):
        name_of(parse_url("ftp://h/pub/"))


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("", ""),
        ("attachment", ""),
        ('attachment; filename="a b.txt"', "a b.txt"),
        ("attachment; filename=a.txt", "a.txt"),
        ("attachment; filename*=UTF-8''caf%C3%A9.txt; filename=cafe.txt", "café.txt"),
        ('attachment; filename="caf\u00c3\u00a9"', "café"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\Users\\\\x.txt"', "x.txt"),
        ('attachment; filename="/"', ""),
        ('attachment; filename=".."', ""),
        ('attachment; filename=".profile"', "_profile"),
        ("attachment; filename*=nonsense", "nonsense"),
    ],
)
def test_by_server(value: str, name: str) -> None:
    """The server's name is its last part, and never hidden."""
    assert disposition_name(value) == name


@given(st.text(max_size=300))
def test_safe(text: str) -> None:
    """Whatever it was, it is one name, and no terminal obeys it."""
    name = safe_name(text)
    assert "/" not in name
    assert not name.startswith(".")
    assert all(each.isprintable() or "\udc80" <= each <= "\udcff" for each in name)
    assert len(name.encode("utf-8", "surrogateescape")) <= 255
    assert safe_name(name) == name


def test_messages() -> None:
    """A section is none of a message's own kind."""
    assert message_name(3) == "3.eml"
    assert message_name(3, "HEADER") == "3.HEADER"
