"""ftplib, curl, lftp and wget against a real daemon."""

from __future__ import annotations

import ftplib
import io
import os
import socket
import ssl
import struct
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from netsuite.testing.daemon import Daemon
from tests.interop.programs import offers, program, run

BIG = os.urandom(3_000_000)


@pytest.fixture
def client(daemon: Daemon) -> Iterator[ftplib.FTP]:
    """Return ftplib's client, logged in."""
    with ftplib.FTP() as ftp:
        ftp.connect("127.0.0.1", daemon.ports["ftp"], timeout=20)
        ftp.login("alice", "netsuite")
        yield ftp


class ResumingFTP(ftplib.FTP_TLS):
    """ftplib's client as it would have to be: data connections resume the session."""

    def ntransfercmd(
        self, cmd: str, rest: int | str | None = None
    ) -> tuple[socket.socket, int | None]:
        data, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        assert isinstance(self.sock, ssl.SSLSocket)
        wrapped = self.context.wrap_socket(
            data, server_hostname=self.host, session=self.sock.session
        )
        return wrapped, size


def test_ftplib(client: ftplib.FTP) -> None:
    """Everything the standard library's client knows."""
    client.storbinary("STOR big.bin", io.BytesIO(BIG))
    assert client.size("big.bin") == len(BIG)
    got = io.BytesIO()
    client.retrbinary("RETR big.bin", got.write, rest=1_000_000)
    assert got.getvalue() == BIG[1_000_000:]
    client.storlines("STOR lines.txt", io.BytesIO(b"a\nb\n"))
    lines: list[str] = []
    client.retrlines("RETR lines.txt", lines.append)
    assert lines == ["a", "b"]
    client.mkd("käse")
    assert "käse" in client.nlst()
    assert {name for name, _ in client.mlsd()} >= {"käse", "big.bin", "site", "public"}
    client.rename("big.bin", "käse/big.bin")
    assert client.cwd("käse")
    assert client.pwd() == "/käse"
    client.delete("big.bin")
    client.cwd("..")
    client.rmd("käse")
    with pytest.raises(ftplib.error_perm, match="550"):
        client.retrbinary("RETR nothing", got.write)
    client.set_pasv(False)
    lines.clear()
    client.retrlines("LIST", lines.append)
    assert any(line.endswith("lines.txt") for line in lines)
    assert client.quit().startswith("221")


def test_ftplib_abort(client: ftplib.FTP) -> None:
    """ABOR as urgent data, as ftplib sends it, in the middle of a transfer."""
    client.voidcmd("TYPE I")
    client.storbinary("STOR abort.bin", io.BytesIO(BIG))
    data, _ = client.ntransfercmd("RETR abort.bin")
    data.recv(1000)
    answer = client.abort()
    data.close()
    assert answer[:3] in ("426", "226")
    if answer.startswith("426"):
        assert client.getresp().startswith("226")
    assert client.voidcmd("NOOP").startswith("200")


def test_killed_upload(daemon: Daemon, client: ftplib.FTP) -> None:
    """A client that is killed in the middle of a file replaces nothing; a new one resumes it."""
    client.storbinary("STOR kept.bin", io.BytesIO(b"kept"))
    for name in ("kept.bin", "new.bin"):
        code = (
            "import ftplib, os\n"
            "f = ftplib.FTP()\n"
            f"f.connect('127.0.0.1', {daemon.ports['ftp']})\n"
            "f.login('alice', 'netsuite')\n"
            "f.voidcmd('TYPE I')\n"
            f"data, _ = f.ntransfercmd('STOR {name}')\n"
            "data.sendall(b'x' * 1000)\n"
            "os._exit(0)\n"
        )
        run(sys.executable, "-c", code, home=daemon.home)
    end = time.monotonic() + 10
    while "new.bin" not in client.nlst():
        assert time.monotonic() < end
        time.sleep(0.05)
    client.voidcmd("TYPE I")
    assert client.size("kept.bin") == 4
    assert client.size("new.bin") == 1000
    client.storbinary("STOR new.bin", io.BytesIO(b"y" * 10), rest=1000)
    assert client.size("new.bin") == 1010


