"""Hostile and careless sessions, with the exact replies: tables, as nobody can guess them all."""

# ruff: noqa: E501 - tables read best one case a line

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from netsuite.smtp.grammar import COMMAND_OCTETS
from netsuite.smtp.settings import Mode
from netsuite.testing.cases import SynchronousTestCase
from tests.smtp.fakes import Session

EHLO = b"EHLO client.test\r\n"
LHLO = b"LHLO client.test\r\n"
MAIL = b"MAIL FROM:<x@y.test>\r\n"
OURS = b"MAIL FROM:<alice@example.test>\r\n"
RCPT = b"RCPT TO:<bob@example.test>\r\n"
LOGIN = b"AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n"

#: By state, what is said to get there from the greeting.
WAY = {
    "START": b"",
    "READY": EHLO,
    "MAIL": EHLO + MAIL,
    "RCPT": EHLO + MAIL + RCPT,
    "CHUNKS": EHLO + MAIL + RCPT + b"BDAT 6\r\nA: b\r\n",
}
REPLIES = {
    "greet": b"250 mx.example.test greets c",
    "taken": b"250 2.6.0 Message taken",
    "sender": b"250 2.1.0 Sender OK",
    "rcpt": b"250 2.1.5 Recipient OK",
    "chunk": b"250 2.0.0 Chunk taken",
    "reset": b"250 2.0.0 Forgotten",
    "ok": b"250 2.0.0 OK",
    "bye": b"221 2.0.0 Bye",
    "send": b"354 Send the message; a dot on a line of its own ends it",
    "252": b"252 2.5.0 Neither confirmed nor denied; send to it and see",
    "expn": b"502 5.5.1 Lists are not expanded",
    "help": b"214 2.0.0 See RFC 5321",
    "first": b"503 5.5.1 Say EHLO first",
    "mail?": b"503 5.5.1 Say MAIL first",
    "rcpt?": b"503 5.5.1 No valid recipients",
    "not now": b"503 5.5.1 Not within a message; say RSET first",
    "chunks!": b"503 5.5.1 Chunks have begun; only BDAT or RSET can follow",
    "smtp!": b"500 5.5.1 This is SMTP: say EHLO",
    "lmtp!": b"500 5.5.1 This is LMTP: say LHLO",
    "no tls": b"454 4.7.0 TLS is not available",
    "no auth": b"502 5.5.1 AUTH is not offered here",
    "unknown": b"500 5.5.1 Command not recognized",
    "no http": b"554 5.5.1 This is an SMTP server",
}
#: Each command in each state: what is said of it last.
ORDER = """
               | START   | READY   | MAIL    | RCPT    | CHUNKS
EHLO c         | LIMITS  | LIMITS  | LIMITS  | LIMITS  | LIMITS
HELO c         | greet   | greet   | greet   | greet   | greet
LHLO c         | smtp!   | smtp!   | smtp!   | smtp!   | smtp!
MAIL FROM:<>   | first   | sender  | not now | not now | chunks!
RCPT TO:<bob@example.test> | first | mail? | rcpt | rcpt | chunks!
DATA           | first   | mail?   | rcpt?   | send    | chunks!
BDAT 2/xx      | first   | mail?   | rcpt?   | chunk   | chunk
BDAT 2 LAST/xx | first   | mail?   | rcpt?   | taken   | taken
BDAT 0 LAST    | first   | mail?   | rcpt?   | taken   | taken
RSET           | reset   | reset   | reset   | reset   | reset
NOOP           | ok      | ok      | ok      | ok      | ok
VRFY a         | 252     | 252     | 252     | 252     | 252
EXPN a         | expn    | expn    | expn    | expn    | expn
HELP           | help    | help    | help    | help    | help
STARTTLS       | first   | no tls  | not now | not now | chunks!
AUTH PLAIN =   | first   | no auth | not now | not now | chunks!
QUIT           | bye     | bye     | bye     | bye     | bye
XYZZY          | unknown | unknown | unknown | unknown | unknown
GET / HTTP/1.1 | no http | no http | no http | no http | no http
"""
LIMITS = b"250 LIMITS RCPTMAX=1000"


