"""A bar of how many messages are done, on a terminal."""

from __future__ import annotations


class MessageBar:
    """A bar on standard error, where that is a terminal.

    Args:
        what: is done with them.
        total: how many they are; None where nobody knows yet.
    """

    def __init__(self, what: str, total: int | None, *, shown: bool = True) -> None:
        from rich.console import Console  # which takes long to import, and help needs it not
        from rich.progress import MofNCompleteColumn, Progress

        console = Console(stderr=True)
        self._progress = Progress(
            *Progress.get_default_columns(),
            MofNCompleteColumn(),
            console=console,
            transient=True,
            disable=not (shown and console.is_terminal),
        )
        self._task = self._progress.add_task(what, total=total)

    def advance(self, count: int) -> None:
        """Show so many more."""
        self._progress.advance(self._task, count)

    def __enter__(self) -> MessageBar:
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()
