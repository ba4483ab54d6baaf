"""Before, around and after a login: CAPABILITY, NOOP, LOGOUT, ID, STARTTLS, LOGIN, AUTHENTICATE,
UNAUTHENTICATE, ENABLE, COMPRESS.

See RFC 3501, 6.1 and 6.2; RFC 2971 (ID); RFC 4978 (COMPRESS); RFC 5161 (ENABLE); RFC 6855
(UTF8=ACCEPT); RFC 8437 (UNAUTHENTICATE).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from netsuite.accounts.interfaces import MailAccess
from netsuite.connection.server import handlers
from netsuite.imap import replies
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands import responses
from netsuite.imap.server import annotation_news
from netsuite.imap.server.session import Session


async def capability(session: Session, request: ask.Capability) -> responses.Completion:
    """Send what there is now."""
    session.say(responses.CapabilityData(session.capabilities()))
    return responses.ok("That is all")


async def noop(session: Session, request: ask.Noop) -> responses.Completion:
    """Do nothing, which is the occasion to tell of news."""
    return responses.ok("Nothing done")


async def logout(session: Session, request: ask.Logout) -> None:
    """Send BYE, then OK, then close."""
    session.deselect()
    session.say(responses.Condition(responses.Status.BYE, "Goodbye"))
    session.say(responses.ok("Logged out"))
    session.close()


async def identify(session: Session, request: ask.Id) -> responses.Completion:
    """Send who we are; log who the client is."""
    if request.parameters:
        # A client's own words: logged as data, with what would break a line taken out.
        session.log.info(
            "{name} is {client}", name=session.name, client=repr(dict(request.parameters))
        )
    pairs: list[tuple[str, str | None]] = [("name", session.shared.software)]
    if session.shared.version:
        pairs.append(("version", session.shared.version))
    session.say(responses.IdData(tuple(pairs)))
    return responses.ok("Pleased to meet you")


async def start_tls(session: Session, request: ask.StartTls) -> responses.Completion | None:
    """Begin TLS."""
    if session.shared.tls is None:
        return replies.NO_TLS
    if session.peer.secure:
        return replies.TLS_ALREADY
    session.say(responses.ok("Begin TLS now"))
    session.start_tls(session.shared.tls)
    return None


async def enable(session: Session, request: ask.Enable) -> responses.Completion:
    """Turn extensions on."""
    # RFC 5161, 3.1: what is unknown, or enabled already, is passed over.
    names = tuple(
        name
        for name, turn_on in _EXTENSIONS.items()
        if name.upper() in request.names and turn_on(session)
    )
    session.say(responses.EnabledData(names))
    return responses.ok("Enabled what is known")


def _enable_qresync(session: Session) -> bool:
    new = not session.vanished
    session.modseqs = session.vanished = True
    return new


def _enable_condstore(session: Session) -> bool:
    new = not session.modseqs
    session.modseqs = True
    return new


def _enable_uid_only(session: Session) -> bool:
    new = not session.uid_only
    session.uid_only = True
    return new


def _enable_rev2(session: Session) -> bool:
    new = not session.rev2
    session.rev2 = session.dialog.utf8 = True  # RFC 9051, 5.1: names are in UTF-8
    return new


def _enable_utf8(session: Session) -> bool:
    new = not session.dialog.utf8
    session.dialog.utf8 = True
    return new


#: What ENABLE turns on, and returns whether that is new. QRESYNC has CONDSTORE in it, and comes
#: behind it: who asks for both is told of both.
_EXTENSIONS: Final[Mapping[str, Callable[[Session], bool]]] = {
    "CONDSTORE": _enable_condstore,
    "QRESYNC": _enable_qresync,
    "UIDONLY": _enable_uid_only,
    "UTF8=ACCEPT": _enable_utf8,
    "IMAP4rev2": _enable_rev2,
    "METADATA": annotation_news.enable,
}


async def login(session: Session, request: ask.Login) -> responses.Completion:
    """Log in with a clear password."""
    authenticator, channel = session.shared.authenticator, session.channel()
    if not authenticator.allows_password(channel):
        return replies.LOGIN_DISABLED
    try:
        user, password = request.user.decode("utf-8"), request.password.decode("utf-8")
    except UnicodeDecodeError:
        return responses.bad("Name and password must be UTF-8")
    return session.enter(await authenticator.log_in(channel, user, password, MailAccess))


async def authenticate(session: Session, request: ask.Authenticate) -> responses.Completion:
    """Log in by SASL."""
    with session.exchanging(request.mechanism):
        entered = await session.shared.authenticator.authenticate(
            session.channel(), request.mechanism, MailAccess, session.challenge, request.initial
        )
    return session.enter(entered)


async def unauthenticate(session: Session, request: ask.Unauthenticate) -> responses.Completion:
    """Leave the account, and stay for another."""
    if session.compressed:
        return responses.bad("Not while compressing")
    session.leave_account()
    return responses.ok("Log in again", responses.Code("CAPABILITY", session.capabilities()))


async def compress(session: Session, request: ask.Compress) -> responses.Completion | None:
    """Begin to compress, both ways."""
    if request.mechanism != "DEFLATE":
        return responses.bad("There is DEFLATE only")
    if session.compressed:
        return responses.bad("It is on already")
    session.say(responses.ok("Compressing from here on"))
    session.compressed = True
    # A client that did not wait for our word has sent what is compressed.
    session.start_compression(session.dialog.take_input())
    return None


HANDLERS = handlers(
    capability,
    noop,
    logout,
    identify,
    start_tls,
    enable,
    compress,
    login,
    authenticate,
    unauthenticate,
)