def last_reply(said: bytes) -> bytes:
    """Return the last line of what was said, without its line end."""
    assert said.endswith(b"\r\n"), said
    return said[:-2].rpartition(b"\r\n")[2]


class Order(SynchronousTestCase):
    """Every command in every state."""

    def test_all(self) -> None:
        """Each has its exact reply; and the session goes on, but where it is over."""
        heading, *rows = ORDER.strip("\n").splitlines()
        states = [each.strip() for each in heading.split("|")[1:]]
        self.assertEqual(set(WAY), set(states))
        for row in rows:
            said, *names = [each.strip() for each in row.split("|")]
            command, _, octets = said.partition("/") if "BDAT" in said else (said, "", "")
            for state, name in zip(states, names, strict=True):
                session = Session()
                session.say(WAY[state])
                answer = session.say(command.encode() + b"\r\n" + octets.encode())
                self.assertEqual(REPLIES.get(name, LIMITS), last_reply(answer), (command, state))
                over = name in ("bye", "no http")
                self.assertEqual(over, session.closed, (command, state))
                if not over and name != "send":
                    self.assertEqual([250], session.codes(b"NOOP\r\n"), (command, state))

    def test_within_a_message(self) -> None:
        """In the content of DATA nothing is a command."""
        for command in (EHLO, MAIL, RCPT, b"DATA\r\n", b"BDAT 5 LAST\r\n", b"RSET\r\n", b"QUIT\r\n",
                        b"STARTTLS\r\n", LOGIN, b"GET / HTTP/1.1\r\n", b"..\r\n", b"\0\r\n"):  # fmt: skip
            session = Session()
            session.say(WAY["RCPT"] + b"DATA\r\n")
            self.assertEqual(b"", session.say(command))
            self.assertEqual([250], session.codes(b".\r\n"))
            wanted = b"\r\n" + command.replace(b"..", b".")
            self.assertTrue(session.receiver.delivered[0][2].endswith(wanted), command)

    def test_within_a_login(self) -> None:
        """In an exchange each line is a response, and one that is none ends it."""
        for line in (b"NOOP !", b"QUIT.", b"", b"*", b"=", b"AGFsaWNlAHdyb25n", b"A" * 20_000):
            session = Session(Mode.SUBMISSION)
            session.say(EHLO + b"AUTH PLAIN\r\n")
            (code,) = session.codes(line + b"\r\n")
            self.assertIn(code, (500, 501, 535), line)
            self.assertEqual([250, 235], session.codes(b"NOOP\r\n" + LOGIN))

    def test_other_services(self) -> None:
        """What differs in submission and in LMTP."""
        for mode, way, command, reply in (
            (Mode.SUBMISSION, b"", LOGIN, "503 5.5.1 Say EHLO first"),
            (Mode.SUBMISSION, EHLO, OURS, "530 5.7.0 Log in first"),
            (Mode.SUBMISSION, EHLO, RCPT, "503 5.5.1 Say MAIL first"),
            (Mode.SUBMISSION, EHLO + LOGIN, LOGIN, "503 5.5.1 Logged in already"),
            (
                Mode.SUBMISSION,
                EHLO + LOGIN + OURS,
                LOGIN,
                "503 5.5.1 Not within a message; say RSET first",
            ),
            (Mode.SUBMISSION, EHLO + LOGIN, MAIL, "550 5.7.1 Not an address of yours"),
            (Mode.LMTP, b"", MAIL, "503 5.5.1 Say LHLO first"),
            (Mode.LMTP, b"", EHLO, "500 5.5.1 This is LMTP: say LHLO"),
            (Mode.LMTP, LHLO, b"HELO c\r\n", "500 5.5.1 This is LMTP: say LHLO"),
            (Mode.LMTP, LHLO + MAIL, EHLO, "500 5.5.1 This is LMTP: say LHLO"),
            (Mode.LMTP, LHLO, LOGIN, "502 5.5.1 AUTH is not offered here"),
            (Mode.LMTP, LHLO + MAIL, b"DATA\r\n", "503 5.5.1 No valid recipients"),
        ):
            session = Session(mode)
            session.say(way)
            self.assertEqual(reply.encode(), last_reply(session.say(command)), (mode, command))


