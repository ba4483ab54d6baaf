"""Many IMAP clients of every kind do random things in mailboxes that they share.

Each follows its mailbox by what it is told alone. Now and then all stop, and what each knows is
what is there; nothing that was acknowledged is lost, nothing removed comes back. When all have left
the daemon holds no more than before. ``NETSUITE_STRESS_SECONDS`` says how long, for each case:
minutes, where somebody looks for what happens seldom; ``NETSUITE_STRESS_SEED`` repeats a run's
deeds, though not when each of them meets another.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import time
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from tests.cli.commands import done
from tests.suite.crowd import probe
from tests.suite.crowd.crowd import Crowd
from tests.suite.fleet import Fleet, home_with_accounts

pytestmark = pytest.mark.long
SECONDS: Final = float(os.environ.get("NETSUITE_STRESS_SECONDS", "12"))
SEED: Final = int(os.environ.get("NETSUITE_STRESS_SEED", time.time_ns() % 1_000_000_000))
MEMBERS: Final = 36
#: What sessions consist of; none is left when all have left.
SESSIONS: Final = ("IMAPServer", "Selected", "MailboxView", "MailboxNews", "ServerDialog")
#: What may be more than after a shorter crowd: the store opens connections as it needs them, and
#: its caches fill.
MORE: Final = {"descriptors": 12, "calls": 4, "Deferred": 8, "resident": 48 * 1024 * 1024}


def held(fleet: Fleet) -> Counter[str]:
    """Return what the workers hold together."""
    total: Counter[str] = Counter()
    for pid in fleet.workers():
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(60)
            client.connect(str(fleet.home / f"probe.{pid}.sock"))
            with client.makefile("rb") as file:
                total.update(json.loads(file.readline()))
    return total


def left(fleet: Fleet) -> Counter[str]:
    """Return what the workers hold when all clients have left and been forgotten."""
    end = time.monotonic() + 20
    while any((found := held(fleet))[each] for each in SESSIONS):
        assert time.monotonic() < end, f"something of a session is left: {found}"
        time.sleep(0.05)
    return found


@pytest.mark.parametrize("workers", [1, 2])
def test_stress(tmp_path: Path, workers: int) -> None:
    """What each client knows is what there is, and the daemon holds nothing of them afterwards."""
    home = home_with_accounts(tmp_path, "ann", "ben")
    done(home, "folder", "create", "Shared", "--account", "ann")
    done(home, "folder", "share", "Shared", "lrswite", "--to", "ben", "--account", "ann")
    done(home, "folder", "create", "club")
    done(home, "folder", "share", "club", "lrswite", "--to", "anyone")
    with Fleet(
        home, ["imap"], "imap.connections_per_address=200", workers=workers,
        handlers=[Path(probe.__file__)],
    ) as fleet:  # fmt: skip
        crowd = Crowd(fleet.ports["imap"], MEMBERS, SEED, 0 if workers == 1 else 10)
        asyncio.run(crowd.run(SECONDS / 4))
        before = left(fleet)
        asyncio.run(crowd.run(SECONDS))
        after = left(fleet)
        for name, more in MORE.items():
            assert after[name] <= before[name] + more * workers, (name, before, after)
    assert crowd.comparisons >= 2
    said = sum(member.commands for member in crowd.members)
    print(f"{said} commands, {crowd.comparisons} comparisons, {before} before, {after} after")
