"""``netsuite check``: every invariant of the store and the files."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from itertools import chain
from typing import Final

import click

from netsuite.cli.client.problems import Exit
from netsuite.cli.context import Home, noted, one_line, pass_home

#: So many faults of files are told one by one.
TOLD: Final = 100


@click.command()
@click.option("--repair", is_flag=True, help="Mend what can be mended; the daemon may not run.")
@pass_home
def check(home: Home, *, repair: bool) -> None:
    """Hold the store and the files against all that has to be true of them.

    Each finding is a line, with what a repair does about it. Exit code 0: nothing is wrong, or
    all of it is repaired; 8: something is wrong; 1: it could not be looked at, or is in use.
    """
    home.insist_on_store()
    with one_line():
        left = _check(home, repair=repair)
    if repair:
        home.with_store(lambda store: noted(store, "checked the store and repaired it"))
    if left:
        raise SystemExit(int(Exit.PARTLY))


def _check(home: Home, *, repair: bool) -> bool:
    """Look, and say what is found; return whether something is wrong afterwards."""
    from netsuite.cli.homecheck import faults_of
    from netsuite.cli.settings import read_settings
    from netsuite.cli.tallycheck import tally_faults
    from netsuite.home import open_objects, store_url
    from netsuite.store.sql.checking import check as check_store
    from netsuite.store.sql.database import Database
    from netsuite.store.sql.presence import alone, is_in_use

    settings = read_settings(home.config_path, home.overrides)
    database = Database(store_url(settings, home.path), open_objects(settings))
    in_use = not repair and is_in_use(database)
    with alone(database) if repair else nullcontext():
        checked = check_store(database, repair=repair, now=time.time())
        for finding in checked.found:
            _say(finding.line, finding.repair, mended=repair and finding not in checked.left)
        count = len(checked.found)
        left = len(checked.left)
        files = home.path / settings.files.root
        faults = chain(
            faults_of(home.path, files, checked.names, in_use=in_use),
            tally_faults(database, files),
        )
        of_files, left_of_files = _tell_faults(faults, repair=repair)
    counts = checked.counts
    count, left = count + of_files, left + left_of_files
    click.echo(
        f"{counts.accounts:,} accounts, {counts.folders:,} folders, {counts.messages:,} messages, "
        f"{counts.queued:,} items of the queue: "
        + (f"{count:,} findings, {count - left:,} repaired" if count else "nothing is wrong")
    )
    return left > 0


def _tell_faults(
    faults: Iterable[tuple[str, str, Callable[[], object]]], *, repair: bool
) -> tuple[int, int]:
    """Report what is found of files, as ``homecheck.Fault``; return how much, and how much of it is
    left."""
    count = left = 0
    for line, remedy, mend in faults:
        count += 1
        mended = False
        if repair and remedy:
            try:
                mend()
                mended = True
            except OSError as error:
                click.echo(f"netsuite: {line}: {error.strerror}", err=True)
        left += not mended
        if count <= TOLD:
            _say(line, remedy, mended=mended)
    if count > TOLD:
        click.echo(f"and {count - TOLD:,} more files")
    return count, left


def _say(line: str, repair: str, *, mended: bool) -> None:
    if mended:
        click.echo(f"{line}: {repair}")
    elif repair:
        click.echo(f"{line} (--repair: {repair})")
    else:
        click.echo(f"{line} (a repair can do nothing)")
