"""MODE Z: transfers that are deflated, both ways."""

# ruff: noqa: E501 - tables read best one case a line

from __future__ import annotations

import zlib
from typing import Any

from twisted.internet.defer import fail

from netsuite.store.errors import OverQuota
from netsuite.store.files.memory import MemoryUpload
from netsuite.testing.cases import SynchronousTestCase
from tests.ftp.fakes import Session, codes

BIG = bytes(range(256)) * 4000
NOTES = b"one\ntwo\n"


class Deflated(SynchronousTestCase):
    """MODE Z."""

    def session(self, **more: Any) -> Session:
        session = Session(**more)
        assert session.say(b"MODE Z\r\n") == b"200 MODE Z\r\n"
        return session

    def test_out(self) -> None:
        """Files, texts, parts of files and listings are one stream each."""
        session = self.session()
        session.world.put("big", BIG)
        for said, name, wanted in (
            (b"NOOP", b"RETR notes.txt", NOTES), (b"NOOP", b"RETR big", BIG), (b"REST 4", b"RETR notes.txt", b"two\n"),
            (b"RANG 1 700000", b"RETR big", BIG[1:700_001]), (b"TYPE A", b"RETR notes.txt", b"one\r\ntwo\r\n"),
            (b"TYPE I", b"NLST sub", b"sub/x.bin\r\n"), (b"OPTS MODE Z LEVEL 0", b"RETR big", BIG), (b"OPTS MODE Z LEVEL 9", b"RETR big", BIG),
        ):  # fmt: skip
            session.say(said + b"\r\n")
            octets, replies = session.fetch(name)
            self.assertEqual([150, 226], codes(replies), name)
            self.assertEqual(wanted, zlib.decompress(octets), (said, name))
        self.assertLess(len(session.fetch(b"RETR big")[0]), 20_000)
        session.say(b"MODE S\r\n")
        self.assertEqual(NOTES, session.fetch(b"RETR notes.txt")[0])

    def test_in(self) -> None:
        """What is stored is the file, at every size of the stream's pieces."""
        for octets in (b"", b"x", NOTES, BIG):
            session = self.session()
            self.assertEqual([150, 226], codes(session.store(b"STOR new", zlib.compress(octets))))
            self.assertEqual(octets, session.world.files.content("new"))
        session = self.session()
        self.assertEqual(
            [150, 226], codes(session.store(b"APPE notes.txt", zlib.compress(b"three\n")))
        )
        self.assertEqual(NOTES + b"three\n", session.world.files.content("notes.txt"))
        session.say(b"TYPE A\r\n")
        self.assertEqual(
            [150, 226], codes(session.store(b"STOR text", zlib.compress(b"a\r\nb\r\n")))
        )
        self.assertEqual(b"a\nb\n", session.world.files.content("text"))
        session.say(b"TYPE I\r\nREST 4\r\n")
        self.assertEqual([150, 226], codes(session.store(b"STOR notes.txt", zlib.compress(b"TWO"))))
        self.assertEqual(b"one\nTWO", session.world.files.content("notes.txt"))
        session.say(b"RANG 4 6\r\n")
        self.assertEqual([150, 226], codes(session.store(b"STOR notes.txt", zlib.compress(b"2+2"))))
        self.assertEqual(b"one\n2+2", session.world.files.content("notes.txt"))

    def test_cut(self) -> None:
        """A stream without its end is cut; what has come is kept where nothing was there."""
        session = self.session()
        stream = zlib.compress(BIG)
        self.assertEqual([150, 426], codes(session.store(b"STOR new", stream[:-3])))
        kept = session.world.files.content("new")
        assert kept is not None
        self.assertTrue(BIG.startswith(kept) and kept)
        self.assertEqual([150, 426], codes(session.store(b"STOR notes.txt", stream[:-3])))
        self.assertEqual(NOTES, session.world.files.content("notes.txt"))

    def test_no_stream(self) -> None:
        """What is no stream is refused, and nothing of it kept."""
        for octets in (
            b"plain text",
            zlib.compress(NOTES)[:-1] + b"\0",
            zlib.compress(NOTES) + b"more",
        ):
            session = self.session()
            self.assertEqual([150, 451], codes(session.store(b"STOR new", octets)))
            self.assertIsNone(session.world.files.content("new"))
            self.assertEqual([150, 451], codes(session.store(b"STOR notes.txt", octets)))
            self.assertEqual(NOTES, session.world.files.content("notes.txt"))
            self.assertEqual([200], codes(session.say(b"NOOP\r\n")))

    def test_bomb(self) -> None:
        """A few octets that become very many are stored in pieces of bounded size."""
        session = self.session()
        sizes: list[int] = []
        original = session.world.files.upload

        async def upload(*arguments: Any) -> Any:
            made = await original(*arguments)
            write = made.write

            def noted(octets: bytes) -> Any:
                sizes.append(len(octets))
                return write(octets)

            self.patch(type(made), "write", lambda upload, octets: noted(octets))
            return made

        self.patch(session.world.files, "upload", upload)
        self.assertEqual(
            [150, 226], codes(session.store(b"STOR new", zlib.compress(bytes(20 << 20), 9)))
        )
        self.assertEqual(20 << 20, sum(sizes))
        self.assertLessEqual(max(sizes), 262_144)

    def test_off(self) -> None:
        """Where it is not offered, it is not announced either."""
        session = Session(compression=False)
        self.assertEqual([504, 501], codes(session.say(b"MODE Z\r\nOPTS MODE Z LEVEL 3\r\n")))
        self.assertNotIn(b"MODE Z", session.say(b"FEAT\r\n"))
        self.assertEqual([501], codes(Session().say(b"OPTS MODE Z LEVEL 11\r\n")))

    def test_status(self) -> None:
        """STAT says which mode it is."""
        self.assertIn(b"TYPE I, MODE Z, STRU F", self.session().say(b"STAT\r\n"))


class Full(SynchronousTestCase):
    """What is refused for want of room in the midst of a stream."""

    def test_quota(self) -> None:
        """A deflated file counts by what it becomes; nothing of one that is too large is left."""
        session = Session()
        session.say(b"MODE Z\r\n")
        written = 0

        def write(upload: MemoryUpload, octets: bytes) -> Any:
            nonlocal written
            written += len(octets)
            return fail(OverQuota("full")) if written > 5_000_000 else None

        self.patch(MemoryUpload, "write", write)
        said = session.store(b"STOR bomb", zlib.compress(bytes(100 << 20), 9))
        self.assertEqual([150, 552], codes(said))
        self.assertLess(written, 6_000_000)
        self.assertEqual([200], codes(session.say(b"NOOP\r\n")))
