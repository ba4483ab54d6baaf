"""Logging in and TLS: AUTHINFO USER, PASS and SASL (RFC 4643), STARTTLS (RFC 4642)."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, cast

from netsuite.accounts.interfaces import (
    Challenged,
    Exchange,
    LoggedIn,
    LoginRefused,
    NewsAccess,
)
from netsuite.nntp import commands as c
from netsuite.nntp import replies
from netsuite.nntp.commands import Challenge, Status
from netsuite.nntp.dialog import State

if TYPE_CHECKING:
    from netsuite.nntp.server.session import NNTPServer


def capabilities(session: NNTPServer) -> Sequence[str]:
    """Give the lines of CAPABILITIES that change with TLS and a login."""
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


def starttls(session: NNTPServer, event: c.StartTLS) -> None:
    """STARTTLS."""
    if session.peer.secure:
        session.say(replies.TLS_ALREADY)
    elif session.shared.tls is None:
        session.say(replies.NO_TLS)
    else:
        session.say(Status(382, "Continue with TLS negotiation"))
        session.start_tls(session.shared.tls)


def user(session: NNTPServer, event: c.AuthInfoUser) -> None:
    """AUTHINFO USER."""
    if not session.shared.authenticator.allows_password(session.channel()):
        session.say(replies.ENCRYPT_FIRST)  # before the password is sent
        return
    session.username = event.name
    session.say(Status(381, "Password required"))  # whether there is such a name or not


async def password(session: NNTPServer, event: c.AuthInfoPass) -> None:
    """AUTHINFO PASS."""
    try:
        logged_in = await session.shared.authenticator.log_in(
            session.channel(), session.username, event.password, NewsAccess
        )
    except LoginRefused as error:
        _refuse(session, error)
        return
    _enter(session, logged_in)
    session.say(replies.ACCEPTED)


def sasl(session: NNTPServer, event: c.AuthInfoSASL) -> Awaitable[None] | None:
    """AUTHINFO SASL."""
    channel = session.channel()
    exchange = session.shared.authenticator.exchange(channel, event.mechanism, NewsAccess)
    if exchange is not None:
        return _exchange(session, exchange, event.initial)
    encrypt = not channel.secure and event.mechanism in ("PLAIN", "LOGIN")
    session.say(replies.ENCRYPT_FIRST if encrypt else replies.NO_MECHANISM)
    return None


async def _exchange(session: NNTPServer, exchange: Exchange, octets: bytes | None) -> None:
    try:
        while True:
            step = await exchange.respond(octets)
            if not isinstance(step, Challenged):
                break
            session.say(Challenge(step.octets))
            event = await session.take()
            octets = event.octets if isinstance(event, c.SASLResponse) else None
            if octets is None:
                session.say(replies.CANCELLED)
                return
    except LoginRefused as error:
        _refuse(session, error)
        return
    _enter(session, step)
    if step.octets is None:
        session.say(replies.ACCEPTED)
    else:
        session.say(Challenge(step.octets, final=True))


def _refuse(session: NNTPServer, error: LoginRefused) -> None:
    session.log.info("{name}: login refused: {reason}", name=session.name, reason=error.reason)
    session.say(replies.for_error(error))
    session.count_bad()


def _enter(session: NNTPServer, logged_in: LoggedIn) -> None:
    session.access = cast(NewsAccess, logged_in.avatar)
    session.room = session.access.room
    session.logged_in()
