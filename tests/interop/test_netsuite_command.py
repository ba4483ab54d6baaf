"""The client half of the netsuite command against a real daemon, as somebody would type it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner

from netsuite.cli import main
from netsuite.testing.daemon import Daemon
from tests.cli.commands import COMMAND, heed_interrupts
from tests.interop import proxies

pytestmark = pytest.mark.long
LETTER = "From: a@example.test\nTo: alice@example.test\nSubject: {}\n\n.dot\nhello\n"
ALICE = ("-u", "alice:netsuite")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Return a demo daemon without its page, which stands before the listing of the site."""
    with Daemon(tmp_path_factory.mktemp("command")) as running:
        (running.home / "files/public/index.html").unlink()
        yield running


def command(*words: object) -> list[str]:
    """Return the command line of a netsuite command."""
    return [*COMMAND, *map(str, words)]


def run(*words: object, text: str = "", code: int = 0, home: Path | None = None) -> tuple[str, str]:
    """Run it to its exit code; return what it printed, and what it complained of."""
    environment = {**os.environ, "HOME": str(home or "/nonexistent")}
    environment.pop("NETRC", None)
    done = subprocess.run(
        command(*words), input=text.encode(), capture_output=True, timeout=60, env=environment
    )
    complaints = done.stderr.decode()
    assert done.returncode == code, complaints
    assert "Traceback" not in complaints
    assert "netsuite" not in complaints.replace("netsuite:", "") or "-v" in words, complaints
    return done.stdout.decode(), complaints


def refused(code: int, *words: object, home: Path | None = None) -> str:
    """Run what must fail with a code; return its one line."""
    printed, complaint = run(*words, code=code, home=home)
    assert printed == ""
    assert complaint.startswith("netsuite: ")
    assert complaint.count("\n") == 1, complaint
    return complaint


def rows(*words: object) -> list[dict[str, object]]:
    """Return what ls tells as JSON."""
    found: list[dict[str, object]] = json.loads(run("ls", "--json", *words)[0])
    return found


def place(daemon: Daemon, scheme: str) -> str:
    """Return the beginning of a URL."""
    service = scheme.removesuffix("s") if scheme not in ("pop3s", "ftps") else scheme[:-1]
    port = (daemon.tls_ports if scheme.endswith("s") else daemon.ports)[service]
    return f"{scheme}://127.0.0.1:{port}"


@pytest.mark.parametrize("scheme", ["ftp", "http", "gopher"])
def test_public_files(daemon: Daemon, scheme: str, tmp_path: Path) -> None:
    """A file is listed and fetched, to a file or not; one that is not there is exit 1, and what
    stands in FILE stays."""
    url = place(daemon, scheme)
    (item,) = [each for each in rows(f"{url}/") if "welcome.txt" in str(each)]
    path = f"0{item['selector']}" if scheme == "gopher" else item["name"]
    printed, _ = run("get", f"{url}/{path}")
    assert printed.startswith("Welcome. This file is in the public site")
    run("get", f"{url}/{path}", "-o", tmp_path / "f")
    assert (tmp_path / "f").read_bytes().decode() == printed
    refused(1, "get", f"{url}/0/nothing", "-o", tmp_path / "f")
    assert (tmp_path / "f").read_bytes().decode() == printed


