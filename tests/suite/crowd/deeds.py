"""What clients do at random, and what each of it must come to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from netsuite.imap.commands.responses import (
    ExtendedSearchData,
    SearchData,
    StatusData,
)
from netsuite.imap.sequences import TOP, SequenceSet
from tests.suite.crowd.ledger import content
from tests.suite.crowd.member import Answer, Gone, Member

Deed = Callable[[Member], Awaitable[None]]

#: Beyond so many messages none are brought to a mailbox.
ENOUGH: Final = 150
FLAGS: Final = (b"\\Seen", b"\\Flagged", b"\\Answered", b"$Work", b"$Junk", b"\\Deleted")
_KEYS: Final = (
    b"ALL", b"UNSEEN", b"FLAGGED", b"NOT DELETED", b"SUBJECT number", b"OR SEEN KEYWORD $Work",
    b"LARGER 1000", b"TEXT number",
)  # fmt: skip
_GONE: Final = ("EXPUNGEISSUED",)


# -- which messages -------------------------------------------------------------------------------


def some_uids(member: Member, count: int) -> list[int]:
    """Return UIDs that a client knows; some others know may be gone."""
    assert member.known is not None
    known = [uid for uid in member.known.uids if uid is not None]
    return sorted(member.chance.sample(known, min(len(known), member.chance.randint(1, count))))


def as_set(uids: Sequence[int]) -> bytes:
    """Return UIDs as a command names them."""
    return bytes(SequenceSet.of(uids))


def some_numbers(member: Member) -> bytes:
    """Return a range of message numbers; nothing where there are none, or none may be used."""
    assert member.known is not None
    count = len(member.known.uids)
    if not count or member.kind.at_once or member.kind.by_uid:
        return b""
    low = member.chance.randint(1, count)
    return b"%d:%d" % (low, min(count, low + member.chance.randint(0, 20)))


def mailbox(member: Member) -> str:
    """Return one of the mailboxes that a client may open."""
    return member.chance.choice(sorted(member.names))


def quoted(member: Member, name: str) -> bytes:
    """Return a mailbox's name for a client."""
    return b'"%b"' % member.names[name].encode()


# -- looking --------------------------------------------------------------------------------------


async def noop(member: Member) -> None:
    """Ask for news."""
    await member.ask(member.chance.choice((b"NOOP", b"CHECK")))


async def look(member: Member) -> None:
    """Look at all flags."""
    await member.look()


async def look_by_number(member: Member) -> None:
    """Look at some messages by their numbers."""
    numbers = some_numbers(member)
    if numbers:
        items = member.chance.choice((b"FLAGS", b"(UID FLAGS)", b"(UID ENVELOPE BODYSTRUCTURE)"))
        await member.ask(b"FETCH %b %b" % (numbers, items), numbers=True, may=_GONE)


async def read(member: Member) -> None:
    """Read some messages whole; some are then seen."""
    uids = some_uids(member, 5)
    if uids:
        peek = member.chance.choice((b".PEEK", b""))
        await member.ask(b"UID FETCH %b (UID BODY%b[])" % (as_set(uids), peek))


async def changed(member: Member) -> None:
    """Ask for what has changed since some mod-sequence."""
    assert member.known is not None
    if member.kind.modseqs and member.known.modseq:
        vanished = b" VANISHED" if member.kind.qresync else b""
        since = member.chance.randint(1, member.known.modseq)
        await member.ask(b"UID FETCH 1:* (FLAGS) (CHANGEDSINCE %d%b)" % (since, vanished))


async def search(member: Member) -> None:
    """Search; nothing is found that was gone before, or that the client does not know."""
    key = member.chance.choice(_KEYS)
    if member.chance.random() < 0.3 and some_numbers(member):
        answer = await member.ask(b"SEARCH %b" % key, numbers=True)
        assert member.known is not None
        assert all(number <= len(member.known.uids) for number in found(answer))
        return
    assert member.known is not None
    known = set(member.known.uids)
    returned = member.chance.choice((b"", b"RETURN (MIN MAX COUNT ALL) "))
    answer = await member.ask(b"UID SEARCH %b%b" % (returned, key))
    box = member.box()
    for uid in found(answer):
        # Of what is gone it may find what it was not told of (RFC 2180, 4.3).
        assert uid in known or None in known or box.gone.get(uid, TOP) > answer.began, uid
    for event in answer.events:
        if isinstance(event, ExtendedSearchData) and event.count is not None:
            assert event.count == len(found(answer))


async def sort(member: Member) -> None:
    """Have messages sorted, and threads made of them."""
    await member.ask(b"UID SORT (SUBJECT REVERSE ARRIVAL) UTF-8 ALL")
    await member.ask(b"UID THREAD REFERENCES UTF-8 ALL")


