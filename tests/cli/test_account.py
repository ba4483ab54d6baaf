"""Accounts and aliases: what cannot be is refused in one line that says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from netsuite.accounts.naming import account_name_problem, alias_name_problem
from tests.cli.commands import done, refused


@pytest.mark.parametrize(
    "name",
    ["", "a b", "a@b", "../x", "a/b", ".", "a..b", "x" * 65, "a\nb", "\0", "ANN", "a\u00adb",
     "\u212b", "-\u0007"],
)  # fmt: skip
def test_names_that_cannot_be(name: str) -> None:
    """Nobody could send mail to it, log in with it, or it would be a path."""
    assert account_name_problem(name)


@pytest.mark.parametrize("name", ["ann", "a.b", "o'neill", "x" * 64, "åsa", "1", "ann_b-c"])
def test_names_that_can_be(name: str) -> None:
    """What stands before the @ of an address is the name of an account."""
    assert account_name_problem(name) is None
    assert alias_name_problem(f"{name}@example.org") is None


def test_aliases() -> None:
    """An alias is a local part, an address, or all that is left of a domain."""
    assert alias_name_problem("@example.org") is None
    for alias in ("", "@", "x@", "a b@c", "a@b@c", "@a b"):
        assert alias_name_problem(alias), alias


def test_a_home_without_a_store(tmp_path: Path) -> None:
    """A mistyped home is not shown as one without accounts, and nothing is made there."""
    home = tmp_path / "typo"
    assert f"there is no store in {home} yet" in refused(home, "account", "list")
    assert not home.exists()


def test_refusals(tmp_path: Path) -> None:
    """Each refusal is one line with the reason, and an exit code that is not 0."""
    config = tmp_path / "netsuite.toml"
    config.write_text('[site]\ndomains = ["example.org"]\n')

    def password(*arguments: str) -> str:
        return refused(tmp_path, *arguments, "--password-stdin")

    assert "added ann" in done(tmp_path, "account", "add", "ann", "--password-stdin")
    assert "called ann already" in password("account", "add", "ANN")
    assert "cannot be an account" in password("account", "add", "a b")
    assert "'--quota'" in password("account", "add", "b", "--quota", "9" * 30)
    assert "'MIB'" in refused(tmp_path, "account", "quota", "ann", "9" * 30)
    assert "'smtp' is not one of" in refused(tmp_path, "account", "services", "ann", "smtp")
    assert "no app password 7" in refused(tmp_path, "account", "app-password", "ann", "--revoke", 7)
    assert "no account or alias nobody" in refused(tmp_path, "alias", "set", "x", "nobody")
    nowhere = ("--set", "delivery.enabled=false", "alias", "set", "x", "a@b.org")
    assert "delivery.enabled is false" in refused(tmp_path, *nowhere)
    assert "is no address" in refused(tmp_path, "alias", "set", "x", "a b@b.org")
    done(tmp_path, "alias", "set", "x", "a@b.org")
    assert "x: ann@EXAMPLE.org" in done(tmp_path, "alias", "set", "x", "ann@EXAMPLE.org")


def test_check_config_checks_endpoints(tmp_path: Path) -> None:
    """What would keep the daemon from starting is told by check-config."""
    line = refused(tmp_path, "--set", "imap.listen=['143']", "check-config")
    assert "imap.listen: '143' is no endpoint" in line


def test_file_quota(tmp_path: Path) -> None:
    """What files may take is set, shown and taken away again."""
    done(tmp_path, "account", "add", "ann", "--file-quota", 2, "--password-stdin")
    assert "2,097,152/-" in done(tmp_path, "account", "list")
    line = done(tmp_path, "account", "file-quota", "ann", 1, "--files", 1000)
    assert line == "ann: 1,048,576 octets, 1,000 files and directories\n"
    assert "1,048,576/1,000" in done(tmp_path, "account", "list")
    line = done(tmp_path, "account", "file-quota", "ann", "--", -1)
    assert line == "ann: 1,000 files and directories\n"
    line = done(tmp_path, "account", "file-quota", "ann", "--files", -1, "--", -1)
    assert line == "ann: no limit\n"
    assert "'MIB'" in refused(tmp_path, "account", "file-quota", "ann", "9" * 30)
    assert "there is no account bob" in refused(tmp_path, "account", "file-quota", "bob", 1)
