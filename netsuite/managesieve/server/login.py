"""Before, around and after a login: CAPABILITY, NOOP, LOGOUT, STARTTLS, AUTHENTICATE,
UNAUTHENTICATE. See RFC 5804, 2.1 to 2.4, 2.13, 2.14.
"""

from __future__ import annotations

from netsuite.accounts.interfaces import ScriptAccess
from netsuite.connection.server import handlers
from netsuite.managesieve import commands, replies
from netsuite.managesieve.commands import Response, ok
from netsuite.managesieve.server.session import Session
from netsuite.sasl.lines import Auth
from netsuite.wire import base64


async def capability(session: Session, command: commands.Capability) -> Response:
    """Say what there is."""
    session.say_capabilities()
    return ok("That is all")


async def noop(session: Session, command: commands.Noop) -> Response:
    """Do nothing; say the tag, by which a client finds its place."""
    if command.tag is None:
        return ok("Nothing done")
    return ok("Nothing done", "TAG", command.tag.encode())


async def logout(session: Session, command: commands.Logout) -> None:
    """Say OK, then close."""
    session.logged_out()
    session.say(ok("Goodbye"))
    session.close()


async def start_tls(session: Session, command: commands.StartTls) -> Response | None:
    """Begin TLS; the capabilities follow when it is there."""
    return session.upgrade(ok("Begin TLS now"), already=replies.TLS_ALREADY, without=replies.NO_TLS)


async def authenticate(session: Session, command: Auth) -> Response:
    """Log in by SASL."""
    with session.exchanging(command.mechanism):
        login = await session.shared.authenticator.authenticate(
            session.channel(),
            command.mechanism,
            ScriptAccess,
            session.challenge,
            command.initial,
            data_with_success=True,
        )
    session.enter(login)
    if login.octets is None:
        return ok("Logged in")
    return ok("Logged in", "SASL", base64.encode(login.octets))


async def unauthenticate(session: Session, command: commands.Unauthenticate) -> Response:
    """Leave the account, and stay for another."""
    session.leave_account()
    return ok("Log in again")


HANDLERS = handlers(capability, noop, logout, start_tls, authenticate, unauthenticate)
