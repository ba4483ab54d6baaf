"""Faults of FTP's connections for data, as ftplib and netsuite's own client meet them."""

from __future__ import annotations

import ftplib
import io
import socket
import ssl
from collections.abc import Callable, Iterator

import pytest
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.interfaces import IStreamClientEndpoint

from netsuite.ftp.client import connect
from netsuite.testing.blocking import BlockingSuite, serve
from netsuite.testing.certificates import authority
from netsuite.testing.faults import Faults, Rule, UnmetExpectation
from netsuite.testing.grounds import Memory
from netsuite.testing.suite import Suite

OCTETS = bytes(range(256)) * 400
Break = Callable[[Faults], Rule[object]]


@pytest.fixture(scope="module")
def servers() -> Iterator[BlockingSuite]:
    """FTP alone."""
    with serve("ftp", settings=["ftp.require_session_reuse=false"]) as suite:
        yield suite


@pytest.fixture
def ftp(servers: BlockingSuite) -> Iterator[ftplib.FTP]:
    """A client that has logged in."""
    servers.reset()
    servers.files("ann")["a.bin"] = OCTETS
    client = ftplib.FTP(timeout=0.5)
    client.connect(*servers.ftp.address)
    client.login("ann", "secret")
    yield client
    client.close()  # a transfer that broke may have left a reply


@pytest.mark.parametrize("passive", [True, False], ids=["passive", "active"])
@pytest.mark.parametrize(
    ("broken", "octets", "end"),
    [
        (lambda data: data.drop(after=1000, times=1), 1000, "error_temp"),
        (lambda data: data.reset(after=1000, times=1), None, "ConnectionResetError"),
        (lambda data: data.truncate(1000, times=1), 1000, "226"),
        (lambda data: data.garbage(10, after=1000, times=1), len(OCTETS) + 10, "226"),
        (lambda data: data.blackhole(after=1000, times=1), 1000, "TimeoutError"),
        (lambda data: data.delay(0.01, times=1), len(OCTETS), "226"),
        (lambda data: data.dribble(40_000, every=0.01, times=1), len(OCTETS), "226"),
    ],
    ids=["drop", "reset", "truncate", "garbage", "blackhole", "delay", "dribble"],
)
def test_a_download(
    servers: BlockingSuite,
    ftp: ftplib.FTP,
    passive: bool,
    broken: Break,
    octets: int | None,
    end: str,
) -> None:
    """What ftplib gets of a file, and how it ends."""
    ftp.set_pasv(passive)
    pieces: list[bytes] = []
    with broken(servers.ftp.data):
        try:
            ended = ftp.retrbinary("RETR a.bin", pieces.append)[:3]
        except (OSError, ftplib.Error) as error:
            ended = type(error).__name__
    assert ended == end
    assert octets in (None, len(b"".join(pieces)))


def test_an_upload_that_is_cut_is_resumed(servers: BlockingSuite, ftp: ftplib.FTP) -> None:
    """What has come before the cut is there, and goes on from there."""
    cut = servers.ftp.data.drop(after=70_000, direction="heard", times=1)
    with cut, pytest.raises((OSError, ftplib.error_temp)):
        ftp.storbinary("STOR new.bin", io.BytesIO(OCTETS))
    with ftplib.FTP(timeout=2) as again:
        again.connect(*servers.ftp.address)
        again.login("ann", "secret")
        again.voidcmd("TYPE I")
        there = again.size("new.bin") or 0
        again.storbinary("STOR new.bin", io.BytesIO(OCTETS[there:]), rest=there or None)
    assert there == 70_000
    assert servers.files("ann")["new.bin"] == OCTETS


