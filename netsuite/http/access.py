"""The access log: one line a request in the combined format, written behind the requests."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from netsuite.http.commands import Request
from netsuite.wire.dates import MONTHS

#: Lines are written when so many wait, or after so long.
LINES_AT_ONCE: Final = 1000
DELAY_SECONDS: Final = 1.0
#: Where the disk does not keep up, lines beyond these are counted and dropped.
LINES_WAITING: Final = 100_000

_unfit: Final = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]")

_Noted = tuple[str, str, str, Request | None, int, int]


class AccessLog:
    """Notes requests, and writes them away from the reactor's thread.

    The file is opened for each batch of lines, so that it may be moved away at any time (as
    logrotate does) without anybody being told.

    Args:
        path: the file; made, with its directory, when it is not there.
        clock: for the delay.
        now: the time, with its zone.
        elsewhere: runs a function with its arguments in a thread, gives a Deferred.
    """

    log = Logger()

    def __init__(
        self,
        path: Path,
        clock: IReactorTime,
        *,
        now: Callable[[], datetime],
        elsewhere: Callable[..., Any],
    ) -> None:
        self.path = path
        self._clock = clock
        self._now = now
        self._elsewhere = elsewhere
        self._noted: list[_Noted] = []
        self._dropped = 0
        self._timer: Any = None
        self._writing: Any = None
        self._failed = False
        self._stamp = ""  # of the second it is
        self._stamp_until = float("-inf")

    def note(
        self, address: str, account: str, request: Request | None, status: int, octets: int
    ) -> None:
        """Note a request that has been answered.

        Args:
            address: the peer's; empty for a local socket.
            account: who had logged in; empty for nobody.
            request: None where it could not be read.
            status: of the answer; 499 where the client left before it was complete.
            octets: of the answer's body.
        """
        noted = self._noted
        if len(noted) >= LINES_WAITING:
            self._dropped += 1
            return
        seconds = self._clock.seconds()
        if seconds >= self._stamp_until:
            now = self._now()
            self._stamp_until = seconds + 1.0 - now.microsecond / 1e6
            self._stamp = stamp(now)
        noted.append((address, account, self._stamp, request, status, octets))
        if self._writing is None:
            if len(noted) >= LINES_AT_ONCE:
                self.flush()
            elif self._timer is None:
                self._timer = self._clock.callLater(DELAY_SECONDS, self.flush)

    def flush(self) -> Any:
        """Write what has been noted; give a Deferred of it, None where there is nothing."""
        if self._timer is not None:
            if self._timer.active():
                self._timer.cancel()
            self._timer = None
        if self._writing is not None or not self._noted:
            return self._writing
        noted, self._noted = self._noted, []
        dropped, self._dropped = self._dropped, 0
        if dropped:
            self.log.warn("{dropped} lines of the access log were dropped", dropped=dropped)
        self._writing = self._elsewhere(_write, self.path, noted)
        self._writing.addCallbacks(self._written, self._not_written)
        return self._writing

    def finish(self) -> Deferred[None]:
        """Write all that has been noted; give a Deferred that fires when that is done."""
        writing = self.flush()
        if writing is None:
            return succeed(None)
        done: Deferred[None] = Deferred()
        writing.addCallback(lambda _: self.finish().chainDeferred(done))
        return done

    def _written(self, _: object) -> None:
        self._writing = None
        self._failed = False
        if self._noted and self._timer is None:
            self._timer = self._clock.callLater(DELAY_SECONDS, self.flush)

    def _not_written(self, failure: Any) -> None:
        self._writing = None
        if not self._failed:  # once, and not each second while the disk is full
            self._failed = True
            self.log.error(
                "the access log {path} cannot be written: {error}",
                path=self.path,
                error=failure.getErrorMessage(),
            )


def _write(path: Path, noted: list[_Noted]) -> None:
    octets = "".join([format_line(*each) for each in noted]).encode("ascii")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)


def format_line(
    address: str, account: str, when: str, request: Request | None, status: int, octets: int
) -> str:
    """Give a line of the combined format; nothing a peer sends can make it two.

    Args:
        when: as ``stamp`` gives it.
    """
    if request is None:
        asked = referer = agent = "-"
    else:
        asked = _fit(f"{request.method} {request.target} HTTP/1.{request.minor}")
        referer = _fit(request.fields.get("referer")) or "-"
        agent = _fit(request.fields.get("user-agent")) or "-"
    user = _fit(account).replace(" ", "\\x20") or "-"
    return (
        f"{address or '-'} - {user} [{when}] "
        f'"{asked}" {status} {octets or "-"} "{referer}" "{agent}"\n'
    )


def stamp(when: datetime) -> str:
    """Give a moment as the log has it."""
    offset = when.utcoffset() or timedelta()
    minutes = int(offset.total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    hours, minutes = divmod(abs(minutes), 60)
    month = MONTHS[when.month - 1].decode()
    return f"{when:%d}/{month}/{when:%Y:%H:%M:%S} {sign}{hours:02}{minutes:02}"


def _fit(text: str) -> str:
    if _unfit.search(text) is None:
        return text
    return _unfit.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