def found(answer: Answer) -> list[int]:
    """Return what a search found."""
    numbers: list[int] = []
    for event in answer.events:
        if isinstance(event, SearchData):
            numbers += event.numbers
        elif isinstance(event, ExtendedSearchData) and event.all is not None:
            for low, high in event.all.resolve(TOP):
                numbers += range(low, high + 1)
    return numbers


async def status(member: Member) -> None:
    """Ask how a mailbox is."""
    name = mailbox(member)
    box = member.ledger.boxes[name]
    highest, modseq = box.highest, box.highest_modseq
    items = b"(MESSAGES UIDNEXT UNSEEN HIGHESTMODSEQ)"
    answer = await member.ask(b"STATUS %b %b" % (quoted(member, name), items))
    said = [dict(event.values) for event in answer.events if isinstance(event, StatusData)
            and event.mailbox == member.names[name]]  # fmt: skip
    assert said[-1]["UIDNEXT"] > highest
    assert said[-1]["HIGHESTMODSEQ"] >= modseq


async def listing(member: Member) -> None:
    """Ask which mailboxes there are."""
    await member.ask(b'LIST "" * RETURN (STATUS (MESSAGES) SUBSCRIBED)')


# -- changing -------------------------------------------------------------------------------------


async def mark(member: Member) -> None:
    """Change flags."""
    assert member.known is not None
    flag, sign = member.chance.choice(FLAGS), member.chance.choice((b"+", b"-", b""))
    by_uid = member.chance.random() < 0.7
    uids = some_uids(member, 8)
    which = as_set(uids) if by_uid and uids else some_numbers(member)
    if not which:
        return
    if not (by_uid and uids):
        low, _, high = which.partition(b":")
        uids = [uid for uid in member.known.uids[int(low) - 1 : int(high)] if uid is not None]
        if flag == b"\\Deleted":
            return  # of some it may not know which they are
    if flag == b"\\Deleted" and sign != b"-":
        member.box().mark(*uids)
    condition, silent = b"", b""
    if member.kind.modseqs and member.chance.random() < 0.3:
        condition = b" (UNCHANGEDSINCE %d)" % member.chance.randint(0, member.known.modseq)
    elif by_uid and member.chance.random() < 0.4:
        silent = b".SILENT"
        _mark_known(member, uids, sign, flag.decode())
    await member.ask(
        b"%bSTORE %b%b %bFLAGS%b (%b)"
        % (b"UID " if by_uid and uids else b"", which, condition, sign, silent, flag),
        numbers=not (by_uid and uids),
        may=_GONE,
    )


def _mark_known(member: Member, uids: Sequence[int], sign: bytes, flag: str) -> None:
    """Have a client know what it does itself, of which it is not told."""
    assert member.known is not None
    flags = member.known.flags
    for uid in uids:
        if uid in flags:
            before = flags[uid]
            flags[uid] = {b"+": before | {flag}, b"-": before - {flag}}.get(sign, frozenset({flag}))


def _message(member: Member, number: int) -> bytes:
    flags = member.chance.choice((b"", b" (\\Seen)", b" ($Work \\Flagged)"))
    octets = content(number)
    return b"%b {%d+}\r\n%b" % (flags, len(octets), octets)


async def append(member: Member) -> None:
    """Bring one message or two."""
    name = mailbox(member)
    box = member.ledger.boxes[name]
    if len(box.numbers.keys() - box.gone.keys()) > ENOUGH:
        return
    numbers = [member.ledger.new() for _ in range(member.chance.choice((1, 1, 2)))]
    above = box.highest
    messages = b"".join(_message(member, number) for number in numbers)
    answer = await member.ask(b"APPEND %b%b" % (quoted(member, name), messages))
    put = answer.copied()
    assert put is not None
    for uid, number in zip(_each(put.uids), numbers, strict=True):
        member.ledger.put(box, uid, number, above)


async def copy(member: Member) -> None:
    """Copy some messages, or move them; what was gone before is in neither."""
    uids = some_uids(member, 4)
    source, target = member.box(), member.ledger.boxes[mailbox(member)]
    moves = member.chance.random() < 0.5 and source is not target
    if not uids or (not moves and len(target.numbers.keys() - target.gone.keys()) > ENOUGH):
        return
    if not source.numbers.keys() >= set(uids):
        await member.ask(b"UID FETCH %b (UID BODY.PEEK[])" % as_set(uids))
    if moves:
        source.doomed.update(uids)
    above = target.highest
    line = b"UID %b %b %b" % (
        b"MOVE" if moves else b"COPY", as_set(uids), quoted(member, target.name),
    )  # fmt: skip
    answer = await member.ask(line, may=_GONE)
    put = answer.copied()
    if put is None:
        return
    assert put.sources is not None
    for uid, new in zip(_each(put.sources), _each(put.uids), strict=True):
        assert uid in uids
        assert source.gone.get(uid, TOP) > answer.began, f"{uid} was put elsewhere, which is gone"
        if uid in source.numbers:
            member.ledger.put(target, new, source.numbers[uid], above)
        if uid in source.marked:
            target.mark(new)


