"""The mailbox that is open in a shell: numbers of its last list, and the messages they mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from netsuite.message.words import decode_words
from netsuite.store.errors import NoSuchMessage
from netsuite.store.model import Described, Folder, SpecialUse
from netsuite.telnet.sanitize import one_line
from netsuite.telnet.shell.answering import Answered
from netsuite.telnet.shell.command import CommandRefused, Shell, Usage
from netsuite.telnet.shell.message_lines import Read

INBOX: Final = "INBOX"
#: A number, or a range of them.
_NUMBERS: Final = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")
#: So much of a header is looked at.
HEADER_OCTETS: Final = 65_536


async def open_mailbox(shell: Shell, name: str) -> tuple[Folder, Sequence[int]]:
    """Open a folder: from now on numbers are those of its messages."""
    folder = await shell.access.mail.folder(name)
    shell.mailbox = (folder, tuple(await shell.access.mail.uids(folder.id)))
    return shell.mailbox


async def numbered(shell: Shell, words: Sequence[str]) -> tuple[Folder, list[int]]:
    """Return the folder listed last and the UIDs that numbers, or ranges as ``2-5``, stand for in
    that list. Raises Usage, CommandRefused."""
    if not words:
        raise Usage
    found = [_NUMBERS.fullmatch(word) for word in words]
    if not all(found):
        raise Usage
    folder, uids = shell.mailbox or await open_mailbox(shell, INBOX)
    chosen: list[int] = []
    for each in filter(None, found):
        first, last = int(each[1]), int(each[2] or each[1])
        for end in (first, last):
            if not 0 < end <= len(uids):
                raise CommandRefused(f"There is no message {end} in {one_line(folder.name)}.")
        chosen += uids[first - 1 : last]
    return folder, list(dict.fromkeys(chosen))


async def message(shell: Shell, word: str) -> tuple[Folder, Described]:
    """Return the message that a number stands for. Raises Usage, CommandRefused, NoSuchMessage."""
    folder, uids = await numbered(shell, [word])
    if len(uids) != 1:
        raise Usage
    found = await shell.access.mail.described(folder.id, uids)
    if not found:
        raise NoSuchMessage(str(uids[0]))
    return folder, found[0]


async def special(shell: Shell, use: SpecialUse) -> Folder | None:
    """Return one's own folder of a special use; None where there is none."""
    folders = await shell.access.mail.folders()
    own = (each for each in folders if shell.access.mail.writable(each))
    return next((each for each in own if each.special_use is use), None)


async def answered(read: Read, described: Described) -> Answered:
    """Return what an answer needs of a message."""
    summary = described.summary
    stop = min(summary.root.body_start, HEADER_OCTETS)
    octets = [piece async for piece in read(described.message.content, 0, stop)]
    by = next(
        (
            decode_words(each.name or each.local or b"")
            for each in summary.envelope.from_
            if each.name or each.local
        ),
        "somebody",
    )
    day = str(summary.sent_day or f"{described.message.internal_date:%Y%m%d}").zfill(8)
    when = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    return Answered(b"".join(octets), summary.subject, when, one_line(by))
