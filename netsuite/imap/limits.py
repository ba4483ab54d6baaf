"""Limits of what one command may cost; apart, so that settings need no dialog."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of one command, in octets.

    Args:
        line_octets: one command's lines together (RFC 2683, 3.2.1.5 asks for 8000).
        literal_octets: all its literals together, but for the message of APPEND.
        fresh_octets: both of these before a login.
        response_octets: one line of a SASL exchange.
        append_octets: the message of APPEND.
        skip_octets: what is read and dropped to get past a line that is too long, or a literal that
            was refused but came nevertheless; beyond it the connection is closed (RFC 7888, 4).
        fresh_skip_octets: the same before a login.
        messages: of one APPEND (RFC 3502).
    """

    line_octets: int = 65_536
    literal_octets: int = 65_536
    fresh_octets: int = 8_192
    response_octets: int = 16_384
    append_octets: int = 100 * 1024 * 1024
    skip_octets: int = 100 * 1024 * 1024
    fresh_skip_octets: int = 65_536
    messages: int = 100
