"""``netsuite queue``: mail that waits to leave, and what would become of mail for an address."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec

import click

from netsuite.cli.client.problems import printable
from netsuite.cli.commands import Subcommands
from netsuite.cli.context import (
    Cell,
    Home,
    Number,
    columns,
    done,
    json_option,
    pass_home,
    wants_json,
)
from netsuite.smtp.delivery.facts import facts, short_span, until
from netsuite.store.interfaces import Store
from netsuite.store.outgoing import QueueFilter, QueueItem

P = ParamSpec("P")
Wanted = Callable[Concatenate[Home, QueueFilter, P], None]


@click.group(cls=Subcommands)
def queue() -> None:
    """Mail that waits to leave for other hosts, or for mailboxes that could not take it."""


def _filtered(command: Wanted[P]) -> Callable[..., None]:
    """Give a command the options that say which items are meant."""

    @click.argument("ids", nargs=-1, type=int, metavar="[ID]...")
    @click.option("--sender", default="", metavar="ADDRESS", help="Those from there.")
    @click.option("--recipient", default="", metavar="ADDRESS", help="Those for there.")
    @click.option("--domain", default="", metavar="DOMAIN", help="Those for that domain.")
    @click.option("--message", type=int, metavar="NUMBER", help="Those of that message.")
    @wraps(command)
    def with_filter(
        home: Home,
        /,
        *args: Any,
        ids: tuple[int, ...],
        sender: str,
        recipient: str,
        domain: str,
        message: int | None,
        **kwargs: Any,
    ) -> None:
        wanted = QueueFilter(ids, message, sender, recipient, domain)
        command(home, wanted, *args, **kwargs)

    return with_filter


@queue.command("list")
@json_option
@click.option("--held", is_flag=True, help="Those held.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, help="So many at most.")
@click.option("--after", default=0, metavar="ID", help="Those behind the last of another page.")
@pass_home
@_filtered
def list_items(home: Home, wanted: QueueFilter, held: bool, limit: int, after: int) -> None:
    """List what waits, oldest first: who for, since when, and what was said last."""

    async def work(store: Store) -> None:
        meant = QueueFilter(
            wanted.ids, wanted.message, wanted.sender, wanted.recipient, wanted.domain,
            held or None,
        )  # fmt: skip
        items = await store.queue.items(meant, after=after, limit=limit)
        counted = await store.queue.count(meant)
        now = datetime.now(UTC)
        if items or wants_json():
            columns(
                ("ID", "MESSAGE", "AGE", "STATE", "TRIES", "NEXT", "FROM", "FOR", "LAST SAID"),
                [_row(item, now) for item in items],
            )
        if wants_json():
            return
        more = f"; go on with --after {items[-1].id}" if len(items) == limit else ""
        click.echo(f"{len(items)} of {counted.items} items of {counted.messages} messages{more}")

    home.with_store(work)


def _row(item: QueueItem, now: datetime) -> Sequence[Cell]:
    return (
        Number(item.id),
        Number(item.message),
        short_span(now - item.queued),
        "held" if item.held else item.state.value,
        item.attempts,
        "-" if item.held else until(item.next_attempt - now),
        printable(f"<{item.envelope.sender}>"),
        printable(f"<{item.recipient.address}>"),
        printable(item.last_reply)[:200] or "-",
    )


@queue.command("show")
@click.argument("item", type=int, metavar="ID")
@click.option("--content", is_flag=True, help="Print the message itself, and nothing else.")
@pass_home
def show(home: Home, item: int, content: bool) -> None:
    """Show all that is known of one item."""

    async def work(store: Store) -> None:
        found = await store.queue.items(QueueFilter(ids=(item,)))
        if not found:
            raise click.ClickException(f"there is no item {item}")
        if content:
            async for piece in store.mail.read(found[0].content):
                sys.stdout.buffer.write(piece)
            return
        for name, value in facts(found[0]):
            click.echo(f"{name + ':':15}{printable(value)}")

    home.with_store(work)


def _change(
    home: Home,
    wanted: QueueFilter,
    all_items: bool,
    what: str,
    change: Callable[[Store, QueueFilter], Awaitable[int]],
) -> None:
    """Do something with items; which ones has to be said."""
    if wanted == QueueFilter() and not all_items:
        raise click.UsageError("say which: by ID, --sender, --recipient, --domain ..., or --all")

    async def work(store: Store) -> None:
        count = await change(store, wanted)
        if wanted.ids and not count:
            raise click.ClickException("there is no such item, or none that this can be done with")
        await done(store, f"{what} {count} item{'' if count == 1 else 's'}")

    home.with_store(work)


_all = click.option("--all", "all_items", is_flag=True, help="All there are.")


@queue.command("retry")
@_all
@pass_home
@_filtered
def retry(home: Home, wanted: QueueFilter, all_items: bool) -> None:
    """Have items tried at once."""
    _change(home, wanted, all_items, "to be tried now:", lambda s, w: s.queue.retry(w))


@queue.command("hold")
@_all
@pass_home
@_filtered
def hold(home: Home, wanted: QueueFilter, all_items: bool) -> None:
    """Have items wait until they are released."""
    _change(home, wanted, all_items, "held:", lambda s, w: s.queue.hold(w, True))


@queue.command("release")
@_all
@pass_home
@_filtered
def release(home: Home, wanted: QueueFilter, all_items: bool) -> None:
    """Release items that are held, and have them tried at once."""
    _change(home, wanted, all_items, "released:", lambda s, w: s.queue.hold(w, False))


@queue.command("bounce")
@_all
@pass_home
@_filtered
def bounce(home: Home, wanted: QueueFilter, all_items: bool) -> None:
    """Try items a last time, and give those that fail back to their senders."""
    _change(home, wanted, all_items, "to be given back:", lambda s, w: s.queue.expire(w))


@queue.command("delete")
@_all
@pass_home
@_filtered
def delete(home: Home, wanted: QueueFilter, all_items: bool) -> None:
    """Remove items, and tell their senders nothing."""
    _change(home, wanted, all_items, "removed:", lambda s, w: s.queue.delete(w))


@queue.command("why")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@pass_home
def why(home: Home, addresses: tuple[str, ...]) -> None:
    """Say in a line what would become of mail for each address."""
    from netsuite.cli.settings import read_settings

    settings = read_settings(home.config_path, home.overrides)

    async def work(store: Store) -> None:
        from twisted.internet import reactor
        from twisted.internet.interfaces import IReactorTime

        from netsuite.accounts.resolver import RecipientResolver
        from netsuite.smtp.delivery.explain import explain
        from netsuite.smtp.service.delivery import make_router

        resolver = RecipientResolver(
            store,
            IReactorTime(reactor),
            domains=settings.site.domains,
            postmaster=settings.site.postmaster,
            separator=settings.site.detail_separator,
            carries_onward=settings.delivery.enabled,
        )
        router = make_router(
            settings.delivery, settings.site.hostname, reactor, remembered=store.remembered
        )
        for address in addresses:
            click.echo(printable(await explain(address, resolver, router, store.queue)))

    home.with_store(work)
