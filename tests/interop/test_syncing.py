"""mbsync and offlineimap: a mailbox and Maildirs in step, both ways, and several at once."""

from __future__ import annotations

import contextlib
import imaplib
import random
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from netsuite.testing.daemon import Daemon
from tests.interop import maildirs
from tests.interop.maildirs import Kept
from tests.interop.programs import program, run

pytestmark = pytest.mark.long
MESSAGES = 2000
ROUNDS = 4
_FLAGS = {"\\Draft": "D", "\\Flagged": "F", "\\Answered": "R", "\\Seen": "S"}


class Mbsync:
    """mbsync, which keeps one mailbox and a Maildir in step, under TLS."""

    def __init__(self, daemon: Daemon, home: Path, mailbox: str) -> None:
        self._program = program("mbsync", "Far and Near")
        self.home = home
        home.mkdir()
        self.maildir = home / mailbox
        self._config = home / "mbsyncrc"
        self._config.write_text(
            f"FSync no\n\nIMAPStore far\nHost localhost\nPort {daemon.tls_ports['imap']}\n"
            "User alice\nPass netsuite\nSSLType IMAPS\n"
            f"CertificateFile {daemon.home}/tls/default.pem\n\n"
            f"MaildirStore near\nPath {home}/\nInbox {home}/INBOX\nSubFolders Verbatim\n\n"
            f"Channel all\nFar :far:{mailbox}\nNear :near:{mailbox}\nCreate Both\nExpunge Both\n"
            f"Sync All\nSyncState {home}/state-\n"
        )

    def sync(self, *, others: bool = False) -> None:
        """Bring both in step.

        Args:
            others: whether others may remove meanwhile what it has seen.
        """
        run(self._program, "-c", self._config, "all", home=self.home)


class OfflineIMAP:
    """offlineimap, which does the same in another way, under TLS."""

    def __init__(self, daemon: Daemon, home: Path, mailbox: str) -> None:
        self._program = program("offlineimap")
        self.home = home
        home.mkdir()
        self.maildir = home / "mail" / mailbox
        self._config = home / "offlineimaprc"
        self._config.write_text(
            f"[general]\naccounts = all\nmetadata = {home}/metadata\nfsync = False\n"
            "socktimeout = 30\n"
            "[Account all]\nlocalrepository = near\nremoterepository = far\n"
            f"[Repository near]\ntype = Maildir\nlocalfolders = {home}/mail\n"
            "sync_deletes = yes\n"
            f"[Repository far]\ntype = IMAP\nremotehost = localhost\n"
            f"remoteport = {daemon.tls_ports['imap']}\nremoteuser = alice\nremotepass = netsuite\n"
            f"ssl = yes\nsslcacertfile = {daemon.home}/tls/default.pem\nexpunge = yes\n"
            f"folderfilter = lambda name: name == '{mailbox}'\nmaxconnections = 2\n"
        )

    def sync(self, *, others: bool = False) -> None:
        """Bring both in step.

        Args:
            others: whether others change the mailbox meanwhile. It complains then of what is gone,
                and of flags of what it has not seen, and goes on the next time.
        """
        command = (self._program, "-c", self._config, "-o", "-u", "basic")
        printed = run(*command, home=self.home, ok=not others)
        for word in ("BAD", "SERVERBUG", "[NO]", "abort"):
            assert word not in printed, printed


@contextlib.contextmanager
def imap(daemon: Daemon, mailbox: str) -> Iterator[imaplib.IMAP4]:
    """Return a client that has a mailbox open, which it makes if need be."""
    context = ssl.create_default_context(cafile=str(daemon.home / "tls/default.pem"))
    port = daemon.tls_ports["imap"]
    with imaplib.IMAP4_SSL("localhost", port, ssl_context=context, timeout=30) as client:
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.login("alice", "netsuite")
        client.create(mailbox)
        assert client.select(mailbox)[0] == "OK"
        yield client


