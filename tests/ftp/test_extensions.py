"""What drafts and custom have added to FTP's server: facts set, hashes, ranges, MODE Z, HOST, rates."""

# ruff: noqa: E501 - tables read best one case a line

from __future__ import annotations

import hashlib
import zlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from twisted.internet.defer import Deferred, ensureDeferred, fail

from netsuite import tls
from netsuite.certificates import Certificates, ServerTLS
from netsuite.config.load import ConfigError
from netsuite.connection.peer import openssl_of
from netsuite.ftp.client import FTPClient
from netsuite.ftp.commands import Command, Host
from netsuite.ftp.paths import text_of
from netsuite.ftp.service import make_ftp
from netsuite.site import Site
from netsuite.store.errors import NoSuchFile, NotPermitted, OverQuota
from netsuite.store.files.memory import MemoryFile, MemoryUpload
from netsuite.store.tree import Entry, Space, TreePath
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.certificates import authority
from netsuite.testing.fabric import Fabric
from tests.ftp.fakes import HERE, LOGIN, Session, World, codes
from tests.ftp.test_client import Case

BIG = bytes(range(256)) * 4000
NOTES = b"one\ntwo\n"


class Facts(SynchronousTestCase):
    """MFF, MFMT, MDTM with a time, SITE UTIME, SITE CHMOD: one thing, in five languages."""

    def modified(self, session: Session, name: str = "notes.txt") -> datetime:
        return session.world.files.node_or_none((name,)).modified  # type: ignore[union-attr]

    def test_times(self) -> None:
        """Each of them sets the time, and says so."""
        wanted = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
        for said, answer in (
            (b"MFMT 20200102030405 notes.txt", b"213 Modify=20200102030405; /notes.txt\r\n"),
            (b"MFF modify=20200102030405; notes.txt", b"213 Modify=20200102030405; /notes.txt\r\n"),
            (b"MDTM 20200102030405 notes.txt", b"213 Modify=20200102030405; /notes.txt\r\n"),
            (b"SITE UTIME 20200102030405 notes.txt", b"200 Modify=20200102030405; /notes.txt\r\n"),
            (
                b"SITE UTIME notes.txt 20190101000000 20200102030405 20180101000000 UTC",
                b"200 Modify=20200102030405; /notes.txt\r\n",
            ),
        ):
            session = Session()
            self.assertEqual(answer, session.say(said + b"\r\n"), said)
            self.assertEqual(wanted, self.modified(session), said)
            self.assertEqual(b"213 20200102030405\r\n", session.say(b"MDTM notes.txt\r\n"))

    def test_no_time(self) -> None:
        """The 30th of February changes nothing, and neither do the facts beside it."""
        session = Session()
        before = self.modified(session)
        for said in (
            b"MFMT 20200230000000 notes.txt", b"MDTM 20200230000000 notes.txt",
            b"MFF modify=20200230000000;unix.mode=0600; notes.txt", b"SITE UTIME 20200230000000 notes.txt",
            b"SITE UTIME 202013010000 notes.txt",
        ):  # fmt: skip
            self.assertEqual([501], codes(session.say(said + b"\r\n")), said)
        self.assertEqual(before, self.modified(session))
        self.assertIn(b"UNIX.mode=0644;", session.say(b"MLST notes.txt\r\n"))

    def test_name_of_a_time(self) -> None:
        """MDTM of a file that is called like a time and a name asks for its time."""
        session = Session()
        session.world.put("20200102030405 notes.txt", b"")
        before = self.modified(session)
        self.assertEqual(
            b"213 20260301120000\r\n", session.say(b"MDTM 20200102030405 notes.txt\r\n")
        )
        self.assertEqual(before, self.modified(session))
        self.assertEqual([550, 550], codes(session.say(b"MDTM 20200102030405 x\r\nMDTM x\r\n")))

    def test_mode(self) -> None:
        """SITE CHMOD and MFF set permission bits, LIST and MLST show them."""
        session = Session()
        self.assertEqual(
            b"200 UNIX.mode=0640; /notes.txt\r\n", session.say(b"SITE CHMOD 640 notes.txt\r\n")
        )
        self.assertIn(b"UNIX.mode=0640;", session.say(b"MLST notes.txt\r\n"))
        self.assertTrue(session.fetch(b"LIST notes.txt")[0].startswith(b"-rw-r----- "))
        self.assertEqual(
            b"213 Modify=20200102030405;UNIX.mode=0755; /notes.txt\r\n",
            session.say(b"MFF UNIX.mode=755;modify=20200102030405; notes.txt\r\n"),
        )
        self.assertTrue(session.fetch(b"LIST notes.txt")[0].startswith(b"-rwxr-xr-x "))
        self.assertEqual([550], codes(session.say(b"SITE CHMOD 640 nothing\r\n")))
        self.assertEqual([550], codes(session.say(b"MFF UNIX.mode=640; nothing\r\n")))

    def test_not_permitted(self) -> None:
        """A guest sets nothing."""
        session = Session(logged_in=False)
        session.say(b"USER anonymous\r\nPASS x\r\n")
        for said in (
            b"SITE CHMOD 777 welcome.txt", b"MFF UNIX.mode=777; welcome.txt", b"SITE UTIME 20200102030405 welcome.txt",
            b"MDTM 20200102030405 welcome.txt", b"MFMT 20200102030405 welcome.txt",
        ):  # fmt: skip
            self.assertEqual(b"550 Permission denied\r\n", session.say(said + b"\r\n"), said)

    def test_room(self) -> None:
        """AVBL says how much may still be stored; where nobody knows a limit, more than any disk has."""
        session = Session()
        self.assertEqual(b"213 9223372036854775807\r\n", session.say(b"AVBL\r\n"))

        async def space(path: TreePath) -> Space:
            if path == ("x",):
                raise NoSuchFile("x")
            if path == ("y",):
                raise NotPermitted("y")
            return Space(4711, 3)

        self.patch(session.world.files, "space", space)
        self.assertEqual(b"213 4711\r\n", session.say(b"AVBL sub\r\n"))
        self.assertEqual([550, 550], codes(session.say(b"AVBL x\r\nAVBL y\r\n")))


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
        self.assertEqual(4, session.world.factory.shared.hashing.tokens)
        self.assertEqual([200], codes(session.say(b"NOOP\r\n")))

    def test_so_many(self) -> None:
        """Four files are hashed at once, others wait; who goes gives its place back."""
        world = World()
        sessions = [Session(world) for _ in range(6)]
        reads = self.waiting(sessions[0])
        for session in sessions:
            session.say(b"XMD5 notes.txt\r\n")
        self.assertEqual(4, len(reads))
        sessions[0].wire.break_()
        sessions[5].say(b"ABOR\r\n")
        world.settle()
        self.assertEqual(5, len(reads))
        for read in reads[1:]:
            read.callback(NOTES)
        world.settle()
        wanted = b"250 %b\r\n" % hashlib.md5(NOTES).hexdigest().encode()
        self.assertEqual([wanted] * 4, [session.heard() for session in sessions[1:5]])
        self.assertEqual(4, world.factory.shared.hashing.tokens)

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


