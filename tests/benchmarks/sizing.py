"""What a message costs: octets in the database, indexes included, and processor time of the daemon.

The mail is made up: text of words, some with an attachment in Base64, of the sizes that mail has.
"""

from __future__ import annotations

import base64
import contextlib
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from twisted.internet.defer import ensureDeferred
from twisted.internet.task import react

from netsuite.store.model import Placement
from netsuite.store.sql import SQLStore
from netsuite.store.sql.database import Database
from netsuite.testing.daemon import Daemon
from tests.benchmarks import acceptance, servers
from tests.benchmarks.report import Report
from tests.benchmarks.servers import Absent
from tests.benchmarks.sockets import Lines
from tests.store.clusters import Cluster

MESSAGES = 3000
#: Octets of the text, and of an attachment, of each of ten messages.
SHAPES = ((400, 0), (900, 0), (1500, 0), (2500, 0), (4000, 0), (6000, 0), (12_000, 0),
          (20_000, 0), (3000, 60_000), (2000, 400_000))  # fmt: skip
WORDS = 20_000
FETCHES = 2000


def mail(seed: int = 1) -> Iterator[bytes]:
    """Return messages without an end."""
    chance = random.Random(seed)
    letters = "eeeeettttaaaooiinnsshhrrdllcumwfgypbvk"
    words = ["".join(chance.choices(letters, k=chance.randint(2, 9))) for _ in range(WORDS)]
    number = 0
    while True:
        number += 1
        text_octets, attached = SHAPES[number % len(SHAPES)]
        lines, octets = [], 0
        while octets < text_octets:
            lines.append(" ".join(chance.choices(words, k=11)))
            octets += len(lines[-1]) + 2
        head = (
            f"From: {chance.choice(words)} <{chance.choice(words)}@example.org>\r\n"
            f"To: alice@example.test\r\nSubject: {' '.join(chance.choices(words, k=6))}\r\n"
            f"Date: Mon, 1 Jun 2026 10:{number % 60:02d}:00 +0000\r\n"
            f"Message-ID: <{number}.{seed}@example.org>\r\nMIME-Version: 1.0\r\n"
        )
        text = "\r\n".join(lines)
        if attached:
            data = base64.encodebytes(chance.randbytes(attached * 3 // 4)).decode()
            text = (
                f"--x\r\nContent-Type: text/plain\r\n\r\n{text}\r\n--x\r\nContent-Type: "
                "application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                + data.replace("\n", "\r\n") + "--x--\r\n"
            )  # fmt: skip
            head += "Content-Type: multipart/mixed; boundary=x\r\n"
        yield f"{head}\r\n{text}".encode()


def fill(url: str) -> int:
    """Put messages into an account's INBOX, and index all; return their octets."""
    total = 0

    async def work(reactor: object) -> None:
        nonlocal total
        # A reactor of Twisted's is both; it says so to nobody.
        store = SQLStore(url, clock=reactor, threads=reactor)  # type: ignore[arg-type]
        await store.open()
        account = await store.accounts.add_account("alice", None)
        inbox = await store.mail.folder(account.id, "INBOX")
        made = mail()
        for _ in range(MESSAGES):
            octets = next(made)
            total += len(octets)
            draft = store.mail.draft()
            waiting = draft.write(octets)
            if waiting is not None:
                await waiting
            await store.mail.commit(draft, [Placement(inbox.id)])
        await store.tidy()
        await store.close()

    with contextlib.suppress(SystemExit):
        react(lambda reactor: ensureDeferred(work(reactor)))
    return total


def filled(url: str) -> int:
    """Do ``fill`` in a process of its own: a reactor runs once."""
    program = "import sys; from tests.benchmarks.sizing import fill; print(fill(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", program, url], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def size_of(url: str) -> int:
    """Return the octets of a database on its disk."""
    database = Database(url)
    with contextlib.closing(database.session()) as session:
        if session.sqlite:
            session.pragma("wal_checkpoint(TRUNCATE)")
            return Path(database.url.database or "").stat().st_size
        session.execute("VACUUM")
        return int(session.once(sa.select(sa.func.pg_database_size(database.url.database)))[0][0])


def processor_milliseconds(home: Path) -> tuple[float, float]:
    """Return the processor time of a message that is accepted, and of one that is fetched by a
    session that logs in, selects, fetches and goes. Raises Absent without a source of mail."""
    with Daemon(home) as daemon:
        pid = daemon.process.pid
        before = servers.processor_seconds(pid)
        acceptance.source(daemon.ports["smtp"], 20, FETCHES, "bob@example.test")
        accepted = servers.processor_seconds(pid) - before
        before = servers.processor_seconds(pid)
        for _ in range(50):
            with Lines(daemon.ports["imap"]) as imap:
                imap.hear()
                for line in ("a LOGIN bob netsuite", "b SELECT INBOX",
                             f"c FETCH {FETCHES - 20}:{FETCHES} (FLAGS ENVELOPE)",
                             "d LOGOUT"):  # fmt: skip
                    imap.say(line)
                    for _ in imap.until_tagged(line[:1].encode()):
                        pass
        visited = servers.processor_seconds(pid) - before
    return accepted / FETCHES * 1000, visited / 50 * 1000


def measure(report: Report) -> None:
    """Measure the octets on each database, and the processor."""
    with servers.folder() as home:
        urls = {"SQLite": f"sqlite:///{home}/netsuite.db"}
        cluster = None
        try:
            cluster = Cluster()
            urls["PostgreSQL"] = cluster.create("sizing")
        except LookupError as reason:
            report.leave_out("PostgreSQL", reason)
        for name, url in urls.items():
            octets = filled(url)
            ratio = size_of(url) / octets
            what = f"octets of a message of {octets // MESSAGES:,} octets, indexed"
            report.row(what, name, f"{size_of(url) // MESSAGES:,} ({ratio:.2f} x)", "on disk")
        if cluster is not None:
            cluster.stop()
        try:
            accepted, visited = processor_milliseconds(home / "daemon")
        except Absent as reason:
            report.leave_out("processor time", reason)
            return
    report.row("4 KB accepted by SMTP", "netsuite", f"{accepted:.2f} ms", "of processor")
    report.row("IMAP login, SELECT, 20 envelopes", "netsuite", f"{visited:.1f} ms", "of processor")
