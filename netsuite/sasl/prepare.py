"""SASLprep (RFC 4013): one form for user names and passwords that look the same."""

from __future__ import annotations

import stringprep
import unicodedata
from collections.abc import Callable
from typing import Final


class PreparationError(ValueError):
    """The text has a character that no name or password may have, or mixes directions."""


#: RFC 4013, 2.3.
_PROHIBITED: Final[tuple[Callable[[str], bool], ...]] = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def prepare(text: str) -> str:
    """Give the prepared form of a name or password.

    Characters that Unicode did not have when stringprep was written are let through, as in a
    query (RFC 3454, 7): a password of today may have them.

    Raises:
        PreparationError: a prohibited character, or left-to-right within right-to-left text.
    """
    if text.isascii():
        if not text.isprintable():
            raise PreparationError("a control character")
        return text
    mapped = "".join(
        " " if stringprep.in_table_c12(each) else each
        for each in text
        if not stringprep.in_table_b1(each)
    )
    prepared = unicodedata.normalize("NFKC", mapped)
    for each in prepared:
        if any(prohibited(each) for prohibited in _PROHIBITED):
            raise PreparationError(f"the character U+{ord(each):04X}")
    _check_directions(prepared)
    return prepared


def _check_directions(text: str) -> None:
    """RFC 3454, 6: right-to-left text begins and ends so, and holds nothing left-to-right."""
    if not any(stringprep.in_table_d1(each) for each in text):
        return
    if any(stringprep.in_table_d2(each) for each in text):
        raise PreparationError("both directions of writing")
    if not (stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])):
        raise PreparationError("right-to-left text that does not begin and end so")