@pytest.mark.parametrize("scheme", ["ftp", "http"])
def test_files_there_and_back(daemon: Daemon, scheme: str, tmp_path: Path) -> None:
    """A file that is put is got, octet by octet; what was broken off is continued, what is whole
    is left alone, and what has changed on the server is fetched anew."""
    octets = bytes(range(256)) * 2000
    (tmp_path / "x y#.bin").write_bytes(octets)
    folder = place(daemon, scheme) + ("/public/" if scheme == "ftp" else "/~alice/")
    name = f"{scheme}.bin"
    run("put", *ALICE, tmp_path / "x y#.bin", folder)
    run("put", *ALICE, tmp_path / "x y#.bin", folder + name)
    assert {"x y#.bin", name} <= {each["name"] for each in rows(*ALICE, folder)}
    # HTTP trusts a time only when it lies back long enough (RFC 9110, 8.8.2.2).
    (stored,) = (daemon.home / "files").rglob(name)
    os.utime(stored, (1e9, 1e9))
    got = tmp_path / "got"
    fetch = ("get", *ALICE, folder + name, "-o", got, "--continue")
    run(*fetch)
    assert got.read_bytes() == octets
    got.write_bytes(octets[:100_000])
    os.utime(got, (1e9, 1e9))
    _, said = run(*fetch, "-v")
    assert "C Range: bytes=100000-" in said if scheme == "http" else "C REST 100000" in said
    assert got.read_bytes() == octets
    run(*fetch)
    assert got.read_bytes() == octets
    got.write_bytes(b"of another file")
    run(*fetch)
    assert got.read_bytes() == octets
    assert got.stat().st_mtime == 1e9


def test_mail(daemon: Daemon, tmp_path: Path) -> None:
    """A message is sent, listed and fetched by IMAP and by POP3, and one is put into a mailbox."""
    smtp, imap, pop3 = (place(daemon, each) for each in ("smtp", "imap", "pop3"))
    run("send", "--server", smtp, "--from", "a@example.test", "--to", "alice@example.test",
        text=LETTER.format("sent"))  # fmt: skip
    (message,) = [each for each in rows(*ALICE, f"{imap}/INBOX") if each["subject"] == "sent"]
    header, _ = run("get", *ALICE, f"{imap}/INBOX;UID={message['uid']};SECTION=HEADER")
    assert header.endswith("Subject: sent\r\n\r\n")
    whole, _ = run("get", *ALICE, f"{imap}/INBOX/;UID={message['uid']}")
    assert whole == header + ".dot\r\nhello\r\n"
    last = rows(*ALICE, f"{pop3}/")[-1]
    assert run("get", *ALICE, f"{pop3}/{last['number']}")[0] == whole
    assert last["octets"] == len(whole)
    (tmp_path / "big.eml").write_text(LETTER.format("kept") + "0123456789" * 20_000 + "\n")
    run("put", *ALICE, tmp_path / "big.eml", f"{imap}/Drafts")
    (kept,) = rows(*ALICE, f"{imap}/Drafts")
    got, _ = run("get", *ALICE, f"{imap}/Drafts;UID={kept['uid']}")
    assert got == (tmp_path / "big.eml").read_text().replace("\n", "\r\n")
    assert kept["flags"] == rows(*ALICE, f"{imap}/Drafts")[0]["flags"]
    assert "Drafts" in {each["mailbox"] for each in rows(*ALICE, f"{imap}/")}
    refused(1, "get", *ALICE, f"{imap}/INBOX;UID=4000")
    refused(1, "get", *ALICE, f"{imap}/INBOX;UIDVALIDITY=1;UID=1")
    refused(1, "get", *ALICE, f"{pop3}/4000")
    line = refused(1, "send", "--server", smtp, "--from", "", "--to", "nobody@example.test",
                   tmp_path / "big.eml")  # fmt: skip
    assert "nobody@example.test: 550" in line


def test_news(daemon: Daemon, tmp_path: Path) -> None:
    """An article is posted, listed, and fetched by its number and by its Message-ID."""
    nntp = place(daemon, "nntp")
    assert {"example.talk", "example.announce"} <= {each["group"] for each in rows(f"{nntp}/")}
    article = "From: alice@example.test\nNewsgroups: example.talk\nSubject: posted\n\n.dot\n"
    run("post", *ALICE, "--server", nntp, text=article)
    last = rows(f"{nntp}/example.talk")[-1]
    assert last["subject"] == "posted"
    by_number, _ = run("get", f"{nntp}/example.talk/{last['number']}")
    assert by_number.endswith("\r\n\r\n.dot\r\n")
    by_name, _ = run("get", f"{nntp}/{str(last['message-id']).strip('<>')}")
    assert by_name == by_number
    refused(1, "get", f"{nntp}/example.talk/4000")
    refused(1, "ls", f"{nntp}/no.such.group")


