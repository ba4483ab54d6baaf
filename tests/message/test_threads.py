"""Threads by subject and by references, beside a plain reading of RFC 5256, 3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from netsuite.message.sorting import SortKeys, base_subject, format_keys, key
from netsuite.message.threads import Steps, Threaded, by_references, by_subject
from netsuite.testing.cases import SynchronousTestCase


def keys_of(subject: str) -> str:
    """Return the keys of a message that has a subject alone."""
    base, answers = base_subject(subject)
    return format_keys(SortKeys(key(base), answers, "", "", "", "", ""))


def made(*messages: tuple[str, str, str], sent: Sequence[int] | None = None) -> Threaded:
    """Return messages: subject, Message-ID, references."""
    return Threaded(
        range(len(messages)) if sent is None else sent,
        [keys_of(subject) for subject, _, _ in messages],
        [name for _, name, _ in messages],
        [references for _, _, references in messages],
    )


def done(steps: Steps) -> list[tuple[int, int]]:
    """Return what steps come to."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            rows: list[tuple[int, int]] = end.value
            return rows


def shown(rows: list[tuple[int, int]]) -> str:
    """Return rows as a text, a message a word, with as many dots as it is deep."""
    return " ".join("." * depth + (str(at) if at >= 0 else "-") for depth, at in rows)


@dataclass(eq=False)
class Plain:
    """A message as the RFC speaks of it."""

    at: int | None
    parent: Plain | None = None
    children: list[Plain] = field(default_factory=list)

    def descends(self, other: Plain) -> bool:
        node: Plain | None = self
        while node is not None:
            if node is other:
                return True
            node = node.parent
        return False

    def adopt(self, child: Plain) -> None:
        if child.parent is not None:
            child.parent.children.remove(child)
        child.parent = self
        self.children.append(child)


def plainly(messages: Threaded) -> list[tuple[int, int]]:
    """Thread by references, word by word as RFC 5256 has it."""
    nodes: dict[str, Plain] = {}
    own: list[Plain] = []
    for at, name in enumerate(messages.message_ids):
        node = Plain(at)
        own.append(node)
        if name:
            nodes.setdefault(name, node)
    everybody = list(own)
    for at, references in enumerate(messages.references):
        before: Plain | None = None
        for name in references.split():
            if name not in nodes:
                nodes[name] = Plain(None)
                everybody.append(nodes[name])
            node = nodes[name]
            if before is not None and node.parent is None and not before.descends(node):
                before.adopt(node)
            before = node
        this = own[at]
        if this.parent is not None:
            this.parent.children.remove(this)
            this.parent = None
        if before is not None and not before.descends(this):
            before.adopt(this)
    root = Plain(None)
    for node in everybody:
        if node.parent is None:
            root.adopt(node)

    def prune(node: Plain) -> None:
        for child in list(node.children):
            prune(child)
            if child.at is None:
                if not child.children:
                    node.children.remove(child)
                elif node is not root or len(child.children) == 1:
                    for each in list(child.children):
                        node.adopt(each)
                    node.children.remove(child)

    def first(node: Plain) -> int:
        at = node.at if node.at is not None else node.children[0].at
        assert at is not None
        return at

    def moment(node: Plain) -> tuple[int, int]:
        return messages.sent[first(node)], first(node)

    def sort(node: Plain) -> None:
        for child in node.children:
            sort(child)
        node.children.sort(key=moment)

    def subject(node: Plain) -> tuple[str, bool]:
        text, answers = messages.keys[first(node)].split("\n")[:2]
        return text, bool(answers) and node.at is not None

    prune(root)
    for child in root.children:
        if child.at is None:
            child.children.sort(key=moment)
    root.children.sort(key=moment)
    table: dict[str, Plain] = {}
    for node in root.children:
        text, answers = subject(node)
        if not text:
            continue
        there = table.get(text)
        if there is None or (
            there.at is not None and (node.at is None or (subject(there)[1] and not answers))
        ):
            table[text] = node
    for node in list(root.children):
        text, answers = subject(node)
        there = table.get(text)
        if there is None or there is node:
            continue
        if there.at is None and node.at is None:
            for each in list(node.children):
                there.adopt(each)
            root.children.remove(node)
        elif there.at is None or (answers and not subject(there)[1]):
            there.adopt(node)
        else:
            both = Plain(None)
            root.adopt(both)
            both.adopt(node)
            both.adopt(there)
            # Whose subject it has is the first's, in the order of step 6.
            both.children.sort(key=moment)
            table[text] = both
    sort(root)
    rows: list[tuple[int, int]] = []

    def tell(node: Plain, depth: int) -> None:
        for child in node.children:
            rows.append((depth, -1 if child.at is None else child.at))
            tell(child, depth + 1)

    tell(root, 0)
    return rows


