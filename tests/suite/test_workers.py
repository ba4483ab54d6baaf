"""A daemon with workers: what is promised of one process holds for all of them together."""

from __future__ import annotations

import contextlib
import imaplib
import os
import signal
import smtplib
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.sockets import Lines
from tests.suite.fleet import Fleet, home_with_accounts, lives, until

pytestmark = pytest.mark.long


def message(number: int) -> bytes:
    return b"X-Number: %d\r\n\r\n%s" % (number, b"x" * 500)


def log_in(port: int, password: str = "pw") -> imaplib.IMAP4:
    client = imaplib.IMAP4("127.0.0.1", port, timeout=30)
    client.login("ann", password)
    return client


@contextlib.contextmanager
def one_in_each(fleet: Fleet, port: int) -> Iterator[list[socket.socket]]:
    """Return connections of which each worker has one."""
    found: dict[int, socket.socket] = {}
    others = []
    end = time.monotonic() + 20
    while len(found) < len(fleet.workers()):
        assert time.monotonic() < end
        client = socket.create_connection(("127.0.0.1", port), 20)
        others.append(client)
        client.recv(4096)
        pid = fleet.worker_of(client)
        if pid is not None:
            found.setdefault(pid, client)
    try:
        yield list(found.values())
    finally:
        for client in others:
            client.close()


def test_a_killed_worker_loses_nothing(tmp_path: Path) -> None:
    """Workers are killed while mail comes in: what was acknowledged is there, once; those that
    another worker serves go on; another takes the place of the dead one."""
    home = home_with_accounts(tmp_path, "ann")
    acknowledged: set[int] = set()
    trouble: list[str] = []
    ended = threading.Event()

    def send(port: int, first: int) -> None:
        number = first
        while not ended.is_set():
            try:
                with smtplib.SMTP("127.0.0.1", port, timeout=20) as smtp:
                    while not ended.is_set():
                        number += 1
                        smtp.sendmail("a@example.test", ["ann@localhost"], message(number))
                        acknowledged.add(number)
            except (OSError, smtplib.SMTPServerDisconnected):
                time.sleep(0.01)
            except Exception as error:
                trouble.append(repr(error))
                return

    with Fleet(home, ["smtp", "imap"]) as fleet:
        ports = fleet.ports
        threads = [
            threading.Thread(target=send, args=(ports["smtp"], 1_000_000 * each))
            for each in range(4)
        ]
        for thread in threads:
            thread.start()
        for kill in range(1, 5):
            time.sleep(1)
            os.kill(fleet.workers()[kill % 2], signal.SIGKILL)
            until(partial(fleet.served, 2 + kill), "a new worker")
        ended.set()
        for thread in threads:
            thread.join(60)
        assert trouble == []
        assert fleet.log().count("by SIGKILL; another is started ") == 4
        with log_in(ports["imap"]) as imap:
            imap.select("INBOX")
            _, data = imap.fetch("1:*", "(UID BODY.PEEK[HEADER.FIELDS (X-NUMBER)])")
        found = [int(each[1].split()[1]) for each in data if isinstance(each, tuple)]
        uids = [int(each[0].split()[2]) for each in data if isinstance(each, tuple)]
    assert len(acknowledged) > 100
    assert acknowledged <= set(found)
    assert len(found) == len(set(found))
    assert uids == sorted(uids)


def test_limits_are_of_all(tmp_path: Path) -> None:
    """Connections of an address are counted over all workers, exactly; those of a dead worker count
    no more."""
    home = home_with_accounts(tmp_path, "ann")
    with Fleet(home, ["imap"], "imap.connections_per_address=6", workers=3) as fleet:
        port = fleet.ports["imap"]

        def greetings(count: int) -> tuple[list[socket.socket], list[bytes]]:
            clients = [socket.create_connection(("127.0.0.1", port), 20) for _ in range(count)]
            return clients, [client.recv(4096)[:5] for client in clients]

        clients, heard = greetings(20)
        assert heard.count(b"* OK ") == 6
        assert heard.count(b"* BYE") == 14
        served = [
            client for client, greeting in zip(clients, heard, strict=True) if greeting == b"* OK "
        ]
        victims = [
            client for client in served if fleet.worker_of(client) == fleet.worker_of(served[0])
        ]
        pid = fleet.worker_of(served[0])
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        until(partial(fleet.served, 4), "a new worker")
        more, heard = greetings(20)
        assert heard.count(b"* OK ") == len(victims)
        for client in (*clients, *more):
            client.close()


