"""IMAP on a large mailbox: first sync, bodies, flags, searches, moving; and a session of POP3.

Beside Dovecot, in turns, and pymap. The messages differ as mail does: names, subjects, words of
text, one in ten with an attachment. The client only looks for the end of an answer, so that it is
never what is measured.
"""

from __future__ import annotations

import base64
import random
import socket
import sqlite3
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

from tests.benchmarks import servers
from tests.benchmarks.report import Report
from tests.benchmarks.servers import Absent, Running
from tests.benchmarks.sockets import Lines

MESSAGES = 50_000
MOVED = 10_000
ROUNDS = 3
#: pymap takes minutes over as many as the others; its time is scaled up, and marked.
PYMAP_MESSAGES = 500
RETRIEVED = 100
INDEXED_SECONDS = 600.0
_AT_ONCE = 100
#: No tagged answer is longer.
_TAIL = 2000
_WORDS = [f"{a}{b}{c}" for a in ("ba", "ko", "ri", "tel", "mun") for b in ("da", "lo", "ves", "ni")
          for c in ("r", "n", "st", "k", "mel", "")]  # fmt: skip
_LISTING = "FLAGS UID ENVELOPE BODYSTRUCTURE RFC822.SIZE"
_BODIES = "BODY.PEEK[] of 10,000"
#: What is asked, once the mailbox is selected.
COMMANDS = {
    f"FETCH {_LISTING}": f"FETCH 1:* ({_LISTING})",
    "FETCH FLAGS": "FETCH 1:* (FLAGS)",
    f"FETCH {_BODIES}": "FETCH 1:10000 (BODY.PEEK[])",
    "SEARCH FROM": "SEARCH FROM balor",
    "SEARCH TEXT": "SEARCH TEXT needle-in-hay",
    "SEARCH BODY": "SEARCH BODY needle-in-hay",
    "SEARCH SUBJECT": "SEARCH SUBJECT telves",
    "SORT": "SORT (SUBJECT FROM REVERSE DATE) UTF-8 ALL",
    "THREAD": "THREAD REFERENCES UTF-8 ALL",
}
#: What is asked after that: Dovecot looks for each file anew whose name a flag has changed.
CHANGES = {
    "STORE of 10,000": "STORE 1:10000 +FLAGS.SILENT (\\Flagged)",
    "STORE back of 10,000": "STORE 1:10000 -FLAGS.SILENT (\\Flagged)",
}
#: The least that a ratio to Dovecot is to be, and the most seconds.
RATIOS = {f"FETCH {_LISTING}": 0.7, f"FETCH {_BODIES}": 0.9, "a session of POP3": 1.0}
SECONDS = {
    "SEARCH FROM": 0.1,
    "SEARCH TEXT": 0.1,
    "SORT": 0.5,
    "THREAD": 0.5,
    "STORE of 10,000": 1.0,
    "MOVE of 10,000": 2.0,
}
#: Of the first listing to a later one, and of a listing to pymap's.
FIRST_RATIO = 1.5
PYMAP_RATIO = 30.0


def messages(count: int = MESSAGES) -> Iterator[bytes]:
    """Return messages with bare line feeds, as a Maildir has them."""
    chance = random.Random(1)
    attachment = base64.encodebytes(chance.randbytes(3000))
    for number in range(count):
        who = chance.choice(_WORDS)
        text = "\n".join(" ".join(chance.choices(_WORDS, k=10)) for _ in range(50))
        if number % 5000 == 77:
            text += "\nneedle-in-hay\n"
        answered = f"References: <{number - 3}@bench.example>\n" if number % 3 == 0 else ""
        head = (
            "Received: from relay.example (relay.example [192.0.2.1]) by mx.example with ESMTPS\n"
            f" id {number:x} for <alice@example.test>; Mon, 1 Jan 2024 00:00:00 +0000\n"
            f'From: "{who.title()} Example" <{who}@example.test>\n'
            f"To: <alice@example.test>, {chance.choice(_WORDS)}@example.test\n"
            f"Subject: {'Re: ' if answered else ''}{' '.join(chance.choices(_WORDS, k=5))}\n"
            f"Date: Mon, 1 Jan 2024 00:{number % 60:02}:00 +0000\n"
            f"Message-ID: <{number}@bench.example>\n{answered}MIME-Version: 1.0\n"
        ).encode()
        if number % 10:
            yield head + b"Content-Type: text/plain; charset=utf-8\n\n" + text.encode() + b"\n"
        else:
            yield head + (
                b"Content-Type: multipart/mixed; boundary=bound\n\n--bound\n"
                b"Content-Type: text/plain; charset=utf-8\n\n%b\n--bound\n"
                b"Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n"
                b"Content-Disposition: attachment; filename=a.png\n\n%b--bound--\n"
            ) % (text.encode(), attachment)


