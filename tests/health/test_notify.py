"""What systemd is told, on a socket of the test's own."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent

from netsuite.health.notify import Notices, read_watchdog


class Listener:
    """The service manager's end."""

    def __init__(self, name: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(name)
        self.socket.setblocking(False)

    def heard(self) -> list[dict[str, str]]:
        """Return the notices that came since."""
        notices: list[dict[str, str]] = []
        while True:
            try:
                octets = self.socket.recv(65_536)
            except BlockingIOError:
                return notices
            lines = octets.decode().split("\n")
            notices.append(dict(line.split("=", 1) for line in lines))


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    """Listen at ``notify`` in the test's folder."""
    made = Listener(str(tmp_path / "notify"))
    yield made
    made.socket.close()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return what systemd puts there."""
    return {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "20000000"}


def test_life(listener: Listener, environment: dict[str, str]) -> None:
    """Ready, read again, stopped; and alive at half of the watchdog's time in between."""
    clock = Clock()
    notices = Notices(clock, serves=lambda: "imap, smtp", environment=environment, process=7)
    assert listener.heard() == []
    notices.ready()
    assert listener.heard() == [
        {"READY": "1", "MAINPID": "7", "STATUS": "serves imap, smtp"},
        {"WATCHDOG": "1"},
    ]
    clock.pump([9.9, 0.2, 9.9, 0.2])
    assert listener.heard() == [{"WATCHDOG": "1"}] * 2
    with notices.reloading():
        (reloading,) = listener.heard()
        assert reloading["RELOADING"] == "1"
        assert int(reloading["MONOTONIC_USEC"]) > 0
    assert listener.heard() == [{"READY": "1"}]
    notices.stopping()
    clock.advance(10)
    assert listener.heard() == [{"STOPPING": "1", "STATUS": "stops"}, {"WATCHDOG": "1"}]
    notices.end()
    clock.advance(100)
    assert (listener.heard(), clock.getDelayedCalls()) == ([], [])


def test_reload_that_fails(listener: Listener, environment: dict[str, str]) -> None:
    """It is over, too."""
    notices = Notices(Clock(), environment=environment)
    with pytest.raises(ValueError, match="x"), notices.reloading():
        raise ValueError("x")
    assert [list(each) for each in listener.heard()] == [["RELOADING", "MONOTONIC_USEC"], ["READY"]]


def test_store_that_does_not_answer(listener: Listener, environment: dict[str, str]) -> None:
    """The watchdog hears nothing until it does; it is not asked once more meanwhile."""
    clock = Clock()
    asked: list[Deferred[None]] = []

    async def answers() -> None:
        asked.append(Deferred())
        await asked[-1]

    notices = Notices(clock, answers=answers, environment=environment, process=7)
    notices.ready()
    clock.advance(10)
    clock.advance(10)
    assert len(asked) == 1
    assert [each for each in listener.heard() if "WATCHDOG" in each] == []
    asked[0].callback(None)
    assert listener.heard() == [{"WATCHDOG": "1"}]
    clock.advance(10)
    notices.end()
    assert asked[1].called


def test_status(listener: Listener, environment: dict[str, str]) -> None:
    """It says why the daemon cannot serve, once; on one line, whatever the reason."""
    clock, reasons = Clock(), list[str]()
    del environment["WATCHDOG_USEC"]

    async def asked() -> Sequence[str]:
        return reasons

    notices = Notices(clock, serves=lambda: "smtp", reasons=asked, environment=environment)
    notices.ready()
    listener.heard()
    reasons.append("the disk\nis full\nREADY=0")
    clock.advance(60)
    clock.advance(60)
    assert listener.heard() == [{"STATUS": "not ready: the disk is full READY=0"}]
    reasons.clear()
    clock.advance(60)
    assert listener.heard() == [{"STATUS": "serves smtp"}]
    notices.end()


def test_look_that_goes_wrong(listener: Listener, environment: dict[str, str]) -> None:
    """The log has it, and it is looked again."""
    clock = Clock()

    async def asked() -> Sequence[str]:
        raise ValueError("x")

    notices = Notices(clock, reasons=asked, environment=environment, process=7)
    with capturedLogs() as events:
        notices.ready()
    assert "looking how the daemon is" in "".join(map(formatEvent, events))
    clock.advance(10)
    assert [each for each in listener.heard() if "WATCHDOG" in each] == [{"WATCHDOG": "1"}] * 2
    notices.end()


def test_abstract_socket() -> None:
    """A name that begins with @ is none of the file system's."""
    name = f"netsuite-test-{os.getpid()}"
    listener = Listener(f"\0{name}")
    Notices(Clock(), environment={"NOTIFY_SOCKET": f"@{name}"}).stopping()
    assert listener.heard() == [{"STOPPING": "1", "STATUS": "stops"}]
    listener.socket.close()


def test_nobody_listens(tmp_path: Path) -> None:
    """It is in the log, and harms nothing; where nobody asked to be told, nothing happens."""
    notices = Notices(Clock(), environment={"NOTIFY_SOCKET": str(tmp_path / "none")})
    with capturedLogs() as events:
        notices.ready()
        notices.end()
    assert "cannot be told" in "".join(map(formatEvent, events))
    clock = Clock()
    Notices(clock, environment={}).ready()
    assert clock.getDelayedCalls() == []


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "3000000"}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "7"}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_watchdog(environment: dict[str, str], seconds: float | None) -> None:
    """Its time; none where it is not for us, or is none."""
    assert read_watchdog(environment, 7) == seconds
