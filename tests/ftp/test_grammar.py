"""FTP's pure parts: commands and replies both ways, paths, listings, line ends, wildcards."""

# ruff: noqa: E501, PT017 - tables read best one case a line; any refusal will do

from __future__ import annotations

from datetime import UTC, datetime
from fnmatch import fnmatchcase
from time import process_time

from hypothesis import given
from hypothesis import strategies as st

from netsuite.ftp import commands as c
from netsuite.ftp.ascii import FromNetwork, ToNetwork
from netsuite.ftp.commands import Protection, Reply, Representation, reply
from netsuite.ftp.dialog import (
    OUT_OF_ORDER,
    TRANSITIONS,
    ClientDialog,
    ServerDialog,
    State,
)
from netsuite.ftp.grammar import DIGESTS, PARSERS, format_command, parse_command, without_telnet
from netsuite.ftp.list_forms import parse_dos, parse_unix, read_listing
from netsuite.ftp.listing import (
    Listed,
    format_time,
    matcher,
    mlsx_entry,
    parse_mlsx,
    parse_time,
    unix_line,
)
from netsuite.ftp.paths import octets_of, quoted, resolve, text_of, unquoted
from netsuite.ftp.reply_grammar import (
    ReplyReader,
    extended_passive_port,
    extended_passive_reply,
    features_of,
    format_reply,
    passive_port,
    passive_reply,
)
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError
from netsuite.wire.events import NEED_DATA, PAUSED, EndOfInput

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

CASES: list[tuple[bytes, c.Command]] = [
    (b"USER alice", c.User("alice")),
    (b"PASS a b ", c.Pass("a b ")),
    (b"AUTH TLS", c.Auth("TLS")),
    (b"PBSZ 0", c.Pbsz(0)),
    (b"PROT P", c.Prot(Protection.PRIVATE)),
    (b"REIN", c.Rein()),
    (b"QUIT", c.Quit()),
    (b"PWD", c.Pwd()),
    (b"CWD a b", c.Cwd("a b")),
    (b"CDUP", c.Cdup()),
    (b"TYPE I", c.Type(Representation.IMAGE)),
    (b"MODE S", c.Mode("S")),
    (b"STRU F", c.Stru("F")),
    (b"PASV", c.Pasv()),
    (b"EPSV", c.Epsv()),
    (b"EPSV 2", c.Epsv(2)),
    (b"EPSV ALL", c.Epsv(all=True)),
    (b"PORT 127,0,0,1,4,1", c.Port("127.0.0.1", 1025)),
    (b"EPRT |2|::1|5282|", c.Port("::1", 5282, 2)),
    (b"REST 5", c.Rest(5)),
    (b"ALLO 5", c.Allo(5)),
    (b"RETR \xc3\xa4", c.Retr("ä")),
    (b"RETR \xe4", c.Retr("\udce4")),
    (b"RETR \xff\xff", c.Retr("\udcff")),
    (b"STOR x", c.Stor("x")),
    (b"STOU", c.Stou()),
    (b"APPE x", c.Appe("x")),
    (b"LIST", c.List()),
    (b"LIST x", c.List("x")),
    (b"LIST ./-x", c.List("./-x")),
    (b"NLST", c.Nlst()),
    (b"MLSD x", c.Mlsd("x")),
    (b"ABOR", c.Abor()),
    (b"MLST", c.Mlst()),
    (b"SIZE x", c.Size("x")),
    (b"MDTM 20200101000000 x", c.Mdtm("20200101000000 x")),
    (b"MFMT 20200101000000 x", c.Mfmt("20200101000000", "x")),
    (b"MFF Modify=20200101000000; x", c.Mff("20200101000000", None, "x")),
    (b"MFF Modify=20200101000000;UNIX.mode=0640; x y", c.Mff("20200101000000", 0o640, "x y")),
    (b"SITE CHMOD 640 x y", c.SiteChmod(0o640, "x y")),
    (b"SITE UTIME 20200101000000 x y", c.SiteUtime("20200101000000", "x y")),
    (b"SITE HELP", c.SiteHelp()),
    (b"SITE HELP who", c.SiteHelp("who")),
    (b"SITE WHO", c.SiteWho()),
    (b"ACCT x", c.Acct("x")),
    (b"SMNT /x", c.Smnt("/x")),
    (b"HOST ftp.example.org", c.Host("ftp.example.org")),
    (b"HOST [2001:db8::1]", c.Host("[2001:db8::1]")),
    (b"CLNT lftp 4", c.Clnt("lftp 4")),
    (b"CSID Name=x; Version=1;", c.Csid("Name=x; Version=1;")),
    (b"LANG", c.Lang()),
    (b"LANG en-au", c.Lang("en-au")),
    (b"RANG 1 0", c.Rang(1, 0)),
    (b"HASH a b ", c.Hash("a b ")),
    (b"AVBL", c.Avbl()),
    (b"AVBL x", c.Avbl("x")),
    *((word.encode() + b" x 0 9", c.Digest(word, "x 0 9")) for word in DIGESTS),
    (b"DELE x", c.Dele("x")),
    (b"MKD x", c.Mkd("x")),
    (b"RMD x", c.Rmd("x")),
    (b"RNFR x", c.Rnfr("x")),
    (b"RNTO x", c.Rnto("x")),
    (b"SYST", c.Syst()),
    (b"STAT", c.Stat()),
    (b"STAT x", c.Stat("x")),
    (b"HELP", c.Help()),
    (b"FEAT", c.Feat()),
    (b"OPTS MLST size;", c.Opts("MLST", "size;")),
    (b"NOOP", c.Noop()),
]


