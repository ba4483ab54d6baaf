"""Commands on mailboxes, from octets: SELECT to STATUS (RFC 3501, 6.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from netsuite.imap.commands import requests as say
from netsuite.imap.grammar.metadata import metadata_entries
from netsuite.imap.grammar.tokens import MODSEQ_TOP, BadSyntax, Cursor
from netsuite.imap.sequences import SequenceSet

_OPEN: Final = ord("(")
_PATTERNS: Final = 100  # of one LIST
#: RFC 3501, 6.3.10; HIGHESTMODSEQ: RFC 7162, 3.1.7; SIZE: RFC 8438; DELETED: RFC 9051;
#: DELETED-STORAGE: RFC 9208, 4.1.4; MAILBOXID: RFC 8474, 4.3.
STATUS_ITEMS: Final = frozenset(
    {
        "MESSAGES",
        "RECENT",
        "UIDNEXT",
        "UIDVALIDITY",
        "UNSEEN",
        "HIGHESTMODSEQ",
        "SIZE",
        "DELETED",
        "DELETED-STORAGE",
        "APPENDLIMIT",
        "MAILBOXID",
    }
)
_SELECTION_OPTIONS: Final = frozenset({"SUBSCRIBED", "SPECIAL-USE", "REMOTE", "RECURSIVEMATCH"})
#: MYRIGHTS: RFC 8440.
_RETURN_OPTIONS: Final = frozenset({"SUBSCRIBED", "SPECIAL-USE", "CHILDREN", "MYRIGHTS"})


def select_request(
    make: Callable[[str, bool, say.Resync | None], say.Request], cursor: Cursor
) -> say.Request:
    """Read SELECT or EXAMINE after its name."""
    # select = "SELECT" SP mailbox [select-params]                               (RFC 4466, 6)
    mailbox = cursor.space().mailbox()
    condstore = False
    resync = None

    def parameter() -> None:
        nonlocal condstore, resync
        name = cursor.name()
        if name == b"CONDSTORE":
            condstore = True
        elif name == b"QRESYNC":
            cursor.space()
            resync = _resync(cursor)
        else:
            raise BadSyntax("unknown parameter")

    if cursor.take(ord(" ")):
        cursor.items(parameter)
    return make(mailbox, condstore, resync)


def _resync(cursor: Cursor) -> say.Resync:
    # "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")"
    # seq-match-data = "(" known-sequence-set SP known-uid-set ")"               (RFC 7162, 7)
    # A mod-sequence of 0 is none's; clients that know nothing yet say it.
    cursor.expect(_OPEN)
    validity = cursor.nz_number()
    modseq = cursor.space().number(MODSEQ_TOP)
    known = matches = None
    more = cursor.take(ord(" "))
    if more and cursor.peek() != _OPEN:
        known = cursor.sequence_set()
        more = cursor.take(ord(" "))
    if more:
        cursor.expect(_OPEN)
        numbers = _fixed_set(cursor)
        cursor.space()
        uids = _fixed_set(cursor)
        cursor.expect(ord(")"))
        if numbers.size() != uids.size():
            raise BadSyntax("the two sets are not of one size")
        matches = numbers, uids
    cursor.expect(ord(")"))
    return say.Resync(validity, modseq, known, matches)


def _fixed_set(cursor: Cursor) -> SequenceSet:
    """Read a set of numbers that ascend, without "*" (RFC 7162, 7)."""
    numbers = cursor.sequence_set()
    if not numbers.is_fixed():
        raise BadSyntax("ascending numbers were expected")
    return numbers


def create_request(cursor: Cursor) -> say.Request:
    """Read CREATE after its name."""
    # create = "CREATE" SP mailbox [create-params]                               (RFC 4466, 6)
    # create-param =/ "USE" SP "(" [use-attr *(SP use-attr)] ")"                 (RFC 6154, 6)
    mailbox = cursor.space().mailbox()
    uses: list[str] = []

    def parameter() -> None:
        if cursor.name() != b"USE":
            raise BadSyntax("unknown parameter")
        uses.extend(cursor.space().items(cursor.flag, empty=True))

    if cursor.take(ord(" ")):
        cursor.items(parameter)
    return say.Create(mailbox, tuple(uses))


def rename_request(cursor: Cursor) -> say.Request:
    """Read RENAME after its name."""
    # rename = "RENAME" SP mailbox SP mailbox
    old = cursor.space().mailbox()
    return say.Rename(old, cursor.space().mailbox())


def lsub_request(cursor: Cursor) -> say.Request:
    """Read LSUB after its name."""
    # lsub = "LSUB" SP mailbox SP list-mailbox
    reference = cursor.space().mailbox()
    return say.Lsub(reference, cursor.space().list_mailbox())


def list_request(cursor: Cursor) -> say.Request:
    """Read LIST after its name."""
    # list = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]
    # mbox-or-pat = list-mailbox / patterns                                      (RFC 5258, 6)
    cursor.space()
    extended = False
    select: frozenset[str] = frozenset()
    if cursor.peek() == _OPEN:
        extended = True
        select = _options(cursor, _SELECTION_OPTIONS)
        if "RECURSIVEMATCH" in select and not select & {"SUBSCRIBED", "SPECIAL-USE"}:
            raise BadSyntax("RECURSIVEMATCH needs another option")
        cursor.space()
    reference = cursor.mailbox()
    cursor.space()
    if cursor.peek() == _OPEN:
        extended = True
        patterns = tuple(cursor.items(cursor.list_mailbox))
        if len(patterns) > _PATTERNS:
            raise BadSyntax("too many patterns")
    else:
        patterns = (cursor.list_mailbox(),)
    returns: set[str] = set()
    status: tuple[str, ...] = ()
    metadata: tuple[str, ...] = ()
    if cursor.take(ord(" ")):
        extended = True
        if cursor.name() != b"RETURN":
            raise BadSyntax("RETURN was expected")
        cursor.space()

        def option() -> None:
            nonlocal status, metadata
            name = cursor.name().decode("ascii")
            if name == "STATUS":  # RFC 5819, 4
                cursor.space()
                status = _status_items(cursor)
            elif name == "METADATA":  # RFC 9590, 3
                metadata = metadata_entries(cursor.space())
            elif name not in _RETURN_OPTIONS:
                raise BadSyntax("unknown return option")
            else:
                returns.add(name)

        cursor.items(option, empty=True)
    return say.List(reference, patterns, select, frozenset(returns), status, extended, metadata)


def _options(cursor: Cursor, known: frozenset[str]) -> frozenset[str]:
    names = {name.decode("ascii") for name in cursor.items(cursor.name, empty=True)}
    if not names <= known:
        raise BadSyntax("unknown option")
    return frozenset(names)


def status_request(cursor: Cursor) -> say.Request:
    """Read STATUS after its name."""
    # status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"
    mailbox = cursor.space().mailbox()
    cursor.space()
    return say.StatusOf(mailbox, _status_items(cursor))


def _status_items(cursor: Cursor) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.decode("ascii") for name in cursor.items(cursor.name)))
    if not STATUS_ITEMS.issuperset(names):
        raise BadSyntax("unknown status item")
    return names
