"""A file is on the disk when its writing is over, and on its way there before."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from unittest.mock import patch

from netsuite.store.writeout import written_out


def test_sent_while_it_is_written(tmp_path: Path) -> None:
    """It is sent again and again, until the block is left, and then no more."""
    path = tmp_path / "f"
    sent = threading.Semaphore(0)
    with patch.object(os, "fdatasync", lambda descriptor: sent.release()):
        with written_out(path):
            path.write_text("content")
            for _ in range(3):
                assert sent.acquire(timeout=10)
        assert sent.acquire(timeout=10)
        while sent.acquire(blocking=False):
            pass
        assert not sent.acquire(timeout=0.2)
    assert path.read_text() == "content"
    assert path.stat().st_mode & 0o077 == 0