class Commands(SynchronousTestCase):
    """One table, both ways."""

    def test_both_ways(self) -> None:
        """What is printed is what is read."""
        for octets, command in CASES:
            self.assertEqual(command, parse_command(octets), octets)
            self.assertEqual(octets + b"\r\n", format_command(command), octets)
        said = {octets.split(b" ")[0] for octets, _ in CASES}
        self.assertEqual(set(PARSERS), said)

    def test_unsayable(self) -> None:
        """A client cannot be made to say a second command in the first."""
        for path in ("a\r\nDELE b", "a\nb", "a\rb", "a\0b", ""):
            for kind in (c.Retr, c.Stor, c.Cwd, c.Dele, c.Rnto):
                self.assertRaises(LocalProtocolError, format_command, kind(path))
        for command in (c.User("a\r\nb"), c.Pass("a\nb"), c.Opts("A", "\r"), c.Mfmt("1", "\n")):
            self.assertRaises(LocalProtocolError, format_command, command)

    def test_other_words(self) -> None:
        """The words that clients use for the same, and what is none of them."""
        for octets, command in (
            (b"SITE UTIME 202001020304 x", c.SiteUtime("20200102030400", "x")),
            (b"site utime x y 20200101000000 20200102000000 20200103000000 utc",
             c.SiteUtime("20200102000000", "x y")),
            (b"mff UNIX.MODE=777;MODIFY=20200101000000; x", c.Mff("20200101000000", 0o777, "x")),
            (b"HOST FTP.Example.ORG", c.Host("ftp.example.org")),
            (b"RANG 3  9", c.Rang(3, 9)),
        ):  # fmt: skip
            self.assertEqual(command, parse_command(octets), octets)
        for octets, code in (
            (b"SITE", 501), (b"SITE ", 501), (b"SITE EXEC id", 504), (b"SITE WHO x", 501),
            (b"SITE CHMOD", 501), (b"SITE CHMOD 64 x", 501), (b"SITE CHMOD 999 x", 501),
            (b"SITE CHMOD 640", 501), (b"SITE CHMOD 4755 x", 504), (b"SITE CHMOD +x x", 501),
            (b"SITE UTIME", 501), (b"SITE UTIME 2020 x", 501), (b"SITE UTIME x 1 2 3 UTC", 501),
            (b"MFF x", 501), (b"MFF ; x", 501), (b"MFF modify=2020; x", 501), (b"MFF modify; x", 501),
            (b"MFF modify=20200101000000;", 501), (b"MFF modify=20200101000000 x", 501),
            (b"MFF unix.owner=0; x", 504), (b"MFF unix.mode=4755; x", 504),
            (b"HOST", 501), (b"HOST a:21", 501), (b"HOST [::1]:21", 501), (b"HOST -a", 501),
            (b"HOST a..b", 501), (b"HOST " + b"a" * 64, 501), (b"HOST " + b"a." * 200 + b"a", 501),
            (b"LANG en_US", 501), (b"LANG " + b"x" * 9, 501),
            (b"RANG", 501), (b"RANG 1", 501), (b"RANG 1 2 3", 501), (b"RANG -1 2", 501),
            (b"RANG 1 " + b"9" * 20, 501), (b"HASH", 501), (b"XMD5", 501), (b"ACCT", 501),
        ):  # fmt: skip
            with self.assertRaises(RemoteProtocolError) as caught:
                parse_command(octets)
            assert isinstance(caught.exception.reply, Reply)
            self.assertEqual(code, caught.exception.reply.code, octets)

    def test_password_is_not_shown(self) -> None:
        """Neither in a log nor in a traceback."""
        self.assertNotIn("secret", repr(c.Pass("secret")))

    def test_listing_options(self) -> None:
        """Options of ls are taken away, and a client's own path is none of them."""
        for octets in (b"LIST -la", b"LIST -l -a", b"LIST  -la  "):
            self.assertEqual(c.List(), parse_command(octets))
        self.assertEqual(c.Nlst("x"), parse_command(b"NLST -1 x"))
        self.assertEqual(b"LIST ./-x\r\n", format_command(c.List("-x")))

    @given(st.binary(max_size=60))
    def test_any_octets(self, octets: bytes) -> None:
        """Any line is a command or refused."""
        try:
            parse_command(octets)
        except RemoteProtocolError as error:
            assert isinstance(error.reply, Reply)

    @given(st.binary(max_size=40))
    def test_any_name(self, octets: bytes) -> None:
        """Any octets of a name arrive as they are."""
        if octets.strip(b"\0\r\n") == octets and octets and not set(octets) & set(b"\0\r\n"):
            line = format_command(c.Retr(text_of(octets)))
            command = parse_command(line[:-2])
            assert isinstance(command, c.Retr)
            self.assertEqual(octets, octets_of(command.path))

    def test_telnet(self) -> None:
        """Telnet's octets are taken out before a command; within, a doubled 255 is one, and one
        that is not doubled is what it is: a letter of Latin-1 and CP1251."""
        for octets, wanted in (
            (b"\xff\xf4\xff\xf2ABOR", b"ABOR"),
            (b"\xff\xfb\x01\xff\xfd\x03NOOP", b"NOOP"),
            (b"\xf2ABOR", b"ABOR"),
            (b"\xff\xf4\xffABOR", b"ABOR"),
            (b"\xff\xfb", b""),
            (b"\xff\xff\xff\xf4NOOP", b"NOOP"),
            (b"STOR A\xff\xffB", b"STOR A\xffB"),
            (b"STOR \xff\xff\xff\xff", b"STOR \xff\xff"),
            (b"STOR \xff\xff\xff", b"STOR \xff\xff"),
            (b"STOR a\xff", b"STOR a\xff"),
            (b"STOR a\xff\xf4b\xff\xfb\x01", b"STOR a\xff\xf4b\xff\xfb\x01"),
            (b"STOR \xf4\xffx", b"STOR \xf4\xffx"),
        ):
            self.assertEqual(wanted, without_telnet(octets), octets)


