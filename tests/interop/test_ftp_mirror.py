"""lftp mirrors ten thousand files up and down; it is killed in the midst, and goes on."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

import pytest

from netsuite.testing.daemon import Daemon
from tests.interop.programs import program, run

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
FILES: Final = 10_000
#: So much time lftp has for that, where the machine has more to do.
SECONDS: Final = 240
#: Longer than what may be cut: each is a part of it.
NOISE: Final = random.Random(12).randbytes(400_000)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a tree: most files are small, as of a source tree; some are large; some are empty."""
    top = tmp_path_factory.mktemp("tree") / "source"
    for number in range(FILES):
        folder = top / f"dir {number % 20}" / f"sub{number % 7}"
        if number < 140:
            folder.mkdir(parents=True, exist_ok=True)
        octets = len(NOISE) if number % 1000 == 999 else number % 3000
        (folder / f"file-{number}").write_bytes(NOISE[number : number + octets])
    return top


def hashes(top: Path) -> dict[str, bytes]:
    """Return what each file below a directory holds, by its path."""
    return {
        str(path.relative_to(top)): hashlib.sha256(path.read_bytes()).digest()
        for path in top.rglob("*")
        if path.is_file()
    }


def killed(command: list[str], home: Path, watched: Path, files: int) -> None:
    """Run a command until so many files are there, and kill it."""
    with subprocess.Popen(command, cwd=home, env={"HOME": str(home)}) as process:
        end = time.monotonic() + 120
        while sum(len(names) for _, _, names in os.walk(watched)) < files:
            assert process.poll() is None, "it was too quick"
            assert time.monotonic() < end, "it comes to nothing"
            time.sleep(0.2)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("tls", [False, True])
def test_mirror(daemon: Daemon, source: Path, tmp_path: Path, tls: bool) -> None:
    """What was killed in the midst goes on where it was, and in the end all is as it was."""
    lftp = program("lftp", *(["TLS"] if tls else []))
    wanted = hashes(source)
    assert len(wanted) == FILES
    yes = "yes" if tls else "no"
    # Under TLS 1.3 this lftp waits 45 ms at the end of each file that it fetches, from any server.
    begin = (
        "set net:max-retries 2; set ssl:verify-certificate no; "
        f"set ssl:priority NORMAL:-VERS-TLS1.3; set ftp:ssl-allow {yes}; "
        f"set ftp:ssl-force {yes}; set ftp:ssl-protect-data {yes}; "
        f"open -u alice,netsuite -p {daemon.ports['ftp']} 127.0.0.1; "
    )
    there, name = daemon.home / "files/home/alice" / f"mirror-{yes}", f"mirror-{yes}"
    up = [lftp, "--norc", "-c", f"{begin}mirror -R -c -P 8 {source} {name}"]
    killed(up, tmp_path, there, FILES // 3)
    run(*up, home=tmp_path, seconds=SECONDS)
    assert hashes(there) == wanted
    back = tmp_path / "back"
    down = [lftp, "--norc", "-c", f"{begin}mirror -c -P 8 {name} back"]
    killed(down, tmp_path, back, FILES // 3)
    run(*down, home=tmp_path, seconds=SECONDS)
    assert hashes(back) == wanted
    run(lftp, "--norc", "-c", f"{begin}rm -r {name}", home=tmp_path)
    assert not there.exists()
