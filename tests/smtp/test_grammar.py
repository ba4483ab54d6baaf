"""SMTP's grammar: one table for reading and printing, and what is refused."""

# ruff: noqa: E501 - tables read best one case a line

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from netsuite.message.address import Address
from netsuite.sasl.lines import Auth, AuthResponse
from netsuite.smtp.commands import (
    Bdat,
    Command,
    Data,
    Ehlo,
    Expn,
    Helo,
    Help,
    Lhlo,
    Mail,
    Noop,
    Quit,
    Rcpt,
    Reply,
    Rset,
    StartTls,
    Vrfy,
)
from netsuite.smtp.grammar import (
    SUBMISSION_PARSERS,
    extensions_of,
    format_command,
    format_reply,
    make_reply,
    parse_auth_response,
    parse_command,
    parse_reply_line,
)
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError

A = Address("a", "b.example")
COMMANDS: list[tuple[bytes, Command]] = [
    (b"EHLO client.example", Ehlo("client.example")),
    (b"EHLO [192.0.2.1]", Ehlo("[192.0.2.1]")),
    (b"HELO client", Helo("client")),
    (b"LHLO client", Lhlo("client")),
    (b"MAIL FROM:<a@b.example>", Mail(A)),
    (b"MAIL FROM:<>", Mail(None)),
    (b"MAIL FROM:<> SIZE=10 BODY=8BITMIME SMTPUTF8 AUTH=<>", Mail(None, 10, "8BITMIME", True, "<>")),
    (b"MAIL FROM:<a@b.example> AUTH=e+3Dmc2", Mail(A, auth="e=mc2")),
    (b"MAIL FROM:<a@b.example> RET=HDRS ENVID=q", Mail(A, ret="HDRS", envelope_id="q")),
    (b"MAIL FROM:<a@b.example> X-A=1 X-B", Mail(A, others=(("X-A", "1"), ("X-B", "")))),
    (b"RCPT TO:<a@b.example>", Rcpt(A)),
    (b"RCPT TO:<postmaster>", Rcpt(Address("postmaster", ""))),
    (b'RCPT TO:<"a b"@b.example> NOTIFY=NEVER', Rcpt(Address("a b", "b.example"), notify="NEVER")),
    (b"RCPT TO:<a@b.example> X-A=1", Rcpt(A, (("X-A", "1"),))),
    (b"DATA", Data()),
    (b"BDAT 100", Bdat(100)),
    (b"BDAT 0 LAST", Bdat(0, True)),
    (b"RSET", Rset()),
    (b"NOOP", Noop()),
    (b"NOOP x y", Noop("x y")),
    (b"QUIT", Quit()),
    (b"VRFY alice", Vrfy("alice")),
    (b"EXPN staff", Expn("staff")),
    (b"HELP", Help()),
    (b"HELP MAIL", Help("MAIL")),
    (b"STARTTLS", StartTls()),
    (b"AUTH PLAIN", Auth("PLAIN")),
    (b"AUTH PLAIN =", Auth("PLAIN", b"")),
    (b"AUTH SCRAM-SHA-256 aGk=", Auth("SCRAM-SHA-256", b"hi")),
]  # fmt: skip