class Replies(SynchronousTestCase):
    """Replies, both ways."""

    def read(self, octets: bytes) -> list[Reply]:
        dialog = ClientDialog()
        found = []
        for octet in octets:
            dialog.receive(bytes([octet]))
            event = dialog.next_event()
            if event is not NEED_DATA:
                assert isinstance(event, tuple)
                found.append(event[1])
                dialog.send(c.Noop())
        return found

    def test_both_ways(self) -> None:
        """One line, many lines, lines that look like the last."""
        for value in (
            reply(200, "Fine"),
            reply(220, ""),
            c.listing(211, "Features:", ["A", "B c"], "End"),
            c.listing(211, "a", [], "b"),
            c.listing(250, "x", ["250 not the end", "250-nor this"], "End"),
        ):
            (found,) = self.read(format_reply(value))
            self.assertEqual(value.code, found.code)
            self.assertEqual(
                [line.strip() for line in value.lines], [x.strip() for x in found.lines]
            )

    def test_injection(self) -> None:
        """A name with a line end in it cannot make a second reply."""
        self.assertEqual(b"250 a  230 in\r\n", format_reply(reply(250, "a\r\n230 in")))

    def test_old_servers(self) -> None:
        """Every line with code and hyphen; lines of their own kind between."""
        (found,) = self.read(b"230-Hello\r\n230-there\r\n  indented\r\n221 no\r\n230 End\r\n")
        self.assertEqual(("Hello", "there", "  indented", "221 no", "End"), found.lines)

    def test_hostile(self) -> None:
        """What is no reply, and one without end, is refused; so is one nobody asked for."""
        for octets in (b"HTTP/1.1 200 OK\r\n", b"20 x\r\n", b"999 x\r\n", b"\r\n", b"x" * 9000):
            self.assertRaises(RemoteProtocolError, self.read, octets)
        reader = ReplyReader()
        reader.line(b"211-x")

        def flood() -> None:
            for _ in range(30_000):
                reader.line(b"y")

        self.assertRaises(RemoteProtocolError, flood)
        dialog = ClientDialog()
        dialog.receive(b"220 hi\r\n200 what\r\n")
        dialog.next_event()
        self.assertRaises(RemoteProtocolError, dialog.next_event)

    def test_ports(self) -> None:
        """PASV and EPSV in the words of many servers; nonsense gives none."""
        self.assertEqual(1025, passive_port(passive_reply("1.2.3.4", 1025)))
        self.assertEqual(5000, extended_passive_port(extended_passive_reply(5000)))
        self.assertEqual(256, passive_port(reply(227, "Entering 1,2,3,4,1,0")))
        for text in ("", "(1,2,3,4,5)", "(1,2,3,4,999,1)", "(1,2,3,4,0,0)", "1,2,3,4,5,6,7"):
            self.assertIsNone(passive_port(reply(227, text)), text)
        for text in ("", "(|||0|)", "(|||99999|)", "(|1||5|)", "|||5|", "(|||5)"):
            self.assertIsNone(extended_passive_port(reply(229, text)), text)

    def test_features(self) -> None:
        """FEAT as many servers say it."""
        value = Reply(211, ("Features:", " AUTH TLS", " rest STREAM", " UTF8", "AUTH SSL", "End"))
        self.assertEqual({"AUTH": "TLS SSL", "REST": "STREAM", "UTF8": ""}, features_of(value))


