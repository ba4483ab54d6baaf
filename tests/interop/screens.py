"""A program under tmux, as somebody at a terminal sees it."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.interop.programs import program

#: How long it may take until something is seen.
SECONDS: Final = 20.0


class Screen:
    """A program under tmux."""

    def __init__(self, home: Path, columns: int, rows: int, command: Sequence[str]) -> None:
        self._tmux = (program("tmux"), "-u", "-f", "/dev/null", "-S", str(home / "tmux"))
        self._environment = {
            "PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "TERM": "xterm",
        }  # fmt: skip
        self.shots: list[str] = []
        self.rows = rows
        size = ("-x", str(columns), "-y", str(rows))
        # What it is told ends with the program, and so would its screen.
        self._do("new-session", "-d", *size, "cat")
        self._do("set-option", "-g", "status", "off")
        self._do("set-option", "-g", "remain-on-exit", "on")
        self._do("resize-window", *size)
        self._do("respawn-pane", "-k", *command)

    def _do(self, *words: str) -> str:
        done = subprocess.run(
            [*self._tmux, *words], capture_output=True, text=True, check=True, timeout=SECONDS,
            env=self._environment,
        )  # fmt: skip
        return done.stdout

    def seen(self) -> str:
        """Return what is on the screen, without what is empty at the ends."""
        lines = [line.rstrip() for line in self._do("capture-pane", "-p").split("\n")]
        return "\n".join(lines).rstrip("\n")

    def until(self, pattern: str) -> str:
        """Wait until the screen ends with something; return what is seen then."""
        end = time.monotonic() + SECONDS
        while not re.search(rf"(?:{pattern})\Z", seen := self.seen()):
            assert time.monotonic() < end, f"{pattern!r} did not come:\n{seen}"
            time.sleep(0.05)
        return seen

    def leave(self, before: str) -> None:
        """Wait until the screen is another one."""
        end = time.monotonic() + SECONDS
        while self.seen() == before:
            assert time.monotonic() < end, f"nothing changed:\n{before}"
            time.sleep(0.05)

    def type(self, text: str, pattern: str) -> str:
        """Type a line, and wait until it is seen, and then for what follows."""
        self._do("send-keys", "-l", text)
        self.until(re.escape(text[-8:]))
        return self.enter("", pattern)

    def enter(self, text: str, pattern: str) -> str:
        """Type a line that need not be seen, and wait for what follows."""
        before = self.seen()
        if text:
            self._do("send-keys", "-l", text)
        self._do("send-keys", "Enter")
        self.leave(before)
        return self.until(pattern)

    def press(self, key: str) -> None:
        """Press a key."""
        self._do("send-keys", key)

    def keep(self, title: str, *, always: bool = False) -> None:
        """Keep what is seen; where a screen holds what came before, too, only where that has been
        said."""
        if always or self.rows < 24:
            self.shots.append(f"-- {title} --\n{self.seen()}\n")

    def end(self) -> None:
        """Take it away."""
        self._do("kill-server")
