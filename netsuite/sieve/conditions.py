"""The tests of Sieve, one function each; the table of them. See RFC 5228, 5."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final, TypeAlias

from netsuite.message.words import decode_words
from netsuite.sieve import limits
from netsuite.sieve.checks import ADDRESS_FIELDS, ENVELOPE_PARTS, field_name
from netsuite.sieve.dates import PARTS, date_of, moved, zone_of
from netsuite.sieve.flags import flags_of
from netsuite.sieve.message import addresses
from netsuite.sieve.outcome import Seen
from netsuite.sieve.script import Node
from netsuite.sieve.state import Run, Wanted

Condition: TypeAlias = Callable[[Run, Node], bool]


def holds(run: Run, node: Node) -> bool:
    """Return whether a test holds. Raises RunError, Wanted."""
    run.at(node)
    return CONDITIONS[node.name](run, node)


# -- of tests -----------------------------------------------------------------------------------


def _not(run: Run, node: Node) -> bool:
    return not holds(run, node.tests[0])


def _allof(run: Run, node: Node) -> bool:
    return all(holds(run, each) for each in node.tests)


def _anyof(run: Run, node: Node) -> bool:
    return any(holds(run, each) for each in node.tests)


# -- of the header ------------------------------------------------------------------------------


def _fields(run: Run, node: Node, names: Sequence[str]) -> list[bytes]:
    """Return the values of fields of some names, or the one that ``:index`` says (RFC 5260, 6)."""
    found = [value for name in names for value in run.message.raw(name)]
    place = node.numbers.get(":index")
    if place is None:
        return found
    if "last" in node.flags:
        found.reverse()
    return found[place - 1 : place] if place else []


def _header(run: Run, node: Node) -> bool:
    names = run.texts(node, "headers")
    if ":index" not in node.numbers:
        return run.matches(node, (each for name in names for each in run.message.values(name)))
    return run.matches(node, _decoded(_fields(run, node, names)))


def _decoded(values: Sequence[bytes]) -> Iterator[str]:
    for value in values:
        yield decode_words(value).strip()


def _exists(run: Run, node: Node) -> bool:
    return all(run.message.raw(name) for name in run.texts(node, "headers"))


def _address(run: Run, node: Node) -> bool:
    names = run.texts(node, "headers")
    for name in names:
        if name.lower() not in ADDRESS_FIELDS:
            raise run.fail(f"{name[:80]!r} is no field of addresses")
    found = (pair for value in _fields(run, node, names) for pair in addresses(value))
    return run.matches(node, _parts(run, node, found))


def _parts(run: Run, node: Node, pairs: Iterator[tuple[str, str]]) -> Iterator[str]:
    """Return of each address the part that a test asks for (RFC 5228, 2.7.4; RFC 5233, 4)."""
    part = next((each for each in _PART if each in node.flags), "all")
    for local, domain in pairs:
        value = _PART[part](local, domain, run.facts.separator)
        if value is not None:
            yield value


def _whole(local: str, domain: str, separator: str) -> str:
    return f"{local}@{domain}" if domain else local


def _user(local: str, domain: str, separator: str) -> str:
    return local.partition(separator)[0] if separator else local


def _detail(local: str, domain: str, separator: str) -> str | None:
    """Return the detail; of an address without the separator there is none, and it matches
    nothing (RFC 5233, 4)."""
    _, found, detail = local.partition(separator) if separator else (local, "", "")
    return detail if found else None


_PART: Final[Mapping[str, Callable[[str, str, str], str | None]]] = {
    "all": _whole,
    "localpart": lambda local, domain, separator: local,
    "domain": lambda local, domain, separator: domain,
    "user": _user,
    "detail": _detail,
}


def _envelope(run: Run, node: Node) -> bool:
    values = {"from": run.facts.sender, "to": run.facts.recipient}
    found: list[tuple[str, str]] = []
    for name in run.texts(node, "parts"):
        if name.lower() not in ENVELOPE_PARTS:
            raise run.fail(f"{name[:80]!r} is no part of an envelope")
        local, at, domain = values[name.lower()].rpartition("@")
        # The null path is an empty string, whichever part is asked for (RFC 5228, 5.4).
        found.append((local, domain) if at else (domain, ""))
    return run.matches(node, _parts(run, node, iter(found)))


def _size(run: Run, node: Node) -> bool:
    limit = node.numbers["limit"]
    return run.message.size > limit if "over" in node.flags else run.message.size < limit


# -- of the body --------------------------------------------------------------------------------


def _body(run: Run, node: Node) -> bool:
    message = run.message
    if ":content" in node.texts:
        values: Iterator[str] = message.contents(run.texts(node, ":content"))
    elif "raw" in node.flags:
        values = iter((message.body(),))
    else:
        values = message.texts()
    return run.matches(node, values, captures=False)  # RFC 5173, 6


# -- of dates -----------------------------------------------------------------------------------


def _date(run: Run, node: Node) -> bool:
    name = run.one(node, "header")
    values = _fields(run, node, (name,))
    when = date_of(values[0]) if values else None
    return run.matches(node, _date_part(run, node, when))


def _currentdate(run: Run, node: Node) -> bool:
    return run.matches(node, _date_part(run, node, run.facts.now))


def _date_part(run: Run, node: Node, when: datetime | None) -> Sequence[str]:
    """Return the part that is asked for of a date; none of none (RFC 5260, 4)."""
    part = PARTS.get(run.one(node, "part").lower())
    if part is None:
        raise run.fail("no part of a date")
    zone = run.facts.now.tzinfo
    if ":zone" in node.texts:
        zone = zone_of(run.one(node, ":zone"))
        if zone is None:
            raise run.fail("no time zone such as +0100")
    if when is not None and "originalzone" not in node.flags:
        when = moved(when, zone)
    return () if when is None else (part(when),)


# -- of what is no message ----------------------------------------------------------------------


def _string(run: Run, node: Node) -> bool:
    sources = run.texts(node, "sources")
    if node.match is not None and node.match.kind == "count":
        sources = [each for each in sources if each]  # RFC 5229, 5: of those that are not empty
    return run.matches(node, sources)


def _hasflag(run: Run, node: Node) -> bool:
    names = run.texts(node, "variables") or [""]
    there = flags_of(run.variable(name) for name in names)
    keys = [word for text in run.texts(node, "flags") for word in text.split()]
    if node.match is not None and node.match.kind == "count":
        keys = run.texts(node, "flags")
    return run.matches(node, there, keys)


def _environment(run: Run, node: Node) -> bool:
    value = run.facts.environment.get(run.one(node, "name").lower())
    return run.matches(node, () if value is None else (value,))  # RFC 5183, 4


def _mailboxexists(run: Run, node: Node) -> bool:
    names = run.facts.folders.names
    return all(_folder(each) in names for each in run.texts(node, "names"))


def _folder(name: str) -> str:
    return "INBOX" if name.upper() == "INBOX" else name


def _specialuse_exists(run: Run, node: Node) -> bool:
    uses = {use.lower(): name for use, name in run.facts.folders.uses.items()}
    wanted = [each.lower() for each in run.texts(node, "uses")]
    if "mailbox" not in node.texts:
        return all(each in uses for each in wanted)
    return all(uses.get(each) == _folder(run.one(node, "mailbox")) for each in wanted)


def _duplicate(run: Run, node: Node) -> bool:
    """Tell whether the message was seen before (RFC 7352, 3)."""
    if ":uniqueid" in node.texts:
        identifier = run.one(node, ":uniqueid")
    else:
        name = run.one(node, ":header") if ":header" in node.texts else "Message-ID"
        values = run.message.values(name) if field_name.fullmatch(name) else ()
        if not values:
            return False
        identifier = values[0]
    handle = run.one(node, ":handle") if ":handle" in node.texts else ""
    digest = sha256(b"\0".join(each.encode() for each in (handle, identifier))).hexdigest()
    known = run.facts.seen.get(digest)
    if known is None:
        if len(run.facts.seen) >= limits.DUPLICATES:
            raise run.fail(f"more than {limits.DUPLICATES} messages looked for")
        raise Wanted(digest)
    seconds = node.numbers.get(":seconds", limits.DUPLICATE_SECONDS)
    if not known or "last" in node.flags:
        run.seen[digest] = Seen(digest, min(seconds, limits.LONGEST_SECONDS))
    return known


def _always(run: Run, node: Node) -> bool:
    return True


def _never(run: Run, node: Node) -> bool:
    return False


CONDITIONS: Final[Mapping[str, Condition]] = {
    "true": _always,
    "always": _always,
    "false": _never,
    "never": _never,
    "not": _not,
    "allof": _allof,
    "anyof": _anyof,
    "header": _header,
    "exists": _exists,
    "address": _address,
    "envelope": _envelope,
    "size": _size,
    "body": _body,
    "date": _date,
    "currentdate": _currentdate,
    "string": _string,
    "hasflag": _hasflag,
    "environment": _environment,
    "mailboxexists": _mailboxexists,
    "specialuse_exists": _specialuse_exists,
    "duplicate": _duplicate,
}
