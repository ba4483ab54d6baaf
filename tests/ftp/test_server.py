"""The FTP server on a memory transport: logins, files, and every way of saying it wrong."""

# ruff: noqa: E501 - tables read best one case a line

from __future__ import annotations

from twisted.internet.defer import Deferred

from netsuite.accounts.interfaces import LoginUnavailable, Throttled
from netsuite.ftp.grammar import PARSERS
from netsuite.store.errors import Busy, DirectoryNotEmpty, NotPermitted, StoreClosed
from netsuite.store.tree import TreePath
from netsuite.testing.cases import SynchronousTestCase
from tests.ftp.fakes import LOGIN, Session, World, codes


class Logins(SynchronousTestCase):
    """Who comes in, and as whom."""

    def test_password(self) -> None:
        """USER and PASS; neither tells whether there is such a user."""
        session = Session(logged_in=False)
        self.assertEqual([331, 230], codes(session.say(LOGIN)))
        self.assertEqual("ftp", session.world.authenticator.channels[0].protocol)
        for name in (b"alice", b"nobody"):
            session = Session(logged_in=False)
            said = session.say(b"USER %s\r\nPASS wrong\r\n" % name)
            self.assertEqual(b"331 Send the password\r\n530 Wrong name or password\r\n", said)
            self.assertEqual([530, 503], codes(session.say(b"PWD\r\nPASS se cret \r\n")))

    def test_guesses(self) -> None:
        """After five wrong passwords the connection is closed."""
        session = Session(logged_in=False)
        said = session.say(b"USER alice\r\nPASS x\r\n" * 6)
        self.assertEqual([331, 530] * 5 + [421], codes(said))
        self.assertTrue(session.closed)

    def test_refused_otherwise(self) -> None:
        """Throttled and broken logins are told apart from wrong ones."""
        for error in (Throttled("x"), LoginUnavailable("x")):
            session = Session(logged_in=False)
            session.world.authenticator.error = error
            said = session.say(LOGIN)
            self.assertEqual([331, 530], codes(said))
            self.assertIn(b"later", said)

    def test_commands_behind_a_slow_login(self) -> None:
        """What is said while a password is checked waits for the answer."""
        session = Session(logged_in=False)
        session.world.authenticator.waits = Deferred()
        self.assertEqual([331], codes(session.say(LOGIN + b"PWD\r\n")))
        session.world.authenticator.waits.callback(None)
        session.world.settle()
        self.assertEqual([230, 257], codes(session.heard()))

    def test_anonymous(self) -> None:
        """anonymous and ftp read the public site with any password, and change nothing."""
        for name in (b"anonymous", b"FTP"):
            session = Session(logged_in=False)
            self.assertEqual([331, 230], codes(session.say(b"USER %s\r\nPASS \r\n" % name)))
            self.assertEqual(b"welcome.txt\r\n", session.fetch(b"NLST")[0])
            self.assertEqual(
                [550] * 5,
                codes(
                    session.say(
                        b"DELE welcome.txt\r\nMKD x\r\nSTOR x\r\nAPPE welcome.txt\r\nMFMT 20200101000000 welcome.txt\r\n"
                    )
                ),
            )
        session = Session(logged_in=False, anonymous=False)
        self.assertEqual([331, 530], codes(session.say(b"USER anonymous\r\nPASS x\r\n")))

    def test_no_password_in_the_clear(self) -> None:
        """Where a password may not come in the clear it is not asked for."""
        session = Session(logged_in=False)
        session.world.authenticator.passwords = False
        said = session.say(b"USER alice\r\nPASS se cret \r\n")
        self.assertEqual(
            b"530 Say AUTH TLS first: a password may not be sent here\r\n503 Say USER first\r\n",
            said,
        )
        self.assertEqual([331], codes(session.say(b"USER anonymous\r\n")))
        session = Session(logged_in=False, require_tls=True)
        self.assertEqual([530], codes(session.say(b"USER anonymous\r\n")))

    def test_somebody_else(self) -> None:
        """USER and REIN log out, and take what was chosen with them."""
        for command, code in ((b"REIN", 220), (b"USER bob", 331)):
            session = Session()
            session.say(b"CWD sub\r\nREST 5\r\nEPSV\r\n")
            self.assertEqual([code, 530], codes(session.say(command + b"\r\nPWD\r\n")))
            self.assertEqual([], session.world.data_ports())
            session.say(LOGIN)
            self.assertIn(b'"/"', session.say(b"PWD\r\n"))

    def test_leaving(self) -> None:
        """However a session ends, its facet is left, once."""
        for end in (b"QUIT\r\n", b"REIN\r\n", b"USER bob\r\n", None):
            session = Session()
            self.assertEqual(0, session.world.authenticator.logged_out)
            if end is None:
                session.wire.break_()
            else:
                session.say(end)
            session.world.settle()
            self.assertEqual(1, session.world.authenticator.logged_out, end)

    def test_no_tls(self) -> None:
        """A server without certificates says so; protection needs TLS."""
        session = Session(logged_in=False)
        self.assertEqual(
            [431, 504, 503, 503],
            codes(session.say(b"AUTH TLS\r\nAUTH GSSAPI\r\nPBSZ 0\r\nPROT P\r\n")),
        )
        self.assertNotIn(b"AUTH", session.say(b"FEAT\r\n"))


