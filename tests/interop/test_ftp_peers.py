"""The netsuite command as an FTP client of vsftpd, of pyftpdlib, and of our own server: mirrors."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from netsuite.testing.daemon import Daemon
from tests.benchmarks import ftp_peers
from tests.benchmarks.servers import Absent
from tests.cli.commands import COMMAND

NOISE: Final = random.Random(12).randbytes(3_000_000)
PEERS: Final = {"pyftpdlib": ftp_peers.pyftpdlib, "vsftpd": ftp_peers.vsftpd}


@dataclass
class Peer:
    """A server of others: its name, its directory, the URL of that, and options for the command."""

    name: str
    files: Path
    url: str
    options: list[str]


@pytest.fixture(scope="module", params=[(name, tls) for name in PEERS for tls in (False, True)],
                ids=lambda each: each[0] + "-tls" * each[1])  # fmt: skip
def peer(request: pytest.FixtureRequest) -> Iterator[Peer]:
    """Return each of them, in the clear and under TLS."""
    name, tls = request.param
    options = ["--tls", "required", "-k"] if tls else ["--tls", "none"]
    if name != "vsftpd":  # which takes anybody
        options += ["-u", "alice:netsuite"]
    with ExitStack() as stack:
        try:
            running = stack.enter_context(PEERS[name](tls=tls))
        except Absent as reason:
            pytest.skip(str(reason))
        files = running.home / "files" / ftp_peers.UPLOADS
        yield Peer(name, files, f"ftp://127.0.0.1:{running.port}/{ftp_peers.UPLOADS}", options)


def command(home: Path, *words: object, code: int = 0) -> tuple[list[bytes], str]:
    """Run it to its exit code; return the lines it printed, and what it complained of."""
    environment = {**os.environ, "HOME": str(home)}
    done = subprocess.run(
        [*COMMAND, *map(str, words)], capture_output=True, timeout=60, env=environment, cwd=home
    )
    assert done.returncode == code, done.stderr
    return done.stdout.splitlines(), done.stderr.decode("utf-8", "replace")


def files(top: Path) -> dict[bytes, tuple[bytes, int]]:
    """Return what is below a directory: path in octets to octets and time."""
    return {
        os.fsencode(path.relative_to(top)): (path.read_bytes(), int(path.stat().st_mtime))
        for path in top.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a tree with a little of everything."""
    top = tmp_path / "source"
    names = {"a b/c.bin": 3_000_000, "a b/empty": 0, "käse/[x] *?.txt": 10, "-l/-a": 3, "~x/{y}": 4,
             "caf\udce9/\udcff": 5, '"quoted"/x': 6, " lead": 7, "a b/deep/er/x": 8}  # fmt: skip
    for number, (name, octets) in enumerate(names.items()):
        file = top / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(NOISE[number : number + octets])
        os.utime(file, (1_600_000_000 + number * 7, 1_600_000_000 + number * 7))
    return top


