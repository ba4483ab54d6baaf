"""``netsuite sieve``: scripts checked, put, shown, made active and removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import done, run


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home with an account."""
    done(tmp_path, "account", "add", "ann", "--password-stdin")
    return tmp_path


def test_life(home: Path, tmp_path: Path) -> None:
    """A script is put, active, read back, and removed once it is not active."""
    file = tmp_path / "main.sieve"
    file.write_bytes(b"keep; # \xc3\xa4\r\n")
    assert "main is active" in done(home, "sieve", "put", "--activate", "ann", "main", str(file))
    assert "yes" in done(home, "sieve", "list", "ann")
    assert "keep; # \u00e4" in done(home, "sieve", "get", "ann", "main")
    assert run(home, "sieve", "delete", "ann", "main")[0] == 1
    done(home, "sieve", "activate", "ann")
    done(home, "sieve", "delete", "ann", "main")
    assert "main" not in done(home, "sieve", "list", "ann")


def test_wrong(home: Path, tmp_path: Path) -> None:
    """What is wrong is said with its line, and nothing is kept."""
    file = tmp_path / "x.sieve"
    file.write_bytes(b"keep;\nfoo;\n")
    commands: tuple[tuple[str, ...], ...] = (("check", str(file)), ("put", "ann", "x", str(file)))
    for command in commands:
        code, said = run(home, "sieve", *command)
        assert code == 1
        assert "line 2: foo is unknown and no command" in said
    for word in ("get", "activate", "delete"):
        code, said = run(home, "sieve", word, "ann", "x")
        assert (code, "ann has no script x" in said) == (1, True)
