"""The IMAP client: a method a command, values in, values out (RFC 3501)."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint

from netsuite import tls
from netsuite.connection.client import ClientTimeouts, connect_and_begin
from netsuite.imap.client.appends import AppendCommands
from netsuite.imap.client.folders import FolderCommands
from netsuite.imap.client.idle import Idling
from netsuite.imap.client.properties import PropertyCommands
from netsuite.imap.commands.notify import EventGroup, Notify
from netsuite.imap.commands.responses import StatusData
from netsuite.imap.dialog.client import ClientBounds


class IMAPClient(FolderCommands, PropertyCommands, AppendCommands):
    """One IMAP session, the client's side. See RFC 3501.

    ::

        client = await connect(endpoint, clock=reactor, tls_context=context)
        await client.login("ann", "secret")
        mailbox = await client.select("INBOX")
        for message in await client.fetch(SequenceSet(((1, 0),)), [Item.UID, Item.ENVELOPE]):
            ...
        await client.logout()

    Every method may raise ``Refusal`` (the server said NO or BAD), any other ``ClientError`` (the
    connection can be used no longer; ``Goodbye`` where the server said BYE), and
    ``LocalProtocolError`` (what was given cannot be said: CR, LF or NUL in it).

    Its commands stand in groups as those of the server do, a module each.

    Args:
        bounds: how much of a response is held.
    """

    def idle(self) -> Idling:
        """Wait for news: ``async with client.idle() as news: async for response in news``."""
        return Idling(self.commands)

    async def notify(self, *groups: EventGroup, status: bool = False) -> Sequence[StatusData]:
        """Choose what the server tells unasked, of which mailboxes (RFC 5465); without groups,
        nothing. It is heard in ``idle()``, and while any command is under way. Raises NotOffered.

        Args:
            status: be told how those mailboxes are, now.

        Returns:
            How they are.
        """
        self.require("NOTIFY")
        return (await self.commands.run(Notify(groups, status))).data_of(StatusData)


async def connect(
    endpoint: IStreamClientEndpoint,
    *,
    clock: IReactorTime,
    tls_context: tls.ClientContext | None = None,
    implicit: bool = False,
    timeouts: ClientTimeouts | None = None,
    bounds: ClientBounds | None = None,
) -> IMAPClient:
    """Connect and begin: see ``connect_and_begin``. TLS from the first octet is for port 993."""
    return await connect_and_begin(
        endpoint,
        lambda: IMAPClient(clock, timeouts=timeouts, bounds=bounds),
        upgrade=IMAPClient.starttls,
        tls_context=tls_context,
        implicit=implicit,
    )
