"""Confirmations: mail that arrives, is refused, gets lost, and is not sent in the clear."""

import ssl

import pytest
import shop

pytestmark = pytest.mark.netsuite(services=["smtp"])


def test_who_orders_gets_a_mail(netsuite):
    assert shop.confirm(7, "ann@example.test", netsuite.smtp.address) == "sent"
    mail = netsuite.mailbox("ann").wait(1, subject="Order 7")[0]
    assert mail.get_content() == "Thank you! It is on its way.\n"
    assert mail.envelope.sender == "shop@example.test"


@pytest.mark.parametrize(("code", "outcome"), [(451, "will retry"), (550, "refused")])
def test_a_recipient_is_refused(netsuite, code, outcome):
    with netsuite.smtp.refusing("RCPT", code, times=1):
        assert shop.confirm(7, "ann@example.test", netsuite.smtp.address) == outcome
    assert netsuite.mailbox("ann").messages() == []


def test_a_message_is_refused(netsuite):
    with netsuite.smtp.refusing("BODY", 554, "5.7.1 spam", times=1):
        assert shop.confirm(7, "ann@example.test", netsuite.smtp.address) == "refused"


def test_the_connection_breaks(netsuite):
    with netsuite.smtp.drop(at="DATA", times=1):
        assert shop.confirm(7, "ann@example.test", netsuite.smtp.address) == "will retry"
    assert shop.confirm(7, "ann@example.test", netsuite.smtp.address) == "sent"


def test_tls(netsuite, netsuite_ca):
    tls = ssl.create_default_context(cadata=netsuite_ca.pem())
    assert shop.confirm(7, "ann@example.test", netsuite.smtp.address, tls) == "sent"


@pytest.mark.parametrize("fault", ["expired", "wrong-name", "unknown-authority"])
def test_somebody_elses_certificate(netsuite, netsuite_ca, fault):
    tls = ssl.create_default_context(cadata=netsuite_ca.pem())
    with netsuite.smtp.tls(fault, times=1):
        assert shop.confirm(7, "ann@example.test", netsuite.smtp.address, tls) == "will retry"


def test_nothing_goes_in_the_clear(netsuite, netsuite_ca):
    tls = ssl.create_default_context(cadata=netsuite_ca.pem())
    with netsuite.smtp.starttls_stripped():
        assert shop.confirm(7, "ann@example.test", netsuite.smtp.address, tls) == "will retry"
    assert "MAIL" not in str(netsuite.smtp.transcripts[-1])
