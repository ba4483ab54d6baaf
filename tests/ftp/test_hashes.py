"""HASH, XCRC and their like; RANG with HASH, RETR and STOR."""

# ruff: noqa: E501 - tables read best one case a line

from __future__ import annotations

import hashlib
import zlib
from typing import Any

from twisted.internet.defer import Deferred

from netsuite.ftp.server import hashes
from netsuite.store.files.memory import MemoryFile
from netsuite.testing.cases import SynchronousTestCase
from tests.ftp.fakes import LOGIN, Session, World, codes

BIG = bytes(range(256)) * 4000
NOTES = b"one\ntwo\n"


class Hashes(SynchronousTestCase):
    """HASH, XCRC and their like."""

    def test_hash(self) -> None:
        """By the function chosen; the range is told with its last octet."""
        session = Session()
        for name, function in (
            (b"SHA-256", hashlib.sha256), (b"SHA-512", hashlib.sha512), (b"SHA-1", hashlib.sha1), (b"MD5", hashlib.md5),
        ):  # fmt: skip
            self.assertEqual(
                b"200 " + name + b"\r\n", session.say(b"OPTS HASH " + name.lower() + b"\r\n")
            )
            wanted = b"213 %b 0-7 %b /notes.txt\r\n" % (name, function(NOTES).hexdigest().encode())
            self.assertEqual(wanted, session.say(b"HASH notes.txt\r\n"))
        self.assertEqual([200], codes(session.say(b"OPTS HASH CRC32\r\n")))
        wanted = b"213 CRC32 0-7 %08x /notes.txt\r\n" % zlib.crc32(NOTES)
        self.assertEqual(
            wanted, session.say(b"CWD sub\r\nHASH ../notes.txt\r\n").split(b"\r\n", 1)[1]
        )
        self.assertEqual(
            b"501 Unknown algorithm, current selection not changed\r\n",
            session.say(b"OPTS HASH CRC-37\r\n"),
        )
        self.assertEqual(b"200 CRC32\r\n", session.say(b"OPTS HASH\r\n"))
        self.assertIn(b" HASH SHA-256;SHA-512;SHA-1;MD5;CRC32*;\r\n", session.say(b"FEAT\r\n"))
        self.assertEqual([550, 553], codes(session.say(b"HASH nothing\r\nHASH /sub\r\n")))

    def test_choice(self) -> None:
        """The choice outlives a login, and REIN ends it."""
        session = Session(logged_in=False)
        session.say(b"OPTS HASH MD5\r\n" + LOGIN)
        self.assertTrue(session.say(b"HASH notes.txt\r\n").startswith(b"213 MD5 "))
        session.say(b"REIN\r\n" + LOGIN)
        self.assertTrue(session.say(b"HASH notes.txt\r\n").startswith(b"213 SHA-256 "))

    def test_range(self) -> None:
        """RANG is of the next hash, both ends with it, as far as the file goes."""
        session = Session()
        for said, octets, told in (
            (b"RANG 0 2", b"one", b"0-2"), (b"RANG 4 4", b"t", b"4-4"), (b"RANG 4 99", b"two\n", b"4-7"),
            (b"RANG 8 9", b"", b"8-8"), (b"RANG 1 0", NOTES, b"0-7"), (b"NOOP", NOTES, b"0-7"),
        ):  # fmt: skip
            session.say(said + b"\r\n")
            wanted = b"213 SHA-256 %b %b /notes.txt\r\n" % (
                told,
                hashlib.sha256(octets).hexdigest().encode(),
            )
            self.assertEqual(wanted, session.say(b"HASH notes.txt\r\n"), said)
        self.assertEqual([350, 501], codes(session.say(b"RANG 2 3\r\nRANG 3 2\r\n")))
        self.assertIn(b" 0-7 ", session.say(b"HASH notes.txt\r\n"))
        self.assertEqual([350, 554], codes(session.say(b"RANG 9 9\r\nHASH notes.txt\r\n")))
        session.world.put("empty", b"")
        self.assertIn(b" 0-0 e3b0c442", session.say(b"HASH empty\r\n"))

    def test_in_text(self) -> None:
        """In TYPE A and MODE Z the hash is that of the file itself (draft, 3)."""
        session = Session()
        wanted = session.say(b"HASH notes.txt\r\n")
        self.assertEqual(
            wanted, session.say(b"TYPE A\r\nMODE Z\r\nHASH notes.txt\r\n").split(b"\r\n", 2)[2]
        )

    def test_words(self) -> None:
        """XCRC, XMD5 ...: of all of it, up to an octet, between two; in quotes; of odd names."""
        session = Session()
        session.world.put("notes.txt 0 3", b"another")
        session.world.put('a "b" 1', b"quoted")
        for said, octets in (
            (b"notes.txt", NOTES), (b'"notes.txt"', NOTES), (b"notes.txt 3", b"one"), (b"notes.txt 4 7", b"two"),
            (b'"notes.txt" 4 7', b"two"), (b"notes.txt 4 99", b"two\n"), (b"notes.txt 0 3", b"another"),
            (b'a "b" 1', b"quoted"), (b'"a ""b"" 1" 3', b"quo"), (b"/notes.txt 0 0", NOTES),
        ):  # fmt: skip
            wanted = b"250 %b\r\n" % hashlib.md5(octets).hexdigest().encode()
            self.assertEqual(wanted, session.say(b"XMD5 " + said + b"\r\n"), said)
        self.assertEqual(b"250 %08x\r\n" % zlib.crc32(NOTES), session.say(b"XCRC notes.txt\r\n"))
        for word in (b"XSHA", b"XSHA1"):
            self.assertEqual(
                b"250 %b\r\n" % hashlib.sha1(NOTES).hexdigest().encode(),
                session.say(word + b" notes.txt\r\n"),
            )
        self.assertEqual(
            b"250 %b\r\n" % hashlib.sha512(NOTES).hexdigest().encode(),
            session.say(b"XSHA512 notes.txt\r\n"),
        )
        self.assertEqual(
            b"250 %b\r\n" % hashlib.sha256(NOTES).hexdigest().encode(),
            session.say(b"XSHA256 notes.txt\r\n"),
        )
        self.assertEqual(
            [550, 550, 550, 554, 554],
            codes(
                session.say(
                    b'XMD5 x\r\nXMD5 x 1 2\r\nXMD5 sub\r\nXMD5 "notes.txt" 9 1\r\nXMD5 /notes.txt 99 100\r\n'
                )
            ),
        )

    def waiting(self, session: Session) -> list[Deferred[bytes]]:
        """Have reads of files wait; return what they wait for."""
        reads: list[Deferred[bytes]] = []

        async def read(file: Any, offset: int, octets: int) -> bytes:
            waiting: Deferred[bytes] = Deferred()
            reads.append(waiting)
            return await waiting

        self.patch(MemoryFile, "read", read)
        return reads

    def test_abort(self) -> None:
        """ABOR ends a hash, STAT says how far it is, and other commands wait for it."""
        session = Session()
        reads = self.waiting(session)
        self.assertEqual(b"", session.say(b"HASH notes.txt\r\nPWD\r\n"))
        reads[0].callback(b"one\n")
        session.world.settle()
        self.assertEqual(2, len(reads))
        reads[1].callback(b"two\n")
        session.world.settle()
        self.assertEqual([213, 257], codes(session.heard()))
        self.assertEqual(b"", session.say(b"HASH notes.txt\r\n"))
        reads[2].callback(b"one\n")
        self.assertEqual(b"213 4 octets have passed\r\n", session.say(b"STAT\r\n"))
        self.assertEqual([426, 226], codes(session.say(b"ABOR\r\n")))
        self.assertEqual(4, session.world.factory.shared.hashing.free)
        self.assertEqual([200], codes(session.say(b"NOOP\r\n")))

    def test_so_many(self) -> None:
        """Four files are hashed at once, two of one account; others wait, and who goes gives its
        place back."""
        world = World()
        sessions = [Session(world) for _ in range(4)]
        guests = [Session(world, logged_in=False) for _ in range(3)]
        reads = self.waiting(sessions[0])
        for session in sessions:
            session.say(b"XMD5 notes.txt\r\n")
        self.assertEqual((2, 2), (len(reads), world.factory.shared.hashing.free))
        for guest in guests:
            guest.say(b"USER ftp\r\nPASS x\r\nXMD5 welcome.txt\r\n")
        self.assertEqual((4, 0), (len(reads), world.factory.shared.hashing.free))
        sessions[0].wire.break_()
        sessions[3].say(b"ABOR\r\n")
        guests[0].say(b"ABOR\r\n")
        world.settle()
        self.assertEqual(6, len(reads))
        for read in reads:
            if not read.called:
                read.callback(NOTES)
        world.settle()
        wanted = b"250 %b\r\n" % hashlib.md5(NOTES).hexdigest().encode()
        self.assertEqual([wanted] * 2, [session.heard() for session in sessions[1:3]])
        self.assertTrue(all(guest.heard().startswith(b"250 ") for guest in guests[1:]))
        self.assertEqual(4, world.factory.shared.hashing.free)

    def test_a_large_file_takes_turns(self) -> None:
        """Nobody waits for the end of a large file: its turn ends, and it waits for another."""
        world = World()
        self.patch(hashes, "TURN_OCTETS", 4)
        sessions = [Session(world) for _ in range(3)]
        reads = self.waiting(sessions[0])
        for session in sessions:
            session.say(b"XMD5 notes.txt\r\n")
        self.assertEqual(2, len(reads))
        reads[0].callback(NOTES[:4])
        world.settle()
        self.assertEqual((3, 2), (len(reads), world.factory.shared.hashing.free))
        reads[2].callback(NOTES)  # the third's, which was behind the first
        world.settle()
        self.assertTrue(sessions[2].heard().startswith(b"250 "))
        self.assertEqual(b"", sessions[0].heard())
        for _ in range(3):
            for number, read in enumerate(reads):
                if not read.called:
                    read.callback(NOTES[:4] if number == 1 else NOTES[4:])
            world.settle()
        wanted = b"250 %b\r\n" % hashlib.md5(NOTES).hexdigest().encode()
        self.assertEqual([wanted] * 2, [session.heard() for session in sessions[:2]])
        self.assertEqual(4, world.factory.shared.hashing.free)

    def test_data_connection_stays(self) -> None:
        """A hash between PASV and RETR does not take the data connection away."""
        session = Session()
        wire = session.data()
        said = session.say(b"HASH notes.txt\r\nRETR notes.txt\r\n")
        self.assertEqual(([213, 150, 226], NOTES), (codes(said), wire.heard))

    def test_large(self) -> None:
        """A file of many pieces."""
        session = Session()
        session.world.put("big", BIG)
        self.assertIn(hashlib.sha256(BIG).hexdigest().encode(), session.say(b"HASH big\r\n"))


