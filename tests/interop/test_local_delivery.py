"""Mail servers and programs that deliver by LMTP: Postfix, swaks, the standard library."""

from __future__ import annotations

import imaplib
import smtplib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from netsuite.testing.daemon import Daemon
from tests.interop.postfix import postfix, waited
from tests.interop.programs import program, run
from tests.servers import free_port

_SETTINGS = """\
myhostname = relay.example.test
virtual_mailbox_domains = example.test
virtual_mailbox_maps = static:any
virtual_transport = lmtp:unix:{socket}
"""


def inbox(daemon: Daemon, name: str) -> list[bytes]:
    """Return the messages in an account's INBOX."""
    imap = imaplib.IMAP4("127.0.0.1", daemon.ports["imap"], timeout=20)
    try:
        imap.login(name, "netsuite")
        imap.select(readonly=True)
        _, found = imap.fetch("1:*", "(BODY.PEEK[])")
        return [each[1] for each in found if isinstance(each, tuple)]
    finally:
        imap.logout()


def test_postfix() -> None:
    """Postfix hands mail on: who is here has it, who is not is bounced by Postfix, and what the
    sender wants to hear of success comes from us."""
    with TemporaryDirectory(prefix="lmtp") as folder:
        home, port = Path(folder), free_port()
        home.chmod(0o755)
        (home / "postfix").mkdir(mode=0o755)
        local = home / "lmtp.sock"
        with (
            Daemon(
                home / "netsuite", f"lmtp.listen=['unix:{local}:mode=666']", "delivery.enabled=true"
            ) as daemon,
            postfix(home / "postfix", port, _SETTINGS.format(socket=local)),
            smtplib.SMTP("127.0.0.1", port, timeout=20) as smtp,
        ):
            smtp.sendmail(
                "bob@example.test",
                ["alice@example.test", "nobody@example.test"],
                b"Subject: by way of Postfix\r\n\r\n.dot\r\n",
                rcpt_options=["NOTIFY=SUCCESS,FAILURE"],
            )

            def reports() -> list[bytes]:
                return [each for each in inbox(daemon, "bob") if b"multipart/report" in each]

            assert waited(lambda: len(reports()) == 2), (home / "postfix/log").read_text()
            (letter,) = [each for each in inbox(daemon, "alice") if b"way of Postfix" in each]
            assert letter.endswith(b"\r\n\r\n.dot\r\n")
            assert b" with LMTP id " in letter
            failed, told = sorted(reports(), key=lambda each: b"Reporting-MTA: dns; local" in each)
            assert b"Action: delivered" in told
            assert b"Action: failed" in failed
            assert b"550 5.1.1" in failed
            assert b"Final-Recipient: rfc822;alice@example.test" in told.replace(b"; ", b";")


@pytest.mark.parametrize("place", ["tcp", "unix"])
def test_swaks(daemon: Daemon, tmp_path: Path, place: str) -> None:
    """swaks delivers to two, and hears of each."""
    swaks = program("swaks")
    common = ["--protocol", "LMTP", "--from", "a@example.test", "--ehlo", "client.test"]
    to = ["--to", "alice@example.test,nobody@example.test,bob@example.test"]
    if place == "tcp":
        where = ["--server", "127.0.0.1", "--port", str(daemon.ports["lmtp"])]
        printed = run(swaks, *where, *common, *to)
    else:
        listen = "lmtp.listen=['unix:lmtp.sock:mode=660']"
        with Daemon(tmp_path, listen, plugin="netsuite-smtp"):
            printed = run(swaks, "--socket", tmp_path / "lmtp.sock", *common, *to)
    assert printed.count("250 2.6.0 Message taken") == 2
    assert printed.count("550 5.1.1 No such recipient here") == 1


def test_standard_library(daemon: Daemon) -> None:
    """smtplib's LMTP, which reads one answer to each message."""
    with smtplib.LMTP("127.0.0.1", daemon.ports["lmtp"], timeout=20) as lmtp:
        for _ in range(2):
            assert lmtp.sendmail("a@example.test", "alice@example.test", "Subject: x\n") == {}
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            lmtp.sendmail("a@example.test", "x@elsewhere.test", "Subject: x\n")
        assert refused.value.recipients["x@elsewhere.test"][0] == 550
