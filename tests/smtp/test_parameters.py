"""The parameters of extensions: every form read and printed, and what is refused."""

# ruff: noqa: E501 - tables read best one case a line

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from netsuite.message.address import Address
from netsuite.smtp.commands import By, Mail, Rcpt
from netsuite.smtp.grammar import format_command, parse_command
from netsuite.smtp.parameters import (
    BAD_PARAMETERS,
    ReportRequest,
    decode_original,
    decode_xtext,
    encode_original,
    encode_xtext,
    parse_report_request,
    report_request,
)
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.errors import RemoteProtocolError

A = Address("a", "b")
MAIL: list[tuple[bytes, Mail | Rcpt]] = [
    (b"RET=FULL", Mail(A, ret="FULL")),
    (b"RET=HDRS", Mail(A, ret="HDRS")),
    (b"ENVID=QQ314159", Mail(A, envelope_id="QQ314159")),
    (b"ENVID=a+20b+2Bc+3Dd", Mail(A, envelope_id="a b+c=d")),
    (b"REQUIRETLS", Mail(A, require_tls=True)),
    (b"BY=120;R", Mail(A, by=By(120, returned=True))),
    (b"BY=-98;N", Mail(A, by=By(-98, returned=False))),
    (b"BY=0;NT", Mail(A, by=By(0, returned=False, trace=True))),
    (b"BY=999999999;RT", Mail(A, by=By(999_999_999, returned=True, trace=True))),
    (b"HOLDFOR=1", Mail(A, hold_for=1)),
    (b"HOLDFOR=999999999", Mail(A, hold_for=999_999_999)),
    (
        b"HOLDUNTIL=2026-02-03T04:05:06Z",
        Mail(A, hold_until=datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)),
    ),
]
RCPT: list[tuple[bytes, Mail | Rcpt]] = [
    (b"NOTIFY=NEVER", Rcpt(A, notify="NEVER")),
    (b"NOTIFY=SUCCESS,FAILURE,DELAY", Rcpt(A, notify="SUCCESS,FAILURE,DELAY")),
    (b"NOTIFY=DELAY", Rcpt(A, notify="DELAY")),
    (b"ORCPT=rfc822;a+2Bb@c", Rcpt(A, original="rfc822;a+b@c")),
    (b"ORCPT=x400;/S=3Dx/".replace(b"S=", b"S+3D"), Rcpt(A, original="x400;/S=3Dx/")),
    (b"ORCPT=utf-8;gr\\x{FC}n@b", Rcpt(A, original="utf-8;grün@b")),
]
#: Said otherwise than it is printed.
SPELT: list[tuple[bytes, Mail | Rcpt]] = [
    (b"ret=hdrs envid=+51", Mail(A, ret="HDRS", envelope_id="Q")),
    (b"by=+7;n", Mail(A, by=By(7, returned=False))),
    (
        b"HOLDUNTIL=2026-02-03t04:05:06.789z",
        Mail(A, hold_until=datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)),
    ),
    (b"NOTIFY=delay,Success,SUCCESS", Rcpt(A, notify="SUCCESS,DELAY")),
    (b"NOTIFY=,FAILURE,", Rcpt(A, notify="FAILURE")),  # RFC 822, 2.7: null elements
    ("ORCPT=utf-8;grün@b".encode(), Rcpt(A, original="utf-8;grün@b")),
    (b"ORCPT=UTF-8;gr+C3+BCn@b", Rcpt(A, original="UTF-8;grün@b")),
    (b"ORCPT=rfc822;+61@b", Rcpt(A, original="rfc822;a@b")),
]
BAD = [
    (b"MAIL FROM:<a@b> ", each)
    for each in (
        b"RET", b"RET=ALL", b"RET=FULL,HDRS", b"RET=FULL RET=FULL", b"RET=FULL ret=HDRS",
        b"ENVID", b"ENVID=a+2", b"ENVID=a+2b", b"ENVID=a=b", b"ENVID=+0D+0A", b"ENVID=+C3+BC",
        b"ENVID=" + b"x" * 501, b"ENVID=a ENVID=b", "ENVID=ü".encode(),
        b"REQUIRETLS=1", b"REQUIRETLS REQUIRETLS",
        b"BY", b"BY=1", b"BY=R", b"BY=;R", b"BY=0;R", b"BY=-1;R", b"BY=1;X", b"BY=1;RR", b"BY=1;R;T",
        b"BY=1234567890;R", b"BY=1.5;R", b"BY=1;R BY=1;R",
        b"HOLDFOR", b"HOLDFOR=0", b"HOLDFOR=01", b"HOLDFOR=-1", b"HOLDFOR=1h", b"HOLDFOR=1234567890",
        b"HOLDFOR=1 HOLDUNTIL=2026-02-03T04:05:06Z", b"HOLDUNTIL", b"HOLDUNTIL=tomorrow",
        b"HOLDUNTIL=2026-02-30T04:05:06Z", b"HOLDUNTIL=2026-02-03T04:05:06+01:00",
        b"HOLDUNTIL=2026-02-03T25:05:06Z", b"HOLDUNTIL=2026-02-03 04:05:06Z",
        "HOLDFOR=¹".encode(), b"AUTH", b"AUTH=+0A", b"AUTH=a=b",
    )
] + [
    (b"RCPT TO:<a@b> ", each)
    for each in (
        b"NOTIFY", b"NOTIFY=,", b"NOTIFY=ALWAYS", b"NOTIFY=NEVER,DELAY", b"NOTIFY=NEVER,NEVER,DELAY",
        b"NOTIFY=SUCCESS;DELAY", b"NOTIFY=DELAY NOTIFY=DELAY", b"NOTIFY=NEVER notify=NEVER",
        b"ORCPT", b"ORCPT=a@b", b"ORCPT=;a@b", b"ORCPT=rfc822;", b"ORCPT=rfc822;a+b@c",
        b"ORCPT=rfc822;a=b", b"ORCPT=rfc822;+0D+0ABcc:", b"ORCPT=rfc822;+FC", b"ORCPT=r@f;a",
        "ORCPT=rfc822;grün@b".encode(), b"ORCPT=utf-8;\\x{110000}", b"ORCPT=utf-8;\\x{D800}",
        b"ORCPT=utf-8;\\x{0A}x", b"ORCPT=utf-8;+00", b"ORCPT=rfc822;" + b"x" * 500,
        b"ORCPT=rfc822;a ORCPT=rfc822;a",
    )
]  # fmt: skip