SENDER = "501 5.1.7 Syntax error in address"
PATH = "501 5.1.3 Syntax error in address"
ARGUMENTS = "501 5.5.4 Syntax error in arguments"
PARAMETERS = "501 5.5.4 Syntax error in parameters"
NOT_KNOWN = "555 5.5.4 A parameter is not known here"
UTF8 = "553 5.6.7 Such an address needs SMTPUTF8"
L256 = b"l" * 256

#: RFC 5321, 4.1.2 and what is let through beyond it.
GOOD = (
    b"<>", b"<a@b>", b"<a@b.test>", b"<a.b.c@d.test>", b"<!#$%&'*+-/=?^_`{|}~@b.test>", b'<"a b"@c>',
    b'<"\\""@c>', b'<"a@b"@c>', b'<""@c>', b'<"\\a"@c>', b"<a@[192.0.2.1]>", b"<a@[IPv6:2001:db8::1]>",
    b"<@r1,@r2:a@b>", b"<@r1:a@b>", b"<a@xn--bcher-kva.test>", b"<a@b-c.d>", b"<a@1.test>",
    b"<a@b_c.test>", b" <a@b>", b"<" + L256 + b"@b>", b"<a@" + b"d." * 126 + b"de>",
    b"<a@b> SIZE=0", b"<a@b> size=10 body=7bit", b"<a@b>  BODY=8BITMIME", b"<a@b> SMTPUTF8",
    "<ü@ü.test> SMTPUTF8".encode(), b"<a@b> ",
)  # fmt: skip
BAD_MAIL = (
    (b"", ARGUMENTS), (b" ", ARGUMENTS), (b" FROM", ARGUMENTS), (b" FROM <a@b>", ARGUMENTS),
    (b" FROM:", SENDER), (b" TO:<a@b>", ARGUMENTS), (b" FROM;<a@b>", ARGUMENTS), (b" FROM :<a@b>", ARGUMENTS),
    (b" <a@b>", ARGUMENTS), (b" a@b", ARGUMENTS), (b"\tFROM:<a@b>", None), (b"FROM:<a@b>", None),
    (b" FROM:\t<a@b>", SENDER), (b" FROM:          <a@b>", SENDER), (b" FROM:a@b", SENDER), (b" FROM:a", SENDER),
    (b" FROM:<a@b", SENDER), (b" FROM:a@b>", SENDER), (b" FROM:<<a@b>>", SENDER), (b" FROM:< >", SENDER),
    (b" FROM:<a>", SENDER), (b" FROM:<@b>", SENDER), (b" FROM:<a@>", SENDER), (b" FROM:<a@@b>", SENDER),
    (b" FROM:<a@b@c>", SENDER), (b" FROM:<.a@b>", SENDER), (b" FROM:<a.@b>", SENDER), (b" FROM:<a..b@c>", SENDER),
    (b" FROM:<a b@c>", SENDER), (b" FROM:<a@b c>", SENDER), (b" FROM:< a@b>", SENDER), (b" FROM:<a@b >", SENDER),
    (b" FROM:<a@.b>", SENDER), (b" FROM:<a@b.>", SENDER), (b" FROM:<a@b..c>", SENDER), (b" FROM:<a@-b>", SENDER),
    (b" FROM:<a@b->", SENDER), (b' FROM:<"a@b>', SENDER), (b' FROM:<a"b@c>', SENDER), (b' FROM:<"a"b@c>', SENDER),
    (b' FROM:<"a\\"@b>', SENDER), (b" FROM:<a,b@c>", SENDER), (b" FROM:<a;b@c>", SENDER), (b" FROM:<a:b@c>", SENDER),
    (b" FROM:<a(x)@b>", SENDER), (b" FROM:<a\\@b@c>", SENDER), (b" FROM:<a@[1.2.3]>", SENDER), (b" FROM:<a@[300.1.1.1]>", SENDER),
    (b" FROM:<a@[IPv6:x]>", SENDER), (b" FROM:<a@[2001:db8::1]>", SENDER), (b" FROM:<a@[192.0.2.1>", SENDER),
    (b" FROM:<a@192.0.2.1]>", SENDER), (b" FROM:<a@[]>", SENDER), (b" FROM:<@r1:>", SENDER), (b" FROM:<@r1,r2:a@b>", SENDER),
    (b" FROM:<@r1 a@b>", SENDER), (b" FROM:<a\0b@c>", SENDER), (b" FROM:<a@b\0>", SENDER), (b" FROM:<a\x7fb@c>", SENDER),
    (b" FROM:<\xff@b>", SENDER), (b" FROM:<a@\xc3>", SENDER), (b" FROM:<" + L256 + b"l@b>", SENDER),
    (b" FROM:<a@" + b"d." * 127 + b"de>", SENDER), (b" FROM:<a@b><c@d>", PARAMETERS), (b" FROM:<a@b>SIZE=1", PARAMETERS),
    (b" FROM:<a@b>,<c@d>", PARAMETERS), (b" FROM:<a@b> <c@d>", PARAMETERS), (b" FROM:<a@b> =", PARAMETERS),
    (b" FROM:<a@b> SIZE", PARAMETERS), (b" FROM:<a@b> SIZE=", PARAMETERS), (b" FROM:<a@b> SIZE=-1", PARAMETERS),
    (b" FROM:<a@b> SIZE=+1", PARAMETERS), (b" FROM:<a@b> SIZE=1k", PARAMETERS), (b" FROM:<a@b> SIZE=" + b"9" * 21, PARAMETERS),
    (b" FROM:<a@b> SIZE=1 SIZE=1", PARAMETERS), (b" FROM:<a@b> size=1 Size=2", PARAMETERS), (b" FROM:<a@b> BODY", PARAMETERS),
    (b" FROM:<a@b> BODY=16BIT", PARAMETERS), (b" FROM:<a@b> SMTPUTF8=yes", PARAMETERS), (b" FROM:<a@b> SMTPUTF8 SMTPUTF8", PARAMETERS),
    (b" FROM:<a@b> X-\xff=1", PARAMETERS), (b" FROM:<a@b> X=\xff", ARGUMENTS), (b" FROM:<a@b> X=\0", PARAMETERS), (b" FROM:<a@b> -X", PARAMETERS),
    (b" FROM:<a@b> " + b" ".join(b"X%d" % n for n in range(33)), PARAMETERS), (b" FROM:<a@b> X", NOT_KNOWN),
    (b" FROM:<a@b> NOTIFY=NEVER", NOT_KNOWN), (b" FROM:<a@b> ORCPT=rfc822;a", NOT_KNOWN), (b" FROM:<a@b> XYZ=" + b"v" * 5000, NOT_KNOWN),
    (b" FROM:<a@b> SIZE=" + b"9" * 20, "552 5.3.4 Message too big"), (b" FROM:<a@b> SIZE=52428801", "552 5.3.4 Message too big"),
    ("  FROM:<ü@b>".encode(), None), (" FROM:<ü@b>".encode(), UTF8), (" FROM:<a@ü.test>".encode(), UTF8),
)  # fmt: skip
BAD_RCPT = (
    (b"", ARGUMENTS), (b" TO", ARGUMENTS), (b" FROM:<bob@example.test>", ARGUMENTS), (b" TO:", PATH), (b" TO:<>", PATH),
    (b" TO:bob@example.test", PATH), (b" TO:postmaster", PATH), (b" TO:<bob>", PATH), (b" TO:<postmaster@>", PATH),
    (b" TO:<bob@example.test", PATH), (b" TO:<bob@example.test>X", PARAMETERS), (b" TO:<bob@example.test> SIZE=1", NOT_KNOWN),
    (b" TO:<bob@example.test> RET=FULL", NOT_KNOWN), (b" TO:<bob@example.test> NOTIFY=", PARAMETERS),
    (b" TO:<bob@example.test> X=1 X=1", PARAMETERS), (b" TO:<bob\0@example.test>", PATH), (b" TO:<\xff@example.test>", PATH),
    (b" TO:<a b@example.test>", PATH), (b" TO:<bob@example.test>,<alice@example.test>", PARAMETERS),
    (b" TO:<bob%elsewhere.test@example.test>", "550 5.1.1 No such recipient here"),
    (b' TO:<"bob@elsewhere.test"@example.test>', "550 5.1.1 No such recipient here"),
    (b" TO:<elsewhere.test!bob@example.test>", "550 5.1.1 No such recipient here"),
    (b" TO:<@example.test:bob@elsewhere.test>", "550 5.7.1 Relaying denied"),
    (b" TO:<bob@example.test.elsewhere.test>", "550 5.7.1 Relaying denied"),
    (b" TO:<bob@[192.0.2.1]>", "550 5.7.1 Relaying denied"), (" TO:<ü@example.test>".encode(), UTF8),
)  # fmt: skip


