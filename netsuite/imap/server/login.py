"""Before, around and after a login: CAPABILITY, NOOP, LOGOUT, ID, STARTTLS, LOGIN, AUTHENTICATE.

See RFC 3501, 6.1 and 6.2.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from netsuite.accounts.interfaces import (
    Challenged,
    LoggedIn,
    LoginRefused,
    LoginStep,
    MailAccess,
)
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands.responses import (
    CapabilityData,
    Code,
    Condition,
    Continue,
    EnabledData,
    IdData,
    Status,
)
from netsuite.imap.dialog import AuthenticateCancelled, AuthenticateResponse
from netsuite.imap.replies import login_reply
from netsuite.imap.server.capabilities import capabilities
from netsuite.wire.errors import RemoteProtocolError

if TYPE_CHECKING:
    from netsuite.imap.server.connection import IMAPServer


def _capability(connection: IMAPServer, request: ask.Capability) -> None:
    connection.say(CapabilityData(capabilities(connection)))
    connection.ok("That is all")


def _noop(connection: IMAPServer, request: ask.Noop) -> None:
    connection.ok("Nothing done")


def _logout(connection: IMAPServer, request: ask.Logout) -> None:
    connection.deselect()
    connection.say(Condition(Status.BYE, "Goodbye"))
    connection.ok("Logged out")
    connection.close()


def _id(connection: IMAPServer, request: ask.Id) -> None:
    if request.parameters:
        # A client's own words: logged as data, with what would break a line taken out.
        connection.log.info(
            "{name} is {client}", name=connection.name, client=repr(dict(request.parameters))
        )
    pairs: list[tuple[str, str | None]] = [("name", connection.settings.software)]
    if connection.settings.version:
        pairs.append(("version", connection.settings.version))
    connection.say(IdData(tuple(pairs)))
    connection.ok("Pleased to meet you")


def _start_tls(connection: IMAPServer, request: ask.StartTls) -> None:
    if connection.tls is None:
        connection.finish(Status.BAD, "There is no TLS here")
    elif connection.peer.secure:
        connection.finish(Status.BAD, "TLS is in place")
    else:
        connection.ok("Begin TLS now")
        connection.start_tls(connection.tls)


def _enable(connection: IMAPServer, request: ask.Enable) -> None:
    # RFC 5161, 3.1: what is unknown, or enabled already, is passed over.
    names = []
    if "QRESYNC" in request.names and not connection.vanished:
        names.append("QRESYNC")
        connection.modseqs = connection.vanished = True
    elif "CONDSTORE" in request.names and not connection.modseqs:
        names.append("CONDSTORE")
        connection.modseqs = True
    connection.say(EnabledData(tuple(names)))
    connection.ok("Enabled what is known")


async def _login(connection: IMAPServer, request: ask.Login) -> None:
    channel = connection.channel()
    if not connection.authenticator.allows_password(channel):
        code = Code("PRIVACYREQUIRED")
        connection.finish(Status.NO, "LOGIN is disabled; begin TLS first", code)
        return
    try:
        user, password = request.user.decode("utf-8"), request.password.decode("utf-8")
    except UnicodeDecodeError:
        connection.finish(Status.BAD, "Name and password must be UTF-8")
        return
    try:
        entered = await connection.authenticator.log_in(channel, user, password, MailAccess)
    except LoginRefused as error:
        _refused(connection, error)
        return
    _enter(connection, entered)


async def _authenticate(connection: IMAPServer, request: ask.Authenticate) -> None:
    channel = connection.channel()
    exchange = connection.authenticator.exchange(channel, request.mechanism, MailAccess)
    if exchange is None:
        connection.finish(Status.NO, "That mechanism is not offered here", Code("CANNOT"))
        return
    try:
        step: LoginStep = await exchange.respond(request.initial)
        while isinstance(step, Challenged):
            response = await _challenge(connection, step.octets)
            if response is None:
                connection.finish(Status.BAD, "Cancelled")
                return
            step = await exchange.respond(response)
        # RFC 3501 has no place for data with the success: it is one more challenge, whose
        # response is empty (RFC 4422, 4).
        if step.octets is not None and await _challenge(connection, step.octets) != b"":
            connection.finish(Status.BAD, "An empty response was expected")
            return
    except LoginRefused as error:
        _refused(connection, error)
        return
    _enter(connection, step)


async def _challenge(connection: IMAPServer, octets: bytes) -> bytes | None:
    """Send a challenge; give the response, None when the client gave up."""
    connection.say(Continue(challenge=octets))
    event = await connection.take()
    if isinstance(event, AuthenticateResponse):
        return event.octets
    if isinstance(event, AuthenticateCancelled):
        return None
    raise RemoteProtocolError("a response was expected", close=True)


def _refused(connection: IMAPServer, error: LoginRefused) -> None:
    status, code, text = login_reply(error)
    connection.log.info("{name}: login refused: {why}", name=connection.name, why=error.reason)
    connection.finish(status, text, code)
    connection.count_bad()


def _enter(connection: IMAPServer, entered: LoggedIn) -> None:
    connection.enter(cast(MailAccess, entered.avatar))
    command = connection.dialog.command
    if command is None:
        return
    # The capabilities of the state this very answer leads to.
    connection.ok("Logged in", Code("CAPABILITY", capabilities(connection, inside=True)))


ANSWERS: Final[Mapping[type, Callable[[Any, Any], Awaitable[None] | None]]] = {
    ask.Capability: _capability,
    ask.Noop: _noop,
    ask.Logout: _logout,
    ask.Id: _id,
    ask.StartTls: _start_tls,
    ask.Enable: _enable,
    ask.Login: _login,
    ask.Authenticate: _authenticate,
}
