"""``netsuite audit``: who has logged in, and what administrators have done."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Final

import click

from netsuite.cli.client.problems import printable
from netsuite.cli.context import Home, columns, pass_home
from netsuite.store.interfaces import Store

#: As many as are kept, and more.
_ALL: Final = 1_000_000


@click.command("audit")
@click.option(
    "--account", metavar="NAME", help="What is about this account, and its logins, alone."
)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"]),
    help="Not what was before, in local time.",
)
@click.option("--limit", type=click.IntRange(1), help="How many lines; else 100, with --since all.")
@click.option("--administration", is_flag=True, help="No logins.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@pass_home
def audit(
    home: Home,
    account: str | None,
    since: datetime | None,
    limit: int | None,
    *,
    administration: bool,
    as_json: bool,
) -> None:
    """Show who has logged in, and what administrators have done.

    The newest line comes first: logins and attempts at them, with where they came from; and what
    was done by this command, by control.sock and on the console, by whom.
    """
    most = limit or (_ALL if since is not None else 100)
    after = None if since is None else since.astimezone()

    async def work(store: Store) -> None:
        from netsuite.logs.audit import record_of
        from netsuite.store.model import ADMINISTRATION

        some = _ALL if administration else most
        lines = [
            record_of(each)
            for each in await store.accounts.logins(account and account.lower(), some)
            if (after is None or each.when >= after)
            and (not administration or each.protocol in ADMINISTRATION)
        ][:most]
        if as_json:
            for each in lines:
                click.echo(json.dumps({**asdict(each), "when": each.when.isoformat()}))
            return
        columns(
            ("WHEN", "WHO", "FROM", "BY", "ACCOUNT", "WHAT"),
            [
                (
                    f"{each.when.astimezone():%Y-%m-%d %H:%M:%S}",
                    printable(each.who) or "-",  # as a guesser has said it
                    each.address or "here",
                    each.way,
                    printable(each.account) if each.account != each.who else "",
                    printable(each.what),
                )
                for each in lines
            ],
        )

    home.with_store(work)
