"""Things that a command could not take along: said as they are met, counted, told by its exit."""

from __future__ import annotations

from typing import Final

import click

from netsuite.cli.client.problems import Exit, printable

#: So many are said one by one.
TOLD: Final = 50


class LeftOut:
    """What was left out so far."""

    def __init__(self) -> None:
        self.count = 0

    def say(self, line: str) -> None:
        """Say one thing more."""
        self.count += 1
        if self.count <= TOLD:
            click.echo(f"netsuite: {printable(line)}", err=True)

    def remark(self, line: str) -> None:
        """Say something that is worth knowing, and no loss."""
        click.echo(f"netsuite: {printable(line)}", err=True)

    def end(self) -> None:
        """Say how many they were, and end with an exit code of its own; do nothing for none."""
        if not self.count:
            return
        if self.count > TOLD:
            click.echo(f"netsuite: and {self.count - TOLD:,} things more", err=True)
        click.echo(f"netsuite: not everything was taken: {self.count:,} complaints", err=True)
        raise SystemExit(int(Exit.PARTLY))
