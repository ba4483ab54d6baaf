"""Mailboxes as mirrors read them: directories, whose files are messages, ``UID.eml``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

from netsuite.cli.client.imap import log_in
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.urls import BadURL, mailbox_path
from netsuite.connection import errors
from netsuite.connection.client import Write
from netsuite.ftp.list_forms import Reading
from netsuite.ftp.listing import Listed, is_name
from netsuite.imap.client import IMAPClient, connect
from netsuite.imap.commands.fetch import BodySection, Item
from netsuite.imap.commands.responses import Listed as Mailbox
from netsuite.imap.dialog.client import LiteralBegins
from netsuite.imap.sequences import SequenceSet

_SUFFIX: Final = ".eml"
_UNOPENED: Final = frozenset({"\\noselect", "\\nonexistent"})
_FACTS: Final = (Item.UID, Item.SIZE, Item.INTERNALDATE)
#: ``1:*``
_ALL: Final = SequenceSet(((1, 0),))


class MailTree:
    """The mailboxes of an account, or one and those below it; made by ``opened``.

    Messages are never marked as read. One whose size the server tells wrongly is told, and not
    kept: what came would be taken for cut off.
    """

    features: Final[dict[str, str]] = {}
    has_hash: Final = False
    has_facts: Final = True

    def __init__(self, client: IMAPClient, tree: Mapping[str, Mailbox | None]) -> None:
        self._client = client
        self._tree = tree
        self._open = ""

    @classmethod
    async def opened(cls, session: ClientSession) -> MailTree:
        """Log in, and learn which mailboxes there are. Raises ClientError, LoginFailed, BadURL."""
        path = mailbox_path(session.target)
        if path.uid is not None or path.several:
            raise BadURL("a mailbox is mirrored, or all of them, not a message")
        session.insist_on_login()
        client = await connect(session.endpoint(), **session.way())
        try:
            await log_in(session, client)
            return cls(client, tree_of(await client.list(), path.mailbox.removesuffix("/")))
        except BaseException:
            client.abort()
            raise

    @property
    def lost(self) -> bool:
        """Whether the connection is gone."""
        return self._client.lost

    async def directory(self, path: str | None = None) -> Reading:
        """List what is below a mailbox, and its messages. Raises ClientError."""
        path = path or ""
        if path not in self._tree:
            raise errors.PermanentRefusal("", "there is no such mailbox")
        start = f"{path}/" if path else ""
        below = [each.removeprefix(start) for each in self._tree if each and each.startswith(start)]
        entries = [Listed(each, "dir") for each in below if "/" not in each]
        mailbox = self._tree[path]
        if mailbox is not None and not _UNOPENED & {each.lower() for each in mailbox.attributes}:
            entries += await self._messages(mailbox.mailbox)
        return Reading([each for each in entries if is_name(each.name)])

    async def _messages(self, mailbox: str) -> Sequence[Listed]:
        self._open = ""
        opened = await self._client.examine(mailbox)
        self._open = mailbox
        found = await self._client.fetch(_ALL, _FACTS, by_uid=False) if opened.messages else []
        return [
            Listed(f"{each.uid}{_SUFFIX}", "file", each.octets, each.internal_date)
            for each in found
            if each.uid is not None
        ]

    async def exactly(self, path: str, entry: Listed) -> Listed:
        """Return an entry as it was listed: there is no more to be had."""
        return entry

    async def retr(self, path: str, write: Write, *, offset: int = 0) -> None:
        """Fetch a message from an offset on. Raises ClientError."""
        above, _, name = path.rpartition("/")
        mailbox = self._tree[above]
        assert mailbox is not None  # its messages were listed
        if self._open != mailbox.mailbox:
            self._open = ""
            await self._client.examine(mailbox.mailbox)
            self._open = mailbox.mailbox
        streamed = False

        async def take(octets: bytes) -> None:
            work = write(octets)
            if work is not None and not isinstance(work, int):
                await work

        async def consume(begins: LiteralBegins, pieces: AsyncIterator[bytes]) -> None:
            nonlocal streamed
            streamed = True
            async for octets in pieces:
                await take(octets)

        # The number of octets that are wanted cannot be left away (RFC 3501, 6.4.5).
        section = BodySection(peek=True)
        if offset:
            section = BodySection(peek=True, start=offset, octets=0xFFFF_FFFF)
        uid = int(name.removesuffix(_SUFFIX))
        found = await self._client.fetch(uid, [section], consumer=consume)
        contents = [content for each in found for content in each.sections.values()]
        if streamed:
            return
        if not contents or not isinstance(contents[0], bytes):
            raise errors.PermanentRefusal("", "the message is gone")
        await take(contents[0])

    async def quit(self) -> None:
        """Log out."""
        await self._client.logout()
        await self._client.closed()

    def abort(self) -> None:
        """End it at once."""
        self._client.abort()


def tree_of(mailboxes: Sequence[Mailbox], top: str) -> Mapping[str, Mailbox | None]:
    """Return mailboxes by their paths, ``/`` between names whatever the server has there; with what
    only other mailboxes are below. A name with ``/`` in it, where that separates nothing, is left
    out.

    Args:
        top: the mailbox whose path is empty; empty for none.
    """
    tree: dict[str, Mailbox | None] = {"": None}
    for each in mailboxes:
        separator = each.separator or ""
        if top and each.mailbox == top:
            tree[""] = each
            continue
        name = each.mailbox
        if top:
            start = f"{top}{separator}"
            if not separator or not name.startswith(start):
                continue
            name = name.removeprefix(start)
        names = name.split(separator) if separator else [name]
        if any("/" in part or not part for part in names):
            continue
        for count in range(1, len(names)):
            tree.setdefault("/".join(names[:count]), None)
        tree["/".join(names)] = each
    if top and tree[""] is None and len(tree) == 1:
        del tree[""]
    return tree
