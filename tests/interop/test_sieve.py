"""sieve-connect, another people's client, against ManageSieve."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from netsuite.testing.daemon import Daemon
from tests.interop.programs import program


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Return a daemon for all tests of this module."""
    with Daemon(tmp_path_factory.mktemp("home")) as running:
        yield running


def ask(daemon: Daemon, folder: Path, *arguments: str) -> str:
    """Have sieve-connect do something as Alice; return what it printed."""
    done = subprocess.run(
        [
            program("sieve-connect"),
            "--server", "127.0.0.1",
            "--port", str(daemon.ports["managesieve"]),
            "--user", "alice",
            "--passwordfd", "0",
            "--noclearauth",
            "--notlsverify",
            *arguments,
        ],
        input="netsuite\n",
        capture_output=True,
        text=True,
        timeout=30,
        cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_sieve_connect(daemon: Daemon, tmp_path: Path) -> None:
    """It puts a script under TLS, makes it active, lists it and fetches it again."""
    script = tmp_path / "main.sieve"
    script.write_bytes(b'require "fileinto";\r\nfileinto "Lists";\r\n')
    ask(daemon, tmp_path, "--localsieve", str(script), "--remotesieve", "main", "--upload")
    ask(daemon, tmp_path, "--remotesieve", "main", "--activate")
    assert "main" in ask(daemon, tmp_path, "--list")
    fetched = tmp_path / "fetched.sieve"
    ask(daemon, tmp_path, "--remotesieve", "main", "--localsieve", str(fetched), "--download")
    assert fetched.read_bytes().split() == script.read_bytes().split()
    ask(daemon, tmp_path, "--deactivate")
    ask(daemon, tmp_path, "--remotesieve", "main", "--delete")
    assert "main" not in ask(daemon, tmp_path, "--list")
