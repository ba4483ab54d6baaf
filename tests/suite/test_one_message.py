"""One message, every view: what came in by one door is the same behind all others."""

from __future__ import annotations

import email
import imaplib
import poplib
import smtplib
import urllib.request

from netsuite.testing.daemon import Daemon
from tests.suite.doors import Lines, at_the_shell

MAIL = (
    b"From: Carol <carol@example.test>\r\nTo: alice@example.test\r\nSubject: seen by all\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    b"..dots\r\n.\r\n" + "Grüße\r\n".encode() + b"end\r\n"
)
ARTICLE = (
    b"From: Alice <alice@example.test>\r\nNewsgroups: example.talk\r\nSubject: to the group\r\n"
    b"Message-ID: <suite-1@example.test>\r\n\r\nfirst\r\n.dotted\r\n..twice\r\nlast\r\n"
)


def imap(daemon: Daemon, user: str = "alice") -> imaplib.IMAP4:
    """Log in by IMAP."""
    client = imaplib.IMAP4("127.0.0.1", daemon.ports["imap"], timeout=20)
    client.login(user, "netsuite")
    return client


def newest(client: imaplib.IMAP4, folder: str) -> bytes:
    """Fetch the newest message of a folder, and leave it unread."""
    client.select(folder, readonly=True)
    _, data = client.fetch("*", "(BODY.PEEK[])")
    assert isinstance(data[0], tuple)
    return data[0][1]


def test_by_smtp(daemon: Daemon) -> None:
    """Mail is the same octets in IMAP and POP3; read state and deletion are shared."""
    with smtplib.SMTP("127.0.0.1", daemon.ports["smtp"], timeout=20) as smtp:
        smtp.sendmail("carol@example.test", ["alice@example.test"], MAIL)
    with imap(daemon) as reader:
        by_imap = newest(reader, "INBOX")
        assert by_imap.endswith(b"\r\n" + MAIL)
        pop3 = poplib.POP3("127.0.0.1", daemon.ports["pop3"], timeout=20)
        pop3.user("alice")
        pop3.pass_("netsuite")
        count, _ = pop3.stat()
        lines = pop3.retr(count)[1]
        by_pop3 = b"".join(line + b"\r\n" for line in lines)
        assert by_pop3 == by_imap
        assert len(by_imap) == int(pop3.list()[1][count - 1].split()[1])
        pop3.dele(count)
        pop3.quit()
        reader.noop()
        _, data = reader.search(None, 'SUBJECT "seen by all"')
        assert data == [b""]


def test_binary_by_smtp(daemon: Daemon) -> None:
    """What came as BINARYMIME is whole behind every door: its size is that of its octets, its text
    is lines, and its binary part loses nothing."""
    image = bytes(range(256)) * 300
    mail = (
        b"Subject: binary\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
        b"Content-Transfer-Encoding: binary\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
        b"a\nb\rc\0\r\n--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        + image
        + b"\r\n--b--\r\n"
    )
    with smtplib.SMTP("127.0.0.1", daemon.ports["smtp"], timeout=20) as smtp:
        smtp.ehlo()
        assert smtp.mail("carol@example.test", ["BODY=BINARYMIME"])[0] == 250
        assert smtp.rcpt("alice@example.test")[0] == 250
        smtp.send(b"BDAT %d LAST\r\n%b" % (len(mail), mail))
        assert smtp.getreply()[0] == 250
    with imap(daemon) as reader:
        by_imap = newest(reader, "INBOX")
        _, data = reader.fetch("*", "(RFC822.SIZE)")
        assert isinstance(data[0], bytes)
        assert b"RFC822.SIZE %d)" % len(by_imap) in data[0]
    _, text, picture = email.message_from_bytes(by_imap).walk()
    assert picture.get_payload(decode=True) == image
    assert text.get_payload(decode=True) == b"a\r\nb\r\nc\x80"
    pop3 = poplib.POP3("127.0.0.1", daemon.ports["pop3"], timeout=20)
    pop3.user("alice")
    pop3.pass_("netsuite")
    count, _ = pop3.stat()
    by_pop3 = b"".join(line + b"\r\n" for line in pop3.retr(count)[1])
    assert by_pop3 == by_imap
    assert len(by_imap) == int(pop3.list()[1][count - 1].split()[1])
    pop3.dele(count)
    pop3.quit()


def test_by_smtp_at_the_shell(daemon: Daemon) -> None:
    """The Telnet shell shows mail as it came, and what it shows is read for IMAP too."""
    with smtplib.SMTP("127.0.0.1", daemon.ports["smtp"], timeout=20) as smtp:
        smtp.sendmail("carol@example.test", ["bob@example.test"], MAIL)
    with imap(daemon, "bob") as reader:
        reader.select("INBOX", readonly=True)
        number = reader.search(None, 'UNSEEN SUBJECT "seen by all"')[1][0].decode()
        shown = at_the_shell(daemon, "bob", "mail list", f"mail read {number}")
        assert b"Subject: seen by all\r\n" in shown
        assert b"..dots\r\n.\r\n" in shown
        reader.noop()
        assert reader.search(None, 'SEEN SUBJECT "seen by all"')[1][0].decode() == number


