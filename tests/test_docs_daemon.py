"""The daemon of docs/examples/daemon and the front door of docs/howto: each line is tried."""

from __future__ import annotations

import ftplib
import imaplib
import io
import os
import re
import runpy
import signal
import smtplib
import socket
import subprocess
import threading
import urllib.request
import xmlrpc.client
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import reactor
from twisted.internet.threads import deferToThread

from netsuite.accounts.interfaces import Channel, NewsAccess
from netsuite.connection.listening import ListeningService
from netsuite.store.model import FolderKind
from netsuite.testing.cases import TestCase
from netsuite.testing.daemon import listen_anywhere, twistd
from netsuite.wire.dates import now
from tests.cli.commands import COMMAND, done

DOCS = Path(__file__).resolve().parent.parent / "docs"
EXAMPLE = DOCS / "examples/daemon/daemon.tac"
FRONT_DOOR = DOCS / "howto/front_door.py"
HANDLERS = DOCS / "howto/handlers.py"
SERVICES = ("smtp", "imap", "http", "ftp", "nntp", "telnet")
ARTICLE = (
    "From: ann@localhost\r\nNewsgroups: local.test\r\nSubject: Hello\r\n\r\nAll of you.\r\n.\r\n"
)


def test_twenty_lines() -> None:
    """It has no more, but for its docstring and empty ones."""
    lines = [each for each in EXAMPLE.read_text().splitlines()[1:] if each.strip()]
    assert len(lines) <= 20