def test_half_closed_control(client: ftplib.FTP) -> None:
    """A client that closes its half of the control connection while it sends a file, and waits for
    the answer, has it, and a file that was there is replaced."""
    client.storbinary("STOR half.bin", io.BytesIO(b"old"))
    client.voidcmd("TYPE I")
    assert client.sock is not None
    with client.transfercmd("STOR half.bin") as data:
        client.sock.shutdown(socket.SHUT_WR)
        data.sendall(BIG)
    assert client.getresp().startswith("150 All")
    assert client.getresp().startswith("226")
    assert client.file is not None
    assert client.file.read() == ""


def test_device(daemon: Daemon) -> None:
    """A client that ends its lines with LF alone."""
    with socket.create_connection(("127.0.0.1", daemon.ports["ftp"]), 20) as control:
        control.sendall(b"USER alice\nPASS netsuite\nPWD\nQUIT\n")
        heard = control.makefile("rb").read()
    assert [line[:3] for line in heard.splitlines()] == [b"220", b"331", b"230", b"257", b"221"]


def test_refused_behind_each_file(client: ftplib.FTP) -> None:
    """A client that tries what we do not have behind each of many files is not turned out."""
    for number in range(30):
        client.storbinary("STOR chmod.bin", io.BytesIO(b"%d" % number))
        for command in ("SITE CHMOD 644 chmod.bin", "XCRC chmod.bin"):
            assert client.voidcmd(command).startswith("2")
        for command in ("SITE UMASK 022", "XSHA384 chmod.bin", "LPSV"):
            with pytest.raises(ftplib.error_perm, match=r"50[024]"):
                client.voidcmd(command)
    client.delete("chmod.bin")


def test_looks_empty(daemon: Daemon, client: ftplib.FTP) -> None:
    """A directory that holds a link only says so, and its owner removes both."""
    client.mkd("linked")
    (daemon.home / "files/home/alice/linked/old link").symlink_to(daemon.home)
    assert client.nlst("linked") == []
    with pytest.raises(ftplib.error_perm, match="550 It holds what is not shown here: old link;"):
        client.rmd("linked")
    client.delete("linked/old link")
    client.rmd("linked")
    assert daemon.home.is_dir()


@pytest.mark.parametrize("how", ["curl", "ftplib", "lftp"])
def test_octet_255(daemon: Daemon, tmp_path: Path, how: str) -> None:
    """Names in Latin-1 that differ by a y with diaeresis, which is Telnet's octet, are two files,
    whether a client doubles it (lftp) or not."""
    home = daemon.home / "files/home/alice"
    names = [b"%s-a\xff\xf4b" % how.encode(), b"%s-ab" % how.encode(), b"%s-a\xff" % how.encode()]
    for name in names:
        (tmp_path / "up").write_bytes(name)
        if how == "curl":
            url = f"ftp://127.0.0.1:{daemon.ports['ftp']}/{quote(name)}"
            run(
                program("curl", "ftp"),
                "-sS",
                "-u",
                "alice:netsuite",
                "-T",
                "up",
                url,
                home=tmp_path,
            )
        elif how == "lftp":
            url = f"ftp://alice:netsuite@127.0.0.1:{daemon.ports['ftp']}/{quote(name)}"
            script = f"set ftp:ssl-allow no; set ftp:use-utf8 no; put up -o {url}"
            run(program("lftp"), "--norc", "-c", script, home=tmp_path)
        else:
            with ftplib.FTP(encoding="latin-1") as ftp:
                ftp.connect("127.0.0.1", daemon.ports["ftp"], timeout=20)
                ftp.login("alice", "netsuite")
                ftp.storbinary("STOR " + name.decode("latin-1"), io.BytesIO(name))
    for name in names:
        path = os.fsencode(home) + b"/" + name
        with open(path, "rb") as file:
            assert file.read() == name
        os.unlink(path)


