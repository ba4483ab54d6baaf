"""What a daemon tells the service manager, from its start to its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from netsuite.bus import OneProcess
from netsuite.compose import imap
from netsuite.testing.fabric import Fabric
from tests.health.sites import LOOPBACK, running, site_on
from tests.health.test_notify import Listener


def test_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """That it serves, once the store is open; that it reads its configuration again; its end."""
    listener = Listener(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "10000000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    site = site_on(Fabric())
    with running(site, imap(LOOPBACK)) as daemon:
        ready, alive = listener.heard()
        assert (ready["READY"], ready["STATUS"], alive) == ("1", "serves imap", {"WATCHDOG": "1"})
        site.reactor.advance(5)
        assert listener.heard() == [{"WATCHDOG": "1"}]
        daemon.reload()
        assert [next(iter(each)) for each in listener.heard()] == ["RELOADING", "READY"]
    assert listener.heard()[0]["STOPPING"] == "1"
    assert site.reactor.leftovers() == []
    listener.socket.close()


def test_worker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It says nothing: its parent does."""
    listener = Listener(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    site = site_on(Fabric())
    bus = OneProcess()
    bus.worker = 1
    site.bus = bus
    with running(site, imap(LOOPBACK)):
        pass
    assert listener.heard() == []
    listener.socket.close()
