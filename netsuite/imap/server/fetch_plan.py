"""What one FETCH asks for, worked out once: what is read of messages, and how it is printed.

Where no content is asked for, a whole batch is printed at once, from columns: each item is a piece
of a template, and a sequence of values that go into it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from netsuite.imap.commands import requests as ask
from netsuite.imap.commands.fetch import BinarySection, BodySection, FetchItem, Item, SectionText
from netsuite.imap.grammar import fetch_response as response
from netsuite.imap.grammar.dates import format_date_time
from netsuite.imap.grammar.fetch import format_shown_section
from netsuite.imap.grammar.printing import format_flag_set
from netsuite.imap.sections import OctetRange, cut, needs_structure, pick_fields, whole_range
from netsuite.imap.server.binary import Binary
from netsuite.imap.server.selected import Manner
from netsuite.message.form import format_string, format_structure, read_structure
from netsuite.message.structure import Part
from netsuite.store.model import Column, Columns, ContentId

#: Of a message that is no longer, all is read, whatever little of it is asked for.
SMALL_OCTETS: Final = 16_384
#: Octets of structures that are read back in one go: some 20 ms.
STRUCTURE_OCTETS: Final = 65_536


class Batch:
    """Some messages that are about to be shown: their numbers, what was read of them, and which are
    recent."""

    __slots__ = ("columns", "numbers", "recent")

    def __init__(self, numbers: Sequence[int], columns: Columns, recent: Sequence[bool]) -> None:
        self.numbers = numbers
        self.columns = columns
        self.recent = recent

    def __len__(self) -> int:
        return len(self.numbers)

    def chosen(self, places: Sequence[int]) -> Batch:
        """Return those at some places alone."""
        return Batch(
            [self.numbers[place] for place in places],
            self.columns.chosen(places),
            [self.recent[place] for place in places],
        )

    def rows(self) -> list[Row]:
        """Return them one by one."""
        return [Row(self, place) for place in range(len(self.numbers))]


class Row:
    """A message whose content is about to be shown."""

    __slots__ = ("_batch", "_place", "_root", "content", "number", "octets", "uid")

    def __init__(self, batch: Batch, place: int) -> None:
        columns = batch.columns
        self._batch = batch
        self._place = place
        self._root: Part | None = None
        self.number = batch.numbers[place]
        self.uid = columns.uids[place]
        self.content: ContentId = columns.contents[place]
        self.octets = columns.octets[place]

    @property
    def body_start(self) -> int:
        """Where the message's body starts."""
        return int(self._batch.columns.offsets[self._place].split(" ", 2)[1])

    @property
    def root(self) -> Part:
        """The part tree."""
        if self._root is None:
            columns, place = self._batch.columns, self._place
            self._root = read_structure(columns.structures[place], columns.offsets[place])
        return self._root


# -- items that are no sections -------------------------------------------------------------------

#: Returns the values of an item in a batch.
_Values = Callable[[Batch], Iterable[object]]


def _bodies(batch: Batch) -> Iterable[bytes]:
    columns = batch.columns
    for structure, offsets in zip(columns.structures, columns.offsets, strict=True):
        yield format_structure(read_structure(structure, offsets), extended=False)


