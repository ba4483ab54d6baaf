"""One article, two views: what NNTP took is in IMAP's public folder, octet for octet, and back.

NNTP alone puts one field before those octets: Xref, as the server of its readers (RFC 5537, 3.7).
"""

from __future__ import annotations

import imaplib
import re

from netsuite.testing.daemon import Daemon
from tests.benchmarks.sockets import Lines

ARTICLE = (
    "From: Alice <alice@example.test>\r\n"
    "Newsgroups: example.talk,example.announce\r\n"
    "Subject: seen everywhere\r\n"
    "Message-ID: <everywhere@example.test>\r\n"
    "\r\n"
    "..a dot\r\n"
    "Gr\u00fc\u00dfe\r\n"
)


def body_of(lines: Lines) -> bytes:
    """Read a multi-line answer, dot-stuffing undone."""
    read = []
    while (line := lines.hear()) != b".\r\n":
        read.append(line.removeprefix(b".") if line.startswith(b"..") else line)
    return b"".join(read)


def logged_in(imap: imaplib.IMAP4, name: str, folder: str) -> None:
    """Log in and select."""
    imap.login(name, "netsuite")
    assert imap.select(f'"{folder}"')[0] == "OK"


def test_posted_article_in_imap(daemon: Daemon) -> None:
    """Crossposted by NNTP: the same octets in both public folders, numbers are UIDs."""
    with Lines(daemon.ports["nntp"]) as nntp:
        nntp.hear()
        nntp.ask("AUTHINFO USER alice", b"381")
        nntp.ask("AUTHINFO PASS netsuite", b"281")
        nntp.ask("POST", b"340")
        nntp.socket.sendall(ARTICLE.encode() + b".\r\n")
        assert nntp.hear() == b"240 Article received <everywhere@example.test>\r\n"
        nntp.ask("ARTICLE <everywhere@example.test>", b"220")
        octets = body_of(nntp)
        nntp.ask("HDR xref <everywhere@example.test>", b"225")
        places = dict(word.split(":") for word in body_of(nntp).decode().split()[2:])
        nntp.ask("POST", b"340")
        nntp.socket.sendall(ARTICLE.encode() + b".\r\n")
        assert nntp.hear().startswith(b"441 There is an article with that Message-ID")
    assert set(places) == {"example.talk", "example.announce"}
    header, _, body = octets.partition(b"\r\n\r\n")
    assert body == b".a dot\r\nGr\xc3\xbc\xc3\x9fe\r\n"
    locations = " ".join(f"{group}:{number}" for group, number in places.items())
    xref = f"Xref: localhost {locations}\r\n".encode()
    assert header.startswith(xref + b"Path: localhost!.POSTED!not-for-mail\r\n")
    for group, number in places.items():
        with imaplib.IMAP4("127.0.0.1", daemon.ports["imap"], timeout=20) as imap:
            logged_in(imap, "bob", f"Public/{group}")
            _, data = imap.uid("FETCH", number, "(BODY.PEEK[])")
            assert xref + data[0][1] == octets


def test_read_state_is_everybodys_own(daemon: Daemon) -> None:
    """What alice has read by IMAP is read for her and nobody else; NNTP goes on giving it."""
    group = "example.announce"
    with imaplib.IMAP4("127.0.0.1", daemon.ports["imap"], timeout=20) as imap:
        logged_in(imap, "alice", f"Public/{group}")
        imap.uid("STORE", "1", "+FLAGS", r"(\Seen)")
    for name, seen in (("alice", True), ("bob", False)):
        with imaplib.IMAP4("127.0.0.1", daemon.ports["imap"], timeout=20) as imap:
            logged_in(imap, name, f"Public/{group}")
            _, data = imap.uid("FETCH", "1", "(FLAGS)")
            assert (b"\\Seen" in data[0]) is seen, (name, data)
    with Lines(daemon.ports["nntp"]) as nntp:
        nntp.hear()
        nntp.ask(f"GROUP {group}", b"211")
        nntp.ask("STAT 1", b"223 1 ")


def test_seen_at_once(daemon: Daemon) -> None:
    """A reader that has a group open sees the next article without asking for the group again,
    and an IMAP client that waits in IDLE is told of it."""
    with Lines(daemon.ports["imap"]) as imap, Lines(daemon.ports["nntp"]) as reader:
        imap.hear()
        for command in ("a LOGIN bob netsuite", "b SELECT Public/example.talk"):
            imap.say(command)
            for _ in imap.until_tagged(command[:1].encode()):
                pass
        imap.say("c IDLE")
        assert imap.hear().startswith(b"+ ")
        reader.hear()
        high = int(reader.ask("GROUP example.talk", b"211").split()[3])
        with Lines(daemon.ports["nntp"]) as poster:
            poster.hear()
            poster.ask("AUTHINFO USER bob", b"381")
            poster.ask("AUTHINFO PASS netsuite", b"281")
            poster.ask("POST", b"340")
            text = ARTICLE.replace("everywhere@", "again@").replace(",example.announce", "")
            poster.socket.sendall(text.encode() + b".\r\n")
            assert poster.hear().startswith(b"240")
        reader.ask(f"STAT {high + 1}", b"223")
        assert re.fullmatch(rb"\* [0-9]+ EXISTS\r\n", imap.hear())
