"""Single values of messages, as whoever asks for columns wants them."""

from __future__ import annotations

from netsuite.store.memory.records import ContentRecord
from netsuite.store.model import Column, Message


def value_of(column: Column, message: Message, content: ContentRecord) -> object:
    """Return one value of a message."""
    match column:
        case Column.CONTENT:
            return message.content
        case Column.OCTETS:
            return message.octets
        case Column.FLAGS:
            return message.flags
        case Column.MODSEQ:
            return message.modseq
        case Column.RECEIVED:
            return message.internal_date
        case Column.SAVED:
            return message.saved
        case Column.GUID:
            return message.guid
        case Column.ENVELOPE:
            return content.description().envelope
        case Column.STRUCTURE:
            return content.description().structure
        case Column.OFFSETS:
            return content.description().offsets
        case Column.OVERVIEW:
            return content.description().overview
        case Column.PREVIEW:
            return content.description().preview