def test_stranger_on_the_data_port(client: ftplib.FTP) -> None:
    """Another address that finds the data port gets nothing, and takes nobody's place."""
    host, port = client.makepasv()
    with socket.create_connection((host, port), 5, source_address=("127.0.0.2", 0)) as stranger:
        assert stranger.recv(1) == b""
    with socket.create_connection((host, port), 5) as data:
        client.sendcmd("LIST")
        assert b"public" in data.makefile("rb").read()
    client.voidresp()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_ftplib_tls(daemon: Daemon, version: ssl.TLSVersion) -> None:
    """Data connections that resume the session work both ways; one that does not is refused."""
    context = ssl._create_unverified_context()
    context.maximum_version = version
    with ResumingFTP(context=context) as ftp:
        ftp.connect("127.0.0.1", daemon.ports["ftp"], timeout=20)
        ftp.login("alice", "netsuite")
        ftp.prot_p()
        ftp.storbinary("STOR tls.bin", io.BytesIO(BIG))
        got = io.BytesIO()
        ftp.retrbinary("RETR tls.bin", got.write)
        assert got.getvalue() == BIG
        assert "tls.bin" in ftp.nlst()
    with ftplib.FTP_TLS(context=context) as ftp:
        ftp.connect("127.0.0.1", daemon.ports["ftp"], timeout=20)
        ftp.login("alice", "netsuite")
        ftp.prot_p()
        with pytest.raises(ssl.SSLError):
            ftp.nlst()
        with pytest.raises(ftplib.error_perm, match="522"):
            ftp.voidresp()


def test_ftplib_tls_as_it_is(tmp_path: Path) -> None:
    """With require_session_reuse off, ftplib's own FTP_TLS works."""
    context = ssl._create_unverified_context()
    settings = "ftp.require_session_reuse=false"
    with (
        Daemon(tmp_path, settings, plugin="netsuite-ftp") as daemon,
        ftplib.FTP_TLS(context=context) as ftp,
    ):
        ftp.connect("127.0.0.1", daemon.ports["ftp"], timeout=20)
        ftp.login("alice", "netsuite")
        ftp.prot_p()
        ftp.storbinary("STOR a", io.BytesIO(BIG))
        got = io.BytesIO()
        ftp.retrbinary("RETR a", got.write)
        assert got.getvalue() == BIG


def end_of_half(ftp: ftplib.FTP_TLS, end: Callable[[socket.socket], None]) -> str:
    """Replace a file by half of one that ends without TLS's own end; return what is said."""
    ftp.storbinary("STOR cut.bin", io.BytesIO(b"whole"))
    data, _ = ftp.ntransfercmd("STOR cut.bin")
    data.sendall(b"half")
    with socket.socket(fileno=data.detach()) as raw:
        end(raw)
        try:
            return ftp.voidresp()
        except ftplib.error_temp as error:
            return str(error)


def shut_down(raw: socket.socket) -> None:
    """End TCP as it should be."""
    raw.shutdown(socket.SHUT_WR)


def reset(raw: socket.socket) -> None:
    """Have TCP reset."""
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw.close()


@pytest.mark.parametrize("strict", [True, False])
def test_truncated_tls_upload(tmp_path: Path, strict: bool) -> None:
    """An upload under TLS that ends without TLS's own end is whole only where the operator says
    so, and never where it is reset."""
    context = ssl._create_unverified_context()
    settings = f"ftp.require_tls_end={str(strict).lower()}"
    with (
        Daemon(tmp_path, settings, plugin="netsuite-ftp") as daemon,
        ResumingFTP(context=context) as ftp,
    ):
        ftp.connect("127.0.0.1", daemon.ports["ftp"], timeout=20)
        ftp.login("alice", "netsuite")
        ftp.prot_p()
        ftp.voidcmd("TYPE I")
        answer = end_of_half(ftp, shut_down)
        assert answer.startswith("426" if strict else "226")
        assert ("ftp.require_tls_end = false" in answer) is strict
        assert ftp.size("cut.bin") == (5 if strict else 4)
        answer = end_of_half(ftp, reset)
        assert answer.startswith("426")
        assert "require_tls_end" not in answer
        assert ftp.size("cut.bin") == 5


