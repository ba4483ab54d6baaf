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

#: Lines of the log that are kept for whoever asks.
KEPT_LINES: Final = 1000
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
        if self._form == "json":
            self._line(json.dumps(as_object(event), default=str)[:LINE_CHARACTERS])
            return
        for line in (formatEventAsClassicLogText(event) or "").splitlines():
            self._line(line[:LINE_CHARACTERS])


class RecentLog(Service):
    """Answers LOG: the last lines of the log, as long as the daemon runs.

    Args:
        place: the daemon's, in the process that logs what all of them log.
        publisher: of the log's events.
    """

    def __init__(self, place: DaemonPlace, publisher: LogPublisher | None = None) -> None:
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._observer = LogLines(place.settings.log.form, self._lines.append, publisher)
        place.bus.answer(LOG, self._answer)

    def startService(self) -> None:
        """Begin to keep lines."""
        super().startService()
        self._observer.__enter__()

    def stopService(self) -> None:
        """Keep no more."""
        super().stopService()
        self._observer.__exit__(None, None, None)

    def _answer(self, value: Value) -> Value:
        lines = value.get("lines") if isinstance(value, dict) else None
        count = lines if isinstance(lines, int) and lines >= 0 else KEPT_LINES
        kept = list(self._lines)
        return kept[max(0, len(kept) - count) :]