class Hosts(SynchronousTestCase):
    """HOST (RFC 7151), ACCT, SMNT, CLNT, CSID, LANG."""

    def world(self) -> World:
        world = World()
        ensureDeferred(world.public.make_directory(("mirror",)))
        world.public.put(("mirror", "iso.txt"), b"disk\n", None)
        world.reshare(hosts={"mirror.example.test": ("mirror",), "other.example.test": ()})
        return world

    def test_root(self) -> None:
        """A guest sees the directory of the host as the root, and nothing above it."""
        session = Session(self.world(), logged_in=False)
        self.assertEqual(
            b"220 mirror.example.test FTP netsuite\r\n",
            session.say(b"HOST Mirror.Example.TEST\r\n"),
        )
        self.assertEqual([331, 230], codes(session.say(b"USER ftp\r\nPASS x\r\n")))
        self.assertEqual(b'257 "/" is the working directory\r\n', session.say(b"PWD\r\n"))
        self.assertEqual(b"iso.txt\r\n", session.fetch(b"NLST")[0])
        self.assertEqual(b"disk\r\n", session.fetch(b"RETR /../iso.txt")[0])
        self.assertEqual([550, 550], codes(session.say(b"CWD mirror\r\nMLST ../welcome.txt\r\n")))
        self.assertIn(b"; /iso.txt\r\n", session.say(b"MLST iso.txt\r\n"))
        self.assertIn(b" /iso.txt\r\n", session.say(b"HASH iso.txt\r\n"))
        self.assertEqual(b'250 "/" is the working directory\r\n', session.say(b"CWD ..\r\n"))
        self.assertEqual(b'250 "/" is the working directory\r\n', session.say(b"CDUP\r\n"))

    def test_accounts(self) -> None:
        """An account sees the same on every host."""
        session = Session(self.world(), logged_in=False)
        session.say(b"HOST mirror.example.test\r\n" + LOGIN)
        self.assertEqual(b"notes.txt\r\nsub\r\n", session.fetch(b"NLST")[0])

    def test_known(self) -> None:
        """The server's own name and address, and those it was given; the last word counts."""
        session = Session(self.world(), logged_in=False)
        for name, code in (
            (b"ftp.example.test", 220), (HERE.encode(), 220), (b"other.example.test", 220), (b"192.0.2.1", 504), (b"[::1]", 504),
            (b"elsewhere.example", 504), (b"other.example.test:21", 501), (b"[127.0.0.1]", 501), (b"", 501), (b"a_b", 501),
        ):  # fmt: skip
            self.assertEqual([code], codes(session.say(b"HOST " + name + b"\r\n")), name)
        session.say(
            b"HOST mirror.example.test\r\nHOST other.example.test\r\nUSER ftp\r\nPASS x\r\n"
        )
        self.assertIn(b"welcome.txt", session.fetch(b"NLST")[0])

    def test_order(self) -> None:
        """Behind a login it is out of order; between USER and PASS the name is forgotten; REIN forgets it."""
        session = Session(self.world(), logged_in=False)
        self.assertEqual(
            [331, 220, 503],
            codes(session.say(b"USER ftp\r\nHOST mirror.example.test\r\nPASS x\r\n")),
        )
        self.assertEqual(
            [331, 230, 503],
            codes(session.say(b"USER ftp\r\nPASS x\r\nHOST mirror.example.test\r\n")),
        )
        self.assertEqual([220, 331, 230], codes(session.say(b"REIN\r\nUSER ftp\r\nPASS x\r\n")))
        self.assertIn(b"welcome.txt", session.fetch(b"NLST")[0])

    def test_not_needed(self) -> None:
        """ACCT and SMNT ask for what is there without them (RFC 959, 4.1.1)."""
        session = Session()
        self.assertEqual([202, 202], codes(session.say(b"ACCT project1\r\nSMNT /sub\r\n")))
        self.assertEqual([530, 530], codes(Session(logged_in=False).say(b"ACCT x\r\nSMNT /\r\n")))

    def test_software(self) -> None:
        """Clients say what they are, and are told what matters of us."""
        session = Session(logged_in=False)
        self.assertEqual(
            b"200 Name=netsuite; CaseSensitive=1; DirSep=/;\r\n",
            session.say(b"CSID Name=x; Version=1;\r\n"),
        )
        self.assertEqual([200], codes(session.say(b"CLNT " + b"x" * 5000 + b"\r\n")))
        self.assertEqual("x" * 100, session.server.software)

    def test_language(self) -> None:
        """English is spoken, in any of its kinds (RFC 2640, 4.1)."""
        said = Session().say(b"LANG\r\nLANG en\r\nLANG EN-au\r\nLANG fr\r\nLANG en_US\r\n")
        self.assertEqual([200, 200, 200, 504, 501], codes(said))
        self.assertIn(b" LANG EN*\r\n", Session().say(b"FEAT\r\n"))


