"""The header of submitted messages: what is added, what is left out, who may be in From."""

from __future__ import annotations

from typing import Any

from netsuite.smtp.settings import Mode
from netsuite.smtp.submission import Completion, NotOwnFrom, SenderField
from netsuite.testing.cases import SynchronousTestCase
from tests.smtp.fakes import Session

DATE, ID, FROM = b"Date: now\r\n", b"Message-ID: <new@host>\r\n", b"From: ann@here.test\r\n"
SENDER = b"Sender: ann@here.test\r\n"
#: What a header that lacks nothing has beside From.
REST = b"Date: then\r\nMessage-ID: <a@b>\r\n"
OWN = {"ann@here.test", "sales@here.test", "grün@here.test"}


def completed(header: bytes, sender_field: SenderField = "add") -> bytes:
    """Return a header of ann's as it leaves."""
    completion = Completion(b"now", "<new@host>", "ann@here.test", OWN.__contains__, sender_field)
    return completion(header)


class Missing(SynchronousTestCase):
    """What is added."""

    def test_added(self) -> None:
        """Date, Message-ID and From where they are missing or say nothing."""
        for header, wanted in (
            (b"", DATE + ID + FROM),
            (b"\r\n", DATE + ID + FROM + b"\r\n"),
            (b"Subject: x\r\n\r\n", DATE + ID + FROM + b"Subject: x\r\n\r\n"),
            (FROM + REST, FROM + REST),
            (b"from:ann@here.test\r\nMESSAGE-ID: <a>\r\n", DATE),
            (b"Date:\r\nA: b\r\nMessage-ID: \t\r\nFrom:\r\n \r\nC: d\r\n\r\n",
             DATE + ID + FROM + b"A: b\r\nC: d\r\n\r\n"),
            (b"Date: \r\nDate: then\r\nMessage-ID: <a@b>\r\n" + FROM, b""),
        ):  # fmt: skip
            self.assertTrue(completed(header).startswith(wanted), header)
        self.assertEqual(DATE + ID + FROM, completed(b"Date:\r\nFrom: \r\n"))
        kept = b"Date: \r\nDate: then\r\nMessage-ID: <a@b>\r\n" + FROM
        self.assertEqual(kept, completed(kept))

    def test_left_out(self) -> None:
        """Blind copies go, wherever they stand; all else stays octet by octet."""
        header = b"Bcc: x@y\r\n" + FROM + b"BCC : a,\r\n b\r\nResent-Bcc: z\r\n" + REST + b"\r\n"
        self.assertEqual(FROM + REST + b"\r\n", completed(header))


