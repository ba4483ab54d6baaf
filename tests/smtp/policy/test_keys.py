"""Signing keys in files: made, read, refused."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from netsuite.smtp.policy.dkim import parse_key
from netsuite.smtp.policy.keys import BadKey, make_key, read_key, read_keys
from netsuite.testing.cases import SynchronousTestCase


class Keys(SynchronousTestCase):
    """A folder of keys."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()) / "dkim"

    def test_made_and_read(self) -> None:
        """A key is read as it was made, its file is nobody else's, and its record is its own."""
        for kind in ("rsa", "ed25519"):
            made = make_key(self.folder, "example.org", f"s-{kind}", kind)
            path = self.folder / f"example.org.s-{kind}.pem"
            self.assertEqual(0o600, path.stat().st_mode & 0o777)
            found = read_key(path)
            self.assertEqual((kind, made.record, f"s-{kind}._domainkey.example.org"),
                             (found.kind, found.record, found.name))  # fmt: skip
            self.assertEqual(made.private.public_key(), parse_key(made.record.encode()).public)
            self.assertNotIn("private", repr(made))
        keys, problems = read_keys(self.folder)
        self.assertEqual((["s-ed25519", "s-rsa"], []), ([k.selector for k in keys], problems))
        self.assertEqual(0o700, self.folder.stat().st_mode & 0o777)

    def test_not_made(self) -> None:
        """What cannot be a name of a key is refused, and no key takes the place of another."""
        for domain, selector in [
            ("example", "s"), ("../x.org", "s"), ("example.org", "a.b"), ("example.org", ""),
            ("-x.org", "s"), ("x-.org", "s"), ("192.0.2.1", "s"),
            ("example.org", "../s"), ("Example.org", "s"), ("example.org", "s\n"),
        ]:  # fmt: skip
            with self.assertRaises(BadKey, msg=f"{domain} {selector}"):
                make_key(self.folder, domain, selector, "ed25519")
        self.assertFalse(self.folder.exists())
        made = make_key(self.folder, "example.org", "s", "ed25519")
        with self.assertRaises(BadKey):
            make_key(self.folder, "example.org", "s", "ed25519")
        self.assertEqual(made.record, read_key(self.folder / "example.org.s.pem").record)

    def test_not_read(self) -> None:
        """What is no key of ours is told, and the others are read all the same."""
        make_key(self.folder, "example.org", "good", "ed25519")
        make_key(self.folder, "example.org", "open", "ed25519")
        os.chmod(self.folder / "example.org.open.pem", 0o640)
        curve = generate_private_key(SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        unknown = (
            b"-----BEGIN PRIVATE KEY-----\nMBACAQAwBQYDKgMEBAQEAgUA\n-----END PRIVATE KEY-----\n"
        )
        for name, octets in {
            "none.pem": curve, "a.b.c.pem": curve, "a.b.d.pem": b"x", "a.b.e.pem": unknown
        }.items():  # fmt: skip
            (self.folder / name).write_bytes(octets)
            os.chmod(self.folder / name, 0o600)
        os.mkfifo(self.folder / "a.b.f.pem", 0o600)
        keys, problems = read_keys(self.folder)
        self.assertEqual(["good"], [each.selector for each in keys])
        self.assertEqual(
            ["neither RSA nor Ed25519", "no key without a password", "no key without a password",
             "no key without a password", "others may read it; say chmod 600 example.org.open.pem",
             "keys are called DOMAIN.SELECTOR.pem"],
            [str(each).partition(": ")[2] for each in problems],
        )  # fmt: skip
        self.assertEqual(([], []), read_keys(self.folder / "none"))
