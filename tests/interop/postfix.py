"""A Postfix of a test's own: in a folder, on a port, with its own queue."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers import Absent, start_postfix

_LOGGED = """\
mydestination =
maillog_file = {home}/log
maillog_file_prefixes = /
"""


@contextmanager
def postfix(home: Path, port: int, settings: str) -> Iterator[None]:
    """Run a Postfix that takes mail on a port. Skips the test where that cannot be.

    Args:
        home: a folder that is there, and that others than its owner may enter.
        settings: more lines of main.cf.
    """
    try:
        stop = start_postfix(home, port, _LOGGED.format(home=home) + settings)
    except Absent as error:
        pytest.skip(str(error))
    try:
        yield
    finally:
        stop()


def waited(wanted: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not wanted():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True
