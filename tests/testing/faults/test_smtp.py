"""SMTP's faults, as netsuite's own client and smtplib meet them."""

from __future__ import annotations

import pytest

from netsuite.smtp.commands import Rcpt
from tests.testing.faults.cases import Case, check_ours, check_theirs
from tests.testing.faults.world import World


def is_to_ann(rcpt: Rcpt) -> bool:
    return rcpt.recipient.local == "ann"


CASES = [
    Case("none", lambda f: f.edit(b"no such", b""), "done .*250", "done sent"),
    Case(
        "recipient put off",
        lambda f: f.refusing("RCPT", 451, times=1),
        "done 451 4.3.0 Try again later",
        "SMTPRecipientsRefused: .*451, b'4.3.0 Try again later'",
    ),
    Case(
        "recipient refused",
        lambda f: f.refusing("RCPT", 550, "5.1.1 nobody", when=is_to_ann, times=1),
        "done 550 5.1.1 nobody",
        "SMTPRecipientsRefused: .*550, b'5.1.1 nobody'",
    ),
    Case(
        "another recipient refused",
        lambda f: f.refusing("RCPT", 550, when=lambda rcpt: not is_to_ann(rcpt)),
        "done 250",
        "done sent",
    ),
    Case(
        "sender refused",
        lambda f: f.refusing("mail", 550, times=1),
        "done 550 5.3.0 Refused",
        "SMTPSenderRefused: .*550, b'5.3.0 Refused'",
    ),
    Case(
        "message refused",
        lambda f: f.refusing("BODY", 452, "4.3.1 full", times=1),
        "done 452 4.3.1 full",
        "SMTPDataError: .*452, b'4.3.1 full'",
    ),
    Case(
        "DATA refused",
        lambda f: f.refusing("DATA", times=1),
        "done 451 4.3.0",
        "SMTPDataError: .*451",
    ),
    Case(
        "goodbye in mid-session",
        lambda f: f.refusing("RCPT", 421, times=1),
        "done 421 4.3.0|ConnectionLost",
        "SMTPRecipientsRefused: .*421",
    ),
    Case(
        "turned away",
        lambda f: f.refusing("GREETING", 554, "not here", times=1),
        "PermanentRefusal: .*554 not here",
        "SMTPConnectError: .*554, b'not here'",
    ),
    Case(
        "late greeting",
        lambda f: f.delay(60, at="GREETING", times=1),
        "Timeout: .*20",
        "SMTPServerDisconnected: .*timed out",
        silent=True,
    ),
    Case(
        "late reply",
        lambda f: f.delay(60, at="RCPT", times=1),
        "Timeout: .*20",
        "TimeoutError: timed out|SMTPServerDisconnected",
        silent=True,
    ),
    Case(
        "dropped at DATA",
        lambda f: f.drop(at="DATA", times=1),
        "ConnectionLost",
        "SMTPServerDisconnected: Connection unexpectedly closed",
    ),
    Case(
        "reset at DATA",
        lambda f: f.reset(at="DATA", times=1),
        "ConnectionLost",
        "SMTPServerDisconnected: .*(unexpectedly closed|reset by peer)",
    ),
    Case(
        "unfinished reply",
        lambda f: f.unfinished_reply("EHLO", times=1),
        "Timeout: .*20",
        "TimeoutError: timed out|SMTPServerDisconnected: .*timed out",
        silent=True,
    ),
    Case(
        "edited",
        lambda f: f.edit(rb"\A250 ", b"999 ", to="RCPT", times=1),
        "ProtocolViolation",
        "SMTPRecipientsRefused: .*999",
    ),
    Case(
        "size told too small",
        lambda f: f.size_lie(-52_428_790, times=1),
        "done 552 5.3.4 .*said by the client",
        "done sent",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_ours(fabric: World, case: Case) -> None:
    """What netsuite's client sees."""
    check_ours(fabric, "smtp", case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_theirs(thread: World, case: Case) -> None:
    """What smtplib sees."""
    check_theirs(thread, "smtp", case)