class Senders(SynchronousTestCase):
    """Whose From it may be (RFC 6409, 8.1)."""

    def test_own(self) -> None:
        """Nothing is said of who sends where From has only own addresses, or Sender has one."""
        for own in (
            b"From: ann@here.test\r\n",
            b"From: Ann <ann@here.test>\r\n",
            b"From: us: ann@here.test;\r\n",
            b'From: "boss@there.test" <ann@here.test> (boss@there.test)\r\n',
            "From: grün@here.test\r\n".encode(),
            b"From: boss@there.test\r\nSender: sales@here.test\r\n",
            b"From: ann@here.test\r\nSender: boss@there.test\r\n",
        ):
            self.assertEqual(own + REST, completed(own + REST), own)

    def test_several_authors(self) -> None:
        """All of them own: Sender says which one sends, as it must (RFC 5322, 3.6.2)."""
        for authors in (
            b"From: ann@here.test, Sales <sales@here.test>\r\n",
            b"From: us: ann@here.test, sales@here.test;\r\n",
            b"From: ann@here.test\r\nFrom: sales@here.test\r\n",
        ):
            for sender_field in ("add", "refuse"):
                for said in (b"", b"Sender: ann@here.test, sales@here.test\r\n",
                             b"Sender: boss@there.test\r\n", SENDER * 2):  # fmt: skip
                    self.assertEqual(
                        SENDER + authors + REST, completed(authors + said + REST, sender_field)
                    )
                kept = authors + b"Sender: sales@here.test\r\n" + REST
                self.assertEqual(kept, completed(kept, sender_field))
            self.assertEqual(authors + REST, completed(authors + REST, "off"))

    def test_anothers(self) -> None:
        """Sender is added, in place of one that is not the account's own either."""
        for anothers in (
            b"From: boss@there.test\r\n",
            b"From: ann@here.test <boss@there.test>\r\n",
            b"From: ann@here.test, boss@there.test\r\n",
            b"From: ann@here.test\r\nFrom: boss@there.test\r\n",
            b"From: nobody\r\n",
            b"From: undisclosed:;\r\n",
            b"From: <>\r\n",
            b"From: (ann@here.test)\r\n",
            b"From: <boss@there.test> <ann@here.test>\r\n",
            b"From: <ann@here.test> boss@there.test\r\n",
            b"From: ann@here.test, <sales@here.test> <boss@there.test>\r\n",
            b"Junk\r\nFrom : boss@there.test\r\n",
        ):
            self.assertEqual(SENDER + anothers + REST, completed(anothers + REST), anothers)
            for forged in (b"Sender: boss@there.test\r\n", b"sender:\r\n"):
                whole = anothers + forged + REST
                self.assertEqual(SENDER + anothers + REST, completed(whole), whole)
            with self.assertRaises(NotOwnFrom, msg=anothers):
                completed(anothers + REST, "refuse")
            self.assertEqual(anothers + REST, completed(anothers + REST, "off"))

    def test_refused(self) -> None:
        """Where the operator wants it the message is refused, at its end, and the session goes on;
        also where it is shorter than a header."""
        for body in (b"From: boss@there.test\r\n\r\nx\r\n", b"From: boss@there.test\r\n"):
            for content in (b"DATA\r\n%b.\r\n" % body, b"BDAT %d LAST\r\n%b" % (len(body), body)):
                session = self.session(sender_field="refuse")
                said = session.say(content + b"NOOP\r\n").split(b"\r\n")
                self.assertEqual(b"550 5.7.1 From is not an address of yours", said[-3])
                self.assertEqual(b"250 2.0.0 OK", said[-2])
                self.assertEqual([], session.receiver.delivered)
                self.assertTrue(session.receiver.drafts[0].aborted)

    def test_null_path(self) -> None:
        """A notification has no envelope sender: the account's own address is told."""
        session = self.session(mail=b"MAIL FROM:<>\r\n")
        session.say(b"DATA\r\nFrom: boss@there.test\r\n\r\n.\r\n")
        self.assertIn(b"\r\nSender: alice@example.test\r\n", session.receiver.delivered[0][2])
        session.say(b"MAIL FROM:<>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n\r\n.\r\n")
        self.assertIn(b"\r\nFrom: alice@example.test\r\n", session.receiver.delivered[1][2])

    def test_allowed_addresses(self) -> None:
        """What the configuration allows an account to send as may be in From, too."""
        session = self.session(addresses={"alice": ["@there.test"]})
        session.say(b"DATA\r\nFrom: boss@there.test\r\n\r\n.\r\n")
        self.assertNotIn(b"Sender", session.receiver.delivered[0][2])

    def test_a_login_on_port_25(self) -> None:
        """Where that is offered it submits, too."""
        session = Session(Mode.RELAY, offer_auth=True)
        session.say(b"EHLO c\r\nAUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n")
        session.say(b"MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.test>\r\n")
        session.say(b"DATA\r\nFrom: boss@there.test\r\n\r\n.\r\n")
        self.assertIn(b"\r\nSender: alice@example.test\r\n", session.receiver.delivered[0][2])

    def session(
        self, mail: bytes = b"MAIL FROM:<alice@example.test>\r\n", **settings: Any
    ) -> Session:
        session = Session(Mode.SUBMISSION, **settings)
        session.say(b"EHLO c\r\nAUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n")
        session.say(mail + b"RCPT TO:<bob@example.test>\r\n")
        return session
