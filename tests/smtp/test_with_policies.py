"""Sessions that are judged by policies: what clients are told, and what is stored."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from netsuite.message.headers import fields
from netsuite.smtp.commands import Reply
from netsuite.smtp.policy.content import KEPT_OCTETS
from netsuite.smtp.policy.interface import Defer, Facts, Policy, Reject, Stage, Tag, Verdict
from netsuite.smtp.settings import Mode
from netsuite.testing.cases import SynchronousTestCase
from tests.smtp.fakes import Session

EHLO = b"EHLO client.test\r\n"
ENVELOPE = b"MAIL FROM:<x@y.test>\r\nRCPT TO:<alice@example.test>\r\n"
MESSAGE = b"Subject: hi\r\nX-Drop: 1\r\nFrom: x@y.test\r\n\r\nbody\r\n"
LETTER = ENVELOPE + b"DATA\r\n" + MESSAGE + b".\r\n"
NO = Reject("Not here", 554, "5.7.9")


class Judge(Policy):
    """Says at each stage what it is told to, and keeps what it was asked."""

    def __init__(self, **verdicts: Verdict) -> None:
        self.verdicts = verdicts
        self.waits: dict[str, Deferred[None]] = {}
        self.asked: list[tuple[str, Facts]] = []
        self.refusals: list[tuple[str, int]] = []

    async def _judge(self, stage: Stage, facts: Facts) -> Verdict:
        name = stage.name.lower()
        self.asked.append((name, facts))
        if name in self.waits:
            await self.waits[name]
        return self.verdicts.get(name)

    async def connection(self, facts: Facts) -> Verdict:
        return await self._judge(Stage.CONNECTION, facts)

    async def helo(self, facts: Facts) -> Verdict:
        return await self._judge(Stage.HELO, facts)

    async def mail(self, facts: Facts) -> Verdict:
        return await self._judge(Stage.MAIL, facts)

    async def recipient(self, facts: Facts) -> Verdict:
        return await self._judge(Stage.RECIPIENT, facts)

    async def message(self, facts: Facts) -> Verdict:
        return await self._judge(Stage.MESSAGE, facts)

    def refused(self, facts: Facts, answer: Reply) -> None:
        self.refusals.append((facts.recipient, answer.code))


class Messages(Policy):
    """Judges messages alone, as a function does."""

    def __init__(self, says: Callable[[Facts, bytes], Verdict]) -> None:
        self.says = says

    async def message(self, facts: Facts) -> Verdict:
        assert facts.message is not None
        body = b"".join([piece async for piece in facts.message.body()])
        return self.says(facts, body)


class Judged(SynchronousTestCase):
    """Sessions with a policy."""

    def test_told(self) -> None:
        """At each stage a policy is told all that is known so far."""
        judge = Judge()
        session = Session(policies=[judge])
        session.say(EHLO + LETTER + b"MAIL FROM:<>\r\n")
        names = [name for name, _ in judge.asked]
        self.assertEqual(["connection", "helo", "mail", "recipient", "message", "mail"], names)
        connection, helo, mail, recipient, message, again = (facts for _, facts in judge.asked)
        self.assertEqual(
            ("192.0.2.9", ""), (connection.client.peer.address, connection.client.helo)
        )
        self.assertEqual("mx.example.test", connection.client.host)
        self.assertEqual(("client.test", None), (helo.client.helo, helo.sender))
        self.assertEqual(("x@y.test", ""), (mail.sender, mail.recipient))
        self.assertEqual("alice@example.test", recipient.recipient)
        self.assertEqual({"alice@example.test"}, set(message.recipients))
        assert message.message is not None
        self.assertEqual(MESSAGE.partition(b"body")[0], message.message.header)
        self.assertEqual(len(MESSAGE), message.message.octets)
        self.assertEqual("", again.sender)

    def test_accepts(self) -> None:
        """A message that is judged is stored as one that is not."""
        plain, judged = Session(), Session(policies=[Judge()])
        for session in (plain, judged):
            session.say(EHLO + LETTER + LETTER)
        self.assertEqual(2, len(judged.receiver.delivered))
        self.assertEqual(plain.receiver.delivered, judged.receiver.delivered)

    def test_connection(self) -> None:
        """Who is refused at once hears why, and is gone."""
        session = Session(policies=[Judge(connection=Defer("Later", 421, "4.7.0"))])
        self.assertEqual(b"421 4.7.0 Later\r\n", session.greeting)
        self.assertTrue(session.closed)

    def test_connection_that_takes_its_time(self) -> None:
        """What a client says before it is greeted waits until then."""
        judge = Judge()
        waits = judge.waits["connection"] = Deferred()
        session = Session(policies=[judge])
        self.assertEqual(b"", session.greeting + session.say(EHLO + b"NOOP\r\n"))
        waits.callback(None)
        said = session.transport.said()
        self.assertTrue(said.startswith(b"220 mx.example.test ESMTP"))
        self.assertTrue(said.endswith(b"250 2.0.0 OK\r\n"))

    def test_marks_of_a_refused_recipient(self) -> None:
        """What a policy says of a recipient that is not taken is no mark of the message."""

        class ByRecipient(Policy):
            async def recipient(self, facts: Facts) -> Verdict:
                return Tag(b"X-For: %s\r\n" % facts.recipient.encode())

        session = Session(policies=[ByRecipient()])
        session.say(EHLO + LETTER.replace(b"DATA", b"RCPT TO:<nobody@example.test>\r\nDATA"))
        content = session.receiver.delivered[0][2]
        self.assertIn(b"X-For: alice@example.test\r\n", content)
        self.assertNotIn(b"nobody@", content)

    def test_marks_alone(self) -> None:
        """Marks of a sender count where no policy judges messages, of one message each."""

        class BySender(Policy):
            async def mail(self, facts: Facts) -> Verdict:
                return Tag(b"X-From: x\r\n", "Junk") if facts.sender == "x@y.test" else None

        session = Session(policies=[BySender()])
        session.say(EHLO + LETTER + LETTER.replace(b"x@y.test", b"z@y.test"))
        (_, marked, first, _), (_, plain, second, _) = session.receiver.delivered
        self.assertEqual(["alice@example.test/Junk"], marked)
        self.assertEqual(["alice@example.test"], plain)
        self.assertEqual([True, False], [b"X-From: x" in each for each in (first, second)])

    def test_421(self) -> None:
        """421, wherever it is said, ends the connection: nothing else is served."""
        for stage in ("helo", "mail", "recipient", "message"):
            session = Session(policies=[Judge(**{stage: Defer("Busy", 421, "4.7.0")})])
            said = session.say(EHLO + LETTER + b"NOOP\r\n")
            self.assertTrue(said.endswith(b"421 4.7.0 Busy\r\n"), stage)
            self.assertTrue(session.closed, stage)

    def test_helo_refused_within_a_message(self) -> None:
        """A greeting that is refused changes nothing (RFC 5321, 4.1.4): the message goes on."""
        judge = Judge()
        session = Session(policies=[judge])
        session.say(EHLO + ENVELOPE)
        judge.verdicts["helo"] = NO
        self.assertEqual(b"554 5.7.9 Not here\r\n" * 2,
                         session.say(b"EHLO other.test\r\nHELO other.test\r\n"))  # fmt: skip
        self.assertIn(b"250 2.6.0", session.say(b"DATA\r\n" + MESSAGE + b".\r\n"))
        self.assertIn(b"from client.test", session.receiver.delivered[0][2])
        self.assertEqual("client.test", judge.asked[-1][1].client.helo)

    def test_helo(self) -> None:
        """Who is refused for a name is not greeted, and may say another."""
        judge = Judge(helo=NO)
        session = Session(policies=[judge])
        self.assertEqual(b"554 5.7.9 Not here\r\n", session.say(EHLO))
        self.assertEqual([503], session.codes(b"MAIL FROM:<x@y.test>\r\n"))
        judge.verdicts.clear()
        self.assertEqual([250, 250], session.codes(b"HELO a.test\r\nMAIL FROM:<x@y.test>\r\n"))

    def test_mail_and_recipient(self) -> None:
        """A sender, and each recipient, have a refusal of their own."""
        judge = Judge(mail=Defer("Wait", 450, "4.7.1"))
        session = Session(policies=[judge])
        session.say(EHLO)
        self.assertEqual(b"450 4.7.1 Wait\r\n", session.say(b"MAIL FROM:<x@y.test>\r\n"))
        judge.verdicts = {"recipient": NO}
        said = session.say(ENVELOPE)
        self.assertTrue(said.endswith(b"554 5.7.9 Not here\r\n"))
        judge.verdicts = {}
        self.assertEqual([550, 250], session.codes(
            b"RCPT TO:<nobody@example.test>\r\nRCPT TO:<bob@example.test>\r\n"))  # fmt: skip
        self.assertEqual([("alice@example.test", 554), ("nobody@example.test", 550)],
                         judge.refusals)  # fmt: skip

    def test_close(self) -> None:
        """A refusal that says so ends the connection, at every stage."""
        gone = Defer("Go", 421, "4.7.0", close=True)
        for stage in ("helo", "mail", "recipient", "message"):
            session = Session(policies=[Judge(**{stage: gone})])
            said = session.say(EHLO + LETTER + b"NOOP\r\n")
            self.assertTrue(said.endswith(b"421 4.7.0 Go\r\n"), stage)
            self.assertTrue(session.closed)
            self.assertEqual([], session.receiver.delivered)

    def test_message(self) -> None:
        """A message that is refused is not stored, and the next one may be."""
        judge = Judge(message=NO)
        session = Session(policies=[judge])
        session.say(EHLO)
        self.assertEqual([250, 250, 354, 554], session.codes(LETTER))
        self.assertEqual([], session.receiver.drafts)
        judge.verdicts.clear()
        self.assertEqual([250, 250, 354, 250], session.codes(LETTER))
        (draft,) = session.receiver.drafts
        self.assertFalse(draft.aborted)

    def test_chunks(self) -> None:
        """BDAT's messages are judged, too."""
        session = Session(policies=[Judge(message=NO)])
        session.say(EHLO + ENVELOPE)
        said = session.codes(b"BDAT 6\r\nA: b\r\nBDAT 5 LAST\r\n\r\nc\r\n")
        self.assertEqual([250, 554], said)

    def test_binary(self) -> None:
        """What is BINARYMIME is judged as it came, and mended where it is kept."""
        heard: list[bytes] = []

        def judge(facts: Facts, body: bytes) -> Verdict:
            heard.append(body)
            return None

        session = Session(policies=[Messages(judge)])
        session.say(b"EHLO x\r\nMAIL FROM:<a@b> BODY=BINARYMIME\r\nRCPT TO:<bob@example.test>\r\n")
        body = b"x\0\ny\r" * 100_000
        octets = b"A: b\r\n\r\n" + body
        self.assertEqual([250], session.codes(b"BDAT %d LAST\r\n%b" % (len(octets), octets)))
        self.assertEqual([body], heard)
        kept = session.receiver.delivered[0][2]
        self.assertTrue(kept.endswith(b"A: b\r\n\r\n" + b"x\x80\r\ny\r\n" * 100_000))

    def test_lmtp(self) -> None:
        """Each recipient of LMTP hears of a refusal."""
        session = Session(Mode.LMTP, policies=[Judge(message=NO)])
        session.say(b"LHLO a.test\r\n" + ENVELOPE + b"RCPT TO:<bob@example.test>\r\nDATA\r\n")
        self.assertEqual([554, 554], session.codes(MESSAGE + b".\r\n"))

    def test_marks(self) -> None:
        """Marks of all stages stand behind Return-Path, the last one first; what is dropped is
        gone; those of a message are not in the next one."""

        def drop(facts: Facts, body: bytes) -> Verdict:
            assert facts.message is not None
            dropped = [each for each in fields(facts.message.header) if each.name == b"X-Drop"]
            return Tag(b"X-A: 4\r\nX-B: 5\r\n", dropped=dropped)

        judge = Judge(
            connection=Tag(b"X-C: 1\r\n"), helo=Tag(b"X-H: 2\r\n"), mail=Tag(b"X-M: 3\r\n"),
            recipient=Tag(b"X-R: 3\r\n"),
        )  # fmt: skip
        session = Session(policies=[judge, Messages(drop)])
        session.say(EHLO + EHLO + LETTER)
        judge.verdicts = {}
        session.say(LETTER)
        first, second = (content for _, _, content, _ in session.receiver.delivered)
        self.assertTrue(first.startswith(
            b"Return-Path: <x@y.test>\r\nX-A: 4\r\nX-B: 5\r\nX-R: 3\r\nX-M: 3\r\nX-H: 2\r\n"
            b"X-C: 1\r\nReceived: from client.test"))  # fmt: skip
        self.assertTrue(first.endswith(MESSAGE.replace(b"X-Drop: 1\r\n", b"")))
        self.assertIn(b"X-C: 1\r\n", second)
        self.assertNotIn(b"X-M:", second)
        self.assertNotIn(b"X-R:", second)

    def test_folder(self) -> None:
        """A message is filed where a policy says."""
        session = Session(policies=[Judge(message=Tag(folder="Junk"))])
        session.say(EHLO + LETTER)
        ((_, addresses, _, _),) = session.receiver.delivered
        self.assertEqual(["alice@example.test/Junk"], addresses)

    def test_order(self) -> None:
        """A policy that takes its time holds back what is pipelined behind it, and nothing is
        answered out of order."""
        judge = Judge()
        waits = {name: Deferred[None]() for name in ("mail", "recipient", "message")}
        judge.waits.update(waits)
        session = Session(policies=[judge])
        session.say(EHLO)
        self.assertEqual(b"", session.say(LETTER + b"NOOP\r\n"))
        codes = []
        for waiting in waits.values():
            waiting.callback(None)
            codes.append([int(line[:3]) for line in session.transport.said().splitlines()])
        self.assertEqual([[250], [250, 354], [250, 250]], codes)

    def test_client_gone(self) -> None:
        """Whoever is asked when the client goes is cancelled; nothing is stored."""
        judge = Judge()
        cancelled: list[object] = []
        judge.waits["message"] = Deferred(cancelled.append)
        session = Session(policies=[judge])
        session.say(EHLO + LETTER)
        session.server.connectionLost(Failure(ConnectionLost()))
        self.assertEqual(1, len(cancelled))
        self.assertEqual([], session.receiver.delivered + session.receiver.drafts)
        self.assertEqual([], session.clock.getDelayedCalls())

    def test_too_late(self) -> None:
        """A policy that never answers has the client try again."""
        judge = Judge()
        judge.waits["mail"] = Deferred()
        session = Session(policies=[judge])
        session.say(EHLO + b"MAIL FROM:<x@y.test>\r\n")
        session.clock.advance(30)
        self.assertEqual(
            b"451 4.3.0 Something went wrong here; try again later\r\n", session.transport.said()
        )
        self.flushLoggedErrors()

    def test_large(self) -> None:
        """A large message is read by a policy, and stored, whole."""
        seen: list[int] = []

        def look(facts: Facts, body: bytes) -> Verdict:
            seen.append(len(body))
            return None

        session = Session(policies=[Messages(look)])
        session.say(EHLO + ENVELOPE + b"DATA\r\n" + MESSAGE)
        line = b"x" * 998 + b"\r\n"
        lines = KEPT_OCTETS // 1000 * 3
        for _ in range(lines):
            session.say(line)
        self.assertEqual([250], session.codes(b".\r\n"))
        ((_, _, content, _),) = session.receiver.delivered
        self.assertTrue(content.endswith(MESSAGE + line * lines))
        self.assertEqual([len(b"body\r\n") + len(line) * lines], seen)

    def test_account(self) -> None:
        """Who has logged in is known from then on."""
        judge = Judge()
        session = Session(Mode.SUBMISSION, policies=[judge])
        session.say(EHLO + b"AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\nMAIL FROM:<alice@example.test>\r\n")
        self.assertEqual([None, None, "alice"], [facts.client.account for _, facts in judge.asked])
        self.assertEqual("submission", judge.asked[0][1].client.service)