class Parameters(SynchronousTestCase):
    """Of MAIL and RCPT, by way of the whole line."""

    def test_both_ways(self) -> None:
        """What is printed is what is read, also with others beside it."""
        for parameter, command in [*MAIL, *RCPT]:
            verb = b"MAIL FROM" if isinstance(command, Mail) else b"RCPT TO"
            line = verb + b":<a@b> " + parameter
            self.assertEqual(command, parse_command(line), line)
            self.assertEqual(line + b"\r\n", format_command(command))

    def test_kept_for_reports(self) -> None:
        """RET, BY and HOLDFOR as an envelope has them; one that has RET alone is as old ones are."""
        moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        for text, request in (
            ("", ReportRequest()),
            ("FULL", ReportRequest("FULL")),
            ("BY=2026-01-02T03:04:05Z", ReportRequest(by=moment)),
            ("HDRS BY=2026-01-02T03:04:05Z;T HOLD=until;2026-01-02T03:04:05Z",
             ReportRequest("HDRS", moment, True, "until;2026-01-02T03:04:05Z")),
        ):  # fmt: skip
            self.assertEqual((text, request), (str(request), parse_report_request(text)))
        self.assertEqual(
            ReportRequest("FULL", moment, True, "for;7"),
            report_request(Mail(None, ret="FULL", by=By(9, False, True), hold_for=7), moment),
        )

    def test_spellings(self) -> None:
        """Case and order of words say nothing; what is read can be printed, and read again."""
        for parameter, command in SPELT:
            verb = b"MAIL FROM" if isinstance(command, Mail) else b"RCPT TO"
            self.assertEqual(command, parse_command(verb + b":<a@b> " + parameter), parameter)
            self.assertEqual(command, parse_command(format_command(command)[:-2]))

    def test_refused(self) -> None:
        """Nonsense, and what is said twice, is refused with 501 (RFC 3461, 4.5)."""
        for line, parameter in BAD:
            with self.assertRaises(RemoteProtocolError, msg=parameter) as caught:
                parse_command(line + parameter)
            self.assertEqual(BAD_PARAMETERS, caught.exception.reply, parameter)

    @given(st.text(max_size=40))
    def test_xtext(self, text: str) -> None:
        """Any text survives xtext, which is printable ASCII."""
        try:
            coded = encode_xtext(text)
        except UnicodeEncodeError:
            return
        self.assertTrue(coded.isascii())
        self.assertEqual(text, decode_xtext(coded))

    @given(st.text(max_size=30).filter(lambda text: bool(text) and text.isprintable()))
    def test_original(self, text: str) -> None:
        """Any printable address survives ORCPT, which is ASCII."""
        original = f"utf-8;{text}"
        coded = encode_original(original)
        self.assertTrue(coded.isascii())
        self.assertEqual(original, decode_original(coded))
