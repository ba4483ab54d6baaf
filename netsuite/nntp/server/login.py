"""Logging in and TLS: AUTHINFO USER, PASS and SASL (RFC 4643), STARTTLS (RFC 4642)."""

from __future__ import annotations

from collections.abc import Sequence

from netsuite.accounts.interfaces import NewsAccess
from netsuite.connection.server import handlers
from netsuite.nntp import commands as c
from netsuite.nntp import replies
from netsuite.nntp.commands import Challenge, Status
from netsuite.nntp.dialog import State
from netsuite.nntp.server.session import Session


def capabilities(session: Session) -> Sequence[str]:
    """Return the lines of CAPABILITIES that change with TLS and a login."""
    if session.dialog.state is State.LOGGED_IN:  # RFC 4643, 2.1 and RFC 4642, 2.1
        return []
    lines = []
    channel, authenticator = session.channel(), session.shared.authenticator
    if session.shared.tls is not None and not channel.secure:
        lines.append("STARTTLS")
    mechanisms = authenticator.mechanisms(channel)
    words = ["USER"] if authenticator.allows_password(channel) else []
    if mechanisms:
        words.append("SASL")
        lines.append(f"SASL {' '.join(mechanisms)}")
    lines.append(" ".join(["AUTHINFO", *words]))
    return lines


async def starttls(session: Session, command: c.StartTLS) -> Status | None:
    """Begin TLS."""
    return session.upgrade(
        Status(382, "Continue with TLS negotiation"),
        already=replies.TLS_ALREADY,
        without=replies.NO_TLS,
    )


async def user(session: Session, command: c.AuthInfoUser) -> Status:
    """Note the name."""
    if not session.shared.authenticator.allows_password(session.channel()):
        return replies.ENCRYPT_FIRST  # before the password is sent
    session.username = command.name
    return Status(381, "Password required")  # whether there is such a name or not


async def password(session: Session, command: c.AuthInfoPass) -> Status:
    """Log in."""
    login = await session.shared.authenticator.log_in(
        session.channel(), session.username, command.password, NewsAccess
    )
    session.enter(login)
    return replies.ACCEPTED


async def sasl(session: Session, command: c.AuthInfoSASL) -> Status | Challenge:
    """Log in by SASL; what comes with the success goes along (RFC 4643, 2.4.2)."""
    with session.exchanging(command.mechanism):
        login = await session.shared.authenticator.authenticate(
            session.channel(),
            command.mechanism,
            NewsAccess,
            session.challenge,
            command.initial,
            data_with_success=True,
        )
    session.enter(login)
    return replies.ACCEPTED if login.octets is None else Challenge(login.octets, final=True)


HANDLERS = handlers(starttls, user, password, sasl)
