"""What several workers know together of FTP: limits of bandwidth, and who is connected."""

from __future__ import annotations

import ftplib
import threading
import time
from pathlib import Path
from typing import Final

import pytest

from tests.suite.fleet import Fleet, home_with_accounts

pytestmark = pytest.mark.long

OCTETS: Final = 400_000
SESSIONS: Final = 6
RATE: Final = 800_000


def test_together(tmp_path: Path) -> None:
    """However many workers serve the sessions, all of them have what the limit says, and none is
    done long before the others."""
    home = home_with_accounts(tmp_path, "ann")
    with Fleet(home, ["ftp"], f"ftp.octets_per_second={RATE}", workers=2).wait() as fleet:
        folder = home / "files/public"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "file").write_bytes(bytes(OCTETS))
        took: list[float] = []
        clients = []
        for _ in range(SESSIONS):
            client = ftplib.FTP()
            client.connect("127.0.0.1", fleet.ports["ftp"], 30)
            client.login("ann", "pw")
            client.voidcmd("TYPE I")
            clients.append(client)
        for client in clients:
            who = client.sendcmd("SITE WHO").splitlines()
            assert who[1:-1] == [" ann 127.0.0.1 idle"] * SESSIONS
        begun = time.monotonic()

        def fetch(client: ftplib.FTP) -> None:
            got = 0

            def come(octets: bytes) -> None:
                nonlocal got
                got += len(octets)

            client.retrbinary("RETR /site/file", come)
            assert got == OCTETS
            took.append(time.monotonic() - begun)

        threads = [threading.Thread(target=fetch, args=[client]) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(took) == SESSIONS
        # Three seconds, less the burst of each worker; far less were it each worker's own.
        assert 2.2 < max(took) < 6, took
        # One may have had a burst, the others have the same.
        assert sorted(took)[SESSIONS // 2] > 0.5 * max(took), took