class HostsUnderTLS(Case):
    """HOST before and behind AUTH TLS (RFC 7151, 3.2.2)."""

    def context(self) -> ServerTLS:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        authority.certificate("localhost", "127.0.0.1").write(self.folder / "localhost.pem")
        authority.certificate("mirror.example.test").write(self.folder / "mirror.example.test.pem")
        self.certificates = Certificates(self.folder, World().reactor)
        self.certificates.open()
        return self.certificates.context_for(b"ftp")

    def setUp(self) -> None:
        super().setUp()
        self.world.reshare(hosts={"mirror.example.test": (), "localhost": ()})

    def code(self, client: FTPClient, command: Command) -> int:
        return self.run_(client._say(command)).code

    def shown(self, client: FTPClient) -> str:
        """Return the first name in the certificate that the server has shown."""
        handle = openssl_of(client.transport)
        assert handle is not None
        certificate = handle.get_peer_certificate()
        assert certificate is not None
        names = certificate.to_cryptography().extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
        return str(names.value.get_values_for_type(x509.DNSName)[0])

    def test_certificate(self) -> None:
        """A client that names no host in TLS is shown the certificate of the one it has named; its
        data connections resume that session."""
        for host, wanted in (("mirror.example.test", "mirror.example.test"), ("", "localhost")):
            client = self.connected()
            if host:
                self.assertEqual(220, self.code(client, Host(host)))
            # Addresses are not named in TLS (RFC 6066, 3).
            self.run_(client.auth_tls(tls.client_options(HERE, insecure=True)))
            self.assertEqual(wanted, self.shown(client))
            self.run_(client.login("alice", "se cret "))
            self.assertEqual(2, len(self.run_(client.mlsd())))
            self.run_(client.quit())

    def test_named_in_both(self) -> None:
        """What TLS names goes before, and HOST has to agree with it; it need not be said then."""
        client = self.connected()
        self.run_(client.auth_tls(tls.client_options("mirror.example.test", insecure=True)))
        self.assertEqual("mirror.example.test", self.shown(client))
        for host, code in (("localhost", 504), ("mirror.example.test", 220)):
            self.assertEqual(code, self.code(client, Host(host)))
        self.run_(client.quit())

    def test_root_by_tls(self) -> None:
        """A guest who names a host in TLS alone sees its directory, too."""
        self.run_(self.world.public.make_directory(("mirror",)))
        self.world.public.put(("mirror", "iso.txt"), b"disk\n", None)
        self.world.reshare(hosts={"mirror.example.test": ("mirror",)})
        client = self.connected(
            tls_context=tls.client_options("mirror.example.test", insecure=True)
        )
        self.run_(client.login())
        self.assertEqual(["iso.txt"], [each.name for each in self.run_(client.mlsd())])
        self.run_(client.quit())


