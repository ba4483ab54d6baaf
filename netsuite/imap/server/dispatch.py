"""The handlers of all commands in one table, and the class of connections that has them."""

from __future__ import annotations

from netsuite.connection.server import handlers, merged
from netsuite.imap import replies
from netsuite.imap.commands.requests import Command
from netsuite.imap.commands.responses import Completion, Continue, ok
from netsuite.imap.dialog.events import IdleDone, WantsLiteral
from netsuite.imap.dialog.rules import names_by_number, rule_of
from netsuite.imap.server import (
    append,
    fetch,
    folders,
    listing,
    login,
    messages,
    metadata,
    notify,
    quota,
    rights,
    search,
    select,
    sorting,
)
from netsuite.imap.server.progress import LONG, progress_told
from netsuite.imap.server.session import Session


async def command(session: Session, command: Command) -> Completion | None:
    """Have a command's request handled, after what holds for all of them."""
    await session.undisturbed()
    request, selected = command.request, session.selected
    session.count_as(type(request))
    if session.uid_only and names_by_number(request):
        return replies.UID_REQUIRED
    if selected is not None:
        await selected.read_news()
        if selected.read_only and rule_of(request).changes_mailbox:
            return replies.READ_ONLY
    handler = session.handlers[type(request)]
    completion: Completion | None
    if type(request) in LONG:
        with progress_told(session, command.tag):
            completion = await handler(session, request)
    else:
        completion = await handler(session, request)
    if completion is not None and selected is not None and selected is session.selected:
        await selected.read_news()  # of what came meanwhile, by this very command perhaps
    return completion


async def literal(session: Session, event: WantsLiteral) -> Continue:
    """Let a literal come; the dialog has judged it."""
    return Continue("go ahead")


async def idle_done(session: Session, event: IdleDone) -> Completion:
    """End IDLE (RFC 2177)."""
    await session.undisturbed()
    return ok("Idle ended")


class IMAPServer(Session):
    """An IMAP session that handles every command its dialog knows: events of the dialog, and
    among them the requests of ``Command``, each by its own kind."""

    handlers = merged(
        handlers(command, literal, idle_done),
        login.HANDLERS,
        folders.HANDLERS,
        listing.HANDLERS,
        select.HANDLERS,
        messages.HANDLERS,
        fetch.HANDLERS,
        search.HANDLERS,
        sorting.HANDLERS,
        append.HANDLERS,
        notify.HANDLERS,
        rights.HANDLERS,
        quota.HANDLERS,
        metadata.HANDLERS,
    )
