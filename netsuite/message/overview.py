"""The overview of an article, as OVER sends it (RFC 3977, 8.3).

A field has no TAB, CR, LF or NUL: what was folded is one line. What depends on where an article
stands (its number, its size with its Xref field) is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from netsuite.message.news import first_message_id
from netsuite.message.structure import Summary

_CLEAN: Final = bytes.maketrans(b"\t\r\n\0", b"    ")


class Overview(NamedTuple):
    """The fields of an overview.

    Args:
        message_id: with its angle brackets; empty where the article has none that a command could
            say.
        references: what the article answers, oldest first, with a mail's In-Reply-To.
        lines: of its body, in digits.
    """

    subject: bytes
    from_: bytes
    date: bytes
    message_id: bytes
    references: bytes
    lines: bytes


def clean(value: bytes | None) -> bytes:
    """Return a field's body in one column: CRLF pairs go, then TAB, CR, LF and NUL become spaces.

    See RFC 3977, 8.3.2.
    """
    if not value:
        return b""
    return value.replace(b"\r\n", b"").translate(_CLEAN)


def format_overview(values: Mapping[bytes, bytes], summary: Summary) -> bytes:
    """Return the overview of a message, its fields with TABs between them.

    Args:
        values: of its header, as ``first_values`` has them.
    """
    references = b" ".join(
        [b"<" + each.encode("utf-8", "replace") + b">" for each in summary.references]
    )
    return b"%b\t%b\t%b\t%b\t%b\t%d" % (
        clean(values.get(b"subject")),
        clean(values.get(b"from")),
        clean(values.get(b"date")),
        first_message_id(values.get(b"message-id")).encode(),
        clean(references),
        summary.root.lines,
    )


def read_overview(overview: bytes) -> Overview:
    """Return the fields of what ``format_overview`` returned."""
    return Overview(*overview.split(b"\t"))
