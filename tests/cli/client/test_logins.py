"""Logins of netrc files, and passwords that are asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from netsuite.cli.client.logins import BadNetrc, Entry, from_netrc, parse_netrc
from netsuite.cli.client.problems import FileTrouble

TEXT = """\
# a comment with machine in it
machine Mail.example.org login ann password one
machine mail.example.org
    login bob
    password #two"x
macdef init
machine evil login no password no

machine mail.example.org login ann password three
machine news.example.org login "a b" account x
default login any password "fo\\"ur"
"""


def test_entries() -> None:
    """They come in order, with quotes taken off, without comments and macros."""
    assert list(parse_netrc(TEXT)) == [
        Entry("mail.example.org", "ann", "one"),
        Entry("mail.example.org", "bob", '#two"x'),
        Entry("mail.example.org", "ann", "three"),
        Entry("news.example.org", "a b", None),
        Entry(None, "any", 'fo"ur'),
    ]


@pytest.mark.parametrize("text", ["machin x", "login x", "machine", "machine x pasword secret"])
def test_bad(text: str) -> None:
    """The line is told, and nothing that stands there."""
    with pytest.raises(BadNetrc) as caught:
        list(parse_netrc("\n\n" + text))
    assert caught.value.line == 3
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "username", "found"),
    [
        ("mail.example.org", None, ("ann", "one")),
        ("MAIL.example.org", "ann", ("ann", "one")),
        ("mail.example.org", "bob", ("bob", '#two"x')),
        ("mail.example.org", "any", ("any", 'fo"ur')),
        ("mail.example.org", "cyd", None),
        ("news.example.org", None, ("a b", None)),
        ("elsewhere", None, ("any", 'fo"ur')),
    ],
)
def test_chosen(
    host: str,
    username: str | None,
    found: object,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is the first of that machine and that user; default is of every machine."""
    (tmp_path / "n").write_text(TEXT)
    monkeypatch.setenv("NETRC", str(tmp_path / "n"))
    assert from_netrc(host, username) == found


def test_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords that others can read are not used; without a file there is none."""
    monkeypatch.delenv("NETRC", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert from_netrc("h") is None
    file = tmp_path / ".netrc"
    file.write_text("machine h login a password b")
    file.chmod(0o640)
    with pytest.raises(FileTrouble, match="chmod 600"):
        from_netrc("h")
    file.chmod(0o600)
    assert from_netrc("h") == ("a", "b")
    file.write_text("machine h login a password b word")
    with pytest.raises(FileTrouble, match="line 1") as caught:
        from_netrc("h")
    assert "word" not in str(caught.value)


def test_no_terminal() -> None:
    """Without a terminal nothing is asked, and standard input is left to what it is for."""
    script = (
        "from netsuite.cli.client.logins import ask_password\n"
        "from netsuite.cli.client.problems import LoginFailed\n"
        "import sys\n"
        "try: ask_password('It')\n"
        "except LoginFailed as error: print(error)\n"
        "print(sys.stdin.read())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], input="secret\n", capture_output=True, text=True,
        start_new_session=True, timeout=60, env={**os.environ},
    )  # fmt: skip
    first, second, *_ = done.stdout.splitlines()
    assert first.startswith("It is wanted, and there is no terminal")
    assert second == "secret"