class Reinitialized(SynchronousTestCase):
    """REIN: everything is as in the beginning (RFC 959, 4.1.1)."""

    def test_all_of_it(self) -> None:
        """Whatever was chosen is forgotten; a client that was not there before sees the same."""
        fresh = Session(logged_in=False)
        used = Session(logged_in=False)
        used.say(
            b"HOST ftp.example.test\r\nOPTS HASH MD5\r\nOPTS MLST size;\r\nOPTS MODE Z LEVEL 9\r\n"
            + LOGIN
        )
        used.say(
            b"TYPE I\r\nMODE Z\r\nCWD sub\r\nREST 5\r\nRANG 1 2\r\nALLO 7\r\nEPSV ALL\r\nEPSV\r\nRNFR x.bin\r\n"
        )
        self.assertEqual([220], codes(used.say(b"REIN\r\n")))
        for name in (
            "username", "host_name", "working", "root", "representation", "deflated", "deflate_level", "restart_at", "range",
            "allocated", "rename_from", "extended_only", "facts", "hash_name", "protection", "buffer_size_said", "account",
        ):  # fmt: skip
            self.assertEqual(getattr(fresh.server, name), getattr(used.server, name), name)
        self.assertIs(fresh.server.dialog.state, used.server.dialog.state)
        self.assertEqual([], used.world.data_ports())
        self.assertEqual([530, 503, 530], codes(used.say(b"PWD\r\nPASS x\r\nRNTO x\r\n")))

    def test_protection(self) -> None:
        """PROT is to be said again (RFC 4217, 9), TLS stays."""
        session = Session(World(tls=authority.server_context()))
        session.server.peer = replace(session.server.peer, secure=True)
        self.assertEqual(
            [200, 200, 220, 503], codes(session.say(b"PBSZ 0\r\nPROT P\r\nREIN\r\nPROT P\r\n"))
        )

    def test_in_a_transfer(self) -> None:
        """A transfer that runs is ended first, as RFC 959 has it."""
        session = Session()
        wire = session.data()
        session.say(b"STOR new\r\n")
        self.assertEqual(b"", session.say(b"REIN\r\n"))
        wire.say(b"all")
        wire.hang_up()
        session.world.settle()
        self.assertEqual([226, 220], codes(session.heard()))
        self.assertEqual(b"all", session.world.files.content("new"))


