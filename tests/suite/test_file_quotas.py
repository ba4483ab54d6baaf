"""Quotas of files with real daemons: behind every door, with workers, and after SIGKILL."""

from __future__ import annotations

import contextlib
import ftplib
import http.client
import io
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from netsuite.store.file_usage import FileAmount
from tests.cli.commands import done
from tests.store.files.quota_case import counted
from tests.suite.doors import basic
from tests.suite.fleet import Fleet, home_with_accounts

pytestmark = pytest.mark.long

MIB = 1 << 20
QUOTA = FileAmount(3 * MIB, 40)


def log_in(fleet: Fleet) -> ftplib.FTP:
    """Log in by FTP as ann."""
    client = ftplib.FTP()
    client.connect("127.0.0.1", fleet.ports["ftp"], 20)
    client.login("ann", "pw")
    return client


def put(fleet: Fleet, path: str, body: bytes) -> int:
    """Store by HTTP; return the status."""
    client = http.client.HTTPConnection("127.0.0.1", fleet.ports["http"], timeout=20)
    try:
        client.putrequest("PUT", path)
        for name, value in {**basic("ann", "pw"), "Content-Length": str(len(body))}.items():
            client.putheader(name, value)
        client.endheaders()
        with contextlib.suppress(ConnectionError):  # it is answered before all has come
            client.send(body)
        return client.getresponse().status
    finally:
        client.close()


def left(client: ftplib.FTP) -> int:
    """Return what AVBL says."""
    return int(client.sendcmd("AVBL /").split()[-1])


def change(client: ftplib.FTP, chance: random.Random, refused: list[str]) -> None:
    """Store, replace, rename or remove a file."""
    name, other = (f"f{chance.randrange(20)}" for _ in range(2))
    try:
        match chance.randrange(5):
            case 0:
                client.delete(name)
            case 1:
                client.rename(name, other)
            case 2:
                client.storbinary(f"APPE {name}", io.BytesIO(b"x" * chance.randrange(50_000)))
            case _:
                client.storbinary(f"STOR {name}", io.BytesIO(b"x" * chance.randrange(600_000)))
    except ftplib.error_perm as error:
        refused.append(str(error)[:3])


class Clients:
    """Threads that change ann's files by FTP, and begin anew when the connection ends."""

    def __init__(self, fleet: Fleet, count: int) -> None:
        self.fleet = fleet
        self.refused: list[str] = []
        self.trouble: list[BaseException] = []
        self.changes = 0
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(each,)) for each in range(count)]

    def _run(self, number: int) -> None:
        chance = random.Random(number)
        while not self.ended.is_set():
            try:
                with log_in(self.fleet) as client:
                    while not self.ended.is_set():
                        change(client, chance, self.refused)
                        self.changes += 1
            except (OSError, EOFError, ftplib.error_temp):
                time.sleep(0.02)
            except BaseException as error:
                self.trouble.append(error)
                return

    def __enter__(self) -> Clients:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join()


def home_with_quota(tmp_path: Path) -> Path:
    """Return a home with ann, who has a quota."""
    home = home_with_accounts(tmp_path, "ann")
    done(home, "account", "file-quota", "ann", QUOTA.octets // MIB, "--files", QUOTA.files)
    return home


def test_doors(tmp_path: Path) -> None:
    """Each door refuses in its own words what does not fit, and what the others have stored
    counts; where the quota is changed while the daemon runs, it is the new one that holds."""
    home = home_with_quota(tmp_path)
    with Fleet(home, ["ftp", "http"], workers=0) as fleet, log_in(fleet) as client:
        assert left(client) == QUOTA.octets
        client.storbinary("STOR a", io.BytesIO(b"x" * MIB))
        assert put(fleet, "/~ann/b", b"x" * 2 * MIB) in (201, 204)
        assert left(client) == 0
        with pytest.raises(ftplib.error_perm, match="552 "):
            client.storbinary("STOR c", io.BytesIO(b"x"))
        assert put(fleet, "/~ann/c", b"x") == 507
        assert put(fleet, "/~ann/b", b"x" * (2 * MIB + 1)) == 507
        assert put(fleet, "/~ann/b", b"y" * 2 * MIB) == 204
        client.delete("a")
        assert left(client) == MIB
        done(home, "account", "file-quota", "ann", 5)
        wait_for(lambda: left(client) == 3 * MIB)
        client.storbinary("STOR a", io.BytesIO(b"x" * 3 * MIB))
        with pytest.raises(ftplib.error_perm, match="552 "):
            client.storbinary("APPE a", io.BytesIO(b"x"))
    assert counted(home / "files/home/ann").octets == 5 * MIB
    assert "nothing is wrong" in done(home, "check")


def wait_for(true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_workers_killed(tmp_path: Path) -> None:
    """Two workers never let more in than the quota allows, though one is killed now and then; the
    daemon that is started after SIGKILL of all of them is right about what is left."""
    home = home_with_quota(tmp_path)
    files = home / "files/home/ann"
    for _ in range(2):
        (home / "daemon.log").unlink(missing_ok=True)
        with Fleet(home, ["ftp"], workers=2) as fleet, Clients(fleet, 6) as clients:
            for _ in range(3):
                before = clients.changes
                wait_for(lambda: clients.changes > before + 60)  # noqa: B023
                real = counted(files)
                assert QUOTA.covers(real), real
                with contextlib.suppress(ProcessLookupError):
                    os.kill(random.choice(fleet.workers()), signal.SIGKILL)
            clients.ended.set()
            for pid in (fleet.process.pid, *fleet.workers()):
                os.kill(pid, signal.SIGKILL)
            fleet.process.wait()
        assert not clients.trouble, clients.trouble
        assert "552" in clients.refused
        real = counted(files)
        assert QUOTA.covers(real), real
        (home / "daemon.log").unlink()
        with Fleet(home, ["ftp"], workers=2) as fleet, log_in(fleet) as client:
            assert left(client) == QUOTA.octets - real.octets
            with pytest.raises(ftplib.error_perm, match="552 "):
                client.storbinary("STOR z", io.BytesIO(b"x" * (QUOTA.octets - real.octets + 1)))
        printed = done(home, "check", "--repair")  # parts of uploads were left
        assert "account ann" not in printed
