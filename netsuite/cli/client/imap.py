"""imap and imaps: get, put, ls and watch."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final

from netsuite.cli.client.destination import Destination
from netsuite.cli.client.files import Letter, Output, pieces_of
from netsuite.cli.client.listing import Cell, Listing
from netsuite.cli.client.naming import message_name
from netsuite.cli.client.problems import LoginFailed, NotGiven
from netsuite.cli.client.session import ClientSession, ended
from netsuite.cli.client.transfers import Client
from netsuite.cli.client.urls import BadURL, MailboxPath, mailbox_path
from netsuite.connection.errors import Refusal
from netsuite.imap.client import (
    IMAPClient,
    connect,
)
from netsuite.imap.commands.fetch import BodySection, FetchData, Item, Streamed
from netsuite.imap.dialog.client import ClientBounds, LiteralBegins
from netsuite.imap.grammar.fetch import parse_section
from netsuite.imap.grammar.tokens import BadSyntax, Cursor
from netsuite.imap.sequences import SequenceSet
from netsuite.message.structure import Envelope
from netsuite.message.words import decode_words

#: What is fetched at once, and held.
_BATCH_OCTETS: Final = 8 * 1024 * 1024
_BATCH_MESSAGES: Final = 500
_LARGE_OCTETS: Final = ClientBounds().held_octets
#: ``1:*``
ALL: Final = SequenceSet(((1, 0),))


@contextlib.asynccontextmanager
async def logged_in(
    session: ClientSession, bounds: ClientBounds | None = None
) -> AsyncIterator[IMAPClient]:
    """Return a client that has logged in. Raises LoginFailed."""
    session.insist_on_login()
    client = await connect(session.endpoint(), **session.way(), bounds=bounds)
    async with ended(client.closed, client.abort):
        await log_in(session, client)
        yield client
        await client.logout()


async def log_in(session: ClientSession, client: IMAPClient) -> None:
    """Begin TLS where that is wanted, and log in. Raises LoginFailed."""
    await session.begin_tls(client.starttls, offered="STARTTLS" in client.capabilities)
    if session.target.tls:
        # A greeting may have been made before the handshake was done, and then does not tell
        # of channel binding; a SCRAM that goes by it is refused as a downgrade.
        await client.capability()
    disabled = "LOGINDISABLED" in client.capabilities
    if disabled and session.mechanism(client.mechanisms, client.peer) is None:
        raise LoginFailed(f"{session.target.place} takes no login without TLS")
    await session.log_in(client)


async def _examine(client: IMAPClient, path: MailboxPath) -> int:
    """Open the mailbox for reading; return its number of messages. Raises NotGiven."""
    opened = await client.examine(path.mailbox)
    if path.uid_validity is not None and path.uid_validity != opened.uid_validity:
        raise NotGiven(
            f"the UIDs of {path.mailbox} mean other messages now: UIDVALIDITY is "
            f"{opened.uid_validity}"
        )
    return opened.messages


async def get(session: ClientSession, output: Output) -> None:
    """Fetch a message or a section of it; its flags stay as they are."""
    path = mailbox_path(session.target)
    if path.uid is None:
        raise BadURL("which message? imap://HOST/MAILBOX;UID=1")
    section = _section(path.section)
    async with logged_in(session) as client:
        await _examine(client, path)
        streamed = False

        async def consume(begins: LiteralBegins, pieces: AsyncIterator[bytes]) -> None:
            nonlocal streamed
            streamed = True
            output.begin(begins.octets)
            async for octets in pieces:
                output.write(octets)

        found = await client.fetch(path.uid, [section], consumer=consume)
        if streamed:
            return
        contents = [content for each in found for content in each.sections.values()]
        if not contents or not isinstance(contents[0], bytes):
            raise NotGiven(f"there is no such message or section in {path.mailbox}")
        output.write(contents[0])


async def get_several(session: ClientSession, destination: Destination) -> None:
    """Fetch the messages of a set of UIDs, or a section of each; their flags stay."""
    path = mailbox_path(session.target)
    section = _section(path.section)
    async with logged_in(session) as client:
        count = await _examine(client, path)
        sized: list[FetchData] = []
        if count:
            numbers = SequenceSet.parse(path.several.encode("ascii"))
            if numbers is None:
                raise BadURL(f"{path.several} is no set of UIDs")
            sized = [
                each
                for each in await client.fetch(numbers, [Item.UID, Item.SIZE])
                if each.uid is not None
            ]
        if not sized:
            raise NotGiven(f"there are no such messages in {path.mailbox}")
        for batch in _batches(sized):
            await _fetch_batch(client, batch, section, destination, path.section)


def _batches(messages: Sequence[FetchData]) -> Iterator[Sequence[int]]:
    """Return the UIDs of messages in bunches of which all can be held; a large one is alone."""
    batch: list[int] = []
    held = 0
    for each in sorted(messages, key=lambda message: message.uid or 0):
        octets = each.octets or 0
        large = octets > _LARGE_OCTETS
        if batch and (large or held + octets > _BATCH_OCTETS or len(batch) >= _BATCH_MESSAGES):
            yield batch
            batch, held = [], 0
        batch.append(each.uid or 0)
        held += octets if not large else _BATCH_OCTETS
    yield batch


async def _fetch_batch(
    client: IMAPClient,
    uids: Sequence[int],
    section: BodySection,
    destination: Destination,
    named: str,
) -> None:
    """Fetch messages at once. What passes in pieces is told by its sequence number alone, which may
    be another's by now: only of a message that is alone is it written as it comes."""
    done = set()
    held: dict[int, bytes] = {}

    async def consume(begins: LiteralBegins, pieces: AsyncIterator[bytes]) -> None:
        if len(uids) > 1:
            held[begins.number] = b"".join([octets async for octets in pieces])
            return
        done.add(uids[0])
        with destination.output(message_name(uids[0], named)) as output:
            output.begin(begins.octets)
            async for octets in pieces:
                output.write(octets)

    for each in await client.fetch(uids, [Item.UID, section], consumer=consume):
        content = next(iter(each.sections.values()), None)
        if isinstance(content, Streamed):
            content = held.pop(each.number, None)
        if each.uid is None or each.uid not in uids or each.uid in done or content is None:
            continue
        done.add(each.uid)
        with destination.output(message_name(each.uid, named)) as output:
            output.write(content)
    for uid in uids:
        if uid not in done:
            destination.failed(f"message {uid}", "there is no such message or section")


