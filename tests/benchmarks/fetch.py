"""IMAP FETCH of 10,000 messages, whole and FLAGS with ENVELOPE; beside Dovecot and pymap."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterator

from tests.benchmarks import acceptance, servers
from tests.benchmarks.report import Report
from tests.benchmarks.servers import Absent, Running
from tests.benchmarks.sockets import Lines

MESSAGES = 10_000
ROUNDS = 5
#: pymap takes minutes over as many as the others; its time is scaled up, and marked.
PYMAP_MESSAGES = 500
_ITEMS = {
    "BODY.PEEK[] of 10,000 x 4 KB": "BODY.PEEK[]",
    "FLAGS ENVELOPE of 10,000": "(FLAGS ENVELOPE)",
}


def measure(report: Report) -> None:
    """Fill a mailbox on each server, then fetch it several times; compare medians."""
    with servers.netsuite() as ours:
        acceptance.messages_per_second(ours["smtp"].port, 20, MESSAGES)
        mine = _times(ours["imap"], MESSAGES)
    peers: dict[str, dict[str, float]] = {}
    for name, make, messages in (
        ("Dovecot", servers.dovecot, MESSAGES),
        ("pymap", servers.pymap, PYMAP_MESSAGES),
    ):
        try:
            with make(_messages(messages)) as peer:
                times = _times(peer, messages)
        except Absent as reason:
            report.leave_out(name, reason)
            continue
        shown = peer.name if messages == MESSAGES else f"{peer.name}, {messages:,} messages"
        peers[shown] = {what: seconds * MESSAGES / messages for what, seconds in times.items()}
    for what, seconds in mine.items():
        row = f"IMAP FETCH {what}"
        report.row(row, "netsuite", f"{seconds:.3f} s")
        for name, times in peers.items():
            report.row(row, name, f"{times[what]:.3f} s")
            report.row(row, f"ratio to {name.split()[0]}", f"{times[what] / seconds:.2f}")


def _messages(count: int) -> Iterator[bytes]:
    body = (b"x" * 62 + b"\n") * 60
    for number in range(count):
        yield (
            b"Received: from bench (localhost [127.0.0.1]); Mon, 1 Jan 2024 00:00:00 +0000\n"
            b"From: <a@example.test>\nTo: <alice@example.test>\n"
            b"Date: Mon, 1 Jan 2024 00:00:00 +0000 (UTC)\n"
            b"Message-Id: <%d@bench.example.test>\n\n" % number
        ) + body


def _times(server: Running, messages: int) -> dict[str, float]:
    times: dict[str, list[float]] = {}
    with Lines(server.port) as imap:
        imap.hear()
        imap.say("a LOGIN alice netsuite")
        for _ in imap.until_tagged(b"a"):
            pass
        imap.say("b SELECT INBOX")
        for _ in imap.until_tagged(b"b"):
            pass
        for _ in range(ROUNDS):
            for what, items in _ITEMS.items():
                began = time.perf_counter()
                imap.say(f"c UID FETCH 1:{messages} {items}")
                seen = 0
                for line in imap.until_tagged(b"c"):
                    seen += b" FETCH (" in line
                    if literal := re.search(rb"\{(\d+)\}\r\n$", line):
                        imap.read_octets(int(literal[1]))
                if seen != messages:
                    raise RuntimeError(f"{server.name} gave {seen} of {messages} messages")
                times.setdefault(what, []).append(time.perf_counter() - began)
    return {what: statistics.median(values) for what, values in times.items()}