def said(port: int, *lines: str, until: str) -> str:
    """Say lines to a server one after the other, and return what it has said up to a text."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        heard = ""
        for line in lines:
            heard += connection.recv(65536).decode("latin-1")
            connection.sendall(line.encode())
        while until not in heard:
            more = connection.recv(65536)
            assert more, heard
            heard += more.decode("latin-1")
        return heard


@pytest.mark.timeout(60)
def test_each_of_them(tmp_path: Path) -> None:
    """Mail, an upload and an article are told of; a method, a route, a command and a policy are
    there; SIGHUP does not end it, SIGTERM does."""
    (tmp_path / "netsuite.toml").write_text(
        "".join(
            f"[{name}]\nlisten = ['tcp:0:interface=127.0.0.1']\nlisten_tls = []\n"
            for name in SERVICES
        )
    )
    done(tmp_path, "account", "add", "ann", "--password-stdin")
    done(tmp_path, "group", "add", "local.test")
    process = subprocess.Popen(
        twistd("--python", EXAMPLE),
        env={**os.environ, "NETSUITE_HOME": str(tmp_path)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    watchdog = threading.Timer(50, process.kill)
    watchdog.start()
    try:
        ports, printed = use(process)
    finally:
        process.terminate()
        rest, _ = process.communicate(timeout=20)
        watchdog.cancel()
    everything = printed + rest
    assert set(ports) == set(SERVICES)
    for told in ("mail from a@example.net", "uploaded a.txt", "posted local.test", "read again"):
        assert told in everything
    assert "Traceback" not in everything
    assert process.returncode == -signal.SIGTERM


def use(process: subprocess.Popen[str]) -> tuple[dict[str, int], str]:
    """Use the daemon; return its ports, and what it has printed until then."""
    ports: dict[str, int] = {}
    printed = ""
    assert process.stdout is not None
    while len(ports) < len(SERVICES):
        line = process.stdout.readline()
        assert line, printed
        printed += line
        found = re.search(r"(\w+) listens on .*port=(\d+)", line)
        if found:
            ports[found[1]] = int(found[2])
    with smtplib.SMTP("127.0.0.1", ports["smtp"], timeout=10) as mail:
        mail.sendmail("a@example.net", "ann@localhost", "Subject: x\r\n\r\n")
        with pytest.raises(smtplib.SMTPSenderRefused, match="Not from you"):
            mail.sendmail("spam@example.net", "ann@localhost", "Subject: x\r\n\r\n")
    web = f"http://127.0.0.1:{ports['http']}"
    with urllib.request.urlopen(f"{web}/hello", timeout=10) as response:
        assert response.read() == b"Hello."
    assert xmlrpc.client.ServerProxy(f"{web}/RPC2").add(2, 3) == 5
    with ftplib.FTP() as files:
        files.connect("127.0.0.1", ports["ftp"], timeout=10)
        files.login("ann", "pw")
        files.storbinary("STOR a.txt", io.BytesIO(b"x"))
    assert "Rain." in said(ports["telnet"], "ann\r\n", "pw\r\n", "weather\r\n", until="Rain.")
    assert "240" in said(
        ports["nntp"], "AUTHINFO USER ann\r\n", "AUTHINFO PASS pw\r\n", "POST\r\n", ARTICLE,
        until="\n240",
    )  # fmt: skip
    process.send_signal(signal.SIGHUP)
    while "read again" not in printed:
        line = process.stdout.readline()
        assert line, printed
        printed += line
    return ports, printed


class FrontDoor(TestCase):
    """docs/howto/front_door.py: every line of the page, run and tried."""

    async def test_each_line(self) -> None:
        """All that is added is there, while it runs; nothing is left of it afterwards."""
        page = runpy.run_path(str(FRONT_DOOR))
        main = page["main"]
        told: list[object] = []
        main.__globals__["print"] = lambda *said: told.append(said)
        main.__globals__["use"] = self.use
        await main(reactor)
        self.assertIn(("a@example.net", ("bob@localhost",), "x"), told)
        self.assertIn((None, ("a.txt",), 5), told)
        (article,) = [each for each in told if isinstance(each, tuple) and each[1] == ("local.a",)]
        self.assertTrue(str(article[0]).endswith("@localhost>"))

    async def use(self, daemon: Any) -> None:
        """Use what runs."""
        ports = {each.name: each.port for each in daemon if isinstance(each, ListeningService)}
        await deferToThread(self.read_mail, ports["imap"])  # and so Bob has an account
        await deferToThread(self.send_mail, ports["smtp"])
        await deferToThread(self.fetch, f"http://127.0.0.1:{ports['http']}")
        heard = await deferToThread(
            said, ports["telnet"], "bob\r\n", "hunter2\r\n", "weather Oslo\r\n", until="Oslo."
        )
        self.assertIn("Rain in Oslo.", heard)
        site = daemon.getServiceNamed("site")
        upload = await site.homes.public.upload(("a.txt",))
        upload.write(b"12345")
        await upload.commit()
        await site.store.mail.create_folder(None, "local.a", kind=FolderKind.GROUP)
        channel = Channel("nntp", local=True)
        login = await site.authenticator.log_in(channel, "bob", "hunter2", NewsAccess)
        posting = login.avatar.posting(now=now(), unique="1", source="")
        header = b"From: bob@localhost\r\nNewsgroups: local.a\r\nSubject: y\r\n\r\nBody\r\n"
        await posting.take(header)
        await posting.finish()

    def read_mail(self, port: int) -> None:
        """Log in as somebody whom the directory knows, and nobody else."""
        with imaplib.IMAP4("127.0.0.1", port, timeout=10) as mail:
            self.assertNotIn("AUTH=SCRAM-SHA-256", mail.capabilities)
            mail.login("bob", "hunter2")
            self.assertEqual("OK", mail.select()[0])

    def send_mail(self, port: int) -> None:
        """Send mail, and be refused."""
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as mail:
            mail.sendmail("a@example.net", ["bob@localhost"], "Subject: x\r\n\r\n")
            with self.assertRaises(smtplib.SMTPSenderRefused):
                mail.sendmail("spam@example.net", ["bob@localhost"], "Subject: x\r\n\r\n")

    def fetch(self, web: str) -> None:
        """Fetch each thing that HTTP serves."""
        for path, expected in (
            ("/hello", b"<p>Hello."),
            ("/pages/front_door.py", FRONT_DOOR.read_bytes()),
            ("/app/", b"Hello from a thread."),
        ):
            with urllib.request.urlopen(web + path, timeout=10) as response:
                self.assertEqual(expected, response.read(), path)
        self.assertEqual(5, xmlrpc.client.ServerProxy(f"{web}/RPC2").add(2, 3))


@pytest.mark.timeout(60)
def test_handlers(tmp_path: Path) -> None:
    """``netsuite run`` takes the file of docs/howto/extend, and does what it says."""
    settings = [word for each in listen_anywhere() for word in ("--set", each)]
    process = subprocess.Popen(
        [*COMMAND, "--home", tmp_path, *settings, "run", "--memory", "--demo", HANDLERS],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path,
    )  # fmt: skip
    watchdog = threading.Timer(50, process.kill)
    watchdog.start()
    printed = ""
    ports: dict[str, int] = {}
    assert process.stdout is not None
    try:
        while not {"smtp", "http", "gopher"} <= ports.keys():
            line = process.stdout.readline()
            assert line, printed
            printed += line
            if found := re.search(r"(\w+) listens on .*port=(\d+)", line):
                ports.setdefault(found[1], int(found[2]))
        with smtplib.SMTP("127.0.0.1", ports["smtp"], timeout=10) as mail:
            mail.sendmail("a@example.net", "alice@example.test", "Subject: Order 7\r\n\r\n")
        with urllib.request.urlopen(f"http://127.0.0.1:{ports['http']}/hello") as response:
            assert response.read() == b"Hello."
    finally:
        process.terminate()
        rest, _ = process.communicate(timeout=20)
        watchdog.cancel()
    assert "a@example.net ('alice@example.test',) Order 7" in printed + rest
    assert "Traceback" not in printed + rest
    assert not (tmp_path / "netsuite.db").exists()
