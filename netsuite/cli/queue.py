"""``netsuite queue``: mail that waits to leave, and what would become of mail for an address."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec

import click

from netsuite.cli.client.problems import printable
from netsuite.cli.commands import Subcommands
from netsuite.cli.context import Home, columns, pass_home
from netsuite.smtp.parameters import ReportRequest, parse_report_request
from netsuite.store.interfaces import Store
from netsuite.store.outgoing import QueueFilter, QueueItem

#: What RET has given back of a message that fails (RFC 3461, 4.3).
_RETURNED: Final = {"FULL": "FULL, the whole message", "HDRS": "HDRS, the header alone"}

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
        if items:
            columns(
                ("ID", "MESSAGE", "AGE", "STATE", "TRIES", "NEXT", "FROM", "FOR", "LAST SAID"),
                [_row(item, now) for item in items],
            )
        more = f"; go on with --after {items[-1].id}" if len(items) == limit else ""
        click.echo(f"{len(items)} of {counted.items} items of {counted.messages} messages{more}")

    home.with_store(work)


def _row(item: QueueItem, now: datetime) -> Sequence[str]:
    return (
        str(item.id),
        str(item.message),
        _span(now - item.queued),
        "held" if item.held else item.state.value,
        str(item.attempts),
        "-" if item.held else _until(item.next_attempt - now),
        printable(f"<{item.envelope.sender}>"),
        printable(f"<{item.recipient.address}>"),
        printable(item.last_reply)[:200] or "-",
    )


def _until(span: timedelta) -> str:
    return _span(span) if span > timedelta(0) else "now"


def _span(span: timedelta) -> str:
    """Return a time in its largest unit, as 12s, 5m, 3h or 2d."""
    seconds = max(int(span.total_seconds()), 0)
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


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
        for name, value in _facts(found[0]):
            click.echo(f"{name + ':':15}{printable(value)}")

    home.with_store(work)


def _facts(item: QueueItem) -> Sequence[tuple[str, str]]:
    envelope, recipient = item.envelope, item.recipient
    asked = parse_report_request(envelope.ret)
    facts = [
        ("Item", f"{item.id} of message {item.message}"),
        ("From", f"<{envelope.sender}>"),
        ("For", f"<{recipient.address}>"),
        ("Forwarded by", recipient.forwarded_by),
        ("By way of", recipient.domain or "a mailbox here"),
        ("Size", f"{item.octets} octets"),
        ("Queued", _moment(item.queued)),
        ("State", "held" if item.held else item.state.value),
        ("Tries", str(item.attempts)),
        ("Last try", _moment(item.last_attempt)),
        ("Next try", _moment(item.next_attempt)),
        ("Given back", _moment(recipient.expires)),
        ("Sender told", _moment(recipient.warn) if recipient.warn else "of the delay already"),
        ("Last said", item.last_reply),
        ("Said by", item.remote),
        ("NOTIFY", recipient.notify),
        ("ORCPT", recipient.original),
        ("RET", _RETURNED.get(asked.ret, "")),
        ("BY", _deliver_by(asked, recipient.deliver_by)),
        ("HOLD", _hold(asked.hold)),
        ("ENVID", envelope.envelope_id),
        ("BODY", envelope.body),
        ("SMTPUTF8", "yes" if envelope.utf8 else ""),
        ("REQUIRETLS", "yes" if envelope.require_tls else ""),
    ]
    return [(name, value) for name, value in facts if value]


def _deliver_by(asked: ReportRequest, way: str) -> str:
    """Say until when the message was to arrive, and what happens then (RFC 2852, 4)."""
    if asked.by is None:
        return ""
    then = {"R": ", then given back", "N": ", then its sender is told"}.get(way, "")
    trace = "; each relaying is told, too" if asked.trace else ""
    return f"{_moment(asked.by)}{then}{trace}"


def _hold(asked: str) -> str:
    """Say how long the message was to be held: ``for;60``, or until when (RFC 4865, 5.1.2)."""
    way, _, value = asked.partition(";")
    if way == "for":
        return f"for {value} second{'' if value == '1' else 's'}"
    return f"until {_moment(datetime.fromisoformat(value))}" if value else ""


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone().isoformat(" ", "seconds")


def _change(
    home: Home,
    wanted: QueueFilter,
    all_items: bool,
    done: str,
    change: Callable[[Store, QueueFilter], Awaitable[int]],
) -> None:
    """Do something with items; which ones has to be said."""
    if wanted == QueueFilter() and not all_items:
        raise click.UsageError("say which: by ID, --sender, --recipient, --domain ..., or --all")

    async def work(store: Store) -> None:
        count = await change(store, wanted)
        if wanted.ids and not count:
            raise click.ClickException("there is no such item, or none that this can be done with")
        click.echo(f"{done} {count} item{'' if count == 1 else 's'}")

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
