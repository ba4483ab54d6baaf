"""Our signatures, verified by us and by dkimpy, and dkimpy's by us."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import dkim
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from twisted.internet.task import Clock

from netsuite.message.headers import header_end
from netsuite.smtp.client import Result, SMTPClient
from netsuite.smtp.commands import Mail, Rcpt, reply
from netsuite.smtp.delivery.carrier import Carrier
from netsuite.smtp.delivery.content import Content
from netsuite.smtp.policy.keys import SigningKey, make_key
from netsuite.smtp.policy.signing import LOOK_SECONDS, Signer
from netsuite.smtp.policy.verification import verify
from netsuite.store.memory import MemoryStore
from netsuite.store.model import AccountId
from netsuite.store.outgoing import Envelope, Outgoing, QueueRecipient
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.names import FakeDNS, Name
from tests.smtp.policy.samples import at_once, message

MESSAGE = (
    b"From: Ann <ann@example.org>\r\nTo: bob@example.net\r\nSubject: a  long\r\n subject\r\n"
    b"Received: from x\r\nDate: Fri, 2 Jan 2026 03:04:05 +0000\r\nMessage-ID: <1@example.org>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    b"gr\xc3\xbcn \t x \r\n\r\n..dots\r\n\r\n\r\n"
)

RELAXED = b"relaxed/relaxed"


class Taking(SMTPClient):
    """A client whose server takes every message."""

    def __init__(self) -> None:
        super().__init__(Clock(), helo="mx.example.org")
        self.extensions = {"8BITMIME": ""}
        self.taken = b""
        self.size: int | None = None

    @property
    def reusable(self) -> bool:
        return True

    async def send(
        self,
        mail: Mail,
        recipients: Sequence[Rcpt],
        body: bytes | AsyncIterable[bytes],
        *,
        chunking: bool = True,
    ) -> tuple[Result, ...]:
        self.size = mail.size
        self.taken = body if isinstance(body, bytes) else b"".join([each async for each in body])
        return tuple(Result(each.recipient, reply(250, "2.0.0", "OK")) for each in recipients)


class Signing(SynchronousTestCase):
    """Signatures of messages of a domain with two keys."""

    rsa: SigningKey
    ed: SigningKey

    @classmethod
    def setUpClass(cls) -> None:
        with TemporaryDirectory() as folder:
            cls.rsa = make_key(Path(folder), "example.org", "2026r", "rsa")
            cls.ed = make_key(Path(folder), "example.org", "2026e", "ed25519")

    def setUp(self) -> None:
        self.now = 1_700_000_000.0
        self.dns = FakeDNS()
        self.publish(self.rsa, self.ed)

    def publish(self, *keys: SigningKey) -> None:
        """Have the DNS know of keys."""
        self.dns.names = {each.name: Name(txt=[each.record.encode()]) for each in keys}

    def signer(self, *keys: SigningKey, dns: FakeDNS | None = None) -> Signer:
        return Signer(keys or (self.rsa, self.ed), at_once, lambda: self.now, dns)

    def signed(self, octets: bytes, signer: Signer | None = None) -> bytes:
        """Return a message with its signatures."""
        end = header_end(octets)

        async def body() -> AsyncIterator[bytes]:
            for start in range(end, len(octets), 7):
                yield octets[start : start + 7]

        work = (signer or self.signer()).sign(octets[:end], body())
        return self.successResultOf(work) + octets

    def results(self, octets: bytes) -> list[tuple[str, str]]:
        found = self.successResultOf(verify(message(octets), self.dns, at_once, now=self.now))
        return [(each.result, each.selector) for each in found]

    def known(self, name: bytes, timeout: int = 5) -> bytes:
        """Return a key record, as dkimpy asks for it."""
        return self.dns.names[name.decode().rstrip(".")].txt[0]

    def test_both_verify(self) -> None:
        """Both signatures are verified by us and by a second implementation."""
        signed = self.signed(MESSAGE)
        self.assertEqual([("pass", "2026r"), ("pass", "2026e")], self.results(signed))
        for index in range(2):
            self.assertTrue(dkim.DKIM(signed).verify(index, dnsfunc=self.known))
        changed = signed.replace(b"..dots", b".dots")
        with self.assertRaises(dkim.ValidationError):
            dkim.DKIM(changed).verify(0, dnsfunc=self.known)
        self.assertEqual([("fail", "2026r"), ("fail", "2026e")], self.results(changed))

    def test_lines(self) -> None:
        """No line of a signature is long, and what a message has once is named once more than it is
        there: nobody can add a second."""
        fields = self.signed(MESSAGE).partition(b"From: Ann")[0]
        self.assertEqual(2, fields.count(b"DKIM-Signature: v=1; a="))
        self.assertLessEqual(max(len(line) for line in fields.split(b"\r\n")), 78)
        names = fields.partition(b" h=")[2].partition(b";")[0].replace(b"\r\n  ", b"").split(b":")
        for name, count in ((b"from", 2), (b"subject", 2), (b"content-type", 2), (b"cc", 1)):
            self.assertEqual(count, names.count(name), name)
        self.assertNotIn(b"received", names)

    def test_a_second_field(self) -> None:
        """A second Subject, To or Content-Type makes both signatures false."""
        signed = self.signed(MESSAGE)
        for field in (b"Subject: other", b"To: c@d", b"Content-Type: text/html", b"From: e@f"):
            found = [result for result, _ in self.results(field + b"\r\n" + signed)]
            self.assertEqual(["fail", "fail"], found, field)
        self.assertEqual("pass", self.results(b"Received: x\r\n" + signed)[0][0])

    def test_others_verify_by_us(self) -> None:
        """Signatures of dkimpy's, in every form, are verified by us."""
        for key in (self.rsa, self.ed):
            if key.kind == "rsa":
                private = key.private.private_bytes(
                    Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
                )
            else:
                raw = key.private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
                private = base64.b64encode(raw)
            for form in (b"simple/simple", b"simple/relaxed", b"relaxed/simple", RELAXED):
                with self.subTest(f"{key.kind} {form!r}"):
                    field = dkim.sign(
                        MESSAGE,
                        key.selector.encode(),
                        b"example.org",
                        private,
                        canonicalize=tuple(form.split(b"/")),
                        signature_algorithm=f"{key.kind}-sha256".encode(),
                    )
                    self.assertEqual([("pass", key.selector)], self.results(field + MESSAGE))

    def test_not_ours(self) -> None:
        """A message of another domain, or of no one author, is not signed; one of a subdomain
        is."""
        for author, signatures in [
            (b"ann@other.test", 0),
            (b"ann@notexample.org", 0),
            (b"ann@org", 0),
            (b"", 0),
            (b"a group:;", 0),
            (b"ann@example.org, bob@other.test", 0),
            (b"ann@example.org\r\nFrom: bob@example.org", 0),
            (b"ann@EXAMPLE.org, bob@example.org", 2),
            (b"ann@mail.example.org", 2),
        ]:
            signed = self.signed(b"From: " + author + b"\r\n\r\nx\r\n")
            self.assertEqual(signatures, signed.count(b"DKIM-Signature"), author)
            self.assertEqual(signatures, [r for r, _ in self.results(signed)].count("pass"))

    def test_rotation(self) -> None:
        """The last key of a kind is used once it is published, and not before."""
        newer = make_key(Path(self.mktemp()), "example.org", "2027e", "ed25519")
        signer = self.signer(self.ed, newer, dns=self.dns)
        self.assertIn(b"s=2026e;", self.signed(MESSAGE, signer))
        self.publish(self.ed, newer)
        self.assertIn(b"s=2026e;", self.signed(MESSAGE, signer))
        asked = len(self.dns.asked)
        self.now += LOOK_SECONDS
        self.assertIn(b"s=2027e;", self.signed(MESSAGE, signer))
        self.assertLess(asked, len(self.dns.asked))

    def test_no_answer(self) -> None:
        """While the DNS does not answer, keys that were published are used on."""
        signer = self.signer(dns=self.dns)
        self.assertEqual(2, self.signed(MESSAGE, signer).count(b"DKIM-Signature"))
        for key in (self.rsa, self.ed):
            self.dns.names[key.name] = Name(failing=True)
        self.now += LOOK_SECONDS
        self.assertEqual(2, self.signed(MESSAGE, signer).count(b"DKIM-Signature"))

    def test_unpublished(self) -> None:
        """Where no key is seen in the DNS the last one is used; another's record is none."""
        self.publish(self.ed)
        self.dns.names[self.rsa.name] = self.dns.names.pop(self.ed.name)
        signed = self.signed(MESSAGE, self.signer(self.rsa, self.ed, dns=self.dns))
        self.assertEqual(1, signed.count(b"DKIM-Signature"))
        self.assertIn(b"s=2026r;", signed)
        self.dns.names[self.rsa.name] = Name(failing=True)
        self.assertIn(b"s=2026r;", self.signed(MESSAGE, self.signer(self.rsa, dns=self.dns)))


