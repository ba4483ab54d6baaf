"""rm, mv, mkdir, cat, search, watch, mirror, capabilities and probe against a real daemon, each by
every protocol that has it."""

from __future__ import annotations

import json
import os
import queue
import random
import select
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from netsuite.testing.daemon import Daemon
from tests.cli.commands import heed_interrupts
from tests.interop.test_netsuite_command import ALICE, LETTER, command, place, refused, rows, run

pytestmark = pytest.mark.long
MESSAGE = "From: alice@example.test\nNewsgroups: example.talk\nSubject: {}\n\nbody\n"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Return a demo daemon without its page, which stands before the listing of the site."""
    with Daemon(tmp_path_factory.mktemp("verbs")) as running:
        (running.home / "files/public/index.html").unlink()
        yield running


def events(*words: object, code: int = 0) -> list[dict[str, object]]:
    """Return what a command tells as JSON, an object a line."""
    return [json.loads(each) for each in run(*words, "--json", code=code)[0].splitlines()]


def add(daemon: Daemon, mailbox: str, subject: str, folder: Path) -> int:
    """Add a message to a mailbox of alice's; return its UID."""
    (folder / "letter").write_text(LETTER.format(subject))
    url = f"{place(daemon, 'imap')}/{mailbox}"
    run("put", *ALICE, folder / "letter", url)
    uid = next(each["uid"] for each in rows(*ALICE, url) if each["subject"] == subject)
    assert isinstance(uid, int)
    return uid


# -- files -----------------------------------------------------------------------------------------


def test_ftp_changes(daemon: Daemon, tmp_path: Path) -> None:
    """Directories are made with those above, files moved into one, and a tree removed; only what
    was meant goes, and a directory only where that is said."""
    ftp = place(daemon, "ftp")
    (tmp_path / "a b").write_text("hello")
    assert events("mkdir", "-p", *ALICE, f"{ftp}/v/one/two") == [
        {"event": "made", "path": "v/one/two"}
    ]
    assert events("mkdir", "-p", *ALICE, f"{ftp}/v/one/two") == []
    refused(1, "mkdir", *ALICE, f"{ftp}/v/one")
    run("put", *ALICE, tmp_path / "a b", f"{ftp}/v/one/")
    run("put", *ALICE, tmp_path / "a b", f"{ftp}/v/stays")
    for name in ("x1", "x2"):
        run("put", *ALICE, tmp_path / "a b", f"{ftp}/v/{name}")
    assert run("rm", *ALICE, f"{ftp}/v/x[1-9]")[0] == "removed v/x1\nremoved v/x2\n"
    refused(1, "rm", *ALICE, f"{ftp}/v/x[1-9]")
    printed, _ = run("mv", *ALICE, f"{ftp}/v/one/a%20b", f"{ftp}/v/one/two/")
    assert printed == "moved v/one/a b v/one/two/a b\n"
    refused(1, "rm", *ALICE, f"{ftp}/v/one")
    assert "-r" in refused(2, "rm", *ALICE, f"{ftp}/v/one/")
    refused(2, "rm", "-r", *ALICE, f"{ftp}/")
    printed, _ = run("rm", "-r", *ALICE, f"{ftp}/v/one")
    assert printed == "removed v/one/two/a b\nremoved v/one/two/\nremoved v/one/\n"
    assert [each["name"] for each in rows(*ALICE, f"{ftp}/v")] == ["stays"]
    assert run("rm", "-q", *ALICE, f"{ftp}/v/stays")[0] == ""
    assert "v/nothing" not in run("rm", "-r", *ALICE, f"{ftp}/v/nothing", code=1)[0]


def test_links_are_not_followed(daemon: Daemon, tmp_path: Path) -> None:
    """A tree is removed without what a link in it leads to."""
    home = daemon.home / "files" / "home" / "alice"
    (home / "tree").mkdir(parents=True)
    (home / "kept").mkdir()
    (home / "kept" / "file").write_text("stays")
    (home / "tree" / "link").symlink_to(home / "kept")
    run("rm", "-r", *ALICE, f"{place(daemon, 'ftp')}/tree", code=1)
    assert (home / "kept" / "file").read_text() == "stays"
    (home / "tree" / "link").unlink()
    (home / "tree").rmdir()


