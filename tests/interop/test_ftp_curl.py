"""Each of curl's options for FTP, one after the other, against a real daemon."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from netsuite.testing.daemon import Daemon
from tests.interop.programs import program, run

LINES: Final = b"".join(b"line %d\n" % number for number in range(20_000))
#: 2024-02-29 12:34:56 UTC.
THEN: Final = 1709210096
Curl = Callable[..., str]


@pytest.fixture(params=[False, True], ids=["plain", "TLS"])
def tls(request: pytest.FixtureRequest) -> bool:
    """Return whether all of it is under TLS."""
    asked: bool = request.param
    return asked


@pytest.fixture
def top(daemon: Daemon) -> Iterator[Path]:
    """Return a directory of alice's with a file in it, as it is on disk."""
    there = daemon.home / "files/home/alice/curl"
    there.mkdir()
    (there / "file").write_bytes(LINES)
    os.utime(there / "file", (THEN, THEN))
    yield there
    subprocess.run(["rm", "-r", there], check=True)


@pytest.fixture
def curl(daemon: Daemon, top: Path, tmp_path: Path, tls: bool) -> Curl:
    """Return what runs curl with options, for a path below the directory."""
    name = program("curl", "ftps" if tls else "ftp")
    base = [name, "-sS", "-k", "-u", "alice:netsuite"]
    url = f"ftp://127.0.0.1:{daemon.ports['ftp']}/curl/"

    def fetched(path: str, *options: str, ok: bool = True) -> str:
        (tmp_path / "up").write_bytes(LINES)
        # With no server does curl 7.88.1 speak TLS on a data connection that it has accepted.
        secure = ["--ftp-ssl-control" if "-P" in options else "--ssl-reqd"] if tls else []
        return run(*base, *secure, *options, url + path, home=tmp_path, ok=ok)

    return fetched


