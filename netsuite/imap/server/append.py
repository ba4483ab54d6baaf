"""APPEND and REPLACE: messages into a mailbox, piece by piece, all of them or none.

See RFC 3501, 6.3.11; RFC 3502 (MULTIAPPEND); RFC 3516, 4.4; RFC 4315; RFC 4469 (CATENATE); RFC 7889
(APPENDLIMIT); RFC 8508 (REPLACE). What comes is mended on its way: see ``message.repair``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

from netsuite.accounts.interfaces import NewMail
from netsuite.connection.server import handlers
from netsuite.imap.commands.append import Append, MessageLiteral, MessageUrl, Piece, Replace
from netsuite.imap.commands.fetch import SectionText
from netsuite.imap.commands.responses import (
    Code,
    Completion,
    Condition,
    Continue,
    CopyUid,
    Status,
    no,
    ok,
)
from netsuite.imap.dialog.events import AppendMore, WantsLiteral
from netsuite.imap.grammar.tokens import BadSyntax
from netsuite.imap.sections import OctetRange, pick_fields, whole_range
from netsuite.imap.sequences import SequenceSet
from netsuite.imap.server.folders import say_kept
from netsuite.imap.server.session import Session
from netsuite.imap.urls import MessagePart, parse_message_url
from netsuite.message.repair import BinaryRepair, TextRepair
from netsuite.store.errors import NoSuchFolder, NoSuchMessage, NotPermitted, OverQuota, TooLarge
from netsuite.store.interfaces import Draft
from netsuite.store.model import FolderId, Placed
from netsuite.wire.errors import InputEnded
from netsuite.wire.events import BodyChunk, EndOfBody

_Request: TypeAlias = Append | Replace
_FILTERS = (SectionText.FIELDS, SectionText.FIELDS_NOT)


class _Refused(Exception):
    """The command ends here, and so."""

    def __init__(self, completion: Completion) -> None:
        super().__init__(completion.text)
        self.completion = completion


async def append(session: Session, request: Append) -> Completion:
    """Put messages into a mailbox."""
    code = await _put(session, request)
    if isinstance(code, Completion):
        return code
    say_kept(session, request.mailbox)
    return ok("Appended", code)


async def replace(session: Session, request: Replace) -> Completion:
    """Put a message into a mailbox, and remove the one of the selected mailbox that it replaces."""
    view = session.mailbox.view
    uids = view.uids(view.spans(request.number, by_uid=request.by_uid))
    if not uids:
        return no("There is no such message to replace", Code("NONEXISTENT"))
    folder = session.mailbox.folder.id
    code = await _put(session, request, instead_of=(folder, uids[0]))
    if isinstance(code, Completion):
        return code
    # RFC 8508, 3.4: APPENDUID comes untagged, before the EXPUNGE.
    session.say(Condition(Status.OK, "The replacement is there", code))
    view.note_expunged(0, uids)
    return ok("Replaced")


async def _put(
    session: Session, request: _Request, *, instead_of: tuple[FolderId, int] | None = None
) -> Code | Completion | None:
    """Judge the mailbox first, then take the messages, and commit them; return the code that tells
    where they are, or the refusal."""
    mail = session.mail
    folder = await mail.folder(request.mailbox, "i")
    intake = _Intake(session, request.mailbox, counts_usage=instead_of is None)
    try:
        await intake.take(request.pieces)
        placed = await mail.append(request.mailbox, intake.messages, instead_of=instead_of)
        # RFC 4315, 3: nothing of a mailbox that the client may not open.
        return _append_uid(placed) if "r" in folder.rights else None
    except _Refused as refused:
        return refused.completion
    finally:
        await intake.abort()  # nothing, once they have been committed


def _append_uid(placed: Sequence[Placed]) -> Code:
    uids = SequenceSet.of(each.uid for each in placed)
    return Code("APPENDUID", CopyUid(placed[0].uid_validity, None, uids))


class _Intake:
    """The messages of one command, as they come.

    Args:
        mailbox: where they go.
        counts_usage: whether what its owner has counts; not where a message goes away.
    """

    def __init__(self, session: Session, mailbox: str, *, counts_usage: bool) -> None:
        self._session = session
        self._mailbox = mailbox
        self._counts_usage = counts_usage
        self.messages: list[NewMail] = []
        self._draft: Draft | None = None
        self._repair: TextRepair | BinaryRepair = TextRepair()
        self._announced = 0  # octets, of all literals so far

    async def take(self, pieces: Sequence[Piece]) -> None:
        """Take pieces, those given and those that come, to the end of the command."""
        while pieces:
            more: Sequence[Piece] = ()
            for piece in pieces:
                if isinstance(piece, MessageUrl):
                    await self._copy(piece.url)
                elif isinstance(piece, MessageLiteral):
                    more = await self._receive(piece)
                else:
                    await self._end_message()
                    self._begin(piece.flags, piece.date)
            pieces = more
        await self._end_message()

    async def abort(self) -> None:
        """Throw away what has not been committed."""
        for each in self.messages:
            await each.draft.abort()

    # -- messages -----------------------------------------------------------------------------

    def _begin(self, flags: frozenset[str], date: datetime | None) -> None:
        self._draft = draft = self._session.mail.draft()
        self._repair = TextRepair()
        self.messages.append(NewMail(draft, flags, date))

    async def _end_message(self) -> None:
        if self._draft is None:
            return
        await self._write(self._repair.finish())
        if not self._draft.octets:  # RFC 3502: it cancels the whole
            raise _Refused(no("A message without an octet is none"))

    async def _write(self, octets: bytes) -> None:
        draft = self._draft
        assert draft is not None
        waiting = draft.write(octets)
        if waiting is not None:
            await waiting
        if draft.octets > self._session.shared.settings.append_octets:
            raise TooLarge(f"{draft.octets} octets")

    # -- literals -----------------------------------------------------------------------------

    async def _receive(self, literal: MessageLiteral) -> Sequence[Piece]:
        """Take a literal; return the pieces behind it."""
        session, draft = self._session, self._draft
        assert draft is not None
        self._announced += literal.octets
        if not literal.octets and not draft.octets:
            raise _Refused(no("A message without an octet is none"))
        if self._counts_usage:
            usage = await session.mail.quotas.usage_of_owner(self._mailbox)
            limit = None if usage is None else usage.quota_octets
            if usage is not None and limit is not None and usage.octets + self._announced > limit:
                raise OverQuota(session.mail.name)
        if literal.literal8 and not draft.octets and isinstance(self._repair, TextRepair):
            self._repair = BinaryRepair()
        session.say(Continue("go ahead"))
        while True:
            event = await session.take()
            if isinstance(event, BodyChunk):
                await self._write(self._repair.feed(event.octets))
            elif isinstance(event, AppendMore):
                return event.pieces
            elif isinstance(event, EndOfBody):
                return ()
            elif isinstance(event, WantsLiteral):  # a URL that is one
                session.say(Continue("go ahead"))
            else:
                raise InputEnded("the input ended within a message", close=True)

    # -- URLs ---------------------------------------------------------------------------------

    async def _copy(self, url: bytes) -> None:
        """Take the octets that a URL names, without a change (RFC 4469, 3)."""
        try:
            await self._copy_part(parse_message_url(url))
        except (BadSyntax, NoSuchFolder, NoSuchMessage, NotPermitted) as error:
            code = Code("BADURL", _sayable(url)) if url else None  # of one octet at least
            raise _Refused(no(f"A URL leads to nothing: {error}", code)) from None

    async def _copy_part(self, part: MessagePart) -> None:
        mail, selected = self._session.mail, self._session.selected
        if part.mailbox is not None:
            folder = await mail.folder(part.mailbox, "r")
        elif selected is not None:
            folder = selected.folder
        else:
            raise BadSyntax("no mailbox is selected")
        if part.uid_validity not in (None, folder.uid_validity):
            raise BadSyntax("the mailbox has another UIDVALIDITY")
        described = await mail.described(folder.id, [part.uid])
        if not described:
            raise NoSuchMessage(f"UID {part.uid}")
        section, message = part.section, described[0].message
        span = whole_range(section, described[0].summary.root, message.octets)
        if span is None:
            raise BadSyntax("the message has no such part")
        start = section.start or 0
        wanted = message.octets if section.octets is None else section.octets
        if section.text in _FILTERS:
            pieces = [each async for each in mail.read(message.content, span.start, span.stop)]
            exclude = section.text is SectionText.FIELDS_NOT
            fields = pick_fields(b"".join(pieces), section.fields, exclude=exclude)
            part_of_it = OctetRange(0, len(fields)).part(start, wanted)
            await self._write(self._repair.feed(fields[part_of_it.start : part_of_it.stop]))
            return
        span = span.part(start, wanted)
        if span.start < span.stop:
            async for chunk in mail.read(message.content, span.start, span.stop):
                await self._write(self._repair.feed(chunk))


def _sayable(url: bytes) -> bytes:
    """Return a URL as a response code can have it."""
    return b"".join(
        bytes([each]) if 0x20 < each < 0x7F and each not in b'[]"\\' else b"%%%02X" % each
        for each in url
    )


HANDLERS = handlers(append, replace)
