"""Quotas: GETQUOTA, GETQUOTAROOT, SETQUOTA (RFC 9208)."""

from __future__ import annotations

from typing import Final

from netsuite.connection.server import handlers
from netsuite.imap.commands import quota as ask
from netsuite.imap.commands.responses import Code, Completion, no, ok
from netsuite.imap.server.session import Session
from netsuite.store.errors import NoSuchFolder
from netsuite.store.model import Usage

#: RFC 9208, 5.1: STORAGE is told in units of so many octets.
UNIT_OCTETS: Final = 1024
_STORAGE, _MESSAGE = "STORAGE", "MESSAGE"
_NO_ROOT: Final = no("There is no such quota root", Code("NONEXISTENT"))
#: What a database can keep as octets.
_TOP: Final = (1 << 63) - 1


def quota_data(root: str, usage: Usage) -> ask.QuotaData:
    """Return what is told of a quota: what is not limited is left out (RFC 9208, 4.2.1)."""
    resources: list[tuple[str, int, int]] = []
    if usage.quota_octets is not None:
        used = -(-usage.octets // UNIT_OCTETS)
        resources.append((_STORAGE, used, usage.quota_octets // UNIT_OCTETS))
    if usage.quota_messages is not None:
        resources.append((_MESSAGE, usage.messages, usage.quota_messages))
    return ask.QuotaData(root, tuple(resources))


async def get_quota(session: Session, request: ask.GetQuota) -> Completion:
    """Send what is used and may be."""
    try:
        usage = await session.mail.quotas.usage(request.root)
    except NoSuchFolder:
        return _NO_ROOT
    session.say(quota_data(request.root, usage))
    return ok("Quota given")


async def get_quota_root(session: Session, request: ask.GetQuotaRoot) -> Completion:
    """Send whose quota counts a mailbox, and how that stands."""
    quotas = session.mail.quotas
    roots = tuple(await quotas.roots(request.mailbox))
    session.say(ask.QuotaRootData(request.mailbox, roots))
    for root in roots:
        usage = await quotas.usage_of_owner(request.mailbox)
        if usage is not None:
            session.say(quota_data(root, usage))
    return ok("Quota roots given")


async def set_quota(session: Session, request: ask.SetQuota) -> Completion:
    """Set what may be used; what is not named is not limited any more (RFC 9208, 4.1.3)."""
    limits = dict(request.limits)
    if not limits.keys() <= {_STORAGE, _MESSAGE}:
        return no("There is no such resource", Code("CANNOT"))
    storage = limits.get(_STORAGE)
    octets = None if storage is None else min(storage * UNIT_OCTETS, _TOP)
    quotas = session.mail.quotas
    try:
        await quotas.limit(request.root, octets, limits.get(_MESSAGE))
        usage = await quotas.usage(request.root)
    except NoSuchFolder:
        return _NO_ROOT
    session.say(quota_data(request.root, usage))
    return ok("Quota set")


HANDLERS = handlers(get_quota, get_quota_root, set_quota)
