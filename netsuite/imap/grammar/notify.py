"""The grammar of NOTIFY, both ways (RFC 5465, 8)."""

from __future__ import annotations

from typing import Final

from netsuite.imap.commands.fetch import FetchItem
from netsuite.imap.commands.notify import Event, EventGroup, Notify, Watched
from netsuite.imap.grammar.fetch import format_fetch_item, parse_fetch_item
from netsuite.imap.grammar.names import NamePrinter
from netsuite.imap.grammar.tokens import BadSyntax, Cursor

_OPEN, _CLOSE, _SPACE = ord("("), ord(")"), ord(" ")
#: Groups of one NOTIFY, names in all of them, and items to be fetched.
_GROUPS, _NAMES, _ITEMS = 100, 1000, 100

_WATCHED: Final = {watched.value: watched for watched in Watched}
_SELECTED: Final = frozenset({Watched.SELECTED, Watched.SELECTED_DELAYED})
_NAMED: Final = frozenset({Watched.SUBTREE, Watched.MAILBOXES})
_EVENTS: Final = {event.value.upper(): event for event in Event}
#: RFC 5465, 8: message-event.
MESSAGE_EVENTS: Final = frozenset(
    {Event.MESSAGE_NEW, Event.MESSAGE_EXPUNGE, Event.FLAG_CHANGE, Event.ANNOTATION_CHANGE}
)
_NEW_AND_EXPUNGE: Final = frozenset({Event.MESSAGE_NEW, Event.MESSAGE_EXPUNGE})


def notify_request(cursor: Cursor) -> Notify:
    """Read NOTIFY after its name."""
    # notify = "NOTIFY" SP (notify-set / notify-none)
    # notify-set = "SET" [SP "STATUS"] SP event-groups
    # notify-none = "NONE"
    name = cursor.space().name()
    if name == b"NONE":
        return Notify()
    if name != b"SET":
        raise BadSyntax("SET or NONE was expected")
    cursor.space()
    status = cursor.peek() != _OPEN
    if status:
        if cursor.name() != b"STATUS":
            raise BadSyntax("STATUS or a group was expected")
        cursor.space()
    # event-groups = event-group *(SP event-group)
    groups = [_group(cursor)]
    while cursor.take(_SPACE):
        groups.append(_group(cursor))
    if len(groups) > _GROUPS or sum(len(group.mailboxes) for group in groups) > _NAMES:
        raise BadSyntax("too much is to be watched")
    if sum(group.watched in _SELECTED for group in groups) > 1:
        raise BadSyntax("there is one selected mailbox")
    return Notify(tuple(groups), status)


def _group(cursor: Cursor) -> EventGroup:
    # event-group = "(" filter-mailboxes SP events ")"
    cursor.expect(_OPEN)
    watched = _WATCHED.get(cursor.name().decode("ascii"))
    if watched is None:
        raise BadSyntax("unknown mailboxes are to be watched")
    mailboxes: tuple[str, ...] = ()
    if watched in _NAMED:
        # one-or-more-mailbox = mailbox / "(" mailbox *(SP mailbox) ")"
        cursor.space()
        if cursor.peek() == _OPEN:
            mailboxes = tuple(dict.fromkeys(cursor.items(cursor.mailbox)))
        else:
            mailboxes = (cursor.mailbox(),)
    events, items = _events(cursor.space())
    cursor.expect(_CLOSE)
    return EventGroup(watched, _checked(watched, events, items), mailboxes, items)


def _events(cursor: Cursor) -> tuple[frozenset[Event | str], tuple[FetchItem, ...]]:
    # events = ( "(" event *(SP event) ")" ) / "NONE"
    events: set[Event | str] = set()
    items: list[FetchItem] = []
    # The examples of the RFC have no parentheses, so there may be clients that have none.
    bare = not cursor.take(_OPEN)
    while True:
        word = cursor.name().decode("ascii")
        if bare and word == "NONE" and not events:
            break
        event = _EVENTS.get(word, word)
        events.add(event)
        more = cursor.take(_SPACE)
        if more and event is Event.MESSAGE_NEW and cursor.peek() == _OPEN:
            # "MessageNew" [SP "(" fetch-att *(SP fetch-att) ")" ]
            items += cursor.items(lambda: parse_fetch_item(cursor))
            more = cursor.take(_SPACE)
        if not more:
            break
    if not bare:
        cursor.expect(_CLOSE)
    if len(items) > _ITEMS:
        raise BadSyntax("too many items")
    return frozenset(events), tuple(dict.fromkeys(items))


def _checked(
    watched: Watched, events: frozenset[Event | str], items: tuple[FetchItem, ...]
) -> frozenset[Event | str]:
    """Check which events stand together (RFC 5465, 5 and 6.1)."""
    if events & MESSAGE_EVENTS and not events >= _NEW_AND_EXPUNGE:
        raise BadSyntax("MessageNew and MessageExpunge go together, and with all of messages")
    if watched not in _SELECTED:
        if items:
            raise BadSyntax("only of the selected mailbox something is fetched")
    elif any(isinstance(each, Event) for each in events - MESSAGE_EVENTS):
        raise BadSyntax("the selected mailbox has events of messages only")
    return events


def format_notify(mailbox: NamePrinter, request: Notify) -> bytes:
    """Return NOTIFY, as a client says it."""
    if not request.groups:
        return b"NOTIFY NONE"
    words = [b"NOTIFY SET", b"STATUS"] if request.status else [b"NOTIFY SET"]
    return b" ".join([*words, *(_format_group(mailbox, each) for each in request.groups)])


def _format_group(mailbox: NamePrinter, group: EventGroup) -> bytes:
    words = [group.watched.value.encode("ascii")]
    if group.watched in _NAMED:
        words.append(b"(%b)" % b" ".join(map(mailbox, group.mailboxes)))
    names = sorted((each.value if isinstance(each, Event) else each) for each in group.events)
    events = [name.encode("ascii") for name in names]
    if group.items:
        items = b" ".join(map(format_fetch_item, group.items))
        new = Event.MESSAGE_NEW.value.encode("ascii")
        events = [b"%b (%b)" % (name, items) if name == new else name for name in events]
    words.append(b"(%b)" % b" ".join(events) if events else b"NONE")
    return b"(%b)" % b" ".join(words)
