"""Answers while somebody is away: to whom, how often, with what (RFC 5230)."""

from __future__ import annotations

from typing import Final

import pytest

from netsuite.sieve import limits
from netsuite.sieve.outcome import Keep, Vacation
from tests.sieve.running import MESSAGE, done

AWAY: Final = 'vacation "Away.";'


def answer(script: str = AWAY, message: bytes = MESSAGE, sender: str = "") -> Vacation:
    """Return the answer to a message."""
    found, keep = done(script, message, sender=sender or "joerg@example.org").actions
    assert isinstance(found, Vacation)
    assert keep == Keep()
    return found


def test_answer() -> None:
    """An answer goes to the sender, with the subject and in the thread of the message."""
    found = answer()
    assert found == Vacation(
        "joerg@example.org",
        found.key,
        7 * 86_400,
        "Auto: [acme-users] [fwd] version 1.0 is out",
        "",
        "Away.",
        False,
        "<1@example.org>",
        "<1@example.org>",
    )


def test_thread() -> None:
    """References are taken along, not more than some, and what is none is left out."""
    names = " ".join(f"<{n}@x>" for n in range(100))
    message = f"References: {names} junk\r\n".encode() + MESSAGE
    references = answer(message=message).references.split()
    assert references[0] == "<0@x>"
    assert references[-2:] == ["<99@x>", "<1@example.org>"]
    assert len(references) == 21
    message = b"In-Reply-To: <a@x>\r\n" + MESSAGE
    assert answer(message=message).references == "<a@x> <1@example.org>"
    message = MESSAGE.replace(b"<1@example.org>", b"no identifier")
    assert answer(message=message).in_reply_to == ""


@pytest.mark.parametrize(
    ("arguments", "seconds"),
    [
        (":days 1", 86_400),
        (":days 0", 86_400),
        (":days 100000", limits.LONGEST_SECONDS),
        (":seconds 0", 0),
        (":seconds 90", 90),
        (":seconds 99999999", limits.LONGEST_SECONDS),
    ],
)
def test_interval(arguments: str, seconds: int) -> None:
    """A second answer waits as long as the script says, within bounds (RFC 6131, 2)."""
    assert answer(f'vacation {arguments} "Away.";').seconds == seconds


@pytest.mark.parametrize(
    ("arguments", "sender"),
    [
        ("", ""),
        (':from "Ann <ann@here.test>"', "Ann <ann@here.test>"),
        (':from "boss@example.com"', ""),
        (':from "ann@here.test, boss@example.com"', ""),
        (':addresses "ANN@other.test" :from "ann@other.test"', "ann@other.test"),
        (':from "${none}"', ""),
    ],
)
def test_from(arguments: str, sender: str) -> None:
    """From is what the script says, where that is the account's own address."""
    assert answer(f'vacation {arguments} "Away.";').sender == sender


def test_subject() -> None:
    """A subject may hold variables; there is a fixed one for a message without."""
    script = 'if header :matches "subject" "*" { vacation :subject "Re: ${1}" "Away."; }'
    assert answer(script).subject == "Re: [acme-users] [fwd] version 1.0 is out"
    assert answer(message=b"To: ann@here.test\r\n\r\n").subject == "Automated reply"


def test_key() -> None:
    """What is remembered is the answer as it is written, and to whom (4.2)."""
    keys = {
        answer(script, sender=sender).key
        for sender in ("joerg@example.org", "eve@example.org")
        for script in (
            'vacation "a";',
            'vacation "b";',
            'vacation :mime "a";',
            'vacation :subject "a" "";',
            'vacation :subject "" "a";',
            'vacation :from "ann@here.test" "a";',
            'vacation :handle "a" "x";',
        )
    }
    assert len(keys) == 14
    assert answer('vacation "a";').key == answer('vacation "a";', sender="JOERG@example.org").key
    one = 'set "x" "1"; vacation :subject "${x}" "a";'
    assert answer(one).key == answer(one.replace('"1"', '"2"')).key
    one = 'vacation :handle "h" "a";'
    assert answer(one).key == answer('vacation :days 3 :handle "h" "b";').key


@pytest.mark.parametrize(
    "sender",
    [
        "",
        "ann@here.test",
        "ann+lists@here.test",
        "MAILER-DAEMON@example.org",
        "owner-list@example.org",
        "list-request@example.org",
        "LISTSERV@example.org",
        "noreply@example.org",
        "SRS0=HHH=TT=example.net=a@example.org",
    ],
)
def test_senders(sender: str) -> None:
    """Programs, lists and oneself are not answered."""
    assert done(AWAY, sender=sender).actions == (Keep(),)


@pytest.mark.parametrize(
    "field",
    [
        b"List-Id: <a.b>",
        b"List-Unsubscribe: <mailto:a@b>",
        b"Auto-Submitted: auto-replied; x",
        b"Precedence: BULK",
        b"X-Auto-Response-Suppress: DR, OOF",
    ],
)
def test_fields(field: bytes) -> None:
    """What a program or a list has sent is not answered."""
    assert done(AWAY, field + b"\r\n" + MESSAGE).actions == (Keep(),)


def test_a_person_said_so() -> None:
    """A field may also say that a person has written."""
    assert answer(message=b"Auto-Submitted: no\r\n" + MESSAGE)


@pytest.mark.parametrize(
    ("to", "answered"),
    [
        ("To: ann@here.test", True),
        ("Cc: bob@here.test, Ann <ANN@HERE.TEST>", True),
        ("Resent-Bcc: ann+lists@here.test", True),
        ("To: bob@here.test", False),
        ("To: undisclosed-recipients:;", False),
        ("X-To: ann@here.test", False),
    ],
)
def test_named(to: str, answered: bool) -> None:
    """Only who is named among the recipients answers (4.5)."""
    message = f"From: a@example.org\r\n{to}\r\n\r\n".encode()
    assert len(done(AWAY, message).actions) == 1 + answered
    own = 'vacation :addresses "bob@here.test" "Away.";'
    assert len(done(own, b"To: BOB@here.test\r\n\r\n").actions) == 2


def test_with_others() -> None:
    """It goes with every other action but a refusal (4.7)."""
    for script in ("keep;", "discard;", 'fileinto "Lists";', 'redirect "a@b.test";'):
        outcome = done(f"{AWAY} {script}")
        assert not outcome.error
        assert any(isinstance(each, Vacation) for each in outcome.actions)
