"""curl, swaks, mutt, mbsync and fetchmail against a real daemon."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from netsuite.testing.daemon import Daemon

LETTER = b"From: a@example.test\r\nTo: alice@example.test\r\nSubject: %s\r\n\r\n.dot\r\nhello\r\n"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Give a demo daemon."""
    with Daemon(tmp_path_factory.mktemp("programs")) as running:
        yield running


def program(name: str) -> str:
    """Give a program's path, or skip the test."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def run(*command: object, text: str = "", home: Path | None = None, ok: bool = True) -> str:
    """Run a client; give what it printed."""
    done = subprocess.run(
        [str(word) for word in command],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=home,
        env={
            "HOME": str(home or "/nonexistent"),
            "PATH": "/usr/sbin:/usr/bin:/bin",
            "LANG": "C",
            "TERM": "xterm",
        },
    )
    if ok and done.returncode:
        raise AssertionError(f"{command}\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def test_curl_as_in_the_readme(daemon: Daemon, tmp_path: Path) -> None:
    """The three commands of the README do what it says."""
    curl = program("curl")
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
    curl = program("curl")
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
    curl = program("curl")
    if mechanism.startswith("SCRAM") and "GSASL" not in run(curl, "--version").upper():
        pytest.skip("this curl was built without SCRAM")
    for scheme, ports in (("imaps", daemon.tls_ports["imap"]), ("pop3s", daemon.tls_ports["pop3"])):
        run(curl, "-sS", "-k", "-u", "alice:netsuite", "--login-options", f"AUTH={mechanism}",
            f"{scheme}://127.0.0.1:{ports}/")  # fmt: skip


def test_swaks(daemon: Daemon) -> None:
    """swaks sends in the clear, with STARTTLS and a login, and pipelined."""
    swaks = program("swaks")
    base = [swaks, "--server", "127.0.0.1", "--from", "alice@example.test", "--to",
            "bob@example.test", "--ehlo", "client.example.test"]  # fmt: skip
    assert "250 2.6.0" in run(*base, "--port", daemon.ports["smtp"])
    assert "250 2.6.0" in run(*base, "--port", daemon.ports["smtp"], "--pipeline")
    printed = run(*base, "--port", daemon.ports["submission"], "--tls", "--auth", "PLAIN",
                  "--auth-user", "alice", "--auth-password", "netsuite")  # fmt: skip
    assert "235 2.7.0" in printed
    assert "250 2.6.0" in printed


@pytest.mark.parametrize("scheme", ["imap", "pop"])
def test_mutt(daemon: Daemon, tmp_path: Path, scheme: str) -> None:
    """mutt opens INBOX by IMAP and by POP3, and saves what it finds to a file."""
    mutt, script = program("mutt"), program("script")  # mutt wants a terminal of its own
    port = daemon.ports["imap" if scheme == "imap" else "pop3"]
    saved = tmp_path / "saved"
    config = tmp_path / "muttrc"
    config.write_text(
        "set ssl_starttls=no ssl_force_tls=no delete=no quit=yes\n"
        "set confirmappend=no confirmcreate=no\n"
        "set imap_user=alice imap_pass=netsuite pop_user=alice pop_pass=netsuite\n"
        "set wait_key=no pop_delete=no move=no mbox_type=mbox\n"
        f"push '<tag-pattern>~A<enter><tag-prefix><copy-message>{saved}<enter><quit>'\n"
    )
    url = f"{scheme}://127.0.0.1:{port}/"
    run(script, "-qec", f"{mutt} -n -F {config} -f {url}", "/dev/null", home=tmp_path, ok=False)
    assert b"Subject: Welcome to netsuite" in saved.read_bytes()


def test_mbsync(daemon: Daemon, tmp_path: Path) -> None:
    """mbsync copies a mailbox to a Maildir, sees nothing to do the second time, and brings
    a change of flags back to the server."""
    mbsync = program("mbsync")
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
    flags = run(program("curl"), "-sS", "-u", "bob:netsuite", url, "-X", "FETCH 1 FLAGS")
    assert r"\Flagged" in flags
    assert r"\Seen" in flags


@pytest.mark.parametrize("protocol", ["pop3", "imap"])
def test_fetchmail(daemon: Daemon, tmp_path: Path, protocol: str) -> None:
    """fetchmail fetches all, keeps it on the server, and has nothing new the second time."""
    fetchmail = program("fetchmail")
    config = tmp_path / "fetchmailrc"
    sink = tmp_path / "sink"
    append = "import sys; open(sys.argv[1], chr(97)).write(sys.stdin.read())"
    config.write_text(
        f"poll 127.0.0.1 port {daemon.ports[protocol]} protocol {protocol} "
        f'{"uidl " if protocol == "pop3" else ""}username "alice" password "netsuite" '
        f'sslproto "" keep fetchall mda "{sys.executable} -c \'{append}\' {sink}"\n'
    )
    config.chmod(0o600)
    (tmp_path / "pid").mkdir()
    run(fetchmail, "-f", config, "--pidfile", tmp_path / "pid/p", "--idfile", tmp_path / "ids",
        home=tmp_path)  # fmt: skip
    assert "Subject: Welcome to netsuite" in sink.read_text()