class Files(SynchronousTestCase):
    """What needs no data connection."""

    def test_walk(self) -> None:
        """CWD, CDUP and PWD; .. at the root is the root."""
        session = Session()
        for command, path in (
            (b"CWD sub", b"/sub"), (b"CWD ..", b"/"), (b"CDUP", b"/"), (b"CWD ../../..", b"/"),
            (b"CWD /sub/../sub/./", b"/sub"), (b"CWD //", b"/"), (b"CWD sub/../../sub", b"/sub"), (b"XCUP", b"/"),
        ):  # fmt: skip
            self.assertEqual(
                b'250 "%s" is the working directory\r\n' % path, session.say(command + b"\r\n")
            )
        self.assertEqual(b'257 "/" is the working directory\r\n', session.say(b"XPWD\r\n"))
        self.assertEqual([550, 550], codes(session.say(b"CWD nothing\r\nCWD notes.txt\r\n")))

    def test_traversal(self) -> None:
        """No way of writing .. leads out of the root, or to a name that is none."""
        session = Session()
        for path in (
            b"../etc/passwd", b"/../../etc/passwd", b"....//....//etc", b"..\\..\\etc", b"%2e%2e/%2e%2e/etc",
            b"\xc0\xae\xc0\xae/etc", b"sub/../../../../etc/passwd", b"/./../.././../etc", b"..;/etc",
            b"\xe2\x80\xae..", b"~root", b"C:\\", b"\\\\host\\share", b"/proc/self/root", b"sub/x.bin/../../../etc",
            b"x" * 300, b"a/" * 200 + b"b",
        ):  # fmt: skip
            for word in (b"CWD", b"RETR", b"SIZE", b"MDTM", b"DELE", b"RNFR", b"MLST", b"STAT"):
                said = session.say(word + b" " + path + b"\r\n")
                self.assertIn(codes(said)[0], (550, 553), (word, path, said))
        self.assertEqual([550], codes(session.say(b"MKD " + b"x" * 300 + b"\r\n")))

    def test_change(self) -> None:
        """MKD, RMD, DELE, RNFR and RNTO do what they say, once."""
        session = Session()
        for command, code in (
            (b'MKD a "b"', 257), (b'MKD a "b"', 550), (b"RMD sub", 550), (b"RMD notes.txt", 550), (b'RMD a "b"', 250),
            (b"DELE sub", 550), (b"RNFR nothing", 550), (b"RNTO x", 503), (b"RNFR notes.txt", 350), (b"RNTO n.txt", 250),
            (b"RNTO again", 503), (b"RNFR n.txt", 350), (b"NOOP", 200), (b"RNTO x", 503), (b"RNFR n.txt", 350),
            (b"RNTO sub", 553), (b"RNTO x", 503), (b"DELE n.txt", 250), (b"DELE n.txt", 550), (b"RMD /", 550),
            (b"RNFR sub", 350), (b"RNTO sub/inside", 550), (b"RNFR /", 350), (b"RNTO x", 550),
        ):  # fmt: skip
            self.assertEqual([code], codes(session.say(command + b"\r\n")), command)
        self.assertEqual(b'257 "/c""d" was made\r\n', session.say(b'MKD c"d\r\n'))

    def test_facts(self) -> None:
        """SIZE, MDTM, MFMT and MLST."""
        session = Session()
        self.assertEqual(b"213 256\r\n", session.say(b"SIZE sub/x.bin\r\n"))
        self.assertEqual([550], codes(session.say(b"SIZE sub\r\n")))
        self.assertEqual(b"213 20260301120000\r\n", session.say(b"MDTM notes.txt\r\n"))
        self.assertEqual(
            b"213 Modify=20200229235959; /notes.txt\r\n",
            session.say(b"MFMT 20200229235959 notes.txt\r\n"),
        )
        self.assertEqual(b"213 20200229235959\r\n", session.say(b"MDTM notes.txt\r\n"))
        for moment in (
            b"20210229000000",
            b"2020",
            b"20200101000000.",
            b"99999999999999",
            b"2020010100000x",
            b"",
        ):
            self.assertEqual([501], codes(session.say(b"MFMT %s notes.txt\r\n" % moment)), moment)
        session.say(b"OPTS MLST size;type;\r\n")
        self.assertEqual(
            b"250-Facts follow\r\n type=file;size=256; /sub/x.bin\r\n250 End\r\n",
            session.say(b"MLST sub/x.bin\r\n"),
        )
        session.say(b"OPTS MLST\r\n")
        self.assertEqual(b"250-Facts follow\r\n  /\r\n250 End\r\n", session.say(b"MLST\r\n"))

    def test_names(self) -> None:
        """Names are octets: UTF-8, what is none, doubled 255, spaces at their ends."""
        session = Session()
        for name in (
            "käse".encode(),
            b"k\xe4se",
            b"k\xe4\xff\xffse",
            b" lead",
            b"trail ",
            b"a  b",
            b"-x",
        ):
            self.assertEqual([257], codes(session.say(b"MKD " + name + b"\r\n")), name)
            self.assertEqual(
                b'250 "/%s" is the working directory\r\n' % name,
                session.say(b"CWD " + name + b"\r\n"),
            )
            session.say(b"CDUP\r\n")

    def test_status(self) -> None:
        """STAT, HELP, FEAT, SYST and the like say how things are."""
        session = Session()
        self.assertEqual(b"215 UNIX Type: L8\r\n", session.say(b"SYST\r\n"))
        self.assertEqual(
            b"211-Extensions:\r\n EPRT\r\n EPSV\r\n AVBL\r\n CLNT\r\n CSID\r\n"
            b" HASH SHA-256*;SHA-512;SHA-1;MD5;CRC32;\r\n HOST\r\n LANG EN*\r\n MDTM\r\n"
            b" MFF modify;UNIX.mode;\r\n MFMT\r\n"
            b" MLST type*;size*;modify*;perm*;unique*;UNIX.mode*;\r\n MODE Z\r\n RANG STREAM\r\n"
            b" REST STREAM\r\n SITE CHMOD\r\n SITE UTIME\r\n SIZE\r\n TVFS\r\n UTF8\r\n"
            b" XCRC\r\n XMD5\r\n XSHA\r\n XSHA1\r\n XSHA256\r\n XSHA512\r\n211 End\r\n",
            session.say(b"FEAT\r\n"),
        )
        self.assertTrue(session.say(b"STAT\r\n").endswith(b' Working directory "/"\r\n211 End\r\n'))
        self.assertIn(b" drwxr-xr-x ", session.say(b"STAT -la\r\nSTAT .\r\n"))
        self.assertEqual(3, session.say(b"STAT notes.txt\r\n").count(b"\r\n"))
        self.assertIn(b" RETR", session.say(b"HELP\r\n"))
        self.assertEqual([214, 501], codes(session.say(b"HELP retr\r\nHELP xyzzy\r\n")))
        self.assertEqual(
            [200, 200, 504, 200, 501, 501],
            codes(
                session.say(
                    b"OPTS UTF8 ON\r\nOPTS utf8\r\nOPTS UTF8 OFF\r\nOPTS HASH MD5\r\nOPTS\r\nOPTS -\r\n"
                )
            ),
        )

    def test_parameters(self) -> None:
        """TYPE, MODE and STRU: what is offered, what is not, what is nonsense."""
        session = Session()
        for command, code in (
            (b"TYPE A", 200), (b"TYPE A N", 200), (b"type i", 200), (b"TYPE L 8", 200), (b"TYPE L8", 200), (b"TYPE E", 504),
            (b"TYPE A T", 504), (b"TYPE L 36", 504), (b"TYPE", 501), (b"TYPE X", 501), (b"MODE S", 200), (b"MODE B", 504),
            (b"MODE", 501), (b"STRU F", 200), (b"STRU R", 504), (b"STRU FF", 501), (b"ALLO 5", 200), (b"ALLO 5 R 6", 200),
            (b"ALLO x", 501), (b"REST -1", 501), (b"REST 1.5", 501), (b"REST " + b"9" * 30, 501), (b"REST", 501),
        ):  # fmt: skip
            self.assertEqual([code], codes(session.say(command + b"\r\n")), command)

    def test_store_errors(self) -> None:
        """Temporary troubles are temporary, and nothing of their words is told."""
        for error, code in (
            (Busy("secret"), 450),
            (StoreClosed("secret"), 421),
            (NotPermitted("secret"), 550),
        ):
            session = Session()

            async def broken(path: object, error: Exception = error) -> None:
                raise error

            self.patch(session.world.files, "entry", broken)
            said = session.say(b"SIZE notes.txt\r\n")
            self.assertEqual([code], codes(said))
            self.assertNotIn(b"secret", said)

    def test_bug(self) -> None:
        """A bug of ours is a 451, and no traceback on the wire."""
        session = Session()

        async def broken(path: object) -> None:
            raise RuntimeError("secret")

        self.patch(session.world.files, "entry", broken)
        self.assertEqual([451, 200], codes(session.say(b"SIZE notes.txt\r\nNOOP\r\n")))
        self.flushLoggedErrors(RuntimeError)


