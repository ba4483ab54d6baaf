"""Mail that a Dovecot has: migrated by IMAP, imported from its Maildir, and given back to one."""

from __future__ import annotations

import getpass
import imaplib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.commands import done
from tests.interop.programs import program
from tests.message.odd_messages import ANSWERS, DIFFERENT, MESSAGES
from tests.servers import free_port

CONFIGURATION = """\
base_dir = {home}/run
state_dir = {home}/run
log_path = {home}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {internal}
default_login_user = {login}
default_internal_group = {group}
first_valid_uid = 0
mail_location = maildir:{home}/mail/%u
mail_uid = {internal}
mail_gid = {group}
auth_mechanisms = plain
passdb {{
  driver = passwd-file
  args = {home}/masters
  master = yes
  result_success = continue
}}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={internal} gid={group} home={home}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
}}
service anvil {{
  chroot =
}}
namespace inbox {{
  inbox = yes
  separator = .
  prefix = INBOX.
  mailbox Gesendet {{
    special_use = \\Sent
  }}
}}
"""
LETTERS = 300


@contextmanager
def dovecot(home: Path) -> Iterator[int]:
    """Run a Dovecot of the test's own; give its port. Skips the test where there is none."""
    path = program("dovecot")
    is_root = os.geteuid() == 0
    internal = "dovecot" if is_root else getpass.getuser()
    login = "dovenull" if is_root else internal
    group = "dovecot" if is_root else subprocess.check_output(["id", "-gn"], text=True).strip()
    port = free_port()
    (home / "mail").mkdir()
    if is_root:
        shutil.chown(home / "mail", "dovecot", "dovecot")
    (home / "masters").write_text("boss:{PLAIN}of-all\n")
    (home / "masters").chmod(0o644)
    configuration = home / "dovecot.conf"
    configuration.write_text(
        CONFIGURATION.format(home=home, port=port, internal=internal, login=login, group=group)
    )
    with open(home / "out", "w") as out:
        process = subprocess.Popen([path, "-F", "-c", configuration], stdout=out, stderr=out)
    try:
        end = time.monotonic() + 20
        while True:
            try:
                imaplib.IMAP4("127.0.0.1", port).logout()
                break
            except (OSError, imaplib.IMAP4.error):
                said = (home / "out").read_text()
                assert process.poll() is None, said
                assert time.monotonic() < end, said
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that others may enter, whose sockets have short names."""
    folder = Path(tempfile.mkdtemp(prefix="dv-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def fill(port: int, user: str) -> None:
    with imaplib.IMAP4("127.0.0.1", port) as client:
        client.login(user, "secret")
        for name in ("INBOX.Work.Project", "INBOX.Gr&APw-n", "INBOX.Gesendet"):
            client.create(name)
        client.subscribe("INBOX.Work.Project")
        for number in range(LETTERS):
            octets = b"Subject: %d\r\nMessage-ID: <%d@x>\r\n\r\nFrom me\r\n" % (number, number)
            name = ("INBOX", "INBOX.Work.Project", "INBOX.Gesendet")[number % 3]
            flags = ("(\\Seen $Forwarded work)", "(\\Flagged)", "")[number % 5 % 3]
            client.append(name, flags, f'"01-Jan-2020 10:{number % 60:02}:00 +0200"', octets)


def export(home: Path, name: str, target: Path) -> dict[str, bytes]:
    """Return an account's folders, as mbox files that have all we want to compare."""
    done(home, "export", "--account", name, "--format", "mbox", target)
    files = (each for each in target.rglob("*") if each.is_file())
    return {each.relative_to(target).as_posix(): each.read_bytes() for each in files}


