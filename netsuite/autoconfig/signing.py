"""Profiles signed with a server's certificate, so that devices say whose they are."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

from netsuite.certificates import Pair


def signed(document: bytes, pair: Pair | None) -> bytes:
    """Return a document inside its signature (RFC 5652, 5); as it is where there is no certificate,
    or one that nobody vouches for, whose signature would say nothing.

    Args:
        pair: of the host that gives the document.
    """
    if pair is None or pair.chain[0].issuer == pair.chain[0].subject:
        return document
    if not isinstance(pair.key, EllipticCurvePrivateKey | RSAPrivateKey):
        return document  # RFC 5652 has other kinds, and devices do not
    leaf, *others = pair.chain
    builder = PKCS7SignatureBuilder().set_data(document).add_signer(leaf, pair.key, SHA256())
    for each in others:
        builder = builder.add_certificate(each)
    return builder.sign(Encoding.DER, [PKCS7Options.Binary])