class Carried(SynchronousTestCase):
    """Messages that the delivery agent hands over."""

    def carried(self, octets: bytes, envelope: Envelope, *, forwarded_by: str = "") -> Taking:
        """Queue a message and hand it over; the server has the key's message only where it is
        signed."""
        client, store = Taking(), MemoryStore()

        async def work() -> None:
            await store.open()
            draft = store.mail.draft()
            draft.write(octets)
            recipient = QueueRecipient(
                "bob@other.test", "other.test", datetime.now(UTC) + timedelta(1),
                forwarded_by=forwarded_by,
            )  # fmt: skip
            await store.mail.commit(draft, [], onward=Outgoing(envelope, [recipient]))
            (item,) = await store.queue.claim(limit=1, per_domain=1, lease_seconds=60.0)
            carrier = Carrier(client, "mx.other.test", verified=False, signer=self.signer)
            said = await carrier.send(envelope.sender, [item], Content(store.mail, item))
            self.said = [each.reply.code for each in said]

        self.successResultOf(work())
        return client

    def setUp(self) -> None:
        with TemporaryDirectory() as folder:
            key = make_key(Path(folder), "example.org", "s", "ed25519")
        self.dns = FakeDNS({key.name: Name(txt=[key.record.encode()])})
        self.signer: Signer | Broken = Signer([key], at_once, lambda: 1.7e9)

    def test_signed(self) -> None:
        """What an account has submitted, small or large, is signed, and its size is true."""
        mine = Envelope("ann@example.org", account=AccountId(1))
        for octets in (MESSAGE, MESSAGE + b"a line  of text\r\n" * 20_000):
            client = self.carried(b"Return-Path: <ann@example.org>\r\n" + octets, mine)
            self.assertTrue(client.taken.startswith(b"DKIM-Signature: "))
            self.assertTrue(client.taken.endswith(octets))
            self.assertEqual((len(client.taken), [250]), (client.size, self.said))
            work = verify(message(client.taken), self.dns, at_once, now=1.7e9)
            self.assertEqual(["pass"], [each.result for each in self.successResultOf(work)])

    def test_whose(self) -> None:
        """A report of ours is signed; what comes from elsewhere is not, whomever it names as
        author."""
        for envelope, forwarded_by, signed in [
            (Envelope(""), "", True),
            (Envelope(""), "us@example.org", False),
            (Envelope("ann@example.org"), "us@example.org", False),
            (Envelope("ann@example.org"), "", False),
        ]:
            client = self.carried(MESSAGE, envelope, forwarded_by=forwarded_by)
            self.assertEqual(signed, client.taken.startswith(b"DKIM-Signature: "))
        large = b"X: " + b"x\r\n " * 100_000 + MESSAGE
        self.assertEqual(large, self.carried(large, Envelope("")).taken)

    def test_cannot_be_signed(self) -> None:
        """A message that should be signed and cannot is tried again."""
        self.signer = Broken()
        self.assertEqual(b"", self.carried(MESSAGE, Envelope("")).taken)
        self.assertEqual([451], self.said)
        self.assertEqual(1, len(self.flushLoggedErrors(OSError)))


class Broken:
    """A signer that has lost its keys."""

    async def sign(self, header: bytes, body: AsyncIterator[bytes]) -> bytes:
        raise OSError
