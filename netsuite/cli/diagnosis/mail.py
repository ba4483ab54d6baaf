"""Mail in and out: that strangers may not send through this host, and that it may send itself."""

from __future__ import annotations

import smtplib
from typing import Final

from netsuite.cli.diagnosis.findings import Finding

ANSWER_SECONDS: Final = 10.0
#: Of nobody (RFC 2606), neither of them ours.
SENDER: Final = "stranger@sender.example"
RECIPIENT: Final = "stranger@recipient.example"


def look_at_relaying(address: str, port: int) -> Finding:
    """Ask our own server, as a stranger would, to take mail for a stranger; none is sent."""
    try:
        with smtplib.SMTP(
            address, port, local_hostname="doctor.example", timeout=ANSWER_SECONDS
        ) as to:
            to.ehlo()
            sender, words = to.mail(SENDER)
            code, words = to.rcpt(RECIPIENT) if sender < 300 else (sender, words)
    except (OSError, smtplib.SMTPException) as error:
        said = f"{address}:{port} cannot be asked: {error}"
        return Finding("warn", "relay", said, "look whether the daemon runs, and its log")
    return judge_relaying(code, words.decode("utf-8", "replace"))


def judge_relaying(code: int, words: str) -> Finding:
    """Judge the answer to a stranger who sends to a stranger."""
    said = f"{code} {words}"
    if code < 400:
        advice = "anybody can send through this host, and it will be blocked everywhere: take out "
        advice += "what lets strangers relay (policies, extensions, a proxy that hides addresses)"
        return Finding("fail", "relay", f"a stranger may send to strangers: {said}", advice)
    if code < 500:
        return Finding("warn", "relay", f"a stranger is put off: {said}", "look again later")
    return Finding("ok", "relay", f"a stranger may not send to strangers: {said}")


def look_outside(host: str, port: int = 25) -> Finding:
    """Look whether another mail host can be reached, and greets."""
    try:
        with smtplib.SMTP(timeout=ANSWER_SECONDS) as to:
            code, words = to.connect(host, port)
    except smtplib.SMTPException as error:
        return Finding("warn", "outgoing", f"{host} closes the connection: {error}", "try another")
    except OSError as error:
        return judge_outside(host, error.strerror or str(error))
    return judge_outside(host, "" if code == 220 else words.decode("utf-8", "replace"))


def judge_outside(host: str, reason: str) -> Finding:
    """Judge whether mail can leave.

    Args:
        reason: why another host cannot be talked to; empty where it can.
    """
    if not reason:
        return Finding("ok", "outgoing", f"{host} can be reached on port 25")
    advice = (
        "many networks close port 25 to the outside: have it opened, or send through a smart host "
        "(delivery.smart_host)"
    )
    return Finding("fail", "outgoing", f"{host} cannot be reached on port 25: {reason}", advice)