class Patience(SynchronousTestCase):
    """A hash takes as long as it takes."""

    def test_no_deadline(self) -> None:
        """A client that waits for a hash is not idle; one that waits for nothing is."""
        session = Session()
        reads: list[Deferred[bytes]] = []

        async def read(file: Any, offset: int, octets: int) -> bytes:
            reads.append(Deferred())
            return await reads[-1]

        self.patch(MemoryFile, "read", read)
        session.say(b"HASH notes.txt\r\n")
        for _ in range(20):
            session.world.reactor.advance(100)
        self.assertFalse(session.closed)
        reads[0].callback(NOTES)
        session.world.settle()
        self.assertEqual([213], codes(session.heard()))
        session.world.reactor.advance(301)
        session.world.reactor.advance(1)
        self.assertTrue(session.closed)


class Ranges(SynchronousTestCase):
    """RANG with RETR and STOR."""

    def test_retr(self) -> None:
        """What is asked for is sent, as far as there is any; the next transfer is whole again."""
        session = Session()
        session.world.put("big", BIG)
        for said, wanted in (
            (b"RANG 2 5", BIG[2:6]), (b"RANG 0 0", BIG[:1]), (b"RANG 100 899999", BIG[100:900_000]), (b"RANG 1023990 9999999", BIG[-10:]),
            (b"RANG 1024000 1024001", b""), (b"RANG 9999999 9999999", b""), (b"RANG 1 0", BIG), (b"NOOP", BIG),
        ):  # fmt: skip
            session.say(said + b"\r\n")
            octets, replies = session.fetch(b"RETR big")
            self.assertEqual([150, 226], codes(replies), said)
            self.assertEqual(wanted, octets, said)

    def test_last_word(self) -> None:
        """REST and RANG: the later one counts."""
        session = Session()
        session.say(b"RANG 1 2\r\nREST 6\r\n")
        self.assertEqual(b"o\n", session.fetch(b"RETR notes.txt")[0])
        session.say(b"REST 6\r\nRANG 1 2\r\n")
        self.assertEqual(b"ne", session.fetch(b"RETR notes.txt")[0])
        session.say(b"REST 6\r\nRANG 1 0\r\n")
        self.assertEqual(NOTES, session.fetch(b"RETR notes.txt")[0])

    def test_not_here(self) -> None:
        """In TYPE A octets are not those of the file; with APPE and STOU it means nothing."""
        session = Session()
        said = b"TYPE A\r\nRANG 1 2\r\nEPSV\r\nRETR notes.txt\r\nRANG 1 2\r\nEPSV\r\nSTOR notes.txt\r\n"
        self.assertEqual([200, 350, 229, 504, 350, 229, 504], codes(session.say(said)))
        said = b"TYPE I\r\nRANG 1 2\r\nEPSV\r\nAPPE notes.txt\r\nRANG 1 2\r\nEPSV\r\nSTOU x\r\n"
        self.assertEqual([200, 350, 229, 503, 350, 229, 503], codes(session.say(said)))

    def test_stor(self) -> None:
        """What is stored in the midst of a file changes nothing else of it (draft, 4.3)."""
        for said, octets, wanted in (
            (b"RANG 0 2", b"ONE", b"ONE\ntwo\n"), (b"RANG 4 6", b"TWO", b"one\nTWO\n"), (b"RANG 7 9", b"!\n?", b"one\ntwo!\n?"),
            (b"RANG 8 9", b"xy", b"one\ntwo\nxy"), (b"RANG 0 9", b"0123456789", b"0123456789"),
        ):  # fmt: skip
            session = Session()
            session.say(said + b"\r\n")
            self.assertEqual([150, 226], codes(session.store(b"STOR notes.txt", octets)), said)
            self.assertEqual(wanted, session.world.files.content("notes.txt"), said)

    def test_stor_anew(self) -> None:
        """A range from the beginning makes a file; one that begins beyond an end is refused."""
        session = Session()
        session.say(b"RANG 0 2\r\n")
        self.assertEqual([150, 226], codes(session.store(b"STOR new", b"abc")))
        self.assertEqual(b"abc", session.world.files.content("new"))
        session.say(b"RANG 1 2\r\n")
        self.assertEqual([554], codes(session.store(b"STOR newer", b"")))
        session.say(b"RANG 9 9\r\n")
        self.assertEqual([554], codes(session.store(b"STOR notes.txt", b"")))

    def test_stor_other_size(self) -> None:
        """More or less than the range has changes nothing."""
        for octets in (b"", b"O", b"ON", b"ONES", b"x" * 5000):
            session = Session()
            session.say(b"RANG 0 2\r\n")
            self.assertEqual([150, 451], codes(session.store(b"STOR notes.txt", octets)), octets)
            self.assertEqual(NOTES, session.world.files.content("notes.txt"), octets)
        session = Session()
        session.say(b"RANG 4 6\r\n")
        wire = session.data()
        session.say(b"STOR notes.txt\r\n")
        wire.say(b"TW")
        wire.break_()
        session.world.settle()
        self.assertEqual([426], codes(session.heard()))
        self.assertEqual(NOTES, session.world.files.content("notes.txt"))

    def test_stor_changed(self) -> None:
        """A file that another has changed meanwhile is left as it is."""
        session = Session()
        session.say(b"RANG 0 2\r\n")
        wire = session.data()
        session.say(b"STOR notes.txt\r\n")
        session.world.put("notes.txt", b"something else")
        wire.say(b"ONE")
        wire.end()
        session.world.settle()
        self.assertEqual([450], codes(session.heard()))
        self.assertEqual(b"something else", session.world.files.content("notes.txt"))
