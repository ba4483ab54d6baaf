"""What tests of the control interface are given."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.testing.control.worlds import World


@pytest.fixture
def world() -> Iterator[World]:
    """SMTP, IMAP, HTTP, LMTP and FTP, and their control."""
    made = World("smtp", "imap", "http", "lmtp", "ftp")
    yield made
    made.end()
