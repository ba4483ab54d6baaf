"""Who is connected: SITE WHO, which tells of all processes of a daemon."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from netsuite.connection.server import handlers
from netsuite.ftp import commands
from netsuite.ftp.server.session import Session

#: What the processes of a daemon ask each other.
QUESTION: Final = "ftp-who"
#: Sessions that are told of.
LINES: Final = 1000


async def who(session: Session, command: commands.SiteWho) -> commands.Reply:
    """Say who is connected; who is no administrator sees their own sessions, a guest this one."""
    if not session.account:
        lines = [_line_of(session)]
    else:
        account = "" if session.files.is_administrator else session.account
        ask = session.shared.who
        if ask is None:
            lines = lines_of(session.registry or (), account)
        else:
            lines = list(await ask(account))
    if len(lines) > LINES:
        lines[LINES:] = [f"and {len(lines) - LINES} more"]
    return commands.listing(200, "Connected:", lines, "End")


def lines_of(connections: Iterable[object], account: str) -> list[str]:
    """Return a line for each session.

    Args:
        account: whose; empty for everybody's.
    """
    return [
        _line_of(each)
        for each in connections
        if isinstance(each, Session) and account in ("", each.account)
    ]


def _line_of(session: Session) -> str:
    name = session.account or (session.username if session.is_guest else "-")
    command = session.active and session.active.command
    word = command.word if isinstance(command, commands.Digest) else type(command).__name__.upper()
    doing = "idle" if command is None else word
    software = "".join(each if each.isprintable() else "?" for each in session.software)
    where = session.peer.address or "local"
    return f"{name} {where} {doing} {software}".rstrip()


HANDLERS = handlers(who)
