"""Rotation of log files: when one is due, by its size and its age, and how it is moved away."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Rotation:
    """When a log is moved away, and how many that were are kept.

    Args:
        octets: it is due when it has so many; 0: at no size.
        days: it is due at the end of so many days, counted alike for all logs; 0: at no age.
        keep: how many old ones are kept: ``NAME.1`` is the youngest.
    """

    octets: int = 0
    days: int = 0
    keep: int = 10

    def is_due(self, size: int, modified: float, now: float) -> bool:
        """Return whether a log is to be moved away before another line is written.

        Args:
            size: of the file.
            modified: when it was last written, in seconds since 1970; days end by local time.
        """
        if not size:
            return False
        return bool(self.octets and size >= self.octets) or bool(
            self.days and self._period(modified) < self._period(now)
        )

    def _period(self, moment: float) -> int:
        return date.fromtimestamp(moment).toordinal() // self.days

    def move_away(self, path: Path) -> None:
        """Give a log, and those that were moved before, the next number; the oldest goes. Raises
        OSError."""
        # It goes first: where it may not be moved, the others stay where they are.
        os.replace(path, f"{path}.0")
        for number in range(self.keep - 1, -1, -1):
            with suppress(FileNotFoundError):
                os.replace(f"{path}.{number}", f"{path}.{number + 1}")


def move_away_once(rotation: Rotation, path: Path, descriptor: int, now: float) -> bool:
    """Move a log away that is open, if it is due; return whether it is to be opened anew.

    Of several processes that write it one moves it. Where it may not be moved, it is written on.
    """
    ours = os.fstat(descriptor)
    if not rotation.is_due(ours.st_size, ours.st_mtime, now):
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        there = os.stat(path)
        if (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino):
            rotation.move_away(path)
    except FileNotFoundError:
        pass  # somebody else has moved it meanwhile
    except OSError:
        return False
    return True
