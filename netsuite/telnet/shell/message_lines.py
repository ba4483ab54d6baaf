"""The lines of a message as a person reads it: some of its header, its text, what else is there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Final, TypeAlias

from netsuite.message import reading
from netsuite.message.reading import file_name, first_address, is_attached, part_text, type_name
from netsuite.message.structure import Mailbox, Part, Summary
from netsuite.message.words import decode_words
from netsuite.store.model import ContentId, Described, Message
from netsuite.telnet.dialog.style import Style
from netsuite.telnet.sanitize import one_line, sanitized
from netsuite.telnet.shell.columns import layout, wrapped
from netsuite.telnet.shell.command import Shell
from netsuite.telnet.shell.terminal import Shown, Styled

#: Octets of a text that are shown.
TEXT_OCTETS: Final = 1024 * 1024

#: Messages that are looked up at once for a list.
_BATCH: Final = 200

#: Returns octets ``start`` to ``stop`` of a content, in pieces.
Read: TypeAlias = Callable[[ContentId, int, int], AsyncIterator[bytes]]
Find: TypeAlias = Callable[[Sequence[int]], Awaitable[Sequence[Described]]]


async def listed(
    shell: Shell,
    find: Find,
    uids: Sequence[int],
    number: Callable[[Message], int],
    mark: Callable[[Message], str],
) -> AsyncIterator[Shown]:
    """Return a line for each message of a list, as wide as the window.

    Args:
        find: returns what is known of some of them.
        uids: of the messages.
        number: returns what a message is called by.
        mark: returns one character; those with another one than a blank are set off.
    """
    now, columns = shell.shared.now(), shell.terminal.columns - 1
    for start in range(0, len(uids), _BATCH):
        found = await find(uids[start : start + _BATCH])
        highest = max((number(each.message) for each in found), default=0)
        columned = layout(columns + 1, max(highest, len(uids)))
        for each in found:
            marked = mark(each.message)
            line = columned.row(
                number(each.message),
                marked,
                each.message.internal_date,
                reading.author(each.summary),
                each.summary.subject,
                now=now,
                columns=columns,
            )
            yield Styled(line, Style.PLAIN if marked == " " else Style.NEW)


async def message_lines(read: Read, described: Described, columns: int = 0) -> AsyncIterator[Shown]:
    """Return the lines of a message. Raises NoSuchMessage.

    Args:
        columns: that its lines are wrapped to; 0 for not.
    """
    summary = described.summary
    for line in _header(summary):
        style = Style.TITLE if line.startswith("Subject:") else Style.PLAIN
        for row in wrapped(line, columns) if columns else (line,):
            yield Styled(row, style)
    yield ""
    async for line in text_lines(read, described):
        style = Style.QUOTED if line.startswith(">") else Style.PLAIN
        shown = sanitized(line).expandtabs()
        for row in wrapped(shown, columns) if columns else (line,):
            yield Styled(row, style)
    for line in _others(summary.root, _shown(summary.root)):
        yield line


async def text_lines(read: Read, described: Described) -> AsyncIterator[str]:
    """Return the lines of a message's texts. Raises NoSuchMessage."""
    shown = _shown(described.summary.root)
    if not shown:
        yield "(There is no text in it.)"
    left = TEXT_OCTETS
    for part in shown:
        if part is not shown[0]:
            yield ""
        for line in (await _text(read, described.message.content, part, left)).splitlines():
            yield line
        if part.octets > left:
            yield f"(There is more: {part.octets} octets in all.)"
            break
        left -= part.octets


def _header(summary: Summary) -> Iterator[str]:
    envelope = summary.envelope
    yield f"From:    {one_line(first_address(envelope.from_))}"
    for name, mailboxes in (("To:", envelope.to), ("Cc:", envelope.cc)):
        if mailboxes:
            yield f"{name:<8} {_first_of(mailboxes)}"
    yield f"Date:    {one_line(decode_words(envelope.date or b''))}"
    yield f"Subject: {one_line(summary.subject)}"


def _first_of(mailboxes: Sequence[Mailbox]) -> str:
    others = sum(mailbox.domain is not None for mailbox in mailboxes) - 1
    more = f" and {others} more" if others > 0 else ""
    return f"{one_line(first_address(mailboxes))}{more}"


def _shown(root: Part) -> list[Part]:
    """Return what to read: the texts of a message, else those of the messages in it."""
    for part in root.walk():
        if found := reading.texts(part):
            return found
    return []


async def _text(read: Read, content: ContentId, part: Part, limit_octets: int) -> str:
    stop = min(part.body_end, part.body_start + limit_octets)
    octets = b"".join([piece async for piece in read(content, part.body_start, stop)])
    return part_text(octets, part)


def _others(root: Part, shown: Sequence[Part]) -> Iterator[str]:
    """Return a line for each part that is not shown, but for other wordings of what is."""
    wordings = {
        id(each)
        for part in root.walk()
        if part.type == (b"multipart", b"alternative")
        for each in part.children
        if each.type[0] == b"text" and not is_attached(each)
    }
    seen = {id(part) for part in shown}
    for part in root.walk():
        if part.children or id(part) in seen or (seen and id(part) in wordings):
            continue
        yield f"[{one_line(file_name(part))} {type_name(part)}, {part.octets} octets]"
