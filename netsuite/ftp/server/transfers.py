"""Transfers: RETR and STOR and their like, listings; hashes; ABOR."""

from __future__ import annotations

from typing import Final

from OpenSSL import SSL
from twisted.internet.defer import CancelledError
from twisted.internet.error import ConnectionDone

from netsuite.connection.sendfile import FileCutShort
from netsuite.connection.server import handlers
from netsuite.ftp import commands, replies
from netsuite.ftp.deflate import BadDeflate
from netsuite.ftp.server import hashes, receiving, sending
from netsuite.ftp.server.active_transfer import ActiveTransfer
from netsuite.ftp.server.session import Session
from netsuite.ftp.server.transfer_log import transferred
from netsuite.ftp.transfer import connection
from netsuite.store.errors import BadFileName
from netsuite.wire.errors import ErrorTable
from netsuite.wire.events import EndOfInput

#: What OpenSSL says to a full handshake where there is no certificate to show.
_NO_RESUMPTION: Final = frozenset({"no shared cipher", "no suitable signature algorithm"})

#: What is said of what a transfer may meet beside the store's errors.
_ERRORS: Final[ErrorTable[commands.Reply]] = ErrorTable(
    {
        **replies.REPLIES,
        CancelledError: replies.ABORTED,
        connection.NotArranged: replies.ARRANGE_FIRST,
        connection.NotConnected: replies.NOT_CONNECTED,
        connection.DataStalled: replies.STALLED,
        connection.DataCut: replies.CUT,
        connection.NoTLSEnd: replies.NO_TLS_END,
        connection.HandshakeFailed: replies.TLS_FAILED,
        FileCutShort: replies.LEFT_WHILE_SENT,
        BadDeflate: replies.BAD_DEFLATE,
        receiving.NotTheRange: replies.NO_RANGE_STORED,
        # Of the data connection: the control connection's end cancels us.
        ConnectionDone: replies.CUT,
    }
)


# -- running ------------------------------------------------------------------------------------


async def transfer(session: Session, command: commands.Work) -> None:
    """Run a transfer, or a hash, beside the commands."""
    active = session.active = ActiveTransfer(command, since=session.clock.seconds())
    active.done = session.spawn(_run(session, active), command)


async def _run(session: Session, active: ActiveTransfer) -> None:
    said = replies.BROKEN
    try:
        said = await _worked(session, active)
    finally:
        transferred(session, active, said)
        session.forget_place()
        if _uses_connection(active):
            session.allocated = None
            session.transfer_ended()
            session.data().reset()
        session.active = None
    session.say(commands.Ended(said))


def _uses_connection(active: ActiveTransfer) -> bool:
    return isinstance(active.command, commands.TRANSFERS)


async def _worked(session: Session, active: ActiveTransfer) -> commands.Reply:
    """Do the work; return what is to be said of it in the end."""
    try:
        in_clear = session.protection is commands.Protection.CLEAR
        if in_clear and session.shared.settings.require_tls and _uses_connection(active):
            return replies.PROT_NEEDED
        return await _work(session, active)
    except Exception as error:
        said = _reply_to(active, error)
        if said is None:
            raise
        return said


async def _work(session: Session, active: ActiveTransfer) -> commands.Reply:
    match active.command:
        case commands.Retr() as command:
            return await sending.retrieve(session, active, command)
        case commands.Stor() as command:
            return await receiving.store(session, active, command)
        case commands.Appe() as command:
            return await receiving.append(session, active, command)
        case commands.Stou() as command:
            return await receiving.store_unique(session, active, command)
        case commands.Hash() as command:
            return await hashes.hash_file(session, active, command)
        case commands.Digest() as command:
            return await hashes.digest_file(session, active, command)
        case command:
            return await sending.list_directory(session, active, command)


def _reply_to(active: ActiveTransfer, error: Exception) -> commands.Reply | None:
    """Return what is said of an error; None where it was not foreseen."""
    if isinstance(error, BadFileName) and isinstance(
        active.command, commands.Stor | commands.Stou | commands.Appe
    ):
        return replies.BAD_NAME
    if isinstance(error, ConnectionDone) and active.data is not None and active.data.stalled:
        return replies.STALLED
    cause = error.__cause__
    if isinstance(error, connection.HandshakeFailed) and isinstance(cause, SSL.Error):
        reasons = {reason[-1] for reason in cause.args[0]} if cause.args else set()
        if reasons & _NO_RESUMPTION:
            return replies.RESUME_TLS
    return _ERRORS.find(error)


async def abort(session: Session, command: commands.Abor) -> commands.Reply:
    """End the transfer under way; it says 426 first, unless it is too late for that."""
    if session.active is None:
        session.data().reset()
    else:
        await session.active.stop()
    return replies.ABORT_DONE


async def end_of_input(session: Session, event: EndOfInput) -> None:
    """Close, when the transfer under way has ended, which is told to a client that has closed its
    half only. Whether one that sends a file is gone is found out when the file has come."""
    if session.active is not None and session.active.done is not None:
        await session.active.done
    session.close()


HANDLERS = handlers(transfer, abort, end_of_input)