def test_connections_are_shared_out(tmp_path: Path) -> None:
    """Connections that stay are shared out evenly, though one worker is quicker than another."""
    home = home_with_accounts(tmp_path, "ann")
    with Fleet(home, ["imap"]) as fleet, contextlib.ExitStack() as stack:
        clients = []
        for _ in range(60):
            where = ("127.0.0.1", fleet.ports["imap"])
            clients.append(stack.enter_context(socket.create_connection(where, 20)))
            assert clients[-1].recv(4096)
        served = Counter(map(fleet.worker_of, clients))
        assert len(served) == 2
        assert min(served.values()) >= 20, served


def test_guesses_are_of_all(tmp_path: Path) -> None:
    """Whoever has guessed at one worker is slowed down at another."""
    home = home_with_accounts(tmp_path, "ann")
    with (
        Fleet(home, ["imap"], "accounts.free_guesses=2") as fleet,
        one_in_each(fleet, fleet.ports["imap"]) as clients,
    ):
        first, second = clients
        for tag in (b"a", b"b", b"c", b"d"):
            first.sendall(tag + b" LOGIN ann wrong\r\n")
            assert b"NO" in first.recv(4096)
        time.sleep(0.2)
        second.sendall(b"e LOGIN ann pw\r\n")
        assert second.recv(4096).startswith(b"e NO")
        assert "Throttled" in fleet.log()