class Client:
    """A connection that asks one thing after the other."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 300)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray(1 << 20)
        self._socket.recv(4096)
        self.ask("LOGIN alice netsuite")

    def ask(self, command: str) -> float:
        """Say a command; return the seconds until it was answered with OK."""
        began = time.perf_counter()
        self._socket.sendall(b"c " + command.encode() + b"\r\n")
        self._answered(b"c")
        return time.perf_counter() - began

    def _answered(self, tag: bytes) -> None:
        end = b""
        while not (end.endswith(b"\r\n") and b"\n" + tag + b" OK" in b"\n" + end):
            count = self._socket.recv_into(self._buffer)
            if not count:
                raise ConnectionError("the server closed the connection")
            end = (end + self._buffer[max(0, count - _TAIL) : count])[-_TAIL:]
            for no in (b" NO ", b" BAD "):
                if b"\n" + tag + no in b"\n" + end:
                    raise RuntimeError(repr(end))

    def append(self, many: list[bytes]) -> None:
        """Put messages into INBOX, by one command (RFC 3502)."""
        said = [b"c APPEND INBOX"]
        for octets in many:
            octets = octets.replace(b"\n", b"\r\n")
            said.append(b" {%d+}\r\n%b" % (len(octets), octets))
        self._socket.sendall(b"".join(said) + b"\r\n")
        self._answered(b"c")

    def close(self) -> None:
        """Leave."""
        self._socket.close()


def fill(port: int, count: int = MESSAGES) -> float:
    """Put the messages into a server; return how many seconds that took."""
    client = Client(port)
    began = time.perf_counter()
    waiting = []
    for octets in messages(count):
        waiting.append(octets)
        if len(waiting) == _AT_ONCE:
            client.append(waiting)
            waiting = []
    if waiting:
        client.append(waiting)
    client.close()
    return time.perf_counter() - began


def wait_until_indexed(home: Path) -> float:
    """Wait until all texts can be searched; return how many seconds that took."""
    began = time.perf_counter()
    with closing(sqlite3.connect(f"file:{home / 'netsuite.db'}?mode=ro", uri=True)) as store:
        while store.execute("SELECT EXISTS (SELECT 1 FROM pending)").fetchone()[0]:
            if time.perf_counter() - began > INDEXED_SECONDS:
                raise RuntimeError("the texts are not indexed in time")
            time.sleep(1)
    return time.perf_counter() - began


def pop3_session(port: int) -> float:
    """Read some messages as a mail program does; return the seconds."""
    began = time.perf_counter()
    with Lines(port) as pop3:
        pop3.hear()
        for command, is_long in [
            ("USER alice", False), ("PASS netsuite", False), ("STAT", False), ("UIDL", True),
            *((f"RETR {number + 1}", True) for number in range(RETRIEVED)), ("QUIT", False),
        ]:  # fmt: skip
            pop3.say(command)
            if not pop3.hear().startswith(b"+OK"):
                raise RuntimeError(command)
            while is_long and pop3.hear() != b".\r\n":
                pass
    return time.perf_counter() - began


Times = dict[str, list[float]]


def ask(client: Client, found: Times, what: str, command: str) -> None:
    """Ask once, and note how long it took."""
    found.setdefault(what, []).append(client.ask(command))


def times(running: dict[str, tuple[Running, Running]]) -> dict[str, Times]:
    """Return of each server what the commands take, in turns.

    Args:
        running: by name, its IMAP and its POP3.
    """
    clients = {name: Client(imap.port) for name, (imap, _) in running.items()}
    found: dict[str, Times] = {name: {} for name in running}
    for name, client in clients.items():
        client.ask("CREATE Moved")
        client.ask("SELECT INBOX")
        if name != "netsuite":  # its first reading makes its cache
            for what, command in COMMANDS.items():
                if not what.startswith("SEARCH"):
                    client.ask(command)
    for commands in ({"SELECT": "SELECT INBOX", **COMMANDS}, CHANGES):
        for _ in range(ROUNDS):
            for what, command in commands.items():
                for name, client in clients.items():
                    ask(client, found[name], what, command)
    for _ in range((MESSAGES - MOVED) // MOVED):
        for name, client in clients.items():
            ask(client, found[name], f"MOVE of {MOVED:,}", f"MOVE 1:{MOVED} Moved")
    for client in clients.values():
        client.close()
    for _ in range(ROUNDS):
        for name, (_, pop3) in running.items():
            found[name].setdefault("a session of POP3", []).append(pop3_session(pop3.port))
    return found


def measure(report: Report) -> None:
    """Fill a mailbox on each server, then ask; the first listing comes right after the filling."""
    listing = f"FETCH {_LISTING}"
    with ExitStack() as stack:
        ours = stack.enter_context(servers.netsuite())
        took = fill(ours["imap"].port)
        report.row(f"APPEND of {MESSAGES:,}", "netsuite", f"{took:.1f} s")
        client = Client(ours["imap"].port)
        client.ask("SELECT INBOX")
        first = client.ask(COMMANDS[listing])
        took = client.ask(COMMANDS["SEARCH TEXT"])
        report.row("SEARCH TEXT right after that", "netsuite", f"{took * 1000:.0f} ms")
        client.close()
        took = wait_until_indexed(ours["imap"].home)
        report.row("until all is indexed", "netsuite", f"{took:.0f} s")
        running = {"netsuite": (ours["imap"], ours["pop3"])}
        try:
            running["Dovecot"] = stack.enter_context(servers.dovecot(messages()))
        except Absent as reason:
            report.leave_out("Dovecot", reason)
        found = {
            name: {what: statistics.median(each) for what, each in of_one.items()}
            for name, of_one in times(running).items()
        }
    mine, theirs = found["netsuite"], found.get("Dovecot", {})
    ratio = first / mine[listing]
    report.judge(
        "first listing", "netsuite", f"{first * 1000:.0f} ms, {ratio:.2f} x a later one",
        reached=ratio <= FIRST_RATIO, goal=f"<= {FIRST_RATIO} x",
    )  # fmt: skip
    for what, seconds in mine.items():
        figure = f"{seconds * 1000:.0f} ms"
        most = SECONDS.get(what)
        if most is None:
            report.row(what, "netsuite", figure)
        else:
            goal = f"< {most * 1000:.0f} ms"
            report.judge(what, "netsuite", figure, reached=seconds < most, goal=goal)
        if what in theirs:
            report.row(what, "Dovecot", f"{theirs[what] * 1000:.0f} ms")
            _compare(report, what, "Dovecot", theirs[what] / seconds, RATIOS.get(what))
    try:
        with servers.pymap(messages(PYMAP_MESSAGES)) as peer:
            client = Client(peer.port)
            client.ask("SELECT INBOX")
            asked = [client.ask(COMMANDS[listing]) for _ in range(2)]
            client.close()
    except Absent as reason:
        report.leave_out("pymap", reason)
        return
    scaled = asked[-1] * MESSAGES / PYMAP_MESSAGES
    report.row(listing, peer.name, f"{scaled:.1f} s", f"of {PYMAP_MESSAGES} messages, scaled")
    _compare(report, listing, "pymap", scaled / mine[listing], PYMAP_RATIO)


def _compare(report: Report, what: str, peer: str, ratio: float, least: float | None) -> None:
    figure = f"{ratio:.2f}"
    if least is None:
        report.row(what, f"ratio to {peer}", figure)
    else:
        goal = f">= {least}"
        report.judge(what, f"ratio to {peer}", figure, reached=ratio >= least, goal=goal)
