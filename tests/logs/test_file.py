"""twistd's own log, while somebody moves it away."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path
from types import FrameType

import pytest
from twisted.application.service import Application, Service
from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import ILogObserver, LogLevel

from netsuite.connection.rotation import Rotation
from netsuite.logs.file import LoggedService, WatchedLogFile, log_path, prints_log
from netsuite.logs.file import logged as logged_service
from netsuite.logs.settings import LogSection
from netsuite.testing.daemon import Daemon
from netsuite.testing.fabric import Fabric

ROOT = Path(__file__).resolve().parents[2]


def opened(path: Path) -> WatchedLogFile:
    """Open a log."""
    log = WatchedLogFile.fromFullPath(str(path))
    assert isinstance(log, WatchedLogFile)
    return log


def write(log: WatchedLogFile, line: str) -> None:
    """Write a line."""
    log.write(f"{line}\n")


def test_moved_away(tmp_path: Path) -> None:
    """What follows goes into a new file, of the same mode."""
    path, moved = tmp_path / "a.log", tmp_path / "a.log.1"
    path.touch()
    path.chmod(0o640)
    log = opened(path)
    write(log, "one")
    path.rename(moved)
    write(log, "two")
    write(log, "three")
    assert (moved.read_text(), path.read_text()) == ("one\n", "two\nthree\n")
    assert path.stat().st_mode & 0o777 == 0o640


def test_made_anew(tmp_path: Path) -> None:
    """Who moved it has made another: that is written behind what is in it, and keeps its mode."""
    path = tmp_path / "a.log"
    log = opened(path)
    path.rename(tmp_path / "moved")
    path.write_text("zero\n")
    path.chmod(0o604)
    write(log, "one")
    assert path.read_text() == "zero\none\n"
    assert path.stat().st_mode & 0o777 == 0o604


def test_cannot_be_opened(tmp_path: Path) -> None:
    """Where there can be no other file, no line is lost, and the next is tried again."""
    folder, moved = tmp_path / "log", tmp_path / "moved"
    folder.mkdir()
    log = opened(folder / "a.log")
    folder.rename(moved)
    write(log, "one")
    folder.write_text("no directory")
    write(log, "two")
    assert (moved / "a.log").read_text() == "one\ntwo\n"
    folder.unlink()
    folder.mkdir()
    write(log, "three")
    assert (folder / "a.log").read_text() == "three\n"


def test_by_size(tmp_path: Path) -> None:
    """As twistd's it moves itself away when it is long."""
    path = tmp_path / "a.log"
    log = opened(path)
    log.rotation = Rotation(octets=10, keep=1)
    for line in ("0123456789", "0123456789ab", "next"):
        write(log, line)
    assert path.read_text() == "next\n"
    assert (tmp_path / "a.log.1").read_text() == "0123456789ab\n"
    assert len(list(tmp_path.iterdir())) == 2


def test_by_age(tmp_path: Path) -> None:
    """A line of another day begins a new one, with the mode of the old."""
    path = tmp_path / "a.log"
    path.write_text("old\n")
    path.chmod(0o640)
    os.utime(path, (0, 0))
    log = opened(path)
    log.rotation = Rotation(days=1)
    write(log, "one")
    write(log, "two")
    assert path.read_text() == "one\ntwo\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "a.log.1").read_text() == "old\n"


def test_may_not_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a directory of somebody else's it is written on, and no line is lost."""
    path = tmp_path / "a.log"
    log = opened(path)
    log.rotation = Rotation(octets=1)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    for line in ("one", "two"):
        write(log, line)
    assert path.read_text() == "one\ntwo\n"


def test_where_twistd_logs() -> None:
    """By its options; None where that is no file."""
    for options, path in (
        ({"logfile": "a.log", "nodaemon": True}, "a.log"),
        ({"logfile": None, "nodaemon": False}, "twistd.log"),
        ({"logfile": None, "nodaemon": True}, None),
        ({"logfile": "-", "nodaemon": True}, None),
        ({"logfile": "a.log", "syslog": True}, None),
        ({"logfile": "a.log", "logger": print}, None),
        ({"log_file": None}, None),  # of twist
    ):
        assert log_path(options) == path
    assert log_path(None) is None
    cases: list[tuple[dict[str, object], bool]] = [
        ({"logfile": None, "nodaemon": True}, True),
        ({"logfile": "-", "nodaemon": False}, True),
        ({"logfile": None, "nodaemon": False}, False),
        ({"logfile": None, "nodaemon": True, "syslog": True}, False),
        ({"logfile": None, "nodaemon": True, "logger": print}, False),
        ({"log_file": None}, False),
    ]
    for case, prints in cases:
        assert prints_log(case) is prints
    assert not prints_log(None)


