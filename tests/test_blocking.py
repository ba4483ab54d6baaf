"""The clients for programs that wait: threads, interrupts, forks, the end of the program."""

from __future__ import annotations

import inspect
import os
import pydoc
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from netsuite import blocking
from netsuite.clients import in_thread
from netsuite.connection.errors import ConnectionLost, Timeout
from netsuite.imap.commands.responses import Exists
from netsuite.testing import BlockingSuite, serve

BIG = b"0123456789abcdef" * 65_536
#: Without a terminal's means.
PLAIN: Any = vars(pydoc)["plaintext"]
#: For a program of its own.
SECONDS = 60


@pytest.fixture(scope="module")
def suite() -> Iterator[BlockingSuite]:
    """What is connected to."""
    with serve("ftp", "http", "imap", "pop3", "telnet") as suite:
        suite.files()["large"] = BIG
        suite.mailbox("ann").deliver(subject="One")
        yield suite


def login(suite: BlockingSuite) -> dict[str, Any]:
    """Return how to connect."""
    return {"credentials": ("ann", suite.mailbox("ann").password), "timeout": 20}


def test_given_functions_run_in_the_thread_that_waits(suite: BlockingSuite) -> None:
    """Files, iterators and functions are read and called by nobody else."""
    here = threading.current_thread()
    seen: set[threading.Thread] = set()

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(BIG), 100_000):
            seen.add(threading.current_thread())
            yield BIG[start : start + 100_000]

    class Sink:
        octets = b""

        def write(self, octets: bytes) -> None:
            seen.add(threading.current_thread())
            self.octets += octets

    sink = Sink()
    with blocking.ftp(suite.ftp.url, **login(suite)) as ftp:
        ftp.store("big", pieces(), progress=lambda *step: seen.add(threading.current_thread()))
        ftp.read("big").into(sink)
        ftp.retr("big", lambda octets: seen.add(threading.current_thread()))
    assert sink.octets == BIG
    assert seen == {here}


def test_what_they_raise_is_raised(suite: BlockingSuite) -> None:
    """A disk that is full ends the transfer, and what is raised is the disk's."""

    def full(octets: bytes) -> None:
        raise OSError("the disk is full")

    def broken() -> Iterator[bytes]:
        yield b"one"
        raise OSError("the disk is broken")

    def shown(octets: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with blocking.ftp(suite.ftp.url, **login(suite)) as ftp:
        ftp.store("big", BIG)
        with pytest.raises(OSError, match="full"):
            ftp.retr("big", full)
        with pytest.raises(OSError, match="broken"):
            ftp.store("other", broken())
        assert ftp.size("big") == len(BIG)
    with pytest.raises(KeyboardInterrupt), blocking.ftp(suite.ftp.url, **login(suite)) as ftp:
        ftp.read("big", progress=shown).whole()
    with pytest.raises(ConnectionLost):
        ftp.noop()


def test_iterators(suite: BlockingSuite) -> None:
    """A stream is a plain iterator; who leaves it, or forgets it, closes it."""
    with blocking.ftp(suite.ftp.url, **login(suite)) as ftp:
        ftp.store("big", BIG)
        assert b"".join(ftp.read("big")) == BIG
        for piece in ftp.read("big"):
            assert piece == BIG[: len(piece)]
            break
        stream = ftp.read("big")
        assert next(stream) == BIG[: stream.octets]
        del stream
        assert ftp.size("big") == len(BIG)
        with ftp.read("big") as stream:
            assert len(list(stream)) > 1
            assert list(stream) == []


def test_answers_that_are_forgotten(suite: BlockingSuite) -> None:
    """Who wants no more of an answer than its status holds no connection by that."""
    with blocking.http(suite.http.url) as http:
        assert {http.get("/large").status for _ in range(8)} == {200}
        response = http.get("/large")
        assert suite.http.sessions <= 3
        assert len(response.body.whole()) == len(BIG)


def test_several_threads(suite: BlockingSuite) -> None:
    """Threads take turns on one client, and have clients side by side."""
    with blocking.pop3(suite.pop3.url, **login(suite)) as pop3, ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: pop3.stat(), range(64)))
    assert len(set(found)) == 1
    imap = blocking.imap(suite.imap.url + "INBOX", **login(suite))
    with imap, imap.idle() as news, ThreadPoolExecutor(1) as threads:
        coming = threads.submit(next, news)
        with blocking.imap(suite.imap.url, **login(suite)) as other:
            other.append("INBOX", b"Subject: Two\r\n\r\n.")
        assert coming.result(20) == Exists(2)