#: A command as somebody might say it, for each there is.
SAMPLES: dict[bytes, bytes] = {
    b"USER": b"alice", b"PASS": b"x", b"AUTH": b"TLS", b"PBSZ": b"0", b"PROT": b"P", b"CWD": b"sub", b"TYPE": b"I",
    b"MODE": b"S", b"STRU": b"F", b"PORT": b"127,0,0,1,20,20", b"EPRT": b"|1|127.0.0.1|5000|", b"REST": b"0", b"ALLO": b"1",
    b"RETR": b"notes.txt", b"STOR": b"n", b"APPE": b"n", b"MLST": b"sub", b"SIZE": b"notes.txt", b"MDTM": b"notes.txt",
    b"MFMT": b"20200101000000 notes.txt", b"DELE": b"notes.txt", b"MKD": b"m", b"RMD": b"sub", b"RNFR": b"notes.txt",
    b"RNTO": b"n", b"OPTS": b"UTF8 ON", b"ACCT": b"x", b"SMNT": b"/", b"SITE": b"CHMOD 640 notes.txt", b"CLNT": b"lftp",
    b"CSID": b"Name=lftp; Version=4;", b"HOST": b"ftp.example.test", b"RANG": b"0 3", b"HASH": b"notes.txt",
    b"MFF": b"modify=20200101000000; notes.txt", b"XCRC": b"notes.txt", b"XMD5": b"notes.txt 1 3", b"XSHA": b"notes.txt",
    b"XSHA1": b"notes.txt", b"XSHA256": b"notes.txt", b"XSHA512": b"notes.txt",
}  # fmt: skip
#: What may be said before a login, and what it is answered there.
BEFORE = {
    b"USER": 331, b"PASS": 503, b"AUTH": 431, b"PBSZ": 503, b"PROT": 503, b"REIN": 220, b"QUIT": 221, b"ABOR": 226,
    b"SYST": 215, b"HELP": 214, b"FEAT": 211, b"OPTS": 200, b"NOOP": 200,
    b"HOST": 220, b"CLNT": 200, b"CSID": 200, b"LANG": 200,
}  # fmt: skip
#: ... and after it, where that is no success.
AFTER = {
    b"PASS": 503, b"AUTH": 431, b"PBSZ": 503, b"PROT": 503, b"RNTO": 503, b"RETR": 425, b"STOR": 425, b"APPE": 425,
    b"STOU": 425, b"LIST": 425, b"NLST": 425, b"MLSD": 425, b"RMD": 550,
    b"HOST": 503,
}  # fmt: skip


