"""Two daemons with workers before one PostgreSQL; each part is killed in its turn, under load.

Mail comes in by both; everybody reads everything. Nothing acknowledged may be lost, no message may
be there twice, all must see the same, and nobody helps.
"""

from __future__ import annotations

import contextlib
import imaplib
import os
import signal
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from netsuite.store.sql.database import Database
from tests.cli.commands import done
from tests.store.clusters import Cluster
from tests.suite.fleet import Fleet, until

pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]
WORKERS = 2
SENDERS = 3
#: So many more have to be acknowledged by each daemon after a blow, before the next.
PROGRESS = 30
RECOVERY_SECONDS = 90.0


class Site:
    """A home of its own, on the store that all share."""

    def __init__(self, home: Path, url: str) -> None:
        home.mkdir()
        (home / "netsuite.toml").write_text(f'[store]\nurl = "{url}"\n')
        self.home = home
        self.fleet = self.start()

    def start(self) -> Fleet:
        """Start the daemon; nobody waits until it serves."""
        self.fleet = Fleet(self.home, ["smtp", "imap"], workers=WORKERS)
        return self.fleet

    def port(self, name: str) -> int:
        """Return where a service listens in this life. Raises OSError while it does nowhere."""
        port = self.fleet.ports.get(name)
        if port is None:
            raise ConnectionRefusedError
        return port

    def stop(self) -> None:
        """Stop it in order."""
        self.fleet.stop()

    def kill_worker(self) -> None:
        """End one of the processes that serve, as a crash would."""
        os.kill(self.fleet.workers()[0], signal.SIGKILL)

    def kill(self) -> None:
        """End all of it, as a loss of power would, and start it again."""
        for pid in (self.fleet.process.pid, *self.fleet.workers()):
            os.kill(pid, signal.SIGKILL)
        self.fleet.process.wait()
        assert self.fleet.process.stdout is not None
        self.fleet.process.stdout.close()
        self.fleet.log_path.rename(self.home / f"daemon.log.{time.monotonic_ns()}")
        self.start()


class Load:
    """What clients do meanwhile: they send, read, and begin anew where a line is lost."""

    def __init__(self, sites: list[Site]) -> None:
        self.acknowledged: set[str] = set()
        self.taken: Counter[Path] = Counter()  # by home
        self.read = 0
        self.trouble: list[str] = []
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._go_on, args=(self._send, site, f"{number}-{each}"))
            for number, site in enumerate(sites)
            for each in range(SENDERS)
        ] + [threading.Thread(target=self._go_on, args=(self._watch, site, "")) for site in sites]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Let them come to an end."""
        self._ended.set()
        for thread in self._threads:
            thread.join(60)

    def _go_on(self, work: Callable[[Site, str], None], site: Site, name: str) -> None:
        while not self._ended.is_set():
            try:
                work(site, name)
            except (OSError, EOFError, smtplib.SMTPException, imaplib.IMAP4.error) as error:
                if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 500:
                    self.trouble.append(f"for ever: {error}")
                time.sleep(0.1)
            except AssertionError as error:
                self.trouble.append(str(error))

    def _send(self, site: Site, name: str) -> None:
        life = f"{name}-{time.monotonic_ns()}"
        with smtplib.SMTP("127.0.0.1", site.port("smtp"), timeout=60) as smtp:
            number = 0
            while not self._ended.is_set():
                number += 1
                text = f"{life}-{number}"
                smtp.sendmail("a@example.test", ["ann@localhost"], f"X-Number: {text}\r\n\r\n")
                self.acknowledged.add(text)
                self.taken[site.home] += 1
                time.sleep(0.01)

    def _watch(self, site: Site, name: str) -> None:
        """Look at one mailbox all the time: it only grows, and its numbers fit its UIDs."""
        with imaplib.IMAP4("127.0.0.1", site.port("imap"), timeout=60) as imap:
            imap.login("ann", "pw")
            count = int(imap.select("INBOX", readonly=True)[1][0] or b"0")
            before: list[int] = []
            while not self._ended.is_set():
                _, data = imap.uid("SEARCH", "ALL")
                uids = [int(each) for each in (data[0] or b"").split()]
                count = int((imap.response("EXISTS")[1] or [None])[-1] or count)
                assert uids[: len(before)] == before, "messages came between those that were there"
                assert uids == sorted(set(uids)), "UIDs do not ascend"
                assert len(uids) <= count, f"{len(uids)} UIDs of {count} messages"
                before = uids
                self.read += 1
                imap.noop()
                time.sleep(0.05)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Return a PostgreSQL of its own."""
    try:
        running = Cluster()
    except LookupError as error:
        pytest.skip(str(error))
    yield running
    running.stop()


def drop_connections(url: str) -> None:
    """Have the server end all sessions but ours."""
    with Database(url).engine.connect() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


def mailbox(port: int) -> tuple[int, list[tuple[int, str]]]:
    """Return EXISTS, and each message's UID and number, in their order."""
    with imaplib.IMAP4("127.0.0.1", port, timeout=60) as imap:
        imap.login("ann", "pw")
        exists = int(imap.select("INBOX", readonly=True)[1][0] or b"0")
        _, data = imap.uid("FETCH", "1:*", "(BODY.PEEK[HEADER.FIELDS (X-NUMBER)])")
    found = []
    for item in data:
        if isinstance(item, tuple):
            uid = int(item[0].partition(b"UID ")[2].split()[0])
            found.append((uid, item[1].split()[1].decode()))
    return exists, found


def test_everything_is_killed_in_turn(tmp_path: Path, cluster: Cluster) -> None:
    """What was acknowledged is there, once; all workers of both show the same; after each blow
    mail is taken again, by itself."""
    url = cluster.create("mail")
    sites = [Site(tmp_path / "one", url)]
    done(sites[0].home, "account", "add", "ann", "--password-stdin")
    sites.append(Site(tmp_path / "two", url))
    with contextlib.ExitStack() as stack:
        for site in sites:
            stack.callback(site.stop)
            site.fleet.wait()
        load = Load(sites)
        stack.callback(load.end)

        def goes_on(blow: str) -> None:
            target = {site.home: load.taken[site.home] + PROGRESS for site in sites}
            until(
                lambda: all(load.taken[home] >= most for home, most in target.items()),
                f"mail after {blow}",
                RECOVERY_SECONDS,
            )

        goes_on("the start")
        blows: list[tuple[str, Callable[[], None]]] = [
            ("a worker of one was killed", sites[0].kill_worker),
            ("the database lost its power", cluster.restart),
            ("the other daemon lost its power", sites[1].kill),
            ("the database dropped its sessions", lambda: drop_connections(url)),
            ("a worker of the other was killed", sites[1].kill_worker),
            ("one lost its power", sites[0].kill),
            ("the database lost its power again", cluster.restart),
        ]
        for blow, strike in blows:
            strike()
            goes_on(blow)
        load.end()
        assert load.trouble == []
        assert load.read > 0
        # Each connection is another worker's, or may be.
        seen = [mailbox(site.port("imap")) for site in sites for _ in range(2 * WORKERS)]
        for each in seen[1:]:
            assert each == seen[0]
        exists, found = seen[0]
        uids = [uid for uid, _ in found]
        assert uids == list(range(1, exists + 1))
        there = Counter(number for _, number in found)
        assert load.acknowledged - set(there) == set(), "acknowledged and lost"
        assert [number for number, count in there.items() if count > 1] == []
