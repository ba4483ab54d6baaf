"""``netsuite compact``: the room that removed mail has left is given back to the disk."""

from __future__ import annotations

import click

from netsuite.cli.context import Home, noted, one_line, pass_home


@click.command()
@pass_home
def compact(home: Home) -> None:
    """Give the room that removed mail has left in netsuite.db back to the disk.

    The daemon may not run. It needs twice the room of what is kept, while it runs.
    """
    from netsuite.cli.settings import read_settings
    from netsuite.home import store_url
    from netsuite.store.sql.compaction import compact as compact_database
    from netsuite.store.sql.database import Database
    from netsuite.store.sql.presence import alone

    home.insist_on_store()
    settings = read_settings(home.config_path, home.overrides)
    database = Database(store_url(settings, home.path))
    with one_line(), alone(database):
        before, after = compact_database(database)
    for when, pages in (("before", before), ("after", after)):
        click.echo(f"{when}: {pages.octets:,} octets, {pages.free:,} of {pages.pages:,} pages free")
    home.with_store(lambda store: noted(store, "compacted the store"))
