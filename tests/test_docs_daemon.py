"""The daemon of docs/examples/daemon: seven things of one's own in twenty lines, each tried."""

from __future__ import annotations

import ftplib
import io
import os
import re
import signal
import smtplib
import socket
import subprocess
import threading
import urllib.request
import xmlrpc.client
from pathlib import Path

import pytest

from netsuite.testing.daemon import twistd
from tests.cli.commands import done

EXAMPLE = Path(__file__).resolve().parent.parent / "docs/examples/daemon/daemon.tac"
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
