"""The reactor of the test run, as what calls from threads and tells the time."""

from __future__ import annotations

from typing import Final

from twisted.internet import reactor as installed
from twisted.internet.base import ReactorBase


def _reactor() -> ReactorBase:
    found: object = installed
    if not isinstance(found, ReactorBase):
        raise TypeError(f"a reactor of Twisted's own is needed, not {found!r}")
    return found


reactor: Final = _reactor()
