"""The daemon's own log as JSON: one object a line, of what the line of text has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from string import Formatter
from typing import Final, TextIO

from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent
from twisted.python.failure import Failure
from zope.interface import implementer

#: The name of a connection: its service, and its number there.
_session: Final = re.compile(r"([a-z0-9]+)-[0-9]+(?:\.[0-9]+)?")
#: Fields of events that are called otherwise here.
_NAMES: Final = {"address": "peer", "protocol": "service"}
#: What every object has, or may have, whatever an event calls its own fields.
_OURS: Final = frozenset({"time", "level", "logger", "event", "message", "traceback"})


def as_object(event: LogEvent) -> dict[str, object]:
    """Return an event as what a line's object has.

    ``event`` is the message before its fields were put in, by which lines of one kind are found.
    Of the event's own fields those are there that the message names: no other is meant to be read,
    and one might be secret.
    """
    level = event.get("log_level", LogLevel.info)
    when = datetime.fromtimestamp(event.get("log_time", 0.0), UTC)
    found: dict[str, object] = {
        "time": when.isoformat(timespec="microseconds"),
        "level": level.name,
        "logger": event.get("log_namespace") or event.get("log_system") or "-",
    }
    form = event.get("log_format")
    if isinstance(form, str) and event.get("log_namespace") != "log_legacy":
        found["event"] = form
        for name, value in _own(form, event):
            found.setdefault(_NAMES.get(name, name), value)
    found["message"] = formatEvent(event)
    failure = event.get("log_failure")
    if isinstance(failure, Failure):
        found["traceback"] = failure.getTraceback()
    return found


def _own(form: str, event: LogEvent) -> Iterator[tuple[str, object]]:
    """Return the fields that a message names, as far as JSON has them, and which connection it
    tells of."""
    try:
        named = [name for _, name, _, _ in Formatter().parse(form) if name]
    except ValueError:  # no format at all
        return
    for name in named:
        value = event.get(name)
        if name in _OURS or name.startswith("log_") or name not in event:
            continue
        session = _session.fullmatch(value) if isinstance(value, str) else None
        if name == "name" and session is not None:
            yield "session", value
            yield "service", session[1]
        elif isinstance(value, BaseException):
            yield name, str(value)
        elif value is None or isinstance(value, bool | int | float | str):
            yield name, value


@implementer(ILogObserver)
class JSONLog:
    """Writes the log's events, an object a line.

    Args:
        file: where.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def __call__(self, event: LogEvent) -> None:
        """Write one."""
        self._file.write(f"{json.dumps(as_object(event), default=str)}\n")
        self._file.flush()
