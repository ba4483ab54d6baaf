"""The daemon's log as it is written: its last lines, and those to come."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Final, Literal

from twisted.application.service import Service
from twisted.logger import (
    ILogObserver,
    LogEvent,
    LogPublisher,
    formatEventAsClassicLogText,
    globalLogPublisher,
)
from zope.interface import implementer

from netsuite.bus import DaemonPlace, Value
from netsuite.control.questions import LOG
from netsuite.logs.form import as_object

#: Events of the log that are kept for whoever asks; most have one line.
KEPT_EVENTS: Final = 1000
#: Of each line.
LINE_CHARACTERS: Final = 4000

Form = Literal["text", "json"]


@implementer(ILogObserver)
class LogLines:
    """Passes on the log's lines, from ``with`` on to its end.

    Args:
        form: how they are written.
        line: called with each.
        publisher: of the events.
    """

    def __init__(
        self, form: Form, line: Callable[[str], object], publisher: LogPublisher | None = None
    ) -> None:
        self._form = form
        self._line = line
        self._publisher = globalLogPublisher if publisher is None else publisher

    def __enter__(self) -> LogLines:
        """Begin."""
        self._publisher.addObserver(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End."""
        self._publisher.removeObserver(self)

    def __call__(self, event: LogEvent) -> None:
        """Pass on the lines of one event."""
        for line in lines_of(event, self._form):
            self._line(line)


def lines_of(event: LogEvent, form: Form) -> list[str]:
    """Return the lines of an event, as the log has them."""
    if form == "json":
        return [json.dumps(as_object(event), default=str)[:LINE_CHARACTERS]]
    text = formatEventAsClassicLogText(event) or ""
    return [line[:LINE_CHARACTERS] for line in text.splitlines()]


@implementer(ILogObserver)
class RecentLog(Service):
    """Answers LOG: the last lines of the log, as long as the daemon runs.

    Of most events nobody asks, so their lines are made when somebody does: that takes a hundred
    times as long as to keep the event, and as long as a fifth of a short connection.

    Args:
        place: the daemon's, in the process that logs what all of them log.
        publisher: of the log's events.
    """

    def __init__(self, place: DaemonPlace, publisher: LogPublisher | None = None) -> None:
        self._form: Form = place.settings.log.form
        self._events: deque[LogEvent | list[str]] = deque(maxlen=KEPT_EVENTS)
        self._publisher = globalLogPublisher if publisher is None else publisher
        place.bus.answer(LOG, self._answer)

    def startService(self) -> None:
        """Begin to keep lines."""
        super().startService()
        self._publisher.addObserver(self)

    def stopService(self) -> None:
        """Keep no more."""
        super().stopService()
        self._publisher.removeObserver(self)

    def __call__(self, event: LogEvent) -> None:
        """Keep an event, without what it came from: a connection, and all that hangs on it."""
        if "log_failure" in event or "failure" in event:
            self._events.append(lines_of(event, self._form))
            return
        kept = event.copy()
        kept.pop("log_source", None)
        kept.pop("log_logger", None)
        self._events.append(kept)

    def _answer(self, value: Value) -> Value:
        lines = value.get("lines") if isinstance(value, dict) else None
        count = lines if isinstance(lines, int) and lines >= 0 else KEPT_EVENTS
        found: list[list[str]] = []
        for each in reversed(self._events):
            if count <= 0:
                break
            found.append(each if isinstance(each, list) else lines_of(each, self._form))
            count -= len(found[-1])
        told = [line for each in reversed(found) for line in each]
        return told[max(0, -count) :]
