"""Strict base64 for SASL lines: one spelling for each value, nothing skipped (RFC 4648, 3).

A decoder that skips what it does not know lets two parties read one line differently.
"""

from __future__ import annotations

import binascii


class BadBase64(ValueError):
    """The line is not the base64 of anything."""


def encode(octets: bytes) -> bytes:
    """Return the base64 of some octets, on one line."""
    return binascii.b2a_base64(octets, newline=False)


def decode(line: bytes) -> bytes:
    """Return the octets that a line is the base64 of.

    Args:
        line: without its line end; nothing but the alphabet and the padding.

    Raises:
        BadBase64: a foreign character (white space included), missing or misplaced padding, or
            bits set in the last character that no octet uses.
    """
    try:
        octets = binascii.a2b_base64(line, strict_mode=True)
    except binascii.Error as error:
        raise BadBase64(str(error)) from None
    if encode(octets) != line:
        raise BadBase64("not in its one right spelling")
    return octets