class Dialogs(SynchronousTestCase):
    """The state table, walked."""

    def test_table(self) -> None:
        """In each state every command is allowed or has its refusal."""
        kinds = {type(command) for _, command in CASES} | {c.Epsv}
        for state in State:
            if state is State.CLOSED:
                continue
            for kind in kinds:
                allowed = (state, kind) in TRANSITIONS
                self.assertNotEqual(allowed, kind in OUT_OF_ORDER[state], (state, kind))

    def test_order(self) -> None:
        """A reply to nothing, and an end of no transfer, are our mistakes."""
        dialog = ServerDialog()
        dialog.send(reply(220, "x"))
        self.assertRaises(LocalProtocolError, dialog.send, reply(200, "x"))
        self.assertRaises(LocalProtocolError, dialog.send, reply(150, "x"))
        self.assertRaises(LocalProtocolError, dialog.send, c.Ended(reply(226, "x")))

    def test_interrupts(self) -> None:
        """While a transfer runs STAT is given, CWD is kept, and nothing behind it."""
        dialog = ServerDialog()
        dialog.state = State.READY
        dialog.receive(b"LIST\r\nSTAT\r\nCWD x\r\nABOR\r\n")
        self.assertEqual(c.List(), dialog.next_event())
        self.assertEqual(c.Stat(), dialog.next_event())
        self.assertIs(PAUSED, dialog.next_event())
        dialog.send(reply(213, "x"))
        self.assertIs(PAUSED, dialog.next_event())
        dialog.send(reply(150, "x"))
        dialog.send(c.Ended(reply(226, "x")))
        self.assertEqual(c.Cwd("x"), dialog.next_event())
        dialog.send(reply(250, "x"))
        self.assertEqual(c.Abor(), dialog.next_event())

    def test_end(self) -> None:
        """The end of input is told once."""
        dialog = ServerDialog()
        dialog.receive_eof()
        self.assertEqual(EndOfInput(), dialog.next_event())
        self.assertIs(NEED_DATA, dialog.next_event())

    def test_discard(self) -> None:
        """What is held back is dropped with what was not read."""
        dialog = ServerDialog()
        dialog.state = State.READY
        dialog.receive(b"LIST\r\nCWD x\r\nCWD y\r\n")
        dialog.next_event()
        dialog.next_event()
        self.assertEqual(8, dialog.discard_input())
        dialog.send(c.Ended(reply(226, "x")))
        self.assertIs(NEED_DATA, dialog.next_event())