def test_http_changes(daemon: Daemon, tmp_path: Path) -> None:
    """A file is removed; WebDAV is not spoken, and that is said; nothing else is touched."""
    http = f"{place(daemon, 'http')}/~alice"
    (tmp_path / "f").write_text("hello")
    run("put", *ALICE, tmp_path / "f", f"{http}/f.txt")
    assert events("rm", *ALICE, f"{http}/f.txt") == [{"event": "removed", "url": f"{http}/f.txt"}]
    assert "404" in refused(1, "rm", *ALICE, f"{http}/f.txt")
    assert "WebDAV" in refused(1, "mkdir", *ALICE, f"{http}/dir")
    refused(2, "rm", *ALICE, f"{http}/")
    refused(2, "rm", "-r", *ALICE, place(daemon, "http"))
    refused(5, "rm", f"{http}/f.txt")


def test_different_servers(daemon: Daemon) -> None:
    """Nothing is moved between servers, or by a protocol that moves nothing."""
    ftp, http = place(daemon, "ftp"), place(daemon, "http")
    assert "different servers" in refused(2, "mv", *ALICE, f"{ftp}/a", f"{http}/a")
    refused(2, "mv", *ALICE, f"{place(daemon, 'nntp')}/a", f"{place(daemon, 'nntp')}/b")
    refused(2, "rm", "gopher://127.0.0.1/0/x")
    refused(2, "rm", "--for-good", *ALICE, f"{ftp}/x")


# -- mail ------------------------------------------------------------------------------------------


def test_imap_changes(daemon: Daemon, tmp_path: Path) -> None:
    """A message is moved, thrown away, and removed from the trash, and no other with it; mailboxes
    are made, renamed and removed."""
    imap = place(daemon, "imap")
    assert [each["mailbox"] for each in events("mkdir", *ALICE, f"{imap}/Work", f"{imap}/Work/Old")
            ] == ["Work", "Work/Old"]  # fmt: skip
    refused(1, "mkdir", *ALICE, f"{imap}/Work")
    assert events("mkdir", "-p", *ALICE, f"{imap}/Work") == []
    one, other = (add(daemon, "Drafts", each, tmp_path) for each in ("one", "other"))
    (moved,) = events("mv", *ALICE, f"{imap}/Drafts;UID={one}", f"{imap}/Work")
    assert (moved["event"], moved["to"], moved["to-uids"]) == ("moved", "Work", "1")
    refused(1, "rm", *ALICE, f"{imap}/Work;UID=77")
    refused(1, "rm", *ALICE, f"{imap}/Work;UIDVALIDITY=1;UID=1")
    (thrown,) = events("rm", *ALICE, f"{imap}/Work;UID=1")
    assert (thrown["event"], thrown["to"]) == ("moved", "Trash")
    (in_trash,) = rows(*ALICE, f"{imap}/Trash")
    assert in_trash["subject"] == "one"
    (gone,) = events("rm", *ALICE, f"{imap}/Trash;UID={in_trash['uid']}")
    assert gone["event"] == "removed"
    assert rows(*ALICE, f"{imap}/Trash") == []
    assert [each["uid"] for each in rows(*ALICE, f"{imap}/Drafts")] == [other]
    run("rm", "--for-good", *ALICE, f"{imap}/Drafts;UID={other}")
    assert rows(*ALICE, f"{imap}/Trash") == rows(*ALICE, f"{imap}/Drafts") == []
    run("mv", *ALICE, f"{imap}/Work/Old", f"{imap}/Older")
    assert "-r" in refused(2, "rm", *ALICE, f"{imap}/Older")
    run("rm", "-r", *ALICE, f"{imap}/Older", f"{imap}/Work")
    assert {"Work", "Older"}.isdisjoint(each["mailbox"] for each in rows(*ALICE, f"{imap}/"))


def test_a_set_of_messages_is_no_mailbox(daemon: Daemon, tmp_path: Path) -> None:
    """Where several UIDs are named the messages go, and never the mailbox."""
    imap = place(daemon, "imap")
    run("mkdir", *ALICE, f"{imap}/Many")
    for each in ("one", "two", "three"):
        add(daemon, "Many", each, tmp_path)
    run("rm", "-r", "--for-good", *ALICE, f"{imap}/Many;UID=1:2")
    assert [each["subject"] for each in rows(*ALICE, f"{imap}/Many")] == ["three"]
    run("rm", "-r", *ALICE, f"{imap}/Many")


