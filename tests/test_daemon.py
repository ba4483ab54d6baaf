"""The composed daemon: it starts, reloads, stops; and says in one line what keeps it from it."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import smtplib
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.selectreactor import SelectReactor

from netsuite.certificates import make_self_signed
from netsuite.config.schema import SERVICES, Settings
from netsuite.plugin import measure_time_by_itself
from netsuite.testing.daemon import Daemon, twistd
from tests.cli.commands import done

pytestmark = pytest.mark.long
ROOT = Path(__file__).resolve().parent.parent


def run(*arguments: object) -> tuple[int, str]:
    """Run twistd until it ends; return exit code and what it printed."""
    done = subprocess.run(twistd(*arguments), capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout + done.stderr


def the_line(code: int, printed: str) -> str:
    """Return the one line that is for the operator; there is no traceback."""
    assert code != 0, printed
    assert "Traceback" not in printed
    (line,) = {line for line in printed.splitlines() if line.startswith("netsuite: ")}
    return line


@contextlib.contextmanager
def taken_port() -> Iterator[int]:
    """Return a port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_wrong_configuration(tmp_path: Path) -> None:
    """A mistake in the file is told with its line and the nearest name, before anything starts."""
    (tmp_path / "netsuite.toml").write_text("[imap]\nidel_seconds = 4\n")
    code, printed = run("netsuite", "--home", tmp_path)
    assert code == 1
    assert "netsuite.toml:2: imap.idel_seconds: there is no such setting" in printed
    assert "did you mean imap.idle_seconds?" in printed
    assert "Traceback" not in printed


def test_no_such_file(tmp_path: Path) -> None:
    """A configuration that is not there is not replaced by defaults."""
    code, printed = run("netsuite", "--home", tmp_path, "--config", tmp_path / "no.toml")
    assert code == 1
    assert "no such file" in printed


def test_port_in_use(tmp_path: Path) -> None:
    """A port that is taken is named, with what to change."""
    with taken_port() as port:
        where = f"tcp:{port}:interface=127.0.0.1"
        line = the_line(*run("netsuite-imap", "--home", tmp_path, "--listen", where))
    assert f"imap cannot listen on {where}" in line
    assert "Address already in use" in line
    assert "change imap.listen" in line


def test_no_endpoint(tmp_path: Path) -> None:
    """What is no endpoint string is shown with one that is."""
    line = the_line(*run("netsuite-imap", "--home", tmp_path, "--listen", "143"))
    assert "'143' is no endpoint" in line
    assert "tcp:25" in line


def test_home_that_is_a_file(tmp_path: Path) -> None:
    """A home that cannot be made is told with the reason."""
    (tmp_path / "file").write_text("")
    line = the_line(*run("netsuite", "--home", tmp_path / "file/home"))
    assert f"the home {tmp_path / 'file/home'} cannot be used" in line
    assert "is no directory" in line


def test_log_that_cannot_be(tmp_path: Path) -> None:
    """A log in a directory that is not there is told of, and makes none."""
    path = tmp_path / "no/where/netsuite.log"
    home = tmp_path / "home"
    line = the_line(*run("--logfile", path, "netsuite", "--home", home))
    assert f"--logfile {path}: there is no directory {path.parent}" in line
    setting = f"smtp.message_log={path}"
    line = the_line(*run("netsuite", "--home", home, "--set", setting))
    assert f"smtp.message_log: there is no directory {path.parent}" in line
    assert not (tmp_path / "no").exists()


def test_home_of_somebody_else(tmp_path: Path) -> None:
    """A home that cannot be written is told with its user and what to change."""
    if os.geteuid() != 0:
        pytest.skip("only root can run a daemon as somebody else")
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    for path in (tmp_path, *tmp_path.parents):
        if path.stat().st_uid == 0 and path != Path("/tmp"):
            path.chmod(path.stat().st_mode | 0o055)
        if path == Path("/tmp"):
            break
    line = the_line(*run("--uid", "nobody", "netsuite-imap", "--home", home,
                            "--listen", "tcp:0:interface=127.0.0.1"))  # fmt: skip
    assert f"the home {home} cannot be written by user" in line


def test_store_that_is_none(tmp_path: Path) -> None:
    """A file that is no database, and one of a newer release, are refused and left alone."""
    database = tmp_path / "netsuite.db"
    database.write_bytes(b"not a database, but somebody's only copy of something" * 50)
    line = the_line(*run("netsuite-imap", "--home", tmp_path,
                            "--listen", "tcp:0:interface=127.0.0.1"))  # fmt: skip
    assert "netsuite.db" in line
    assert database.read_bytes().startswith(b"not a database")


def test_newer_store(tmp_path: Path) -> None:
    """A store that a newer release has written is not touched."""
    done(tmp_path, "account", "add", "ann", "--password-stdin")
    with contextlib.closing(sqlite3.connect(tmp_path / "netsuite.db")) as database:
        database.execute("update alembic_version set version_num = 'of the future'")
        database.commit()
    line = the_line(*run("netsuite-imap", "--home", tmp_path,
                            "--listen", "tcp:0:interface=127.0.0.1"))  # fmt: skip
    assert "newer" in line


