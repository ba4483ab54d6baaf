"""A log of one line an event, written behind what it tells of, away from the reactor's thread.

What is noted is a few references in a list; that they become text and reach the file costs the
reactor nothing. Troubles are for Twisted's log; what happens a thousand times a second (a request
answered, a message taken) is for one of these.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from netsuite.connection.rotation import Rotation, move_away_once

#: Lines are written when so many wait, or after so long.
LINES_AT_ONCE: Final = 1000
DELAY_SECONDS: Final = 1.0
#: Where the disk does not keep up, lines beyond these are counted and dropped.
LINES_WAITING: Final = 100_000

_unfit: Final = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]")


class Line(NamedTuple):
    """What is written of one kind of event.

    ``text``: called in a thread with the printed time and the facts; gives the line with its end.
    What a peer said must go through ``fit``, or it could make the line two. ``fields``: called with
    the facts, where lines are written as JSON; gives what an object has besides its time.
    """

    text: Callable[..., str]
    fields: Callable[..., Mapping[str, object]]


_Noted = tuple[Callable[..., str], str, tuple[object, ...]]


class LineLog:
    """Notes events, and writes a line for each.

    The file is opened for each batch of lines, so that it may be moved away at any time (as
    logrotate does) without anybody being told.

    Args:
        path: the file; made when it is not there.
        home: below it the file's directory is made, too, when it is not there. Elsewhere, a log
            that a root's daemon was told wrong would make directories anywhere.
        clock: for the delay.
        now: the time, with its zone.
        stamp: prints it as the lines want it; it is asked once a second.
        elsewhere: runs a function with its arguments in a thread, gives a Deferred.
        as_json: whether lines are JSON objects instead.
        rotation: when the file is moved away; None: never, but for who moves it from outside.
    """

    log = Logger()

    def __init__(
        self,
        path: Path,
        clock: IReactorTime,
        *,
        now: Callable[[], datetime],
        stamp: Callable[[datetime], str],
        elsewhere: Callable[..., Deferred[None]],
        home: Path | None = None,
        as_json: bool = False,
        rotation: Rotation | None = None,
    ) -> None:
        self.path = path
        self._as_json = as_json
        self._rotation = rotation
        self._home = home
        self._clock = clock
        self._now = now
        self._print_stamp = datetime.isoformat if as_json else stamp
        self._elsewhere = elsewhere
        self._noted: list[_Noted] = []
        self._dropped = 0
        self._timer: IDelayedCall | None = None
        self._writing: Deferred[None] | None = None
        self._failed = False
        self._stamp = ""  # of the second it is
        self._stamp_until = float("-inf")

    def add(self, line: Line, *facts: object) -> None:
        """Note an event that is over.

        Args:
            line: what is written of it.
            facts: things that do not change any more.
        """
        noted = self._noted
        if len(noted) >= LINES_WAITING:
            self._dropped += 1
            return
        seconds = self._clock.seconds()
        if seconds >= self._stamp_until:
            now = self._now()
            self._stamp_until = seconds + 1.0 - now.microsecond / 1e6
            self._stamp = self._print_stamp(now)
        if self._as_json:
            noted.append((_written_as_json, self._stamp, (line.fields, facts)))
        else:
            noted.append((line.text, self._stamp, facts))
        if self._writing is None:
            if len(noted) >= LINES_AT_ONCE:
                self.flush()
            elif self._timer is None:
                self._timer = self._clock.callLater(DELAY_SECONDS, self.flush)

    def flush(self) -> Deferred[None] | None:
        """Write what has been noted; return a Deferred of it, None where there is nothing."""
        if self._timer is not None:
            if self._timer.active():
                self._timer.cancel()
            self._timer = None
        if self._writing is not None or not self._noted:
            return self._writing
        noted, self._noted = self._noted, []
        dropped, self._dropped = self._dropped, 0
        if dropped:
            self.log.warn("{path}: {dropped} lines were dropped", path=self.path, dropped=dropped)
        self._writing = self._elsewhere(_write, self.path, self._home, self._rotation, noted)
        self._writing.addCallbacks(self._written, self._not_written)
        return self._writing

    def finish(self) -> Deferred[None]:
        """Write all that has been noted; return a Deferred that fires when that is done."""
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

    def _not_written(self, failure: Failure) -> None:
        self._writing = None
        if not self._failed:  # once, and not each second while the disk is full
            self._failed = True
            self.log.error(
                "{path} cannot be written: {error}",
                path=self.path,
                error=failure.getErrorMessage(),
            )


def fit(text: str) -> str:
    """Return text from a peer as it may stand in a line, between quotation marks too: everything
    but printable ASCII, and the quotation mark and the backslash, as ``\\xNN``."""
    if _unfit.search(text) is None:
        return text
    return _unfit.sub(lambda found: _escaped(found[0]), text)


def _escaped(character: str) -> str:
    return f"\\x{ord(character):02x}" if ord(character) < 0x100 else ascii(character)[1:-1]


def _opened(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)


def is_below(path: Path, home: Path) -> bool:
    """Return whether a path leads to what is in a directory, or to that, as it is written."""
    return Path(os.path.normpath(path)).is_relative_to(os.path.normpath(home))


def _written_as_json(
    when: str, fields: Callable[..., Mapping[str, object]], facts: tuple[object, ...]
) -> str:
    return json.dumps({"time": when, **fields(*facts)}, default=str) + "\n"


def _write(path: Path, home: Path | None, rotation: Rotation | None, noted: list[_Noted]) -> None:
    octets = "".join([line(stamp, *facts) for line, stamp, facts in noted]).encode("ascii")
    if home is not None and is_below(path, home) and home.is_dir():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = _opened(path)
    if rotation is not None and move_away_once(rotation, path, descriptor, time.time()):
        os.close(descriptor)
        descriptor = _opened(path)
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)
