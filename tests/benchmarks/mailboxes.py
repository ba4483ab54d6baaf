"""IMAP on a large mailbox: first sync, bodies, opening, flags, searches; beside Dovecot.

The messages differ as mail does: names, subjects, words of text, one in ten with an attachment.
The client only looks for the end of an answer, so that it is never what is measured.
"""

from __future__ import annotations

import base64
import random
import socket
import statistics
import time
from collections.abc import Iterator

from tests.benchmarks import servers
from tests.benchmarks.report import Report
from tests.benchmarks.servers import Absent, Running

MESSAGES = 50_000
ROUNDS = 3
_AT_ONCE = 100
#: No tagged answer is longer.
_TAIL = 2000
_WORDS = [f"{a}{b}{c}" for a in ("ba", "ko", "ri", "tel", "mun") for b in ("da", "lo", "ves", "ni")
          for c in ("r", "n", "st", "k", "mel", "")]  # fmt: skip
#: What is asked, once the mailbox is selected.
COMMANDS = {
    "FETCH FLAGS UID ENVELOPE BODYSTRUCTURE RFC822.SIZE": (
        "FETCH 1:* (FLAGS UID ENVELOPE BODYSTRUCTURE RFC822.SIZE)"
    ),
    "FETCH FLAGS": "FETCH 1:* (FLAGS)",
    "FETCH BODY.PEEK[] of 10,000": "FETCH 1:10000 (BODY.PEEK[])",
    "SEARCH FROM": "SEARCH FROM balor",
    "SEARCH TEXT": "SEARCH TEXT needle-in-hay",
    "SEARCH BODY": "SEARCH BODY needle-in-hay",
    "SEARCH SUBJECT": "SEARCH SUBJECT telves",
    "SORT": "SORT (SUBJECT FROM REVERSE DATE) UTF-8 ALL",
    "THREAD": "THREAD REFERENCES UTF-8 ALL",
    "STORE of 10,000": "STORE 1:10000 +FLAGS.SILENT (\\Flagged)",
    "STORE back": "STORE 1:10000 -FLAGS.SILENT (\\Flagged)",
}


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


def times(server: Running, rounds: int = ROUNDS) -> dict[str, float]:
    """Return the medians of what the commands take; of the first listing alone, too."""
    found: dict[str, list[float]] = {}
    client = Client(server.port)
    found["SELECT"] = [client.ask("SELECT INBOX") for _ in range(rounds)]
    first = next(iter(COMMANDS))
    found[f"first {first}"] = [client.ask(COMMANDS[first])]
    for _ in range(rounds):
        for what, command in COMMANDS.items():
            try:
                found.setdefault(what, []).append(client.ask(command))
            except RuntimeError:
                continue
    client.close()
    return {what: statistics.median(each) for what, each in found.items() if each}


def measure(report: Report) -> None:
    """Fill a mailbox on each server, then ask; the first listing comes right after the filling."""
    with servers.netsuite() as ours:
        took = fill(ours["imap"].port)
        report.row("IMAP APPEND of 50,000", "netsuite", f"{took:.1f} s")
        mine = times(ours["imap"])
    theirs: dict[str, float] = {}
    try:
        with servers.dovecot(messages()) as peer:
            times(peer, 1)  # its own first reading makes its cache
            theirs = times(peer)
    except Absent as reason:
        report.leave_out("Dovecot", reason)
    for what, seconds in mine.items():
        row = f"IMAP {what} of {MESSAGES:,}" if "of 10" not in what else f"IMAP {what}"
        report.row(row, "netsuite", f"{seconds * 1000:.0f} ms")
        if what in theirs:
            report.row(row, "Dovecot", f"{theirs[what] * 1000:.0f} ms")
            report.row(row, "ratio to Dovecot", f"{theirs[what] / seconds:.2f}")
