"""The identifier in a message's Received field."""

from __future__ import annotations

import pytest

from netsuite.message.build import received, received_from, return_path
from netsuite.message.trace import TRACE_OCTETS, received_id

DATE = b"Sun, 1 Mar 2026 12:00:05 +0000"


def stamped(helo: str, recipient: str = "", host: str = "mx.one.test") -> bytes:
    """Return a Received field of ours."""
    origin = received_from(
        helo=helo, address="2001:db8::1", by=host, protocol="UTF8SMTPSA", tls="TLSv1.3 AES"
    )
    return received(origin, identifier="69f3.1a", date=DATE, recipient=recipient)


@pytest.mark.parametrize("recipient", ["", "ann@example.org"])
@pytest.mark.parametrize("helo", ["client.test", "x y", "a" * 255])
def test_ours(helo: str, recipient: str) -> None:
    """It is found in what we have written, below the Return-Path, too."""
    field = stamped(helo, recipient)
    rest = stamped("other", host="mx.two.test") + b"Subject: x\r\n\r\n"
    assert received_id(field + rest, "MX.one.test") == "69f3.1a"
    assert received_id(return_path("a@b") + field + rest, "mx.one.test") == "69f3.1a"
    assert len(return_path("a" * 64 + "@" + "b" * 255) + stamped(helo, recipient)) < TRACE_OCTETS


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"Subject: x\r\n\r\n",
        b"Received: " + b"x" * 10_000,
        b"Received: from by by by\r\n",
        b"Received: x\r\nReceived: from a by mx.one.test with SMTP id 1; x\r\n",
        b"X: y\r\n" + stamped("other"),
        stamped("other", host="mx.two.test"),
        b"Received: from a by mx.one.test with SMTP id <1>; x\r\n",
        b"Received: from a by mx.one.test with SMTP id " + b"1" * 65 + b"; x\r\n",
    ],
)
def test_not_ours(octets: bytes) -> None:
    """A message that has not come by a server of this name has none, whatever is in it."""
    assert received_id(octets, "mx.one.test") == ""
