"""The folders that a new account gets beside its INBOX."""

from __future__ import annotations

from typing import Final

from netsuite.store.model import SpecialUse

#: By name, and what each is for.
STANDARD_FOLDERS: Final = (
    ("Archive", SpecialUse.ARCHIVE),
    ("Drafts", SpecialUse.DRAFTS),
    ("Junk", SpecialUse.JUNK),
    ("Sent", SpecialUse.SENT),
    ("Trash", SpecialUse.TRASH),
)
