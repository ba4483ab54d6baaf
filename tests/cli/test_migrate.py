"""``netsuite migrate``: its command line, against a daemon in a process of its own."""

from __future__ import annotations

import os
import pty
import select
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from netsuite.cli.migration.move import Move
from netsuite.testing.daemon import Daemon
from tests.cli.commands import COMMAND, done, refused, run

PASSWORD = "netsuite"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with Daemon(tmp_path_factory.mktemp("source"), plugin="netsuite-imap") as running:
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    done(home, "account", "add", "ann", "--password-stdin")
    return home


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(f"{PASSWORD}\nnot this\n")
    return path


def test_ways_of_the_password(daemon: Daemon, home: Path, secret: Path) -> None:
    """From a file, a descriptor, the environment, or asked for; TLS as it is for all clients."""
    url = f"imap://alice@127.0.0.1:{daemon.ports['imap']}/"
    preview = done(home, "migrate", "--dry-run", "--password-file", secret, url, "ann")
    assert "FOLDER OF ann" in preview
    assert not (home / "migrations.db").exists()
    printed = done(home, "migrate", "--password-file", secret, url, "ann")
    assert "alice to ann: 6 mailboxes, " in printed
    copied = int(printed.split(" mailboxes, ")[1].split()[0])
    assert copied > 0
    again = f"0 messages copied, {copied} were here, 0 have changed flags"
    assert again in done(home, "migrate", "--password-fd", 0, url, "ann", stdin=f"{PASSWORD}\n")
    secure = f"imaps://alice@127.0.0.1:{daemon.tls_ports['imap']}/"
    os.environ["OLD_PASSWORD"] = PASSWORD
    try:  # another port is another server, whose messages are known again
        printed = done(home, "migrate", "-k", "--password-env", "OLD_PASSWORD", secure, "ann")
    finally:
        del os.environ["OLD_PASSWORD"]
    assert again in printed
    assert (home / "migrations.db").stat().st_mode & 0o077 == 0


def test_asks(daemon: Daemon, home: Path) -> None:
    """On a terminal it asks, and shows nothing of the answer."""
    url = f"imap://alice@127.0.0.1:{daemon.ports['imap']}/"
    ours, its = pty.openpty()
    command = [*COMMAND, "--home", str(home), "migrate", "--dry-run", "-q", url, "ann"]
    with subprocess.Popen(
        command, stdin=its, stdout=its, stderr=its, start_new_session=True
    ) as process:
        os.close(its)
        shown = b""
        typed = False
        while select.select([ours], [], [], 60)[0]:
            try:
                shown += os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if b"Password of alice at 127.0.0.1" in shown and not typed:
                os.write(ours, PASSWORD.encode() + b"\n")
                typed = True
        assert process.wait(60) == 0, shown
    os.close(ours)
    assert b"FOLDER OF ann" in shown
    assert PASSWORD.encode() not in shown.replace(b"netsuite:", b"")


def test_many(daemon: Daemon, home: Path, tmp_path: Path) -> None:
    """A file names them; one that fails is told, and the next is taken."""
    done(home, "account", "add", "bob", "--password-stdin")
    url = f"imap://127.0.0.1:{daemon.ports['imap']}/"
    accounts = tmp_path / "accounts"
    accounts.write_text(
        f"# those of the old house\n\nalice ann {PASSWORD}\nbob bob wrong one\n"
        f"bob nobody {PASSWORD}\nbob bob {PASSWORD}\n"
    )
    line = refused(home, "migrate", "--accounts", accounts, url)
    assert "others may read" in line
    accounts.chmod(0o600)
    code, printed = run(home, "migrate", "--accounts", accounts, url)
    assert code == 8, printed
    assert "alice to ann: 6 mailboxes" in printed
    assert "bob to bob: 6 mailboxes" in printed
    assert "bob: there is no account nobody" in printed
    assert "not everything was taken: 2 complaints" in printed
    accounts.write_text("alice\n")
    assert "accounts, line 1: USER ACCOUNT" in refused(home, "migrate", "--accounts", accounts, url)


def test_refused(daemon: Daemon, home: Path, secret: Path, tmp_path: Path) -> None:
    """What is wrong is one line, and an exit code that tells what kind of."""
    place = f"127.0.0.1:{daemon.ports['imap']}"
    url = f"imap://alice@{place}/"
    for words, line in (
        ([f"imap://alice:secret@{place}/", "ann"], "a password in the command line is seen by"),
        ([f"{url}INBOX", "ann"], "the URL names the server"),
        ([f"imap://{place}/", "ann"], "whose mail? imap://USER@HOST/"),
        ([url], "say ACCOUNT, or --accounts FILE"),
        (["--accounts", "x", url], "users are in the file"),
        ([f"pop3://alice@{place}/", "ann"], "this cannot be done with pop3://"),
        (["--password-env", "NOT_THERE", url, "ann"], "there is no variable NOT_THERE"),
        (["--password-env", "X", "--password-fd", "0", url, "ann"], "several passwords"),
        (["--password-file", secret, url, "nobody"], "there is no account nobody"),
    ):
        assert line in refused(home, "migrate", *words), words
    other = ["--password-file", secret, "--master", "alice"]
    accounts = tmp_path / "accounts"
    accounts.write_text("bob ann\n")
    code, printed = run(home, "migrate", *other, "--accounts", accounts, f"imap://{place}/")
    assert code == 8, printed  # ours lets nobody in for another
    assert "bob: " in printed
    for words, code in (
        (["--password-fd", "0", url, "ann"], 5),
        (["--password-file", "/not/there", url, "ann"], 7),
        (["--password-file", secret, "--max-time", "0.001", url, "ann"], 6),
        (["--password-file", secret, "imap://alice@127.0.0.1:1/", "ann"], 3),
        (["--password-file", secret, "--tls", "required", f"imap://alice@{place}/", "ann"], 4),
    ):
        found, printed = run(home, "migrate", *words, stdin="wrong\n")
        assert found == code, (words, printed)
        assert "wrong" not in printed


def test_password_is_not_shown() -> None:
    """Not where a value is printed, either."""
    assert "secret" not in repr(Move("a", "b", ("c", "secret")))
