"""Composed messages, trace fields and reports, read back by the standard library and by us."""

# ruff: noqa: E501 - tables read best one case a line

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from netsuite.message.bounce import Action, Outcome, compose_report
from netsuite.message.build import (
    Attachment,
    address_field,
    compose,
    header_field,
    received,
    received_from,
    return_path,
)
from netsuite.message.headers import unfold
from netsuite.message.scan import scan
from netsuite.message.text import searchable
from netsuite.message.words import decode_words, fold
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.dates import format_message_date

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=1)))


def message(**given_arguments: Any) -> bytes:
    arguments: dict[str, Any] = {
        "sender": ("Zoë", "zoe@x.example"),
        "to": [("", "a@b.example"), ("B, C", "c@d.example")],
        "subject": "grüße",
        "text": "Hallo\nWörter\n",
        "date": WHEN,
        "message_id": "1@x.example",
        "boundary": "=_b",
        **given_arguments,
    }
    return compose(**arguments)


class Compose(SynchronousTestCase):
    """What ``netsuite send`` and the web console send."""

    def test_plain(self) -> None:
        """A message says what it was given, in ASCII, and is the same every time."""
        octets = message()
        self.assertTrue(octets.isascii())
        self.assertEqual(octets, message())
        summary = scan(octets)
        self.assertEqual("grüße", summary.subject)
        self.assertEqual("Hallo Wörter", summary.preview)
        self.assertEqual("1@x.example", summary.message_id)
        self.assertEqual(int(WHEN.timestamp()), summary.sent)
        self.assertEqual([b"b.example", b"d.example"], [m.domain for m in summary.envelope.to])

    def test_attachments_and_html(self) -> None:
        """The standard library finds every part as it was given."""
        blob = bytes(range(256)) * 300
        octets = message(
            html="<p>Hi</p>", attachments=[Attachment('ü "x".bin', "application/x-y", blob)]
        )
        read = email.message_from_bytes(octets, policy=email.policy.default)
        (attached,) = read.iter_attachments()
        self.assertEqual(('ü "x".bin', blob), (attached.get_filename(), attached.get_content()))
        body = read.get_body(("html",))
        assert body is not None
        self.assertEqual("<p>Hi</p>", body.get_content().strip())
        self.assertEqual(4, len(list(scan(octets).root.walk())[1:]))

    def test_line_ends_are_refused(self) -> None:
        """No header can be smuggled in through a value."""
        for bad in ("a\r\nBcc: x@y", "a\nb", "a\0"):
            with self.assertRaises(ValueError):
                message(subject=bad)
            with self.assertRaises(ValueError):
                message(to=[(bad, "a@b")])
            with self.assertRaises(ValueError):
                message(headers=[("X-A", bad)])
        with self.assertRaises(ValueError):
            header_field("No Name", "x")

    def test_no_line_is_too_long(self) -> None:
        """Words that no line can hold are encoded, or parted between characters."""
        for value in ("x" * 5000, "a " + "\u00e9" * 5000, "=?" * 3000, "x" * 901 + " y"):
            field = header_field("Subject", value)
            self.assertLessEqual(max(map(len, field.split(b"\r\n"))), 998)
            self.assertEqual(value, decode_words(unfold(field.partition(b":")[2].strip())))
        for word in (b"x" * 5000, "\u20ac".encode() * 2000):
            lines = fold(b"Diagnostic-Code", word).split(b"\r\n")
            self.assertLessEqual(max(map(len, lines)), 998)
            self.assertEqual(word, b"".join(line.strip() for line in lines).partition(b": ")[2])
            for line in lines:
                line.decode()

    def test_what_is_no_address(self) -> None:
        """It is refused, and does not make a field that reads as another."""
        for address in ("", "a", "a b@c", "a@b, c@d", "<a@b>", "a@b (x)"):
            with self.assertRaises(ValueError, msg=address):
                address_field("From", [("Ann", address)])
        field = address_field("From", [("Ann", '"a b"@c.test')])
        self.assertEqual(b'From: Ann <"a b"@c.test>\r\n', field)

    def test_boundary_within(self) -> None:
        """A text that holds the boundary is not torn apart."""
        with self.assertRaises(ValueError):
            message(text="--=_b\n", attachments=[Attachment("x", "a/b", b"")])

    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=400))
    def test_any_text(self, text: str) -> None:
        """Any text arrives; no line is too long for the wire, none ends with LF alone."""
        octets = message(text=text)
        self.assertEqual(octets.count(b"\n"), octets.count(b"\r\n"))
        self.assertLessEqual(max(map(len, octets.split(b"\r\n"))), 998)
        wanted = text.replace("\r\n", "\n").replace("\r", "\n")
        if "\0" not in wanted:
            got = searchable(octets, scan(octets)).body.replace("\r\n", "\n")
            self.assertEqual(wanted.rstrip("\n"), got.rstrip("\n"))


