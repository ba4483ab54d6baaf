"""A filter asked by the milter protocol: what it is told, and what it says."""

from __future__ import annotations

import struct
from typing import Any

from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.error import ConnectionDone, ConnectionRefusedError
from twisted.internet.protocol import Factory, connectionDone
from twisted.protocols.basic import Int32StringReceiver
from twisted.python.failure import Failure

from netsuite.connection.peer import Peer
from netsuite.smtp.policy.interface import Client, Defer, Facts, Reject, Tag, Verdict
from netsuite.smtp.policy.milter import CHANGES, Milter
from netsuite.smtp.policy.milter_packets import MilterError, parse_header, parse_refusal
from netsuite.testing.fabric import Fabric
from netsuite.testing.fabric.transport import End
from tests.connection.joined import JoinedCase, reached
from tests.smtp.policy.samples import message

OCTETS = b"Subject: a\r\n b\r\nX-Spam: no\r\nx-spam: no\r\n\r\nbody\r\n"
NEGOTIATED = b"O" + struct.pack("!III", 6, 0x11, 0)
CONTINUE = b"c"


class Filter(Int32StringReceiver):
    """A filter: hears packets, and answers each by its command."""

    MAX_LENGTH = 1 << 20
    transport: End

    def __init__(self, answers: dict[bytes, list[bytes]]) -> None:
        self.answers = {b"O": [NEGOTIATED], b"Q": [], b"D": [], **answers}
        self.heard: list[bytes] = []
        self.state = "open"
        self.pauses_at = b""  # it does not read on behind such a packet

    def stringReceived(self, string: bytes) -> None:
        self.heard.append(string)
        if self.pauses_at == string[:1]:
            self.transport.pauseProducing()
        for answer in self.answers.get(string[:1], [CONTINUE]):
            self.sendString(answer)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.state = "closed" if reason.check(ConnectionDone) else "aborted"

    def told(self) -> bytes:
        """Return the commands it was told, without macros."""
        return b"".join(each[:1] for each in self.heard if each[:1] != b"D")


