"""Two mail hosts of two domains, and the name server that lets each find the other."""

from __future__ import annotations

import imaplib
import json
import re
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from netsuite.testing.daemon import Daemon
from tests.servers import free_port

#: An answer is waited for so long, which is longer than any retry of the tests.
WAIT_SECONDS: Final = 60.0
_EXISTS: Final = re.compile(rb"^\* (\d+) EXISTS", re.MULTILINE)

_SERVER = """
import json, sys
from twisted.internet import reactor
from netsuite.testing.names import DNSServer, Name
names = {name: Name(**what) for name, what in json.loads(sys.argv[1]).items()}
server = DNSServer(reactor, names)
print(server.address[1], flush=True)
reactor.run()
"""


@contextmanager
def name_server(names: dict[str, dict[str, object]]) -> Iterator[str]:
    """Run a name server; return its address and port."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVER, json.dumps(names)], stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield f"127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


class MailHost:
    """A daemon that receives and sends for one domain, with the accounts ``alice`` and ``bob``.

    Args:
        number: of its address, 127.0.0.NUMBER.
        port: where all mail hosts listen.
    """

    def __init__(self, home: Path, domain: str, number: int, port: int, resolver: str) -> None:
        self.home, self.domain, self.number = home, domain, number
        self.settings = (
            f"site.domains=['{domain}']",
            f"site.hostname='mx.{domain}'",
            f"smtp.listen=['tcp:{port}:interface=127.0.0.{number}']",
            "smtp.listen_tls=[]",
            "smtp.connections_per_address=1000",
            "delivery.enabled=true",
            "policy.rates_account_hour=0",  # tests are in a hurry
            "delivery.loopback=true",
            f"delivery.port={port}",
            f"delivery.resolvers=['{resolver}']",
            f"delivery.source=['127.0.0.{number}']",
            "delivery.first_retry_seconds=0.2",
            "delivery.longest_retry_seconds=1",
            "delivery.lease_seconds=2",
        )
        self.daemon = self.start()

    def start(self, *settings: str) -> Daemon:
        """Start it, again perhaps."""
        self.daemon = Daemon(self.home, *self.settings, *settings)
        return self.daemon

    def port_of(self, service: str) -> int:
        """Return where a service listens now."""
        return self.daemon.ports[service]

    def submit(self, recipients: Sequence[str], octets: bytes, sender: str = "alice") -> None:
        """Hand a message in, as an account."""
        with smtplib.SMTP("127.0.0.1", self.daemon.ports["submission"], timeout=20) as smtp:
            smtp.login(sender, "netsuite")
            smtp.sendmail(f"{sender}@{self.domain}", recipients, octets)

    def inbox(self, account: str, wanted: bytes) -> bytes:
        """Wait for a message in an INBOX that holds some octets; return it."""
        end = time.monotonic() + WAIT_SECONDS
        with imaplib.IMAP4("127.0.0.1", self.daemon.ports["imap"], timeout=WAIT_SECONDS) as imap:
            imap.login(account, "netsuite")
            while time.monotonic() < end:
                imap.select("INBOX", readonly=True)
                imap.response("EXISTS")  # what SELECT has told
                for message in fetched(imap):
                    if wanted in message:
                        return message
                if imap.response("EXISTS")[1] != [None]:
                    continue  # one that came meanwhile, of which the answer to FETCH has told
                imap.send(b"i IDLE\r\n")
                imap.readline()
                imap.readline()  # what is new, or the time is over
                imap.send(b"DONE\r\n")
                while not imap.readline().startswith(b"i OK"):
                    pass
        raise AssertionError(f"{account}@{self.domain} has no message with {wanted!r}")

    def headers(self, account: str) -> list[bytes]:
        """Return the headers of what is in an INBOX, which may be many thousands."""
        with imaplib.IMAP4("127.0.0.1", self.daemon.ports["imap"], timeout=WAIT_SECONDS) as imap:
            imap.login(account, "netsuite")
            imap.select("INBOX", readonly=True)
            return fetched(imap, "BODY.PEEK[HEADER]")

    def log(self) -> str:
        """Return the delivery log."""
        path = self.home / "log/delivery.log"
        return path.read_text() if path.exists() else ""


def fetched(imap: imaplib.IMAP4, what: str = "BODY.PEEK[]") -> list[bytes]:
    """Return all messages of the folder that is selected, or a part of each."""
    _, data = imap.uid("FETCH", "1:*", f"({what})")
    return [item[1] for item in data if isinstance(item, tuple)]


@contextmanager
def mail_hosts(folder: Path) -> Iterator[tuple[MailHost, MailHost]]:
    """Run the hosts of ``one.test`` and ``two.test``."""
    port = free_port("")
    names: dict[str, dict[str, object]] = {}
    for domain, number in (("one.test", 2), ("two.test", 3)):
        names[domain] = {"mx": [(10, f"mx.{domain}")]}
        names[f"mx.{domain}"] = {"addresses": [f"127.0.0.{number}"]}
    with name_server(names) as resolver:
        one = MailHost(folder / "one", "one.test", 2, port, resolver)
        two = MailHost(folder / "two", "two.test", 3, port, resolver)
        try:
            yield one, two
        finally:
            for host in (one, two):
                if host.daemon.process.poll() is None:
                    host.daemon.stop()