def test_demo_is_for_loopback(tmp_path: Path) -> None:
    """Accounts whose passwords everybody knows are not shown to a network."""
    for where in ("tcp:0", "tcp:0:interface=0.0.0.0", "tcp6:0"):
        line = the_line(*run("netsuite-imap", "--demo", "--home", tmp_path, "--listen", where))
        assert "--demo listens on loopback only" in line


def test_listen_needs_a_service(tmp_path: Path) -> None:
    """For the whole suite an endpoint alone says too little."""
    code, printed = run("netsuite", "--home", tmp_path, "--listen", "tcp:0")
    assert code == 1
    assert "--listen imap=tcp:0" in printed


def test_restart_finds_everything(tmp_path: Path) -> None:
    """A second start finds the first one's accounts and does not make them again."""
    with Daemon(tmp_path) as first:
        assert set(first.ports) == set(SERVICES)
    with (
        Daemon(tmp_path) as second,
        socket.create_connection(("127.0.0.1", second.ports["imap"]), 10) as client,
    ):
        client.sendall(b"a LOGIN alice netsuite\r\nb STATUS INBOX (MESSAGES)\r\n")
        heard = b""
        while b"\r\nb " not in heard:
            heard += client.recv(4096)
    assert b"(MESSAGES 2)" in heard


def test_orderly_stop(tmp_path: Path) -> None:
    """On SIGTERM every client hears goodbye in its protocol's words."""
    with Daemon(tmp_path) as daemon:
        clients = {}
        for name in ("smtp", "imap", "pop3"):
            clients[name] = socket.create_connection(("127.0.0.1", daemon.ports[name]), 10)
            clients[name].recv(4096)
        daemon.process.send_signal(signal.SIGTERM)
        heard = {}
        for name, client in clients.items():
            client.settimeout(10)
            heard[name] = b""
            while piece := client.recv(4096):
                heard[name] += piece
            client.close()
        assert heard["smtp"].startswith(b"421 4.3.2 ")
        assert heard["imap"].startswith(b"* BYE ")
        # twistd ends itself by the signal it was stopped with.
        assert daemon.process.wait(20) == -signal.SIGTERM


def test_hang_up_reads_the_configuration_again(tmp_path: Path) -> None:
    """SIGHUP: a live setting changes for the next connection; a wrong file changes nothing."""
    config = tmp_path / "netsuite.toml"
    config.write_text("[smtp]\nmessage_octets = 1000000\n")

    def ehlo(daemon: Daemon, service: str) -> list[bytes]:
        with socket.create_connection(("127.0.0.1", daemon.ports[service]), 10) as client:
            client.recv(4096)
            client.sendall(b"EHLO x\r\n")
            heard = b""
            while b"\r\n250 " not in heard:
                heard += client.recv(4096)
        return [line[4:] for line in heard.splitlines()]

    def size(daemon: Daemon) -> bytes:
        return next(line for line in ehlo(daemon, "smtp") if b"SIZE" in line)

    def hang_up(daemon: Daemon, until: str) -> None:
        daemon.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + 10
        while until not in daemon.log():
            assert time.monotonic() < end, daemon.log()
            time.sleep(0.05)

    with Daemon(tmp_path, plugin="netsuite-smtp") as daemon:
        assert size(daemon) == b"SIZE 1000000"
        assert b"BINARYMIME" in ehlo(daemon, "smtp")
        config.write_text(
            "[smtp]\nmessage_octets = 2000000\nnot_offered = ['BINARYMIME']\n"
            "[accounts.mechanisms]\nsubmission = ['PLAIN']\n"
        )
        (tmp_path / "tls/default.pem").unlink()  # within the time of the last look
        make_self_signed(tmp_path / "tls/default.pem", "mail.test")
        hang_up(daemon, "was read again: ")
        for name in ("smtp.not_offered", "smtp.message_octets", "accounts.mechanisms"):
            assert name in daemon.log()
        assert "were looked at again: default" in daemon.log()
        assert size(daemon) == b"SIZE 2000000"
        assert b"BINARYMIME" not in ehlo(daemon, "smtp")
        assert b"AUTH PLAIN" in ehlo(daemon, "submission")
        config.write_text("[smtp]\nmessage_octets = 'many'\n")
        hang_up(daemon, "was not read again")
        assert "were looked at again: none has changed" in daemon.log()
        assert size(daemon) == b"SIZE 2000000"


def test_privileges(tmp_path: Path) -> None:
    """Started as root with --uid, it has bound its ports and runs as that user; what is in the home
    is that user's, the socket of LMTP too."""
    if os.geteuid() != 0:
        pytest.skip("only root can give up privileges")
    for path in (Path(sys.prefix), *Path(sys.prefix).parents, ROOT, *ROOT.parents):
        if not path.stat().st_mode & 0o001:
            pytest.skip(f"{path} keeps others from the modules the daemon needs")
    nobody = pwd.getpwnam("nobody")
    home = Path("/tmp") / f"netsuite-test-{os.getpid()}"
    home.mkdir()
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    try:
        with Daemon(
            home,
            "lmtp.listen=['unix:lmtp.sock:mode=660']",
            plugin="netsuite-smtp",
            twistd_options=("--uid", "nobody"),
        ) as daemon:
            assert (home / "lmtp.sock").is_socket()
            status = Path(f"/proc/{daemon.process.pid}/status").read_text()
            uids = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:]
            assert set(uids) == {str(nobody.pw_uid)}
            owners = {path.owner() for path in home.rglob("*") if path.name != "daemon.log"}
            assert owners == {"nobody"}
    finally:
        subprocess.run(["rm", "-rf", home], check=True)


