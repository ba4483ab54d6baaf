"""SIGKILL of either of two mail hosts while one relays to the other: nothing is lost.

Mail may be doubled, in the one way that SMTP itself cannot rule out (RFC 5321, 4.1.1.4, and RFC
1047): the receiver has it, and whoever dies, or loses the connection, before the sender has
recorded the receiver's 250, sends it again. The test counts those.

``NETSUITE_RELAY_KILLS`` says how many kills there are; the ordinary run has a few.
"""

from __future__ import annotations

import os
import random
import re
import smtplib
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.suite.mail_hosts import MailHost, mail_hosts

KILLS = int(os.environ.get("NETSUITE_RELAY_KILLS", "4"))
_NUMBER = re.compile(rb"^X-Number: (\S+)\r\n", re.MULTILINE)
#: All that is queued has to arrive in so long after the last kill.
DRAIN_SECONDS = 90.0


class Sender:
    """Hands messages in, and notes which were acknowledged."""

    def __init__(self) -> None:
        self.acknowledged: set[str] = set()
        self.trouble: list[str] = []
        self.enough = threading.Event()

    def send(self, port: int, life: int) -> None:
        """Hand in messages until the host dies, or it is enough."""
        chance = random.Random(life)
        try:
            with smtplib.SMTP("127.0.0.1", port, timeout=20) as smtp:
                smtp.login("alice", "netsuite")
                for count in range(10_000):
                    if self.enough.is_set():
                        break
                    number = f"{life}-{count}"
                    body = b"x" * chance.choice((10, 1_000, 50_000)) + b"\r\n"
                    octets = f"X-Number: {number}\r\n\r\n".encode() + body
                    refused = smtp.sendmail(
                        "alice@one.test", ["alice@one.test", "bob@two.test"], octets
                    )
                    if refused:
                        self.trouble.append(f"{number}: {refused}")
                    self.acknowledged.add(number)
        except (OSError, smtplib.SMTPServerDisconnected):
            pass
        except smtplib.SMTPException as error:
            if getattr(error, "smtp_code", 0) != 421:
                self.trouble.append(repr(error))


def numbers(host: MailHost, account: str) -> Counter[str]:
    """Count the messages that are there, by their numbers."""
    found = (_NUMBER.search(message) for message in host.headers(account))
    return Counter(match[1].decode() for match in found if match is not None)


def wait_for_all(host: MailHost, wanted: set[str]) -> Counter[str]:
    """Return what is there, as soon as it is all, or the time is over."""
    end = time.monotonic() + DRAIN_SECONDS
    while True:
        there = numbers(host, "bob")
        if wanted <= set(there) or time.monotonic() > end:
            return there
        time.sleep(0.5)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_sigkill_of_either(tmp_path: Path) -> None:
    """Nothing that was acknowledged is lost, here or there; here nothing is doubled."""
    sender = Sender()
    chance = random.Random(8)
    with mail_hosts(tmp_path) as (one, two):
        for life in range(KILLS):
            sender.enough.clear()
            sending = threading.Thread(target=sender.send, args=(one.port_of("submission"), life))
            sending.start()
            sending.join(chance.uniform(0.05, 0.6))
            victim = one if chance.random() < 0.5 else two
            victim.daemon.kill()
            sending.join(chance.uniform(0.0, 0.3))  # one.test goes on without two.test
            victim.start()
            sender.enough.set()
            sending.join()
        there = wait_for_all(two, sender.acknowledged)
        here = numbers(one, "alice")
    assert sender.trouble == []
    assert len(sender.acknowledged) > KILLS
    assert sender.acknowledged - set(there) == set(), "acknowledged, and lost on the way"
    assert sender.acknowledged - set(here) == set(), "acknowledged, and not in the mailbox here"
    assert [number for number, count in here.items() if count > 1] == []
    doubled = sum(count - 1 for count in there.values())
    print(f"{KILLS} kills, {len(sender.acknowledged)} acknowledged, {doubled} doubled")
    # One connection's worth at the most for each death: a message under way on each.
    assert doubled <= KILLS * 5
