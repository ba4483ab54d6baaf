"""``netsuite audit``, and that commands which change something are in what it shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netsuite.logs.audit import user
from tests.cli.commands import done, refused

SECRET = "a-secret-nobody-reads"


@pytest.mark.long
def test_what_commands_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is a line: who, from where, what, to whom; the newest first, no secret in any."""
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.7 50000 192.0.2.1 22")
    monkeypatch.setenv("SUDO_USER", "carol")
    commands: list[tuple[str, ...]] = [
        ("account", "add", "ann", "--password-stdin"),
        ("account", "passwd", "ann", "--password-stdin"),
        ("account", "quota", "ann", "5"),
        ("account", "groups", "ann", "admin"),
        ("account", "app-password", "ann", "--label", "phone", "--password-stdin"),
        ("account", "app-password", "ann", "--revoke", "1"),
        ("account", "disable", "ann"),
        ("alias", "set", "boss", "ann"),
        ("folder", "create", "Work", "--account", "ann"),
        ("group", "add", "local.test"),
        ("queue", "retry", "--all"),
        ("account", "remove", "ann", "--yes"),
    ]
    said = [done(tmp_path, *each, stdin=f"{SECRET}\n") for each in commands]
    lines = [json.loads(line) for line in done(tmp_path, "audit", "--json").splitlines()]
    assert len(lines) == len(commands)
    for line, words in zip(reversed(lines), said, strict=True):
        assert line["what"] in " ".join(words.split())
        assert (line["who"], line["way"]) == (f"{user({})} (carol)", "command")
        assert line["address"] == "192.0.2.7"
    assert [line["account"] for line in reversed(lines)][:7] == ["ann"] * 7
    assert SECRET not in done(tmp_path, "audit")
    assert len(done(tmp_path, "audit", "--account", "ann").splitlines()) == 10
    assert len(done(tmp_path, "audit", "--limit", "3").splitlines()) == 4
    assert len(done(tmp_path, "audit", "--administration").splitlines()) == 13
    assert len(done(tmp_path, "audit", "--since", "2001-01-01").splitlines()) == 13
    assert len(done(tmp_path, "audit", "--since", "2999-01-01T12:00").splitlines()) == 1
    assert "--since" in refused(tmp_path, "audit", "--since", "soon")
