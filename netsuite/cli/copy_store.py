"""``netsuite copy-store``: a store from SQLite to PostgreSQL, or back."""

from __future__ import annotations

import time

import click

from netsuite.cli.client.problems import Exit
from netsuite.cli.context import Home, one_line, pass_home


@click.command("copy-store")
@click.argument("url", metavar="postgresql://USER@HOST/DATABASE|sqlite:////PATH")
@pass_home
def copy_store(home: Home, url: str) -> None:
    """Copy the whole store into an empty database of either kind, and check it.

    The daemon may not run. The store stays as it is; to use the copy, set store.url, and start.
    """
    from netsuite.cli.settings import read_settings
    from netsuite.cli.tables import copy_tables
    from netsuite.home import open_objects, store_url
    from netsuite.store.sql.checking import check
    from netsuite.store.sql.database import Database

    settings = read_settings(home.config_path, home.overrides)
    home.insist_on_store()
    with one_line():
        target = Database(url, open_objects(settings))
        if target.url.password:
            raise click.UsageError(
                "everybody sees a password in the command line; give it by PGPASSWORD or ~/.pgpass"
            )
        source = Database(store_url(settings, home.path))
        counts = copy_tables(source, target, lambda table, rows: None)
        checked = check(target, repair=False, now=time.time())
    for finding in checked.found:
        click.echo(f"{finding.line} (as in the store that was copied)", err=True)
    found = checked.counts
    click.echo(
        f"copied {sum(counts.values()):,} rows: {found.accounts:,} accounts, {found.folders:,} "
        f"folders, {found.messages:,} messages, {found.queued:,} items of the queue"
    )
    click.echo(
        f'now set store.url to "{target.place}", with its password if it has one, and start; do '
        "not start from the old store again"
    )
    if checked.found:
        raise SystemExit(int(Exit.PARTLY))
