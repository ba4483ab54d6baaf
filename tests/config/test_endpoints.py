"""Endpoint strings: read, placed in the home, and refused in words that say how to write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.protocol import Factory

from netsuite.config.endpoints import read_endpoint, socket_path
from netsuite.testing.fabric import Fabric


def test_ports() -> None:
    """What Twisted reads is read."""
    for description in ("tcp:25", "tcp:port=25:interface=127.0.0.1", "tcp6:25:interface=\\:\\:1"):
        fabric = Fabric()
        port = fabric.run(read_endpoint(description, fabric, Path("/home")).listen(Factory()))
        assert "port=25" in str(port.getHost())


def test_sockets_are_in_the_home(tmp_path: Path) -> None:
    """A path is relative to the home, whatever is in its name."""
    home = tmp_path / "a:b"
    home.mkdir()
    for description, path in (
        ("unix:lmtp.sock", home / "lmtp.sock"),
        ("unix:address=lmtp.sock:mode=660", home / "lmtp.sock"),
        ("unix:a\\:b", home / "a:b"),
        (f"unix:{tmp_path}/x", tmp_path / "x"),
    ):
        assert socket_path(description, home) == path
        fabric = Fabric()
        fabric.run(read_endpoint(description, fabric, home).listen(Factory()))
        assert str(path) in fabric.leftovers()[0]
    for description in ("tcp:25", "unix:", "unix", "systemd:domain=INET:index=0"):
        assert socket_path(description, home) is None


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        ("25", "no endpoint"),
        ("tcp:smtp", "the port must be a number up to 65535"),
        ("tcp:65536", "the port must be a number up to 65535"),
        ("tcp:²", "the port must be a number"),
        ("tcp:interface=127.0.0.1", "the port must be a number"),
        ("tcp:25:interface=localhost", "the interface must be an IP address"),
        ("tcp:25:color=red", "it has no parameter color"),
        ("tcp:25:127.0.0.1:5:6:7", "a parameter is missing, or one too many"),
        ("unix:", "the path is missing"),
        ("unix:sub/lmtp.sock", "there is no directory"),
        (f"unix:{'x' * 108}", "the path has more than 107 octets"),
        ("systemd:domain=INET:index=0", "systemd has handed over no such socket"),
        ("carrier-pigeon:25", "no endpoint"),
    ],
)
def test_refused(description: str, reason: str, tmp_path: Path) -> None:
    """What cannot be is named, with what to write."""
    with pytest.raises(ValueError, match="write it as tcp:25 or unix:/run/") as caught:
        read_endpoint(description, Fabric(), tmp_path)
    assert reason in str(caught.value)
    assert repr(description) in str(caught.value)
