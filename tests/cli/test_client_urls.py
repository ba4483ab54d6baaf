"""URLs of the client commands: what each means, and those that mean nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, is_dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netsuite.cli.client.numbers import Numbers
from netsuite.cli.client.urls import (
    SCHEMES,
    BadURL,
    GopherItem,
    MailboxPath,
    NewsPath,
    Target,
    check_server,
    directory_of,
    file_name,
    file_path,
    file_pattern,
    gopher_item,
    mailbox_path,
    message_number,
    news_path,
    parse_url,
    under,
)

PORTS = {
    "http": 80, "https": 443, "ftp": 21, "ftps": 990, "gopher": 70, "gophers": 70, "pop3": 110,
    "pop3s": 995, "imap": 143, "imaps": 993, "nntp": 119, "news": 119, "nntps": 563, "smtp": 25,
    "smtps": 465, "lmtp": 24, "telnet": 23, "telnets": 992,
}  # fmt: skip


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_defaults(scheme: str) -> None:
    """Without a port it is the registered one, and TLS begins at once where the scheme says so."""
    target = parse_url(f"{scheme}://mail.example.org")
    assert target == Target(scheme, "mail.example.org", PORTS[scheme])
    assert target.tls == (
        scheme in {"https", "ftps", "gophers", "pop3s", "imaps", "nntps", "smtps", "telnets"}
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HTTP://Example.ORG:8080/A?b=c#d", Target("http", "example.org", 8080, "/A", "b=c")),
        ("https://[::1]:8443/", Target("https", "::1", 8443)),
        ("ftp://[fe80::1%25eth0]/", Target("ftp", "fe80::1%eth0", 21)),
        ("imap://ann@h/", Target("imap", "h", 143, username="ann")),
        ("imap://ann:@h/", Target("imap", "h", 143, username="ann", password="")),
        ("imap://a%40b:p%3A%2F%20w@h/", Target("imap", "h", 143, username="a@b", password="p:/ w")),
        ("imap://%C3%A5sa:x@h", Target("imap", "h", 143, username="åsa", password="x")),
        ("http://bücher.example/", Target("http", "xn--bcher-kva.example", 80)),
        ("http://example.org./", Target("http", "example.org", 80)),
        ("ftp://h/a?b", Target("ftp", "h", 21, "/a?b")),
        ("lmtp://h:2424/", Target("lmtp", "h", 2424)),
        ("lmtp:///run/a%20b.sock", Target("lmtp", "", 24, "/run/a%20b.sock")),
        ("gopher://h/1/x?y", Target("gopher", "h", 70, "/1/x?y")),
    ],
)
def test_parts(text: str, expected: Target) -> None:
    """Login, host, port, path and query are told apart and decoded."""
    assert parse_url(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "example.org", "/etc/passwd", "http:/x", "http://", "http:///x", "mailto:a@b",
        "javascript://x", "file:///etc/passwd", "http://h:0/", "http://h:65536/", "http://h:x/",
        "http://[::1/", "http://[zz]/", "http://a b/", "http://h/a b", "http://h/\r\nX: y",
        "http://h/\tx", "ht\ntp://h/", "http://h\n.example/", "http://h/\x7f", "http://h/\0",
        "ftp://a%0D%0ADELE%20x:p@h/", "ftp://a:p%0Aw@h/", "ftp://a:%00@h/", "ftp://%FF:x@h/",
        "http://h%0d.example/", "http://h<x>/", "http://\u2100/",
        "lmtp://", "lmtp:///", "lmtp:/run/x", "smtp:///run/x",
    ],
)  # fmt: skip
def test_refused(text: str) -> None:
    """What is no URL, or would put a line of its own into a session, is refused."""
    with pytest.raises(BadURL):
        parse_url(text)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True), ("127.9.9.9", True), ("[::1]", True), ("localhost", True),
        ("a.localhost", True), ("10.0.0.1", False), ("[fe80::1]", False), ("0.0.0.0", False),
        ("localhost.example.org", False), ("127.0.0.1.example.org", False), ("127.1", False),
    ],
)  # fmt: skip
def test_loopback(host: str, loopback: bool) -> None:
    """Only what never leaves this machine is trusted without TLS."""
    assert parse_url(f"imap://{host}/").is_loopback is loopback


def test_sockets() -> None:
    """A Unix socket is on this machine, and named by its path."""
    target = parse_url("lmtp:///run/a%20b.sock")
    check_server(target)
    assert (target.socket, target.place, target.is_loopback) == (
        "/run/a b.sock",
        "/run/a b.sock",
        True,
    )
    assert target.url == "lmtp:///run/a%20b.sock"
    assert not parse_url("lmtp://h").socket


@pytest.mark.parametrize("text", ["smtp://h/x", "lmtp://h/run/x", "lmtp:///a?b", "lmtp:///%00"])
def test_more_than_a_mail_server(text: str) -> None:
    """What follows host and port would be left unheard."""
    with pytest.raises(BadURL):
        check_server(parse_url(text))


def test_told_without_the_login() -> None:
    """The URL that goes into a request, or an error, has no password in it."""
    assert parse_url("http://a:secret@[::1]:81/x%20y?q=%2f").url == "http://[::1]:81/x%20y?q=%2f"
    assert parse_url("https://h:443/å").url == "https://h/%C3%A5"


@pytest.mark.parametrize(
    ("read", "text", "expected"),
    [
        (file_path, "ftp://h/a/b%20c", "a/b c"),
        (file_path, "ftp://h/", ""),
        (file_path, "ftp://h//etc/motd", "/etc/motd"),
        (file_path, "ftp://h/%2Fetc/motd", "/etc/motd"),
        (file_path, "ftp://h/a;type=i", "a"),
        (file_path, "ftp://h/a;b", "a;b"),
        (file_path, "ftp://h/a;type=a", "a"),
        (file_path, "ftp://h/a;type=d", "a"),
        (file_path, "ftp://h/a;type=x", None),
        (file_name, "ftp://h/d/a;type=a", "a"),
        (file_path, "ftp://h/a%0D%0ADELE%20b", None),
        (file_path, "ftp://h/a%00", None),
        (file_path, "ftp://h/caf%E9", "caf\udce9"),
        (file_name, "ftp://h/a/b%2Fc", "b/c"),
        (file_name, "http://h/a/", ""),
        (file_name, "ftp://h/a/caf%E9", "caf\udce9"),
        (file_name, "http://h/caf%E9", None),
        (gopher_item, "gopher://h", GopherItem("1", "")),
        (gopher_item, "gopher://h/0/a%20b", GopherItem("0", "/a b")),
        (gopher_item, "gopher://h/7/s%09two%20words", GopherItem("7", "/s", "two words")),
        (gopher_item, "gopher://h/7/s?two%20words", GopherItem("7", "/s", "two words")),
        (gopher_item, "gopher://h/7/s%3Fa?b?c", GopherItem("7", "/s?a", "b?c")),
        (gopher_item, "gopher://h/7/s%09a?b", GopherItem("7", "/s", "a?b")),
        (gopher_item, "gopher://h/1/s?x", GopherItem("1", "/s?x")),
        (gopher_item, "gopher://h/0a%0D%0Ab", None),
        (gopher_item, "gopher://h/1a%09b%09+", None),
        (message_number, "pop3://h/12", 12),
        (message_number, "pop3://h/", None),
        (message_number, "pop3://h/0", None),
        (message_number, "pop3://h/1%0D%0ADELE%201", None),
        (message_number, "pop3://h/99999999999", None),
        (mailbox_path, "imap://h/", MailboxPath()),
        (mailbox_path, "imap://h/INBOX", MailboxPath("INBOX")),
        (mailbox_path, "imap://h/a/b;UID=7", MailboxPath("a/b", 7)),
        (mailbox_path, "imap://h/a/;uid=7/;section=1.2", MailboxPath("a", 7, None, "1.2")),
        (
            mailbox_path,
            "imap://h/%C3%A5;UIDVALIDITY=3/;UID=7/;SECTION=HEADER.FIELDS%20(TO)",
            MailboxPath("å", 7, 3, "HEADER.FIELDS (TO)"),
        ),
        (mailbox_path, "imap://h/a%3Bb;UID=7", MailboxPath("a;b", 7)),
        (mailbox_path, "imap://h/a;UID=0", None),
        (mailbox_path, "imap://h/a;UID=1:2", MailboxPath("a", several="1:2")),
        (
            mailbox_path,
            "imap://h/a;UID=1:*,9;SECTION=1",
            MailboxPath("a", None, None, "1", "1:*,9"),
        ),
        (mailbox_path, "imap://h/a;UID=*", MailboxPath("a", several="*")),
        (mailbox_path, "imap://h/a;UID=1:", None),
        (mailbox_path, "imap://h/a;UID=1,", None),
        (mailbox_path, "imap://h/;UID=1:2", None),
        (mailbox_path, "imap://h/a;UID=1;UID=2", None),
        (mailbox_path, "imap://h/a;MAILINDEX=1", None),
        (mailbox_path, "imap://h/;UID=1", None),
        (mailbox_path, "imap://h/a;SECTION=1", None),
        (mailbox_path, "imap://h/a?ALL", None),
        (mailbox_path, "imap://h/a%0Ab", None),
        (news_path, "nntp://h", NewsPath()),
        (news_path, "nntp://h/misc.test", NewsPath("misc.test")),
        (news_path, "nntp://h/misc.test/", NewsPath("misc.test")),
        (news_path, "nntp://h/misc.test/3", NewsPath("misc.test", 3)),
        (news_path, "news://h/a/b@c", NewsPath(message_id="<a/b@c>")),
        (news_path, "news://h/%3Ca@b%3E", NewsPath(message_id="<a@b>")),
        (news_path, "nntp://h/*", NewsPath()),
        (news_path, "nntp://h/misc.test/2-", NewsPath("misc.test", several=Numbers(((2, None),)))),
        (news_path, "nntp://h/misc.test/x", None),
        (news_path, "nntp://h//3", None),
        (news_path, "nntp://h/a%20b", None),
        (news_path, "news://h/a@b%20c", None),
        (news_path, "news://h/a@b%0D%0APOST", None),
    ],
)
def test_paths(read: Callable[[Target], object], text: str, expected: object) -> None:
    """Each scheme's path means what its RFC says; None: it is refused."""
    target = parse_url(text)
    if expected is None:
        with pytest.raises(BadURL):
            read(target)
    else:
        assert read(target) == expected


