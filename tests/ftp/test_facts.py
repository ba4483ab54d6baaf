"""Facts of files set and told: MFMT, MFF, MDTM with a time, SITE CHMOD and UTIME, AVBL; SITE WHO; odd names."""

# ruff: noqa: E501 - tables read best one case a line

from __future__ import annotations

from datetime import UTC, datetime

from netsuite.ftp.paths import text_of
from netsuite.store.errors import NoSuchFile, NotPermitted
from netsuite.store.tree import Space, TreePath
from netsuite.testing.cases import SynchronousTestCase
from tests.ftp.fakes import Session, World, codes

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

    def test_all_processes(self) -> None:
        """Where there are more processes, all of them are asked, for whose sessions it is."""
        asked: list[str] = []

        async def who(account: str) -> list[str]:
            asked.append(account)
            return [f"bob 192.0.2.{number} idle" for number in range(1_200)]

        world = World()
        world.reshare(who=who)
        said = Session(world).say(b"SITE WHO\r\n")
        self.assertTrue(said.endswith(b" idle\r\n and 200 more\r\n200 End\r\n"))
        world.files.is_administrator = True
        Session(world).say(b"SITE WHO\r\n")
        self.assertEqual(["alice", ""], asked)
        guest = Session(world, logged_in=False)
        guest.say(b"USER ftp\r\nPASS x\r\n")
        self.assertIn(b" ftp 127.0.0.1 idle\r\n", guest.say(b"SITE WHO\r\n"))
        self.assertEqual(2, len(asked))

    def test_help(self) -> None:
        """Its commands are told by two ways of asking."""
        session = Session(logged_in=False)
        wanted = b"214-SITE Commands:\r\n CHMOD   HELP    UTIME   WHO\r\n214 End\r\n"
        self.assertEqual(wanted, session.say(b"SITE HELP\r\n"))
        self.assertEqual(wanted, session.say(b"HELP SITE\r\n"))
        self.assertEqual([214, 501], codes(session.say(b"SITE HELP chmod\r\nSITE HELP exec\r\n")))
