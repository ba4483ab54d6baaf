"""Changes of a mailbox, which IMAP's IDLE tells as they happen."""

from __future__ import annotations

import functools

from netsuite.cli.client.imap import log_in
from netsuite.cli.client.problems import complain
from netsuite.cli.client.results import Result
from netsuite.cli.client.running import line_of
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.urls import BadURL, mailbox_path
from netsuite.cli.client.watching import Watching
from netsuite.connection.errors import ClientError
from netsuite.imap.client import (
    Change,
    FlagsChanged,
    KnownMailbox,
    MailboxWatch,
    MessageAdded,
    MessageRemoved,
    Renumbered,
    connect,
)


async def watch(session: ClientSession, watching: Watching) -> None:
    """Show what changes in a mailbox, for as long as nobody interrupts it. A connection that cannot
    be made at all is an error; one that is lost is complained of, and made again."""
    path = mailbox_path(session.target)
    if path.uid is not None or path.several:
        raise BadURL("a mailbox is watched, not a message")
    session.insist_on_login()

    def trouble(error: ClientError, seconds: float) -> None:
        if session.over or not began:
            raise error
        complain(f"{line_of(error, session.target.place)}; again in {seconds:.0f} seconds")

    mailbox = MailboxWatch(
        lambda: connect(session.endpoint(), **session.way()),
        functools.partial(log_in, session),
        path.mailbox or "INBOX",
        clock=session.clock,
        known=KnownMailbox() if watching.everything else None,
        trouble=trouble,
        in_step=lambda: began.append(True),
    )
    began: list[bool] = []
    async with mailbox as changes:
        async for change in changes:
            watching.show(_result(change))


def _result(change: Change) -> Result:
    match change:
        case MessageAdded(uid, flags):
            return Result("new", {"uid": uid, "flags": sorted(flags)})
        case FlagsChanged(uid, flags):
            return Result("flags", {"uid": uid, "flags": sorted(flags)})
        case MessageRemoved(uid):
            return Result("gone", {"uid": uid})
        case Renumbered(uid_validity):
            return Result("renumbered", {"uid-validity": uid_validity})