@pytest.mark.parametrize(
    "options",
    [
        ["--ftp-method", "multicwd"], ["--ftp-method", "nocwd"], ["--ftp-method", "singlecwd"],
        ["--ftp-pasv"], ["--disable-epsv"], ["--disable-epsv", "--ftp-skip-pasv-ip"],
        ["--disable-epsv", "--no-ftp-skip-pasv-ip"],
        ["-P", "-"], ["-P", "127.0.0.1"], ["-P", "-", "--disable-eprt"],
        ["--ftp-account", "an account"], ["--ftp-alternative-to-user", "USER alice"],
        ["--ignore-content-length"], ["--tcp-nodelay"], ["--keepalive-time", "1"],
        ["--limit-rate", "10M"], ["-Q", "NOOP"], ["-Q", "*SITE NONSENSE", "-Q", "-NOOP"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_ways(curl: Curl, options: list[str]) -> None:
    """A file comes whole, whichever way it is asked for."""
    assert curl("file", *options).encode() == LINES


@pytest.mark.parametrize("options", [["-B"], ["--use-ascii"]], ids=" ".join)
def test_as_text(curl: Curl, options: list[str]) -> None:
    """In TYPE A line ends are the network's."""
    assert curl("file", *options).encode().replace(b"\r\n", b"\n") == LINES
    assert curl("file;type=a").encode().replace(b"\r\n", b"\n") == LINES
    assert curl("file;type=i").encode() == LINES


def test_parts(curl: Curl, tmp_path: Path) -> None:
    """Ranges of every form, and a file that is gone on with."""
    assert curl("file", "-r", "0-99").encode() == LINES[:100]
    assert curl("file", "-r", "1000-1999").encode() == LINES[1000:2000]
    assert curl("file", "-r", "-500").encode() == LINES[-500:]
    assert curl("file", "-r", "150000-").encode() == LINES[150_000:]
    assert curl("file", "-C", "160000").encode() == LINES[160_000:]
    (tmp_path / "down").write_bytes(LINES[:5000])
    curl("file", "-C", "-", "-o", "down")
    assert (tmp_path / "down").read_bytes() == LINES
    assert curl("file", "--max-filesize", "10", ok=False).startswith("curl: (63)")


def test_times(curl: Curl, tmp_path: Path) -> None:
    """What is not newer is not fetched; a file keeps its time; its head is told."""
    assert curl("file", "-z", "01 Mar 2024") == ""
    assert curl("file", "-z", "28 Feb 2024").encode() == LINES
    assert curl("file", "-z", "-28 Feb 2024") == ""
    curl("file", "-R", "-o", "down")
    assert (tmp_path / "down").stat().st_mtime == THEN
    head = curl("file", "-I")
    assert "Last-Modified: Thu, 29 Feb 2024 12:34:56 GMT" in head
    assert f"Content-Length: {len(LINES)}" in head


def test_lists(curl: Curl) -> None:
    """Names only, and the listing for people."""
    assert curl("", "-l") == "file\n"
    listing = curl("")
    assert listing.split()[-1] == "file"
    assert str(len(LINES)) in listing
    assert "type=file" in curl("", "-X", "MLSD")
    assert "Content-Length" in curl("file", "-I", "-D", "-")


def test_uploads(curl: Curl, top: Path, tmp_path: Path) -> None:
    """Stored, appended, gone on with, as text, from a pipe, into directories that are made."""
    curl("new", "-T", "up")
    assert (top / "new").read_bytes() == LINES
    curl("new", "-T", "up", "-a")
    assert (top / "new").read_bytes() == LINES * 2
    (top / "part").write_bytes(LINES[:7777])
    curl("part", "-T", "up", "-C", "7777")
    assert (top / "part").read_bytes() == LINES
    (top / "part").write_bytes(LINES[:8888])
    curl("part", "-T", "up", "-C", "-")
    assert (top / "part").read_bytes() == LINES
    curl("text", "-T", "up", "--crlf")
    assert (top / "text").read_bytes() == LINES.replace(b"\n", b"\r\n")
    (tmp_path / "up").write_bytes(LINES)
    curl("text;type=a", "-T", "up")
    assert (top / "text").read_bytes() == LINES
    curl("a/b/c/deep", "-T", "up", "--ftp-create-dirs")
    assert (top / "a/b/c/deep").read_bytes() == LINES
    curl("no/such/deep", "-T", "up", ok=False)
    assert not (top / "no").exists()


def test_commands_beside(curl: Curl, top: Path) -> None:
    """Commands before, between and after."""
    curl("new", "-T", "up", "-Q", "-RNFR new", "-Q", "-RNTO renamed")
    assert (top / "renamed").read_bytes() == LINES
    curl("", "-l", "-Q", "-MKD made", "-Q", "-SITE CHMOD 600 file")
    assert (top / "made").is_dir()
    assert (top / "file").stat().st_mode & 0o777 == 0o600
    curl("", "-l", "-Q", "-RMD made", "-Q", "+NOOP")
    assert not (top / "made").exists()
    assert curl("", "-l", "-Q", "DELE /nowhere", ok=False).startswith("curl: (21)")


@pytest.mark.parametrize("mode", ["active", "passive"])
def test_clear_command_channel(curl: Curl, tls: bool, mode: str) -> None:
    """CCC is refused, and curl goes on under TLS."""
    options = ["--ftp-ssl-ccc", "--ftp-ssl-ccc-mode", mode] if tls else []
    assert curl("file", *options).encode() == LINES


def test_control_only(daemon: Daemon, top: Path, tmp_path: Path) -> None:
    """Only the login is under TLS, where the server lets it."""
    url = f"ftp://127.0.0.1:{daemon.ports['ftp']}/curl/file"
    base = [program("curl", "ftps"), "-sS", "-k", "-u", "alice:netsuite"]
    assert run(*base, "--ftp-ssl-control", url, home=tmp_path).encode() == LINES
    assert run(*base, "--ssl", url, home=tmp_path).encode() == LINES


def test_several(daemon: Daemon, top: Path, tmp_path: Path) -> None:
    """Many files over several connections at once, by wildcard, and removed again."""
    for number in range(30):
        (top / f"f{number}").write_bytes(LINES[: number * 100])
    url = f"ftp://alice:netsuite@127.0.0.1:{daemon.ports['ftp']}/curl/"
    curl = [program("curl", "ftp"), "-sS"]
    run(*curl, "-Z", "--parallel-max", "5", "-o", "many#1", f"{url}f[0-29]", home=tmp_path)
    for number in range(30):
        assert (tmp_path / f"many{number}").read_bytes() == LINES[: number * 100]
    began = time.monotonic()
    slow = run(*curl, "-m", "1", "--limit-rate", "1k", f"{url}file", "-o", "cut", home=tmp_path,
               ok=False)  # fmt: skip
    assert slow.startswith("curl: (28)")
    assert time.monotonic() - began < 10
    assert run(*curl, f"{url}f3", home=tmp_path).encode() == LINES[:300]
