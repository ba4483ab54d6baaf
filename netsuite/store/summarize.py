"""Summaries of contents, and the text that searches look through.

This is the one place where a store asks ``netsuite.message``; all stores share it, so that
they agree on what a message says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from netsuite.message.fields import first_values
from netsuite.message.form import (
    format_envelope,
    format_offsets,
    format_structure,
    read_envelope,
    read_structure,
)
from netsuite.message.overview import format_overview
from netsuite.message.scan import Scanner
from netsuite.message.sorting import SortKeys, format_keys, sort_keys
from netsuite.message.structure import Summary
from netsuite.message.text import header_lines, searchable
from netsuite.store.model import NEVER, Column

#: Text is looked for in so many octets of a content; what lies behind them is attachments
#: that hardly hold text, and reading them whole would not be bounded.
SEARCHED_OCTETS: Final = 2 * 1024 * 1024
#: The fields that have a text of their own in a heading.
HEADED: Final = frozenset({b"from", b"to", b"cc", b"bcc", b"subject"})


@dataclass(frozen=True, slots=True)
class Document:
    """The text of a message as searches see it, folded.

    Args:
        fields: of the header, in order: name and value, without line breaks.
        body: the text of the readable parts.
    """

    fields: tuple[tuple[str, str], ...]
    body: str

    def header(self) -> str:
        """The fields as lines, each after a line feed; ``Text`` looks through these."""
        return "".join(f"\n{name}: {value}" for name, value in self.fields)


def folded(text: str) -> str:
    """Return text as it is compared: without case, and without what no database can hold."""
    text = text.casefold()
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")
    return text.replace("\x00", "\ufffd")


def folded_line(text: str) -> str:
    """Return folded text in which nothing breaks a line."""
    return folded(text).replace("\r", " ").replace("\n", " ")


@dataclass(frozen=True, slots=True)
class Heading:
    """What searching and sorting look at of a message; texts are folded.

    Args:
        sent, sent_day: as of ``Summary``.
        from_, to, cc, bcc, subject: of all fields of that name, a line each.
        message_id: without angle brackets, not folded.
        references: as of ``Summary``.
        keys: what it is sorted by.
    """

    sent: int | None
    sent_day: int | None
    from_: str
    to: str
    cc: str
    bcc: str
    subject: str
    message_id: str
    references: tuple[str, ...]
    keys: SortKeys


@dataclass(frozen=True, slots=True)
class Description:
    """What stores keep of a message beside its octets, as protocols send it; nothing is NUL.

    Args:
        envelope, structure, offsets: see ``message.form``.
        overview: see ``message.overview``.
    """

    envelope: bytes
    structure: bytes
    offsets: str
    overview: bytes
    subject: str
    preview: str
    heading: Heading

    def summary(self) -> Summary:
        """Return it as values."""
        heading = self.heading
        return Summary(
            read_structure(self.structure, self.offsets), read_envelope(self.envelope),
            heading.sent, heading.sent_day, self.subject, self.preview, heading.references,
            heading.message_id,
        )  # fmt: skip


def describe(pieces: Iterable[bytes]) -> tuple[Summary, Description]:
    """Read a content once, in pieces; return what is kept of it, as values and as octets."""
    scanner = Scanner()
    for piece in pieces:
        scanner.feed(piece)
    summary = scanner.finish()
    return summary, Description(
        envelope=format_envelope(summary.envelope),
        structure=format_structure(summary.root, extended=True),
        offsets=format_offsets(summary.root),
        overview=format_overview(first_values(scanner.fields), summary),
        subject=summary.subject.replace("\0", "\ufffd"),
        preview=summary.preview.replace("\0", "\ufffd"),
        heading=_heading(scanner.fields, summary),
    )


def _heading(values: Sequence[tuple[bytes, bytes]], summary: Summary) -> Heading:
    texts: dict[str, list[str]] = {}
    wanted = [each for each in values if each[0] in HEADED]
    for name, value in _folded_fields(header_lines(wanted)):
        texts.setdefault(name, []).append(value)

    def text(name: str) -> str:
        return "\n".join(texts.get(name, ()))

    return Heading(
        summary.sent,
        summary.sent_day,
        text("from"),
        text("to"),
        text("cc"),
        text("bcc"),
        text("subject"),
        summary.message_id.replace("\0", "\ufffd"),
        tuple([each.replace("\0", "\ufffd") for each in summary.references]),
        sort_keys(summary),
    )


def _folded_fields(found: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple([(folded_line(name), folded_line(value)) for name, value in found])


def document(octets: bytes, summary: Summary) -> Document:
    """Return the text of a content.

    Args:
        octets: the content's first ``SEARCHED_OCTETS``.
        summary: of the whole content.
    """
    found = searchable(octets, summary)
    return Document(fields=_folded_fields(found.fields), body=folded(found.body))


_VALUES: Final[Mapping[Column, Callable[[Description], object]]] = {
    Column.ENVELOPE: lambda d: d.envelope,
    Column.STRUCTURE: lambda d: d.structure,
    Column.OFFSETS: lambda d: d.offsets,
    Column.OVERVIEW: lambda d: d.overview,
    Column.PREVIEW: lambda d: d.preview,
    Column.SENT: lambda d: NEVER if d.heading.sent is None else d.heading.sent,
    Column.SORT_KEYS: lambda d: format_keys(d.heading.keys),
    Column.MESSAGE_ID: lambda d: d.heading.message_id,
    Column.REFERENCES: lambda d: " ".join(d.heading.references),
}


def described_value(column: Column, description: Description) -> object:
    """Return of a description what is asked for as one of ``DESCRIBED``."""
    return _VALUES[column](description)
