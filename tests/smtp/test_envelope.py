"""MAIL and RCPT: what extensions add to them, what becomes of it, and what is refused."""

from __future__ import annotations

from binascii import b2a_base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from netsuite.accounts.interfaces import DeliverBy
from netsuite.smtp.settings import EXTENSIONS, Mode
from netsuite.store.errors import OverQuota
from netsuite.store.outgoing import Envelope
from netsuite.testing.cases import SynchronousTestCase
from tests.connection.unused_tls import SERVER_TLS
from tests.smtp.fakes import Delivered, Session

EHLO = b"EHLO client.test\r\n"
LOGIN = b"AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n"
BODY = b"DATA\r\nA: b\r\n\r\nx\r\n.\r\n"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)  # what the fakes call the time


class Enveloped(SynchronousTestCase):
    """Sessions that send one message."""

    def session(self, mode: Mode = Mode.RELAY, **settings: Any) -> Session:
        session = Session(mode, **settings)
        session.say(b"LHLO c\r\n" if mode is Mode.LMTP else EHLO)
        if mode is Mode.SUBMISSION:
            session.say(LOGIN)
        return session

    def sent(
        self, session: Session, mail: bytes, rcpt: bytes = b"", to: bytes = b"bob"
    ) -> Delivered:
        """Send a message with parameters; return what the delivery was asked for."""
        said = session.codes(
            b"MAIL FROM:<alice@example.test>" + mail + b"\r\n"
            b"RCPT TO:<" + to + b"@example.test>" + rcpt + b"\r\n" + BODY
        )  # fmt: skip
        self.assertEqual([250, 250, 354, 250], said, (mail, rcpt))
        return session.receiver.calls[-1]

    def refused(self, session: Session, parameter: bytes, reply: bytes) -> None:
        """Check MAIL's refusal; and that the session goes on."""
        answer = session.say(b"MAIL FROM:<alice@example.test> " + parameter + b"\r\n")
        self.assertEqual(reply, answer[: len(reply)], parameter)
        self.assertEqual(
            [250, 250], session.codes(b"MAIL FROM:<alice@example.test>\r\nRSET\r\n"), parameter
        )


class Notifications(Enveloped):
    """DSN (RFC 3461)."""

    def test_passed_on(self) -> None:
        """What the sender wants to be told is handed to the delivery, with the names for it."""
        for mode in (Mode.RELAY, Mode.SUBMISSION, Mode.LMTP):
            asked = self.sent(
                self.session(mode),
                b" RET=hdrs ENVID=a+20b",
                b" NOTIFY=delay,success ORCPT=rfc822;Bob+2Bx@Elsewhere.test",
            )
            self.assertEqual(
                Envelope("alice@example.test", ret="HDRS", envelope_id="a b"), asked.envelope
            )
            (recipient,) = asked.recipients
            self.assertEqual("SUCCESS,DELAY", recipient.notify)
            self.assertEqual("rfc822;Bob+x@Elsewhere.test", recipient.original)
            self.assertEqual("bob@example.test", recipient.address)

    def test_not_said(self) -> None:
        """Nothing is asked for by itself."""
        asked = self.sent(self.session(), b"")
        self.assertEqual(Envelope("alice@example.test"), asked.envelope)
        self.assertEqual(("", ""), (asked.recipients[0].notify, asked.recipients[0].original))

    def test_not_offered(self) -> None:
        """What was not announced is no reason to refuse; it is not heard. Nor is it in a session
        that never said EHLO."""
        session = self.session(not_offered=["DSN"])
        self.assertNotIn(b"DSN", session.say(EHLO))
        asked = self.sent(session, b" RET=FULL ENVID=x", b" NOTIFY=NEVER ORCPT=rfc822;a")
        self.assertEqual(Envelope("alice@example.test"), asked.envelope)
        self.assertEqual("", asked.recipients[0].notify)
        old = Session()
        old.say(b"HELO old.test\r\n")
        self.assertEqual("NEVER", self.sent(old, b"", b" NOTIFY=NEVER").recipients[0].notify)

    def test_nonsense(self) -> None:
        """RFC 3461, 4.5: 501 for what is no value, and for a parameter twice."""
        session = self.session()
        for parameter in (b"RET=ALL", b"RET=FULL RET=HDRS", b"ENVID=+0D+0A", b"ENVID=a ENVID=a"):
            self.refused(session, parameter, b"501 5.5.4 ")
        session.say(b"MAIL FROM:<>\r\n")
        for parameter in (b"NOTIFY=NEVER,DELAY", b"NOTIFY=DELAY NOTIFY=DELAY", b"ORCPT=a@b"):
            said = session.say(b"RCPT TO:<bob@example.test> " + parameter + b"\r\n")
            self.assertEqual(b"501 5.5.4 ", said[:10], parameter)


