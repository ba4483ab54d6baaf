"""URLs as people type them."""

from __future__ import annotations

import pytest

from netsuite.cli.client.shorthand import guessed, is_hostless_news, on_server
from netsuite.cli.client.urls import BadURL


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("example.org", "http://example.org"),
        ("example.org/a?b", "http://example.org/a?b"),
        ("example.org:8080/a", "http://example.org:8080/a"),
        ("localhost:8080", "http://localhost:8080"),
        (":8080/a", "http://localhost:8080/a"),
        ("[::1]:81/", "http://[::1]:81/"),
        ("ftp.example.org/pub/", "ftp://ftp.example.org/pub/"),
        ("gopher.example.org/1/", "gopher://gopher.example.org/1/"),
        ("imap.example.org/INBOX", "imap://imap.example.org/INBOX"),
        ("pop.example.org", "pop3://pop.example.org"),
        ("news.example.org/misc.test", "nntp://news.example.org/misc.test"),
        ("ftp", "http://ftp"),
        ("http://h/", "http://h/"),
        ("mailto:a@b", "mailto:a@b"),
        ("/etc/passwd", "/etc/passwd"),
        ("http:/x", "http:/x"),
        ("a:b@h/", "a:b@h/"),
        ("", ""),
    ],
)
def test_guesses(text: str, url: str) -> None:
    """Without a scheme it is http, or what the host is called after; the rest is left alone."""
    assert guessed(text) == url


@pytest.mark.parametrize(
    ("text", "server", "url"),
    [
        ("news:a@b", "h", "nntp://h/a@b"),
        ("news:misc.test", "h:8119", "nntp://h:8119/misc.test"),
        ("NEWS:*", "nntps://h/", "nntps://h/"),
        ("news:a@b", "nntps://u:p@h", "nntps://u:p@h/a@b"),
    ],
)
def test_news(text: str, server: str, url: str) -> None:
    """A news URL without a server is of the one that the user has."""
    assert is_hostless_news(text)
    assert on_server(text, server) == url


def test_no_news() -> None:
    """Another kind of server is none; a URL with a host needs none."""
    for server in ("http://h", "h/x", "nntp://h/x"):
        with pytest.raises(BadURL):
            on_server("news:a@b", server)
    assert not is_hostless_news("news://h/x")
    assert not is_hostless_news("nntp:x")