class Hostile(SynchronousTestCase):
    """Bad input: what is answered, and that the session lives on."""

    def line(self, word: bytes) -> bytes:
        return (word + b" " + SAMPLES[word] if word in SAMPLES else word) + b"\r\n"

    def test_every_command_before_a_login(self) -> None:
        """Nothing that concerns files is heard before a login."""
        for word in PARSERS:
            session = Session(logged_in=False)
            self.assertEqual(BEFORE.get(word, 530), int(session.say(self.line(word))[:3]), word)

    def test_every_command_between_name_and_password(self) -> None:
        """Nor between USER and PASS."""
        for word in PARSERS:
            session = Session(logged_in=False)
            session.say(b"USER alice\r\n")
            wanted = 530 if word == b"PASS" else BEFORE.get(word, 530)
            self.assertEqual(wanted, int(session.say(self.line(word))[:3]), word)

    def test_every_command_after_it(self) -> None:
        """Every command has an answer, and only one."""
        for word in PARSERS:
            session = Session()
            said = session.say(self.line(word))
            code = int(said[:3])
            self.assertTrue(code == AFTER[word] if word in AFTER else code < 400, (word, said))
            if word != b"QUIT":
                self.assertEqual([200], codes(session.say(b"NOOP\r\n")), word)

    def test_arguments(self) -> None:
        """Arguments that are missing or too many are refused."""
        session = Session()
        for word in PARSERS:
            if word in SAMPLES and word not in (b"PASS", b"MLST"):
                self.assertEqual([501], codes(session.say(word + b"\r\n")), word)
        for word in (b"PWD", b"CDUP", b"PASV", b"QUIT", b"REIN", b"SYST", b"FEAT", b"ABOR"):
            self.assertEqual([501], codes(session.say(word + b" x\r\n")), word)

    def test_no_commands(self) -> None:
        """What is no command is refused, and the line behind it heard."""
        for line, code in (
            (b"", 500), (b" ", 500), (b"XYZZY", 500), (b"RETR\tnotes.txt", 500), (b"\xe4\xf6\xfc", 500), (b"\0", 500),
            (b"ACCT x", 202), (b"SITE CHMOD 777 x", 550), (b"SMNT /", 202),
            (b"SITE", 501), (b"SITE EXEC id", 504), (b"SITE CHMOD 8 x", 501), (b"SITE CHMOD 4755 notes.txt", 504), (b"CCC", 502), (b"RETR a\0b", 501),
            (b"CWD \0", 501), (b"\xff" * 400, 500), (b"\xff\xfd\x18\xff\xfb\x1f", 500), (b"NOOP extra words", 200),
            (b"x" * 9000, 500), (b"RETR " + b"x" * 9000, 500), (b"NO\xff\xf1OP", 500), (b"\xff\xfd\x18NOOP", 200),
        ):  # fmt: skip
            session = Session()
            self.assertEqual([code, 200], codes(session.say(line + b"\r\nNOOP\r\n")), line)

    def test_looks_empty(self) -> None:
        """What keeps a directory that looks empty from being removed is named, in one line."""
        session = Session()

        async def refuse(path: TreePath) -> None:
            raise DirectoryNotEmpty("not empty", ["link", "a\r\n250 b\x9f"])

        self.patch(session.world.files, "remove_directory", refuse)
        said = session.say(b"RMD sub\r\n")
        wanted = "550 It holds what is not shown here: link, a??250 b?; DELE removes links\r\n"
        self.assertEqual(wanted.encode(), said)

    def test_line_ends(self) -> None:
        """Only CR LF ends a line of a client that has said it once; where anything else does,
        nobody knows what is a command."""
        for line in (b"NOOP\n", b"NOOP\rNOOP\r\n", b"CWD a\rb\r\n", b"CWD sub\nDELE notes.txt\r\n"):
            session = Session()
            self.assertEqual([500], codes(session.say(line)), line)
            self.assertTrue(session.closed)
        self.assertIsNotNone(session.world.files.content("notes.txt"))

    def test_devices(self) -> None:
        """A client whose first line ends with LF alone may go on so, and may not say CR then."""
        session = Session(logged_in=False)
        said = session.say(b"USER alice\nPASS se cret \nCWD sub\nPWD\nXYZZY\n")
        self.assertEqual([331, 230, 250, 257, 500], codes(said))
        for line in (b"NOOP\r\n", b"CWD a\rb\n", b"DELE x.bin\rNOOP\n"):
            session = Session(logged_in=False)
            self.assertEqual([331, 230], codes(session.say(LOGIN.replace(b"\r", b""))))
            self.assertEqual([500], codes(session.say(line)), line)
            self.assertTrue(session.closed)

    def test_http(self) -> None:
        """A browser that was led here hears one word."""
        session = Session(logged_in=False)
        self.assertEqual(
            [500], codes(session.say(b"POST / HTTP/1.1\r\nHost: x\r\n\r\nUSER alice\r\n"))
        )
        self.assertTrue(session.closed)

    def test_too_many(self) -> None:
        """After many bad commands the connection is closed."""
        session = Session(logged_in=False, bad_commands=10)
        said = codes(session.say(b"XYZZY\r\n" * 30))
        self.assertEqual([500] * 10 + [421], said)
        self.assertTrue(session.closed)

    def test_not_too_many(self) -> None:
        """What is refused between successes ends no login: clients try what we do not have behind
        each file. Before a login it does."""
        session = Session(bad_commands=10)
        for _ in range(10):
            self.assertEqual([502] * 9 + [200], codes(session.say(b"CCC\r\n" * 9 + b"NOOP\r\n")))
        self.assertEqual([502] * 10 + [421], codes(session.say(b"CCC\r\n" * 11)))
        session = Session(logged_in=False, bad_commands=10)
        said = codes(session.say(b"XYZZY\r\nNOOP\r\n" * 10))
        self.assertEqual([500, 200] * 9 + [500, 421], said)
        session = Session(bad_commands=10)
        for _ in range(3):
            data = session.data()
            session.say(b"XMD6 x\r\n" * 8 + b"STOR x\r\n")
            data.hang_up()
            session.world.settle()
            self.assertEqual([226], codes(session.heard()))

    def test_at_every_cut(self) -> None:
        """The answers are the same however the network cuts what is said."""
        octets = (
            LOGIN
            + b"\xff\xf4\xff\xf2ABOR\r\nPWD\r\nCWD s\xff\xffub\r\nXYZZY\r\nRNFR notes.txt\r\nRNTO a\r\nQUIT\r\n"
        )
        whole = Session(logged_in=False).say(octets)
        self.assertEqual([331, 230, 226, 257, 550, 500, 350, 250, 221], codes(whole))
        for cut in range(len(octets)):
            session = Session(logged_in=False)
            self.assertEqual(whole, session.say(octets[:cut]) + session.say(octets[cut:]), cut)
        session = Session(logged_in=False)
        self.assertEqual(whole, b"".join(session.say(bytes([octet])) for octet in octets))

    def test_half_closed(self) -> None:
        """Commands of a client that has closed its half are answered all the same."""
        session = Session()
        session.wire.say(b"PWD\r\nNOOP\r\n")
        session.wire.end()
        session.world.settle()
        self.assertEqual([257, 200], codes(session.heard()))
        self.assertTrue(session.closed)

    def test_idle(self) -> None:
        """A session without commands is closed, and its data port with it."""
        session = Session()
        session.say(b"EPSV\r\n")
        session.world.reactor.advance(301)
        session.world.settle()
        self.assertEqual(b"421 No command for too long\r\n", session.heard())
        self.assertEqual([], session.world.data_ports())

    def test_gone(self) -> None:
        """A session that is lost leaves no port behind."""
        world = World()
        session = Session(world)
        session.say(b"EPSV\r\n")
        session.wire.break_()
        self.assertEqual([], world.data_ports())
        self.assertEqual(0, len(world.factory))