@pytest.mark.parametrize("how", ["plain", "explicit", "implicit"])
def test_curl(daemon: Daemon, tmp_path: Path, how: str) -> None:
    """Upload, resume of both kinds, listing; in the clear and under TLS."""
    curl = program("curl", *(["ftp"] if how == "plain" else ["ftps"]))
    port = daemon.tls_ports["ftp"] if how == "implicit" else daemon.ports["ftp"]
    scheme = "ftps" if how == "implicit" else "ftp"
    url = f"{scheme}://127.0.0.1:{port}/public/curl-{how}"
    base = [curl, "-sS", "-k", "-u", "alice:netsuite"]
    base += ["--ssl-reqd"] if how == "explicit" else []
    (tmp_path / "up").write_bytes(BIG)
    run(*base, "-T", "up", f"{url}/", "--ftp-create-dirs", home=tmp_path)
    run(*base, f"{url}/up", "-o", "down", home=tmp_path)
    assert (tmp_path / "down").read_bytes() == BIG
    (tmp_path / "down").write_bytes(BIG[:1000])
    run(*base, "-C", "-", f"{url}/up", "-o", "down", home=tmp_path)
    assert (tmp_path / "down").read_bytes() == BIG
    (tmp_path / "up").write_bytes(BIG + b"more")
    run(*base, "-C", str(len(BIG)), "-T", "up", f"{url}/", home=tmp_path)
    assert run(*base, "-I", f"{url}/up", home=tmp_path).count(str(len(BIG) + 4)) == 1
    assert run(*base, "-l", f"{url}/", home=tmp_path).split() == ["up"]
    run(*base, f"{url}/", "-Q", f"DELE /public/curl-{how}/up", home=tmp_path)
    assert "up" not in run(*base, "-l", f"{url}/", home=tmp_path).split()


def test_curl_active(daemon: Daemon, tmp_path: Path) -> None:
    """The server connects to the client when that asks for it."""
    curl = program("curl", "ftp")
    url = f"ftp://127.0.0.1:{daemon.ports['ftp']}/welcome.txt"
    for option in ((), ("--disable-eprt",)):
        assert "Welcome" in run(curl, "-sS", "-P", "-", *option, url, home=tmp_path)


@pytest.mark.parametrize("tls", [False, True])
def test_lftp(daemon: Daemon, tmp_path: Path, tls: bool) -> None:
    """A tree mirrored up and down again, several files at a time."""
    lftp = program("lftp", *(["TLS"] if tls else []))
    source = tmp_path / "source"
    for number in range(20):
        (source / f"dir{number % 3}").mkdir(parents=True, exist_ok=True)
        (source / f"dir{number % 3}/file {number}").write_bytes(BIG[: number * 1000])
    force = "yes" if tls else "no"
    settings = (
        f"set ssl:verify-certificate no; set ftp:ssl-force {force}; set ftp:ssl-allow {force}; "
        f"set ftp:ssl-protect-data {force}"
        if offers("lftp", "TLS")
        else ""
    )
    script = (
        f"{settings}; set net:max-retries 1; "
        f"open -u alice,netsuite -p {daemon.ports['ftp']} 127.0.0.1; "
        f"mirror -R -P 3 source lftp-{force}; mirror -P 3 lftp-{force} back; "
        f"rm -r lftp-{force}"
    )
    run(lftp, "--norc", "-c", script, home=tmp_path)
    for path in source.rglob("*"):
        if path.is_file():
            copy = tmp_path / "back" / path.relative_to(source)
            assert copy.read_bytes() == path.read_bytes()
            assert abs(copy.stat().st_mtime - path.stat().st_mtime) < 2


def test_wget(daemon: Daemon, tmp_path: Path) -> None:
    """A recursive fetch of the public site, without a login."""
    wget = program("wget", "recursive FTP")
    url = f"ftp://127.0.0.1:{daemon.ports['ftp']}/"
    run(wget, "-q", "-r", "-nH", url, home=tmp_path)
    assert "Welcome" in (tmp_path / "welcome.txt").read_text()
    assert (tmp_path / "pictures/smile.pbm").read_bytes().startswith(b"P4")
