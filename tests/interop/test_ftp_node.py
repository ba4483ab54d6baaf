"""basic-ftp, the FTP client of Node programs, against a real daemon."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

import pytest

from netsuite.testing.daemon import Daemon
from tests.interop.programs import program

SCRIPT: Final = Path(__file__).with_name("basic_ftp.mjs")
TIMES: Final = 20


@pytest.mark.parametrize("version", ["none", "TLSv1.2", "TLSv1.3"])
def test_basic_ftp(daemon: Daemon, tmp_path: Path, version: str) -> None:
    """A tree up and down, a part fetched and a part appended, one file twenty times."""
    node, modules = program("node"), os.environ.get("NODE_PATH", "")
    if not (Path(modules) / "basic-ftp").is_dir():
        pytest.skip("basic-ftp is not installed below NODE_PATH")
    source, back = tmp_path / "source", tmp_path / "back"
    (source / "sub/deep").mkdir(parents=True)
    back.mkdir()
    files = {
        "big": os.urandom(300_000), "empty": b"", "näme with ü": b"text\r\n",
        "sub/one": os.urandom(70_000), "sub/deep/two": b"2",
    }  # fmt: skip
    for name, octets in files.items():
        (source / name).write_bytes(octets)
    arguments = [str(daemon.ports["ftp"]), version, str(TIMES), str(source), str(back)]
    command = [node, str(SCRIPT), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    for name, octets in files.items():
        assert (back / name).read_bytes() == octets
    assert not (daemon.home / f"files/home/alice/node-{version}").exists()
