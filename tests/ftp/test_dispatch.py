"""The table of the FTP server's handlers."""

from __future__ import annotations

from typing import get_args

from netsuite.ftp.commands import WORK, Command, Work
from netsuite.ftp.dialog import TRANSITIONS, ServerEvent
from netsuite.ftp.server import FTPServer
from netsuite.wire.events import EndOfInput


def _kinds(union: object) -> set[type]:
    return {each for kind in get_args(union) for each in (get_args(kind) or (kind,))}


def test_every_event_has_a_hand() -> None:
    """What the dialog gives as an event is handled, and nothing else is."""
    assert set(FTPServer.handlers) == _kinds(ServerEvent)


def test_every_command_is_legal_somewhere() -> None:
    """What is handled is something the machine lets through somewhere, and the reverse."""
    commands = set(FTPServer.handlers) - {EndOfInput}
    assert commands == {kind for _, kind in TRANSITIONS} == _kinds(Command)


def test_transfers() -> None:
    """All transfers, and hashes, are run by one hand."""
    assert len({FTPServer.handlers[kind] for kind in _kinds(Work)}) == 1
    assert _kinds(Work) == set(WORK)