class Commands(SynchronousTestCase):
    """What clients say."""

    def test_both_ways(self) -> None:
        """What is printed is what is read; case and trailing space do not matter."""
        for line, command in COMMANDS:
            self.assertEqual(command, parse_command(line), line)
            self.assertEqual(line + b"\r\n", format_command(command))
            verb, space, rest = line.partition(b" ")
            self.assertEqual(command, parse_command(verb.lower() + space + rest + b" \t"))
        self.assertEqual(Mail(A), parse_command(b"mail FROM: <a@b.example>"))
        self.assertEqual(Mail(A, 5), parse_command(b"Mail From:<a@b.example>  size=5"))

    def test_refused(self) -> None:
        """What is out of grammar is refused with a reply, never guessed at."""
        for line in (
            b"", b" ", b" NOOP", b"MAILFROM:<a@b>", b"MAIL FROM <a@b>", b"MAIL FROM:<a@b>SIZE=1",
            b"MAIL FROM:<a@b> SIZE=1 SIZE=2", b"MAIL FROM:<a@b> SIZE=-1", b"MAIL FROM:<a@b> SIZE=",
            b"MAIL FROM:<a@b> SMTPUTF8=1", b"MAIL FROM:<a@b> =1", b"MAIL FROM:<a@b> AUTH=+zz",
            b"MAIL FROM:<a@b> " + b" ".join(b"X%d" % n for n in range(99)), b"RCPT TO:<>",
            b"RCPT TO:<a@b", b"RCPT FROM:<a@b>", b"BDAT", b"BDAT -1", b"BDAT 1 FIRST", b"BDAT 1x",
            b"AUTH", b"AUTH PLAIN a b", b"AUTH P!", b"AUTH " + b"A" * 21, b"QUIT now", b"EHLO a b",
            b"EHLO \xff", b"EHLO " + b"a" * 300, b"GET / HTTP/1.1", b"MAIL FROM:<a@b> SIZE=\xc2\xb2",
        ):  # fmt: skip
            with self.assertRaises(RemoteProtocolError) as caught:
                parse_command(line)
            self.assertIsInstance(caught.exception.reply, Reply, repr(line))

    @given(
        st.lists(
            st.sampled_from(
                [
                    b"MAIL",
                    b" ",
                    b"FROM:",
                    b"<",
                    b">",
                    b"a@b",
                    b"SIZE=1",
                    b"\xff",
                    b"BDAT",
                    b"AUTH",
                    b"=",
                    b'"',
                    b"\0",
                ]
            ),
            max_size=12,
        )
    )
    def test_anything(self, words: list[bytes]) -> None:
        """Any line is a command or is refused; what is read can be printed and read again."""
        try:
            command = parse_command(b"".join(words))
        except RemoteProtocolError:
            return
        self.assertEqual(command, parse_command(format_command(command)[:-2]))

    def test_injection(self) -> None:
        """Nothing a caller passes can end a line."""
        for command in (
            Ehlo("a\r\nMAIL"), Mail(Address("a\nb", "c")), Rcpt(A, (("X", "y\r\nDATA"),)),
            Rcpt(A, (("X Y", ""),)), Vrfy("\0"), Auth("PLAIN\r\n"), Mail(Address("a", "b>\r\nQUIT\r\n")),
        ):  # fmt: skip
            with self.assertRaises(LocalProtocolError):
                format_command(command)

    def test_responses(self) -> None:
        """Lines of a SASL exchange are strict base64."""
        self.assertEqual(AuthResponse(None), parse_auth_response(b"*"))
        self.assertEqual(AuthResponse(b""), parse_auth_response(b""))
        for response in (AuthResponse(None), AuthResponse(b""), AuthResponse(b"\0\xff")):
            self.assertEqual(response, parse_auth_response(format_command(response)[:-2]))
        for line in (b"=", b"a", b"aGk", b"aG k=", b"aGk=\t", b"aGk==", b"aGl="):
            with self.assertRaises(RemoteProtocolError):
                parse_auth_response(line)

    def test_brackets_left_away(self) -> None:
        """Where devices submit, a path needs no brackets; elsewhere it does."""
        for line, command in (
            (b"MAIL FROM:a@b.example", Mail(A)),
            (b"MAIL FROM: a@b.example SIZE=5", Mail(A, 5)),
            (b"MAIL FROM:<a@b.example>", Mail(A)),
            (b"MAIL FROM:<>", Mail(None)),
            (b"RCPT TO:a@b.example", Rcpt(A)),
            (
                b'rcpt to:"a b"@b.example NOTIFY=NEVER',
                Rcpt(Address("a b", "b.example"), notify="NEVER"),
            ),
            (b"RCPT TO:<postmaster>", Rcpt(Address("postmaster", ""))),
        ):
            self.assertEqual(command, parse_command(line, SUBMISSION_PARSERS))
        for line in (
            b"MAIL FROM:", b"MAIL FROM:a", b"MAIL FROM:a@", b"MAIL FROM:a@b>", b"MAIL FROM:<a@b",
            b"MAIL FROM:a@b,c@d", b"RCPT TO:", b"RCPT TO:postmaster", b"RCPT TO:a b@c", b"RCPT TO:a@b<",
        ):  # fmt: skip
            with self.assertRaises(RemoteProtocolError, msg=line):
                parse_command(line, SUBMISSION_PARSERS)
        for line in (b"MAIL FROM:a@b.example", b"RCPT TO:a@b.example"):
            with self.assertRaises(RemoteProtocolError, msg=line):
                parse_command(line)


class Replies(SynchronousTestCase):
    """What servers say."""

    def test_both_ways(self) -> None:
        """One line or many, with enhanced codes or without."""
        for printed, value in (
            (b"250 OK\r\n", Reply(250, "", ("OK",))),
            (b"250 2.1.0 OK\r\n", Reply(250, "2.1.0", ("OK",))),
            (b"550-5.7.1 a\r\n550 5.7.1 b\r\n", Reply(550, "5.7.1", ("a", "b"))),
            (b"250-a b\r\n250-SIZE 1\r\n250 X\r\n", Reply(250, "", ("a b", "SIZE 1", "X"))),
            ("250 grün\r\n".encode(), Reply(250, "", ("grün",))),
        ):
            self.assertEqual(printed, format_reply(value))
            parsed = [parse_reply_line(line) for line in printed.split(b"\r\n")[:-1]]
            self.assertEqual([False] * (len(parsed) - 1) + [True], [last for _, last, _ in parsed])
            self.assertEqual(value, make_reply(parsed[0][0], [text for _, _, text in parsed]))

    def test_line_ends_within(self) -> None:
        """A reply's text cannot make two replies of one."""
        self.assertEqual(b"550 a b\r\n", format_reply(Reply(550, "", ("a\r\nb",))))
        self.assertEqual(b"550-a b\r\n550 c\r\n", format_reply(Reply(550, "", ("a\nb", "c"))))

    def test_odd_but_common(self) -> None:
        """Servers say less than they should; what is no reply is refused."""
        self.assertEqual((250, True, ""), parse_reply_line(b"250"))
        self.assertEqual((250, True, ""), parse_reply_line(b"250 "))
        self.assertEqual((571, True, "no"), parse_reply_line(b"571 no"))
        self.assertEqual((299, False, "x"), parse_reply_line(b"299-x"))
        self.assertEqual(Reply(571, "5.7.1", ("no",)), make_reply(571, ["5.7.1 no"]))
        self.assertEqual(Reply(450, "", ("5.1.1 x",)), make_reply(450, ["5.1.1 x"]))
        for line in (b"", b"25", b"2500", b"abc", b"199 x", b"600 x", b"250+x", b" 250 x"):
            with self.assertRaises(RemoteProtocolError):
                parse_reply_line(line)

    def test_extensions(self) -> None:
        """Keywords in any case, old spellings joined with new ones."""
        self.assertEqual(
            {"SIZE": "100", "AUTH": "PLAIN LOGIN", "8BITMIME": ""},
            extensions_of(
                Reply(250, "", ("x", "size 100", "AUTH PLAIN", "AUTH=LOGIN", "8BITMIME"))
            ),
        )