def _each(numbers: SequenceSet) -> list[int]:
    return [number for low, high in numbers.resolve(TOP) for number in range(low, high + 1)]


async def expunge(member: Member) -> None:
    """Remove what is marked, all of it or some."""
    uids = some_uids(member, 20)
    if uids and member.chance.random() < 0.5:
        await member.ask(b"UID EXPUNGE %b" % as_set(uids))
    else:
        await member.ask(b"EXPUNGE")


async def remove(member: Member) -> None:
    """Mark the first messages as deleted, and remove them."""
    assert member.known is not None
    known = [uid for uid in member.known.uids if uid is not None]
    if len(known) > ENOUGH // 3:
        uids = known[: len(known) // 3]
        member.box().mark(*uids)
        await member.ask(b"UID STORE %b +FLAGS (\\Deleted)" % as_set(uids))
        await member.ask(b"UID EXPUNGE %b" % as_set(uids))


async def many(member: Member) -> None:
    """Say several things before any is answered."""
    uids = some_uids(member, 5)
    if uids:
        which = as_set(uids)
        answers = [
            member.say(line)
            for line in (
                b"UID FETCH %b (UID FLAGS RFC822.SIZE)" % which,
                b"UID STORE %b +FLAGS ($Work)" % which,
                b"NOOP",
                b"UID FETCH %b (UID BODY.PEEK[])" % which,
                b"UID SEARCH UID %b" % which,
            )
        ]
        await asyncio.wait_for(asyncio.gather(*(each.done for each in answers)), 60)


async def side(member: Member) -> None:
    """Make a mailbox, put a message there, rename it, and remove it."""
    number = member.ledger.new()
    one, other = b"side/%d" % number, b"side/renamed %d" % number
    await member.ask(b'CREATE "%b"' % one)
    await member.ask(b'APPEND "%b" {5+}\r\nhello' % one)
    await member.ask(b'RENAME "%b" "%b"' % (one, other))
    await member.ask(b'STATUS "%b" (MESSAGES)' % one, may=("NONEXISTENT",))
    answer = await member.ask(b'STATUS "%b" (MESSAGES)' % other)
    assert StatusData(other.decode(), (("MESSAGES", 1),)) in answer.events
    member.sides.append(other)
    await member.idle(member.chance.random() / 10)
    await member.ask(b'DELETE "%b"' % other)
    member.sides.remove(other)


# -- coming and going -----------------------------------------------------------------------------


async def idle(member: Member) -> None:
    """Wait for news."""
    await member.idle(member.chance.random() / 3)


async def select(member: Member) -> None:
    """Open another mailbox, or the same anew."""
    await member.select(mailbox(member))


async def visit(member: Member) -> None:
    """Open a mailbox that is removed meanwhile, perhaps."""
    name = member.chance.choice(member.sides) if member.sides else b""
    if name:
        try:
            await member.visit(name)
        except Gone:
            member.may_be_thrown_out = False
            await member.connect(mailbox(member))
        else:
            await member.select(mailbox(member))


async def leave(member: Member) -> None:
    """Leave, in order or not, in the midst of a command perhaps, and come back."""
    abrupt = member.chance.random() < 0.6
    if abrupt:
        lines = member.chance.choice(
            ((), (b"UID FETCH 1:* (UID BODY.PEEK[])",), (b"IDLE",), (b"NOOP", b"UID SEARCH TEXT x"))
        )
        for line in lines:
            member.say(line)
        if b"IDLE" not in lines and member.chance.random() < 0.3:
            number = member.ledger.new()
            member.ledger.uncertain.add(number)
            octets = content(number)
            name = quoted(member, mailbox(member))
            part = octets[: member.chance.choice((10, len(octets)))]
            member.say(b"APPEND %b {%d+}\r\n%b" % (name, len(octets), part))
        await asyncio.sleep(member.chance.random() / 50)
    await member.leave(abrupt=abrupt)
    await member.connect(mailbox(member))


DEEDS: Final[Sequence[tuple[int, Deed]]] = (
    (4, noop), (4, look), (4, look_by_number), (5, read), (3, changed), (5, search), (1, sort),
    (2, status), (1, listing), (10, mark), (7, append), (4, copy), (3, expunge), (1, remove),
    (2, many), (1, side), (3, idle), (2, select), (1, visit), (1, leave),
)  # fmt: skip


async def something(member: Member) -> None:
    """Do one of them, or find the mailbox and open it again."""
    deeds = [deed for _, deed in DEEDS]
    (deed,) = member.chance.choices(deeds, [weight for weight, _ in DEEDS])
    await deed(member)