class Who(SynchronousTestCase):
    """SITE WHO and SITE HELP."""

    def test_own(self) -> None:
        """Who is no administrator sees their own sessions, and what they do; nobody else's."""
        world = World()
        alice, guest = Session(world), Session(world, logged_in=False)
        guest.say(b"USER anonymous\r\nPASS x\r\nCLNT spy\x1b[2J\r\n")
        alice.say(b"CLNT lftp\r\n")
        said = alice.say(b"SITE WHO\r\n")
        self.assertEqual(b"200-Connected:\r\n alice 127.0.0.1 idle lftp\r\n200 End\r\n", said)
        self.assertEqual(
            b"200-Connected:\r\n anonymous 127.0.0.1 idle spy?[2J\r\n200 End\r\n",
            guest.say(b"SITE WHO\r\n"),
        )

    def test_all(self) -> None:
        """An administrator sees everybody."""
        world = World()
        world.files.is_administrator = True
        alice, guest, third = (
            Session(world),
            Session(world, logged_in=False),
            Session(world, logged_in=False),
        )
        guest.say(b"USER anonymous\r\nPASS x\r\n")
        self.assertEqual(5, len(alice.say(b"SITE WHO\r\n").split(b"\r\n")) - 1)
        self.assertIn(b" - 127.0.0.1 idle\r\n", alice.say(b"SITE WHO\r\n"))
        third.wire.hang_up()

    def test_help(self) -> None:
        """Its commands are told by two ways of asking."""
        session = Session(logged_in=False)
        wanted = b"214-SITE Commands:\r\n CHMOD   HELP    UTIME   WHO\r\n214 End\r\n"
        self.assertEqual(wanted, session.say(b"SITE HELP\r\n"))
        self.assertEqual(wanted, session.say(b"HELP SITE\r\n"))
        self.assertEqual([214, 501], codes(session.say(b"SITE HELP chmod\r\nSITE HELP exec\r\n")))


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


