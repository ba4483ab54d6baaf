"""The commands of the manual's page on moving mail, each of them run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from netsuite.testing.daemon import Daemon
from tests.cli.commands import done
from tests.cli.test_mailfiles import FROM, maildir
from tests.store.clusters import fresh_database

PAGE = Path(__file__).resolve().parent.parent / "docs/howto/migrate.rst"
_BLOCK = re.compile(r"^\.\. code-block:: console\n((?:\n|[ ]+.*\n)+)", re.MULTILINE)
_COMMAND = re.compile(r"^   \$ (.*)$", re.MULTILINE)
PASSWORD = "netsuite\n"


def commands() -> list[list[str]]:
    """Return what the page has one type."""
    text = PAGE.read_text()
    return [
        shlex.split(command)
        for block in _BLOCK.finditer(text)
        for command in _COMMAND.findall(block[1])
    ]


def old_mail(folder: Path) -> None:
    """Make what the page takes for granted."""
    maildir(folder / "Maildir", ("cur/1795986397.M1:2,S", b"Subject: one\n\nx\n"))
    maildir(folder / "Maildir/.Work", ("new/1795986397.M2", b"Subject: two\n\nx\n"))
    (folder / "mail/Work.sbd").mkdir(parents=True)
    for name in ("mail/Inbox", "mail/Work.sbd/Project", "work.mbox"):
        (folder / name).write_bytes(FROM + b"Subject: three\n\nx\n")
    article = b"From: a@b.c\nMessage-ID: <m1@x>\nNewsgroups: comp.lang.python\nSubject: four\n\nx\n"
    (folder / "archive.mbox").write_bytes(FROM + article)


@pytest.mark.timeout(300)
def test_every_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They work in the order in which they stand there, and do what the page says."""
    old, out, home = tmp_path / "old", tmp_path / "out", tmp_path / "home"
    for folder in (old, out):
        folder.mkdir()
    old_mail(old)
    done(home, "account", "add", "bob", "--password-stdin")
    done(home, "group", "add", "comp.lang.python")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OLD_PASSWORD", PASSWORD.strip())
    (tmp_path / "secret").write_text(PASSWORD)
    (tmp_path / "accounts").write_text(f"# all\nalice ann {PASSWORD}bob bob {PASSWORD}")
    (tmp_path / "accounts").chmod(0o600)
    database = fresh_database(empty=True)
    printed = {}
    with Daemon(tmp_path / "source", plugin="netsuite-imap") as daemon:
        server = f"127.0.0.1:{daemon.ports['imap']}/"
        for words in commands():
            line = " ".join(words)
            if database is None and "postgresql" in line:
                continue
            if words[0] == "createdb":
                continue  # fresh_database has done it
            typed = [
                each.replace("imaps://ann@imap.example.org/", f"imap://alice@{server}")
                .replace("imaps://imap.example.org/", f"imap://{server}")
                .replace("/srv/old", str(old))
                .replace("/srv/out", str(out))
                .replace("postgresql:///netsuite", database or "")
                for each in words[1:]
            ]
            if words[1] == "account":
                typed.append("--password-stdin")
            elif words[1] == "migrate" and not any("passw" in each for each in typed):
                typed[1:1] = [] if "--accounts" in typed else ["--password-fd", "0"]
            printed[line] = done(home, *typed, stdin=PASSWORD)
    assert len(printed) >= (14 if database is None else 16)
    for line, said in (
        ("migrate imaps://ann@imap.example.org/ ann", "messages copied, 0 were here"),
        ("migrate --password-file secret imaps://ann@imap.example.org/ ann", " 0 messages copied"),
        ("import --account ann /srv/old/Maildir", "imported 2 messages into 2 folders"),
    ):
        assert said in printed[f"netsuite {line}"], line
    assert (out / "ann/.Thunderbird.Work.Project/cur").is_dir()
    assert (out / "ann-mbox/Thunderbird.sbd/Work.sbd/Project").is_file()
