"""What is written is sent to the disk early, and never too far ahead of it."""

from __future__ import annotations

import os
import tempfile

from netsuite.store.files.writeback import AHEAD_OCTETS, STEP_OCTETS, SYNC_OCTETS, Writeback
from netsuite.testing.cases import SynchronousTestCase


class Steps(SynchronousTestCase):
    """What is asked of the kernel, and when."""

    def setUp(self) -> None:
        self.asked: list[tuple[int, int, int]] = []
        self.result = 0
        self.synced = 0
        self.writeback = Writeback(-1, self.begin)
        self.patch(os, "fdatasync", self.sync)

    def begin(self, descriptor: int, offset: int, octets: int, flags: int) -> int:
        self.asked.append((offset, octets, flags))
        return self.result

    def sync(self, descriptor: int) -> None:
        self.synced += 1

    def test_begins_in_steps(self) -> None:
        """Each step is begun once, without waiting, however the pieces were."""
        for end in (1, STEP_OCTETS - 1, STEP_OCTETS + 5, STEP_OCTETS + 6, 2 * STEP_OCTETS + 5):
            self.writeback.wrote(end)
        self.assertEqual([(0, STEP_OCTETS + 5, 2), (STEP_OCTETS + 5, STEP_OCTETS, 2)], self.asked)
        self.assertEqual(0, self.synced)

    def test_waits_for_what_is_far_behind(self) -> None:
        """No more than so much is on its way: older parts are waited for, each once."""
        for end in range(STEP_OCTETS, AHEAD_OCTETS + 3 * STEP_OCTETS, STEP_OCTETS):
            self.writeback.wrote(end)
        waited = [(offset, octets) for offset, octets, flags in self.asked if flags == 7]
        self.assertEqual([(0, STEP_OCTETS), (STEP_OCTETS, STEP_OCTETS)], waited)

    def test_where_it_cannot_begin(self) -> None:
        """A system or a file system that cannot is made to write now and then."""
        self.result = -1
        self.writeback.wrote(STEP_OCTETS)
        self.assertEqual((1, 1), (len(self.asked), self.synced))
        writeback = Writeback(-1, None)
        for end in range(1 << 20, 4 * SYNC_OCTETS, 1 << 20):
            writeback.wrote(end)
        self.assertEqual((1, 4), (len(self.asked), self.synced))

    def test_on_a_disk(self) -> None:
        """The kernel takes what it is asked."""
        with tempfile.TemporaryFile() as file:
            file.truncate(2 * STEP_OCTETS)
            Writeback(file.fileno()).wrote(2 * STEP_OCTETS)
        self.assertEqual(0, self.synced)
