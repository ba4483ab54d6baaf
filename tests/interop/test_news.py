"""nntplib, slrn and tin against a real daemon; curl as in the demo's table."""

from __future__ import annotations

import io
import os
import pty
import select
import ssl
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from netsuite.testing.daemon import Daemon
from tests.interop.programs import program

nntplib: Any = None
try:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import nntplib
except ImportError:
    pass

needs_nntplib = pytest.mark.skipif(
    nntplib is None, reason="Python 3.13 and later have no nntplib in the standard library"
)


@needs_nntplib
def test_nntplib_reads(daemon: Daemon) -> None:
    """Everything that nntplib can ask is understood by it."""
    with nntplib.NNTP("127.0.0.1", daemon.ports["nntp"], readermode=True, timeout=20) as news:
        assert "200" in news.getwelcome()
        capabilities = news.getcapabilities()
        assert {"READER", "OVER", "HDR", "POST", "STARTTLS", "AUTHINFO"} <= set(capabilities)
        assert news.nntp_version == 2
        _, groups = news.list()
        assert {"example.announce", "example.talk"} <= {group.group for group in groups}
        _, groups = news.list("*.talk")
        assert [group.group for group in groups] == ["example.talk"]
        _, described = news.descriptions("example.*")
        assert described["example.talk"].startswith("Talk about anything")
        assert news.description("example.announce") == "Announcements of the demo"
        _, count, first, last, name = news.group("example.talk")
        assert (count, first, last, name) == (3, 1, 3, "example.talk")
        _, overviews = news.over((first, last))
        assert [number for number, _ in overviews] == [1, 2, 3]
        assert overviews[1][1]["references"] == "<news-2@example.test>"
        assert overviews[2][1]["xref"].split()[1:] == ["example.announce:2", "example.talk:3"]
        assert int(overviews[0][1][":lines"]) > 0
        _, subjects = news.xhdr("subject", f"{first}-{last}")
        assert subjects[0] == ("1", "Does anybody still read news?")
        _, number, message_id = news.stat(1)
        assert (number, message_id) == (1, "<news-2@example.test>")
        assert news.next()[1:] == (2, "<news-3@example.test>")
        assert news.last()[1:] == (1, "<news-2@example.test>")
        _, whole = news.article("<news-2@example.test>")
        _, head = news.head(1)
        _, body = news.body(1)
        assert whole.lines == [*head.lines, b"", *body.lines]
        _, date = news.date()
        _, made = news.newgroups(date.replace(year=date.year - 1))
        assert len(made) == 2
        assert news.help()[1]
        with pytest.raises(nntplib.NNTPTemporaryError) as refused:
            news.group("no.where")
        assert refused.value.response.startswith("411")


@needs_nntplib
@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
def test_nntplib_posts(daemon: Daemon, tls: str) -> None:
    """It logs in and posts, in the clear on loopback and under TLS."""
    unverified = ssl._create_unverified_context()
    if tls == "implicit":
        news = nntplib.NNTP_SSL(
            "127.0.0.1", daemon.tls_ports["nntp"], ssl_context=unverified, timeout=20
        )
    else:
        news = nntplib.NNTP("127.0.0.1", daemon.ports["nntp"], timeout=20)
    with news:
        if tls == "starttls":
            news.starttls(unverified)
        article = (
            "From: bob@example.test\nNewsgroups: example.talk\n"
            f"Subject: {tls}\nMessage-ID: <{tls}@nntplib.test>\n\n.dot\n..\nend\n"
        ).encode()
        with pytest.raises(nntplib.NNTPTemporaryError) as refused:
            news.post(io.BytesIO(article))
        assert refused.value.response.startswith("480")
        news.login("bob", "netsuite")
        assert news.post(io.BytesIO(article)).startswith("240")
        with pytest.raises(nntplib.NNTPTemporaryError) as refused:
            news.post(io.BytesIO(article))
        assert refused.value.response.startswith("441")
        _, body = news.body(f"<{tls}@nntplib.test>")
        assert body.lines == [b".dot", b"..", b"end"]


def test_curl(daemon: Daemon) -> None:
    """The command of the demo's table does what it says."""
    curl = program("curl", "telnet")
    done = subprocess.run(
        [curl, "-sS", "--max-time", "20", f"telnet://127.0.0.1:{daemon.ports['nntp']}"],
        input=b"GROUP example.talk\r\nOVER 1-\r\nQUIT\r\n",
        capture_output=True,
        timeout=60,
    )
    assert b"\tCrossposted, and stored once\t" in done.stdout, done
    assert done.stdout.endswith(b"205 Bye\r\n")


class Terminal:
    """A newsreader in a terminal of its own, which is read like a person would."""

    def __init__(self, command: Sequence[object], home: Path) -> None:
        self.ours, theirs = pty.openpty()
        self.shown = b""
        self.process = subprocess.Popen(
            [str(word) for word in command],
            stdin=theirs, stdout=theirs, stderr=theirs, cwd=home, start_new_session=True,
            env={
                "HOME": str(home), "PATH": "/usr/bin:/bin:/usr/games", "TERM": "xterm",
                "LANG": "C", "LINES": "24", "COLUMNS": "80", "NNTPSERVER": "127.0.0.1",
                "USER": "alice",
            },
        )  # fmt: skip
        os.close(theirs)

    def until(self, words: bytes, seconds: float = 20.0) -> None:
        """Wait until the screen has shown some words, then forget what it has shown."""
        end = time.monotonic() + seconds
        while words not in self.shown:
            ready, _, _ = select.select([self.ours], [], [], max(0.0, end - time.monotonic()))
            try:
                piece = os.read(self.ours, 65536) if ready else b""
            except OSError:  # the other end is closed
                piece = b""
            assert piece, f"{words!r} was not shown: {self.shown[-2000:]!r}"
            self.shown += piece
        self.shown = b""

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self.ours, keys)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.ours)


def test_slrn(daemon: Daemon, tmp_path: Path) -> None:
    """slrn shows the groups, the overview of one, and an article."""
    slrn = program("slrn", "NNTP")
    newsrc, rc = tmp_path / "newsrc", tmp_path / "slrnrc"
    newsrc.write_text("example.talk:\nexample.announce:\n")
    rc.write_text('set hostname "client.example.test"\nset username "alice"\n')
    command = [slrn, "-i", rc, "-n", "-h", "127.0.0.1", "-p", daemon.ports["nntp"], "-f", newsrc]
    with Terminal(command, tmp_path) as reader:
        reader.until(b"example.announce")
        reader.type(b"\r")
        reader.until(b"Crossposted, and stored once")
        reader.type(b"\r")
        reader.until(b"One content, a number in each group.")


def test_tin(daemon: Daemon, tmp_path: Path) -> None:
    """tin, asked only whether there is something unread, says what."""
    tin = program("tin", "NNTP")
    (tmp_path / ".newsrc").write_text("example.talk:\nexample.announce:\n")
    command = [tin, "-r", "-g", "127.0.0.1", "-p", daemon.ports["nntp"], "-n", "-Z", "-v"]
    with Terminal(command, tmp_path) as reader:
        reader.until(b"example.talk")
