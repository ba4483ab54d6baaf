"""A progress bar on a terminal."""

from __future__ import annotations

from rich import progress as rich
from rich.console import Console

from netsuite.cli.client.files import Progress


class ProgressBar(Progress):
    """A bar with size, speed and the time that is left."""

    def __init__(self) -> None:
        self._shown = rich.Progress(
            rich.BarColumn(),
            rich.DownloadColumn(),
            rich.TransferSpeedColumn(),
            rich.TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task: rich.TaskID | None = None

    def begin(self, total: int | None, done: int = 0) -> None:
        """Begin to show it. Sizes in octets; None for not known."""
        self._shown.start()
        self._task = self._shown.add_task("", total=total, completed=done)

    def advance(self, octets: int) -> None:
        """Accept that so many octets have passed."""
        if self._task is not None:
            self._shown.advance(self._task, octets)

    def end(self) -> None:
        """Show it no longer."""
        self._shown.stop()
