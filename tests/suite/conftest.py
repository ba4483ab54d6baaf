"""One daemon for the tests that read through one protocol what they wrote through another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from netsuite.testing.daemon import Daemon


@pytest.fixture(scope="package")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Return a demo daemon."""
    with Daemon(tmp_path_factory.mktemp("suite")) as running:
        yield running
