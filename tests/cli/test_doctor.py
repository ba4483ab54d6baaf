"""``netsuite doctor``, in homes that are well and in others, beside a daemon and without."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from netsuite.testing.daemon import Daemon
from tests.cli.commands import done, run

#: No service but one takes a port, so that what other programs of this machine do is not told.
ALONE = tuple(
    f"--set={name}.enabled=false"
    for name in (
        "submission", "imap", "pop3", "managesieve", "nntp", "ftp", "http", "telnet", "gopher",
        "lmtp", "console",
    )
)  # fmt: skip


def diagnosed(home: Path, *arguments: object) -> tuple[int, list[dict[str, str]]]:
    """Return the exit code, and what was found."""
    options = [each for each in arguments if str(each).startswith("--set")]
    others = [each for each in arguments if each not in options]
    code, printed = run(home, *options, "doctor", "--json", *others)
    return code, [json.loads(line) for line in printed.splitlines()]


def about(found: list[dict[str, str]], part: str) -> list[tuple[str, str]]:
    return [(each["level"], each["text"]) for each in found if each["about"] == part]


def test_a_home_that_is_not_there(tmp_path: Path) -> None:
    """It says so, and how to make one; nothing is made."""
    code, found = diagnosed(tmp_path / "nowhere")
    assert code == 8
    assert [each["level"] for each in found] == ["fail"]
    assert "init" in found[0]["advice"]
    assert not (tmp_path / "nowhere").exists()


def test_a_configuration_that_is_wrong(tmp_path: Path) -> None:
    """Each line that a start would refuse, and nothing else: all else hangs on it."""
    tmp_path.chmod(0o700)
    (tmp_path / "netsuite.toml").write_text("[smtp]\nlisten = ['tcp:99999']\nrecipient = 5\n")
    code, found = diagnosed(tmp_path, "--offline")
    assert code == 8
    assert {each["about"] for each in found} == {"settings"}
    (tmp_path / "netsuite.toml").write_text("[smtp]\nlisten = ['tcp:99999']\n")
    code, found = diagnosed(tmp_path, "--offline")
    assert code == 8
    assert "netsuite.toml:2" in found[0]["text"]


def test_a_new_home(tmp_path: Path) -> None:
    """A home as init makes it: nothing fails but a port that somebody else has."""
    home = tmp_path / "home"
    done(home, "init", "--hostname", "mail.example.org")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        taken = f'--set=smtp.listen=["tcp:{port}:interface=127.0.0.1"]'
        code, found = diagnosed(home, "--offline", *ALONE, taken)
        assert code == 8
        assert [each["about"] for each in found if each["level"] == "fail"] == ["ports"]
        ((_, said),) = about(found, "ports")
        assert f"{port} (smtp) is taken by" in said
    code, found = diagnosed(home, "--offline", *ALONE, taken, f"--backups={tmp_path}")
    assert about(found, "ports") == [("ok", f"{port} (smtp) is free; the daemon does not run")]
    assert about(found, "backup") == [("fail", f"there is none in {tmp_path}")]
    assert code == 8
    assert not (home / "netsuite.db").exists()
    assert list((home / "tls").iterdir()) == []


def test_what_people_read(tmp_path: Path) -> None:
    """A line each, and below it what to do."""
    home = tmp_path / "home"
    done(home, "init", "--hostname", "mail.example.org")
    printed = done(home, *ALONE, "--set=smtp.enabled=false", "doctor", "--offline")
    lines = printed.splitlines()
    assert lines[0].startswith("ok    settings     ")
    (at,) = [number for number, line in enumerate(lines) if line.startswith("warn  backup")]
    assert lines[at + 1].split()[0] == "->"


@pytest.mark.long
def test_beside_a_daemon(tmp_path: Path) -> None:
    """The daemon's ports are known as its own, its limits are looked at, strangers may not relay
    through it; a port that it does not have is told."""
    with Daemon(tmp_path, 'lmtp.listen=["unix:lmtp.sock"]') as daemon:
        place = f"tcp:{daemon.ports['smtp']}:interface=127.0.0.1"
        code, found = diagnosed(
            tmp_path, *ALONE, f'--set=smtp.listen=["{place}"]', "--set=site.hostname=localhost"
        )
        assert about(found, "ports") == [("ok", f"{daemon.ports['smtp']} (smtp) is open")]
        ((level, said),) = about(found, "relay")
        assert (level, "550" in said or "554" in said or "530" in said) == ("ok", True), said
        ((_, limits),) = about(found, "limits")
        assert limits.startswith("the daemon")
        assert [each["about"] for each in found if each["level"] == "fail"] == ["host"]
        assert code == 8
        with socket.create_server(("127.0.0.1", 0)) as server:
            free = server.getsockname()[1]
        other = f'--set=smtp.listen=["tcp:{free}:interface=127.0.0.1"]'
        _, found = diagnosed(tmp_path, "--offline", *ALONE, other)
        ((level, said),) = about(found, "ports")
        assert (level, "does not listen" in said) == ("fail", True)
