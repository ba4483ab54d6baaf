"""Access and security: USER, PASS, ACCT, REIN, HOST, QUIT, AUTH, PBSZ, PROT."""

from __future__ import annotations

import ipaddress

from netsuite.accounts.interfaces import FileAccess, LoginRefused
from netsuite.connection.deadlines import CloseReason
from netsuite.connection.server import handlers
from netsuite.ftp import replies
from netsuite.ftp.commands import (
    Acct,
    Auth,
    Host,
    Pass,
    Pbsz,
    Prot,
    Protection,
    Quit,
    Rein,
    Reply,
    User,
    reply,
)
from netsuite.ftp.server.session import Session


async def user(session: Session, command: User) -> Reply:
    """Note who it is; whether there is such a user is not told."""
    if session.shared.settings.require_tls and not session.peer.secure:
        return replies.TLS_FIRST
    guest = session.is_guest_name(command.name)
    if not guest and not session.shared.authenticator.allows_password(session.channel()):
        return replies.ENCRYPT_FIRST  # before the password is sent
    session.log_out()
    session.username = command.name
    wanted = "your e-mail address, if you like" if guest else "the password"
    return reply(331, f"Send {wanted}")


async def password(session: Session, command: Pass) -> Reply | None:
    """Log in."""
    shared = session.shared
    if shared.anonymous is not None and session.is_guest:
        # What is given for a password is nobody's secret, and nobody's business.
        session.enter(shared.anonymous())
        session.root = shared.hosts.get(session.meant_host(), ())
        return reply(230, "Welcome; you may read what is here")
    try:
        login = await shared.authenticator.log_in(
            session.channel(), session.username, command.password, FileAccess
        )
    except LoginRefused as error:
        session.wrong_passwords += 1
        if session.wrong_passwords < shared.settings.login_attempts:
            raise
        session.log.info("{name}: refused: {error}", name=session.name, error=str(error))
        session.say(session.errors.find(error) or replies.BAD_LOGIN)
        session.leave(CloseReason.TOO_MANY_ERRORS)  # RFC 2577, 5
        return None
    session.enter(login.avatar, login)
    return reply(230, f"Welcome, {login.name}")


async def reinitialize(session: Session, command: Rein) -> Reply:
    """Log out, and be as in the beginning (RFC 959, 4.1.1; 7151, 3.2.1). TLS stays: RFC 4217, 13
    lets it be ended, which only an attacker could want; PROT is to be said anew (4217, 9)."""
    session.username = session.host_name = ""
    session.forget_options()
    session.log_out()
    return reply(220, "Begin anew")


async def account(session: Session, command: Acct) -> Reply:
    """Accept an account to charge: none is needed (RFC 959, 4.1.1)."""
    return replies.SUPERFLUOUS


async def host(session: Session, command: Host) -> Reply:
    """Choose one of the server's hosts (RFC 7151)."""
    name = command.name
    said_before = session.host_name
    session.host_name = ""
    named = session.meant_host()  # by TLS, which must agree (3.2.2)
    if not (name in session.shared.hosts or _is_ours(session, name)) or named not in ("", name):
        session.host_name = said_before
        return replies.NO_HOST
    session.host_name = name
    return reply(220, f"{name} FTP {session.shared.software}")


def _is_ours(session: Session, name: str) -> bool:
    """Return whether a name is the server's, or the address that the client has come to."""
    if name == session.shared.host.lower():
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")) == ipaddress.ip_address(session.here())
    except ValueError:
        return False


async def quit_session(session: Session, command: Quit) -> None:
    """End the session."""
    session.say(replies.GOODBYE_REPLY)
    session.close()


async def auth(session: Session, command: Auth) -> Reply | None:
    """Begin TLS."""
    if command.mechanism not in ("TLS", "TLS-C", "SSL"):  # the others are drafts' names of it
        return replies.NO_MECHANISM
    if session.peer.secure:
        return replies.TLS_ALREADY
    if session.shared.tls is None:
        return replies.NO_TLS
    session.say(reply(234, "Begin TLS"))
    session.start_tls(session.shared.tls.named(session.host_name))
    return None


async def buffer_size(session: Session, command: Pbsz) -> Reply:
    """Note that protection is to be spoken of; TLS has no buffer size but 0."""
    if not session.peer.secure:
        return replies.SECURE_FIRST
    session.buffer_size_said = True
    return reply(200, "PBSZ=0")


async def protect(session: Session, command: Prot) -> Reply:
    """Choose whether data connections are protected."""
    if not session.peer.secure:
        return replies.SECURE_FIRST
    if not session.buffer_size_said:
        return replies.PBSZ_FIRST  # RFC 2228, 3
    if command.level is None:
        return replies.NO_LEVEL
    if command.level is Protection.CLEAR and session.shared.settings.require_tls:
        return replies.PROT_WANTED
    session.protection = command.level
    return reply(200, "As you like")


HANDLERS = handlers(
    user, password, account, reinitialize, host, quit_session, auth, buffer_size, protect
)
