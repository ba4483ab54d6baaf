"""Mail to and from another mail server, over TLS: Postfix."""

from __future__ import annotations

import os
import pwd
import smtplib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from netsuite.certificates import make_self_signed
from netsuite.testing.daemon import Daemon
from tests.interop.postfix import postfix, waited
from tests.interop.test_local_delivery import inbox
from tests.servers import free_port

_SETTINGS = """\
myhostname = mx.post.test
virtual_mailbox_domains = post.test
virtual_mailbox_maps = inline:{{anna@post.test=anna/}}
virtual_mailbox_base = {home}/mail
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_transport = virtual
transport_maps = inline:{{example.test=smtp:[127.0.0.1]:{ours}}}
smtpd_tls_security_level = may
smtpd_tls_chain_files = {home}/tls.pem
smtp_tls_security_level = encrypt
"""


class Hosts:
    """A Postfix for post.test, and a netsuite for example.test that sends its mail there."""

    def __init__(self, daemon: Daemon, home: Path, port: int) -> None:
        self.daemon = daemon
        self.port = port
        self.home = home

    def anna(self) -> list[bytes]:
        """Return what anna@post.test has."""
        return [each.read_bytes() for each in (self.home / "mail/anna/new").glob("*")]

    def log(self) -> str:
        """Return what both have logged of deliveries."""
        ours = self.daemon.home / "log/delivery.log"
        return (self.home / "log").read_text() + (ours.read_text() if ours.exists() else "")


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    """Return both, running."""
    nobody = pwd.getpwnam("nobody")
    with TemporaryDirectory(prefix="relay") as folder:
        home, port = Path(folder), free_port()
        home.chmod(0o755)
        for name in ("postfix", "postfix/mail"):
            (home / name).mkdir(mode=0o755)
        os.chown(home / "postfix/mail", nobody.pw_uid, nobody.pw_gid)
        make_self_signed(home / "postfix/tls.pem", "mx.post.test")
        daemon = Daemon(
            home / "netsuite",
            "delivery.enabled=true",
            f"delivery.routes={{'post.test'='smtp://127.0.0.1:{port}'}}",
            "delivery.security={'post.test'='required'}",
        )
        settings = _SETTINGS.format(
            home=home / "postfix",
            uid=nobody.pw_uid,
            gid=nobody.pw_gid,
            ours=daemon.ports["smtp"],
        )
        with daemon, postfix(home / "postfix", port, settings):
            yield Hosts(daemon, home / "postfix", port)


def test_to_postfix(hosts: Hosts) -> None:
    """A user of ours writes to a user of Postfix; who is not there comes back as a report."""
    with smtplib.SMTP("127.0.0.1", hosts.daemon.ports["submission"], timeout=20) as smtp:
        smtp.login("alice", "netsuite")
        smtp.sendmail(
            "alice@example.test",
            ["anna@post.test", "nobody@post.test"],
            "From: alice@example.test\r\nSubject: gr\u00fc\u00dfe\r\n\r\n..dots\r\n".encode(),
            mail_options=["BODY=8BITMIME", "ENVID=id7"],
        )
    assert waited(lambda: bool(hosts.anna())), hosts.log()
    (letter,) = hosts.anna()
    assert letter.startswith(b"Return-Path: <alice@example.test>\n")
    assert b"with ESMTPS" in letter
    assert letter.endswith(b"\n\n..dots\n")
    assert waited(lambda: any(b"nobody@post.test" in each for each in inbox(hosts.daemon, "alice")))
    (report,) = [each for each in inbox(hosts.daemon, "alice") if b"nobody@post.test" in each]
    for expected in (b"Action: failed", b"Status: 5.1.1", b"Original-Envelope-Id: id7"):
        assert expected in report


def test_success_reported_by_postfix(hosts: Hosts) -> None:
    """NOTIFY is passed on, and Postfix tells of the success itself."""
    with smtplib.SMTP("127.0.0.1", hosts.daemon.ports["submission"], timeout=20) as smtp:
        smtp.login("bob", "netsuite")
        smtp.sendmail(
            "bob@example.test",
            ["anna@post.test"],
            b"From: bob@example.test\r\nSubject: told\r\n\r\n",
            rcpt_options=["NOTIFY=SUCCESS"],
        )
    assert waited(lambda: bool(reports(hosts, "bob"))), hosts.log()
    (report,) = reports(hosts, "bob")
    assert b"Reporting-MTA: dns; mx.post.test" in report
    assert b"Action: delivered" in report


def test_from_postfix(hosts: Hosts) -> None:
    """A user of Postfix writes to one of ours; who is not there is Postfix's to report."""
    with smtplib.SMTP("127.0.0.1", hosts.port, timeout=20) as smtp:
        smtp.sendmail(
            "anna@post.test",
            ["alice@example.test", "nobody@example.test"],
            b"Subject: from Postfix\r\n\r\n.dot\r\n",
        )

    def arrived() -> list[bytes]:
        return [each for each in inbox(hosts.daemon, "alice") if b"Subject: from Postfix" in each]

    assert waited(lambda: bool(arrived())), hosts.log()
    (letter,) = arrived()
    assert letter.startswith(b"Return-Path: <anna@post.test>\r\nReceived: from mx.post.test")
    assert b"with ESMTPS" in letter
    assert waited(lambda: any(b"nobody@example.test" in each for each in hosts.anna())), hosts.log()


def reports(hosts: Hosts, name: str) -> list[bytes]:
    """Return the reports in an account's INBOX."""
    return [each for each in inbox(hosts.daemon, name) if b"multipart/report" in each]
