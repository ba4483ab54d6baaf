"""Access and security: USER, PASS, REIN, AUTH, PBSZ, PROT."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from netsuite.accounts.interfaces import FileAccess, LoginRefused
from netsuite.connection.close_reason import CloseReason
from netsuite.ftp import replies
from netsuite.ftp.commands import Auth, Pass, Pbsz, Prot, Protection, Rein, User, reply

if TYPE_CHECKING:
    from netsuite.ftp.server.connection import FTPServer

#: RFC 1635: names that need no password.
ANONYMOUS: Final = frozenset({"anonymous", "ftp"})


def user(connection: FTPServer, event: User) -> None:
    """Note who it is; whether there is such a user is not told."""
    if connection.settings.require_tls and not connection.peer.secure:
        connection.say(replies.TLS_FIRST)
        return
    guest = _is_guest_name(connection, event.name)
    authenticator, channel = connection.shared.authenticator, connection.channel()
    if not guest and not authenticator.allows_password(channel):
        connection.say(replies.ENCRYPT_FIRST)  # before the password is sent
        return
    connection.log_out()
    connection.username = event.name
    wanted = "your e-mail address, if you like" if guest else "the password"
    connection.say(reply(331, f"Send {wanted}"))


def is_guest(connection: FTPServer) -> bool:
    """Tell whether who is there needed no password."""
    return _is_guest_name(connection, connection.username)


def _is_guest_name(connection: FTPServer, name: str) -> bool:
    return connection.shared.anonymous is not None and name.lower() in ANONYMOUS


async def password(connection: FTPServer, event: Pass) -> None:
    """Log in."""
    shared = connection.shared
    if shared.anonymous is not None and is_guest(connection):
        # What is given for a password is nobody's secret, and nobody's business.
        connection.files = shared.anonymous()
        connection.logged_in()
        connection.say(reply(230, "Welcome; you may read what is here"))
        return
    try:
        logged_in = await shared.authenticator.log_in(
            connection.channel(), connection.username, event.password, FileAccess
        )
    except LoginRefused as error:
        _refuse(connection, error)
        return
    connection.files = cast(FileAccess, logged_in.avatar)
    connection.leave_facet = logged_in.logout
    if connection.lost:  # meanwhile
        connection.log_out()
        return
    connection.wrong_passwords = 0
    connection.logged_in()
    connection.say(reply(230, f"Welcome, {logged_in.name}"))


def _refuse(connection: FTPServer, error: LoginRefused) -> None:
    connection.log.info(
        "{name}: login refused: {reason}", name=connection.name, reason=error.reason
    )
    connection.say(replies.for_error(error))
    connection.wrong_passwords += 1
    if connection.wrong_passwords >= connection.settings.login_attempts:
        connection.leave(CloseReason.TOO_MANY_ERRORS)  # RFC 2577, 5
    else:
        connection.count_bad()


def reinitialize(connection: FTPServer, event: Rein) -> None:
    """Log out. TLS stays: RFC 4217, 13 would have it ended, which only an attacker could want."""
    connection.username = ""
    connection.log_out()
    connection.say(reply(220, "Begin anew"))


def auth(connection: FTPServer, event: Auth) -> None:
    """Begin TLS."""
    if event.mechanism not in ("TLS", "TLS-C", "SSL"):  # the others are drafts' names of it
        connection.say(replies.NO_MECHANISM)
    elif connection.peer.secure:
        connection.say(replies.TLS_ALREADY)
    elif connection.shared.tls is None:
        connection.say(replies.NO_TLS)
    else:
        connection.say(reply(234, "Begin TLS"))
        connection.start_tls(connection.shared.tls)


def buffer_size(connection: FTPServer, event: Pbsz) -> None:
    """Take note that protection is to be spoken of; TLS has no buffer size but 0."""
    if not connection.peer.secure:
        connection.say(replies.SECURE_FIRST)
        return
    connection.buffer_size_said = True
    connection.say(reply(200, "PBSZ=0"))


def protect(connection: FTPServer, event: Prot) -> None:
    """Choose whether data connections are protected."""
    if not connection.peer.secure:
        connection.say(replies.SECURE_FIRST)
    elif not connection.buffer_size_said:
        connection.say(replies.PBSZ_FIRST)  # RFC 2228, 3
    elif event.level is None:
        connection.say(replies.NO_LEVEL)
    elif event.level is Protection.CLEAR and connection.settings.require_tls:
        connection.say(replies.PROT_WANTED)
    else:
        connection.protection = event.level
        connection.say(reply(200, "As you like"))


ANSWERS: Final[Mapping[type, Callable[[Any, Any], Awaitable[None] | None]]] = {
    User: user,
    Pass: password,
    Rein: reinitialize,
    Auth: auth,
    Pbsz: buffer_size,
    Prot: protect,
}