class OddNames(SynchronousTestCase):
    """Names with quotes, octets that are no UTF-8, controls: octet by octet in, and out."""

    NAMES = (
        b'a"b', b'"', b"a\xffb", b"\xff", b"\xe4\xf6", b"\xc3\xa4", b"a;b=c;", b"%n%s", b"-R", b" a ", b"a  b",
        b"0 3", b"20200102030405", b"x" * 255,
    )  # fmt: skip

    def test_each_command(self) -> None:
        """Each says one line, about that very file."""
        for name in self.NAMES:
            session = Session()
            session.world.files.put((text_of(name),), NOTES, None)
            said = name.replace(b"\xff", b"\xff\xff")
            for line in (
                b"MFMT 20200102030405 %b", b"MFF modify=20200102030405;UNIX.mode=0640; %b", b"SITE CHMOD 600 %b",
                b"SITE UTIME 20200102030405 %b", b"SITE UTIME %b 20200102030405 20200102030405 20200102030405 UTC",
                b"MDTM 20200102030405 %b", b"HASH %b",
            ):  # fmt: skip
                answer = session.say(line % (said,) + b"\r\n")
                self.assertTrue(answer.startswith((b"200 ", b"213 ")), (line, name, answer))
                self.assertTrue(answer.endswith(b" /" + said + b"\r\n"), (line, name, answer))
                self.assertEqual(1, answer.count(b"\n"))
            for word in (b"XCRC", b"XMD5", b"XSHA256"):
                self.assertEqual(
                    [250], codes(session.say(word + b" " + said + b"\r\n")), (word, name)
                )
            self.assertEqual([213], codes(session.say(b"AVBL " + said + b"\r\n")))
            session.say(b"RANG 0 2\r\n")
            self.assertEqual([150, 226], codes(session.store(b"STOR " + said, b"ONE")))
            self.assertEqual(b"ONE\ntwo\n", session.world.files.content(text_of(name)))

    def test_what_clients_say_they_are(self) -> None:
        """Nothing that is said there makes a line of its own, or moves an administrator's cursor."""
        session = Session()
        for said in (b"\x1b[2J", b"\x9b2J", b"\xff\xf4x", b"\x85x", b"a\tb", b"x" * 8000):
            session.say(b"CLNT " + said + b"\r\n")
            answer = session.say(b"SITE WHO\r\n")
            self.assertEqual(3, answer.count(b"\n"), said)
            self.assertFalse(
                set(answer) - set(b"\r\n") - set(range(32, 127)) - set(range(128, 256)), said
            )
            self.assertNotIn(b"\x9b", answer.replace(b"\xc2\x9b", b"\x9b"), said)


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


class Configured(SynchronousTestCase):
    """The service as settings make it."""

    def test_hosts(self) -> None:
        """The site's domains and ``ftp.hosts`` are names that HOST may say; a reload changes them."""
        site = Site(memory=True, reactor=Fabric())
        site.configure("ftp", hosts={"Mirror.example.org": "pub/mirror", "ftp.example.org": ""})
        factory = make_ftp(site).factory
        wanted = {"mirror.example.org": ("pub", "mirror"), "ftp.example.org": ()}
        domains = dict.fromkeys(site.settings.site.domains, ())
        self.assertEqual(domains | wanted, factory.shared.hosts)
        rates = factory.shared.rates
        site.configure("ftp", hosts={}, octets_per_second=5)
        self.assertEqual(domains, factory.shared.hosts)
        self.assertEqual(5, factory.shared.settings.octets_per_second)
        self.assertIs(rates, factory.shared.rates)

    def test_refused(self) -> None:
        """What leads out of the site, is no name, or no rate, is refused with its reason."""
        site = Site(memory=True, reactor=Fabric())
        for values in (
            {"hosts": {"a.example": "../x"}}, {"hosts": {"a.example": "/x"}}, {"hosts": {"a b": "x"}},
            {"octets_per_second": -1}, {"octets_per_second_of": {"alice": -1}},
        ):  # fmt: skip
            self.assertRaises(ConfigError, site.configure, "ftp", **values)


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