class Binary(Enveloped):
    """BINARYMIME (RFC 3030, 3)."""

    def test_only_in_chunks(self) -> None:
        """DATA is out of order; BDAT takes any octets. What is binary is kept in base64, without
        loss, and text with whole line ends: so no door sends other octets than it counts."""
        for line_ends in ("refuse", "mend"):
            session = self.session(bare_line_ends=line_ends)
            session.say(b"MAIL FROM:<a@b> BODY=BINARYMIME\r\nRCPT TO:<bob@example.test>\r\n")
            self.assertEqual(b"503 5.5.1 ", session.say(b"DATA\r\n")[:10])
            binary = b"\0\n.\r\n\r\xff\r\r\n"
            octets = b"A: b\r\nContent-Transfer-Encoding: binary\r\n\r\n" + binary
            self.assertEqual(
                [250, 250],
                session.codes(b"BDAT 9\r\n%bBDAT %d LAST\r\n%b" % (
                    octets[:9], len(octets) - 9, octets[9:])),
            )  # fmt: skip
            kept = session.receiver.delivered[0][2]
            self.assertTrue(
                kept.endswith(
                    b"A: b\r\nContent-Transfer-Encoding: base64\r\n\r\n%b\r\n"
                    % b2a_base64(binary, newline=False)
                )
            )
            self.assertEqual("8BITMIME", session.receiver.calls[0].envelope.body)
            self.assertEqual([250], session.codes(b"NOOP\r\n"))

    def test_text(self) -> None:
        """Text of what is BINARYMIME is mended as by APPEND."""
        session = self.session()
        session.say(b"MAIL FROM:<a@b> BODY=BINARYMIME\r\nRCPT TO:<bob@example.test>\r\n")
        octets = b"A: b\r\n\r\nx\0\ny\r"
        self.assertEqual([250], session.codes(b"BDAT %d LAST\r\n%b" % (len(octets), octets)))
        kept = session.receiver.delivered[0][2]
        self.assertTrue(kept.endswith(b"A: b\r\n\r\nx\x80\r\ny\r\n"))

    def test_not_offered(self) -> None:
        """Where it is not offered it is refused: such a message cannot come otherwise."""
        session = self.session(not_offered=["BINARYMIME"])
        self.assertNotIn(b"BINARYMIME", session.say(EHLO))
        self.refused(session, b"BODY=BINARYMIME", b"501 5.5.4 ")


class RequireTLS(Enveloped):
    """REQUIRETLS (RFC 8689)."""

    def test_in_the_clear(self) -> None:
        """It is neither offered nor taken before TLS, and the client is told what to do."""
        session = self.session(context=SERVER_TLS)
        self.assertNotIn(b"REQUIRETLS", session.say(EHLO))
        self.refused(session, b"REQUIRETLS", b"530 5.7.10 ")
        self.refused(session, b"REQUIRETLS=1", b"501 5.5.4 ")

    def test_under_tls(self) -> None:
        """The envelope has it; nothing but the header is ever given back (RFC 8689, 5)."""
        session = self.session()
        session.server.peer = replace(session.server.peer, secure=True)
        self.assertIn(b"250-REQUIRETLS\r\n", session.say(EHLO))
        for parameters in (b" REQUIRETLS RET=FULL", b" REQUIRETLS"):
            asked = self.sent(session, parameters)
            expected = Envelope("alice@example.test", require_tls=True, ret="HDRS")
            self.assertEqual(expected, asked.envelope)

    def test_not_offered(self) -> None:
        """Switched off it is a parameter nobody knows."""
        self.refused(self.session(not_offered=["REQUIRETLS"]), b"REQUIRETLS", b"555 5.5.4 ")


