"""The standard library's smtplib, imaplib and poplib against a real daemon."""

from __future__ import annotations

import imaplib
import poplib
import smtplib
import ssl
from email.message import EmailMessage

import pytest

from netsuite.testing.daemon import Daemon

UNVERIFIED = ssl._create_unverified_context()


def letter(subject: str, text: str = "hello\n") -> EmailMessage:
    """Make a message to alice."""
    made = EmailMessage()
    made["From"] = "Bob <bob@example.test>"
    made["To"] = "alice@example.test"
    made["Subject"] = subject
    made.set_content(text)
    return made


def test_mail_from_socket_to_mailbox(daemon: Daemon) -> None:
    """What smtplib sends, imaplib and poplib read, octet for octet."""
    text = "".join(f".{number}\n..\n" for number in range(500)) + "Grüße\n"
    with smtplib.SMTP("127.0.0.1", daemon.ports["smtp"], timeout=20) as smtp:
        code, _ = smtp.ehlo()
        assert code == 250
        assert {"pipelining", "size", "8bitmime", "smtputf8", "chunking", "starttls",
                "enhancedstatuscodes"} <= set(smtp.esmtp_features)  # fmt: skip
        assert smtp.send_message(letter("standard library", text)) == {}
    with imaplib.IMAP4("127.0.0.1", daemon.ports["imap"], timeout=20) as imap:
        imap.login("alice", "netsuite")
        imap.select("INBOX")
        kind, found = imap.search(None, "SUBJECT", '"standard library"')
        assert kind == "OK"
        (number,) = found[0].split()
        _, data = imap.fetch(number, "(FLAGS BODY[])")
        assert isinstance(data[0], tuple)
        fetched = data[0][1]
    with_pop3 = b"\r\n".join(_newest(daemon)) + b"\r\n"
    assert with_pop3 == fetched
    assert b"Subject: standard library\r\n" in fetched
    assert fetched.startswith(b"Return-Path: <bob@example.test>\r\n")


def _newest(daemon: Daemon) -> list[bytes]:
    pop3 = poplib.POP3("127.0.0.1", daemon.ports["pop3"], timeout=20)
    try:
        pop3.user("alice")
        pop3.pass_("netsuite")
        count, octets = pop3.stat()
        _, lines, size = pop3.retr(count)
        assert octets >= size
        return lines
    finally:
        pop3.quit()


def test_smtp_submission(daemon: Daemon) -> None:
    """Submission wants a login under TLS, takes it, and refuses another's address."""
    with smtplib.SMTP("127.0.0.1", daemon.ports["submission"], timeout=20) as smtp:
        smtp.starttls(context=UNVERIFIED)
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            smtp.send_message(letter("no login"))
        assert refused.value.smtp_code == 530
        smtp.login("bob", "netsuite")
        smtp.send_message(letter("submitted"))
        with pytest.raises(smtplib.SMTPSenderRefused):
            smtp.sendmail("alice@example.test", ["alice@example.test"], b"Subject: forged\r\n")
    with smtplib.SMTP_SSL(
        "127.0.0.1", daemon.tls_ports["submission"], timeout=20, context=UNVERIFIED
    ) as smtp:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            smtp.login("bob", "wrong")
        smtp.login("bob", "netsuite")
        smtp.send_message(letter("submitted under TLS"))


def test_no_open_relay(daemon: Daemon) -> None:
    """Mail for a domain that is not ours is refused, whoever asks."""
    with smtplib.SMTP("127.0.0.1", daemon.ports["smtp"], timeout=20) as smtp:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            smtp.sendmail("a@example.test", ["x@elsewhere.test"], b"Subject: relay\r\n")
        assert refused.value.recipients["x@elsewhere.test"][0] == 550


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_imap(daemon: Daemon, tls: str) -> None:
    """imaplib's everyday commands do what it expects, under TLS."""
    imap: imaplib.IMAP4
    if tls == "implicit":
        imap = imaplib.IMAP4_SSL("127.0.0.1", daemon.tls_ports["imap"], ssl_context=UNVERIFIED)
    else:
        imap = imaplib.IMAP4("127.0.0.1", daemon.ports["imap"], timeout=20)
        imap.starttls(UNVERIFIED)
    name = f"Lists {tls}"
    with imap:
        imap.authenticate("PLAIN", lambda _: b"\0alice\0netsuite")
        assert imap.create(f'"{name}"')[0] == "OK"
        assert imap.subscribe(f'"{name}"')[0] == "OK"
        listed = b"\n".join(line for line in imap.list()[1] if isinstance(line, bytes))
        assert name.encode() in listed
        for number in range(3):
            text = letter(f"number {number}").as_bytes().replace(b"\n", b"\r\n")
            kind, data = imap.append(f'"{name}"', r"(\Flagged)", "", text)
            assert kind == "OK"
            assert b"APPENDUID" in data[0]
        assert imap.select(f'"{name}"')[1] == [b"3"]
        assert imap.store("1", "+FLAGS", r"(\Deleted)")[0] == "OK"
        assert imap.expunge()[1] == [b"1"]
        assert imap.copy("1:2", "INBOX")[0] == "OK"
        assert imap.uid("MOVE", "2", "Trash")[0] == "OK"
        assert imap.search(None, "UNSEEN", "FLAGGED", "SUBJECT", "number")[1] == [b"1"]
        assert imap.status(f'"{name}"', "(MESSAGES UIDNEXT UNSEEN)")[0] == "OK"
        assert imap.rename(f'"{name}"', f'"{name} old"')[0] == "OK"
        assert imap.close()[0] == "OK"
        assert imap.delete(f'"{name} old"')[0] == "OK"


def test_greeting_under_tls(daemon: Daemon) -> None:
    """Under TLS from the first octet the greeting offers what TLS allows, and no STARTTLS."""
    port = daemon.tls_ports["imap"]
    with imaplib.IMAP4_SSL("127.0.0.1", port, ssl_context=UNVERIFIED, timeout=20) as imap:
        assert b"STARTTLS" not in imap.welcome
        assert b"AUTH=SCRAM-SHA-256-PLUS" in imap.welcome


def test_pop3_under_tls(daemon: Daemon) -> None:
    """poplib logs in after STLS and under TLS; UIDs are stable, TOP is short, RSET restores."""
    plain = poplib.POP3("127.0.0.1", daemon.ports["pop3"], timeout=20)
    assert {"STLS", "TOP", "UIDL", "PIPELINING", "RESP-CODES", "SASL"} <= set(plain.capa())
    plain.stls(UNVERIFIED)
    plain.user("bob")
    plain.pass_("netsuite")
    first = plain.uidl()[1]
    assert len(plain.top(1, 0)[1]) < len(plain.retr(1)[1])
    plain.dele(1)
    plain.rset()
    plain.quit()
    tls = poplib.POP3_SSL("127.0.0.1", daemon.tls_ports["pop3"], context=UNVERIFIED, timeout=20)
    tls.user("bob")
    with pytest.raises(poplib.error_proto):
        tls.pass_("wrong")
    tls.user("bob")
    tls.pass_("netsuite")
    assert tls.uidl()[1][: len(first)] == first
    tls.quit()