class Paths(SynchronousTestCase):
    """MAIL and RCPT, well and badly formed."""

    def test_good(self) -> None:
        """All forms of the RFC, and what programs write."""
        for form in GOOD:
            session = Session()
            session.say(EHLO)
            for verb in (b"MAIL FROM:", b"mail from:"):
                said = session.say(verb + form + b"\r\nRSET\r\n")
                self.assertEqual(b"250 2.1.0 Sender OK\r\n250 2.0.0 Forgotten\r\n", said, form)

    def test_bad_senders(self) -> None:
        """Each of a hundred has its reply, and none begins a message."""
        self.assertGreater(len(BAD_MAIL), 90)
        session = Session(bad_commands=0)
        session.say(EHLO)
        for form, reply in BAD_MAIL:
            wanted = (reply or "500 5.5.1 Command not recognized").encode()
            if form.startswith(b"  "):
                wanted = ARGUMENTS.encode()
            said = session.say(b"MAIL" + form + b"\r\nDATA\r\n")
            self.assertEqual(wanted + b"\r\n503 5.5.1 Say MAIL first\r\n", said, form)

    def test_bad_recipients(self) -> None:
        """Each has its reply, and none is a recipient."""
        session = Session(bad_commands=0)
        session.say(EHLO + MAIL)
        for form, reply in BAD_RCPT:
            said = session.say(b"RCPT" + form + b"\r\nDATA\r\n")
            self.assertEqual(reply.encode() + b"\r\n503 5.5.1 No valid recipients\r\n", said, form)