class InTime(Enveloped):
    """DELIVERBY (RFC 2852)."""

    def test_when(self) -> None:
        """The moment counts from MAIL."""
        for parameter, by in (
            (b" BY=120;R", DeliverBy(NOW + timedelta(seconds=120), returned=True)),
            (b" BY=-60;N", DeliverBy(NOW - timedelta(seconds=60), returned=False)),
            (b" BY=0;nt", DeliverBy(NOW, returned=False)),
            (b"", None),
        ):
            self.assertEqual(by, self.sent(self.session(), parameter).deliver_by)

    def test_kept_for_reports(self) -> None:
        """The moment, and whether each step is to be told, stand in the envelope beside RET."""
        for parameter, ret in (
            (b" BY=120;RT RET=HDRS", "HDRS BY=2026-01-02T03:06:05Z;T"),
            (b" BY=-5;N", "BY=2026-01-02T03:04:00Z"),
        ):
            self.assertEqual(ret, self.sent(self.session(), parameter).envelope.ret)

    def test_refused(self) -> None:
        """To have it back before now makes no sense; switched off, nobody knows it."""
        self.refused(self.session(), b"BY=0;R", b"501 5.5.4 ")
        session = self.session(not_offered=["DELIVERBY"])
        self.assertNotIn(b"DELIVERBY", session.say(EHLO))
        self.refused(session, b"BY=60;R", b"555 5.5.4 ")


class Held(Enveloped):
    """FUTURERELEASE (RFC 4865)."""

    def session(self, mode: Mode = Mode.SUBMISSION, **settings: Any) -> Session:
        return super().session(mode, **settings)

    def test_offered(self) -> None:
        """With how long, and until when, and on submission only."""
        said = self.session(longest_hold_days=2).say(EHLO)
        self.assertIn(b"250-FUTURERELEASE 172800 2026-01-04T03:04:05Z\r\n", said)
        for session in (
            self.session(Mode.RELAY),
            self.session(Mode.LMTP),
            self.session(longest_hold_days=0),
            self.session(not_offered=["FUTURERELEASE"]),
        ):
            self.assertNotIn(b"FUTURERELEASE", session.say(EHLO))
            self.refused(session, b"HOLDFOR=60", b"555 5.5.4 ")
            self.refused(session, b"HOLDUNTIL=2026-01-03T00:00:00Z", b"555 5.5.4 ")

    def test_when(self) -> None:
        """It leaves then, for other hosts as for mailboxes here."""
        for parameter, when in (
            (b" HOLDFOR=90", NOW + timedelta(seconds=90)),
            (b" HOLDUNTIL=2026-01-03T00:00:00Z", datetime(2026, 1, 3, tzinfo=UTC)),
            (b" HOLDFOR=2592000", NOW + timedelta(days=30)),
        ):
            asked = self.sent(self.session(), parameter)
            self.assertEqual(when, asked.not_before)
            (recipient,) = asked.recipients
            self.assertEqual(({}, ("bob@example.test",)), (recipient.folders, recipient.put_off))
            asked = self.sent(self.session(), parameter, to=b"forward")
            self.assertEqual(("x@elsewhere.test",), tuple(asked.recipients[0].onward))
        asked = self.sent(self.session(), b"")
        self.assertEqual((None, ()), (asked.not_before, asked.recipients[0].put_off))

    def test_kept_for_reports(self) -> None:
        """What was asked for stands in the envelope beside RET."""
        for parameter, ret in (
            (b" HOLDFOR=90 RET=FULL", "FULL HOLD=for;90"),
            (b" HOLDUNTIL=2026-01-03T00:00:00Z", "HOLD=until;2026-01-03T00:00:00Z"),
        ):
            self.assertEqual(ret, self.sent(self.session(), parameter).envelope.ret)

    def test_refused(self) -> None:
        """Longer than offered, or than BY allows, is refused with 501."""
        session = self.session()
        for parameter in (
            b"HOLDFOR=2592001", b"HOLDUNTIL=2026-02-01T03:04:06Z",
            b"HOLDUNTIL=9999-12-31T23:59:59Z", b"HOLDFOR=999999999", b"HOLDFOR=0",
            b"HOLDFOR=1 HOLDUNTIL=2026-01-03T00:00:00Z", b"HOLDFOR=61 BY=60;R",
        ):  # fmt: skip
            self.refused(session, parameter, b"501 5.5.4 ")
        self.sent(session, b" HOLDFOR=60 BY=60;R")


