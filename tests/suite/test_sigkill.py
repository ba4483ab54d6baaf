"""SIGKILL at any moment: nothing acknowledged is lost, doubled, or half there; no UID returns.

Three clients work at once: one sends by SMTP, one APPENDs and MOVEs by IMAP, one only moves.
They note what was acknowledged. The daemon is killed in mid-work, started again on the same
home, and all that was noted must be there, once, octet for octet.
"""

from __future__ import annotations

import hashlib
import imaplib
import random
import re
import smtplib
import threading
from collections import Counter
from pathlib import Path

import pytest

from netsuite.testing.daemon import Daemon

KILLS = 20
_FOLDERS = ("INBOX", "Archive", "Trash")
_NUMBER = re.compile(rb"^X-Number: (\S+)\r\n.*?^X-Digest: (\S+)\r\n\r\n", re.DOTALL | re.MULTILINE)


def message(number: str, chance: random.Random) -> bytes:
    """Make a message that tells whether it is whole; some span many of the store's chunks."""
    size = chance.choice((100, 2_000, 70_000, 400_000))
    body = b"".join(b"%076x\r\n" % chance.getrandbits(300) for _ in range(size // 78 + 1))
    digest = hashlib.sha256(body).hexdigest()
    return f"X-Number: {number}\r\nX-Digest: {digest}\r\n\r\n".encode() + body


def _number(pattern: bytes, text: bytes) -> int:
    found = re.search(pattern, text)
    assert found is not None, text
    return int(found[1])


class Work:
    """What the clients did and what was acknowledged, over all lives of the daemon."""

    def __init__(self) -> None:
        self.acknowledged: set[str] = set()
        self.attempted: set[str] = set()
        #: folder to UID to message number, as the server told us.
        self.uids: dict[str, dict[int, str]] = {folder: {} for folder in _FOLDERS}
        self.trouble: list[str] = []
        self._lock = threading.Lock()

    def send(self, port: int, life: int) -> None:
        """Send by SMTP until the daemon dies."""
        chance = random.Random(life)
        try:
            with smtplib.SMTP("127.0.0.1", port, timeout=20) as smtp:
                for count in range(10_000):
                    number = f"smtp-{life}-{count}"
                    self.attempted.add(number)
                    smtp.sendmail("a@example.test", ["alice@example.test"], message(number, chance))
                    with self._lock:
                        self.acknowledged.add(number)
        except (OSError, smtplib.SMTPServerDisconnected):
            pass
        except Exception as error:
            self.trouble.append(f"smtp: {error!r}")

    def append(self, port: int, life: int) -> None:
        """APPEND to Archive and note the UIDs until the daemon dies."""
        chance = random.Random(1000 + life)
        try:
            with imaplib.IMAP4("127.0.0.1", port, timeout=20) as imap:
                imap.login("alice", "netsuite")
                for count in range(10_000):
                    number = f"append-{life}-{count}"
                    self.attempted.add(number)
                    kind, data = imap.append("Archive", "", "", message(number, chance))
                    assert kind == "OK", data
                    uid = _number(rb"APPENDUID \d+ (\d+)", data[0])
                    with self._lock:
                        self.acknowledged.add(number)
                        self._note("Archive", uid, number)
        except (OSError, imaplib.IMAP4.abort):
            pass
        except Exception as error:
            self.trouble.append(f"append: {error!r}")

    def move(self, port: int) -> None:
        """MOVE what is in INBOX to Trash until the daemon dies."""
        try:
            with imaplib.IMAP4("127.0.0.1", port, timeout=20) as imap:
                imap.login("alice", "netsuite")
                imap.select("INBOX")
                for _ in range(10_000):
                    imap.noop()
                    kind, data = imap.uid("SEARCH", "ALL")
                    assert kind == "OK", data
                    found = data[0].split()[:5]
                    if found:
                        imap._command("UID", "MOVE", b",".join(found).decode(), "Trash")
        except (OSError, imaplib.IMAP4.abort):
            pass
        except Exception as error:
            self.trouble.append(f"move: {error!r}")

    def _note(self, folder: str, uid: int, number: str) -> None:
        known = self.uids[folder].setdefault(uid, number)
        if known != number:
            self.trouble.append(f"{folder} UID {uid} was {known} and is {number}")

    def check(self, port: int) -> None:
        """Compare what is there with what was acknowledged."""
        there: Counter[str] = Counter()
        with imaplib.IMAP4("127.0.0.1", port, timeout=60) as imap:
            imap.login("alice", "netsuite")
            for folder in _FOLDERS:
                imap.select(folder, readonly=True)
                _, data = imap.uid("FETCH", "1:*", "(UID BODY.PEEK[])")
                for item in data:
                    if not isinstance(item, tuple):
                        continue
                    found = _NUMBER.search(item[1])
                    if found is None:
                        continue  # the demo's own messages
                    number = found[1].decode()
                    there[number] += 1
                    digest = hashlib.sha256(item[1][found.end() :]).hexdigest()
                    if digest != found[2].decode():
                        self.trouble.append(f"{number} is not whole")
                    self._note(folder, _number(rb"UID (\d+)", item[0]), number)
        if lost := self.acknowledged - set(there):
            self.trouble.append(f"acknowledged and lost: {sorted(lost)[:5]} ({len(lost)})")
        if doubled := [number for number, count in there.items() if count > 1]:
            self.trouble.append(f"there more than once: {doubled[:5]} ({len(doubled)})")
        if strange := set(there) - self.attempted:
            self.trouble.append(f"never sent: {sorted(strange)[:5]}")


@pytest.mark.long
@pytest.mark.timeout(300)
def test_sigkill(tmp_path: Path) -> None:
    """Twenty kills under load: zero lost, zero doubled, zero half, no UID used again."""
    work = Work()
    chance = random.Random(20)
    home = tmp_path / "home"
    for life in range(KILLS):
        daemon = Daemon(home)
        threads = [
            threading.Thread(target=work.send, args=(daemon.ports["smtp"], life)),
            threading.Thread(target=work.append, args=(daemon.ports["imap"], life)),
            threading.Thread(target=work.move, args=(daemon.ports["imap"],)),
        ]
        for thread in threads:
            thread.start()
        threads[0].join(0.3 + chance.random())
        daemon.kill()
        for thread in threads:
            thread.join(30)
        assert work.trouble == []
    with Daemon(home) as daemon:
        work.check(daemon.ports["imap"])
    assert work.trouble == []
    assert len(work.acknowledged) > KILLS * 10