@pytest.mark.parametrize(
    ("url", "pattern", "directory"),
    [
        ("ftp://h/pub/*.txt", "*.txt", "/pub/"),
        ("ftp://h/a?c;type=i", "a?c", "/"),
        ("ftp://h/[a-c]%2A*", "[a-c][*]*", "/"),
        ("ftp://h/[!a]%5Bx", "[!a][[]x", "/"),
        ("http://h/d/*.t%20t?q", "*.t t", "/d/"),
        ("ftp://h/%2A", "", "/"),
        ("ftp://h/*/x", "", "/*/"),
        ("http://h/x?*", "", "/"),
        ("imap://h/*", "", "/"),
    ],
)
def test_patterns(url: str, pattern: str, directory: str) -> None:
    """A name with a star is a pattern, unless the star is encoded; of the last name only."""
    target = parse_url(url)
    assert file_pattern(target) == pattern
    assert directory_of(target).path == directory


def test_a_file_in_a_directory() -> None:
    """A name with anything in it stays one name."""
    assert under(parse_url("ftp://h/"), "caf\udce9").path == "/caf%E9"
    target = under(parse_url("ftp://a:b@h/d/"), "x/y ?#%.txt")
    assert target.path == "/d/x%2Fy%20%3F%23%25.txt"
    assert (target.username, target.password) == ("a", "b")


@given(st.text(max_size=40), st.sampled_from([file_path, gopher_item, mailbox_path, news_path]))
def test_no_line_end_gets_through(text: str, read: Callable[[Target], object]) -> None:
    """Whatever is written, nothing that ends a line reaches a session."""
    for scheme in ("ftp", "gopher", "imap", "nntp"):
        for url in (f"{scheme}://h/{text}", f"{scheme}://{text}@h/x"):
            try:
                target = parse_url(url)
                found = read(target)
            except BadURL:
                continue
            values = [target.host, target.username or "", target.password or ""]
            if isinstance(found, str):
                values.append(found)
            else:
                assert is_dataclass(found)
                assert not isinstance(found, type)
                values += map(str, astuple(found))
            assert not any(each in value for value in values for each in "\r\n\0")