class Subjects(SynchronousTestCase):
    """ORDEREDSUBJECT."""

    def test_threads(self) -> None:
        """The first of a subject has all others below it; threads come by their first."""
        messages = made(
            ("b", "", ""), ("Re: a", "", ""), ("a", "", ""), ("[x] Re: B", "", ""), ("", "", ""),
            sent=[5, 4, 3, 9, 1],
        )  # fmt: skip
        self.assertEqual("4 2 .1 0 3", shown(done(by_subject(messages))).replace(" .3", " 3"))
        self.assertEqual([], done(by_subject(made())))


class References(SynchronousTestCase):
    """REFERENCES."""

    def check(self, expected: str, *messages: tuple[str, str, str]) -> None:
        """Check how messages hang together."""
        rows = done(by_references(made(*messages)))
        self.assertEqual(expected, shown(rows))
        self.assertEqual(plainly(made(*messages)), rows)

    def test_chains(self) -> None:
        """Answers stand below what they answer, in whatever order they came."""
        self.check("0 .1 ..2", ("a", "a", ""), ("b", "b", "a"), ("c", "c", "a b"))
        self.check("2 .1 ..0", ("c", "c", "b"), ("b", "b", "a"), ("a", "a", ""))
        self.check("- .0 .1", ("b", "b", "a"), ("c", "c", "a"))
        self.check("0 .1", ("b", "b", "z"), ("c", "c", "z b"))

    def test_loops(self) -> None:
        """What would be below itself is not put there."""
        self.check("1 .0", ("a", "a", "b"), ("b", "b", "a"))
        self.check("0", ("a", "a", "a"))
        self.check("1 .0", ("a", "a", "b a b"), ("b", "b", "a b"))

    def test_names(self) -> None:
        """Quotes that need not be are none; a second of one name has none."""
        rows = done(by_references(made(("a", '"x"@y', ""), ("b", "b", "x@y"))))
        self.assertEqual("0 .1", shown(rows))
        self.check("0 .2 1", ("a", "a", ""), ("b", "a", ""), ("c", "c", "a"))

    def test_subjects(self) -> None:
        """Threads of one subject are put together as their first say."""
        self.check("0 .1", ("a", "a", ""), ("Re: a", "b", ""))
        self.check("1 .0", ("Re: a", "b", ""), ("a", "a", ""))
        self.check("- .0 .1 .2", ("a", "a", ""), ("a", "b", ""), ("a", "c", ""))
        self.check(
            "- .0 .1 .2 .3", ("a", "1", "x"), ("a", "2", "x"), ("a", "3", "y"), ("a", "4", "y")
        )
        self.check("0 1", ("", "a", ""), ("", "b", ""))

    def test_as_plainly(self) -> None:
        """Whatever the messages, the outcome is that of the plain reading."""
        random = Random(5256)
        for _ in range(1500):
            count = random.randrange(12)
            names = [str(each) for each in range(count + 2)]
            messages = [
                (
                    random.choice(("", "a", "b", "Re: a", "fwd: b")),
                    random.choice((*names[:count], "", str(at))),
                    " ".join(random.choices(names, k=random.randrange(4))),
                )
                for at in range(count)
            ]
            sent = [random.randrange(5) for _ in range(count)]
            threaded = made(*messages, sent=sent)
            self.assertEqual(plainly(threaded), done(by_references(threaded)), messages)

    def test_deep(self) -> None:
        """A hundred thousand messages in one chain are one thread, in whatever order."""
        count = 100_000
        order = list(range(count))
        for _ in range(2):
            messages = made(*((f"s{at}", str(at), str(at - 1) if at else "") for at in order))
            place = {at: where for where, at in enumerate(order)}
            rows = done(by_references(messages))
            self.assertEqual([(depth, place[depth]) for depth in range(count)], rows)
            Random(1).shuffle(order)
