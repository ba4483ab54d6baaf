"""Data connections arranged: PASV, EPSV, PORT, EPRT; REST, RANG and ALLO of the next transfer."""

from __future__ import annotations

from typing import Final

from netsuite.connection.server import handlers
from netsuite.ftp import replies
from netsuite.ftp.commands import Allo, Epsv, Pasv, Port, Rang, Reply, Representation, Rest, reply
from netsuite.ftp.reply_grammar import extended_passive_reply, passive_reply
from netsuite.ftp.server.session import Session
from netsuite.ftp.transfer.channel import NoPortFree

#: RFC 2577, 3: what listens below is not to be spoken to for anybody.
FIRST_PORT: Final = 1024


async def passive(session: Session, command: Pasv) -> Reply:
    """Listen, and say where, in IPv4's words."""
    here = session.here()
    if session.extended_only:
        return replies.ONLY_EPSV
    if not session.shared.settings.passive:
        return replies.NO_PASSIVE
    if not here:
        return replies.NO_ADDRESS
    if ":" in here:
        return replies.NO_IPV4
    port = _listen(session)
    masquerade = session.shared.settings.masquerade_address
    # Who is on this very machine does not come through the translator.
    address = here if session.peer.local or not masquerade else masquerade
    return replies.NO_PORT if port is None else passive_reply(address, port)


async def extended_passive(session: Session, command: Epsv) -> Reply:
    """Listen, and say on which port."""
    here = session.here()
    family = 2 if ":" in here else 1
    if command.all:
        session.extended_only = True
        return reply(200, "Only EPSV from now on")
    if not session.shared.settings.passive:
        return replies.NO_PASSIVE
    if not here:
        return replies.NO_ADDRESS
    if command.family not in (None, family):
        return replies.other_family(family)
    port = _listen(session)
    return replies.NO_PORT if port is None else extended_passive_reply(port)


def _listen(session: Session) -> int | None:
    try:
        return session.data().listen(session.shared.ports)
    except NoPortFree:
        session.log.warn("{name}: no port is free for data", name=session.name)
        session.data().reset()
        return None


async def active(session: Session, command: Port) -> Reply:
    """Note where to connect to: the peer, and nobody else (RFC 2577, 3)."""
    peer = session.peer.address
    family = 2 if ":" in peer else 1
    if session.extended_only:
        return replies.ONLY_EPSV
    if not session.shared.settings.active:
        return replies.NO_ACTIVE
    if not peer:
        return replies.NO_ADDRESS
    if command.family not in (None, family):
        return replies.other_family(family)
    if command.address != peer:
        return replies.NOT_YOURS
    if command.port < FIRST_PORT:
        return replies.PRIVILEGED
    session.data().aim(command.address, command.port)
    return reply(200, "Noted")


async def restart(session: Session, command: Rest) -> Reply:
    """Note where the next transfer begins."""
    if command.offset and session.representation is Representation.ASCII:
        return replies.NO_ASCII_REST
    session.forget_place()
    session.restart_at = command.offset
    return reply(350, f"Restarting at {command.offset}")


async def choose_range(session: Session, command: Rang) -> Reply:
    """Note which octets the next transfer or hash is of (draft-bryan-ftp-range)."""
    session.forget_place()
    if (command.start, command.end) == (1, 0):
        return reply(350, "All of the file")
    if command.start > command.end:
        return replies.BAD_RANGE
    session.range = command.start, command.end
    return reply(350, f"From octet {command.start} to {command.end}")


async def allocate(session: Session, command: Allo) -> Reply:
    """Note the size of what is stored next, so that it can be refused before it comes."""
    session.allocated = command.octets
    return reply(200, "Noted")


HANDLERS = handlers(passive, extended_passive, active, restart, choose_range, allocate)
