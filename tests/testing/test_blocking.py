"""A suite for tests that block: the calls of each part, on a thread and in memory."""

from __future__ import annotations

import ftplib
import imaplib
import poplib
import smtplib
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from netsuite.gopher.client import GopherClient
from netsuite.http.commands import Response
from netsuite.http.request import IncomingRequest
from netsuite.testing import mail
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


def test_a_mailbox_by_its_address(suite: BlockingSuite) -> None:
    """An address names the account whose mail goes there, however it is written."""
    ann = suite.mailbox("ann")
    ann.deliver(subject="One")
    for address in ("Ann@elsewhere.example", "ann+shop@example.test"):
        assert [each["Subject"] for each in suite.mailbox(address).messages()] == ["One"]


def test_a_password_of_later(suite: BlockingSuite) -> None:
    """Whoever asks for a mailbox again with a password has it from then on."""
    suite.mailbox("ann")
    ann = suite.mailbox("ann", "new")
    assert suite.mailbox("ann").password == ann.password == "new"
    if isinstance(suite.inner.ground, Memory):
        return
    with imaplib.IMAP4(*suite.imap.address) as client:
        with pytest.raises(imaplib.IMAP4.error):
            client.login("ann", "secret")
        client.login("ann", "new")


def test_line_ends(suite: BlockingSuite) -> None:
    """A message as a file has it is one as the store has it."""
    ann = suite.mailbox("ann")
    for written in ("Subject: One\n\nÄ\n", "Subject: One\n\nÄ\n".encode()):
        assert ann.deliver(written).octets == "Subject: One\r\n\r\nÄ\r\n".encode()
    assert suite.group("local.test").post("Subject: One\n\n").octets == b"Subject: One\r\n\r\n"


def test_files_come_and_go(suite: BlockingSuite) -> None:
    """A file is removed; a directory is none, nor is what climbs."""
    files = suite.files("ann")
    files["letters/a.txt"] = "Dear Bob"
    for name in ("letters", "../a.txt", "b.txt"):
        assert name not in files
        with pytest.raises(KeyError):
            del files[name]
    del files["letters/a.txt"]
    assert list(files) == []


def test_start_twice() -> None:
    """It serves where it served; and before the start nothing does, which is told."""
    suite = serve("smtp")
    with pytest.raises(AttributeError, match="smtp does not run yet: start the suite"):
        _ = suite.smtp
    with suite.start():
        port = suite.smtp.port
        assert suite.start().smtp.port == port
        with pytest.raises(AttributeError, match="no service imap runs here; there are: smtp"):
            _ = suite.imap


def test_the_same_with_a_seed() -> None:
    """Octets, ids and dates are, though the clock of a thread is a real one."""

    def run() -> list[bytes]:
        with serve("smtp", seed=7) as suite:
            suite.mailbox("ann").deliver(subject="One")
            with smtplib.SMTP(*suite.smtp.address, local_hostname="shop.example") as smtp:
                smtp.sendmail("shop@example.test", ["ann@example.test"], "Subject: Two\r\n\r\n")
            return [each.octets for each in suite.mailbox("ann").wait(2)]

    assert run() == run()


@pytest.mark.parametrize(
    ("recipient", "code"),
    [
        ("ann@other.example", 250),
        ("o'brien=x_1@other.example", 250),
        ('"ann smith"@other.example', 250),
        ("ann@xn--bcher-kva.example", 250),
        ("postmaster@other.example", 250),
        ("ann@[127.0.0.1]", 550),
    ],
)
def test_anybody(recipient: str, code: int) -> None:
    """Mail is taken for whatever address can be somebody's, and refused to others in order."""
    with serve("smtp") as suite, smtplib.SMTP(*suite.smtp.address) as smtp:
        smtp.ehlo()
        smtp.mail("shop@example.test")
        assert smtp.rcpt(recipient)[0] == code


def test_a_body_of_http() -> None:
    """What a handler reads of a request is noted."""

    async def hook(request: IncomingRequest) -> Response:
        await request.read(1000)
        return Response(204)

    with serve("http") as suite:
        suite.site.http.add("POST", "/hook", hook)
        asked = urllib.request.Request(suite.http.url + "hook", b'{"order": 7}', method="POST")
        urllib.request.urlopen(asked).close()
        assert suite.http.requests[-1].body == b'{"order": 7}'


def test_a_wait_that_fails() -> None:
    """It tells what was wanted, what is there and elsewhere, and nothing of how it was run."""
    with serve("smtp") as suite:
        suite.mailbox("bob").deliver(subject="For Bob")
        suite.mailbox("ann").deliver(subject="Old", folder="Archive")
        ann = suite.mailbox("ann")
        ann.deliver(subject="Order 8")
        with pytest.raises(AssertionError) as failed:
            ann.wait(2, subject="Order 7", matching=lambda each: False, timeout=0.01)
    lines = str(failed.value).splitlines()
    assert lines[:4] == [
        "ann's INBOX: 0 messages after 0.01 seconds, wanted 2 with the subject 'Order 7' "
        "that match",
        "there is: 'Order 8' from sender@example.net",
        "elsewhere, in ann's Archive: 'Old'",
        "elsewhere, in bob's INBOX: 'For Bob'",
    ]
    assert not [each for each in failed.traceback if "twisted" in str(each.path)]


def test_check(suite: BlockingSuite) -> None:
    """What a reset would forget is told before."""
    suite.smtp.refusing("RCPT", 451, times=1)
    with pytest.raises(UnmetExpectation, match="refusing RCPT 451: happened 0 of 1"):
        suite.check()
    suite.reset()
    suite.check()
    with pytest.raises(RuntimeError, match="pytest's fixtures"):
        suite.flush_errors()


@pytest.mark.parametrize(
    ("name", "code", "there"),
    [("smtp", 250, "45"), ("imap", 451, "NO"), ("ftp", "NO", "45"), ("gopher", 7, "no codes")],
)
def test_what_does_not_refuse(suite: BlockingSuite, name: str, code: int, there: str) -> None:
    """A code that refuses nothing, or is none, is not taken; nor is a fault of TLS that is none."""
    with pytest.raises(ValueError, match=there):
        suite[name].refusing("", code)
    with pytest.raises(ValueError, match="exired is no fault of TLS; there are expired,"):
        suite[name].tls("exired")


def test_a_wait_reads_each_message_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many come while it waits."""
    read: list[bytes] = []

    def parsed(octets: bytes) -> mail.Mail:
        read.append(octets)
        return made(octets)

    made = mail.parsed
    monkeypatch.setattr(mail, "parsed", parsed)
    with serve("smtp") as suite, ThreadPoolExecutor(1) as pool:
        ann = suite.mailbox("ann")
        waiting = pool.submit(ann.wait, 20)
        with smtplib.SMTP(*suite.smtp.address) as smtp:
            for number in range(20):
                smtp.sendmail("shop@example.test", [ann.address], f"Subject: {number}\r\n\r\n")
        assert [each["Subject"] for each in waiting.result()] == [str(n) for n in range(20)]
    assert len(read) == 20
