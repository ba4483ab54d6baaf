"""Threads of messages: by subject, and by what answers what (RFC 5256, 3).

Nothing here calls itself: a thread may be as deep as there are messages. What takes long is done in
steps, so that others may do something between them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from netsuite.message.sorting import read_subject

#: Messages that are looked at in one step.
STEP: Final = 1000
#: How deep a message stands, and its place among those that were given; ``NOBODY`` for one that is
#: not among them.
Rows: TypeAlias = list[tuple[int, int]]
#: What is done in steps, and what it comes to.
Steps: TypeAlias = Generator[None, None, Rows]
NOBODY: Final = -1

_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"(?=@|\Z)')
_ESCAPED: Final = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Threaded:
    """What messages are threaded by, one value each.

    Args:
        sent: when they were sent, in seconds; where that is not known, when they were received.
        keys: see ``message.sorting.format_keys``.
        message_ids: empty for one that has none.
        references: with spaces between, oldest first.
    """

    sent: Sequence[int]
    keys: Sequence[str]
    message_ids: Sequence[str] = ()
    references: Sequence[str] = ()


def by_subject(messages: Threaded) -> Steps:
    """Return messages of one base subject as a thread each: ORDEREDSUBJECT."""
    threads: dict[str, list[int]] = {}
    sent = messages.sent
    for place, keys in enumerate(messages.keys):
        threads.setdefault(keys.partition("\n")[0], []).append(place)
        if place % STEP == 0:
            yield
    for step, thread in enumerate(threads.values()):
        thread.sort(key=sent.__getitem__)
        if step % STEP == 0:
            yield
    rows: Rows = []
    begun = sorted(threads.values(), key=lambda each: (sent[each[0]], each[0]))
    for step, thread in enumerate(begun):
        rows.append((0, thread[0]))
        rows += [(1, place) for place in thread[1:]]
        if step % STEP == 0:
            yield
    return rows


def by_references(messages: Threaded) -> Steps:
    """Return messages as their references and subjects say that they hang together: REFERENCES."""
    forest = _Forest(messages)
    yield from forest.link()  # step 1
    yield from forest.prune()  # steps 2 and 3
    yield
    forest.sort_roots()  # step 4
    yield
    forest.gather()  # step 5
    yield
    yield from forest.sort()  # step 6
    return forest.rows()


class _Forest:
    """Messages and what is below each. The first nodes are the messages that were given; those
    behind them are nobody's: referred to, but not there, or made to hold others together."""

    def __init__(self, messages: Threaded) -> None:
        count = len(messages.sent)
        self._messages = messages
        self._count = count
        self._parents = [NOBODY] * count
        # Dictionaries keep their order, and give one up wherever it stands.
        self._children: list[dict[int, None] | None] = [None] * count
        self._roots: list[int] = []

    def _nobody(self) -> int:
        self._parents.append(NOBODY)
        self._children.append(None)
        return len(self._parents) - 1

    def _below(self, node: int) -> dict[int, None]:
        return self._children[node] or {}

    # -- step 1

    def link(self) -> Iterator[None]:
        """Link messages by their references."""
        nodes: dict[str, int] = {}
        for place, name in enumerate(messages_ids := self._messages.message_ids):
            if name:
                # Of several with one Message-ID the first has it, the others have one of their own.
                nodes.setdefault(_normal(name), place)
        assert len(messages_ids) == self._count
        for place, references in enumerate(self._messages.references):
            if place % STEP == 0:
                yield
            before = NOBODY
            for name in _names(references):
                node = nodes.get(name, NOBODY)
                if node == NOBODY:
                    node = nodes[name] = self._nobody()
                if before != NOBODY and self._parents[node] == NOBODY:
                    self._link(before, node)
                before = node
            self._unlink(place)
            if before != NOBODY:
                self._link(before, place)

    def _unlink(self, child: int) -> None:
        parent = self._parents[child]
        if parent != NOBODY:
            self._parents[child] = NOBODY
            del self._below(parent)[child]

    def _link(self, parent: int, child: int) -> None:
        """Put one below another, where that makes no loop."""
        if parent == child or (self._children[child] and self._is_below(parent, child)):
            return
        self._parents[child] = parent
        children = self._children[parent]
        if children is None:
            self._children[parent] = {child: None}
        else:
            children[child] = None

    def _is_below(self, node: int, other: int) -> bool:
        """Return whether a node is another or below it. Looked at from both ends at once, so that
        the shorter way decides: a chain is linked in time that grows with its length."""
        waiting: list[int] = [other]
        while waiting:
            below = waiting.pop()
            if node in (below, other):
                return True
            waiting.extend(self._below(below))
            node = self._parents[node]
            if node == NOBODY:
                return False
        return False

    # -- steps 2 and 3

    def prune(self) -> Iterator[None]:
        """Have nobody in the tree, but at its root where several hang together by it."""
        parents, count = self._parents, self._count
        tops = [node for node, parent in enumerate(parents) if parent == NOBODY]
        for step, node in enumerate(reversed(self._inner(tops))):
            if step % STEP == 0:
                yield
            if node < count:
                continue
            below = self._below(node)
            parent = parents[node]
            if parent == NOBODY and len(below) > 1:
                self._roots.append(node)
                continue
            self._unlink(node)
            for child in below:
                parents[child] = parent
                if parent != NOBODY:
                    self._children_of(parent)[child] = None
            self._children[node] = None
        self._roots += [node for node in range(count) if parents[node] == NOBODY]

    def _children_of(self, node: int) -> dict[int, None]:
        children = self._children[node]
        if children is None:
            children = self._children[node] = {}
        return children

    def _inner(self, tops: Iterable[int]) -> list[int]:
        """Return those at the top and below that have something below them, or are nobody's; each
        before what is below it."""
        children, count = self._children, self._count
        order: list[int] = []
        waiting = [node for node in tops if children[node] or node >= count]
        while waiting:
            node = waiting.pop()
            order.append(node)
            below = children[node]
            if below:
                waiting += [child for child in below if children[child] or child >= count]
        return order

    # -- step 4

    def _first(self, node: int) -> int:
        """Return the message that stands for a node, nobody's being sorted already."""
        return node if node < self._count else next(iter(self._below(node)))

    def _moment(self, node: int) -> tuple[int, int]:
        first = self._first(node)
        return self._messages.sent[first], first

    def _by_moment(self, nodes: Iterable[int]) -> list[int]:
        """Return nodes, nobody's being sorted already, as they follow each other."""
        count, sent = self._count, self._messages.sent
        return [
            node
            for _, _, node in sorted(
                [
                    (sent[node], node, node) if node < count else (*self._moment(node), node)
                    for node in nodes
                ]
            )
        ]

    def _sort_below(self, node: int) -> None:
        below = self._children[node]
        if below is not None and len(below) > 1:
            self._children[node] = dict.fromkeys(self._by_moment(below))

    def sort_roots(self) -> None:
        """Sort what begins the threads."""
        for node in self._roots:
            if node >= self._count:
                self._sort_below(node)
        self._roots = self._by_moment(self._roots)

    # -- step 5

    def gather(self) -> None:
        """Put threads of one base subject together."""
        roots = self._roots
        subjects: dict[int, tuple[str, bool]] = {}
        table: dict[str, int] = {}
        for node in roots:
            subject, answers = read_subject(self._messages.keys[self._first(node)])
            subjects[node] = subject, answers and node < self._count
            if not subject:
                continue
            there = table.setdefault(subject, node)
            if there < self._count and (
                node >= self._count or (subjects[there][1] and not subjects[node][1])
            ):
                table[subject] = node
        begins: dict[int, None] = dict.fromkeys(roots)
        for node in roots:
            subject, answers = subjects[node]
            there = table.get(subject, node)
            if there == node:
                continue
            if there >= self._count:
                if node >= self._count:
                    self._children_of(there).update(self._below(node))
                    self._children[node] = None
                else:
                    self._children_of(there)[node] = None
            elif answers and not subjects[there][1]:
                self._children_of(there)[node] = None
            else:
                both = table[subject] = self._nobody()
                self._children[both] = {there: None, node: None}
                begins[both] = None
                del begins[there]
            del begins[node]
        self._roots = list(begins)

    # -- step 6

    def sort(self) -> Iterator[None]:
        """Sort all siblings, the deepest first."""
        for step, node in enumerate(reversed(self._inner(self._roots))):
            if step % STEP == 0:
                yield
            self._sort_below(node)
        self._roots = self._by_moment(self._roots)

    def rows(self) -> Rows:
        """Return all, each before what is below it."""
        rows: Rows = []
        children, count = self._children, self._count
        for root in self._roots:
            waiting = [(0, root)]
            while waiting:
                row = waiting.pop()
                depth, node = row
                rows.append(row if node < count else (depth, NOBODY))
                below = children[node]
                if below:
                    waiting += [(depth + 1, child) for child in reversed(below)]
        return rows


def _normal(name: str) -> str:
    """Return a Message-ID as it is compared: quotes that need not be are none."""
    if '"' not in name:
        return name
    return _QUOTED.sub(lambda found: _ESCAPED.sub(r"\1", found.group(1)), name)


def _names(references: str) -> Iterable[str]:
    names = references.split()
    return map(_normal, names) if '"' in references else names


#: The ways of RFC 5256.
Way: TypeAlias = Callable[[Threaded], Steps]
