"""What machines are told of a daemon with workers: by HTTP, and by the socket of systemd."""

from __future__ import annotations

import os
import signal
import smtplib
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.health.test_notify import Listener
from tests.servers import free_port
from tests.suite.fleet import Fleet, home_with_accounts, until

pytestmark = pytest.mark.long


def fetched(port: int, path: str) -> tuple[int, str]:
    """Return a resource's status and text; 0 where nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""


def numbers(port: int) -> dict[str, float]:
    """Return the metrics, each by its name and labels."""
    status, text = fetched(port, "/metrics")
    assert status == 200, text
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_workers(tmp_path: Path) -> None:
    """They are told of as one daemon, also when one of them is killed: what only grows does not
    fall, and it is ready again once another has taken its place. systemd hears of the parent."""
    home = home_with_accounts(tmp_path, "ann")
    port, notices = free_port(), Listener(str(tmp_path / "notify"))
    environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "1000000"}
    health = f"health.listen=['tcp:{port}:interface=127.0.0.1']"
    with Fleet(home, ["smtp"], health, environment=environment) as fleet:
        until(lambda: fetched(port, "/readyz") == (200, "ready\n"), "it is not ready")
        assert fetched(port, "/healthz") == (200, "ok\n")
        heard = notices.heard()
        (ready,) = [each for each in heard if "READY" in each]
        assert ready["MAINPID"] == str(fleet.process.pid)
        until(lambda: {"WATCHDOG": "1"} in notices.heard(), "it does not say that it lives")
        for _ in range(20):
            with smtplib.SMTP("127.0.0.1", fleet.ports["smtp"], timeout=20) as client:
                client.sendmail("a@example.net", ["ann@localhost"], b"Subject: x\r\n\r\nx\r\n")
        before = numbers(port)
        accepted = 'netsuite_messages_total{outcome="accepted",service="smtp"}'
        assert (before[accepted], before["netsuite_processes"]) == (20, 2)
        assert before["netsuite_worker_restarts_total"] == 0
        os.kill(fleet.workers()[0], signal.SIGKILL)
        until(lambda: numbers(port).get("netsuite_worker_restarts_total") == 1, "none has died")
        until(lambda: fetched(port, "/readyz")[0] == 200, "it is not ready again")
        until(lambda: numbers(port)["netsuite_processes"] == 2, "none has taken its place")
        after = numbers(port)
        assert after[accepted] == 20
        fallen = [
            name
            for name, value in before.items()
            if "_total" in name and after.get(name, 0) < value and "worker=" not in name
        ]
        assert fallen == []
        notices.heard()
    assert "STOPPING" in notices.heard()[0]
    assert fetched(port, "/healthz") == (0, "")
    notices.socket.close()
