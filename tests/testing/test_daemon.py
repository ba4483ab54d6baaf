"""The daemon for tests: it says why it did not start, and does not keep quiet about faults."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from netsuite.testing.daemon import Daemon, DidNotStart


def test_did_not_start(tmp_path: Path) -> None:
    """A daemon that cannot start is an error with what the daemon said."""
    with pytest.raises(DidNotStart, match=r"gopher\.nothing: there is no such setting"):
        Daemon(tmp_path, "gopher.nothing=1", plugin="netsuite-gopher")


def test_a_traceback_is_an_error(tmp_path: Path) -> None:
    """A traceback in the log fails the test that asked nothing about it; the daemon has ended."""
    daemon = Daemon(tmp_path, plugin="netsuite-gopher")
    assert set(daemon.ports) == {"gopher"}
    assert daemon.stop() == -signal.SIGTERM  # twistd ends itself by the signal it was stopped with
    with (tmp_path / "daemon.log").open("a") as log:
        log.write("Traceback (most recent call last):\nKeyError: 7\n")
    with pytest.raises(AssertionError, match=r"(?s)logged a traceback.*KeyError: 7"), daemon:
        pass