_ITEMS: Final[Mapping[Item, tuple[bytes, frozenset[Column], _Values]]] = {
    Item.UID: (b"UID %d", frozenset(), lambda batch: batch.columns.uids),
    Item.FLAGS: (
        b"FLAGS %b",
        frozenset({Column.FLAGS}),
        lambda batch: map(format_flag_set, batch.columns.flags, batch.recent),
    ),
    Item.INTERNALDATE: (
        b"INTERNALDATE %b",
        frozenset({Column.RECEIVED}),
        lambda batch: map(format_date_time, batch.columns.received),
    ),
    Item.SIZE: (
        b"RFC822.SIZE %d",
        frozenset({Column.OCTETS}),
        lambda batch: batch.columns.octets,
    ),
    Item.MODSEQ: (
        b"MODSEQ (%d)",
        frozenset({Column.MODSEQ}),
        lambda batch: batch.columns.modseqs,
    ),
    Item.ENVELOPE: (
        b"ENVELOPE %b",
        frozenset({Column.ENVELOPE}),
        lambda batch: batch.columns.envelopes,
    ),
    Item.BODY: (b"BODY %b", frozenset({Column.STRUCTURE, Column.OFFSETS}), _bodies),
    Item.BODYSTRUCTURE: (
        b"BODYSTRUCTURE %b",
        frozenset({Column.STRUCTURE}),
        lambda batch: batch.columns.structures,
    ),
    Item.EMAILID: (
        b"EMAILID (%b)",
        frozenset({Column.GUID}),
        lambda batch: [guid.encode() for guid in batch.columns.guids],
    ),
    # RFC 8474, 5.2: NIL from a server that gives none.
    Item.THREADID: (b"THREADID %b", frozenset(), lambda batch: [b"NIL"] * len(batch.numbers)),
    Item.SAVEDATE: (
        b"SAVEDATE %b",
        frozenset({Column.SAVED}),
        lambda batch: map(format_date_time, batch.columns.saved),
    ),
    Item.PREVIEW: (
        b"PREVIEW %b",
        frozenset({Column.PREVIEW}),
        lambda batch: [format_string(text.encode()) for text in batch.columns.previews],
    ),
}


# -- sections -------------------------------------------------------------------------------------


class Section:
    """A section that is asked for, with its name as the response has it."""

    __slots__ = ("begins_text", "filters", "name", "spec")

    def __init__(self, spec: BodySection) -> None:
        self.spec = spec
        self.name = format_shown_section(spec)
        self.filters = spec.text in (SectionText.FIELDS, SectionText.FIELDS_NOT)
        #: Whether it has the beginning of some text: more is not said of what comes in pieces.
        self.begins_text = spec.text in (None, SectionText.TEXT) and not spec.start

    def range(self, row: Row) -> OctetRange | None:
        """Return the octets to read; None for a part the message does not have."""
        spec = self.spec
        whole: OctetRange | None
        if spec.part:
            whole = whole_range(spec, row.root, row.octets)
        elif spec.text is None:
            whole = OctetRange(0, row.octets)
        elif spec.text is SectionText.TEXT:
            whole = OctetRange(row.body_start, row.octets)
        else:
            whole = OctetRange(0, row.body_start)
        if whole is None or self.filters or spec.start is None:
            return whole
        return whole.part(spec.start, spec.octets or 0)

    def item(self, row: Row, octets: bytes | None) -> tuple[bytes, bytes]:
        """Return the section printed, from the octets of the range: what stands before its
        content, and that."""
        if octets is not None and self.filters:
            spec = self.spec
            exclude = spec.text is SectionText.FIELDS_NOT
            octets = cut(pick_fields(octets, spec.fields, exclude=exclude), spec)
        return response.section_item(self.name, octets)


def _section(item: BodySection | BinarySection) -> Section | Binary:
    return Binary(item) if isinstance(item, BinarySection) else Section(item)