def test_pop3_removes(daemon: Daemon, tmp_path: Path) -> None:
    """Numbers mean what they meant when the command began; one that is not there is told."""
    for each in ("p1", "p2", "p3"):
        add(daemon, "INBOX", each, tmp_path)
    url = place(daemon, "pop3")
    before = rows(*ALICE, url)
    first, second = before[-3]["number"], before[-2]["number"]
    printed, complaints = run(
        "rm", *ALICE, f"{url}/{first}", f"{url}/{second}", f"{url}/4000", code=8
    )
    assert printed == f"removed {first}\nremoved {second}\n"
    assert complaints.startswith(f"netsuite: {url}/4000: ")
    assert complaints.endswith("netsuite: 1 of 3 could not be done\n")
    assert [each["uid"] for each in rows(*ALICE, url)] == [
        each["uid"] for each in before if each["number"] not in (first, second)
    ]


def test_cat(daemon: Daemon, tmp_path: Path) -> None:
    """Several are written one after the other, of whatever protocols; what is missing is told."""
    uid = add(daemon, "Archive", "joined", tmp_path)
    http, imap = place(daemon, "http"), place(daemon, "imap")
    gopher = place(daemon, "gopher")
    urls = [f"{http}/welcome.txt", f"{imap}/Archive;UID={uid}", f"{gopher}/0/welcome.txt"]
    printed, complaints = run("cat", *ALICE, *urls[:2], f"{http}/nothing", code=8)
    assert printed.startswith("Welcome. This file")
    assert printed.endswith("Subject: joined\r\n\r\n.dot\r\nhello\r\n")
    assert f"{http}/nothing" in complaints
    assert run("cat", urls[2])[0].replace("\r", "") == run("cat", urls[0])[0]


# -- searching -------------------------------------------------------------------------------------


def found(*words: object) -> list[dict[str, object]]:
    """Return what search tells as JSON."""
    told: list[dict[str, object]] = json.loads(run("search", "--json", *words)[0])
    return told


def test_search(daemon: Daemon, tmp_path: Path) -> None:
    """Mail, articles, files and what Gopher searches are found, and others are not."""
    uid = add(daemon, "Archive", "needle in hay", tmp_path)
    imap, nntp = place(daemon, "imap"), place(daemon, "nntp")
    (mail,) = found(*ALICE, f"{imap}/", "NEEDLE", "hay")
    assert (mail["mailbox"], mail["uid"], mail["subject"]) == ("Archive", uid, "needle in hay")
    assert found(*ALICE, f"{imap}/Archive", "needle", "nothing") == []
    criteria = ("--criteria", "SUBJECT", "needle", "NOT", "SEEN")
    assert [each["uid"] for each in found(*ALICE, f"{imap}/Archive", *criteria)] == [uid]
    refused(2, "search", *ALICE, f"{imap}/Archive", "--criteria", "WHATEVER")
    run("post", *ALICE, "--server", nntp, text=MESSAGE.format("needle of news"))
    (article,) = found(f"{nntp}/example.talk", "Needle")
    assert article["subject"] == "needle of news"
    refused(2, "search", f"{nntp}/", "needle")
    for scheme in ("ftp", "http"):
        assert [each["path"] for each in found(place(daemon, scheme), "welcome")] == ["welcome.txt"]
        assert [each["kind"] for each in found(place(daemon, scheme), "*.pbm")] == ["file"]
        assert found(place(daemon, scheme), "nothing") == []
    gopher = place(daemon, "gopher")
    items = found(gopher, "needle")
    assert any("needle" in str(each["text"]) for each in items)
    refused(1, "search", f"{gopher}/0/welcome.txt", "x")


# -- watching --------------------------------------------------------------------------------------


