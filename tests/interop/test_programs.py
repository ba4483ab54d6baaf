"""curl, swaks, mutt, msmtp, mbsync and fetchmail against a real daemon."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from netsuite.testing.daemon import Daemon
from tests.interop.programs import offers, program, run

LETTER = b"From: a@example.test\r\nTo: alice@example.test\r\nSubject: %s\r\n\r\n.dot\r\nhello\r\n"


def test_curl_as_in_the_readme(daemon: Daemon, tmp_path: Path) -> None:
    """The three commands of the README do what it says."""
    curl = program("curl", "smtp", "imap", "pop3")
    mail = tmp_path / "mail.eml"
    mail.write_bytes(LETTER % b"by curl")
    run(curl, "-sS", f"smtp://127.0.0.1:{daemon.ports['smtp']}", "--mail-from", "a@example.test",
        "--mail-rcpt", "alice@example.test", "-T", mail)  # fmt: skip
    fetched = run(curl, "-sS", "-u", "alice:netsuite",
                  f"imap://127.0.0.1:{daemon.ports['imap']}/INBOX",
                  "-X", "UID FETCH 1:* (FLAGS ENVELOPE)")  # fmt: skip
    assert '"by curl"' in fetched
    popped = run(curl, "-sS", "-u", "alice:netsuite", f"pop3://127.0.0.1:{daemon.ports['pop3']}/1")
    assert "Subject: Welcome to netsuite" in popped


def test_curl_under_tls(daemon: Daemon, tmp_path: Path) -> None:
    """curl submits with STARTTLS and a login, reads under TLS, and is refused a wrong password."""
    curl = program("curl", "TLS", "smtp", "smtps", "imaps", "pop3s")
    mail = tmp_path / "mail.eml"
    mail.write_bytes(LETTER % b"submitted by curl")
    run(curl, "-sS", "--ssl-reqd", "-k", "-u", "bob:netsuite",
        f"smtp://127.0.0.1:{daemon.ports['submission']}", "--mail-from", "bob@example.test",
        "--mail-rcpt", "alice@example.test", "-T", mail)  # fmt: skip
    run(curl, "-sS", "-k", "-u", "bob:netsuite",
        f"smtps://127.0.0.1:{daemon.tls_ports['submission']}", "--mail-from", "bob@example.test",
        "--mail-rcpt", "alice@example.test", "-T", mail)  # fmt: skip
    inbox = f"imaps://127.0.0.1:{daemon.tls_ports['imap']}/INBOX"
    listing = run(curl, "-sS", "-k", "-u", "alice:netsuite", f"{inbox}?SUBJECT%20submitted")
    assert len(listing.split()) >= 4  # * SEARCH and two numbers
    refused = run(curl, "-sS", "-k", "-u", "alice:wrong",
                  f"pop3s://127.0.0.1:{daemon.tls_ports['pop3']}/1", ok=False)  # fmt: skip
    assert "Access denied" in refused or "denied" in refused.lower()


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-1"])
def test_curl_mechanisms(daemon: Daemon, mechanism: str) -> None:
    """curl logs in with every mechanism that it and we know."""
    curl = program("curl", "imaps", "pop3s", *(["SCRAM"] if "SCRAM" in mechanism else []))
    for scheme, ports in (("imaps", daemon.tls_ports["imap"]), ("pop3s", daemon.tls_ports["pop3"])):
        run(curl, "-sS", "-k", "-u", "alice:netsuite", "--login-options", f"AUTH={mechanism}",
            f"{scheme}://127.0.0.1:{ports}/")  # fmt: skip


SWAKS = (
    "--server", "127.0.0.1", "--from", "alice@example.test", "--to", "bob@example.test",
    "--ehlo", "client.example.test",
)  # fmt: skip


def test_swaks(daemon: Daemon) -> None:
    """swaks sends in the clear, pipelined and not."""
    base = [program("swaks"), *SWAKS, "--port", daemon.ports["smtp"]]
    assert "250 2.6.0" in run(*base)
    assert "250 2.6.0" in run(*base, "--pipeline")


def test_swaks_submission(daemon: Daemon) -> None:
    """swaks sends with STARTTLS and a login."""
    base = [program("swaks", "TLS", "AUTH"), *SWAKS, "--port", daemon.ports["submission"]]
    printed = run(*base, "--tls", "--auth", "PLAIN", "--auth-user", "alice",
                  "--auth-password", "netsuite")  # fmt: skip
    assert "235 2.7.0" in printed
    assert "250 2.6.0" in printed


@pytest.mark.parametrize("scheme", ["imap", "pop"])
def test_mutt(daemon: Daemon, tmp_path: Path, scheme: str) -> None:
    """mutt opens INBOX by IMAP and by POP3, and saves what it finds to a file."""
    mutt = program("mutt", scheme.upper())
    script = program("script", "--command")  # mutt wants a terminal of its own
    port = daemon.ports["imap" if scheme == "imap" else "pop3"]
    saved = tmp_path / "saved"
    config = tmp_path / "muttrc"
    config.write_text(
        f"{'set ssl_starttls=no ssl_force_tls=no' if offers('mutt', 'SSL') else ''}\n"
        "set delete=no quit=yes confirmappend=no confirmcreate=no\n"
        "set imap_user=alice imap_pass=netsuite pop_user=alice pop_pass=netsuite\n"
        "set wait_key=no pop_delete=no move=no mbox_type=mbox\n"
        f"push '<tag-pattern>~A<enter><tag-prefix><copy-message>{saved}<enter><quit>'\n"
    )
    url = f"{scheme}://127.0.0.1:{port}/"
    run(script, "-qec", f"{mutt} -n -F {config} -f {url}", "/dev/null", home=tmp_path, ok=False)
    assert b"Subject: Welcome to netsuite" in saved.read_bytes()


def test_mutt_submits(tmp_path: Path) -> None:
    """mutt's library takes SCRAM-SHA-256-PLUS where it is offered, and cannot bind the channel; so
    its users log in where it is not offered."""
    mutt = program("mutt", "SSL")
    offered = "accounts.mechanisms={submission=['SCRAM-SHA-256', 'PLAIN']}"
    with Daemon(tmp_path / "home", offered) as daemon:
        config = tmp_path / "muttrc"
        config.write_text(
            "set ssl_force_tls=yes ssl_verify_host=no ssl_verify_dates=no use_from=yes record=''\n"
            f"set certificate_file={daemon.home / 'tls/default.pem'} from=alice@example.test\n"
            "set use_envelope_from=yes envelope_from_address=alice@example.test\n"
            f"set smtp_url=smtps://alice@127.0.0.1:{daemon.tls_ports['submission']}/\n"
            "set smtp_pass=netsuite\n"
        )
        run(mutt, "-n", "-F", config, "-s", "hello", "bob@example.test", text="hi\n", home=tmp_path)
        assert "logged in: 'alice' by SCRAM-SHA-256 on submission" in daemon.log()


def test_msmtp(daemon: Daemon, tmp_path: Path) -> None:
    """msmtp submits with STARTTLS and under TLS, by any mechanism; and hears why a recipient
    is not taken."""
    msmtp = program("msmtp", "SCRAM-SHA-256")
    for tls, port, mechanism in (
        ("tls_starttls on", daemon.ports["submission"], "scram-sha-256"),
        ("tls_starttls off", daemon.tls_ports["submission"], "plain"),
    ):
        config = tmp_path / "msmtprc"
        config.write_text(
            f"account default\nhost 127.0.0.1\nport {port}\ntls on\n{tls}\n"
            f"tls_certcheck off\nauth {mechanism}\nuser alice\npassword netsuite\n"
            "from alice@example.test\n"
        )
        config.chmod(0o600)
        command = (msmtp, "-C", config)
        run(*command, "bob@example.test", text="Subject: by msmtp\n\nhello\n", home=tmp_path)
        refused = run(*command, "nobody@example.test", text="\nhello\n", home=tmp_path, ok=False)
        assert "550 5.1.1" in refused
        assert f"logged in: 'alice' by {mechanism.upper()} on submission" in daemon.log()


def test_mbsync(daemon: Daemon, tmp_path: Path) -> None:
    """mbsync copies a mailbox to a Maildir, sees nothing to do the second time, and brings
    a change of flags back to the server."""
    mbsync, curl = program("mbsync", "Far and Near"), program("curl", "imap")
    (tmp_path / "mail").mkdir()
    config = tmp_path / "mbsyncrc"
    config.write_text(
        f"IMAPStore far\nHost 127.0.0.1\nPort {daemon.ports['imap']}\nUser bob\nPass netsuite\n"
        f"SSLType None\nAuthMechs LOGIN\n\nMaildirStore near\nPath {tmp_path}/mail/\n"
        f"Inbox {tmp_path}/mail/INBOX\nSubFolders Verbatim\n\n"
        "Channel all\nFar :far:\nNear :near:\nPatterns *\nCreate Both\nExpunge Both\n"
        f"SyncState {tmp_path}/state-\n"
    )
    run(mbsync, "-c", config, "-a", home=tmp_path)
    inbox = tmp_path / "mail/INBOX"
    (first, *_) = sorted(path for sub in ("new", "cur") for path in (inbox / sub).iterdir())
    assert b"Welcome to netsuite" in first.read_bytes()
    run(mbsync, "-c", config, "-a", home=tmp_path)
    base = first.name.partition(":")[0]
    first.rename(inbox / "cur" / f"{base}:2,FS")
    run(mbsync, "-c", config, "-a", home=tmp_path)
    url = f"imap://127.0.0.1:{daemon.ports['imap']}/INBOX"
    flags = run(curl, "-sS", "-u", "bob:netsuite", url, "-X", "FETCH 1 FLAGS")
    assert r"\Flagged" in flags
    assert r"\Seen" in flags


@pytest.mark.parametrize("protocol", ["pop3", "imap"])
def test_fetchmail(daemon: Daemon, tmp_path: Path, protocol: str) -> None:
    """fetchmail fetches all, keeps it on the server, and has nothing new the second time."""
    fetchmail = program("fetchmail", protocol.upper())
    clear = 'sslproto ""' if offers("fetchmail", "SSL") else ""
    config = tmp_path / "fetchmailrc"
    sink = tmp_path / "sink"
    append = "import sys; open(sys.argv[1], chr(97)).write(sys.stdin.read())"
    config.write_text(
        f"poll 127.0.0.1 port {daemon.ports[protocol]} protocol {protocol} "
        f'{"uidl " if protocol == "pop3" else ""}username "alice" password "netsuite" '
        f"{clear} keep fetchall mda \"{sys.executable} -c '{append}' {sink}\"\n"
    )
    config.chmod(0o600)
    (tmp_path / "pid").mkdir()
    run(fetchmail, "-f", config, "--pidfile", tmp_path / "pid/p", "--idfile", tmp_path / "ids",
        home=tmp_path)  # fmt: skip
    assert "Subject: Welcome to netsuite" in sink.read_text()