@pytest.mark.parametrize("scheme", ["ftps", "https", "pop3s", "imaps", "nntps"])
def test_tls_from_the_first_octet(daemon: Daemon, scheme: str) -> None:
    """A certificate nobody has vouched for is exit 4; with its authority it is taken."""
    url = place(daemon, scheme) + "/"
    assert "certificate" in refused(4, "ls", *ALICE, url)
    assert rows(*ALICE, url, "--cacert", daemon.home / "tls" / "default.pem")


@pytest.mark.parametrize("scheme", ["ftp", "pop3", "imap", "nntp"])
def test_tls_asked_for(daemon: Daemon, scheme: str) -> None:
    """With --tls required the login is said under TLS."""
    url = place(daemon, scheme) + "/"
    _, said = run("ls", *ALICE, url, "--tls", "required", "-k", "-v")
    begun = [each for each in ("STARTTLS", "STLS", "AUTH TLS") if f"{each}\n" in said]
    assert begun
    assert "***" in said.partition(f"{begun[0]}\n")[2]
    assert "***" not in said.partition(f"{begun[0]}\n")[0]
    assert "C PASS netsuite" not in said


def test_never_in_the_clear_instead(daemon: Daemon) -> None:
    """Where the certificate is no good the session ends before the login."""
    words = ("ls", *ALICE, place(daemon, "imap"), "--tls", "required", "-v")
    _, said = run(*words, code=4)
    assert "STARTTLS\n" in said
    assert "AUTHENTICATE" not in said
    assert "LOGIN alice" not in said


def test_some_recipients(daemon: Daemon) -> None:
    """Who was not taken is told, each with the reason; the code says whether anybody was."""
    smtp = place(daemon, "smtp")
    nobodies = ("--to", "nobody@example.test", "--to", "x@elsewhere.test")
    words = ("send", "--server", smtp, "--from", "a@example.test")
    for more, code in (((), 1), (("--to", "alice@example.test"), 8)):
        _, complaint = run(*words, *nobodies, *more, text=LETTER.format("some"), code=code)
        first, second = complaint.splitlines()
        assert first.startswith("netsuite: nobody@example.test: 550 5.1.1 ")
        assert second.startswith("netsuite: x@elsewhere.test: 550 5.7.1 ")