def test_under_tls(servers: BlockingSuite) -> None:
    """A protected connection is cut below TLS."""
    servers.reset()
    servers.files("ann")["a.bin"] = OCTETS
    pieces: list[bytes] = []
    with ftplib.FTP_TLS(timeout=2, context=_tls()) as ftp:
        ftp.connect(*servers.ftp.address)
        ftp.login("ann", "secret")
        ftp.prot_p()
        with servers.ftp.data.drop(after=20_000, times=1), pytest.raises(ssl.SSLError):
            ftp.retrbinary("RETR a.bin", pieces.append)
        ftp.getmultiline()  # whatever the server makes of it
        assert len(b"".join(pieces)) < 20_000
        pieces.clear()
        with servers.ftp.data.delay(0.01, times=1):
            assert ftp.retrbinary("RETR a.bin", pieces.append).startswith("226")
        assert b"".join(pieces) == OCTETS


def _tls() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=authority.pem())


def test_the_second_transfer_alone(servers: BlockingSuite, ftp: ftplib.FTP) -> None:
    """Data connections have numbers of their own, from the first rule on, and after a reset."""
    with servers.ftp.data.drop(connection=2, times=1):
        assert ftp.retrbinary("RETR a.bin", lambda octets: None).startswith("226")
        with pytest.raises(ftplib.error_temp):
            ftp.retrbinary("RETR a.bin", lambda octets: None)
        assert ftp.retrbinary("RETR a.bin", lambda octets: None).startswith("226")


def test_what_was_not_met_is_told(servers: BlockingSuite) -> None:
    """At the end of the block, and of the suite."""
    never = servers.ftp.data.drop(after=5, times=1)
    with pytest.raises(UnmetExpectation, match="data drop after 5 octets: happened 0 of 1"):
        never.end()
    servers.ftp.data.truncate(5, times=1)
    with pytest.raises(UnmetExpectation, match="data truncate"):
        servers.ftp.check()
    servers.ftp.clear()
    servers.ftp.check()


def test_there_are_no_commands(servers: BlockingSuite) -> None:
    """What needs some is refused at once."""
    with pytest.raises(ValueError, match="no commands"):
        servers.ftp.data.drop(at="RETR")
    with pytest.raises(ValueError, match="no commands"):
        servers.ftp.data.refusing("RETR")
    with serve("smtp") as others, pytest.raises(ValueError, match="smtp has no data connections"):
        _ = others.smtp.data


def test_in_memory() -> None:
    """netsuite's own client meets the same, in virtual time."""
    ground = Memory()
    suite = Suite("ftp", ground=ground)

    def reach(host: str, port: int) -> IStreamClientEndpoint:
        return HostnameEndpoint(ground.reactor, host, port)

    async def fetch() -> bytes:
        await suite.files("ann").put("a.bin", OCTETS)
        client = await connect(suite.ftp.endpoint, reach=reach, clock=suite.clock)
        await client.login("ann", "secret")
        pieces: list[bytes] = []
        with suite.ftp.data.dribble(len(OCTETS) // 10, every=1, times=1):
            await client.retr("a.bin", pieces.append)
        await client.quit()
        return b"".join(pieces)

    ground.run(suite.start)
    assert ground.run(fetch) == OCTETS
    assert ground.reactor.seconds() == 9
    ground.run(suite.stop)
    assert ground.open() == {}


@pytest.mark.parametrize(
    ("name", "command"), [("HASH", "HASH a.bin"), ("DIGEST", "XMD5 a.bin")], ids=["HASH", "XMD5"]
)
def test_a_hash_refused(servers: BlockingSuite, ftp: ftplib.FTP, name: str, command: str) -> None:
    """A hash runs beside the commands as a transfer does, and is refused as one; a data connection
    that is arranged stays."""
    servers.ftp.refusing(name, 450, "busy", times=1)
    port = ftp.makepasv()[1]
    with pytest.raises(ftplib.error_temp, match="450 busy"):
        ftp.sendcmd(command)
    assert ftp.sendcmd(command).startswith("2")
    with socket.create_connection(("127.0.0.1", port)) as data:
        ftp.sendcmd("NLST")
        assert data.recv(100).startswith(b"a.bin\r\n")
    ftp.voidresp()