def test_mirror(peer: Peer, source: Path, tmp_path: Path) -> None:
    """A tree goes up and comes down as it was, times and octets of names included; nothing is done
    twice, what changes goes, what is removed goes with delete."""
    if peer.name == "pyftpdlib":  # it makes U+FFFD of octets that are not UTF-8
        (source / "caf\udce9/\udcff").unlink()
        (source / "caf\udce9").rmdir()
    wanted = files(source)
    up = ("mirror", *peer.options, source, f"{peer.url}/tree")
    down = ("mirror", *peer.options, f"{peer.url}/tree/", "back")
    printed, complaint = command(tmp_path, *up)
    assert (sum(line.startswith(b"stored ") for line in printed), complaint) == (len(wanted), "")
    there = files(peer.files / "tree")
    assert there == wanted
    assert command(tmp_path, *up) == ([], "")
    printed, complaint = command(tmp_path, *down)
    assert (sum(line.startswith(b"fetched ") for line in printed), complaint) == (len(wanted), "")
    assert files(tmp_path / "back") == wanted
    assert command(tmp_path, *down) == ([], "")
    (source / "a b/empty").write_bytes(b"no more")
    (source / "a b/deep/er/x").unlink()
    (source / "a b/deep/er").rmdir()
    assert command(tmp_path, *up) == ([b"stored a b/empty"], "")
    printed, complaint = command(tmp_path, *up, "--delete")
    assert printed == [b"removed a b/deep/er/x", b"removed a b/deep/er"]
    printed, complaint = command(tmp_path, *down, "--delete")
    assert sorted(printed) == [b"fetched a b/empty", b"removed a b/deep/er"]
    assert files(tmp_path / "back") == files(source)
    command(tmp_path, "mirror", *peer.options, "--delete", tmp_path / "back", f"{peer.url}/tree",
            "--exclude", "*")  # fmt: skip
    assert files(peer.files / "tree") == files(source)
    (tmp_path / "none").mkdir()
    command(tmp_path, "mirror", *peer.options, "--delete", "none", f"{peer.url}/tree")
    assert not list((peer.files / "tree").iterdir())


def test_uploads(peer: Peer, tmp_path: Path) -> None:
    """Files arrive whole, twenty in a row, whatever the server has sent meanwhile."""
    source = tmp_path / "source"
    source.mkdir()
    for number in range(20):
        (source / str(number)).write_bytes(NOISE[number:])
    _, complaint = command(tmp_path, "mirror", *peer.options, source, f"{peer.url}/twenty")
    assert complaint == ""
    assert files(peer.files / "twenty") == files(source)