@contextmanager
def watching(*words: object) -> Iterator[queue.Queue[dict[str, object]]]:
    """Run watch; give what it tells as it does. Ctrl-C ends it, with code 130."""
    lines: queue.Queue[dict[str, object]] = queue.Queue()
    running = subprocess.Popen(
        command("watch", "--json", *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=heed_interrupts, env={**os.environ, "HOME": "/nonexistent"},
    )  # fmt: skip
    assert running.stdout is not None

    def read() -> None:
        assert running.stdout is not None
        for line in running.stdout:
            lines.put(json.loads(line))

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield lines
    finally:
        running.send_signal(signal.SIGINT)
        code = running.wait(timeout=30)
        thread.join()
        running.stdout.close()
        assert running.stderr is not None
        with running.stderr:
            complaint = running.stderr.read()
    assert (code, complaint) == (130, b"netsuite: interrupted\n")


def test_watch_mailbox(daemon: Daemon, tmp_path: Path) -> None:
    """A message that comes is told, and one that goes; ``--all`` begins with those there."""
    there = add(daemon, "Junk", "there", tmp_path)
    url = f"{place(daemon, 'imap')}/Junk"
    with watching(*ALICE, "--all", url) as told:
        assert told.get(timeout=30) == {"event": "new", "uid": there, "flags": []}
        uid = add(daemon, "Junk", "watched", tmp_path)
        assert told.get(timeout=30)["uid"] == uid
        run("rm", "--for-good", *ALICE, f"{url};UID={uid}")
        assert {told.get(timeout=30)["event"] for _ in range(2)} >= {"gone"}


def test_watch_news(daemon: Daemon) -> None:
    """An article that comes is told: with its group by its number, without by its Message-ID."""
    nntp = place(daemon, "nntp")
    for url in (f"{nntp}/example.talk", nntp):
        with watching("--all", "--interval", "0.2", url) as told:
            told.get(timeout=30)  # what was there: it has begun
            run("post", *ALICE, "--server", nntp, text=MESSAGE.format("watched"))
            last = rows(f"{nntp}/example.talk")[-1]
            event = told.get(timeout=30)
            while event["message-id"] != last["message-id"]:
                event = told.get(timeout=30)
            assert event["event"] == "new"


@pytest.mark.parametrize("scheme", ["ftp", "http"])
def test_watch_files(daemon: Daemon, scheme: str) -> None:
    """A file is new, changes, and goes."""
    top = daemon.home / "files" / "public" / f"watched-{scheme}"
    top.mkdir()
    (top / "first").write_text("x")
    with watching("--all", "--interval", "0.2", f"{place(daemon, scheme)}/{top.name}/") as told:
        assert told.get(timeout=30)["name"] == "first"
        (top / "second").write_text("x")
        assert told.get(timeout=30)["event"] == "new"
        (top / "second").write_text("longer")
        changed = told.get(timeout=30)
        assert (changed["event"], changed["name"]) == ("changed", "second")
        (top / "second").unlink()
        assert told.get(timeout=30) == {"event": "gone", "name": "second"}


def test_watch_what_is_not_there(daemon: Daemon) -> None:
    """What cannot be watched at all is an error at once."""
    refused(1, "watch", f"{place(daemon, 'ftp')}/nothing")
    refused(1, "watch", f"{place(daemon, 'http')}/nothing/")
    refused(1, "watch", f"{place(daemon, 'nntp')}/no.such.group")
    refused(5, "watch", f"{place(daemon, 'imap')}/INBOX")


# -- mirrors ---------------------------------------------------------------------------------------


def test_mirror_of_the_web(daemon: Daemon, tmp_path: Path) -> None:
    """A tree comes with its times, is not fetched again, follows changes, and goes on with what was
    broken off."""
    source = daemon.home / "files" / "public" / "tree"
    (source / "deep er" / "er").mkdir(parents=True)
    octets = bytes(range(256)) * 1000
    for name in ("a", "deep er/b#%41?", "deep er/er/c"):
        (source / name).write_bytes(octets)
        os.utime(source / name, (1e9, 1e9))
    words = ("mirror", f"{place(daemon, 'http')}/tree", tmp_path / "here")
    assert len(events(*words)) == 5
    for name in ("a", "deep er/b#%41?", "deep er/er/c"):
        assert (tmp_path / "here" / name).read_bytes() == octets
        assert (tmp_path / "here" / name).stat().st_mtime == 1e9
    assert events(*words) == []
    (source / "a").write_text("changed")
    (source / "deep er" / "er" / "c").unlink()
    (tmp_path / "here" / "extra").write_text("x")
    assert sorted((each["event"], each["path"]) for each in events(*words, "--delete")) == [
        ("fetched", "a"), ("removed", "deep er/er/c"), ("removed", "extra"),
    ]  # fmt: skip
    assert "not to" in refused(2, "mirror", tmp_path / "here", f"{place(daemon, 'http')}/tree")
    assert "404" in refused(1, "mirror", f"{place(daemon, 'http')}/nothing", tmp_path / "none")
    assert not (tmp_path / "none").exists()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    refused(3, "mirror", f"http://127.0.0.1:{port}/", tmp_path / "none")


def test_mirror_of_mailboxes(daemon: Daemon, tmp_path: Path) -> None:
    """Messages become files, unread as they were; what is removed there goes with ``--delete``."""
    imap = place(daemon, "imap")
    run("mkdir", *ALICE, f"{imap}/Kept", f"{imap}/Kept/Below")
    one = add(daemon, "Kept", "mirrored", tmp_path)
    below = add(daemon, "Kept/Below", "below", tmp_path)
    words = ("mirror", *ALICE, f"{imap}/Kept", tmp_path / "mail")
    assert {each["event"] for each in events(*words)} == {"made", "fetched"}
    text = (tmp_path / "mail" / f"{one}.eml").read_bytes().decode()
    assert text == run("get", *ALICE, f"{imap}/Kept;UID={one}")[0]
    assert (tmp_path / "mail" / "Below" / f"{below}.eml").exists()
    assert "Seen" not in str(rows(*ALICE, f"{imap}/Kept"))
    assert events(*words) == []
    run("rm", "--for-good", *ALICE, f"{imap}/Kept;UID={one}")
    assert events(*words, "--delete") == [{"event": "removed", "path": f"{one}.eml"}]
    run("mirror", *ALICE, f"{imap}/", tmp_path / "all")
    assert (tmp_path / "all" / "Kept" / "Below" / f"{below}.eml").exists()
    run("mirror", *ALICE, f"{imap}/Nothing", tmp_path / "none", code=8)
    run("rm", "-r", *ALICE, f"{imap}/Kept")


# -- servers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "wanted"),
    [
        ("ftp", "AUTH TLS"), ("http", "allow: "), ("imap", "IMAP4REV1"), ("pop3", "STLS"),
        ("nntp", "READER"), ("smtp", "STARTTLS"), ("gopher", "items of type 1"),
        ("telnet", "WILL ECHO"),
    ],
)  # fmt: skip
def test_capabilities(daemon: Daemon, scheme: str, wanted: str) -> None:
    """Every server's are shown, for people and as JSON."""
    url = place(daemon, scheme)
    printed, _ = run("capabilities", url)
    assert "  in the clear:\n" in printed
    assert wanted in printed
    told = json.loads(run("capabilities", "--json", url)[0])
    assert any(wanted.strip() in line for line in told["capabilities"]["in the clear"])


