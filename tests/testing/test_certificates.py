"""The test authority: what it signs, and who is content with that."""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from netsuite.certificates import read_pair
from netsuite.testing.certificates import Authority, authority, unknown_authority


def names_of(certificate: x509.Certificate) -> list[str]:
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return [str(each.value) for each in extension.value]


def test_certificates() -> None:
    """For this host, or for names that are given; the same for the same."""
    made = authority.certificate()
    assert names_of(made.certificate) == ["localhost", "127.0.0.1", "::1"]
    assert authority.certificate() is made
    other = authority.certificate("mx.example.test", "192.0.2.1")
    assert names_of(other.certificate) == ["mx.example.test", "192.0.2.1"]
    assert made.certificate.not_valid_after_utc > datetime.now(UTC)
    expired = authority.certificate(expired=True).certificate
    assert expired.not_valid_before_utc < expired.not_valid_after_utc < datetime.now(UTC)


def test_signed_by_the_authority() -> None:
    """By this one, and by no other."""
    made = authority.certificate().certificate
    made.verify_directly_issued_by(authority.root.certificate)
    with pytest.raises(ValueError, match="issuer"):
        made.verify_directly_issued_by(unknown_authority.root.certificate)


def test_files(tmp_path: Path) -> None:
    """What is written is what servers read, and what the standard library trusts."""
    pem = authority.certificate().write(tmp_path / "default.pem")
    assert read_pair(pem, pem).names == ("localhost",)
    assert pem.read_bytes().startswith(authority.certificate().key_pem())
    assert pem.stat().st_mode & 0o077 == 0 or os.name == "nt"
    context = ssl.create_default_context(cafile=str(authority.write(tmp_path / "authority.pem")))
    assert context.cert_store_stats()["x509_ca"] >= 1
    strict = ssl.create_default_context(cadata=authority.pem())
    assert strict.verify_mode is ssl.CERT_REQUIRED


def test_nothing_is_made_before_it_is_asked_for() -> None:
    """An authority that nobody uses costs nothing."""
    made = Authority("idle")
    assert "root" not in vars(made)
    assert made.server_context("a.test") is made.server_context("a.test")
    assert made.server_context("a.test") is not made.server_context("a.test", protocols=[b"imap"])
    assert "root" in vars(made)