class Limits(Enveloped):
    """LIMITS (RFC 9422)."""

    def test_told(self) -> None:
        """As far as there are limits, in six digits."""
        cases: list[tuple[dict[str, Any], bytes]] = [
            ({}, b"250 LIMITS RCPTMAX=1000\r\n"),
            ({"messages": 5}, b"250 LIMITS MAILMAX=5 RCPTMAX=1000\r\n"),
            ({"recipients": 5_000_000}, b"250 LIMITS RCPTMAX=999999\r\n"),
        ]
        for settings, line in cases:
            self.assertTrue(self.session(**settings).say(EHLO).endswith(line))
        self.assertNotIn(b"LIMITS", self.session(not_offered=["LIMITS"]).say(EHLO))

    def test_messages(self) -> None:
        """Each MAIL counts, also one refused; after the last the client has to come again."""
        session = self.session(messages=2)
        session.say(b"MAIL FROM:<a@b> SIZE=99999999999\r\n")
        self.sent(session, b"")
        answer = session.say(b"MAIL FROM:<a@b>\r\nNOOP\r\n")
        self.assertEqual(b"421 4.7.0 Too many messages; connect again for more\r\n", answer)
        self.assertTrue(session.closed)

    def test_all_off(self) -> None:
        """A service does without any of them."""
        session = self.session(not_offered=sorted(EXTENSIONS))
        self.assertTrue(session.say(EHLO).endswith(b"250-ENHANCEDSTATUSCODES\r\n250 CHUNKING\r\n"))


class Sizes(Enveloped):
    """SIZE (RFC 1870, 6)."""

    def test_larger_than_said(self) -> None:
        """A message may be larger than was said, as long as it fits."""
        self.sent(self.session(), b" SIZE=1")
        self.sent(self.session(), b" SIZE=0")

    def test_no_room_though_said(self) -> None:
        """Who told the size in time is not refused for good when room is gone by then."""
        for parameter, reply in (
            (b"", b"552 5.2.2 "),
            (b" SIZE=1", b"552 5.2.2 "),
            (b" SIZE=11", b"452 4.2.2 "),
            (b" SIZE=100", b"452 4.2.2 "),
        ):
            session = self.session()
            session.receiver.deliver_error = OverQuota("full")
            session.say(b"MAIL FROM:<a@b>" + parameter + b"\r\nRCPT TO:<bob@example.test>\r\n")
            said = session.say(BODY)
            self.assertIn(b"\r\n" + reply, said, parameter)


class Submitters(Enveloped):
    """AUTH= of MAIL (RFC 4954, 5), and whom an account may send as."""

    def test_auth(self) -> None:
        """It is taken where AUTH is offered, before a login too, and believed of nobody."""
        session = self.session(Mode.SUBMISSION)
        for value in (b"<>", b"alice@example.test", b"boss@elsewhere.test", b"e+2Bmc@x", b"alice"):
            asked = self.sent(session, b" AUTH=" + value)
            self.assertEqual(Envelope("alice@example.test"), asked.envelope)
        self.assertEqual({"alice"}, {account for *_, account in session.receiver.delivered})
        self.sent(self.session(offer_auth=True), b" AUTH=boss@elsewhere.test")
        for value in (b"AUTH", b"AUTH=+0A", b"AUTH=+zz", b"AUTH=<> AUTH=<>"):
            self.refused(session, value, b"501 5.5.4 ")
        self.refused(self.session(), b"AUTH=<>", b"555 5.5.4 ")

    def test_addresses(self) -> None:
        """What the configuration allows an account beside its own addresses."""
        session = self.session(
            Mode.SUBMISSION,
            addresses={"alice": ["Sales@elsewhere.test", "@lists.test"], "bob": ["@all.test"]},
        )
        for sender, code in (
            (b"alice@example.test", 250),
            (b"sales@Elsewhere.test", 250),
            (b"anything@lists.test", 250),
            (b"sales@elsewhere.test.evil", 550),
            (b"other@elsewhere.test", 550),
            (b"x@sub.lists.test", 550),
            (b"x@all.test", 550),
        ):
            said = session.codes(b"MAIL FROM:<" + sender + b">\r\nRSET\r\n")
            self.assertEqual([code, 250], said, sender)

    def test_without_brackets(self) -> None:
        """A device that leaves them away may submit, and nobody else."""
        plain = b"MAIL FROM:alice@example.test\r\nRCPT TO: bob@example.test\r\n"
        self.assertEqual([250, 250], self.session(Mode.SUBMISSION).codes(plain))
        self.assertEqual([501, 501], self.session().codes(plain.replace(b": bob", b":bob")))
