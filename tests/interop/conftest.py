"""One daemon for the clients that leave it as they found it, or do not mind what others left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from netsuite.testing.daemon import Daemon


@pytest.fixture(scope="package")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Return a demo daemon that wrong passwords do not slow down, as several tests say them."""
    with Daemon(tmp_path_factory.mktemp("interop"), "accounts.free_guesses=1000") as running:
        yield running
