"""fetchmail, mpop and getmail, which fetch mail to keep it elsewhere: each once, by its UID."""

from __future__ import annotations

import imaplib
import random
import socket
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from netsuite.testing.daemon import Daemon
from tests.interop import maildirs
from tests.interop.programs import offers, program, run

MESSAGES: Final = 40
#: Keeps a message that comes on its standard input, in a folder.
_DELIVER: Final = '#!/bin/sh\nexec cat > "$(mktemp "$1/XXXXXXXXXX")"\n'


class Fetcher(ABC):
    """A program that fetches Bob's mail to a Maildir, ``inbox``.

    Args:
        how: the protocol, and how TLS begins.
    """

    def __init__(self, daemon: Daemon, home: Path, how: str) -> None:
        self.protocol, _, self.tls = how.partition(" ")
        self.home = home
        self.inbox = maildirs.make(home / "inbox")
        ports = daemon.ports if self.tls in ("clear", "STARTTLS") else daemon.tls_ports
        self.port = ports[self.protocol.lower()]
        self.authority = daemon.home / "tls/default.pem"
        self.deliver = home / "deliver"
        self.deliver.write_text(_DELIVER)
        self.deliver.chmod(0o755)

    @abstractmethod
    def fetch(self, *, keep: bool) -> None:
        """Fetch what it has not fetched; unless it is to be kept, it is removed from the server."""

    def configured(self, name: str, text: str) -> Path:
        """Write a configuration that nobody else may read."""
        path = self.home / name
        path.write_text(text)
        path.chmod(0o600)
        return path


class Fetchmail(Fetcher):
    """fetchmail, which hands on to a program."""

    def fetch(self, *, keep: bool) -> None:
        command = program("fetchmail", self.protocol, *(["SSL"] if self.tls != "clear" else []))
        tls = {
            "clear": 'sslproto ""' if offers("fetchmail", "SSL") else "",
            "STARTTLS": f'sslproto "TLS1.2+" sslcertck sslcertfile "{self.authority}"',
            "TLS": f'ssl sslcertck sslcertfile "{self.authority}"',
        }[self.tls]
        config = self.configured(
            "fetchmailrc",
            f"poll localhost port {self.port} protocol {self.protocol} "
            f"{'uidl ' if self.protocol == 'POP3' else ''}username bob password netsuite {tls} "
            f'{"keep" if keep else "nokeep"} no rewrite mda "{self.deliver} {self.inbox}/new"\n',
        )
        # It exits with 1 where nothing is new.
        run(
            command, "-f", config, "--nosyslog", "--invisible", "--idfile", self.home / "ids",
            "--pidfile", self.home / "pid", home=self.home, ok=False,
        )  # fmt: skip


class Mpop(Fetcher):
    """mpop, which knows a Maildir."""

    def fetch(self, *, keep: bool) -> None:
        tls = {
            "clear": "tls off\nauth user\n",
            "STARTTLS": "tls on\ntls_starttls on\nauth scram-sha-256\n",
            "TLS": "tls on\ntls_starttls off\nauth plain\n",
        }[self.tls]
        config = self.configured(
            "mpoprc",
            f"account default\nhost localhost\nport {self.port}\n{tls}"
            f"tls_trust_file {self.authority}\nuser bob\npassword netsuite\n"
            f"keep {'on' if keep else 'off'}\nuidls_file {self.home}/uidls\n"
            f"received_header off\ndelivery maildir {self.inbox}\n",
        )
        run(program("mpop"), "-C", config, home=self.home)


class Getmail(Fetcher):
    """getmail, which hands on to a program, as it delivers to no Maildir for root."""

    def fetch(self, *, keep: bool) -> None:
        kind = f"Simple{self.protocol}{'SSL' if self.tls == 'TLS' else ''}Retriever"
        self.configured(
            "getmailrc",
            f"[retriever]\ntype = {kind}\nserver = localhost\nport = {self.port}\nusername = bob\n"
            f"password = netsuite\n{f'ca_certs = {self.authority}' if self.tls == 'TLS' else ''}\n"
            f"[destination]\ntype = MDA_external\npath = {self.deliver}\n"
            f'arguments = ("{self.inbox}/new",)\nallow_root_commands = true\n'
            f"[options]\nread_all = false\ndelete = {not keep}\ndelivered_to = false\n"
            "received = false\n",
        )
        run(program("getmail"), "-g", self.home, home=self.home)


CASES: Final = [
    (Fetchmail, "POP3 clear"),
    (Fetchmail, "POP3 STARTTLS"),
    (Fetchmail, "POP3 TLS"),
    (Fetchmail, "IMAP STARTTLS"),
    (Fetchmail, "IMAP TLS"),
    (Mpop, "POP3 clear"),
    (Mpop, "POP3 STARTTLS"),
    (Mpop, "POP3 TLS"),
    (Getmail, "POP3 clear"),
    (Getmail, "POP3 TLS"),
    (Getmail, "IMAP clear"),
    (Getmail, "IMAP TLS"),
]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Return a daemon of our own, since these leave nothing of what was there."""
    with Daemon(tmp_path_factory.mktemp("fetching")) as running:
        yield running


@pytest.fixture
def inbox(daemon: Daemon) -> Iterator[imaplib.IMAP4]:
    """Return Bob's INBOX, which is empty."""
    with imaplib.IMAP4("127.0.0.1", daemon.ports["imap"], timeout=20) as imap:
        imap.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        imap.login("bob", "netsuite")
        imap.select()
        imap.uid("STORE", "1:*", "+FLAGS.SILENT", r"(\Deleted)")
        imap.expunge()
        yield imap


def fill(imap: imaplib.IMAP4, first: int, count: int) -> dict[str, bytes]:
    """Put messages into INBOX; return them by their names."""
    chance = random.Random(first)
    made = {}
    for number in range(first, first + count):
        name = f"{number}@fetching"
        made[name] = maildirs.message(name, chance)
        if not made[name].endswith(b"\n"):
            made[name] += b"\n"  # POP3 has no message without (RFC 1939, 3)
        assert imap.append("INBOX", "", "", made[name].replace(b"\n", b"\r\n"))[0] == "OK"
    return made


def fetched(inbox: Path) -> dict[str, bytes]:
    """Return what was fetched, by the names of messages. Raises AssertionError for one that was
    twice."""
    return {name: kept.octets for name, kept in maildirs.read(inbox).items()}


@pytest.mark.parametrize(("kind", "how"), CASES, ids=lambda each: getattr(each, "__name__", each))
def test_fetching(
    daemon: Daemon, inbox: imaplib.IMAP4, tmp_path: Path, kind: type[Fetcher], how: str
) -> None:
    """All is fetched, octet for octet, and stays; the second time nothing is, the third what is
    new alone; what it is not to keep is gone at last."""
    expected = fill(inbox, 0, MESSAGES)
    fetcher = kind(daemon, tmp_path, how)
    fetcher.fetch(keep=True)
    assert fetched(fetcher.inbox) == expected
    fetcher.fetch(keep=True)
    assert fetched(fetcher.inbox) == expected
    expected |= fill(inbox, MESSAGES, 3)
    fetcher.fetch(keep=True)
    assert fetched(fetcher.inbox) == expected
    assert inbox.select()[1] == [b"%d" % len(expected)]
    last = fill(inbox, MESSAGES + 3, 2)
    fetcher.fetch(keep=False)
    assert fetched(fetcher.inbox) == expected | last
    inbox.noop()
    for name in last:
        assert inbox.search(None, "HEADER", "Message-ID", f'"{name}"')[1] == [b""]
