"""IMAP's faults, as netsuite's own client and imaplib meet them."""

from __future__ import annotations

import pytest

from netsuite.imap.client import Goodbye, connect
from tests.testing.faults.cases import Case, check_ours, check_theirs
from tests.testing.faults.clients import OURS, THEIRS, Port, Way
from tests.testing.faults.world import PASSWORD, PATIENT, World

CASES = [
    Case("none", lambda f: f.edit(b"no such", b""), r"done \d+ 420 420", r"done \d+ 420 420"),
    Case(
        "mailbox refused",
        lambda f: f.refusing("SELECT", "NO", "[UNAVAILABLE] later", times=1),
        "TransientRefusal: SELECT was refused: UNAVAILABLE later",
        r"done NO b'\[UNAVAILABLE\] later'",
    ),
    Case(
        "command bad",
        lambda f: f.refusing("FETCH", "BAD", "what?", times=1),
        r"PermanentRefusal: FETCH was refused: what\?",
        r"error: FETCH command error: BAD \[b'what\?'\]",
    ),
    Case(
        "goodbye in mid-session",
        lambda f: f.refusing("FETCH", "BYE", "going", times=1),
        "Goodbye: going",
        "abort: command: FETCH => going",
    ),
    Case(
        "login refused",
        lambda f: f.refusing("LOGIN", "NO", "[AUTHENTICATIONFAILED] no", times=1),
        "AuthenticationFailed: LOGIN was refused: AUTHENTICATIONFAILED no",
        r"error: b'\[AUTHENTICATIONFAILED\] no'",
    ),
    Case(
        "turned away",
        lambda f: f.refusing("GREETING", text="full", times=1),
        "Goodbye: full",
        r"error: b'\* BYE full'",
    ),
    Case(
        "dropped at FETCH",
        lambda f: f.drop(at="FETCH", times=1),
        "ConnectionLost: the server has closed the connection",
        "abort: command: FETCH => socket error: EOF",
    ),
    Case(
        "reset at FETCH",
        lambda f: f.reset(at="FETCH", times=1),
        "ConnectionLost: the connection is gone",
        "(ConnectionResetError|abort: .*reset)",
    ),
    Case(
        "unfinished reply",
        lambda f: f.unfinished_reply("SELECT", times=1),
        "Timeout: the server said nothing for 20 seconds",
        "TimeoutError: timed out",
        silent=True,
    ),
    Case(
        "wrong tag",
        lambda f: f.wrong_tag("SELECT", times=1),
        "ProtocolViolation: a completion of no command",
        "abort: command: SELECT => unexpected response: b'WRONG OK",
        silent=True,
    ),
    Case(
        "literal announced too long",
        lambda f: f.literal(10, times=1),
        "ProtocolViolation: not a response",
        "TimeoutError: timed out",
        silent=True,
    ),
    Case(
        "literal announced too short",
        lambda f: f.literal(-10, times=1),
        "ProtocolViolation: not a response",
        "abort: command: FETCH => unexpected response",
        silent=True,
    ),
    Case(
        "size told too large",
        lambda f: f.size_lie(10, times=1),
        r"done \d+ 430 420",
        r"done \d+ 430 420",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_ours(fabric: World, case: Case) -> None:
    """What netsuite's client sees."""
    check_ours(fabric, "imap", case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_theirs(thread: World, case: Case) -> None:
    """What imaplib sees."""
    check_theirs(thread, "imap", case)


def test_uid_validity(fabric: World, thread: World) -> None:
    """Both are told of another UIDVALIDITY, by what they can tell."""

    async def ours() -> int:
        told = await OURS["imap"](Way(fabric.reactor, fabric.port("imap")))
        return int(told.split()[0])

    def theirs() -> int:
        return int(THEIRS["imap"](Port(thread.port("imap"), PATIENT)).split()[0])

    before = fabric.reactor.run(ours())
    with fabric.faults["imap"].uid_validity(5, times=1):
        assert fabric.reactor.run(ours()) == before + 5
    before = theirs()
    with thread.faults["imap"].uid_validity(5, times=1):
        assert theirs() == before + 5


def test_goodbye(fabric: World) -> None:
    """Who waits in IDLE is told that the service stops."""

    async def idle() -> None:
        client = await connect(
            Way(fabric.reactor, fabric.port("imap")).endpoint, clock=fabric.reactor
        )
        await client.login("ann", PASSWORD)
        await client.select("INBOX")
        fabric.reactor.callLater(5, fabric.faults["imap"].goodbye)
        async with client.idle() as waiting:
            async for _ in waiting:
                pass

    with pytest.raises(Goodbye, match="The server is stopping"):
        fabric.reactor.run(idle())