@pytest.mark.parametrize("scheme", ["ftp", "imap", "pop3", "nntp"])
def test_capabilities_by_stage(daemon: Daemon, scheme: str) -> None:
    """Before TLS, under it, and logged in they are others."""
    words = ("capabilities", "--json", "--tls", "required", "-k", *ALICE, place(daemon, scheme))
    told = json.loads(run(*words)[0])
    assert list(told["capabilities"]) == ["in the clear", "under TLS", "logged in"]
    assert told["tls"].startswith("TLSv1.")


@pytest.mark.parametrize("scheme", ["ftps", "https", "imaps", "pop3s", "nntps", "telnets"])
def test_capabilities_under_tls(daemon: Daemon, scheme: str) -> None:
    """TLS from the first octet is seen; a certificate nobody has vouched for is exit 4."""
    url = place(daemon, scheme)
    told = json.loads(run("capabilities", "--json", "-k", url)[0])
    assert list(told["capabilities"]) == ["under TLS"]
    assert "certificate" in refused(4, "capabilities", url)


def test_probe(daemon: Daemon) -> None:
    """What a host offers is seen by shifted standard ports, each with its state; where nothing
    answers that is exit 3."""
    offset = daemon.ports["imap"] - 143
    told = json.loads(run("probe", "127.0.0.1", "--offset", offset, "--json", "--timeout", 2)[0])
    ports = {each["service"]: each for each in told["ports"]}
    imap = ports["imap"]
    assert (imap["state"], imap["port"]) == ("open", daemon.ports["imap"])
    assert "STARTTLS" in imap["capabilities"]["in the clear"]
    certificate = imap["tls"]["certificate"]
    assert not certificate["trusted"]
    assert "127.0.0.1" in certificate["names"]
    texts = [each["text"] for each in told["advice"] if "imap" in each["services"]]
    assert "it takes passwords in the clear: have it want TLS first" in texts
    printed, _ = run("probe", "127.0.0.1", "--offset", offset, "--timeout", 2,
                     "--cacert", daemon.home / "tls" / "default.pem")  # fmt: skip
    assert "clients take it" in printed
    assert "no host" in refused(3, "probe", "nobody.invalid")
    refused(2, "probe", "127.0.0.1:80")


# -- bad connections -------------------------------------------------------------------------------


