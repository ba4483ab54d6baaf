"""Uploads by curl, rclone and aioftp under TLS 1.2 and 1.3, again and again: none may be cut."""

from __future__ import annotations

import asyncio
import os
import ssl
from pathlib import Path

import aioftp
import pytest

from netsuite.testing.daemon import Daemon
from tests.interop.programs import program, run

BIG = os.urandom(3_000_000)
#: What went wrong did so in three runs of four.
TIMES = 20


@pytest.fixture
def alices(daemon: Daemon) -> Path:
    """Return where alice's files are."""
    return daemon.home / "files/home/alice"


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("octets", [300_000, len(BIG)])
def test_curl(daemon: Daemon, alices: Path, tmp_path: Path, version: str, octets: int) -> None:
    """A client that never reads what comes on its data connection, and one file after another."""
    curl = program("curl", "ftps")
    (tmp_path / "up").write_bytes(BIG[:octets])
    url = f"ftp://127.0.0.1:{daemon.ports['ftp']}"
    base = [curl, "-sS", "-k", "--ssl-reqd", f"--tlsv{version}", "--tls-max", version]
    base += ["-u", "alice:netsuite"]
    for number in range(TIMES):
        name = f"curl-{version}-{octets}-{number}"
        run(*base, "-T", "up", f"{url}/{name}", home=tmp_path)
        assert (alices / name).read_bytes() == BIG[:octets]
        (alices / name).unlink()


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("octets", [100, 10_000, 300_000, len(BIG)])
def test_rclone(daemon: Daemon, alices: Path, tmp_path: Path, version: str, octets: int) -> None:
    """A client of Go's, whose TLS reads nothing either."""
    rclone = program("rclone")
    (tmp_path / "up").write_bytes(BIG[:octets])
    (tmp_path / "config").touch()
    base = [rclone, "--config", "config", "--retries", "1", "--low-level-retries", "1"]
    base += ["--ftp-host", "127.0.0.1", "--ftp-port", str(daemon.ports["ftp"])]
    base += ["--ftp-user", "alice"]
    base += ["--ftp-pass", run(rclone, "obscure", "netsuite", home=tmp_path).strip()]
    base += ["--ftp-explicit-tls", "--ftp-no-check-certificate"]
    base += ["--ftp-disable-tls13"] if version == "1.2" else []
    name = f"rclone-{version}-{octets}"
    for _ in range(TIMES // 4):
        run(*base, "copyto", "up", f":ftp:{name}", home=tmp_path)
        assert (alices / name).read_bytes() == BIG[:octets]
        (alices / name).unlink()


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_aioftp(daemon: Daemon, alices: Path, version: str) -> None:
    """A client that shakes hands on the data connection before it says what that is for."""

    async def work() -> None:
        context = ssl._create_unverified_context()
        context.maximum_version = ssl.TLSVersion[version]
        client = aioftp.Client()
        await client.connect("127.0.0.1", daemon.ports["ftp"])
        await client.upgrade_to_tls(context)
        await client.login("alice", "netsuite")
        for _ in range(TIMES):
            async with client.upload_stream("aioftp.bin") as stream:
                await stream.write(BIG)
        assert (alices / "aioftp.bin").read_bytes() == BIG
        async with client.download_stream("aioftp.bin") as stream:
            assert await stream.read() == BIG
        await client.remove("aioftp.bin")
        await client.quit()

    asyncio.run(asyncio.wait_for(work(), 60))
