"""The progress of a transfer, for people who watch it."""

from __future__ import annotations

import sys


class Progress:
    """Progress that nobody is shown."""

    def begin(self, total: int | None, done: int = 0) -> None:
        """Begin to show it. Sizes in octets; None for not known."""

    def advance(self, octets: int) -> None:
        """Accept that so many octets have passed."""

    def end(self) -> None:
        """Take it away."""


def progress(*, shown: bool) -> Progress:
    """Return what shows progress: on standard error, and only where that is a terminal.

    Args:
        shown: whether it is to be shown at all.
    """
    if shown and sys.stderr.isatty():
        # Here, since it takes long to import, and pipes need it not.
        from netsuite.cli.client.progress_bar import ProgressBar

        return ProgressBar()
    return Progress()
