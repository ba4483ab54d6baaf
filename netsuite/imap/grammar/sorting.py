"""The grammar of SORT and THREAD, both ways (RFC 5256, 5; RFC 5957, 5)."""

from __future__ import annotations

from array import array
from functools import partial
from typing import Final

from netsuite.imap.commands.sorting import (
    Algorithm,
    Criterion,
    Sort,
    SortData,
    Thread,
    ThreadData,
)
from netsuite.imap.grammar.esearch import format_returns, parse_returns
from netsuite.imap.grammar.search import format_key, parse_charset, parse_program
from netsuite.imap.grammar.tokens import MODSEQ_TOP, BadSyntax, Cursor

_OPEN, _CLOSE, _SPACE = ord("("), ord(")"), ord(" ")
#: Criteria of one SORT: more than there are, each way round, order nothing any more.
_CRITERIA: Final = 2 * len(Criterion)


def sort_request(by_uid: bool, cursor: Cursor) -> Sort:
    """Read SORT after its name. Raises BadCharset."""
    # sort = ["UID" SP] "SORT" SP sort-criteria SP search-criteria
    # search-criteria = charset 1*(SP search-key)
    returns = parse_returns(cursor)
    criteria = tuple(cursor.space().items(partial(_criterion, cursor)))
    if len(criteria) > _CRITERIA:
        raise BadSyntax("too many criteria")
    charset = parse_charset(cursor.space())
    return Sort(criteria, parse_program(cursor, charset), charset, by_uid, returns)


def _criterion(cursor: Cursor) -> tuple[Criterion, bool]:
    # sort-criterion = ["REVERSE" SP] sort-key
    name = cursor.name()
    reverse = name == b"REVERSE"
    if reverse:
        name = cursor.space().name()
    try:
        return Criterion(name.decode("ascii")), reverse
    except ValueError:
        raise BadSyntax("unknown sort criterion") from None


def thread_request(by_uid: bool, cursor: Cursor) -> Thread:
    """Read THREAD after its name. Raises BadCharset."""
    # thread = ["UID" SP] "THREAD" SP thread-alg SP search-criteria
    name = cursor.space().name().decode("ascii")
    try:
        algorithm = Algorithm(name)
    except ValueError:
        raise BadSyntax("unknown algorithm") from None
    charset = parse_charset(cursor.space())
    return Thread(algorithm, parse_program(cursor, charset), charset, by_uid)


def format_sort(request: Sort) -> bytes:
    """Return SORT."""
    criteria = b" ".join(
        (b"REVERSE " if reverse else b"") + criterion.value.encode()
        for criterion, reverse in request.criteria
    )
    words = b"SORT", format_returns(request.returns), b" (%b) " % criteria
    return b"".join((*words, _program(request)))


def format_thread(request: Thread) -> bytes:
    """Return THREAD."""
    return b"THREAD %b %b" % (request.algorithm.value.encode(), _program(request))


def _program(request: Sort | Thread) -> bytes:
    return b"%b %b" % (request.charset.encode("ascii"), format_key(request.key))


# -- responses ------------------------------------------------------------------------------------


def parse_sort(cursor: Cursor) -> SortData:
    """Read SORT, of a server, after its name."""
    # sort-data = "SORT" *(SP nz-number) [SP search-sort-mod-seq]                (RFC 7162, 7)
    numbers = array("I")
    modseq = None
    while cursor.take(_SPACE) and not cursor.at_end():
        if cursor.take(_OPEN):
            if cursor.name() != b"MODSEQ":
                raise BadSyntax("MODSEQ was expected")
            modseq = cursor.space().number(MODSEQ_TOP)
            cursor.expect(_CLOSE)
        else:
            numbers.append(cursor.nz_number())
    return SortData(tuple(numbers), modseq)


def format_sort_data(value: SortData) -> bytes:
    """Return a SORT response."""
    modseq = b"" if value.modseq is None else b" (MODSEQ %d)" % value.modseq
    return b"* SORT%b%b\r\n" % (b"".join(map(b" %d".__mod__, value.numbers)), modseq)


def parse_thread(cursor: Cursor) -> ThreadData:
    """Read THREAD, of a server, after its name."""
    # thread-data    = "THREAD" [SP 1*thread-list]
    # thread-list    = "(" (thread-members / thread-nested) ")"
    # thread-members = nz-number *(SP nz-number) [SP thread-nested]
    # thread-nested  = 2*thread-list
    rows: list[tuple[int, int]] = []
    opened: list[int] = []  # how deep each list that is open began
    depth = 0
    while not cursor.at_end():
        if cursor.take(_SPACE):
            continue
        if cursor.take(_OPEN):
            opened.append(depth)
            if cursor.peek() == _OPEN:
                rows.append((depth, 0))
                depth += 1
        elif cursor.take(_CLOSE):
            if not opened:
                raise BadSyntax("a list ends that did not begin")
            depth = opened.pop()
        elif not opened:
            raise BadSyntax("a thread was expected")
        else:
            rows.append((depth, cursor.nz_number()))
            depth += 1
    if opened:
        raise BadSyntax("a list does not end")
    return ThreadData(tuple(rows))


def format_thread_data(value: ThreadData) -> bytes:
    """Return a THREAD response."""
    return b"* THREAD%b%b\r\n" % (b" " if value.rows else b"", b"".join(_lists(value)))


def _lists(value: ThreadData) -> list[bytes]:
    """An only answer goes on in the list of what it answers; each of several has its own."""
    rows = value.rows
    answers = [0] * len(rows)
    path: list[int] = []  # where the rows are under which we stand
    parents: list[int] = []
    for place, (depth, _) in enumerate(rows):
        del path[depth:]
        if path:
            parents.append(path[-1])
            answers[path[-1]] += 1
        else:
            parents.append(-1)
        path.append(place)
    said: list[bytes] = []
    lists: list[bool] = []  # whether each of the path has a list of its own
    for place, (parent, (depth, number)) in enumerate(zip(parents, rows, strict=True)):
        if len(lists) > depth:
            said.append(b")" * sum(lists[depth:]))
            del lists[depth:]
        own = parent < 0 or answers[parent] > 1
        lists.append(own)
        # The first answer stands right behind what it answers.
        if parent >= 0 and parent == place - 1 and rows[parent][1]:
            said.append(b" ")
        if own:
            said.append(b"(")
        if number:
            said.append(b"%d" % number)
    said.append(b")" * sum(lists))
    return said
