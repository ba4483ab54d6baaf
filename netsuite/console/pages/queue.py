"""The queue: what waits to leave, why, and what can be done about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from netsuite.console.layout import (
    badge,
    button,
    facts,
    field,
    form,
    hidden,
    more,
    section,
    table,
    tick,
)
from netsuite.console.markup import (
    Content,
    count,
    counted,
    element,
    foreign,
    link,
    markup,
    size,
)
from netsuite.console.visit import (
    Act,
    Done,
    NotThere,
    Page,
    Route,
    Unfit,
    Visit,
    number,
    one_of,
)
from netsuite.message.headers import header_end
from netsuite.smtp.delivery.facts import facts as item_facts
from netsuite.smtp.delivery.facts import short_span, until
from netsuite.store.errors import NoSuchMessage
from netsuite.store.interfaces import QueueStore
from netsuite.store.outgoing import QueueFilter, QueueItem

#: Items on one page.
ROWS: Final = 50
#: So much of a message is looked at for its header.
HEADER_OCTETS: Final = 65_536
_FILTERS: Final = ("sender", "recipient", "domain")
_KINDS: Final = {"queued": "plain", "trying": "good", "deferred": "late"}

_Change = Callable[[QueueStore, QueueFilter], Awaitable[int]]


async def show(visit: Visit) -> Page:
    """Show a page of the items, or of those that are looked for."""
    said = {name: visit.asked(name).strip() for name in _FILTERS}
    held = visit.asked("held") == "yes"
    meant = _filter(said, held=held)
    queue = visit.site.store.queue
    found = await queue.count(meant)
    items = await queue.items(meant, after=visit.asked_number("after"), limit=ROWS + 1)
    shown = items[:ROWS]
    now = datetime.now(UTC)
    kept = {**said, "held": "yes" if held else ""}
    body = markup(
        _search(said, held),
        element(
            "p",
            f"{counted(found.items, 'item')} of {counted(found.messages, 'message')}",
            f", the oldest {short_span(now - found.oldest)} old" if found.oldest else None,
        ),
        form(
            visit,
            table(
                ("", "Item", "For", "Age", "State", "Last said"),
                [_row(item, now) for item in shown],
                empty="Nothing waits.",
                numbers="Age",
            ),
            _actions(f"All {count(found.items)} that are looked for, on every page"),
            *(hidden(name, value) for name, value in kept.items() if value),
        )
        if shown
        else element("p", "Nothing waits.", class_="empty"),
        more("Further items", "queue", after=shown[-1].id, **kept) if len(items) > ROWS else None,
    )
    return Page("Queue", body, live=True)


def _filter(said: dict[str, str], *, held: bool) -> QueueFilter:
    return QueueFilter(
        sender=said["sender"],
        recipient=said["recipient"],
        domain=said["domain"],
        held=held or None,
    )


def _search(said: dict[str, str], held: bool) -> Content:
    return element(
        "form",
        field("From", "sender", said["sender"]),
        field("For", "recipient", said["recipient"]),
        field("Domain", "domain", said["domain"]),
        tick("Only held", "held", "yes", checked=held),
        button("Find", kind="quiet"),
        element("a", "Show all", href="/queue") if held or any(said.values()) else None,
        method="get",
        action="/queue",
        role="search",
        class_="row",
    )


def _row(item: QueueItem, now: datetime) -> tuple[Content, ...]:
    sender = foreign(item.envelope.sender or "<>")
    return (
        tick(f"Item {item.id}", "item", str(item.id), seen=False),
        link(item.id, "queue", item.id),
        markup(foreign(item.recipient.address), element("small", "from ", sender)),
        short_span(now - item.queued),
        markup(*_state(item, now)),
        foreign(item.last_reply[:300]) if item.last_reply else "-",
    )


def _state(item: QueueItem, now: datetime) -> Sequence[Content]:
    """Return the state, how often it was tried, and when it will be."""
    if item.held:
        return (badge("held", "bad"), element("small", counted(item.attempts, "attempt")))
    state = badge(item.state.value, _KINDS.get(item.state.value, "plain"))
    next_try = until(item.next_attempt - now)
    when = next_try if next_try == "now" else f"in {next_try}"
    return (state, element("small", f"{counted(item.attempts, 'attempt')}, next {when}"))


def _actions(everything: str = "") -> Content:
    return element(
        "fieldset",
        element("legend", "With those ticked" if everything else "What to do"),
        tick(everything, "everything", "yes") if everything else None,
        element(
            "p",
            button("Try now", "retry"),
            button("Hold", "hold", "quiet"),
            button("Release", "release", "quiet"),
            button("Give back", "bounce", "bad"),
            button("Drop", "drop", "bad"),
            class_="buttons",
        ),
        element(
            "small",
            "Give back: tried a last time, and its sender is told where that fails. "
            "Drop: removed, and nobody is told.",
        ),
    )


async def show_item(visit: Visit) -> Page:
    """Show one item, with the header of its message."""
    item = await _item(visit)
    body = markup(
        facts((name, foreign(value)) for name, value in item_facts(item)),
        form(visit, _actions(), to="/queue", item=str(item.id)),
        section("Header of the message", await _header(visit, item)),
        element("p", size(item.octets), " in all. ", link("Back to the queue", "queue")),
    )
    return Page(f"Item {item.id} of the queue", body)


async def _item(visit: Visit) -> QueueItem:
    wanted = number(visit.names["id"])
    found = await visit.site.store.queue.items(QueueFilter(ids=(wanted,))) if wanted else ()
    if not found:
        raise NotThere
    return found[0]


async def _header(visit: Visit, item: QueueItem) -> Content:
    octets = b""
    try:
        async for piece in visit.site.store.mail.read(item.content, 0, HEADER_OCTETS):
            octets += piece
    except NoSuchMessage:
        raise NotThere from None
    text = octets[: header_end(octets)].decode("utf-8", "replace").replace("\r\n", "\n")
    return element("pre", foreign(text), tabindex=0)


def _meant(visit: Visit) -> QueueFilter:
    """Return which items were ticked. Raises Unfit where none was: an empty filter is all."""
    if visit.sent("everything") == "yes":
        said = {name: visit.sent(name) for name in _FILTERS}
        return _filter(said, held=visit.sent("held") == "yes")
    ids = [found for each in visit.sent_all("item") if (found := number(each))]
    if not ids:
        raise Unfit("Tick what is meant.")
    return QueueFilter(ids=ids)


def _words(meant: QueueFilter) -> str:
    """Return which items were meant."""
    said = [
        ("item", " ".join(map(str, meant.ids))),
        ("from", meant.sender),
        ("for", meant.recipient),
        ("domain", meant.domain),
        ("held", "yes" if meant.held else ""),
    ]
    return ", ".join(f"{name} {value}" for name, value in said if value) or "all"


def _does(change: _Change, said: str, deeds: str, question: str = "", label: str = "") -> Act:
    """Return what changes items.

    Args:
        said: of ``SENTENCES``, when it is done.
        deeds: what is noted, before how many they are.
        question: asked first, with the number of items; empty: nothing is.
    """

    async def act(visit: Visit) -> Done:
        meant, queue = _meant(visit), visit.site.store.queue
        if question:
            found = await queue.count(meant)
            visit.insist(question.format(items=counted(found.items, "item")), label)
        changed = await change(queue, meant)
        deed = f"{deeds} {counted(changed, 'item')} of the queue: {_words(meant)}"
        return Done("/queue", said, deed, count=changed)

    return act


ROUTES: Final = (
    Route(
        "/queue",
        show,
        one_of(
            {
                "retry": _does(lambda q, w: q.retry(w), "retried", "retried"),
                "hold": _does(lambda q, w: q.hold(w, True), "held", "held"),
                "release": _does(lambda q, w: q.hold(w, False), "released", "released"),
                "bounce": _does(
                    lambda q, w: q.expire(w), "bounced", "gave back",
                    "Give {items} back to their senders, unless a last try succeeds?",
                    "Give them back",
                ),
                "drop": _does(
                    lambda q, w: q.delete(w), "dropped", "dropped",
                    "Drop {items}, and tell nobody?", "Drop them",
                ),
            }
        ),
    ),
    Route("/queue/{id}", show_item),
)  # fmt: skip