@pytest.mark.timeout(300)
def test_dovecot(tmp_path: Path, place: Path) -> None:
    """By either way an account is the same; a Maildir of ours is one of Dovecot's."""
    home = tmp_path / "home"
    secret = tmp_path / "secret"
    secret.write_text("of-all\n")
    accounts = tmp_path / "accounts"
    accounts.write_text("ann ann\n")
    for name in ("ann", "bob", "cyd"):
        done(home, "account", "add", name, "--password-stdin")
    with dovecot(place) as port:
        fill(port, "ann")
        url = f"imap://127.0.0.1:{port}/"
        many = ["--accounts", accounts, "--master", "boss", "--password-file", secret]
        printed = done(home, "migrate", *many, url)
        assert f"ann to ann: 4 mailboxes, {LETTERS} messages copied" in printed
        with imaplib.IMAP4("127.0.0.1", port) as client:
            client.login("ann", "secret")
            client.select("INBOX")
            client.store("1:10", "+FLAGS", "(\\Answered later)")
        printed = done(home, "migrate", *many, url)
        assert f"0 messages copied, {LETTERS} were here, 10 have changed flags" in printed
        migrated = export(home, "ann", tmp_path / "migrated")
        assert len(migrated["INBOX"].split(b"\nFrom ")) == LETTERS // 3
        assert len(migrated["Sent"].split(b"\nFrom ")) == LETTERS // 3

        maildir = place / "mail/ann"
        printed = done(home, "import", "--account", "bob", maildir)
        assert f"imported {LETTERS} messages into 4 folders of bob" in printed
        imported = export(home, "bob", tmp_path / "imported")
        sent = migrated.pop("Sent")
        assert imported.pop("Gesendet") == sent
        assert imported.pop("Sent") == b""
        assert imported == migrated

        ours = place / "mail/cyd"
        done(home, "export", "--account", "ann", ours)
        if os.geteuid() == 0:
            for each in (ours, *ours.rglob("*")):
                shutil.chown(each, "dovecot", "dovecot")
        secret.write_text("secret\n")
        url = f"imap://cyd@127.0.0.1:{port}/"
        done(home, "migrate", "--password-file", secret, url, "cyd")
        again = export(home, "cyd", tmp_path / "again")
        assert again["Sent"] == sent
        assert again["INBOX"] == migrated["INBOX"]
        assert again["Work.sbd/Project"] == migrated["Work.sbd/Project"]
        with imaplib.IMAP4("127.0.0.1", port) as client:
            client.login("cyd", "secret")
            lsub = client.lsub()[1]
            names = (".Archive", ".Drafts", ".Junk", ".Sent", ".Trash", ".Work.Project")
            there = [f'() "." INBOX{name}'.encode() for name in ("", *names)]
            assert sorted(each for each in lsub if isinstance(each, bytes)) == there
            client.select("INBOX")
            (line,) = client.fetch("1", "(UID FLAGS)")[1]
            assert isinstance(line, bytes)
            words = line.replace(b"(", b"").replace(b")", b"").split()
            assert words[:4] == [b"1", b"UID", b"1", b"FLAGS"]
            assert {*words[4:]} == {b"\\Answered", b"\\Seen", b"$Forwarded", b"work", b"later"}


def shown(client: imaplib.IMAP4, number: int, item: str) -> bytes:
    """Give what a server says of a message, literals as quoted strings."""
    said = b""
    for piece in client.fetch(str(number), f"({item})")[1]:
        if isinstance(piece, tuple):
            line, literal = piece
            said += line[: line.rindex(b"{")]
            said += b'"%b"' % literal.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
        else:
            said += piece or b""
    return said.partition(item.encode() + b" ")[2].removesuffix(b")")


@pytest.mark.timeout(120)
def test_odd_messages(place: Path) -> None:
    """Of odd messages both say the same, but for those of which it is known."""
    with dovecot(place) as port, imaplib.IMAP4("127.0.0.1", port) as client:
        client.login("ann", "secret")
        client.select("INBOX")
        different = set()
        for number, (name, octets) in enumerate(MESSAGES.items(), 1):
            client.append("INBOX", None, None, octets)
            client.noop()
            envelope, structure = map(quoted, ANSWERS[name])
            theirs = shown(client, number, "BODYSTRUCTURE").lower()  # types stay as written
            if (envelope, structure.lower()) != (shown(client, number, "ENVELOPE"), theirs):
                different.add(name)
        assert different == set(DIFFERENT)


def quoted(said: bytes) -> bytes:
    """Give what we say, literals as quoted strings."""
    pieces: list[bytes] = []
    while announced := re.search(rb"\{([0-9]+)\}\r\n", said):
        end = announced.end() + int(announced.group(1))
        literal = said[announced.end() : end].replace(b"\\", b"\\\\").replace(b'"', b'\\"')
        pieces += said[: announced.start()], b'"%b"' % literal
        said = said[end:]
    return b"".join([*pieces, said])
