"""Messages found by IMAP's SEARCH, in one mailbox or in all of them."""

from __future__ import annotations

import contextlib
import re
from typing import Final

from netsuite.cli.client.imap import logged_in, message_row
from netsuite.cli.client.listing import Listing
from netsuite.cli.client.problems import Usage
from netsuite.cli.client.searching import Wanted
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.urls import BadURL, mailbox_path
from netsuite.connection.errors import Refusal
from netsuite.imap.client import IMAPClient
from netsuite.imap.commands.fetch import Item
from netsuite.imap.commands.search import Every, SearchKey, TextHas
from netsuite.imap.grammar.search import parse_program
from netsuite.imap.grammar.tokens import BadSyntax, Cursor
from netsuite.imap.sequences import SequenceSet

_ITEMS: Final = (Item.UID, Item.FLAGS, Item.SIZE, Item.INTERNALDATE, Item.ENVELOPE)
#: Atoms, numbers, dates and sets of them, and parentheses around.
_PLAIN: Final = re.compile(r"[!#$&'()*+,./0-9:;<=>?@A-Za-z\[\]^_`|~-]+")
_UNOPENED: Final = frozenset({"\\noselect", "\\nonexistent"})


async def search(session: ClientSession, wanted: Wanted) -> Listing:
    """Search the mailbox of the URL; without one, all that can be opened."""
    path = mailbox_path(session.target)
    if path.uid is not None or path.several:
        raise BadURL("a mailbox is searched, not a message")
    key = _key(wanted)
    rows = []
    async with logged_in(session) as client:
        mailboxes = [path.mailbox] if path.mailbox else await _mailboxes(client)
        for mailbox in mailboxes:
            with contextlib.ExitStack() as stack:
                if not path.mailbox:
                    stack.enter_context(contextlib.suppress(Refusal))  # one that may not be read
                await client.examine(mailbox)
                uids = list(await client.search(key))[-wanted.most :]
                if uids:
                    found = await client.fetch(SequenceSet.of(sorted(uids)), _ITEMS)
                    rows += [(mailbox, *message_row(each)) for each in found]
    titles = ("mailbox", "uid", "octets", "date", "flags", "from", "subject")
    return Listing(titles, rows[-wanted.most :])


def _key(wanted: Wanted) -> SearchKey:
    """Return what is asked for. Raises Usage for criteria that are none."""
    if not wanted.criteria:
        keys = tuple(TextHas(each) for each in wanted.words)
        return keys[0] if len(keys) == 1 else Every(keys)
    octets = " ".join(["", *map(_quoted, wanted.words)]).encode()
    cursor = Cursor([octets])
    with contextlib.suppress(BadSyntax, ValueError):
        key = parse_program(cursor, "UTF-8")
        if cursor.place == len(octets):
            return key
    raise Usage(f"these are no criteria of IMAP: {' '.join(wanted.words)}; as FROM ann UNSEEN")


def _quoted(word: str) -> str:
    """Return a word of the command line as it stands in a command: quoted where it must be, and
    is not."""
    if _PLAIN.fullmatch(word) or word.startswith('"'):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


async def _mailboxes(client: IMAPClient) -> list[str]:
    return [
        each.mailbox
        for each in await client.list()
        if not _UNOPENED & {name.lower() for name in each.attributes}
    ]