def test_by_nntp(daemon: Daemon) -> None:
    """An article is the same octets in NNTP, IMAP's public folder, Gopher and HTTP; who has read
    it is each reader's own."""
    with Lines(daemon.ports["nntp"]) as news:
        assert news.hear().startswith(b"20")
        assert news.ask("AUTHINFO USER alice").startswith(b"381")
        assert news.ask("AUTHINFO PASS netsuite").startswith(b"281")
        assert news.ask("POST").startswith(b"340")
        stuffed = ARTICLE.replace(b"\r\n.", b"\r\n..")
        news.socket.sendall(stuffed + b".\r\n")
        assert news.hear().startswith(b"240")
        number = int(news.ask("GROUP example.talk").split()[3])
        assert news.ask("ARTICLE <suite-1@example.test>").startswith(b"220")
        by_message_id = news.body()
        assert news.ask(f"ARTICLE {number}").startswith(b"220")
        by_number = news.body()
    assert without_xref(by_message_id) == without_xref(by_number)
    assert ARTICLE.partition(b"\r\n\r\n")[2] == by_number.partition(b"\r\n\r\n")[2]
    with imap(daemon) as alice, imap(daemon, "bob") as bob:
        stored = newest(alice, "Public/example.talk")
        assert stored == without_xref(by_number)
        alice.select("Public/example.talk")
        alice.store(str(len(alice.search(None, "ALL")[1][0].split())), "+FLAGS", r"(\Seen)")
        for reader, unseen in ((alice, False), (bob, True)):
            reader.select("Public/example.talk", readonly=True)
            _, found = reader.search(None, 'UNSEEN SUBJECT "to the group"')
            assert bool(found[0]) is unseen
    with Lines(daemon.ports["gopher"]) as gopher:
        gopher.socket.sendall(f"/news/example.talk/{number}\r\n".encode())
        assert gopher.body() == stored
    assert by_http(daemon, f"example.talk/{number}.eml") == stored
    assert b"to the group" in by_http(daemon, "example.talk/")
    page = by_http(daemon, f"example.talk/{number}")
    assert b"first\n.dotted\n..twice\nlast\n" in page
    shown = at_the_shell(daemon, "bob", f"news read example.talk {number}")
    assert b"first\r\n.dotted\r\n..twice\r\nlast\r\n" in shown
    with Lines(daemon.ports["gopher"]) as gopher:
        gopher.socket.sendall(b"/search\tto the group\r\n")
        assert f"\t/news/example.talk/{number}\t".encode() in gopher.body()


def by_http(daemon: Daemon, path: str) -> bytes:
    """Fetch something of the news by HTTP."""
    url = f"http://127.0.0.1:{daemon.ports['http']}/news/{path}"
    with urllib.request.urlopen(url, timeout=20) as answer:
        octets = answer.read()
    assert isinstance(octets, bytes)
    return octets


def test_by_telnet(daemon: Daemon) -> None:
    """An article posted at the shell is the same octets in NNTP, IMAP and HTTP."""
    lines = ("from the shell", "first", "..dotted", "last", ".")
    shown = at_the_shell(daemon, "bob", "news post example.talk", *lines)
    assert b"Posted to example.talk." in shown
    with Lines(daemon.ports["nntp"]) as news:
        assert news.hear().startswith(b"20")
        number = int(news.ask("GROUP example.talk").split()[3])
        assert news.ask(f"ARTICLE {number}").startswith(b"220")
        by_number = news.body()
    with imap(daemon) as alice:
        stored = newest(alice, "Public/example.talk")
    assert b"\r\nSubject: from the shell\r\n" in stored
    assert stored == without_xref(by_number)
    assert by_http(daemon, f"example.talk/{number}.eml") == stored
    assert b"from the shell" in by_http(daemon, f"example.talk/{number}")
    assert b"<title>from the shell</title>" in by_http(daemon, "example.talk/feed.atom")


def without_xref(article: bytes) -> bytes:
    """Take away the one field that each server computes for its readers (RFC 5537, 3.2)."""
    header, empty, body = article.partition(b"\r\n\r\n")
    kept = [line for line in header.split(b"\r\n") if not line.startswith(b"Xref:")]
    return b"\r\n".join(kept) + empty + body


def test_urllib_sees_the_site(daemon: Daemon) -> None:
    """The site that HTTP shows is the one Gopher shows."""
    url = f"http://127.0.0.1:{daemon.ports['http']}/"
    with urllib.request.urlopen(url, timeout=20) as answer:
        page = answer.read()
    with Lines(daemon.ports["gopher"]) as gopher:
        gopher.socket.sendall(b"\r\n")
        menu = gopher.body()
    names = {
        line.split(b"\t")[1].rpartition(b"/")[2] for line in menu.split(b"\r\n") if b"\t/" in line
    }
    shown = [name for name in names if name and name in page]
    assert shown, (menu, page)
