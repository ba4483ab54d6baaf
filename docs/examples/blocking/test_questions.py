"""Questions: a mailbox that has some, and one that the server refuses."""

import imaplib

import pytest
import questions

pytestmark = pytest.mark.netsuite(services=["smtp", "imap"])


def test_each_is_read_once(netsuite):
    box = netsuite.mailbox("shop")
    box.deliver(subject="Where is order 7?", sender="ann@example.test")
    box.deliver(subject="An old one", flags=["\\Seen"])
    login = box.name, box.password
    assert questions.unread(netsuite.imap.address, login) == ["Where is order 7?"]
    assert questions.unread(netsuite.imap.address, login) == []
    assert all("\\Seen" in each.flags for each in box.messages())


def test_the_mailbox_is_not_to_be_had(netsuite):
    box = netsuite.mailbox("shop", password="of my own")
    refusal = netsuite.imap.refusing("SELECT", "NO", "[UNAVAILABLE] later", times=1)
    with refusal, pytest.raises(imaplib.IMAP4.error):
        questions.unread(netsuite.imap.address, (box.name, "of my own"))