def test_idle_hears_of_others(tmp_path: Path) -> None:
    """What one worker delivers is told to IDLE in all of them at once."""
    home = home_with_accounts(tmp_path, "ann")
    with (
        Fleet(home, ["imap", "lmtp"], "lmtp.listen=['tcp:0:interface=127.0.0.1']") as fleet,
        one_in_each(fleet, fleet.ports["imap"]) as clients,
        one_in_each(fleet, fleet.ports["lmtp"]) as senders,
    ):
        for client in clients:
            client.sendall(b"a LOGIN ann pw\r\nb SELECT INBOX\r\nc IDLE\r\n")
            heard = b""
            while b"\r\n+ " not in heard:
                heard += client.recv(4096)
        took = []
        for number in range(20):
            sender = senders[number % 2]
            sender.sendall(
                b"LHLO x\r\nMAIL FROM:<a@example.test>\r\nRCPT TO:<ann@localhost>\r\nDATA\r\n"
            )
            heard = b""
            while b"354" not in heard:
                heard += sender.recv(4096)
            sender.sendall(message(number) + b"\r\n.\r\n")
            while b"\r\n250 2" not in heard[heard.index(b"354") :]:
                heard += sender.recv(4096)
            began = time.monotonic()
            for client in clients:
                heard = b""
                while b"* %d EXISTS" % (number + 1) not in heard:
                    heard += client.recv(4096)
            took.append(time.monotonic() - began)
        took.sort()
        assert took[len(took) // 2] < 0.1, took  # it would be 0.2 by looking now and then


def test_the_end_of_the_parent_is_theirs(tmp_path: Path) -> None:
    """Workers whose parent was killed end what they do, and then themselves."""
    home = home_with_accounts(tmp_path, "ann")
    fleet = Fleet(home, ["imap"]).wait()
    workers = fleet.workers()
    with one_in_each(fleet, fleet.ports["imap"]) as clients:
        fleet.printed()
        fleet.process.wait(10)
        for client in clients:
            assert client.recv(4096).startswith(b"* BYE ")
    until(partial(ended, workers), "the workers have not ended")


def test_who_dies_at_once_is_waited_for(tmp_path: Path) -> None:
    """A worker that dies at each start is started more and more seldom, and the log says how it
    has died; when it can live, it does."""
    home = home_with_accounts(tmp_path, "ann")
    handlers = tmp_path / "handlers.py"
    handlers.write_text(
        "import os, pathlib\n"
        f"if pathlib.Path({str(tmp_path / 'die')!r}).exists():\n    os._exit(7)\n"
        "def extend(site):\n    pass\n"
    )
    with Fleet(home, ["imap"], "site.postmaster=ann", handlers=[handlers]) as fleet:
        (tmp_path / "die").touch()
        os.kill(fleet.workers()[0], signal.SIGKILL)
        until(lambda: fleet.log().count("with exit code 7") >= 3, "it has not died thrice")
        deaths = fleet.log().count("died after")
        time.sleep(2)
        assert fleet.log().count("died after") - deaths <= 1
        with log_in(fleet.ports["imap"]) as client:
            client.noop()
        (tmp_path / "die").unlink()
        until(partial(fleet.served, 3), "no new worker", 60)


def test_reload(tmp_path: Path) -> None:
    """A live setting is taken by all workers, one that needs a start by new ones, while nobody is
    refused; the log says so once."""
    home = home_with_accounts(tmp_path, "ann")
    config = home / "netsuite.toml"
    config.write_text("[smtp]\nmessage_octets = 1000000\n")

    def size(client: Lines) -> bytes:
        client.say("EHLO x")
        heard = [client.hear()]
        while not heard[-1].startswith(b"250 "):
            heard.append(client.hear())
        return next(line.strip() for line in heard if b"SIZE" in line)

    with Fleet(home, ["smtp", "imap"]) as fleet:
        ports, old = fleet.ports, fleet.workers()
        config.write_text("[smtp]\nmessage_octets = 2000000\n")
        fleet.process.send_signal(signal.SIGHUP)
        until(lambda: "was read again: smtp.message_octets" in fleet.log(), "not read")
        assert fleet.log().count("was read again") == 1
        sizes = set()
        for _ in range(10):
            with Lines(ports["smtp"], 20) as sender:
                sender.hear()
                sizes.add(size(sender))
        assert sizes == {b"250-SIZE 2000000"}
        with connecting(ports["imap"]):
            with one_in_each(fleet, ports["imap"]) as clients:
                config.write_text("[site]\nhostname = 'mail.example.test'\n")
                fleet.process.send_signal(signal.SIGHUP)
                until(lambda: "2 new workers serve" in fleet.log(), "no new workers", 60)
                for client in clients:
                    assert client.recv(4096).startswith(b"* BYE ")
            until(partial(ended, old), "the old workers have not ended")
        assert len(fleet.workers()) == 2
        with Lines(ports["smtp"], 20) as sender:
            assert sender.hear().startswith(b"220 mail.example.test ")
        config.write_text("[smtp]\nmessage_octets = 'many'\n")
        fleet.process.send_signal(signal.SIGHUP)
        until(lambda: "was not read again" in fleet.log(), "not refused")


@contextlib.contextmanager
def connecting(port: int) -> Iterator[None]:
    """Connect to IMAP again and again; fail if somebody was refused."""
    stop = threading.Event()
    trouble: list[str] = []
    served: list[bytes] = []

    def connect() -> None:
        while not stop.is_set() and not trouble:
            try:
                with socket.create_connection(("127.0.0.1", port), 20) as client:
                    client.settimeout(20)
                    greeting = client.recv(4096)
                    served.append(greeting)
                    if not greeting.startswith(b"* OK "):
                        trouble.append(repr(greeting))
            except OSError as error:
                trouble.append(repr(error))

    thread = threading.Thread(target=connect)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(60)
    assert trouble == []
    assert len(served) > 20


def ended(workers: list[int]) -> bool:
    """Return whether all of them have."""
    return not any(map(lives, workers))


def test_a_new_version(tmp_path: Path) -> None:
    """The daemon becomes a new version of itself: the same process, no connection refused, sessions
    end in order; and once more, from the new one."""
    home = home_with_accounts(tmp_path, "ann")
    with Fleet(home, ["imap", "lmtp"], workers=2) as fleet:
        port, pid = fleet.ports["imap"], fleet.process.pid
        for times in (1, 2):
            old = fleet.workers()
            with connecting(port):
                client = log_in(port)
                fleet.process.send_signal(signal.SIGUSR2)
                until(partial(fleet.logged, "has taken over", times), "no new version", 90)
                assert client.socket().recv(4096).startswith(b"* BYE ")
                client.shutdown()
                until(partial(ended, old), "the old workers have not ended")
            assert len(fleet.workers()) == 2
            assert fleet.process.poll() is None
            assert b"--nodaemon" in Path(f"/proc/{pid}/cmdline").read_bytes()
        os.kill(fleet.workers()[0], signal.SIGKILL)
        until(lambda: "by SIGKILL; another is started" in fleet.log(), "not replaced")
        until(lambda: len(fleet.workers()) == 2, "not replaced")
        fleet.process.send_signal(signal.SIGHUP)
        until(lambda: "was read again" in fleet.log(), "not read again")


def test_a_new_version_that_does_not_start(tmp_path: Path) -> None:
    """Where the new version cannot start, the one that runs goes on, and says why."""
    home = home_with_accounts(tmp_path, "ann")
    with Fleet(home, ["imap"]) as fleet:
        workers = fleet.workers()
        with log_in(fleet.ports["imap"]) as client:
            (home / "netsuite.toml").write_text("[imap]\nidel_seconds = 1\n")
            fleet.process.send_signal(signal.SIGUSR2)
            until(lambda: "the new one does not start: " in fleet.log(), "no word")
            assert "did you mean imap.idle_seconds?" in fleet.log()
            client.noop()
        assert fleet.workers() == workers
