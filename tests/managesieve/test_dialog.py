"""ManageSieve without a network: any cut of the octets, states, and what is too much."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

import pytest

from netsuite.managesieve import commands, grammar
from netsuite.managesieve.commands import bye, no, ok
from netsuite.managesieve.dialog import OUT_OF_ORDER, TRANSITIONS, ServerDialog, State
from netsuite.sasl.lines import Auth, AuthResponse, Challenge
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError
from netsuite.wire.events import NEED_DATA, PAUSED, EndOfInput, Need


def logged_in(script_octets: int = 100) -> ServerDialog:
    """Return a dialog of somebody who has logged in."""
    dialog = ServerDialog(script_octets)
    dialog.receive(b'AUTHENTICATE "PLAIN" "AGE="\r\n')
    assert dialog.next_event() == Auth("PLAIN", b"\0a")
    dialog.send(ok())
    assert dialog.state is State.AUTHENTICATED
    return dialog


def events(dialog: ServerDialog, pieces: Iterable[bytes]) -> list[object]:
    """Return the events of some octets, each answered, and the refusals among them."""
    found: list[object] = []
    for piece in pieces:
        dialog.receive(piece)
        while True:
            try:
                event = dialog.next_event()
            except RemoteProtocolError as error:
                found.append(error.reply)
                dialog.send(error.reply)
                if error.close:
                    return found
                continue
            if isinstance(event, Need):
                break
            found.append(event)
            dialog.send(ok())
    return found


SOUP = (
    b'HAVESPACE "a" 10\r\n'
    b"PUTSCRIPT {1+}\r\na {7+}\r\nkeep;\r\n\r\n"
    b'PUTSCRIPT "big" {101+}\r\n' + b"x" * 101 + b"\r\n"
    b"GETSCRIPT {12289+}\r\n" + b"x" * 12_289 + b"\r\n"
    b"CHECKSCRIPT {0+}\r\n\r\n"
    b"FOO {5+}\r\nLOGOU\r\n"
    b"\r\n"
    b"NOOP\r\n"
    b'SETACTIVE ""\r\n'
    b"NO\nNOOP\r\n"
    b'NOOP "' + b"y" * 17_000 + b'"\r\n'
    b'PUTSCRIPT "' + b"z" * 17_000 + b'" {10+}\r\nLOGOUT\r\n\r\n\r\n'
    b"LISTSCRIPTS\r\n"
    b"LOGOUT\r\n"
    b"NOOP\r\n"
)
FOUND = [
    commands.HaveSpace("a", 10),
    commands.PutScript("a", b"keep;\r\n"),
    grammar.TOO_LARGE,
    grammar.STRING_TOO_LARGE,
    commands.CheckScript(b""),
    grammar.UNKNOWN,
    grammar.BAD_SYNTAX,
    commands.Noop(),
    commands.SetActive(""),
    grammar.NOT_A_LINE,
    commands.Noop(),
    grammar.TOO_LONG,
    grammar.TOO_LONG,
    commands.ListScripts(),
    commands.Logout(),
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 4096, len(SOUP)])
def test_cuts(size: int) -> None:
    """The events are the same for every cut of the octets; nothing of a script is a command."""
    pieces = [SOUP[at : at + size] for at in range(0, len(SOUP), size)]
    dialog = logged_in()
    assert events(dialog, pieces) == FOUND
    assert dialog.next_event() is PAUSED


def test_every_split() -> None:
    """So they are for each place that a command may be cut at."""
    octets = b'PUTSCRIPT {3+}\r\na"b "keep;"\r\nRENAMESCRIPT "a" {1+}\r\nb\r\n'
    wanted = [commands.PutScript('a"b', b"keep;"), commands.RenameScript("a", "b")]
    for cut in range(len(octets)):
        assert events(logged_in(), [octets[:cut], octets[cut:]]) == wanted


def test_pipelined() -> None:
    """A command waits until the one before it is answered."""
    dialog = logged_in()
    dialog.receive(b"NOOP\r\nLISTSCRIPTS\r\n")
    assert dialog.next_event() == commands.Noop()
    assert dialog.next_event() is PAUSED
    dialog.send(ok())
    assert dialog.next_event() == commands.ListScripts()
    assert dialog.send(commands.ScriptLine("a")) == b'"a"\r\n'
    assert dialog.next_event() is PAUSED
    dialog.send(ok())
    assert dialog.next_event() is NEED_DATA
    dialog.receive_eof()
    assert dialog.next_event() == EndOfInput()


def test_beyond_all_limits() -> None:
    """What announces more than is read at all ends the session."""
    dialog = logged_in()
    found = events(dialog, [b'PUTSCRIPT "a" {16777217+}\r\n', b"NOOP\r\n"])
    assert found == [bye("That is too much")]
    assert dialog.state is State.CLOSED
    found = events(logged_in(), [b'PUTSCRIPT "a" {99999999999999999999+}\r\n'])
    assert found == [bye("That is too much")]


def test_before_a_login() -> None:
    """Nobody has a script read before a login; the literal is not taken for commands."""
    found = events(ServerDialog(20_000), [b'PUTSCRIPT "a" {12289+}\r\n' + b"x" * 12_289 + b"\r\n"])
    assert found == [grammar.STRING_TOO_LARGE]
    found = events(ServerDialog(), [b'PUTSCRIPT "a" {6+}\r\nNOOP\r\n\r\nNOOP\r\n'])
    assert found == [no("Log in first"), commands.Noop()]


def test_many_literals() -> None:
    """A command has so many strings and no more."""
    found = events(logged_in(), [b"NOOP " + b"{1+}\r\nx " * 40 + b"\r\nNOOP\r\n"])
    assert found == [grammar.BAD_ARGUMENTS, commands.Noop()]


@pytest.mark.parametrize(
    ("octets", "found"),
    [
        (b'"AGE="\r\n', AuthResponse(b"\0a")),
        (b"{4+}\r\nAGE=\r\n", AuthResponse(b"\0a")),
        (b'"*"\r\n', AuthResponse(None)),
        (b"NOOP\r\n", grammar.BAD_ARGUMENTS),
        (b'"!"\r\n', grammar.BAD_BASE64),
        (b"{12289+}\r\n" + b"x" * 12_289 + b"\r\n", grammar.STRING_TOO_LARGE),
        (b'"' + b"x" * 17_000 + b'"\r\n', grammar.TOO_LONG),
    ],
)
def test_exchange(octets: bytes, found: object) -> None:
    """Within an exchange everything answers the challenge; what does not ends it."""
    dialog = ServerDialog()
    dialog.receive(b'AUTHENTICATE "X"\r\n')
    dialog.next_event()
    assert dialog.send(Challenge(b"a")) == b'"YQ=="\r\n'
    assert dialog.pending is None
    dialog.receive(octets)
    try:
        event: object = dialog.next_event()
        dialog.send(no("wrong"))
    except RemoteProtocolError as error:
        event = error.reply
        dialog.send(error.reply)
    assert event == found
    assert dialog.state is State.NON_AUTHENTICATED


def test_table() -> None:
    """In each state each command is taken, or has an answer of its own."""
    for state in (State.NON_AUTHENTICATED, State.AUTHENTICATED):
        for kind in get_args(commands.Command):
            if kind is not AuthResponse:
                assert ((state, kind) in TRANSITIONS) != (kind in OUT_OF_ORDER[state])


def test_unauthenticate() -> None:
    """After UNAUTHENTICATE another may log in."""
    dialog = logged_in()
    found = events(dialog, [b'UNAUTHENTICATE\r\nUNAUTHENTICATE\r\nAUTHENTICATE "X"\r\n'])
    assert found == [commands.Unauthenticate(), no("Log in first"), Auth("X")]


def test_said_out_of_turn() -> None:
    """What answers nothing is not said, but for a greeting and a goodbye."""
    dialog = ServerDialog()
    dialog.send(commands.CapabilityLine("SASL", ""))
    dialog.send(ok("greeting"))
    for value in (ok("again"), commands.CapabilityLine("SASL", ""), Challenge(b"")):
        with pytest.raises(LocalProtocolError):
            dialog.send(value)
    dialog.forget()
    dialog.send(ok("greeting after TLS"))
    dialog.send(bye("gone"))
    assert dialog.state is State.CLOSED
