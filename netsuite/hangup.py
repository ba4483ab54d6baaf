"""SIGHUP, which a process takes once: each daemon in it is told, and who took it before."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Final

from twisted.internet.interfaces import IReactorFromThreads

_number: Final = getattr(signal, "SIGHUP", None)  # not everywhere
#: Those who are told, each with its reactor: of the whole process, as the signal is.
_told: Final[dict[Callable[[], object], IReactorFromThreads]] = {}
#: Who took it before the first of them.
_before: list[object] = []


def hear(listener: Callable[[], object], reactor: IReactorFromThreads) -> None:
    """Add a function that a reactor calls at each SIGHUP, until ``hear_no_more``.

    Nothing happens where there is no such signal, nor outside the main thread, where signals
    cannot be taken.
    """
    if _number is None:
        return
    if not _told:
        before = signal.getsignal(_number)
        with suppress(ValueError):
            signal.signal(_number, _heard)
            _before[:] = [before]
            _told[listener] = reactor
    else:
        _told[listener] = reactor


def hear_no_more(listener: Callable[[], object]) -> None:
    """Leave a function alone; when it was the last one, whoever took the signal before has it
    again, unless somebody else has taken it meanwhile."""
    if _told.pop(listener, None) is None or _told or _number is None:
        return
    (before,) = _before
    # None is a handler that was not set from Python: it cannot be put back.
    if before is not None and signal.getsignal(_number) is _heard:
        with suppress(ValueError):
            signal.signal(_number, before)  # type: ignore[arg-type]


def _heard(number: int, frame: FrameType | None) -> None:
    for listener, reactor in list(_told.items()):
        reactor.callFromThread(listener)
    before = _before[0]
    if callable(before):
        before(number, frame)
