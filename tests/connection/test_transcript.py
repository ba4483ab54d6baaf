"""Transcripts: every line, and no password."""

from __future__ import annotations

from twisted.internet.task import Clock

from netsuite.connection.transcript import LINE_OCTETS, Transcript
from netsuite.testing.cases import SynchronousTestCase
from tests.connection.lines import connected


class Lines(SynchronousTestCase):
    """What an operator reads."""

    def setUp(self) -> None:
        self.told: list[str] = []
        self.transcript = self.make()

    def make(self, limit_octets: int = 100_000) -> Transcript:
        return Transcript(
            lambda side, text, seconds: self.told.append(f"{side}: {text}"),
            Clock(),
            limit_octets=limit_octets,
        )

    def converse(self, *lines: str) -> list[str]:
        """Let both sides say lines, cut in the middle; give what was told."""
        self.told.clear()
        for line in lines:
            side, _, text = line.partition(": ")
            octets = text.encode() + b"\r\n"
            say = self.transcript.heard if side == "C" else self.transcript.said
            say(octets[:3])
            say(octets[3:])
        return self.told

    def test_lines(self) -> None:
        """Plain lines are told as they are, what is not printable escaped."""
        self.assertEqual(["C: NOOP", "S: 250 OK"], self.converse("C: NOOP", "S: 250 OK"))
        self.assertEqual(["C: a\\x00b\\x1b[31m"], self.converse("C: a\x00b\x1b[31m"))

    def test_masking(self) -> None:
        """Where a connection says so, nothing of the client's is told, until it says otherwise."""
        self.transcript.masking = True
        self.assertEqual(["S: Password:", "C: ***"], self.converse("S: Password:", "C: sesame"))
        self.transcript.masking = False
        self.assertEqual(["C: ls"], self.converse("C: ls"))

    def test_masking_ends_within_a_line(self) -> None:
        """A line that came while all was masked stays so, though its end comes behind that: CR ends
        a line of Telnet's, whose LF may be in the next segment, and NUL may be there instead."""
        for rest in (b"\n", b"\0cd\r\n"):
            self.told.clear()
            self.transcript.masking = True
            self.transcript.heard(b"sesame\r")
            self.transcript.masking = False
            self.transcript.heard(rest + b"ls\r\n")
            self.assertEqual(["C: ***", "C: ls"], self.told)

    def test_secrets(self) -> None:
        """No mechanism and no protocol shows a password."""
        for conversation in [
            ["C: AUTH PLAIN SECRET", "S: 235 ok", "C: NOOP"],
            ["C: auth login", "S: 334 x", "C: SECRET", "S: 334 y", "C: SECRET", "S: 235 ok",
             "C: NOOP"],
            ["C: a1 AUTHENTICATE PLAIN SECRET", "S: * CAPABILITY x", "S: a1 OK", "C: a2 NOOP"],
            ["C: a1 AUTHENTICATE SCRAM-SHA-1", "S: +", "C: SECRET", "S: + x", "C: SECRET",
             "S: a1 OK", "C: a2 NOOP"],
            ["C: a1 LOGIN alice SECRET", "S: a1 OK", "C: a2 NOOP"],
            ["C: a1 LOGIN {5}", "S: + go", "C: SECRET {6}", "S: + go", "C: SECRET", "S: a1 OK",
             "C: a2 NOOP"],
            ["C: a1 login {5+}", "C: SECRET {6+}", "C: SECRET", "S: a1 NO", "C: a2 NOOP"],
            ["C: USER alice", "S: +OK", "C: PASS SECRET words", "S: +OK", "C: NOOP"],
            ["C: APOP alice SECRET", "S: +OK", "C: NOOP"],
            ["C: AUTHINFO PASS SECRET", "S: 281 ok", "C: NOOP"],
            ["C: AUTHINFO SASL PLAIN SECRET", "S: 281 ok", "C: NOOP"],
            ["C: AUTHINFO SASL LOGIN", "S: 383 x", "C: SECRET", "S: 281 ok", "C: NOOP"],
            ["C: Authorization: Basic SECRET", "C: NOOP"],
        ]:  # fmt: skip
            told = self.converse(*conversation)
            self.assertEqual(len(conversation), len(told))
            self.assertNotIn("SECRET", "".join(told))
            self.assertIn("NOOP", told[-1], conversation)
            self.assertIn("***", "".join(told), conversation)

    def test_challenges(self) -> None:
        """Nor its salt, nor what else of an exchange helps to guess it."""
        for conversation in [
            ["C: AUTH SCRAM-SHA-256 SECRET", "S: 334 SECRET", "C: SECRET", "S: 334 SECRET", "C: ",
             "S: 235 2.7.0 ok", "S: 334 told"],
            ["C: a1 AUTHENTICATE SCRAM-SHA-1", "S: + ", "C: SECRET", "S: + SECRET", "C: SECRET",
             "S: + SECRET", "C: ", "S: * CAPABILITY told", "S: a1 OK told"],
            ["C: AUTHINFO SASL SCRAM-SHA-256 SECRET", "S: 383 SECRET", "C: SECRET",
             "S: 283 SECRET", "C: GROUP told"],
            ["C: AUTH CRAM-MD5", "S: + SECRET", "C: SECRET", "S: -ERR told"],
        ]:  # fmt: skip
            told = self.converse(*conversation)
            self.assertEqual(len(conversation), len(told))
            self.assertNotIn("SECRET", "".join(told))
            self.assertIn("told", told[-1], conversation)

    def test_secrets_at_every_cut(self) -> None:
        """However the network cuts it, a password does not show, nor when it comes pipelined."""
        octets = b"USER alice\r\nPASS SECRET words\r\nSTAT\r\na LOGIN ann {6+}\r\nSECRET\r\n"
        for cut in range(len(octets)):
            self.told.clear()
            transcript = self.make()
            transcript.heard(octets[:cut])
            transcript.heard(octets[cut:])
            transcript.ended()
            self.assertEqual("C: PASS ***", self.told[1])
            self.assertNotIn("SECRET", "".join(self.told))
            self.told.clear()
            transcript = self.make()
            transcript.heard(octets[:cut])  # gone in the middle of a line
            transcript.ended()
            self.assertNotIn("SECRET", "".join(self.told))

    def test_answers_of_other_commands(self) -> None:
        """The answer to what was pipelined before it does not end what is secret of a command."""
        for conversation in [
            ["C: a NOOP", "C: b LOGIN ann {6}", "S: a OK", "S: + go", "C: SECRET", "S: b OK",
             "C: told"],
            ["C: a NOOP", "C: b AUTHENTICATE PLAIN", "S: a OK", "S: +", "C: SECRET", "S: b NO",
             "C: told"],
        ]:  # fmt: skip
            told = self.converse(*conversation)
            self.assertNotIn("SECRET", "".join(told))
            self.assertEqual("C: told", told[-1])
        # What only looks like a command with a tag, in a message, ends with the next reply.
        self.assertEqual("C: told", self.converse("C: My LOGIN is", "S: 250 ok", "C: told")[-1])

    def test_exchange(self) -> None:
        """While a login is under way, as the dialog knows, lines need not look like one."""
        self.transcript.exchange_began("SCRAM-SHA-256")
        self.assertEqual(
            ["S: +OK", "S: + ***", "C: ***", "C: ***"],
            self.converse("S: +OK", "S: + SECRET", "C: SECRET", "C: "),
        )
        self.transcript.heard(b"SEC")
        self.transcript.exchange_ended()  # with the last words of it to come
        self.assertEqual(
            ["C: ***", "S: 283 ***", "C: told"], self.converse("C: RET", "S: 283 SECRET", "C: told")
        )
        self.assertEqual("S: + told", self.converse("S: + told")[0])
        self.transcript.exchange_began("PLAIN")
        self.assertEqual(["S: + told", "C: ***"], self.converse("S: + told", "C: SECRET"))

    def test_begun_before_tls(self) -> None:
        """What TLS drops of a line is told by itself, so that the next one is read as it is."""
        self.transcript.heard(b"STLS\r\nx")
        self.transcript.interrupted()
        self.transcript.heard(b"PASS SECRET\r\n")
        self.assertEqual(["C: STLS", "C: x", "C: PASS ***"], self.told)

    def test_by_dialog(self) -> None:
        """Where the dialog alone knows what was asked for, it says what is told."""
        self.transcript.told_by_dialog = True
        self.transcript.heard(b"passwd\r\nSECRET\r\n")
        self.transcript.typed("passwd", secret=False)
        self.transcript.typed("SECRET", secret=True)
        self.assertEqual(["C: passwd", "C: ***"], self.told)

    def test_fields(self) -> None:
        """HTTP's fields of both sides, folded and in no good form, too; logins in URLs."""
        for line in (
            "Proxy-Authorization: Basic SECRET", "cookie : SECRET", "Set-Cookie: SECRET",
            "X-Api-Key: SECRET", "Authentication-Info: SECRET", "GET http://ann:SECRET@x/ HTTP/1.1",
            "Location: http://ann:SECRET@x/",
        ):  # fmt: skip
            for side in "CS":
                told = self.converse(f"{side}: {line}", f"{side}: Host: http://x:80/a@b")
                self.assertNotIn("SECRET", told[0])
                self.assertEqual(f"{side}: Host: http://x:80/a@b", told[1])
        self.assertEqual(
            ["C: Authorization: ***", "C: ***", "C: told"],
            self.converse("C: Authorization: Basic", "C:   SECRET", "C: told"),
        )

    def test_forms(self) -> None:
        """Fields of forms whose names tell that nobody is to read them, of bodies and URLs."""
        for line, told in (
            ("name=ann&password=SECRET&x=y", "name=ann&password=***&x=y"),
            ("Old_Passwd=SECRETGET / HTTP/1.1", "Old_Passwd=*** / HTTP/1.1"),
            ("GET /a?csrf_token=SECRET;b=c HTTP/1.1", "GET /a?csrf_token=***;b=c HTTP/1.1"),
            ("a=1&pwd=SECRET", "a=1&pwd=***"),
            ("passport=1&a=token", "passport=1&a=token"),
            ("a=1&password=", "a=1&password="),
        ):
            self.assertEqual([f"C: {told}"], self.converse(f"C: {line}"))

    def test_loose(self) -> None:
        """A line that no server takes may have a password in it all the same."""
        for line in (
            " PASS SECRET", "pass\tSECRET", "PASS  SECRET", "AUTH  PLAIN SECRET",
            'AUTH "PLAIN" SECRET', "a  LOGIN ann SECRET", "AUTHINFO SIMPLE SECRET",
            "AUTHINFO  PASS SECRET", "x" * 200 + " LOGIN ann SECRET",
        ):  # fmt: skip
            self.transcript = self.make()
            self.assertNotIn("SECRET", self.converse(f"C: {line}")[0])

    def test_behind_telnet(self) -> None:
        """FTP takes a command behind those of Telnet; SITE PSWD is none here, and elsewhere sets a
        password."""
        for line in (
            b"\xff\xf4\xff\xf2PASS SECRET", b"\xffPASS SECRET", b"\xf2PASS SECRET",
            b"\xff\xfd\x06PASS SECRET", b"\xff\xf4 pass SECRET", b"site PSWD SECRET SECRET",
            b"SITE PASSWD SECRET",
        ):  # fmt: skip
            self.transcript = self.make()
            self.told.clear()
            self.transcript.heard(line + b"\r\n")
            self.assertRegex(self.told[0], r"(?i)^C: (pass|site .*) \*\*\*$")

    def test_said_in_part(self) -> None:
        """Of what is long the beginning is told, and the next line is read as it is; all of it
        where something secret is awaited."""
        self.transcript.said_in_part(b"first\r\nsecond\r\nthird\r\n+ ", 9)
        self.transcript.said_in_part(b"abc\r\n", 9)
        self.transcript.said_in_part(b"0123456789", 9)
        self.transcript.said_in_part(b"ab\r\n", 9)
        self.assertEqual(["S: first", "S: se", "S: + abc", "S: 0123456789ab"], self.told)
        self.assertEqual(["C: AUTH CRAM-MD5"], self.converse("C: AUTH CRAM-MD5"))
        self.transcript.said_in_part(b"* a\r\n* b\r\n+ SECRET\r\n", 2)
        self.assertEqual(["S: * a", "S: * b", "S: + ***"], self.told[1:])

    def test_what_may_be_told(self) -> None:
        """The mechanism is told, and words that only look like secrets."""
        self.assertEqual("C: AUTH PLAIN ***", self.converse("C: AUTH PLAIN SECRET")[0])
        self.assertEqual("C: a1 LOGIN ***", self.converse("C: a1 LOGIN a b")[0])
        self.transcript = self.make()
        for line in ("C: PASSWORD is a word", "C: a1 LOGINX", "C: PASV", "C: AUTH TLS"):
            self.assertEqual([line], self.converse(line, "S: 234 ok")[:1])

    def test_bounded(self) -> None:
        """Neither a long line nor a long connection fills the log."""
        told = self.converse("C: " + "x" * 5000)
        self.assertEqual(len("C: ") + LINE_OCTETS + len("..."), len(told[0]))
        self.transcript = self.make(limit_octets=10)
        told = self.converse("C: 123456", "C: 123456", "C: 123456", "S: 123456")
        self.assertEqual(["C: 123456", "C: 123456", "-: more than is kept"], told)

    def test_on_a_connection(self) -> None:
        """A connection tells its transcript everything, in order, and when it ends."""
        connection, wire, _ = connected()
        connection.transcript = self.transcript
        connection.dataReceived(b"SAY a\r\nSA")
        connection.connectionLost()
        self.assertEqual(["C: SAY a", "S: + a", "C: SA", "-: the connection has ended"], self.told)
        self.assertIn(b"+ a", wire.value())