class Lines(SynchronousTestCase):
    """Long, endless, binary."""

    def test_lengths(self) -> None:
        """Up to the limit a line is read; one that is longer is refused once, and skipped."""
        for octets, reply in (
            (1_000, b"250 2.0.0 OK\r\n"),
            (COMMAND_OCTETS, b"250 2.0.0 OK\r\n"),
            (COMMAND_OCTETS + 1, b"500 5.5.2 Line too long\r\n"),
            (100_000, b"500 5.5.2 Line too long\r\n"),
        ):
            line = b"NOOP ".ljust(octets - 2, b"x") + b"\r\n"
            for cut in (octets, octets - 1, 5, 4096):
                session = Session()
                said = b"".join(session.say(line[n : n + cut]) for n in range(0, octets, cut))
                self.assertEqual(reply, said, (octets, cut))
                self.assertEqual([250], session.codes(b"NOOP\r\n"))

    def test_endless(self) -> None:
        """A line without end is refused at once, and nothing of it is kept."""
        session = Session()
        said = b"".join(session.say(b"x" * 65_536) for _ in range(160))
        self.assertEqual(b"500 5.5.2 Line too long\r\n", said)
        self.assertEqual(b"250 2.0.0 OK\r\n", session.say(b"\r\nNOOP\r\n"))

    def test_long_lines_in_the_content(self) -> None:
        """They are kept as they are, in DATA as in chunks (RFC 5321, 4.5.3.1.6 is for senders)."""
        for octets in (1_000, 100_000):
            session = Session()
            line = b"x" * octets + b"\r\n"
            session.say(WAY["RCPT"] + b"DATA\r\nA: b\r\n\r\n" + line + b".\r\n")
            session.say(MAIL + RCPT + b"BDAT %d LAST\r\n\r\n" % (octets + 4) + line)
            for _, _, content, _ in session.receiver.delivered:
                self.assertTrue(content.endswith(b"\r\n\r\n" + line))
            self.assertEqual(2, len(session.receiver.delivered))

    def test_octets(self) -> None:
        """NUL and 8-bit in commands, each with its reply."""
        for line, reply in (
            (b"\0", b"500 5.5.1 Command not recognized"), (b"NO\0OP", b"500 5.5.1 Command not recognized"),
            (b"\xff\xfe", b"500 5.5.1 Command not recognized"), (b"NOOP\0", b"500 5.5.1 Command not recognized"),
            (b"NOOP \0", b"250 2.0.0 OK"), ("NOOP ü".encode(), b"250 2.0.0 OK"), (b"NOOP \xff", b"501 5.5.4 Syntax error in arguments"),
            (b"EHLO \0", b"501 5.5.4 Syntax error in arguments"), ("EHLO ü.test".encode(), b"501 5.5.4 Syntax error in arguments"),
            (b"HELO a b", b"501 5.5.4 Syntax error in arguments"), (b"VRFY \xff", b"501 5.5.4 Syntax error in arguments"),
            (b"HELP \xff", b"501 5.5.4 Syntax error in arguments"), (b"QUIT\0", b"500 5.5.1 Command not recognized"),
            (b"DATA\0", b"500 5.5.1 Command not recognized"), (b"RSET x", b"501 5.5.4 Syntax error in arguments"),
            (b" NOOP", b"500 5.5.1 Command not recognized"), (b"NOOP\t", b"250 2.0.0 OK"), (b"", b"500 5.5.1 Command not recognized"),
            (b"\x16\x03\x01\x02\x00\x01\x00", b"500 5.5.1 Command not recognized"),
        ):  # fmt: skip
            session = Session()
            self.assertEqual(reply + b"\r\n", session.say(line + b"\r\n"), line)
            self.assertEqual([250], session.codes(b"NOOP\r\n"))

    def test_binary_content(self) -> None:
        """Every octet but CR and LF alone is kept, announced or not."""
        octets = bytes(o for o in range(256) if o not in b"\r\n") + b"\r\n"
        session = Session()
        session.say(WAY["RCPT"] + b"DATA\r\n\r\n" + octets + b".\r\n")
        self.assertTrue(session.receiver.delivered[0][2].endswith(b"\r\n\r\n" + octets))