def test_timeouts(suite: BlockingSuite) -> None:
    """What does not come in time is Timeout."""
    with blocking.telnet(suite.telnet.url) as telnet:
        telnet.read_until("login: ")
        with pytest.raises(Timeout):
            telnet.read_until("what is never said", seconds=0.01)


def test_nothing_waits_in_the_clients_thread(suite: BlockingSuite) -> None:
    """Who would wait for the clients in their own thread is told so."""
    refused: list[str] = []
    with blocking.pop3(suite.pop3.url, **login(suite)) as pop3:

        def begin() -> None:
            try:
                pop3.stat()
            except RuntimeError as error:
                refused.append(str(error))
            done.set()

        done = threading.Event()
        reactor: Any = in_thread.here().reactor
        reactor.callFromThread(begin)
        assert done.wait(20)
    assert refused == ["within the clients' own thread, where nothing may wait"]


def test_help() -> None:
    """Classes show what they have, with the words of the clients' own."""
    shown = pydoc.render_doc(blocking.ftp, renderer=PLAIN)
    assert "Connect to an FTP server" in shown
    assert "keep_alive_seconds" in inspect.signature(blocking.ftp).parameters


def test_help_of_a_client(suite: BlockingSuite) -> None:
    """A client's methods are listed, those that are not for it are not."""
    with blocking.ftp(suite.ftp.url, **login(suite)) as ftp:
        shown = pydoc.render_doc(type(ftp), renderer=PLAIN)
        assert "store(self, path" in shown
        assert "dataReceived" not in shown
        assert {"store", "banner", "features"} <= set(dir(ftp))
        with pytest.raises(AttributeError):
            _ = getattr(ftp, "no_such_thing")  # noqa: B009 - for the checker of types


def test_after_a_fork(suite: BlockingSuite) -> None:
    """In the child a client of the parent is refused, and a new one works."""
    how = login(suite)  # the child cannot ask the suite's thread
    with blocking.imap(suite.imap.url, **how) as imap:
        readable, writable = os.pipe()
        child = os.fork()
        if not child:
            try:
                try:
                    imap.noop()
                except RuntimeError as error:
                    os.write(writable, str(error).encode())
                with blocking.imap(suite.imap.url, **how) as own:
                    os.write(writable, b"; %d" % own.status("INBOX")["MESSAGES"])
            finally:
                os._exit(0)
        os.close(writable)
        with os.fdopen(readable, "rb") as said:
            words = said.read().decode()
        os.waitpid(child, 0)
        assert imap.status("INBOX")["MESSAGES"] >= 1
    assert words.startswith("the client was connected before this process was forked off; ")
    assert int(words.rpartition(" ")[2]) >= 1


PROGRAM = """
import sys, threading
from netsuite import blocking
{0}
pop3 = blocking.pop3(sys.argv[1], credentials=("ann", "secret"))
print(len(pop3.uidl()) > 0, flush=True)
{1}
"""


@pytest.mark.parametrize(
    ("before", "after", "code", "said"),
    [
        ("", "", 0, ""),
        ("", "pop3.end_session()", 0, ""),
        ("", "raise SystemExit(3)", 3, ""),
        ("", "stream = pop3.read(1); next(stream)", 0, ""),
        (
            "import os, signal",
            "threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
            "telnet = blocking.telnet(sys.argv[2])\n"
            "telnet.read_until('what is never said')",
            -2,
            "KeyboardInterrupt",
        ),
    ],
)
def test_the_end_of_a_program(
    suite: BlockingSuite, before: str, after: str, code: int, said: str
) -> None:
    """However a program ends, its clients hold up nothing, and nothing is complained of."""
    done = subprocess.run(
        [
            sys.executable, "-W", "error::ResourceWarning", "-c", PROGRAM.format(before, after),
            suite.pop3.url, suite.telnet.url,
        ],
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.stdout == "True\n", done.stderr
    assert done.stderr.strip().rpartition("\n")[2] == said
    assert done.returncode in (code, 130 if code == -2 else code)


def test_types(suite: BlockingSuite) -> None:
    """A checker of types knows what comes: this is checked with all else."""
    with blocking.ftp(suite.ftp.url, **login(suite)) as ftp:
        ftp.store("typed", b"octets")
        size: int = ftp.size("typed")
        pieces: list[bytes] = list(ftp.read("typed"))
        names: list[str] = [entry.name for entry in ftp.mlsd()]
    assert (size, pieces) == (6, [b"octets"])
    assert "typed" in names