class Trace(SynchronousTestCase):
    """The fields a server puts before a message."""

    def test_received(self) -> None:
        """The stamp has every word of RFC 5321, 4.4, and says nothing the client made up."""
        self.assertEqual(
            b"Received: from mx.x.example ([192.0.2.1])\r\n (TLSv1.3 X)\r\n"
            b" by me.example with ESMTPS id 7\r\n for <a@b>;\r\n Fri, 2 Jan 2026 03:04:05 +0100\r\n",
            received(
                received_from(
                    helo="mx.x.example",
                    address="192.0.2.1",
                    by="me.example",
                    protocol="ESMTPS",
                    tls="TLSv1.3 (X)",
                ),
                identifier="7",
                date=format_message_date(WHEN),
                recipient="a@b",
            ),
        )
        line = received_from(helo="evil (\r\n)", address="::1", by="me", protocol="SMTP")
        self.assertTrue(line.startswith(b"Received: from unknown ([IPv6:::1])\r\n by me"))
        self.assertEqual(b"Return-Path: <>\r\n", return_path(""))


class Report(SynchronousTestCase):
    """The bounce a sender gets."""

    def report(self, **more: Any) -> bytes:
        arguments: dict[str, Any] = {
            "reporter": "mx.example", "sender": "a@b.example", "original": message(), "date": WHEN,
            "message_id": "r@mx.example", "boundary": "=_r", "envelope_id": "QQ1", "arrived": WHEN,
            "outcomes": [
                Outcome("x@y.example", Action.FAILED, "5.1.1", "550 5.1.1 no\r\nsuch user", "mx.y.example",
                        "rfc822;X@y.example", WHEN),
                Outcome("z@y.example", Action.DELAYED, "4.4.1", retry_until=WHEN),
            ],
            **more,
        }  # fmt: skip
        return compose_report(**arguments)

    def test_read_by_others(self) -> None:
        """The standard library reads a report with one block a recipient."""
        octets = self.report()
        self.assertTrue(octets.isascii())
        read = email.message_from_bytes(octets)
        self.assertEqual("multipart/report", read.get_content_type())
        self.assertEqual("delivery-status", read.get_param("report-type"))
        parts: Any = read.get_payload()
        text, status, header = parts
        blocks = status.get_payload()
        self.assertEqual("dns; mx.example", blocks[0]["Reporting-MTA"])
        self.assertEqual("QQ1", blocks[0]["Original-Envelope-Id"])
        self.assertEqual("rfc822; x@y.example", blocks[1]["Final-Recipient"])
        self.assertEqual("rfc822; X@y.example", blocks[1]["Original-Recipient"])
        self.assertEqual("smtp; 550 5.1.1 no such user", blocks[1]["Diagnostic-Code"])
        self.assertEqual(("delayed", "4.4.1"), (blocks[2]["Action"], blocks[2]["Status"]))
        self.assertIn("x@y.example", text.get_payload())
        self.assertIn("and your message's header are attached", text.get_payload())
        self.assertEqual("text/rfc822-headers", header.get_content_type())
        self.assertNotIn("W=C3=B6rter", octets.decode())

    def test_what_was_asked(self) -> None:
        """By when it was to arrive, how long to be held (RFC 2852, 5; RFC 4865, 5.1.2); and that
        one server may tell more, where another does not."""
        taken = Outcome("a@y", Action.RELAYED, "2.0.0")
        octets = self.report(
            deliver_by=WHEN,
            future_release="for;60",
            outcomes=[taken, replace(taken, recipient="b@y", reports=True)],
        )
        date = format_message_date(WHEN)
        self.assertIn(
            b"\r\nArrival-Date: " + date + b"\r\nDeliver-By-Date: " + date
            + b"\r\nFuture-Release-Request: for;60\r\n\r\n",
            octets,
        )  # fmt: skip
        self.assertLess(octets.index(b"does not report further"), octets.index(b"<a@y>"))
        self.assertLess(octets.index(b"<a@y>"), octets.index(b"reports what becomes"))
        self.assertLess(octets.index(b"reports what becomes"), octets.index(b"<b@y>"))

    def test_whole_and_utf8(self) -> None:
        """RET=FULL returns the text; a UTF-8 sender gets the UTF-8 forms (RFC 6533)."""
        octets = self.report(whole=True, utf8=True)
        types = [b"/".join(part.type) for part in scan(octets).root.children]
        self.assertEqual(
            [b"text/plain", b"message/global-delivery-status", b"message/global"], types
        )
        self.assertIn(b"W=C3=B6rter", octets)
        self.assertIn(b"and your message are attached", octets)

    def test_utf8_address_for_an_ascii_sender(self) -> None:
        """An address outside ASCII is coded for a sender whose server has no SMTPUTF8."""
        octets = self.report(outcomes=[Outcome("ü@y", Action.FAILED, "5.6.7")])
        self.assertIn(b"Final-Recipient: utf-8; \\x{FC}@y", octets)
