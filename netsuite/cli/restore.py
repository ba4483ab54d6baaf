"""``netsuite restore``: a home and its store as a backup has them."""

from __future__ import annotations

import os
from pathlib import Path

import click

from netsuite.cli.context import Home, noted, one_line, pass_home


@click.command()
@click.argument(
    "source", metavar="BACKUP", type=click.Path(exists=True, path_type=Path, resolve_path=True)
)
@click.option("--replace", is_flag=True, help="Move away what the home has; nothing is deleted.")
@pass_home
def restore(home: Home, source: Path, *, replace: bool) -> None:
    """Make the home and its store as a backup has them.

    BACKUP is what `netsuite backup` has made: a folder, a folder of several, whose newest is
    taken, or a tar file. The daemon may not run.
    """
    from netsuite.cli.restoration import restored

    os.umask(0o077)
    with one_line():
        for line in restored(home, source, replace=replace):
            click.echo(line)
    home.with_store(lambda store: noted(store, f"restored from {source}"))