def on_server(client: imaplib.IMAP4) -> dict[str, Kept]:
    """Return what is in the mailbox, by the names of messages; none may be there twice."""
    client.noop()
    kind, data = client.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[])")
    assert kind == "OK"
    found: dict[str, Kept] = {}
    for each in data:
        if isinstance(each, tuple):
            flags = imaplib.ParseFlags(each[0])
            letters = "".join(sorted(_FLAGS.get(word.decode(), "") for word in flags))
            name = maildirs.name_of(each[1])
            assert name not in found, f"{name} is doubled on the server"
            found[name] = Kept(letters, maildirs.plain(each[1]))
    return found


def state(client: imaplib.IMAP4, mailbox: str) -> bytes:
    """Return all that changes with a mailbox."""
    _, data = client.status(mailbox, "(MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ)")
    assert isinstance(data[0], bytes)
    return data[0]


def append(client: imaplib.IMAP4, mailbox: str, octets: bytes, flags: str = "") -> int:
    """Put a message into a mailbox; return its UID."""
    kind, data = client.append(mailbox, flags, "", octets.replace(b"\n", b"\r\n"))
    assert kind == "OK", data
    assert isinstance(data[0], bytes)
    found = re.search(rb"APPENDUID \d+ (\d+)", data[0])
    assert found is not None, data
    return int(found[1])


def test_mbsync_large(daemon: Daemon, tmp_path: Path) -> None:
    """mbsync pushes a Maildir of thousands and pulls it into another; flags, deletions and new
    messages of either reach the other; then there is nothing to do."""
    chance = random.Random(1)
    one, two = (Mbsync(daemon, tmp_path / name, "Large") for name in ("one", "two"))
    expected: dict[str, Kept] = {}
    maildirs.make(one.maildir)
    for number in range(MESSAGES):
        name = f"{number}@large"
        kept = Kept(chance.choice(("", "S", "FS", "RS", "D")), maildirs.message(name, chance))
        expected[name] = kept
        maildirs.put(one.maildir, name, kept.octets, kept.flags)
    one.sync()
    two.sync()
    assert maildirs.read(two.maildir) == expected
    names = sorted(expected)
    chance.shuffle(names)
    for who in (one, two):
        flagged, removed = [names.pop() for _ in range(40)], [names.pop() for _ in range(30)]
        maildirs.flag(who.maildir, flagged, "FRS")
        maildirs.remove(who.maildir, removed)
        for name in flagged:
            expected[name] = Kept("FRS", expected[name].octets)
        for name in removed:
            del expected[name]
        for number in range(20):
            name = f"{who.home.name}-{number}@large"
            expected[name] = Kept("F", maildirs.message(name, chance))
            maildirs.put(who.maildir, name, expected[name].octets, "F")
    for who in (two, one, two):
        who.sync()
    assert maildirs.read(one.maildir) == expected
    assert maildirs.read(two.maildir) == expected
    with imap(daemon, "Large") as client:
        assert on_server(client) == expected
        before = [state(client, "Large"), *map(maildirs.files, (one.maildir, two.maildir))]
        one.sync()
        two.sync()
        after = [state(client, "Large"), *map(maildirs.files, (one.maildir, two.maildir))]
        assert before == after


def test_offlineimap(daemon: Daemon, tmp_path: Path) -> None:
    """offlineimap fetches a mailbox; flags, deletions and new messages of either side reach the
    other; then there is nothing to do."""
    chance = random.Random(2)
    near = OfflineIMAP(daemon, tmp_path / "near", "Offline")
    expected: dict[str, Kept] = {}
    with imap(daemon, "Offline") as client:
        for number in range(60):
            name, flag = f"{number}@offline", chance.choice(("", "\\Flagged", "\\Seen"))
            expected[name] = Kept(_FLAGS.get(flag, ""), maildirs.message(name, chance))
            append(client, "Offline", expected[name].octets, flag)
        near.sync()
        assert maildirs.read(near.maildir) == expected
        maildirs.flag(near.maildir, [f"{number}@offline" for number in range(10)], "FRS")
        maildirs.remove(near.maildir, [f"{number}@offline" for number in range(10, 20)])
        client.uid("STORE", "21:30", "FLAGS", "(\\Answered)")
        client.uid("STORE", "31:40", "+FLAGS", "(\\Deleted)")
        client.expunge()
        for number in range(60):
            name = f"{number}@offline"
            if number < 10:
                expected[name] = Kept("FRS", expected[name].octets)
            elif 20 <= number < 30:
                expected[name] = Kept("R", expected[name].octets)
            elif number < 40:
                del expected[name]
        for number in range(10):
            name = f"near-{number}@offline"
            expected[name] = Kept("S", maildirs.message(name, chance))
            maildirs.put(near.maildir, name, expected[name].octets, "S")
            name = f"far-{number}@offline"
            expected[name] = Kept("", maildirs.message(name, chance))
            append(client, "Offline", expected[name].octets)
        near.sync()
        near.sync()
        assert maildirs.read(near.maildir) == expected
        assert on_server(client) == expected
        before = state(client, "Offline"), maildirs.files(near.maildir)
        near.sync()
        assert before == (state(client, "Offline"), maildirs.files(near.maildir))