def test_strict_vsftpd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A vsftpd that wants sessions resumed, and TLS ended, gets both on every data connection."""
    settings = ftp_peers._VSFTPD.replace(
        "require_ssl_reuse=NO", "require_ssl_reuse=YES\nstrict_ssl_read_eof=YES"
    )
    monkeypatch.setattr(ftp_peers, "_VSFTPD", settings)
    source = tmp_path / "source"
    source.mkdir()
    for number in range(12):
        (source / str(number)).write_bytes(NOISE[: number * 100_000])
    with ExitStack() as stack:
        try:
            running = stack.enter_context(ftp_peers.vsftpd(tls=True))
        except Absent as reason:
            pytest.skip(str(reason))
        url = f"ftp://127.0.0.1:{running.port}/{ftp_peers.UPLOADS}/strict"
        for words in ((source, url), (url, "back")):
            _, complaint = command(tmp_path, "mirror", "--tls", "required", "-k", *words)
            assert complaint == ""
    assert files(tmp_path / "back") == files(source)


def test_continue(peer: Peer, tmp_path: Path) -> None:
    """One file is put and gone on with, and fetched and gone on with."""
    (tmp_path / "whole").write_bytes(NOISE)
    (peer.files / "whole").write_bytes(NOISE[:1_000_000])
    (peer.files / "whole").chmod(0o666)
    if peer.name == "vsftpd":
        (peer.files / "whole").unlink()  # who has not made it may not go on with it
        (tmp_path / "part").write_bytes(NOISE[:1_000_000])
        command(tmp_path, "put", *peer.options, "part", f"{peer.url}/whole")
    command(tmp_path, "put", *peer.options, "--continue", "whole", f"{peer.url}/")
    assert (peer.files / "whole").read_bytes() == NOISE
    fetch = ("get", *peer.options, "--continue", "-o", "got", f"{peer.url}/whole")
    (tmp_path / "got").write_bytes(NOISE[:1_000_000])
    when = (peer.files / "whole").stat().st_mtime
    os.utime(tmp_path / "got", (when, when))
    command(tmp_path, *fetch)
    assert (tmp_path / "got").read_bytes() == NOISE
    _, complaint = command(tmp_path, "get", *peer.options, "--verify", f"{peer.url}/whole", code=1)
    assert "tells no hashes" in complaint
    command(tmp_path, "get", *peer.options, f"{peer.url}/whole;type=a", "-o", "text")
    assert (tmp_path / "text").stat().st_size > 2_900_000


@pytest.mark.parametrize("tls", [False, True])
def test_killed(daemon: Daemon, tmp_path: Path, tls: bool) -> None:
    """A mirror that is killed goes on where it was; it leaves no file that is less than whole."""
    source = tmp_path / "source"
    for number in range(300):
        file = source / str(number % 10) / str(number)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(NOISE[number : number + (2_500_000 if number % 60 == 59 else 2_000)])
    wanted = files(source)
    there = daemon.home / f"files/home/alice/killed-{tls}"
    url = f"ftp://127.0.0.1:{daemon.ports['ftp']}/killed-{tls}"
    login = ("-u", "alice:netsuite", "--tls", "required" if tls else "none", "-k")
    for words, target in (
        (("mirror", *login, source, url), there),
        (("mirror", *login, url, tmp_path / "back"), tmp_path / "back"),
    ):
        process = subprocess.Popen(
            [*COMMAND, *map(str, words)], stdout=subprocess.PIPE, env={**os.environ, "HOME": "/"}
        )
        assert process.stdout is not None
        for _ in range(100):
            assert process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        process.stdout.close()
        some = {
            path: each
            for path, each in files(target).items()
            if not path.endswith(b"netsuite-part")
        }
        assert 50 < len(some) < len(wanted)
        for path, (octets, _) in some.items():
            assert octets == wanted[path][0]
        printed, _ = command(tmp_path, *words)
        assert len(printed) < 260
        assert files(target) == wanted
    command(tmp_path, "mirror", *login, "--delete", "--include", "nothing", source, url)
    assert files(there) == wanted


def test_interrupted(tmp_path: Path) -> None:
    """Ctrl-C ends it at once, with a line and no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as port:
        url = f"ftp://127.0.0.1:{port.getsockname()[1]}/"
        process = subprocess.Popen(
            [*COMMAND, "mirror", url, str(tmp_path / "back")],
            stderr=subprocess.PIPE,
            env={**os.environ, "HOME": "/"},
        )
        control, _ = port.accept()
        with control:
            control.sendall(b"220 wait\r\n")
            assert control.recv(100)
            process.send_signal(signal.SIGINT)
            _, complaint = process.communicate(timeout=20)
    assert (process.returncode, complaint) == (130, b"netsuite: interrupted\n")


def test_partly(daemon: Daemon, tmp_path: Path) -> None:
    """What cannot be done is told, a line each, the rest is done, and the code says so."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "good").write_bytes(b"x")
    (source / "line\nend").write_bytes(b"x")
    (source / "bad").mkdir()
    (source / "bad/x").write_bytes(b"x")
    url = f"ftp://127.0.0.1:{daemon.ports['ftp']}/partly"
    login = ("-u", "alice:netsuite")
    command(tmp_path, "put", *login, source / "good", f"{url.removesuffix('partly')}partly-file")
    printed, complaint = command(tmp_path, "mirror", *login, source, f"{url}-file", code=8)
    assert not printed
    assert "partly-file" in complaint or "550" in complaint
    printed, complaint = command(tmp_path, "mirror", *login, source, url)
    assert sorted(printed) == [b"made .", b"made bad", b"stored bad/x", b"stored good"]
    assert "line\N{REPLACEMENT CHARACTER}end is left out" in complaint
    _, complaint = command(tmp_path, "mirror", *login, "nothing", url, code=7)
    assert "nothing is no directory" in complaint
    _, complaint = command(tmp_path, "mirror", "-u", "alice:wrong", url, "back", code=5)
    assert complaint
    for wrong in ((source, tmp_path), (url, url), (source, "http://127.0.0.1/x")):
        command(tmp_path, "mirror", *map(str, wrong), code=2)
    command(tmp_path, "get", "--verify", "http://127.0.0.1/x", code=2)
