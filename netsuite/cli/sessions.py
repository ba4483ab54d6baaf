"""``netsuite sessions`` and ``netsuite kick``: who is connected, and the ending of that."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from netsuite.cli.client.problems import printable
from netsuite.cli.context import Home, columns
from netsuite.cli.running import all_told, daemons
from netsuite.cli.status import Told, size, span


def sessions(
    home: Home,
    account: str | None,
    service: str | None,
    address: str | None,
    limit: int | None,
    as_json: bool,
) -> None:
    """List who is connected: as whom, from where, since when, and doing what."""
    with daemons(home) as found:
        told: list[Any] = all_told(  # each a questions.Session
            found, "sessions", account=account, service=service, address=address, limit=limit
        )
    told.sort(key=lambda each: each["began"])
    if as_json:
        click.echo(json.dumps(told, indent=2))
        return
    columns(TITLES, [row(each) for each in told])
    click.echo(f"{len(told)} session{'' if len(told) == 1 else 's'}")


TITLES = ("SESSION", "ACCOUNT", "FROM", "TLS", "IDLE", "DOING", "COMMANDS", "IN", "OUT")


def row(session: Told) -> Sequence[str]:
    """Return a session as a row of a table."""
    return (
        session["session"],
        printable(session["account"]) or "-",
        session["address"] or "local",
        session["tls"] or "-",
        "busy" if session["busy"] else span(session["idle_seconds"]),
        session["doing"] or "-",
        str(session["commands"]),
        size(session["octets_in"]),
        size(session["octets_out"]),
    )


def kick(
    home: Home,
    session: str | None,
    account: str | None,
    service: str | None,
    address: str | None,
    as_json: bool,
) -> None:
    """End sessions: the one named, or all of an account, a service, from an address; each hears
    its protocol's goodbye. Who it was may come again: `netsuite account disable` keeps them out."""
    with daemons(home) as found:
        counts = all_told(
            found, "kick", session=session, account=account, service=service, address=address
        )
    ended = sum(each for each in counts if isinstance(each, int))
    if as_json:
        click.echo(json.dumps({"ended": ended}))
    else:
        click.echo(f"{ended} session{'' if ended == 1 else 's'} ended")
    if not ended:
        raise SystemExit(1)
