"""Before the maildrop is there: CAPA, STLS, UTF8, LANG, USER and PASS, AUTH.

See RFC 2449, 2595, 5034, 6856.
"""

from __future__ import annotations

import math

from netsuite.accounts.interfaces import Maildrop
from netsuite.connection.server import handlers
from netsuite.pop3 import replies
from netsuite.pop3.commands import Capa, Lang, Pass, Status, Stls, User, Utf8, ok
from netsuite.pop3.dialog import State
from netsuite.pop3.server.session import Session
from netsuite.sasl.lines import Auth

#: The language of all texts; RFC 6856, 3.2 wants its name in itself.
_LANGUAGE, _LANGUAGE_NAME = "en", "English"


async def capa(session: Session, command: Capa) -> None:
    """Say what there is (RFC 2449, 5)."""
    authenticator, channel = session.shared.authenticator, session.channel()
    settings = session.shared.settings
    lines = ["TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "LANG"]
    lines.append(f"EXPIRE {settings.expire_days}".upper())
    if settings.login_delay_seconds:
        lines.append(f"LOGIN-DELAY {math.ceil(settings.login_delay_seconds)}")
    # RFC 2449, 5 and RFC 5034, 3: the same list before and after a login, but for STLS.
    passwords = authenticator.allows_password(channel)
    lines += ["USER", "UTF8 USER"] if passwords else ["UTF8"]
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
    if session.utf8:
        return replies.TLS_FIRST
    return session.upgrade(ok("Start TLS"), already=replies.TLS_ALREADY, without=replies.NO_TLS)


async def utf8(session: Session, command: Utf8) -> Status:
    """Go on in UTF-8 mode, which changes nothing here: messages are sent as they are in any."""
    session.utf8 = True
    return ok("UTF-8 it is")


async def lang(session: Session, command: Lang) -> Status | None:
    """Choose a language; or list those there are."""
    if command.language is None:
        session.say_lines("Languages follow", [f"{_LANGUAGE} {_LANGUAGE_NAME}"])
        return None
    if command.language.lower() in ("*", _LANGUAGE):
        return ok(f"{_LANGUAGE} Texts are in {_LANGUAGE_NAME}")
    return replies.NO_LANGUAGE


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


HANDLERS = handlers(capa, stls, utf8, lang, user, password, auth)