class Counts(SynchronousTestCase):
    """BDAT and SIZE that lie."""

    def test_too_few_said(self) -> None:
        """What is beyond the count is read as commands, and is none."""
        session = Session()
        session.say(WAY["RCPT"])
        said = session.say(b"BDAT 6 LAST\r\nA: b\r\n\r\nbody\r\nQUIT\r\n").split(b"\r\n")
        self.assertEqual([b"250", b"500", b"500", b"221", b""], [line[:3] for line in said])
        self.assertTrue(session.receiver.delivered[0][2].endswith(b"A: b\r\n"))

    def test_too_many_said(self) -> None:
        """Commands that are counted are content; the rest is waited for."""
        session = Session()
        session.say(WAY["RCPT"])
        self.assertEqual(b"", session.say(b"BDAT 20 LAST\r\nA: b\r\n\r\nQUIT\r\n"))
        self.assertEqual(b"250 2.6.0 Message taken\r\n", session.say(b"QUIT\r\n"))
        self.assertFalse(session.closed)

    def test_bad_counts(self) -> None:
        """Where nobody can tell what follows, the session ends."""
        for count in (b"", b"-1", b"+1", b"0x10", b"1.5", b"1 2", b"1 LASTS", b"1 FIRST", b"LAST",
                      b"9" * 21, b"\xd9\xa1", b"1\0", b"1 LAST LAST"):  # fmt: skip
            session = Session()
            session.say(WAY["RCPT"])
            said = session.say(b"BDAT " + count + b"\r\nNOOP\r\n")
            self.assertEqual(ARGUMENTS.encode() + b"\r\n", said, count)
            self.assertTrue(session.closed)

    def test_data_and_chunks(self) -> None:
        """One message comes by the one or the other (RFC 3030, 2)."""
        session = Session()
        session.say(WAY["RCPT"] + b"DATA\r\nA: b\r\n.\r\n")
        self.assertEqual([503], session.codes(b"BDAT 2 LAST\r\nxx"))
        session.say(MAIL + RCPT + b"BDAT 2\r\nxx")
        self.assertEqual(
            [503, 503, 250], session.codes(b"DATA\r\nRCPT TO:<x@y>\r\nBDAT 0 LAST\r\n")
        )

    def test_beyond_the_limit(self) -> None:
        """A message larger than SIZE allows is refused, however little it said."""
        for way in (b"MAIL FROM:<a@b> SIZE=1\r\n", b"MAIL FROM:<a@b>\r\n"):
            session = Session(message_octets=100)
            session.say(EHLO + way + RCPT + b"DATA\r\n")
            said = session.say(b"x" * 99 + b"\r\n.\r\nNOOP\r\n")
            self.assertEqual(b"552 5.3.4 Message too big\r\n250 2.0.0 OK\r\n", said)


