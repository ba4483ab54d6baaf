"""What is kept of a password, and that it is not the password."""

from __future__ import annotations

import hashlib
import hmac

from netsuite.accounts.passwords import make_verifiers, matching, outdated
from netsuite.sasl.prepare import Unpreparable
from netsuite.testing.cases import SynchronousTestCase
from tests.accounts.worlds import verifiers_of


class Verifying(SynchronousTestCase):
    """argon2id and SCRAM verifiers."""

    def test_matching(self) -> None:
        """The first that fits is named; none for a wrong password or nobody."""
        kept = [verifiers_of("one"), verifiers_of("two")]
        self.assertEqual(0, matching(kept, "one"))
        self.assertEqual(1, matching(kept, "two"))
        self.assertIsNone(matching(kept, "three"))
        self.assertIsNone(matching([], "one"))

    def test_the_password_is_not_in_it(self) -> None:
        """Unless CRAM-MD5 was asked for, nothing kept holds the password."""
        kept = verifiers_of("correct horse")
        self.assertNotIn("correct horse", repr(kept))
        self.assertIsNone(kept.cram_md5)
        self.assertEqual(b"x y", verifiers_of("x y", cram_md5=True).cram_md5)

    def test_scram_keys(self) -> None:
        """Stored and server key are those of RFC 5802, 3."""
        kept = verifiers_of("pencil").scram["SHA-256"]
        salted = hashlib.pbkdf2_hmac("sha256", b"pencil", kept.salt, kept.iterations)
        client = hmac.digest(salted, b"Client Key", "sha256")
        self.assertEqual(hashlib.sha256(client).digest(), kept.stored_key)
        self.assertEqual(hmac.digest(salted, b"Server Key", "sha256"), kept.server_key)

    def test_look_alikes(self) -> None:
        """A password typed in another Unicode form is the same password (RFC 4013)."""
        self.assertEqual(0, matching([verifiers_of("gr\u00fcn")], "gru\u0308n"))

    def test_unfit(self) -> None:
        """Control characters and very long passwords are refused when they are set."""
        for password in ("a\0b", "x" * 2000, "\u200e\ue000"):
            with self.assertRaises(Unpreparable):
                make_verifiers(password)

    def test_outdated(self) -> None:
        """A hash with weaker parameters is recognized, today's is not."""
        self.assertFalse(outdated(verifiers_of("one")))
