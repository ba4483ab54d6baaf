"""What a probe makes of what it has seen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from netsuite.cli.client.capabilities import CLEAR, SECURE
from netsuite.cli.client.probing import PORTS
from netsuite.cli.client.probing.offers import Offer, advice, shows_passwords
from netsuite.cli.client.probing.shown import show, show_json
from netsuite.cli.client.tls_examination import Certificate, TLSSeen
from netsuite.cli.client.urls import SCHEMES

NOW = datetime(2026, 11, 30, tzinfo=UTC)
YEAR = timedelta(days=365)


def seen(*, days: float = 90, problem: str = "") -> TLSSeen:
    """Return TLS with a certificate that ends in so many days."""
    certificate = Certificate(
        ("h.test",), "CN=h.test", "CN=\x1b[2JCA", NOW - YEAR, NOW + timedelta(days=days), problem
    )
    return TLSSeen("TLSv1.3", "X", "", certificate)


def offer(name: str, *clear: str, secure: Sequence[str] | None = ("x",), **more: object) -> Offer:
    """Return an open port of a service that says something in the clear, and under TLS."""
    port = next(each for each in PORTS if each.name == name)
    scheme = SCHEMES[port.scheme]
    made = Offer(name, scheme.service, port.number, scheme.tls, "open")
    made.stages = {CLEAR: clear} if not scheme.tls else {}
    if secure is not None:
        made.stages[SECURE] = secure
    for key, value in more.items():
        setattr(made, key, value)
    return made


CASES = [
    (offer("imap", "IMAP4REV1", "LOGINDISABLED", "STARTTLS"), []),
    (offer("imap", "IMAP4REV1", "STARTTLS"), ["it takes passwords in the clear"]),
    (offer("imap", "LOGINDISABLED", secure=None), ["it offers no TLS"]),
    (offer("pop3", "STLS", "SASL SCRAM-SHA-256"), []),
    (offer("pop3", "USER"), ["it takes passwords in the clear"]),
    (offer("smtp", "STARTTLS", "SIZE 1"), []),
    (offer("submission", "AUTH SCRAM-SHA-256 PLAIN"), ["it takes passwords in the clear"]),
    (offer("nntp", "AUTHINFO USER"), ["it takes passwords in the clear"]),
    (offer("telnet"), ["passwords pass in the clear"]),
    (offer("ftp", "SIZE", secure=None), ["it offers no TLS"]),
    (offer("imaps", seen=seen()), []),
    (offer("imaps", seen=seen(days=5.5)), ["the certificate ends in 5 days"]),
    (offer("imaps", seen=seen(days=-2, problem="it has ended")),
     ["clients refuse the certificate: it has ended", "the certificate ended 2 days ago"]),
    (offer("imaps", versions=["TLSv1", "TLSv1.1", "TLSv1.2"]),
     ["it speaks TLSv1 and TLSv1.1", "it does not speak TLSv1.3"]),
    (offer("https", secure=("strict-transport-security: max-age=1",)), []),
    (offer("https"), ["it does not tell browsers"]),
    (offer("http"), []),
    (offer("imap", trouble="it said\nnothing"), ["it does not answer as it should"]),
    (Offer("imap", "imap", 143), []),
]  # fmt: skip


@pytest.mark.parametrize(("one", "wanted"), CASES)
def test_advice(one: Offer, wanted: list[str]) -> None:
    """What should be changed is said, and no more."""
    said = [each.text for each in advice([one], NOW)]
    assert len(said) == len(wanted), said
    assert all(text.startswith(start) for text, start in zip(said, wanted, strict=True))


def test_the_way_to_https() -> None:
    """http that does not lead to https is told where there is one."""
    https = offer("https", secure=("strict-transport-security: x",))
    assert [each.text for each in advice([offer("http"), https], NOW)] == [
        "it does not lead to https"
    ]
    assert advice([offer("http", "location: https://h/"), https], NOW) == []


def test_each_once() -> None:
    """What is to be said of several ports is said once."""
    (one,) = advice([offer("imaps", seen=seen(days=3)), offer("pop3s", seen=seen(days=3))], NOW)
    assert (one.text, list(one.names)) == ("the certificate ends in 3 days", ["imaps", "pop3s"])


def test_nothing_said_shows_nothing() -> None:
    """Where nothing was learnt nobody is accused."""
    assert not shows_passwords(Offer("imap", "imap", 143))
    assert not shows_passwords(offer("pop3", "", "SASL"))


def test_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Ports, certificates and advice; controls that a server has put there reach no terminal."""
    offers = [
        offer("imaps", seen=seen(), greeting="hello\x1b[2J", versions=["TLSv1.2", "TLSv1.3"]),
        offer("imap", "IMAP4REV1", seen=seen()),
        Offer("ftp", "ftp", 21),
    ]
    show(offers, advice(offers, NOW))
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    for part in ("1.2 1.3", "1.3, asked for", "Closed: ftp 21", "Certificate of imaps, imap",
                 "valid   2025-11-30 to 2027-02-28", "imap: it takes passwords"):  # fmt: skip
        assert part in printed
    show_json("h", offers, advice(offers, NOW))
    told = json.loads(capsys.readouterr().out)
    assert [each["state"] for each in told["ports"]] == ["open", "open", "closed"]
    assert told["ports"][0]["tls"]["certificate"]["trusted"]
