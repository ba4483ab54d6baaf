"""What a process uses of its machine."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from netsuite.health import resources


def test_here() -> None:
    """What Linux tells of this process."""
    octets = resources.resident_octets()
    assert octets is not None
    assert 10_000_000 < octets < 1 << 40
    before = resources.open_descriptors()
    assert before is not None
    with Path("/dev/null").open():
        assert resources.open_descriptors() == before + 1
    assert resources.cpu_seconds() > 0
    assert [len(each) for each in resources.garbage()] == [2, 2, 2]


def test_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the system does not tell, nothing is made up; any number is none."""
    monkeypatch.setattr(resources, "SELF", tmp_path / "none")
    assert resources.resident_octets() is None
    assert resources.open_descriptors() is None
    infinite = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    monkeypatch.setattr(resource, "getrlimit", lambda which: infinite)
    assert resources.most_descriptors() is None
    monkeypatch.setattr(resource, "getrlimit", lambda which: (256, 512))
    assert resources.most_descriptors() == 256
