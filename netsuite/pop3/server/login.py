"""Before the maildrop is there: CAPA, STLS, USER and PASS, AUTH. See RFC 2449, 2595, 5034."""

from __future__ import annotations

from netsuite.accounts.interfaces import Maildrop
from netsuite.connection.server import handlers
from netsuite.pop3 import replies
from netsuite.pop3.commands import Capa, Pass, Status, Stls, User, ok
from netsuite.pop3.dialog import State
from netsuite.pop3.server.session import Session
from netsuite.sasl.lines import Auth


async def capa(session: Session, command: Capa) -> None:
    """Say what there is (RFC 2449, 5)."""
    authenticator, channel = session.shared.authenticator, session.channel()
    lines = ["TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "EXPIRE NEVER"]
    # RFC 2449, 5 and RFC 5034, 3: the same list before and after a login, but for STLS.
    if authenticator.allows_password(channel):
        lines.append("USER")
    mechanisms = authenticator.mechanisms(channel)
    if mechanisms:
        lines.append(f"SASL {' '.join(mechanisms)}")
    before = session.dialog.state is not State.TRANSACTION
    if before and session.shared.tls is not None and not channel.secure:
        lines.append("STLS")
    lines.append(f"IMPLEMENTATION {session.shared.software}")
    session.say_lines("Capabilities follow", lines)


async def stls(session: Session, command: Stls) -> Status | None:
    """Begin TLS (RFC 2595, 4)."""
    return session.upgrade(ok("Start TLS"), already=replies.TLS_ALREADY, without=replies.NO_TLS)


async def user(session: Session, command: User) -> Status:
    """Note the name (RFC 1939, 7)."""
    if not session.shared.authenticator.allows_password(session.channel()):
        return replies.ENCRYPT_FIRST  # before the password is sent
    session.username = command.name
    return ok("Send the password")  # whether there is such a name or not


async def password(session: Session, command: Pass) -> Status:
    """Log in, and lock the maildrop (RFC 1939, 7)."""
    login = await session.shared.authenticator.log_in(
        session.channel(), session.username, command.password, Maildrop
    )
    return await session.open(login)


async def auth(session: Session, command: Auth) -> Status | None:
    """Log in by SASL (RFC 5034, 4); without a mechanism, list them."""
    authenticator, channel = session.shared.authenticator, session.channel()
    if not command.mechanism:
        session.say_lines("Mechanisms follow", authenticator.mechanisms(channel))
        return None
    with session.exchanging(command.mechanism):
        login = await authenticator.authenticate(
            channel, command.mechanism, Maildrop, session.challenge, command.initial
        )
    return await session.open(login)


HANDLERS = handlers(capa, stls, user, password, auth)
