"""Ten IMAP clients with random commands, beside Dovecot; a notice in IDLE; sessions on a mailbox of
200,000 messages."""

from __future__ import annotations

import random
import re
import statistics
import threading
import time
from collections.abc import Iterator
from itertools import islice

from tests.benchmarks import mailboxes, servers
from tests.benchmarks.report import Report
from tests.benchmarks.servers import Absent, Running
from tests.benchmarks.sockets import Lines

CLIENTS = 10
SECONDS = 20.0
MESSAGES = 500
NOTICES = 200
#: What a session does between SELECT and LOGOUT; once each of them, on the average.
DEEDS = 7
LARGE = 200_000
SESSIONS = 50
_LITERAL = re.compile(rb"\{(\d+)\}\r\n$")
_BODY = "Subject: stress\r\n\r\n" + "A line of text, as letters have.\r\n" * 20


class Client(Lines):
    """A client that says something at random."""

    def __init__(self, port: int, chance: random.Random) -> None:
        super().__init__(port)
        self._chance = chance
        self.commands = 0
        self.hear()

    def do(self, line: str) -> list[bytes]:
        """Say a command; return what came before its OK. Raises RuntimeError for any other end."""
        self.commands += 1
        self.say(f"a{self.commands} {line}")
        heard = []
        for each in self.until_tagged(b"a%d" % self.commands):
            heard.append(each)
            if literal := _LITERAL.search(each):
                self.read_octets(int(literal[1]))
        return heard

    def idle(self) -> None:
        """Wait a moment."""
        self.commands += 1
        self.say(f"a{self.commands} IDLE")
        while not self.hear().startswith(b"+"):
            pass  # of what others have done
        time.sleep(0.01)
        self.say("DONE")
        for _ in self.until_tagged(b"a%d" % self.commands):
            pass

    def session(self) -> None:
        """Log in, do some things, leave."""
        self.do("LOGIN alice netsuite")
        self.do("SELECT INBOX")
        for _ in range(DEEDS):
            uid = self._chance.randint(1, MESSAGES - 10)
            flag = self._chance.choice(("\\Seen", "\\Flagged", "\\Answered"))
            deed = self._chance.randrange(DEEDS)
            if deed == 0:
                self.idle()
            else:
                self.do(
                    (
                        f"UID FETCH {uid}:{uid + 9} (FLAGS ENVELOPE)",
                        f"UID FETCH {uid} (BODY.PEEK[])",
                        f"UID STORE {uid}:{uid + 2} +FLAGS ({flag})",
                        f"UID STORE {uid} -FLAGS ({flag})",
                        "UID SEARCH FLAGGED",
                        f"APPEND INBOX {{{len(_BODY)}+}}\r\n{_BODY}",
                    )[deed - 1]
                )
        self.do("LOGOUT")


def work(port: int, seconds: float = SECONDS) -> tuple[int, int, list[str]]:
    """Have ten clients come and go; return how often they have logged in, how many commands were
    done, and the errors."""
    logins = [0] * CLIENTS
    commands = [0] * CLIENTS
    errors: list[str] = []
    end = time.monotonic() + seconds

    def run(number: int) -> None:
        chance = random.Random(number)
        while time.monotonic() < end:
            try:
                with Client(port, chance) as client:
                    client.session()
                    logins[number] += 1
                    commands[number] += client.commands
            except (OSError, RuntimeError) as error:
                errors.append(repr(error))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(logins), sum(commands), errors


def notices(port: int, count: int = NOTICES) -> list[float]:
    """Return the seconds from the OK of each APPEND until another session in IDLE has heard."""
    took = []
    chance = random.Random(1)
    with Client(port, chance) as waiting, Client(port, chance) as bringing:
        for client in (waiting, bringing):
            client.do("LOGIN alice netsuite")
        waiting.do("SELECT INBOX")
        waiting.ask("i IDLE", b"+")
        heard_at: list[float] = []

        def hear() -> None:
            while len(heard_at) < count:
                if b" EXISTS" in waiting.hear():
                    heard_at.append(time.perf_counter())

        thread = threading.Thread(target=hear)
        thread.start()
        for number in range(count):
            bringing.do(f"APPEND INBOX {{{len(_BODY)}+}}\r\n{_BODY}")
            done_at = time.perf_counter()
            while len(heard_at) <= number:
                time.sleep(0.0005)
            took.append(max(0.0, heard_at[number] - done_at))
        thread.join()
    return took