@pytest.mark.parametrize(
    "plugin",
    [
        "netsuite-smtp",
        "netsuite-imap",
        "netsuite-pop3",
        "netsuite-managesieve",
        "netsuite-nntp",
        "netsuite-gopher",
        "netsuite-telnet",
        "netsuite-ftp",
        "netsuite-http",
    ],
)
def test_each_plugin_alone(tmp_path: Path, plugin: str) -> None:
    """Each plugin alone starts its own services and no others."""
    with Daemon(tmp_path, plugin=plugin) as daemon:
        own = {"smtp", "submission", "lmtp"} if plugin == "netsuite-smtp" else {plugin[9:]}
        assert set(daemon.ports) == own


def deliver_locally(path: Path) -> dict[str, tuple[int, bytes]]:
    """Deliver a message by LMTP; return who was refused."""
    with smtplib.LMTP(str(path), timeout=20) as lmtp:
        to = ["alice@example.test", "nobody@example.test"]  # it reads one answer to each message
        return lmtp.sendmail("a@example.test", to, "Subject: hello\n")


def test_local_delivery(tmp_path: Path) -> None:
    """LMTP listens in the home by default, for owner and group; the socket of a daemon that was
    killed is replaced, that of one that lives is not, and an orderly end leaves none."""
    socket_file = tmp_path / "lmtp.sock"
    listen = f"lmtp.listen={Settings().lmtp.listen!r}"
    with Daemon(tmp_path, listen) as killed:
        assert stat.S_IMODE(socket_file.stat().st_mode) == 0o660
        assert set(deliver_locally(socket_file)) == {"nobody@example.test"}
        other = run("netsuite-smtp", "--demo", "--home", tmp_path, *quiet("smtp", "submission"))
        assert "lmtp cannot listen on unix:lmtp.sock:mode=660: Address already" in the_line(*other)
        killed.kill()
    assert socket_file.exists()
    with Daemon(tmp_path, listen):
        assert set(deliver_locally(socket_file)) == {"nobody@example.test"}
    assert not socket_file.exists()
    socket_file.write_text("mine")
    line = the_line(*run("netsuite-smtp", "--home", tmp_path, *quiet("smtp", "submission")))
    assert "lmtp cannot listen" in line
    assert socket_file.read_text() == "mine"


def quiet(*services: str) -> list[str]:
    """Return options that leave services without a place to listen."""
    keys = [f"{name}.{key}=[]" for name in services for key in ("listen", "listen_tls")]
    return [word for key in keys for word in ("--set", key)]


def test_the_example_of_the_manual(tmp_path: Path) -> None:
    """The .tac in docs/howto starts three services beside one of somebody's own."""
    (tmp_path / "netsuite.toml").write_text(
        "".join(
            f"[{name}]\nlisten = ['tcp:0:interface=127.0.0.1']\nlisten_tls = []\n"
            for name in ("imap", "ftp", "gopher")
        )
    )
    process = subprocess.Popen(
        twistd("--python", ROOT / "docs/howto/example.tac"),
        env={**os.environ, "NETSUITE_HOME": str(tmp_path)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    printed = []
    assert process.stdout is not None
    try:
        for line in process.stdout:
            printed.append(line)
            if "0 accounts" in line:
                break
    finally:
        process.terminate()
        rest, _ = process.communicate(timeout=20)
    everything = "".join(printed) + rest
    for name in ("imap", "ftp", "gopher"):
        assert f"{name} listens on" in everything
    assert "Traceback" not in everything
    assert process.returncode == -signal.SIGTERM


def test_twist(tmp_path: Path) -> None:
    """Twisted's newer runner has the plugins, too, though not all of twistd's options."""
    process = subprocess.Popen(
        [sys.executable, "-m", "twisted", "netsuite-gopher", "--home", tmp_path, "--demo",
         "--listen", "tcp:0:interface=127.0.0.1"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    printed = ""
    assert process.stdout is not None
    for line in process.stdout:
        printed += line
        if "Stop with Ctrl-C." in line:
            process.terminate()
    process.wait(20)
    assert "gopher      127.0.0.1:" in printed, printed
    assert "Traceback" not in printed


def test_time_of_day_ends_nothing() -> None:
    """Timers go by a clock that nobody sets: a step of the time of day ends no session."""
    reactor = SelectReactor()
    measure_time_by_itself(reactor)
    call = reactor.callLater(3600, lambda: None)
    assert 3500 < call.getTime() - time.monotonic() <= 3600
    assert call.getTime() - time.time() < 0
    call.cancel()
