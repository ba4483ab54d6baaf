"""A suite for tests that block: the calls of each part, on a thread and in memory."""

from __future__ import annotations

import ftplib
import imaplib
import poplib
import smtplib
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from netsuite.gopher.client import GopherClient
from netsuite.testing.blocking import BlockingSuite, serve, shared_thread
from netsuite.testing.faults.rules import UnmetExpectation
from netsuite.testing.grounds import Memory


@pytest.fixture(params=["thread", "memory"])
def suite(request: pytest.FixtureRequest) -> Iterator[BlockingSuite]:
    """All that needs no client: the same on both grounds."""
    with serve(ground=Memory() if request.param == "memory" else None) as made:
        yield made


def test_mail(suite: BlockingSuite) -> None:
    """A mailbox."""
    ann = suite.mailbox("ann", "pass word")
    assert (ann.name, ann.password, ann.address) == ("ann", "pass word", "ann@example.test")
    assert ann.messages() == []
    mail = ann.deliver(subject="One", body="text\n", flags=["\\Seen"], X_Test="yes")
    assert (mail.uid, mail["X-Test"]) == (1, "yes")
    assert mail.flags == {"\\Seen"}
    ann.deliver(b"Subject: Two\r\n\r\n", folder="Old/2025")
    assert [each["Subject"] for each in ann.wait(1, subject="One")] == ["One"]
    (old,) = ann.wait(1, folder="Old/2025", matching=lambda each: each["Subject"] == "Two")
    assert ann.messages("Old/2025")[0].octets == old.octets == b"Subject: Two\r\n\r\n"
    with pytest.raises(AssertionError, match="1 messages after 0 seconds, wanted 2"):
        ann.wait(2, timeout=0)
    assert suite.mailbox("ann").messages()[0]["Subject"] == "One"


def test_news(suite: BlockingSuite) -> None:
    """A newsgroup."""
    group = suite.group("local.test")
    assert (group.name, group.articles) == ("local.test", [])
    assert group.post(subject="Hello", body="text\n").uid == 1
    assert [each["Subject"] for each in group.wait(1)] == ["Hello"]
    with pytest.raises(AssertionError, match="wanted 1 with the subject 'x'"):
        group.wait(1, subject="x", timeout=0)


def test_files(suite: BlockingSuite) -> None:
    """Files, as a mapping."""
    files = suite.files("ann")
    assert dict(files) == {}
    files["a/b.txt"] = "text"
    assert dict(files) == {"a/b.txt": b"text"}
    assert len(files) == 1
    assert files.wait("a/b.txt") == b"text"
    assert "a/c.txt" not in files
    assert dict(suite.files()) == {}
    with pytest.raises(AssertionError, match=r"no c\.txt after 0 seconds"):
        files.wait("c.txt", timeout=0)


def test_load_and_reset(suite: BlockingSuite, tmp_path: Path) -> None:
    """What a directory has is there, and then nothing."""
    for name in ("mail/ann/1.eml", "news/local.test/1", "files/public/a.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text("Subject: x\n\ny\n")
    suite.load(tmp_path)
    assert len(suite.mailbox("ann").messages()) == len(suite.group("local.test").articles) == 1
    assert list(suite.files()) == ["a.txt"]
    suite.reset()
    assert suite.mailbox("ann").messages() == suite.group("local.test").articles == []
    assert list(suite.files()) == []


def test_services(suite: BlockingSuite) -> None:
    """By their names; one that does not run is named. Clients of netsuite's may be run, too."""
    assert suite.smtp is suite["smtp"]
    with pytest.raises(AttributeError, match="no service uucp runs here"):
        suite.uucp  # noqa: B018
    with pytest.raises(KeyError):
        suite["uucp"]
    suite.files()["a.txt"] = "text\n"
    client = GopherClient(suite.gopher.endpoint, clock=suite.inner.clock)
    assert suite.run(lambda: client.text("/a.txt")) == b"text\r\n"
    assert "gopher-1:\n  C: /a.txt" in suite.transcripts()


def test_the_standard_library() -> None:
    """smtplib, imaplib, poplib, ftplib and urllib against a thread."""
    with serve("smtp", "imap", "pop3", "ftp", "http") as suite:
        ann = suite.mailbox("ann")
        login = ann.name, ann.password
        with smtplib.SMTP(*suite.smtp.address) as smtp:
            smtp.sendmail("a@example.net", [ann.address], b"Subject: Hi\r\n\r\n.\r\n")
        assert ann.wait()[0].octets.endswith(b"\r\n\r\n.\r\n")
        with imaplib.IMAP4(*suite.imap.address) as imap:
            imap.login(*login)
            assert imap.select() == ("OK", [b"1"])
        pop3 = poplib.POP3(*suite.pop3.address)
        pop3.user(ann.name)
        pop3.pass_(ann.password)
        assert pop3.stat()[0] == 1
        pop3.quit()
        with ftplib.FTP() as ftp:
            ftp.connect(*suite.ftp.address)
            ftp.login(*login)
            with ftp.transfercmd("STOR public/a.txt") as data:
                data.sendall(b"text")
            ftp.voidresp()
        assert suite.files("ann").wait("public/a.txt") == b"text"
        with urllib.request.urlopen(f"{suite.http.url}~ann/a.txt") as response:
            assert response.read() == b"text"
        assert [each.method for each in suite.http.requests] == ["GET"]


def test_several_at_once() -> None:
    """Suites share the thread, and nothing else."""
    with serve("smtp") as one, serve("smtp") as two:
        assert one.inner.ground is two.inner.ground is shared_thread()
        assert one.smtp.port != two.smtp.port
        one.mailbox("ann").deliver(subject="for one")
        assert two.mailbox("ann").messages() == []
    assert [each.name for each in threading.enumerate()].count("netsuite-testing") == 1


def test_ends() -> None:
    """It may be stopped twice; what is called at the end is called; nobody answers any longer."""
    closed: list[None] = []
    suite = BlockingSuite(serve("smtp").inner, lambda: closed.append(None)).start()
    address = suite.smtp.address
    suite.stop()
    suite.stop()
    assert len(closed) == 2
    with pytest.raises(ConnectionRefusedError):
        smtplib.SMTP(*address)


def test_unmet() -> None:
    """A fault that has not happened is told at the end, unless something worse went wrong."""
    with pytest.raises(UnmetExpectation, match="RCPT"), serve("smtp") as suite:
        suite.smtp.refusing("RCPT", 451, times=1)
    with pytest.raises(KeyError), serve("smtp") as suite:
        suite[suite.smtp.refusing("RCPT", 451, times=1).label]


def test_does_not_start() -> None:
    """What a suite cannot be is said at once."""
    with pytest.raises(ValueError, match="no service: uucp"):
        serve("uucp")


def test_connections_are_numbered_anew_after_a_reset() -> None:
    """The first connection behind a reset is number one, of sessions and of octets."""
    with serve("smtp") as suite:
        for _ in range(2):
            refused = suite.smtp.refusing("EHLO", 421, connection=1, times=1)
            with refused, smtplib.SMTP(*suite.smtp.address) as smtp:
                assert smtp.ehlo()[0] == 421
            cut = suite.smtp.drop(connection=2, times=1)
            with cut, pytest.raises(smtplib.SMTPServerDisconnected):
                smtplib.SMTP(*suite.smtp.address)
            suite.reset()
