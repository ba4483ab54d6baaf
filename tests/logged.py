"""What has been logged, as lines."""

from __future__ import annotations

from twisted.logger import ILogObserver, LogEvent, formatEvent
from zope.interface import implementer


@implementer(ILogObserver)
class Lines(list[str]):
    """An observer that keeps each event's text."""

    def __call__(self, event: LogEvent) -> None:
        self.append(formatEvent(event))