class Together:
    """What several programs do to one mailbox at once; each removes only what it brought."""

    def __init__(self) -> None:
        self.expected: dict[str, bytes] = {}
        self.trouble: list[str] = []
        self._lock = threading.Lock()

    def brings(self, name: str, octets: bytes) -> None:
        """Note that a message is to be there at the end."""
        with self._lock:
            self.expected[name] = octets

    def removes(self, names: list[str]) -> None:
        """Note that messages are not."""
        with self._lock:
            for name in names:
                del self.expected[name]

    def run(self, *works: Callable[[], None]) -> None:
        """Do all at once, to the end."""
        threads = [threading.Thread(target=self._guarded, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not self.trouble, "\n".join(self.trouble)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self.trouble.append(repr(error))

    def syncs(self, who: Mbsync | OfflineIMAP) -> None:
        """Bring messages by way of a Maildir, and remove some that are on the server."""
        chance = random.Random(who.home.name)
        sent: list[str] = []
        for number in range(ROUNDS):
            for each in range(15):
                name = f"{who.home.name}-{number}-{each}@together"
                octets = maildirs.message(name, chance)
                maildirs.put(who.maildir, name, octets, "S")
                self.brings(name, octets)
                sent.append(name)
            who.sync(others=True)
            gone = [sent.pop(chance.randrange(len(sent))) for _ in range(5)]
            maildirs.remove(who.maildir, gone)
            self.removes(gone)

    def talks(self, daemon: Daemon) -> None:
        """Bring messages with imaplib, flag those of others, and remove some."""
        chance = random.Random(3)
        with imap(daemon, "Together") as client:
            sent: list[tuple[str, int]] = []
            for number in range(ROUNDS * 30):
                name = f"imaplib-{number}@together"
                octets = maildirs.message(name, chance)
                sent.append((name, append(client, "Together", octets)))
                self.brings(name, octets)
                assert client.uid("STORE", "1:*", "+FLAGS", "(\\Flagged)")[0] == "OK"
                if number % 3 == 0:
                    name, uid = sent.pop(chance.randrange(len(sent)))
                    client.uid("STORE", str(uid), "+FLAGS", "(\\Deleted)")
                    client.uid("EXPUNGE", str(uid))
                    self.removes([name])


def test_together(daemon: Daemon, tmp_path: Path) -> None:
    """Two of mbsync, offlineimap and imaplib work on one mailbox at once: at the end all have the
    same, nothing is lost and nothing doubled."""
    together = Together()
    near: list[Mbsync | OfflineIMAP] = [
        Mbsync(daemon, tmp_path / "one", "Together"),
        Mbsync(daemon, tmp_path / "two", "Together"),
        OfflineIMAP(daemon, tmp_path / "three", "Together"),
    ]
    with imap(daemon, "Together") as client:
        for each in near:
            each.sync()
            maildirs.make(each.maildir)
        together.run(
            *(lambda who=each: together.syncs(who) for each in near),
            lambda: together.talks(daemon),
        )
        for each in near * 2:
            each.sync()
        there = on_server(client)
        assert {name: kept.octets for name, kept in there.items()} == together.expected
        for each in near:
            assert maildirs.read(each.maildir) == there, each.home.name