class Cutting:
    """A way to a port, on which connections end after so many octets of the server's."""

    def __init__(self, port: int, octets: int) -> None:
        self._port, self._octets = port, octets
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        left = self._octets
        with client, socket.create_connection(("127.0.0.1", self._port)) as server:
            while left > 0:
                for ready in select.select([client, server], [], [])[0]:
                    octets = ready.recv(65536)
                    if not octets:
                        return
                    if ready is client:
                        server.sendall(octets)
                    else:
                        client.sendall(octets[:left])
                        left -= len(octets)

    def close(self) -> None:
        """Take no more connections."""
        self._listening.close()


#: What is done with a URL of a scheme, and what it must not print unless it has ended well.
CUT = [
    ("ftp", ("rm", "-r", *ALICE), "/cut"), ("ftp", ("mkdir", *ALICE), "/made"),
    ("ftp", ("search",), "/"), ("ftp", ("capabilities",), ""),
    ("http", ("rm", *ALICE), "/~alice/cut"), ("http", ("search",), "/"),
    ("http", ("cat",), "/welcome.txt"), ("http", ("capabilities",), ""),
    ("imap", ("rm", *ALICE), "/Drafts;UID=1"), ("imap", ("search", *ALICE), "/"),
    ("imap", ("capabilities",), ""), ("pop3", ("rm", *ALICE), "/1"),
    ("pop3", ("capabilities",), ""), ("nntp", ("search",), "/example.talk"),
    ("nntp", ("capabilities",), ""), ("gopher", ("search",), "/7/search"),
    ("smtp", ("capabilities",), ""),
]  # fmt: skip


@pytest.mark.parametrize(("scheme", "words", "path"), CUT)
def test_cut(daemon: Daemon, scheme: str, words: tuple[str, ...], path: str) -> None:
    """A connection that ends anywhere ends the command in a line, or two where something was done
    before; it never hangs, and never says that it is done before it is."""
    more = ("welcome",) if words[0] == "search" else ()
    for octets in (0, random.Random(f"{scheme} {words}").randrange(1, 300)):
        cutting = Cutting(daemon.ports[scheme], octets)
        try:
            url = f"{scheme}://127.0.0.1:{cutting.port}{path}"
            done = subprocess.run(
                command(*words, url, *more), capture_output=True, timeout=60,
                env={**os.environ, "HOME": "/nonexistent"},
            )  # fmt: skip
        finally:
            cutting.close()
        complaint = done.stderr.decode()
        assert "Traceback" not in complaint
        if done.returncode:
            assert done.returncode in (1, 3, 5, 8), complaint
            assert complaint.startswith("netsuite: ")
        else:
            assert octets, complaint
            assert complaint == ""


@pytest.mark.parametrize("scheme", ["http", "imap"])
def test_mirror_over_connections_that_are_cut(daemon: Daemon, scheme: str, tmp_path: Path) -> None:
    """What is under its own name in the end is whole; given again, the command goes on."""
    top = daemon.home / "files" / "public" / "cut-tree"
    path, login = "/Cut", ALICE
    if scheme == "http":
        top.mkdir(exist_ok=True)
        for number in range(5):
            (top / f"f{number}").write_bytes(bytes([number]) * 50_000)
        path = "/cut-tree"
    else:
        (tmp_path / "letter").write_text(LETTER.format("cut") + "0123456789" * 5_000)
        run("mkdir", "-p", *ALICE, f"{place(daemon, 'imap')}/Cut")
        run("put", *ALICE, tmp_path / "letter", f"{place(daemon, 'imap')}/Cut")
    run("mirror", *login, place(daemon, scheme) + path, tmp_path / "whole")
    whole = {each.name: each.read_bytes() for each in (tmp_path / "whole").iterdir()}
    cutting = Cutting(daemon.ports[scheme], 30_000)
    url = f"{scheme}://127.0.0.1:{cutting.port}{path}"
    try:
        subprocess.run(
            command("mirror", *login, "--max-time", 8, url, tmp_path / "made"), timeout=60,
            capture_output=True, env={**os.environ, "HOME": "/nonexistent"},
        )  # fmt: skip
    finally:
        cutting.close()
    for each in (tmp_path / "made").iterdir():
        assert each.name.endswith(".netsuite-part") or each.read_bytes() == whole[each.name]
    run("mirror", *login, place(daemon, scheme) + path, tmp_path / "made")
    assert {e.name: e.read_bytes() for e in (tmp_path / "made").iterdir()} == whole