def messages(count: int) -> Iterator[bytes]:
    """Return messages with bare line feeds."""
    return islice(mailboxes.messages(count), count)


def measure(report: Report) -> None:
    """Measure all of it."""
    _random(report)
    _large(report)


def _random(report: Report) -> None:
    with servers.netsuite() as ours:
        port = ours["imap"].port
        mailboxes.fill(port, MESSAGES)
        mine = work(port)
        median = statistics.median(notices(port)) * 1000
    what = f"IMAP, ten clients, random commands, {SECONDS:g} s"
    report.row(what, "netsuite", f"{mine[0]:,} logins, {mine[1]:,} commands")
    report.judge(f"{what}: errors", "netsuite", str(len(mine[2])), reached=not mine[2], goal="0")
    for error in mine[2][:3]:
        print(error)
    try:
        with servers.dovecot(messages(MESSAGES)) as (peer, _):
            theirs = work(peer.port)
            # It tells half a second later.
            their_median = statistics.median(notices(peer.port, 20)) * 1000
    except Absent as reason:
        report.leave_out("Dovecot", reason)
    else:
        report.row(what, "Dovecot", f"{theirs[0]:,} logins, {theirs[1]:,} commands")
        report.row(f"{what}: errors", "Dovecot", str(len(theirs[2])))
        ratio = mine[0] / theirs[0]
        report.judge(f"{what}: logins", "ratio to Dovecot", f"{ratio:.2f}", reached=ratio >= 3,
                     goal=">= 3")  # fmt: skip
        report.row("IMAP, from APPEND's OK to IDLE's notice", "Dovecot", f"{their_median:.1f} ms")
    report.judge("IMAP, from APPEND's OK to IDLE's notice", "netsuite", f"{median:.1f} ms",
                 reached=median < 5, goal="< 5 ms")  # fmt: skip


def _large(report: Report) -> None:
    with servers.netsuite() as ours:
        imap = ours["imap"]
        _fill(imap, LARGE)
        one = mailboxes.Client(imap.port)
        one.ask("SELECT INBOX")
        took = statistics.median(one.ask("SELECT INBOX") for _ in range(9)) * 1000
        report.judge(f"IMAP SELECT of {LARGE:,}, warm", "netsuite", f"{took:.0f} ms",
                     reached=took < 150, goal="< 150 ms")  # fmt: skip
        one.ask(f"FETCH {LARGE} (UID)")  # it is there
        clients = [mailboxes.Client(imap.port) for _ in range(SESSIONS)]
        before = servers.resident_octets(imap.pid)
        for what, command in (("", "SELECT INBOX"), (", that was told of news", "NOOP")):
            for client in clients:
                client.ask(command)
            each = (servers.resident_octets(imap.pid) - before) / SESSIONS
            report.judge(f"memory of an IMAP session on {LARGE:,}{what}", f"one of {SESSIONS}",
                         f"{each / 1e6:.2f} MB", reached=each < 5e6, goal="< 5 MB")  # fmt: skip
            one.append([b"Subject: news\n\nhello\n"])
        for client in (one, *clients):
            client.close()


def _fill(imap: Running, count: int) -> None:
    """Put many small messages into INBOX, most of them by copying the others."""
    client = mailboxes.Client(imap.port)
    few = count // 64
    for start in range(0, few, 100):
        client.append(
            [
                b"From: a@example.test\nSubject: number %d\nMessage-ID: <%d@bench>\n\nhello\n"
                % (n, n)
                for n in range(start, min(few, start + 100))
            ]
        )
    client.ask("SELECT INBOX")
    while few < count:
        client.ask(f"COPY 1:{few} INBOX")
        few *= 2
    client.close()
