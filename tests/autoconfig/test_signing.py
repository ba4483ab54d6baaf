"""Signed profiles, as openssl verifies them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ed25519

from netsuite.autoconfig.signing import signed
from netsuite.certificates import Pair, self_signed
from netsuite.testing.certificates import authority
from tests.interop.programs import program

DOCUMENT = b"<?xml version='1.0'?>\n<plist>\xc3\xa9\n</plist>\n"


def pair(name: str) -> Pair:
    """Return a certificate of the tests' authority."""
    made = authority.certificate(name)
    return Pair((made.certificate,), made.key, (name,), made.certificate.not_valid_after_utc)


def test_verified(tmp_path: Path) -> None:
    """The document comes out as it was put in, octet by octet."""
    openssl = program("openssl")
    authority.write(tmp_path / "root.pem")
    (tmp_path / "signed").write_bytes(signed(DOCUMENT, pair("mail.example.org")))
    done = subprocess.run(
        [
            *(openssl, "cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any"),
            *("-in", tmp_path / "signed", "-CAfile", tmp_path / "root.pem"),
        ],
        capture_output=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == DOCUMENT


def test_not_signed() -> None:
    """A self-made certificate's word is worth nothing, and some keys devices do not know."""
    assert signed(DOCUMENT, None) == DOCUMENT
    assert signed(DOCUMENT, self_signed("mail.example.org")) == DOCUMENT
    good = pair("mail.example.org")
    other = Pair(good.chain, ed25519.Ed25519PrivateKey.generate(), good.names, good.not_after)
    assert signed(DOCUMENT, other) == DOCUMENT
