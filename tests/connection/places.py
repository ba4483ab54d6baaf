"""Places on the disk for tests, gone afterwards."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from netsuite.testing.cases import SynchronousTestCase


def temporary(test: SynchronousTestCase) -> Path:
    """Give a path where nothing is yet, in a folder that goes with the test."""
    folder = tempfile.mkdtemp(prefix="netsuite-test-")
    test.addCleanup(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder) / "here"
