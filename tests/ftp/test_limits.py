"""Limits of bandwidth in transfers; listings without end."""

# ruff: noqa: E501 - tables read best one case a line

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from twisted.internet.defer import ensureDeferred

from netsuite.store.tree import Entry, TreePath
from netsuite.testing.cases import SynchronousTestCase
from tests.ftp.fakes import Session, World, codes

BIG = bytes(range(256)) * 4000


class Limits(SynchronousTestCase):
    """Limits of bandwidth, in transfers."""

    def seconds(self, session: Session, within: float) -> float:
        """Let time pass until a transfer is over; return how long that took."""
        reactor = session.world.reactor
        since = reactor.seconds()
        while session.server.active is not None and reactor.seconds() - since < within:
            reactor.advance(0.05)
        return reactor.seconds() - since

    def test_out_and_in(self) -> None:
        """A file of a megabyte takes ten seconds at a tenth of it a second, either way; and a listing."""
        for settings in (
            {"octets_per_second": 102_400}, {"octets_per_second_per_account": 102_400},
            {"octets_per_second_per_session": 102_400}, {"octets_per_second_of": {"alice": 102_400}},
        ):  # fmt: skip
            session = Session(**settings)
            session.world.put("big", BIG)
            wire = session.data()
            session.say(b"RETR big\r\n")
            self.assertLess(abs(10 - self.seconds(session, 30)), 0.6, settings)
            self.assertEqual(BIG, wire.heard)
            self.assertEqual([226], codes(session.heard()))
            session.world.reactor.advance(60)
            wire = session.data()
            session.say(b"STOR new\r\n")
            wire.say(BIG)
            wire.end()
            self.assertLess(abs(10 - self.seconds(session, 30)), 0.6, settings)
            self.assertEqual(BIG, session.world.files.content("new"))

    def test_shared(self) -> None:
        """Two sessions have half each; both have all of it when the limit goes."""
        world = World(octets_per_second=102_400)
        world.put("big", BIG)
        sessions = [Session(world) for _ in range(2)]
        wires = [session.data() for session in sessions]
        for session in sessions:
            session.say(b"RETR big\r\n")
        for _ in range(100):
            world.reactor.advance(0.05)
        heard = [len(wire.heard) for wire in wires]
        self.assertLess(abs(heard[0] - heard[1]), 30_000)
        self.assertLess(abs(512_000 - sum(heard)), 60_000)
        world.reshare(
            settings=world.factory.shared.settings.model_copy(update={"octets_per_second": 0})
        )
        for session in sessions:
            self.assertLess(self.seconds(session, 30), 1)
        self.assertEqual([BIG, BIG], [wire.heard for wire in wires])

    def test_small_files(self) -> None:
        """Many small files are held to it as well."""
        session = Session(octets_per_second_per_session=10_000)
        session.world.put("small", b"x" * 1_000)
        since = session.world.reactor.seconds()
        for _ in range(50):
            session.data()
            session.say(b"RETR small\r\n")
            self.seconds(session, 5)
            session.heard()
        self.assertLess(abs(5 - (session.world.reactor.seconds() - since)), 0.5)

    def test_abort(self) -> None:
        """ABOR ends a transfer that waits for its turn."""
        session = Session(octets_per_second=1_000)
        session.world.put("big", BIG)
        session.data()
        self.assertEqual([150], codes(session.say(b"RETR big\r\n")))
        self.assertEqual([426, 226], codes(session.say(b"ABOR\r\n")))


class Many(SynchronousTestCase):
    """A directory of a million entries."""

    def test_a_million(self) -> None:
        """It is listed in pieces, no faster than the client takes them, and never held as a whole."""
        session = Session()
        entry = self.successResultOf(ensureDeferred(session.world.files.entry(("notes.txt",))))
        made = 0

        async def listing(path: TreePath) -> AsyncIterator[Sequence[Entry]]:
            nonlocal made
            for start in range(0, 1_000_000, 1000):
                made += 1000
                yield [replace(entry, name=f"{number:06}") for number in range(start, start + 1000)]

        self.patch(session.world.files, "listing", listing)
        wire = session.data()
        wire.hold()
        self.assertEqual([150], codes(session.say(b"NLST\r\n")))
        session.world.settle()
        # What was looked at before it was known to be too many to be sorted, and what waits to leave.
        self.assertLess(made, 60_000)
        wire.drain()
        session.world.settle()
        self.assertEqual([226], codes(session.heard()))
        self.assertEqual(8_000_000, len(wire.heard))
        self.assertTrue(wire.heard.endswith(b"999998\r\n999999\r\n"))
        self.assertEqual([450], codes(session.say(b"STAT .\r\n")))