class Paths(SynchronousTestCase):
    """Paths as clients write them."""

    def test_resolve(self) -> None:
        """Dots, slashes, and no way out."""
        for working, path, wanted in (
            ((), None, ()),
            (("a",), None, ("a",)),
            (("a",), "b", ("a", "b")),
            (("a",), "/b//c/", ("b", "c")),
            (("a",), "../..", ()),
            (("a",), "../../../b", ("b",)),
            ((), "...", ("...",)),
            ((), "a/./b/../c", ("a", "c")),
            (("a",), "", ("a",)),
        ):
            self.assertEqual(wanted, resolve(working, path), path)

    @given(st.text(alphabet="a./", max_size=30))
    def test_never_out(self, path: str) -> None:
        """No path has a dot name left in it."""
        assert not {"", ".", ".."} & set(resolve(("x",), path))

    def test_quotes(self) -> None:
        """Quotes are doubled, and come back."""
        for path in ((), ("a",), ('a"b', '"'), ("ä",)):
            self.assertEqual("/" + "/".join(path), unquoted(quoted(path) + " is it"))
        for text in ("", "x", '"', '"abc', '"a""'):
            self.assertIsNone(unquoted(text))


class Listings(SynchronousTestCase):
    """Listings, both ways, and hostile ones."""

    ENTRIES = (
        Listed("a b.txt", "file", 12, datetime(2026, 2, 3, 4, 5, tzinfo=UTC), "adfrw", "7"),
        Listed("old", "dir", 0, datetime(2001, 2, 3, tzinfo=UTC), "el", "8"),
        Listed(" lead", "file", 0, datetime(1999, 12, 31, tzinfo=UTC), "r", "9"),
    )

    def test_mlsx_both_ways(self) -> None:
        """Facts come back as they were."""
        for entry in self.ENTRIES:
            found = parse_mlsx(mlsx_entry(entry))
            assert found is not None
            self.assertEqual(entry.name, found.name)
            self.assertEqual(
                (entry.kind, entry.modified, entry.perm), (found.kind, found.modified, found.perm)
            )

    def test_unix_both_ways(self) -> None:
        """So do lines of ls, as far as they tell."""
        for entry in self.ENTRIES[:2]:
            found = parse_unix(unix_line(entry, NOW), NOW)
            assert found is not None
            self.assertEqual(
                (entry.name, entry.kind, entry.modified), (found.name, found.kind, found.modified)
            )

    def test_other_servers(self) -> None:
        """Lines of other servers."""
        for line, name, octets, when in (
            (
                "-rw-r--r-- 1 o g 1024 Jan  5 10:20 x y",
                "x y",
                1024,
                datetime(2026, 1, 5, 10, 20, tzinfo=UTC),
            ),
            (
                "-rw-r--r-- 1 o g 1024 Dec 25 10:20 x",
                "x",
                1024,
                datetime(2025, 12, 25, 10, 20, tzinfo=UTC),
            ),
            ("-rw-r--r-- 1 o 1024 Jan  5  2020 x", "x", 1024, datetime(2020, 1, 5, tzinfo=UTC)),
            ("drwxr-xr-x+ 2 o g 0 Jan  5  2020 d", "d", 0, datetime(2020, 1, 5, tzinfo=UTC)),
            (
                "lrwxrwxrwx 1 o g 3 Jan  5  2020 l -> there",
                "l",
                3,
                datetime(2020, 1, 5, tzinfo=UTC),
            ),
        ):
            found = parse_unix(line, NOW)
            assert found is not None, line
            self.assertEqual((name, octets, when), (found.name, found.octets, found.modified))
        found = parse_dos("02-13-20  01:05PM       <DIR>          a b", NOW)
        assert found is not None
        self.assertEqual(
            ("a b", "dir", datetime(2020, 2, 13, 13, 5, tzinfo=UTC)),
            (found.name, found.kind, found.modified),
        )

    def test_hostile(self) -> None:
        """Names that lead elsewhere, and lines that are none, are left out."""
        lines = [
            "total 5",
            "-rw-r--r-- 1 o g 1 Jan  5  2020 ../../etc/passwd",
            "-rw-r--r-- 1 o g 1 Jan  5  2020 /etc/passwd",
            "drwxr-xr-x 1 o g 1 Jan  5  2020 ..",
            "-rw-r--r-- 1 o g 99999999999999999999999 Jan  5  2020 x",
            "-rw-r--r-- 1 o g 1 Feb 30  2020 x",
            "-rw-r--r-- 1 o g 1 Foo  5  2020 x",
            "-" + " " * 20_000,
            "-" * 20_000,
            "",
        ]
        self.assertEqual([], read_listing(lines, NOW, facts=False).entries)
        facts = [
            "type=cdir; .",
            "type=pdir; ..",
            "type=file; ../x",
            "type=file; a/b",
            "nothing",
            "",
            " ",
            "type=file; \0",
        ]
        self.assertEqual([], read_listing(facts, NOW, facts=True).entries)
        (entry,) = read_listing(
            ["size=-1;modify=20209999999999;type=file; x"], NOW, facts=True
        ).entries
        self.assertEqual((None, None), (entry.octets, entry.modified))

    @given(st.text(max_size=80))
    def test_any_text(self, line: str) -> None:
        """No line breaks a reader."""
        for facts in (True, False):
            for entry in read_listing([line], NOW, facts=facts).entries:
                assert "/" not in entry.name

    def test_times(self) -> None:
        """Times both ways; a leap second, fractions, and what is no time."""
        moment = datetime(2020, 2, 29, 23, 59, 59, tzinfo=UTC)
        self.assertEqual(moment, parse_time(format_time(moment)))
        self.assertEqual(moment, parse_time("20200229235960"))
        self.assertEqual(moment.replace(microsecond=500_000), parse_time("20200229235959.5"))
        for text in (
            "",
            "2020",
            "20200230000000",
            "２0200229235959",
            "20200229235959.x",
            "00000101000000",
        ):
            self.assertIsNone(parse_time(text), text)

    def test_wildcards(self) -> None:
        """Stars and question marks; a hidden name is not found by chance; no pattern is slow."""
        for pattern, name, wanted in (
            ("*", "a", True), ("*", ".a", False), (".*", ".a", True), ("a*c", "abc", True), ("a*c", "abd", False),
            ("?b", "ab", True), ("?", "", False), ("*.t?t", "x.txt", True), ("", "", True), ("**a", "ba", True),
            ("ab*ba", "aba", False), ("ab*ba", "abba", True), ("a*b*a", "aba", True), ("a.c", "abc", False),
            ("*a?", "aab", True), ("a*", "a", True), ("*b*b*", "b", False), ("[a]*", "[a]x", True), ("*?", "\n", True),
        ):  # fmt: skip
            self.assertIs(wanted, matcher(pattern)(name), (pattern, name))
        self.assertFalse(matcher("*a" * 100 + "b")("a" * 255))

    @given(st.text("ab.*?", max_size=6), st.text("ab.", max_size=6))
    def test_wildcards_as_others_read_them(self, pattern: str, name: str) -> None:
        """A pattern means what it does in a shell, hidden names apart."""
        if name[:1] != "." or pattern[:1] == ".":
            self.assertIs(fnmatchcase(name, pattern), matcher(pattern)(name))

    def test_many_wildcards(self) -> None:
        """A pattern made to be slow, on a directory of names made for it, holds nobody up."""
        matches = matcher("*" + "a" * 127 + "b*")
        began = process_time()
        for _ in range(1000):
            self.assertFalse(matches("a" * 255))
        self.assertLess(process_time() - began, 0.5)


class LineEnds(SynchronousTestCase):
    """TYPE A, in pieces."""

    @given(
        st.lists(
            st.binary(max_size=5).map(
                lambda o: o.translate(
                    bytes(13 if x % 3 == 0 else 10 if x % 3 == 1 else 97 for x in range(256))
                )
            )
        )
    )
    def test_any_cut(self, pieces: list[bytes]) -> None:
        """The cuts do not show, and text comes back."""
        whole = b"".join(pieces)
        out = ToNetwork()
        sent = b"".join(out.feed(piece) for piece in pieces)
        self.assertEqual(ToNetwork().feed(whole), sent)
        self.assertEqual(sent.count(b"\n"), sent.count(b"\r\n"))
        back = FromNetwork()
        came = b"".join(back.feed(piece) for piece in pieces) + back.finish()
        self.assertEqual(whole.replace(b"\r\n", b"\n"), came)