class Asking(JoinedCase):
    """Messages that a filter is asked about."""

    def judge(
        self, answers: dict[bytes, list[bytes]], octets: bytes = OCTETS, address: str = "192.0.2.7"
    ) -> tuple[Verdict, Filter]:
        """Ask a filter."""
        peer = Filter(answers)
        client = Client(
            host="mx.example.org", peer=Peer(address, 4000), helo="mail.y.test", account="ann"
        )
        facts = Facts(client, "x@y.test", "", ["ann@example.org", "bob@example.org"],
                      message(octets))  # fmt: skip
        return self.run_(self.milter(peer).message(facts)), peer

    def milter(self, peer: Filter, **fabric: Any) -> Milter:
        """Return the policy that asks a filter."""
        self.fabric = Fabric(**fabric)
        return Milter(reached(self.fabric, Factory.forProtocol(lambda: peer)))

    def test_told(self) -> None:
        """It is told all there is, in order, and the connection is closed."""
        verdict, peer = self.judge({})
        self.assertIsNone(verdict)
        self.assertEqual((b"OCHMRRTLLLNBEQ", "closed"), (peer.told(), peer.state))
        self.assertIn(b"C[192.0.2.7]\x004\x0f\xa0192.0.2.7\0", peer.heard)
        self.assertIn(b"Hmail.y.test\0", peer.heard)
        self.assertIn(b"M<x@y.test>\0", peer.heard)
        self.assertIn(b"DM{auth_authen}\0ann\0{mail_addr}\0x@y.test\0", peer.heard)
        self.assertIn(b"R<bob@example.org>\0", peer.heard)
        self.assertIn(b"LSubject\0a\n b\0", peer.heard)
        self.assertIn(b"Bbody\r\n", peer.heard)
        _, peer = self.judge({}, address="2001:db8::1")
        self.assertIn(b"C[2001:db8::1]\x006\x0f\xa02001:db8::1\0", peer.heard)
        _, peer = self.judge({}, address="")
        self.assertIn(b"Clocalhost\0U", peer.heard)

    def test_left_out(self) -> None:
        """What it does not want it is not told, and what it does not answer is not waited for."""
        steps = 0x1 | 0x2 | 0x10 | 0x40 | 0x200
        _, peer = self.judge({b"O": [b"O" + struct.pack("!III", 6, 0, steps)]})
        self.assertEqual(b"OMRRLLLEQ", peer.told())
        silent = {each: list[bytes]() for each in (b"C", b"H", b"M", b"R", b"T", b"L", b"N", b"B")}
        answer = b"O" + struct.pack("!III", 6, 0, 0xFF080 | 0x80)
        verdict, peer = self.judge({b"O": [answer], **silent})
        self.assertEqual((None, b"OCHMRRTLLLNBEQ"), (verdict, peer.told()))

    def test_could_do_more(self) -> None:
        """Filters that could change more than the header are asked: rspamd says what it could,
        whatever it is offered, and answers the end alone; libmilter's hang up where they are
        not offered what they could do."""
        silent = {each: list[bytes]() for each in (b"C", b"H", b"M", b"R", b"T", b"L", b"N", b"B")}
        answer = b"O" + struct.pack("!III", 6, 0x3F, 0xFF080)
        end = {b"E": [b"hX-Spam\0no\0", b"c"]}
        verdict, peer = self.judge({b"O": [answer], **silent, **end})
        assert isinstance(verdict, Tag)
        self.assertEqual((b"X-Spam: no\r\n", "closed"), (verdict.fields, peer.state))
        _, _, actions, _ = struct.unpack("!cIII", peer.heard[0])
        self.assertEqual(0x1FF, actions)

    def test_body_as_fast_as_it_reads(self) -> None:
        """A body that a filter need not answer is told it no faster than it reads."""
        silent = {each: list[bytes]() for each in (b"C", b"H", b"M", b"R", b"T", b"L", b"N", b"B")}
        answer = b"O" + struct.pack("!III", 6, 0, 0xFF080)
        peer = Filter({b"O": [answer], **silent})
        peer.pauses_at = b"B"
        facts = Facts(Client(), "", message=message(OCTETS + b"x" * 200_000))
        judging = self.begin(self.milter(peer, buffer_octets=1000).message(facts))
        for bodies in (1, 2, 3, 4):
            self.assertNoResult(judging)
            self.assertEqual(bodies, peer.told().count(b"B"))
            peer.transport.resumeProducing()
            self.fabric.settle()
        self.assertIsNone(self.successResultOf(judging))
        peer = Filter({b"O": [answer], **silent})
        peer.pauses_at = b"B"
        judging = self.begin(self.milter(peer, buffer_octets=1000).message(facts))
        peer.transport.loseConnection()
        self.fabric.settle()
        self.failureResultOf(judging, MilterError)

    def test_refused(self) -> None:
        """A refusal at any step is one of the message; nothing more is told then."""
        for command in (b"C", b"H", b"M", b"R", b"T", b"L", b"N", b"B", b"E"):
            for answer, kind, code in [
                (b"r", Reject, 550), (b"t", Defer, 451), (b"d", Reject, 550), (b"4", Defer, 451),
                (b"y554 5.7.9 Spam\0", Reject, 554), (b"y452 Full\0", Defer, 452),
                (b"y550 4.7.1 Odd\0", Reject, 550), (b"y550-5.7.1 a\r\n550 5.7.1 b\0", Reject, 550),
            ]:  # fmt: skip
                with self.subTest(f"{command!r} {answer!r}"):
                    verdict, peer = self.judge({command: [b"p", answer]})
                    assert isinstance(verdict, Defer | Reject)
                    self.assertEqual((kind, code), (type(verdict), verdict.code))
                    self.assertTrue(peer.told().endswith(command + b"Q"))

    def test_accepted_early(self) -> None:
        """Who has seen enough is told no more."""
        verdict, peer = self.judge({b"M": [b"a"]})
        self.assertEqual((None, b"OCHMQ"), (verdict, peer.told()))
        _, peer = self.judge({b"B": [b"s"]}, OCTETS + b"x" * 200_000)
        self.assertEqual(b"OCHMRRTLLLNBEQ", peer.told())
        _, peer = self.judge({}, OCTETS + b"x" * 200_000)
        self.assertEqual(b"OCHMRRTLLLNBBBBEQ", peer.told())

    def test_changes(self) -> None:
        """Fields added, inserted, changed and taken out, and quarantine, are heeded."""
        verdict, _ = self.judge(
            {b"E": [
                b"p",
                b"hX-Score\0 1\n\t2\0",
                b"i\0\0\0\1X-First\0yes\0",
                b"m\0\0\0\2X-Spam\0maybe\0",
                b"m\0\0\0\1Subject\0\0",
                b"m\0\0\0\7Subject\0\0",
                b"qjunk\0",
                b"a",
            ]}
        )  # fmt: skip
        assert isinstance(verdict, Tag)
        self.assertEqual(b"X-Score: 1\r\n 2\r\nX-First: yes\r\nX-Spam: maybe\r\n", verdict.fields)
        self.assertEqual([b"x-spam", b"Subject"], [each.name for each in verdict.dropped])
        self.assertEqual("Junk", verdict.folder)

    def test_broken(self) -> None:
        """Who does not keep to the protocol, or is not there, has not accepted."""
        facts = Facts(Client(), "", message=message(OCTETS))
        for answers in [
            {b"O": [b"O\0"]},
            {b"O": [b"c"]},
            {b"O": [b"O" + struct.pack("!III", 1, 0, 0)]},
            {b"H": [b"x"]},
            {b"E": [b"bnew body"]},
            {b"E": [b"m\0"]},
            {b"E": [b"hbad name\0x\0"]},
            {b"E": [b"ymoo\0"]},
            {b"E": [b"hA\0b\0"] * CHANGES},
            {b"E": [b"p"] * 3 * CHANGES},
        ]:
            peer = Filter(answers)
            judging = self.begin(self.milter(peer).message(facts))
            if not judging.called:
                peer.transport.write(b"\xff\xff\xff\xff")
                self.fabric.settle()
            self.failureResultOf(judging, MilterError)
            self.assertEqual("aborted", peer.state)
        nobody = Milter(TCP4ClientEndpoint(self.fabric, "127.0.0.1", 1))
        self.fail_(nobody.message(facts), ConnectionRefusedError)

    def test_cancelled(self) -> None:
        """A session that ends while a filter thinks ends the conversation with it."""
        peer = Filter({b"E": []})
        facts = Facts(Client(), "", message=message(OCTETS))
        judging = self.begin(self.milter(peer).message(facts))
        judging.cancel()
        self.fabric.settle()
        self.failureResultOf(judging)
        self.assertEqual("aborted", peer.state)

    def test_values(self) -> None:
        """No value of a filter's makes a field of its own, or a second line of a reply."""
        self.assertEqual((0, b"A", b"b\r\n C: d"), parse_header(b"hA\0b\r\n\r\nC: d\0"))
        found = parse_refusal(b"y550 5.7.1 a\rb\0")
        assert found is not None
        self.assertEqual("a", found.text)
