"""Rights on mailboxes: SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS (RFC 4314)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from netsuite.connection.server import handlers
from netsuite.imap.commands import rights as ask
from netsuite.imap.commands.responses import Completion, no, ok
from netsuite.imap.server.session import Session
from netsuite.store import rights
from netsuite.store.errors import NoSuchAccount
from netsuite.store.model import FlagAction

_NOBODY: Final = no("Nobody has that identifier")
_ACTIONS: Final[Mapping[ask.RightsAction, FlagAction]] = {
    action: FlagAction[action.name] for action in ask.RightsAction
}


async def set_acl(session: Session, request: ask.SetAcl) -> Completion:
    """Give or take rights."""
    action = _ACTIONS[request.action]
    try:
        await session.mail.sharing.change(
            request.mailbox, request.identifier, action, request.rights
        )
    except NoSuchAccount:
        return _NOBODY
    return ok("Rights changed")


async def delete_acl(session: Session, request: ask.DeleteAcl) -> Completion:
    """Take all rights that an identifier was given."""
    await session.mail.sharing.change(request.mailbox, request.identifier, None, "")
    return ok("Rights taken")


async def get_acl(session: Session, request: ask.GetAcl) -> Completion:
    """Send who has which rights."""
    rows = await session.mail.sharing.rows(request.mailbox)
    shown = tuple((who, rights.shown(letters)) for who, letters in rows.items())
    session.say(ask.AclData(request.mailbox, shown))
    return ok("Rights listed")


async def list_rights(session: Session, request: ask.ListRights) -> Completion:
    """Send which rights an identifier can be given, each by itself; the virtual ones, whose
    members are not tied, stand by themselves, too (RFC 4314, 2.1.1)."""
    try:
        always, may = await session.mail.sharing.grantable(request.mailbox, request.identifier)
    except NoSuchAccount:
        return _NOBODY
    always = rights.shown(always)
    single = tuple(each for each in rights.shown(may) if each not in always)
    session.say(ask.ListRightsData(request.mailbox, request.identifier, always, single))
    return ok("Rights listed")


async def my_rights(session: Session, request: ask.MyRights) -> Completion:
    """Send one's own rights."""
    mine = await session.mail.sharing.mine(request.mailbox)
    session.say(ask.MyRightsData(request.mailbox, rights.shown(mine)))
    return ok("Rights listed")


HANDLERS = handlers(set_acl, delete_acl, get_acl, list_rights, my_rights)
