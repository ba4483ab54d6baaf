"""The commands of any state: NOOP, HELP, VRFY, EXPN, RSET, QUIT. See RFC 5321, 4.1.4."""

from __future__ import annotations

from netsuite.connection.server import handlers
from netsuite.smtp import replies
from netsuite.smtp.commands import Expn, Help, Noop, Quit, Reply, Rset, Vrfy
from netsuite.smtp.server.session import Session
from netsuite.smtp.settings import Mode


async def noop(session: Session, command: Noop) -> Reply:
    """Do nothing."""
    return replies.OK


async def help_text(session: Session, command: Help) -> Reply:
    """Say which commands there are."""
    return replies.LMTP_HELP if session.shared.mode is Mode.LMTP else replies.HELP


async def vrfy(session: Session, command: Vrfy) -> Reply:
    """Say neither that there is such an address nor that there is none."""
    return replies.TRY_IT


async def expn(session: Session, command: Expn) -> Reply:
    """Expand nothing."""
    return replies.NO_LISTS


async def rset(session: Session, command: Rset) -> Reply:
    """Forget the message begun."""
    session.forget_transaction()
    return replies.RESET


async def quit_session(session: Session, command: Quit) -> None:
    """Say goodbye and close."""
    session.say(replies.BYE)
    session.close()


HANDLERS = handlers(noop, help_text, vrfy, expn, rset, quit_session)
