"""Clients beside those of ``test_ftp``: rclone, curl with many files, tnftp, ncftp."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from netsuite.testing.daemon import Daemon
from tests.interop.programs import program, run

BIG = os.urandom(3_000_000)


@pytest.fixture(scope="module")
def lenient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Return a daemon whose data connections need not resume a session."""
    home = tmp_path_factory.mktemp("lenient")
    settings = "ftp.require_session_reuse=false"
    with Daemon(home, settings, plugin="netsuite-ftp") as running:
        yield running


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a directory of files."""
    folder = tmp_path / "source"
    folder.mkdir()
    for number in range(12):
        (folder / f"file {number}").write_bytes(BIG[: number * 20_000])
    return folder


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_rclone(lenient: Daemon, tmp_path: Path, source: Path, version: str) -> None:
    """Several connections at once, which share one store of sessions."""
    rclone = program("rclone")
    (tmp_path / "config").touch()
    base = [rclone, "--config", "config", "--retries", "1", "--low-level-retries", "1"]
    base += ["--ftp-host", "127.0.0.1", "--ftp-port", str(lenient.ports["ftp"])]
    base += ["--ftp-user", "alice", "--ftp-explicit-tls", "--ftp-no-check-certificate"]
    base += ["--ftp-pass", run(rclone, "obscure", "netsuite", home=tmp_path).strip()]
    base += ["--ftp-disable-tls13"] if version == "1.2" else []
    there = f":ftp:rclone-{version}"
    run(*base, "sync", source, there, home=tmp_path)
    run(*base, "check", "--download", source, there, home=tmp_path)
    (source / "file 3").unlink()
    (source / "file 4").write_bytes(b"changed")
    run(*base, "sync", "--checksum", source, there, home=tmp_path)
    run(*base, "check", "--download", source, there, home=tmp_path)


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_curl_many(
    lenient: Daemon, daemon: Daemon, tmp_path: Path, source: Path, version: str
) -> None:
    """Many files in one call; where sessions must be resumed, with TLS 1.2 only: curl uses a
    ticket once, and who only sends hears of no new one."""
    curl = program("curl", "ftps")
    files = [f"f{number}" for number in range(6)]
    for name in files:
        (tmp_path / name).write_bytes(BIG[:200_000] + name.encode())
    base = [curl, "-sS", "-k", "--ssl-reqd", f"--tlsv{version}", "--tls-max", version]
    base += ["-u", "alice:netsuite", "-T", f"{{{','.join(files)}}}"]
    for server in (lenient, daemon) if version == "1.2" else (lenient,):
        url = f"ftp://127.0.0.1:{server.ports['ftp']}/public/many/"
        run(*base, "--ftp-create-dirs", url, home=tmp_path)
        for name in files:
            stored = server.home / "files/home/alice/public/many" / name
            assert stored.read_bytes() == (tmp_path / name).read_bytes()


def test_tnftp(daemon: Daemon, tmp_path: Path) -> None:
    """The BSDs' client: stores, fetches, goes on with a part, makes and removes directories."""
    (tmp_path / "up").write_bytes(BIG)
    (tmp_path / "part").write_bytes(BIG[:1000])
    script = (
        "user alice netsuite\nbinary\nmkdir tnftp\ncd tnftp\nput up\nget up down\n"
        "put up part\nreget part\nls\ndelete part\ndelete up\ncd ..\nrmdir tnftp\nquit\n"
    )
    run(program("tnftp"), "-n", "127.0.0.1", str(daemon.ports["ftp"]), text=script, home=tmp_path)
    assert (tmp_path / "down").read_bytes() == BIG
    assert (tmp_path / "part").read_bytes() == BIG
    assert not (daemon.home / "files/home/alice/tnftp").exists()


def test_ncftp(daemon: Daemon, tmp_path: Path, source: Path) -> None:
    """A tree stored and fetched; each file is tried to be given its time and its mode."""
    (tmp_path / "back").mkdir()
    login = ["-u", "alice", "-p", "netsuite", "-P", str(daemon.ports["ftp"])]
    run(program("ncftpput"), "-R", "-m", *login, "127.0.0.1", "/ncftp", source, home=tmp_path)
    run(program("ncftpget"), "-R", *login, "127.0.0.1", "back", "/ncftp/source", home=tmp_path)
    for path in source.iterdir():
        assert (tmp_path / "back/source" / path.name).read_bytes() == path.read_bytes()
