"""Scripts run on a message: what the tests of them share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from netsuite.sieve.compiler import compile_script
from netsuite.sieve.facts import Facts, Folders
from netsuite.sieve.interpreter import run
from netsuite.sieve.message import MessageView
from netsuite.sieve.outcome import Outcome
from netsuite.sieve.state import Wanted

NOW: Final = datetime(2026, 11, 30, 23, 30, 5, tzinfo=UTC)
ALL: Final = (
    'require ["fileinto", "reject", "ereject", "envelope", "comparator-i;ascii-numeric", '
    '"vacation", "vacation-seconds", "subaddress", "relational", "imap4flags", "copy", "body", '
    '"variables", "date", "index", "mailbox", "special-use", "duplicate", "environment", '
    '"ihave", "include"];\r\n'
)
MESSAGE: Final = (
    b"Received: from b by c; Mon, 30 Nov 2026 05:00:00 +0100\r\n"
    b"Received: from a by b; Sun, 29 Nov 2026 23:00:00 -0500\r\n"
    b"From: =?utf-8?q?J=C3=B6rg?= <joerg@Example.ORG>\r\n"
    b"To: Ann <ann+lists@here.test>, bob@here.test\r\n"
    b"Subject: [acme-users] [fwd]\r\n version 1.0 is out\r\n"
    b"Date: Mon, 30 Nov 2026 04:05:06 +0100\r\n"
    b"Message-ID: <1@example.org>\r\n"
    b"X-Score: 7\r\n"
    b"X-Score: 12\r\n"
    b"X-Empty:\r\n"
    b"\r\n"
    b"Hello there.\r\n"
)


def facts(**changes: object) -> Facts:
    """Return what is known of a delivery to Ann."""
    values: dict[str, object] = {
        "sender": "joerg@example.org",
        "recipient": "ann+lists@here.test",
        "is_own": lambda address: address in {"ann@here.test", "ann+lists@here.test"},
        "now": NOW,
        "folders": Folders(frozenset({"INBOX", "Lists", "Junk"}), {"\\Junk": "Junk"}),
        "environment": {"name": "netsuite", "location": "MDA"},
    }
    return Facts(**(values | changes))  # type: ignore[arg-type]


def done(script: str, message: bytes = MESSAGE, **changes: object) -> Outcome:
    """Run a script, which has required everything, on a message."""
    compiled = compile_script((ALL + script).encode())
    seen: dict[str, bool] = {}
    while True:
        try:
            view = MessageView(message, len(message), lambda: message)
            return run(compiled, view, facts(**({"seen": seen} | changes)))
        except Wanted as error:
            seen[error.key] = False


def holds(test: str, message: bytes = MESSAGE, **changes: object) -> bool:
    """Return whether a test holds of a message."""
    outcome = done(f"if {test} {{ discard; }}\r\n", message, **changes)
    assert not outcome.error, outcome.error
    return not outcome.actions
