"""The table that workers count in together."""

from __future__ import annotations

import os
import random
from collections import Counter

from netsuite.testing.cases import SynchronousTestCase
from netsuite.workers import table
from netsuite.workers.table import BadTable, Table, make_table, unnamed_file


class Counting(SynchronousTestCase):
    """Counts of several processes."""

    def setUp(self) -> None:
        self.file = make_table()
        self.addCleanup(os.close, self.file)
        self.one, self.two = Table(self.file, 1), Table(self.file, 2)
        self.parent = Table(self.file)

    def test_each_sees_all(self) -> None:
        """A count is that of all, whoever adds to it."""
        self.assertEqual(1, self.one.add("imap", 1))
        self.assertEqual(2, self.two.add("imap", 1))
        self.assertEqual(3, self.one.add("imap", 1))
        self.assertEqual(1, self.two.add("imap 192.0.2.1", 1))
        self.assertEqual(2, self.one.add("imap", -1))

    def test_the_dead_count_no_more(self) -> None:
        """What a process has counted that died is cleared; the others' counts stay."""
        self.one.add("imap", 5)
        self.two.add("imap", 2)
        self.parent.clear(1)
        self.assertEqual(3, self.two.add("imap", 1))
        self.assertEqual(4, Table(self.file, 1).add("imap", 1))

    def test_a_count_is_never_below_nothing(self) -> None:
        """Too much taken away leaves 0."""
        self.assertEqual(0, self.one.add("imap", -1))
        self.assertEqual(1, self.one.add("imap", 1))

    def test_like_a_counter(self) -> None:
        """Any order of changes, with places that many keys want, ends like a plain counter; and
        what is 0 leaves nothing behind."""
        self.patch(table, "PLACES", 64)
        chance, plain = random.Random(3), Counter[tuple[int, str]]()
        keys = [f"key {number}" for number in range(40)]
        for _ in range(20_000):
            column, key = chance.choice((1, 2)), chance.choice(keys)
            change = chance.choice((1, -1) if plain[column, key] else (1,))
            plain[column, key] += change
            made = {1: self.one, 2: self.two}[column]
            self.assertEqual(plain[1, key] + plain[2, key], made.add(key, change))
        for (column, key), count in plain.items():
            {1: self.one, 2: self.two}[column].add(key, -count)
        start = table._HEADER_OCTETS
        with os.fdopen(os.dup(self.file), "rb") as file:
            for column in (1, 2):
                file.seek(start + (column - 1) * table._COLUMN_OCTETS)
                self.assertEqual(bytes(64 * 16), file.read(64 * 16))

    def test_gives_way(self) -> None:
        """Who has more connections than another that takes some leaves the next to it."""
        self.assertFalse(self.one.gives_way())
        self.one.add("imap", 2)
        self.assertFalse(self.one.gives_way())  # the other takes none
        self.two.accept(begins=True)
        self.assertTrue(self.one.gives_way())
        self.assertFalse(self.two.gives_way())
        self.two.add("imap", 2)
        self.assertFalse(self.one.gives_way() or self.two.gives_way())
        self.two.add("imap", -2)
        self.assertTrue(self.one.gives_way())
        self.two.accept(begins=False)
        self.assertFalse(self.one.gives_way())
        self.two.accept(begins=True)
        self.parent.clear(2)
        self.assertFalse(self.one.gives_way())

    def test_full(self) -> None:
        """A key for which there is no place is counted by nobody else, and breaks nothing."""
        self.patch(table, "PLACES", 64)
        for number in range(64):
            self.one.add(f"key {number}", 1)
        self.assertEqual(1, self.one.add("one more", 1))
        self.assertEqual(0, self.one.add("one more", -1))
        self.assertEqual(2, self.two.add("key 5", 1))


class Files(SynchronousTestCase):
    """What is no table."""

    def test_refused(self) -> None:
        """A file of another size, or that begins otherwise, is refused."""
        file = unnamed_file()
        self.addCleanup(os.close, file)
        self.assertRaises(BadTable, Table, file)
        os.truncate(file, table.TABLE_OCTETS)
        self.assertRaises(BadTable, Table, file)