def _section(text: str) -> BodySection:
    """Read a section. Raises BadURL."""
    if not text.isascii():
        raise BadURL("a section is ASCII, such as 1.2.MIME or HEADER")
    octets = b"[" + text.encode("ascii") + b"]"
    cursor = Cursor([octets])
    try:
        section = parse_section(cursor, peek=True)
    except (BadSyntax, ValueError):
        raise BadURL(f"{text} is no section") from None
    if cursor.place != len(octets):
        raise BadURL(f"{text} is no section")
    return section


async def add(session: ClientSession, letter: Letter) -> None:
    """Add a message to a mailbox."""
    path = mailbox_path(session.target)
    if not path.mailbox or path.uid is not None:
        raise BadURL("into which mailbox? imap://HOST/MAILBOX")
    async with logged_in(session) as client:
        session.progress.begin(letter.octets)
        pieces = pieces_of(letter.file, session.progress)
        await client.append(path.mailbox, pieces, octets=letter.octets)


async def ls(session: ClientSession) -> Listing:
    """List mailboxes, or the messages of one."""
    path = mailbox_path(session.target)
    if path.uid is not None:
        raise BadURL("a message has nothing to list; get it")
    async with logged_in(session) as client:
        if not path.mailbox:
            return await _mailboxes(client)
        count = await _examine(client, path)
        found: list[FetchData] = []
        if count:
            items = [Item.UID, Item.FLAGS, Item.SIZE, Item.INTERNALDATE, Item.ENVELOPE]
            found = list(await client.fetch(ALL, items, by_uid=False))
    return Listing(
        ("uid", "octets", "date", "flags", "from", "subject"), [message_row(each) for each in found]
    )


async def _mailboxes(client: IMAPClient) -> Listing:
    rows = []
    for each in await client.list():
        counts = {}
        if not {"\\noselect", "\\nonexistent"} & {name.lower() for name in each.attributes}:
            with contextlib.suppress(Refusal):  # one that may not be read
                counts = dict(await client.status(each.mailbox, "MESSAGES", "UNSEEN"))
        rows.append(
            (each.mailbox, counts.get("MESSAGES"), counts.get("UNSEEN"), " ".join(each.attributes))
        )
    return Listing(("mailbox", "messages", "unseen", "attributes"), rows)


def message_row(message: FetchData) -> Sequence[Cell]:
    """Return a message's row of a listing: UID, octets, date, flags, sender, subject."""
    envelope = message.envelope or Envelope()
    sender = ""
    for each in envelope.from_[:1]:
        local, domain = each.local or b"", each.domain or b""
        sender = f"{local.decode('utf-8', 'replace')}@{domain.decode('utf-8', 'replace')}"
    return (
        message.uid,
        message.octets,
        message.internal_date,
        " ".join(sorted(message.flags or ())),
        sender,
        decode_words(envelope.subject or b""),
    )


CLIENT: Final = Client(
    get=get,
    get_several=get_several,
    ls=ls,
    post=add,
)
