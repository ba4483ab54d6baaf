"""Single values of messages, as whoever asks for columns wants them."""

from __future__ import annotations

from netsuite.store.memory.records import ContentRecord
from netsuite.store.model import Column, Message
from netsuite.store.summarize import described_value
from netsuite.store.timestamps import to_seconds


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
        case Column.ARRIVED:
            return to_seconds(message.internal_date)
        case Column.SAVED:
            return message.saved
        case Column.GUID:
            return message.guid
        case _:
            return described_value(column, content.description())
