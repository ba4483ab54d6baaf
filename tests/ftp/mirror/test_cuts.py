"""Any tree, over connections that break anywhere: in the end both sides have it, and nothing less
ever had the name of a file."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.endpoints import TCP4ClientEndpoint

from netsuite.connection import errors
from netsuite.ftp.client import FTPClient, connect
from netsuite.ftp.mirror import Event, Failed, Mirror, Options
from netsuite.ftp.mirror.names import is_part
from netsuite.testing.fabric import Fabric
from tests.ftp.mirror.test_mirror import at_once
from tests.ftp.odd_server import HOST, PORT, OddServer

WHEN = "20200102030405"
NAMES = st.text("ab \udce9", min_size=1, max_size=3).filter(lambda name: name.strip())
TREES = st.dictionaries(NAMES, st.binary(max_size=200), max_size=6)
#: Fewer than a file is tried.
CUTS = st.lists(st.none() | st.integers(0, 200), max_size=5)


def mirrored(server: OddServer, here: Path, seed: int, *, down: bool, parallel: int) -> list[Event]:
    """Mirror a tree, with what is sent cut and ordered by a seed; return what was told."""
    fabric = Fabric(seed=seed)
    server.listen(fabric)

    async def log_in() -> FTPClient:
        client = await connect(
            TCP4ClientEndpoint(fabric, HOST, PORT),
            clock=fabric,
            reach=lambda host, port: TCP4ClientEndpoint(fabric, host, port),
        )
        await client.login()
        return client

    async def work() -> list[Event]:
        mirror = Mirror(
            log_in, clock=fabric, run=at_once, options=Options(parallel=parallel, delete=True)
        )
        events: Any = mirror.down("", here) if down else mirror.up(here, "")
        async with aclosing(events) as told:
            return [each async for each in told]

    return fabric.run(work(), 10_000)


def lines(files: dict[str, bytes]) -> list[bytes]:
    """Return a directory's listing."""
    return [
        f"type=file;size={len(octets)};modify={WHEN}; {path[1:]}".encode("utf-8", "surrogateescape")
        for path, octets in files.items()
    ]


@settings(max_examples=40, deadline=None)
@given(TREES, TREES, CUTS, st.integers(0, 1_000), st.integers(1, 3))
def test_down(
    there: dict[str, bytes],
    here: dict[str, bytes],
    cuts: list[int | None],
    seed: int,
    parallel: int,
) -> None:
    """Down, over what was here before."""
    server = OddServer({f"/{name}": octets for name, octets in there.items()}, cuts=cuts,
                       features=["MLST type;size;modify;", "REST STREAM"])  # fmt: skip
    server.listings["/"] = lines(server.files)
    folder = Path(tempfile.mkdtemp())
    try:
        for name, octets in here.items():
            (folder / name).write_bytes(octets)

        def look(line: str) -> None:
            for each in folder.iterdir():
                if not is_part(each.name):
                    assert each.read_bytes() in (there.get(each.name), here.get(each.name))

        server.before = look
        told = mirrored(server, folder, seed, down=True, parallel=parallel)
        assert not [each for each in told if isinstance(each, Failed)]
        assert {each.name: each.read_bytes() for each in folder.iterdir()} == there
    finally:
        shutil.rmtree(folder)


@settings(max_examples=40, deadline=None)
@given(TREES, TREES, CUTS, st.integers(0, 1_000), st.integers(1, 3))
def test_up(
    there: dict[str, bytes],
    here: dict[str, bytes],
    cuts: list[int | None],
    seed: int,
    parallel: int,
) -> None:
    """Up, over what was there before."""
    server = OddServer({f"/{name}": octets for name, octets in there.items()}, cuts=cuts,
                       features=["MLST type;size;modify;", "REST STREAM", "MFMT"])  # fmt: skip
    server.listings["/"] = lines(server.files)
    folder = Path(tempfile.mkdtemp())
    try:
        for name, octets in here.items():
            (folder / name).write_bytes(octets)

        def look(line: str) -> None:
            for path, octets in server.files.items():
                if not is_part(path):
                    assert octets in (there.get(path[1:]), here.get(path[1:]))

        server.before = look
        told = mirrored(server, folder, seed, down=False, parallel=parallel)
        assert not [each for each in told if isinstance(each, Failed)]
        assert server.files == {f"/{name}": octets for name, octets in here.items()}
        assert set(server.times.values()) <= {
            f"{datetime.fromtimestamp(int(each.stat().st_mtime), UTC):%Y%m%d%H%M%S}"
            for each in folder.iterdir()
        }
    finally:
        shutil.rmtree(folder)


def test_never() -> None:
    """A server that breaks every connection is left alone after a while."""
    server = OddServer({"/a": b"x"}, cuts=[0] * 1_000, features=["MLST type;size;modify;"])
    server.listings["/"] = lines(server.files)
    folder = Path(tempfile.mkdtemp())
    try:
        failed = mirrored(server, folder, 1, down=True, parallel=1)[-1]
        assert isinstance(failed, Failed)
        assert isinstance(failed.error, errors.ConnectionLost)
        assert len(server.said("RETR")) == 6
    finally:
        shutil.rmtree(folder)