#: What a server says after EHLO's reply, MAIL, RCPT, and the rest; whether that is a yes, and what
#: the command says of it.
SCRIPTS = {
    "a reply too many": (b"250 stray\r\n", b"250 mail\r\n", b"250 rcpt\r\n", 1),
    "no 354": (b"", b"250 mail\r\n", b"250 rcpt\r\n", b"250 go\r\n", 1),
    "refused at the end": (b"", b"250 m\r\n", b"250 r\r\n", b"354 go\r\n", b"571 no\r\n", 1),
    "taken, and no word": (b"", b"250 m\r\n", b"250 r\r\n", b"354 go\r\n", b"250 done\r\n", b"", 0),
    "gone at the end": (b"", b"250 m\r\n", b"250 r\r\n", b"354 go\r\n", b"", 3),
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_sent_or_not(script: str, tmp_path: Path) -> None:
    """Exit 0 is for what the server has taken, and for nothing else."""
    *words, code = SCRIPTS[script]
    (tmp_path / "letter").write_text(LETTER.format("script"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        running = subprocess.Popen(
            command("send", "--server", f"smtp://127.0.0.1:{server.getsockname()[1]}",
                    "--from", "a@b.test", "--to", "c@d.test", tmp_path / "letter"),
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        peer, _ = server.accept()
        with peer, contextlib.suppress(ConnectionError):  # the command may leave first
            peer.settimeout(30)
            peer.sendall(b"220 x\r\n")
            for index, word in enumerate(words):
                peer.recv(65536)
                assert isinstance(word, bytes)
                if index and not word:
                    break
                peer.sendall(word if index else b"250 x\r\n" + word)
        _, complaint = running.communicate(timeout=30)
    assert running.returncode == code, complaint
    assert "Traceback" not in complaint


def test_unix_socket() -> None:
    """LMTP by a Unix socket, whose path the URL has; who is not there is told by it."""
    with TemporaryDirectory(prefix="lmtp") as folder:
        path, message = Path(folder) / "a b.sock", Path(folder) / "letter"
        message.write_text(LETTER.format("by LMTP"))
        words = ("send", "--server", f"lmtp://{str(path).replace(' ', '%20')}", "--from", "",
                 "--to", "a@b.test", "--to", "c@d.test", message)  # fmt: skip
        assert str(path) in refused(3, *words)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
            server.listen()
            server.settimeout(30)
            running = subprocess.Popen(
                command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            peer, _ = server.accept()
            with peer:
                peer.settimeout(30)
                for word in (b"220 x", b"250 x", b"250 m", b"250 r", b"452 4.3.1 full", b"354 go"):
                    peer.sendall(word + b"\r\n")
                    assert peer.recv(65536)
                peer.sendall(b"250 2.0.0 taken\r\n")
                assert peer.recv(65536) == b"QUIT\r\n"
                peer.sendall(b"221 bye\r\n")
            printed, complaint = running.communicate(timeout=30)
        assert running.returncode == 8
        assert printed == "a@b.test: 250 2.0.0 taken\n"
        assert complaint == "netsuite: c@d.test: 452 4.3.1 full\n"


def test_submission(daemon: Daemon) -> None:
    """A message is submitted with STARTTLS and a login; without a login it is not."""
    url = f"smtp://127.0.0.1:{daemon.ports['submission']}"
    words = ("send", "--server", url, "--from", "alice@example.test", "--to", "bob@example.test",
             "--tls", "required", "-k")  # fmt: skip
    _, said = run(*words, *ALICE, "-v", text=LETTER.format("submitted"))
    assert "C AUTH SCRAM-SHA-256-PLUS ***" in said
    run(*words, text=LETTER.format("no"), code=5)


def test_no_tls_where_it_is_required(daemon: Daemon) -> None:
    """A server that could do TLS only by another URL is refused before the password is said."""
    http = place(daemon, "http")
    assert "https://" in refused(4, "get", *ALICE, "--tls", "required", f"{http}/")


def test_logins(daemon: Daemon, tmp_path: Path) -> None:
    """A wrong password is exit 5 by every protocol; the login may stand in netrc or in the URL."""
    for scheme in ("ftp", "imap", "nntp"):
        refused(5, "ls", "-u", "alice:wrong", place(daemon, scheme) + "/")
    refused(5, "put", "-u", "alice:wrong", "/dev/null", place(daemon, "http") + "/~alice/x")
    refused(5, "ls", place(daemon, "pop3"))
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login alice password netsuite\n")
    netrc.chmod(0o600)
    run("ls", "--netrc", place(daemon, "pop3"), home=tmp_path)
    netrc.write_text("machine 127.0.0.1 login alice passwort netsuite\n")
    assert "netsuite\n" not in refused(7, "ls", "--netrc", place(daemon, "pop3"), home=tmp_path)
    run("ls", place(daemon, "pop3").replace("//", "//alice:%6Eetsuite@"))


def test_usage(tmp_path: Path) -> None:
    """What makes no sense is exit 2 before anybody is connected to."""
    for words in (
        ("get", "mailto:a@b"), ("get", "http://h/a b"), ("get", "smtp://h/"), ("ls", "smtp://h/"),
        ("put", "/dev/null", "gopher://h/x"), ("get", "http://h/", "--continue"),
        ("get", "pop3://h/1", "-o", str(tmp_path / "x"), "--continue"),
        ("get", "-u", "a", "gopher://h"), ("put", "-", "ftp://h/"),
        ("get", "--tls", "none", "https://h/"),
        ("send", "--from", "x y", "--to", "a@b", "/dev/null"),
        ("send", "--server", "http://h", "--from", "a@b", "--to", "a@b", "/dev/null"),
        ("send", "--server", "smtp://h/x", "--from", "a@b", "--to", "a@b", "/dev/null"),
        ("send", "--notify", "ever", "--from", "a@b", "--to", "a@b", "/dev/null"),
        ("send", "--envelope-id", "\u00e9", "--from", "a@b", "--to", "a@b", "/dev/null"),
        ("send", "--server", "lmtp:///x", "--tls", "required", "--from", "", "--to", "a@b"),
    ):  # fmt: skip
        result = CliRunner().invoke(main, words)
        assert result.exit_code == 2, words
        assert result.output.startswith("netsuite: "), result.output
        assert result.output.count("\n") == 1


def test_no_connection(tmp_path: Path) -> None:
    """Nobody there is exit 3, a server that says nothing 6, a file that cannot be 7."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        url = f"imap://a:b@127.0.0.1:{port}/INBOX;UID=1"
        assert "0.5 seconds" in refused(6, "get", url, "--max-time", "0.5")
    assert "refused" in refused(3, "get", f"http://127.0.0.1:{port}/")
    assert "no host" in refused(3, "get", "http://nobody.invalid/")
    refused(7, "put", tmp_path / "none", f"ftp://127.0.0.1:{port}/x")


def test_a_file_that_cannot_be_written(daemon: Daemon, tmp_path: Path) -> None:
    """The disk's refusal is exit 7, in one line."""
    for scheme in ("http", "ftp"):
        url = place(daemon, scheme) + "/welcome.txt"
        refused(7, "get", url, "-o", tmp_path / "none" / "x")


@pytest.mark.parametrize("scheme", ["ftp", "http", "imap"])
def test_ctrl_c(scheme: str, tmp_path: Path) -> None:
    """Ctrl-C ends it at once, in one line, and makes no empty file."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"{scheme}://a:b@127.0.0.1:{silent.getsockname()[1]}/x;UID=1"
        running = subprocess.Popen(
            command("get", url, "-o", tmp_path / "x"), stderr=subprocess.PIPE, text=True,
            preexec_fn=heed_interrupts,
        )  # fmt: skip
        peer, _ = silent.accept()
        with peer:
            running.send_signal(signal.SIGINT)
            _, complaint = running.communicate(timeout=30)
    assert (running.returncode, complaint) == (130, "netsuite: interrupted\n")
    assert not (tmp_path / "x").exists()


def test_a_transfer_cut_short(tmp_path: Path) -> None:
    """What has come is kept under another name with the server's time, so that it can be continued;
    exit 3."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        running = subprocess.Popen(
            command("get", f"http://127.0.0.1:{server.getsockname()[1]}/x", "-o", tmp_path / "x"),
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        peer, _ = server.accept()
        with peer:
            peer.recv(65536)
            peer.sendall(
                b"HTTP/1.1 200 OK\r\nLast-Modified: Sun, 09 Sep 2001 01:46:40 GMT\r\n"
                b"Content-Length: 100\r\n\r\nhalf"
            )
        _, complaint = running.communicate(timeout=30)
    assert running.returncode in (1, 3), complaint
    assert complaint.count("\n") == 1
    assert not (tmp_path / "x").exists()
    part = tmp_path / "x.netsuite-part"
    assert part.read_bytes() == b"half"
    assert part.stat().st_mtime == 1e9


def test_several_urls(daemon: Daemon, tmp_path: Path) -> None:
    """They come one after the other, or into a file each; one that fails stops no other."""
    http, ftp = (place(daemon, each) for each in ("http", "ftp"))
    printed, _ = run("get", f"{http}/welcome.txt", f"{ftp}/welcome.txt")
    one = (daemon.home / "files/public/welcome.txt").read_text()
    assert printed == one * 2
    more, complaints = run(
        "get", f"{http}/none", f"{ftp}/welcome.txt", "-o", f"{tmp_path}/d/", "--results", code=8
    )
    assert (tmp_path / "d/welcome.txt").read_text() == one
    assert complaints.splitlines()[0] == f"netsuite: {http}/none: 404 Not Found"
    told = [json.loads(each) for each in more.splitlines()]
    assert [each["event"] for each in told] == ["failed", "fetched"]
    assert told[1]["octets"] == len(one)
    assert told[1]["file"] == f"{tmp_path}/d/welcome.txt"
    run("get", f"{http}/none", f"{http}/nor", code=1)
    assert run("get", http.removeprefix("http://") + "/welcome.txt")[0] == one


@pytest.mark.parametrize("scheme", ["ftp", "http"])
def test_patterns(daemon: Daemon, scheme: str, tmp_path: Path) -> None:
    """The files whose names fit are fetched, each under its name."""
    public = daemon.home / "files/public/many"
    public.mkdir(exist_ok=True)
    for name in ("a1.txt", "a2.txt", "b.txt", "*.txt"):
        (public / name).write_text(name)
    url = place(daemon, scheme) + "/many"
    run("get", f"{url}/a*.txt", "-o", f"{tmp_path}/")
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {
        "a1.txt": "a1.txt", "a2.txt": "a2.txt",
    }  # fmt: skip
    assert run("get", f"{url}/%2A.txt")[0] == "*.txt"
    assert run("get", "-g", f"{url}/*.txt")[0] == "*.txt"
    refused(1, "get", f"{url}/z*")
    refused(2, "get", f"{url}/a*", "-o", tmp_path / "one")


def test_sets_of_messages(daemon: Daemon, tmp_path: Path) -> None:
    """Messages by their UIDs or numbers, articles by theirs, are what each alone is."""
    imap, pop3, nntp = (place(daemon, each) for each in ("imap", "pop3", "nntp"))
    uids = [each["uid"] for each in rows(*ALICE, f"{imap}/INBOX")]
    run("get", *ALICE, f"{imap}/INBOX;UID=1:*", "-o", f"{tmp_path}/i/")
    assert {each.name for each in (tmp_path / "i").iterdir()} == {f"{uid}.eml" for uid in uids}
    alone, _ = run("get", *ALICE, f"{imap}/INBOX;UID={uids[0]}")
    assert (tmp_path / f"i/{uids[0]}.eml").read_bytes().decode() == alone
    headers, _ = run("get", *ALICE, f"{imap}/INBOX;UID={uids[0]},{uids[-1]};SECTION=HEADER")
    assert headers.count("Subject:") == 2
    run("get", *ALICE, f"{pop3}/*", "-o", f"{tmp_path}/p/")
    assert (tmp_path / "p/1.eml").read_bytes().decode() == alone
    assert len(list((tmp_path / "p").iterdir())) == len(uids)
    run("get", f"{nntp}/example.talk/1-2", "-o", f"{tmp_path}/n/")
    assert {each.name for each in (tmp_path / "n").iterdir()} == {"1.eml", "2.eml"}
    refused(1, "get", *ALICE, f"{imap}/INBOX;UID=4000:4001")
    refused(1, "get", *ALICE, f"{pop3}/4000-")
    refused(1, "get", f"{nntp}/example.talk/4000-")


def test_parts_and_heads(daemon: Daemon) -> None:
    """A part of a file, and what is said of one, are the same by HTTP and FTP."""
    text = (daemon.home / "files/public/welcome.txt").read_text()
    for scheme in ("http", "ftp"):
        url = place(daemon, scheme) + "/welcome.txt"
        assert run("get", "-r", "3-9", url)[0] == text[3:10]
        assert run("get", "-r", "-7", url)[0] == text[-7:]
        assert run("get", "-r", "240-", url)[0] == text[240:]
        assert f"Content-Length: {len(text)}\r\n" in run("get", "-I", url)[0]
        run("get", "-r", "4000-", url, code=1)
    assert "welcome.txt\n" in run("get", place(daemon, "ftp") + "/;type=d")[0]
    assert run("get", place(daemon, "ftp") + "/welcome.txt;type=a")[0] == text


def test_nobody_reads(daemon: Daemon) -> None:
    """Where the reader has gone it ends quietly, as SIGPIPE would have it."""
    (daemon.home / "files/public/long").write_bytes(b"0123456789\n" * 1_000_000)
    for words in (("get", place(daemon, "http") + "/long"), ("get", place(daemon, "ftp") + "/long"),
                  ("ls", "--json", place(daemon, "nntp") + "/")):  # fmt: skip
        running = subprocess.Popen(command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert running.stdout is not None
        assert running.stderr is not None
        if words[0] == "get":
            assert running.stdout.readline()
        running.stdout.close()
        complaints = running.stderr.read()
        assert (running.wait(timeout=30), complaints) == (141, b"")


def on_terminal(*words: object) -> tuple[int, bytes]:
    """Run it with a terminal for standard output; return its code, and what was shown."""
    master, slave = os.openpty()
    running = subprocess.Popen(command(*words), stdout=slave, stderr=subprocess.PIPE)
    os.close(slave)
    shown = b""
    with contextlib.suppress(OSError):  # so a terminal ends
        while piece := os.read(master, 65536):
            shown += piece
    os.close(master)
    assert running.stderr is not None
    shown += running.stderr.read()
    return running.wait(timeout=30), shown


def test_terminal(daemon: Daemon) -> None:
    """A terminal is shown no binaries and no controls, unless it is asked for."""
    public = daemon.home / "files/public"
    (public / "binary").write_bytes(b"\x7fELF\0\x1b[2J")
    (public / "controls.txt").write_bytes(b"a\x1b[2Jb\n")
    url = place(daemon, "http")
    code, shown = on_terminal("get", f"{url}/binary")
    assert (code, b"\x1b" in shown) == (7, False)
    assert b"-o -" in shown
    assert on_terminal("get", f"{url}/controls.txt") == (0, "a\ufffd[2Jb\r\n".encode())
    assert on_terminal("get", f"{url}/binary", "-o", "-") == (0, b"\x7fELF\0\x1b[2J")


def test_passwords_are_not_taken_from_pipes(daemon: Daemon, tmp_path: Path) -> None:
    """Without a terminal nobody is asked, and what is piped in is not sent as a guess."""
    url = place(daemon, "ftp") + "/public/piped"
    with subprocess.Popen(
        command("put", "-u", "alice", "-", url, "-v"), stdin=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True,
    ) as running:  # fmt: skip
        _, complaints = running.communicate(b"netsuite\n", timeout=60)
    assert running.returncode == 5
    assert b"no terminal" in complaints
    assert complaints.count(b"\n") == 1
    netrc = tmp_path / ".netrc"
    netrc.write_text(
        "machine 127.0.0.1 login bob password wrong\n"
        "machine 127.0.0.1 login alice password netsuite\n"
        "machine 127.0.0.1 login alice password later\n"
    )
    netrc.chmod(0o600)
    pop3 = place(daemon, "pop3")
    run("ls", "--netrc", "-u", "alice", pop3, home=tmp_path)
    run("ls", "--netrc", pop3.replace("//", "//alice@"), home=tmp_path)
    refused(5, "ls", "--netrc", pop3, home=tmp_path)


def test_logins_that_are_wanted(daemon: Daemon) -> None:
    """Who is told to log in gets the code of that."""
    article = "From: a@example.test\nNewsgroups: example.talk\nSubject: x\n\nx\n"
    _, complaint = run("post", "--server", place(daemon, "nntp"), text=article, code=5)
    assert "480" in complaint


def test_results(daemon: Daemon, tmp_path: Path) -> None:
    """What was done is told as JSON, a line each."""
    (tmp_path / "f").write_text(LETTER.format("result"))
    url = place(daemon, "http") + "/~alice/f"
    stored = json.loads(run("put", *ALICE, "--json", tmp_path / "f", url)[0])
    assert stored["url"] == url
    assert stored["octets"] == (tmp_path / "f").stat().st_size
    words = ("send", "--json", "--server", place(daemon, "smtp"), "--from", "a@example.test",
             "--to", "alice@example.test", "--to", "nobody@example.test",
             tmp_path / "f")  # fmt: skip
    told = [json.loads(each) for each in run(*words, code=8)[0].splitlines()]
    assert [(each["event"], each["recipient"]) for each in told] == [
        ("taken", "alice@example.test"), ("refused", "nobody@example.test"),
    ]  # fmt: skip


def test_news_without_a_server(daemon: Daemon) -> None:
    """news:MESSAGE-ID is asked of --server, or of $NNTPSERVER."""
    nntp = place(daemon, "nntp")
    name = str(rows(f"{nntp}/example.talk")[0]["message-id"]).strip("<>")
    assert "Message-ID" in run("get", f"news:{name}", "--server", nntp)[0]
    os.environ["NNTPSERVER"] = nntp.removeprefix("nntp://")
    try:
        assert "Message-ID" in run("get", f"news:{name}")[0]
        assert rows("news:example.talk")
    finally:
        del os.environ["NNTPSERVER"]
    assert "--server" in refused(2, "get", f"news:{name}")


def test_silence(daemon: Daemon) -> None:
    """With -s only the code tells."""
    url = place(daemon, "http")
    assert run("get", "-s", "-f", f"{url}/none", code=1) == ("", "")
    assert "404" in run("get", "-sS", "-m", "30", "-f", f"{url}/none", code=1)[1]
    assert run("get", "-s", "-f", "http://127.0.0.1:1/", code=3) == ("", "")


@pytest.mark.parametrize("kind", ["http", "socks5", "socks5h"])
def test_proxies(daemon: Daemon, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every protocol goes through a proxy, FTP's data too; where there is none, it says so."""
    talk = proxies.http() if kind == "http" else proxies.socks
    text = (daemon.home / "files/public/welcome.txt").read_text()
    with proxies.serving(talk) as (port, asked):
        through = ("-x", f"{kind}://127.0.0.1:{port}", "--tls", "none")
        for scheme, path in (("http", "welcome.txt"), ("ftp", "welcome.txt"),
                             ("gopher", "0/welcome.txt")):  # fmt: skip
            printed, _ = run("get", *through, f"{place(daemon, scheme)}/{path}")
            assert printed.replace("\r\n", "\n") == text
        assert len(asked) == 4
        for scheme in ("imap", "pop3", "nntp"):
            run("ls", *ALICE, *through, place(daemon, scheme) + "/")
        run("send", *through, "--server", place(daemon, "smtp"), "--from", "a@example.test",
            "--to", "alice@example.test", text=LETTER.format("proxy"))  # fmt: skip
        assert len(asked) == 8
        secure = place(daemon, "https") + "/welcome.txt"
        assert run("get", "-k", *through[:2], secure)[0] == text
        assert len(asked) == 9
        monkeypatch.setenv("all_proxy", through[1])
        run("get", "--tls", "none", place(daemon, "ftp") + "/welcome.txt")
        assert len(asked) == 11
        monkeypatch.setenv("no_proxy", "127.0.0.0/8")
        run("get", place(daemon, "ftp") + "/welcome.txt")
        assert len(asked) == 11
    line = refused(3, "get", *through, place(daemon, "ftp") + "/welcome.txt")
    assert f"the proxy 127.0.0.1:{port} cannot be reached" in line


def test_proxy_logins(daemon: Daemon) -> None:
    """A proxy that wants a login, or another, is exit 5."""
    with proxies.serving(proxies.http("ann:secret")) as (port, _):
        for scheme in ("http", "ftp"):
            url = place(daemon, scheme) + "/welcome.txt"
            run("get", "--tls", "none", "-x", f"http://ann:secret@127.0.0.1:{port}", url)
            line = refused(5, "get", "-f", "-x", f"http://127.0.0.1:{port}", url)
            assert "407" in line


def test_no_passwords_behind_proxies(daemon: Daemon) -> None:
    """What is this machine for the proxy is not this machine: no password goes in the clear."""
    with proxies.serving(proxies.http()) as (port, asked):
        through = ("-x", f"http://127.0.0.1:{port}")
        assert "certificate" in refused(4, "ls", *ALICE, *through, place(daemon, "imap") + "/")
        assert "https://" in refused(4, "get", *ALICE, *through, place(daemon, "http") + "/")
        assert len(asked) == 1