def test_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a file or on standard output; as text, that is left to twistd."""
    path, output, service = tmp_path / "a.log", StringIO(), Service()
    monkeypatch.setattr(sys, "stdout", output)
    reactor = IReactorFromThreads(Fabric())
    event = {"log_format": "a line", "log_time": 0.0, "log_level": LogLevel.info}
    for options in ({"logfile": str(path)}, {"logfile": "-"}):
        application = Application("test")
        made = logged_service(Service(), options, LogSection(form="json"), reactor)
        made.setServiceParent(application)
        observe = ILogObserver(application)
        observe(event)
    for written in (path.read_text(), output.getvalue()):
        assert json.loads(written)["message"] == "a line"
    left: list[object] = [
        logged_service(service, {"logfile": "-"}, LogSection(), reactor),
        logged_service(service, {"syslog": True}, LogSection(form="json"), reactor),
    ]
    assert left == [service, service]


def test_observer(tmp_path: Path) -> None:
    """The application has the observer, before twistd makes its own; SIGUSR1 opens the log anew,
    unless somebody has taken it."""
    before = signal.getsignal(signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, signal.SIG_DFL)
    path, inner = tmp_path / "a.log", Service()
    reactor = Fabric()
    try:
        application = Application("test")
        made = LoggedService(inner, str(path), LogSection(), IReactorFromThreads(reactor))
        made.setServiceParent(application)
        observe = ILogObserver(application)
        path.rename(tmp_path / "moved")
        os.kill(os.getpid(), signal.SIGUSR1)
        assert not path.exists()
        reactor.settle()
        assert path.read_bytes() == b""
        observe({"log_format": "a line", "log_time": 0.0, "log_level": LogLevel.info})
        assert path.read_text().endswith(" a line\n")

        def taken(number: int, frame: FrameType | None) -> None:
            raise AssertionError

        signal.signal(signal.SIGUSR1, taken)
        other = LoggedService(Service(), str(path), LogSection(), IReactorFromThreads(reactor))
        other.setServiceParent(Application("another"))
        assert signal.getsignal(signal.SIGUSR1) is taken
    finally:
        signal.signal(signal.SIGUSR1, before)


def logged(daemon: Daemon, until: str) -> None:
    """Wait for a line in the log that is there now."""
    end = time.monotonic() + 10
    while until not in daemon.log():
        assert time.monotonic() < end, daemon.log()
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1])
def test_daemon(tmp_path: Path, number: signal.Signals) -> None:
    """A daemon's log is moved away, and the daemon is told, as people do."""
    path, moved = tmp_path / "daemon.log", tmp_path / "daemon.log.old"
    with Daemon(tmp_path, plugin="netsuite-pop3") as daemon:
        path.rename(moved)
        octets = moved.stat().st_size
        daemon.process.send_signal(number)
        end = time.monotonic() + 10
        while not path.exists():
            assert time.monotonic() < end
            time.sleep(0.02)
        daemon.process.send_signal(signal.SIGHUP)
        logged(daemon, "was read again")
        assert moved.stat().st_size == octets
        assert not (tmp_path / "daemon.log.1").exists()


def test_without_privileges(tmp_path: Path) -> None:
    """A daemon that has become another user goes on in the old file until there is one for it."""
    if os.geteuid() != 0:
        pytest.skip("only root can give up privileges")
    for above in (Path(sys.prefix), *Path(sys.prefix).parents, ROOT, *ROOT.parents):
        if not above.stat().st_mode & 0o001:
            pytest.skip(f"{above} keeps others from the modules the daemon needs")
    nobody = pwd.getpwnam("nobody")
    folder = Path("/tmp") / f"netsuite-test-log-{os.getpid()}"
    home, path, moved = folder / "home", folder / "a.log", folder / "a.log.1"
    home.mkdir(parents=True)
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    options = ("--uid", "nobody", "--logfile", str(path))

    def told(where: Path, times: int) -> None:
        daemon.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + 10
        while where.read_text().count("was read again") < times:
            assert time.monotonic() < end, where.read_text()
            time.sleep(0.02)

    try:
        with Daemon(home, plugin="netsuite-pop3", twistd_options=options) as daemon:
            path.rename(moved)
            told(moved, 1)
            assert not path.exists()
            path.touch(0o640)
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
            octets = moved.stat().st_size
            told(path, 1)
            assert moved.stat().st_size == octets
    finally:
        shutil.rmtree(folder)


def stanzas() -> str:
    """Return the documentation's."""
    text = (ROOT / "docs/howto/operate.rst").read_text("utf-8")
    found = re.search(r"etc/logrotate.d/netsuite``:\n\n.*?\n\n((?:   .*\n|\n)+)", text)
    assert found is not None
    return "".join(line.removeprefix("   ") for line in found[1].splitlines(keepends=True))


def test_stanzas() -> None:
    """They name the logs, and copy nothing; in a directory of root's the new file is made for the
    daemon's user, and in the daemon's nothing is done as root."""
    found = re.findall(r"^(/\S+) \{\n((?: .*\n)+)\}\n", stanzas(), re.MULTILINE)
    directives = {path: [line.strip() for line in lines.splitlines()] for path, lines in found}
    assert list(directives) == ["/var/log/netsuite.log", "/var/lib/netsuite/log/*.log"]
    twistds, ours = directives.values()
    assert "create 0640 netsuite netsuite" in twistds
    assert "su netsuite netsuite" in ours
    for lines in (twistds, ours):
        assert "delaycompress" in lines
        assert "copytruncate" not in lines


@pytest.mark.skipif(shutil.which("logrotate") is None, reason="logrotate is not installed")
def test_logrotate(tmp_path: Path) -> None:
    """logrotate moves a running daemon's log by them, and what follows is in the new file."""
    with Daemon(tmp_path, plugin="netsuite-pop3") as daemon:
        text = stanzas().replace("/var/log/netsuite.log", str(tmp_path / "daemon.log"))
        text = text.replace("/var/lib/netsuite", str(tmp_path))
        # As whoever runs the test.
        text = text.replace("create 0640 netsuite netsuite", "create").replace(
            "su netsuite netsuite", ""
        )
        configuration = tmp_path / "logrotate.conf"
        configuration.write_text(text)
        configuration.chmod(0o600)
        subprocess.run(
            ["logrotate", "-f", "-s", str(tmp_path / "state"), str(configuration)],
            check=True,
            timeout=30,
        )
        moved = tmp_path / "daemon.log.1"
        octets = moved.stat().st_size
        assert octets
        daemon.process.send_signal(signal.SIGHUP)
        logged(daemon, "was read again")
        assert moved.stat().st_size == octets