class Crowds(SynchronousTestCase):
    """Very many of something."""

    def test_recipients(self) -> None:
        """Of 10,000 the first thousand are taken, and each gets an answer."""
        session = Session()
        session.say(EHLO + MAIL)
        rcpts = b"".join(b"RCPT TO:<bob+%d@example.test>\r\n" % n for n in range(10_000))
        lines = session.say(rcpts).split(b"\r\n")
        taken = b"250 2.1.5 Recipient OK"
        refused = b"452 4.5.3 Too many recipients; send to others separately"
        self.assertEqual([taken] * 1000 + [refused] * 9000 + [b""], lines)
        self.assertEqual([354, 250], session.codes(b"DATA\r\nA: b\r\n.\r\n"))

    def test_guesses(self) -> None:
        """Whoever tries 10,000 names is sent away after twenty."""
        session = Session()
        session.say(EHLO + MAIL)
        rcpts = b"".join(b"RCPT TO:<n%d@example.test>\r\n" % n for n in range(10_000))
        lines = session.say(rcpts).split(b"\r\n")
        self.assertEqual(22, len(lines))
        self.assertEqual(b"421 4.7.0 Too many errors", lines[20])

    def test_pipelined_with_slow_answers(self) -> None:
        """However long each step takes, answers come in order, and nothing is served twice."""
        session = Session()
        names = (b"alice", b"bob", b"postmaster")
        waits = {name.decode(): Deferred[None]() for name in names}
        session.receiver.waits = dict(waits)
        sync = session.receiver.sync = Deferred()
        session.say(EHLO)
        rcpts = b"".join(b"RCPT TO:<%b@example.test>\r\n" % name for name in names)
        said = session.say(MAIL + rcpts + b"DATA\r\nA: b\r\n.\r\n" + MAIL + b"QUIT\r\n")
        self.assertEqual(b"250 2.1.0 Sender OK\r\n", said)
        for name in ("postmaster", "alice", "bob"):  # the last known first
            waits[name].callback(None)
        said = session.transport.said()
        self.assertEqual([250, 250, 250, 354], [int(line[:3]) for line in said.splitlines()])
        sync.callback(None)
        said = session.transport.said()
        self.assertEqual([250, 250, 221], [int(line[:3]) for line in said.splitlines()])
        self.assertEqual(1, len(session.receiver.delivered))