class Plan:
    """What one FETCH asks for.

    Args:
        request: the command.
        manner: how the client is told of flags.
    """

    def __init__(self, request: ask.Fetch, manner: Manner) -> None:
        self.manner = manner
        items: list[FetchItem] = list(request.items)
        if request.by_uid and Item.UID not in items and not manner.by_uid:
            items.insert(0, Item.UID)  # RFC 3501, 6.4.8
        if request.changed_since is not None and Item.MODSEQ not in items:
            items.append(Item.MODSEQ)  # RFC 7162, 3.1.4.1
        self.wants_modseq = Item.MODSEQ in items
        self._items = [item for item in items if isinstance(item, Item)]
        self.sections = [_section(item) for item in items if not isinstance(item, Item)]
        self._binary = [each for each in self.sections if isinstance(each, Binary)]
        #: Messages that were not shown, since an encoding in them is unknown.
        self.undecoded = 0
        self.reads_text = any(section.begins_text for section in self.sections)
        self.sets_seen = any(not section.spec.peek for section in self.sections)
        self.lists_flags = Item.FLAGS in items
        self.shows_flags = self.lists_flags or self.sets_seen
        # What a change of flags adds to the response, where nobody asked for it.
        self._changed = [] if Item.FLAGS in items else [Item.FLAGS]
        if (manner.modseqs or self.wants_modseq) and Item.MODSEQ not in items:
            self._changed.append(Item.MODSEQ)
        #: Into it goes a message's number, or with UIDONLY its UID.
        self.beginning = response.UID_BEGINNING if manner.by_uid else response.BEGINNING
        #: What is read of each message.
        self.columns = self._columns(request)

    def _columns(self, request: ask.Fetch) -> frozenset[Column]:
        wanted: set[Column] = set()
        for item in self._items:
            wanted |= _ITEMS[item][1]
        if request.changed_since is not None:
            wanted.add(Column.MODSEQ)
        if self.shows_flags:  # told with their mod-sequence, whatever waits to be told is done with
            wanted |= {Column.FLAGS, Column.MODSEQ}
        if self.sections:
            wanted |= {Column.CONTENT, Column.OCTETS}
        if any(
            isinstance(section.spec, BinarySection) or needs_structure(section.spec)
            for section in self.sections
        ):
            wanted |= {Column.STRUCTURE, Column.OFFSETS}
        return frozenset(wanted)

    def portions(self, batch: Batch) -> Iterator[Batch]:
        """Return a batch in portions, others having their turn between them: a message may have
        many parts."""
        if not {Column.STRUCTURE, Column.OFFSETS} <= self.columns:
            yield batch
            return
        start = octets = 0
        for place, structure in enumerate(batch.columns.structures):
            if octets and octets + len(structure) > STRUCTURE_OCTETS:
                yield batch.chosen(range(start, place))
                start, octets = place, 0
            octets += len(structure)
        yield batch.chosen(range(start, len(batch))) if start else batch

    def listing(self, batch: Batch) -> bytes:
        """Return the responses of messages none of whose content was asked for."""
        beginning = self.beginning
        template = beginning + b" ".join(_ITEMS[item][0] for item in self._items) + response.END
        values = [_ITEMS[item][2](batch) for item in self._items]
        return b"".join([template % row for row in zip(batch.numbers, *values, strict=True)])

    def items(self, batch: Batch, changed: frozenset[int]) -> list[list[bytes]]:
        """Return for each message everything but the sections, printed.

        Args:
            changed: UIDs of messages whose flags this command has changed.
        """
        columns = [self._printed(item, batch) for item in self._items]
        printed = [list(items) for items in zip(*columns, strict=True)] or [
            [] for _ in batch.numbers
        ]
        if changed:
            more = [self._printed(item, batch) for item in self._changed]
            for place, uid in enumerate(batch.columns.uids):
                if uid in changed:
                    printed[place] += [each[place] for each in more]
        return printed

    def _printed(self, item: Item, batch: Batch) -> list[bytes]:
        form, _, values = _ITEMS[item]
        return [form % (value,) for value in values(batch)]

    def response(self, row: Row, items: Sequence[bytes], content: bytes) -> list[bytes]:
        """Return the response of a message whose content is at hand, in pieces: a content is not
        copied."""
        pieces = [self.beginning % row.number + b" ".join(items)]
        gap = b" " if items else b""
        for section in self.sections:
            span = section.range(row)
            octets = None if span is None else content[span.start : span.stop]
            before, octets = section.item(row, octets)
            pieces += (gap + before, octets)
            gap = b" "
        pieces.append(response.END)
        return pieces

    def can_decode(self, row: Row) -> bool:
        """Return whether all encodings are known that are to be undone (RFC 3516, 4.3)."""
        return not self._binary or all(each.decoder(row) is not None for each in self._binary)

    def reads_little_of(self, row: Row) -> bool:
        """Return whether reading just the ranges is so much less than reading all."""
        if row.octets <= SMALL_OCTETS:
            return False
        wanted = 0
        for section in self.sections:
            span = section.range(row)
            wanted += 0 if span is None else span.stop - span.start
        return wanted * 4 < row.octets
