"""The progress of a transfer, for people who watch it."""

from __future__ import annotations


class Progress:
    """Progress that nobody is shown."""

    def begin(self, total: int | None, done: int = 0) -> None:
        """Begin to show it. Sizes in octets; None for not known."""

    def advance(self, octets: int) -> None:
        """Accept that so many octets have passed."""

    def end(self) -> None:
        """Show it no longer."""