class Gone(SynchronousTestCase):
    """The client leaves without a word."""

    def session(self, way: bytes, **settings: Any) -> Session:
        session = Session(**settings)
        session.say(way)
        return session

    def check(self, session: Session, delivered: int = 0) -> None:
        """Let the client go; nothing is delivered, and no draft is left."""
        session.server.connectionLost(Failure(ConnectionLost()))
        self.assertEqual(delivered, len(session.receiver.delivered))
        if not delivered:
            self.assertTrue(all(draft.aborted for draft in session.receiver.drafts))
        self.assertEqual([], session.clock.getDelayedCalls())

    def test_in_each_state(self) -> None:
        """Between commands, within a line, within a message."""
        ways: Sequence[bytes] = (
            *WAY.values(),
            b"EHL",
            EHLO + b"MAIL FROM:<a@b>",
            WAY["RCPT"] + b"DATA\r\n",
            WAY["RCPT"] + b"DATA\r\nA: b\r\n\r\nx",
            WAY["RCPT"] + b"DATA\r\nA: b\r\n\r\nx\r\n.",
            WAY["RCPT"] + b"DATA\r\nA: b\r\n\r\nx\r\n.\r",
            WAY["RCPT"] + b"BDAT 10\r\nxxxx",
            WAY["RCPT"] + b"BDAT 10 LAST\r\nxxxxxxxxx",
            EHLO + b"BDAT 100\r\nxx",
        )
        for way in ways:
            self.check(self.session(way))

    def test_while_somebody_is_looked_for(self) -> None:
        """What was asked for is given up."""
        session = Session()
        wait = session.receiver.waits["bob"] = Deferred()
        session.say(EHLO + MAIL + RCPT)
        self.check(session)
        self.assertTrue(wait.called)

    def test_while_it_is_delivered(self) -> None:
        """It may be delivered or not, and nobody was told."""
        session = Session()
        session.receiver.sync = Deferred()
        session.say(WAY["RCPT"] + b"DATA\r\nA: b\r\n.\r\n")
        session.server.connectionLost(Failure(ConnectionLost()))
        self.assertEqual([], session.clock.getDelayedCalls())

    def test_within_a_login(self) -> None:
        """An exchange is given up."""
        session = Session(Mode.SUBMISSION)
        session.say(EHLO + b"AUTH PLAIN\r\n")
        self.check(session)


class Slow(SynchronousTestCase):
    """An octet now and then."""

    def drip(self, session: Session, seconds: float, octets: int, octet: bytes = b"x") -> bytes:
        """Send octets, one in so many seconds; return what is said."""
        said = b""
        for _ in range(octets):
            session.clock.advance(seconds)
            if session.closed:
                break
            said += session.say(octet)
        return said + session.transport.said()

    def test_a_command(self) -> None:
        """It has to arrive whole in its time, however often something comes."""
        session = Session(command_seconds=120)
        session.say(EHLO)
        said = self.drip(session, 10, 30)
        self.assertEqual(b"421 4.4.2 The command came too slowly\r\n", said)
        self.assertTrue(session.closed)

    def test_a_greeting(self) -> None:
        """The first has its own time."""
        session = Session(greeting_seconds=60, command_seconds=60)
        said = self.drip(session, 10, 30)
        self.assertEqual(b"421", said[:3])
        self.assertTrue(session.closed)

    def test_a_message(self) -> None:
        """It may pause for so long as a client may between commands; what it must average is the
        operator's to say."""
        session = Session(command_seconds=120)
        session.say(WAY["RCPT"] + b"DATA\r\n")
        self.assertEqual(b"", self.drip(session, 100, 3))
        session.clock.advance(session.server.shared.settings.idle_seconds + 1)
        self.assertEqual(b"421 4.4.2 No command for too long\r\n", session.transport.said())
        session = Session(minimum_octets_per_second=100)
        session.say(WAY["RCPT"] + b"DATA\r\n")
        said = self.drip(session, 10, 30, b"x" * 100)
        self.assertEqual(b"421 4.4.2 The message came too slowly\r\n", said)
        self.assertEqual([], session.receiver.delivered)
