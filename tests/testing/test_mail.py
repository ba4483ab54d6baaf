"""Mailboxes of a suite: what a test sees of a message."""

from __future__ import annotations

from netsuite.testing.mail import parsed


def test_line_ends() -> None:
    """Text has the line ends of Python, octets those of mail."""
    octets = b"Subject: =?utf-8?q?K=C3=A4se?=\r\n\r\nOne\r\nTwo\r\n"
    mail = parsed(octets)
    assert (mail["Subject"], mail.get_content()) == ("Käse", "One\nTwo\n")
    assert mail.octets == octets
