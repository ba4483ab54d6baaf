"""The netsuite command as an FTP client: names in octets, and files that came short."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from netsuite.testing.daemon import Daemon
from tests.cli.commands import COMMAND

CONTENT = b"0123456789" * 10


def command(home: Path, *words: str | bytes, code: int = 0) -> tuple[bytes, str]:
    """Run it to its exit code; return what it printed, and what it complained of."""
    environment = {**os.environ, "HOME": str(home)}
    environment.pop("NETRC", None)
    done = subprocess.run(
        [*COMMAND, *words], capture_output=True, timeout=60, env=environment, cwd=home
    )
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr.decode()


def test_names_in_octets(daemon: Daemon, tmp_path: Path) -> None:
    """A file named in Latin-1 is stored, listed, and fetched under its octets."""
    name = b"caf\xe9-\xff.txt"
    (tmp_path / os.fsdecode(name)).write_bytes(CONTENT)
    base = f"ftp://127.0.0.1:{daemon.ports['ftp']}/public/latin/"
    home = daemon.home / "files/home/alice/public/latin"
    home.mkdir()
    login = ("-u", "alice:netsuite")
    command(tmp_path, "put", *login, name, base)
    assert os.listdir(os.fsencode(home)) == [name]
    printed, _ = command(tmp_path, "ls", *login, base)
    assert printed.splitlines()[1].endswith(b"  " + name)
    printed, _ = command(tmp_path, "ls", "--json", *login, base)
    assert [os.fsencode(row["name"]) for row in json.loads(printed)] == [name]
    command(tmp_path, "get", *login, "-o", "got", f"{base}caf%E9-%FF.txt")
    assert (tmp_path / "got").read_bytes() == CONTENT


@contextmanager
def server(*lengths: int) -> Iterator[int]:
    """Run a server that says of its one file that it is whole, and ends it after so many octets,
    one number a session; return its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_serve, args=(listening, lengths))
        thread.start()
        yield listening.getsockname()[1]
        thread.join(20)


def _serve(listening: socket.socket, lengths: Sequence[int]) -> None:
    for octets in lengths:
        with suppress(ConnectionResetError):  # who has heard that a file is short may just leave
            _serve_one(listening, octets)


def _serve_one(listening: socket.socket, octets: int) -> None:
    answers = {b"USER": "331 p", b"PASS": "230 in", b"TYPE": "200 ok", b"QUIT": "221 bye"}
    answers |= {b"SIZE": f"213 {len(CONTENT)}", b"MDTM": "213 20260101000000", b"REST": "350 ok"}
    control, _ = listening.accept()
    offset = 0
    with control, socket.create_server(("127.0.0.1", 0)) as port:
        control.sendall(b"220 hello\r\n")
        for line in control.makefile("rb"):
            word, _, argument = line.strip().partition(b" ")
            answer = answers.get(word, "502 no")
            if word == b"REST":
                offset = int(argument)
            elif word == b"EPSV":
                answer = f"229 here (|||{port.getsockname()[1]}|)"
            elif word == b"RETR":
                control.sendall(b"150 here it comes\r\n")
                data, _ = port.accept()
                with data:
                    data.sendall(CONTENT[offset:octets])
                answer = "226 all of it"
            control.sendall(f"{answer}\r\n".encode())


def test_short_file(tmp_path: Path) -> None:
    """A file that ends before the size that was told is kept as a part, which is said, and can be
    continued."""
    with server(60, 90, 100) as port:
        fetch = ("get", "--continue", "-o", "got", f"ftp://127.0.0.1:{port}/file")
        for come in (60, 90):
            _, complaint = command(tmp_path, *fetch, code=1)
            assert f"{come} of 100 octets" in complaint
            assert (tmp_path / "got.netsuite-part").read_bytes() == CONTENT[:come]
        command(tmp_path, *fetch)
        assert (tmp_path / "got").read_bytes() == CONTENT


def test_verified(daemon: Daemon, tmp_path: Path) -> None:
    """With --verify hashes are compared; what is gone on with is compared in any case."""
    login = ("-u", "alice:netsuite", "--verify")
    url = f"ftp://127.0.0.1:{daemon.ports['ftp']}/verified"
    there = daemon.home / "files/home/alice/verified"
    (tmp_path / "file").write_bytes(CONTENT)
    command(tmp_path, "put", *login, "file", url)
    assert there.read_bytes() == CONTENT
    command(tmp_path, "get", *login, url, "-o", "got", "--keep-alive", "20")
    assert (tmp_path / "got").read_bytes() == CONTENT
    stdout, _ = command(tmp_path, "get", *login, url)
    assert stdout == CONTENT
    there.write_bytes(CONTENT[:50])
    command(tmp_path, "put", "-u", "alice:netsuite", "--continue", "file", url)
    assert there.read_bytes() == CONTENT
    command(tmp_path, "put", "-u", "alice:netsuite", "--continue", "file", url)
    there.write_bytes(b"x" * 50)
    _, complaint = command(
        tmp_path, "put", "-u", "alice:netsuite", "--continue", "file", url, code=1
    )
    assert "another hash" in complaint
    command(tmp_path, "put", "-u", "alice:netsuite", "file", url)
    (tmp_path / "got").write_bytes(b"x" * 50)
    when = there.stat().st_mtime
    os.utime(tmp_path / "got", (when, when))
    fetch = ("get", "-u", "alice:netsuite", "--continue", url, "-o", "got")
    _, complaint = command(tmp_path, *fetch, code=1)
    assert "another hash" in complaint
    command(tmp_path, *fetch)
    assert (tmp_path / "got").read_bytes() == CONTENT
    command(tmp_path, "put", "--continue", "file", "http://127.0.0.1/x", code=2)


def test_texts(daemon: Daemon, tmp_path: Path) -> None:
    """With ;type=a line ends are those of the network on the way."""
    url = f"ftp://127.0.0.1:{daemon.ports['ftp']}/text;type=a"
    (tmp_path / "text").write_bytes(b"one\r\ntwo\nthree")
    command(tmp_path, "put", "-u", "alice:netsuite", "text", url)
    assert (daemon.home / "files/home/alice/text").read_bytes() == b"one\ntwo\nthree"
    stdout, _ = command(tmp_path, "get", "-u", "alice:netsuite", url)
    assert stdout == b"one\ntwo\nthree"
    command(tmp_path, "get", "--verify", url, code=2)
