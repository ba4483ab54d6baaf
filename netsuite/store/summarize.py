"""Summaries of contents, and the text that searches look through.

This is the one place where a store asks ``netsuite.message``; all stores share it, so that
they agree on what a message says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from netsuite.message.scan import Scanner
from netsuite.message.structure import Summary
from netsuite.message.text import searchable

#: Text is looked for in so many octets of a content; what lies behind them is attachments
#: that hardly hold text, and reading them whole would not be bounded.
SEARCHED_OCTETS: Final = 2 * 1024 * 1024


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


def summarize(pieces: Iterable[bytes]) -> Summary:
    """Read a content once, in pieces, and return its summary."""
    scanner = Scanner()
    for piece in pieces:
        scanner.feed(piece)
    return scanner.finish()


def document(octets: bytes, summary: Summary) -> Document:
    """Return the text of a content.

    Args:
        octets: the content's first ``SEARCHED_OCTETS``.
        summary: of the whole content.
    """
    found = searchable(octets, summary)
    return Document(
        fields=tuple((folded_line(name), folded_line(value)) for name, value in found.fields),
        body=folded(found.body),
    )
