"""Answers of the daemon's processes on the bus, read as what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeGuard

from netsuite.bus import Bus, Value
from netsuite.control.questions import KICK, LOG, SESSIONS, STATUS, Session, Status


def _is_status(value: Value) -> TypeGuard[Status]:
    return isinstance(value, Mapping) and value.keys() >= Status.__required_keys__


def _is_session(value: Value) -> TypeGuard[Session]:
    return isinstance(value, Mapping) and value.keys() >= Session.__required_keys__


def _items(value: Value) -> Sequence[Value]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


async def statuses(bus: Bus) -> Sequence[Status]:
    """Return the status of each process, by its worker's number."""
    found = [each for each in await bus.ask(STATUS) if _is_status(each)]
    return sorted(found, key=lambda each: each["worker"])


async def sessions(bus: Bus, **wanted: str) -> Sequence[Session]:
    """Return sessions, the oldest first; of each process no more than it tells of.

    Args:
        wanted: what they are to be like, as ``questions`` has it.
    """
    answers = await bus.ask(SESSIONS, wanted)
    found = [each for answer in answers for each in _items(answer) if _is_session(each)]
    return sorted(found, key=lambda each: each["began"])


async def kick(bus: Bus, what: str, whom: str) -> int:
    """End sessions; return how many.

    Args:
        what: ``session``, ``account`` or ``address``.
        whom: its name.
    """
    return sum(each for each in await bus.ask(KICK, {what: whom}) if isinstance(each, int))


async def log_lines(bus: Bus, count: int) -> Sequence[Sequence[str]]:
    """Return the last lines of each process's log."""
    asked = await bus.ask(LOG, {"lines": count})
    return [[line for line in _items(answer) if isinstance(line, str)] for answer in asked]
