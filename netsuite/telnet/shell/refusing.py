"""Refusals of the store in words for somebody at a terminal."""

from __future__ import annotations

from typing import Final

from netsuite.store import errors
from netsuite.telnet import replies
from netsuite.wire.errors import ErrorTable

#: Of what only commands meet that change something; the rest is said as at a login.
_TEXTS: Final[ErrorTable[str]] = ErrorTable(
    {
        errors.FileInTheWay: "Something has that name already.",
        errors.DirectoryNotEmpty: "That directory is not empty.",
        errors.StorageFull: "There is no room left here; try again later.",
        errors.NoSuchAccount: "There is nobody of that name here.",
        errors.FolderExists: "There is a folder of that name already.",
        errors.Changed: "Somebody has changed it meanwhile.",
    }
)


def words_for(error: errors.StoreError) -> str:
    """Return what to say of a refusal."""
    return _TEXTS.find(error) or replies.text_for(error)
