"""SASLprep: names and passwords made comparable (RFC 4013, RFC 3454); names as SCRAM and the GS2
header write them."""

from __future__ import annotations

import stringprep
import unicodedata
from collections.abc import Callable
from typing import Final


class Unpreparable(ValueError):
    """The text has a character that SASLprep forbids, or mixes directions."""


#: RFC 4013, 2.3.
_PROHIBITED: Final[tuple[Callable[[str], bool], ...]] = (
    stringprep.in_table_c12,  # non-ASCII spaces; mapped to SPACE before, so none is left
    stringprep.in_table_c21_c22,  # control characters
    stringprep.in_table_c3,  # private use
    stringprep.in_table_c4,  # non-characters
    stringprep.in_table_c5,  # surrogates
    stringprep.in_table_c6,  # inappropriate for plain text
    stringprep.in_table_c7,  # inappropriate for canonical representation
    stringprep.in_table_c8,  # change display properties
    stringprep.in_table_c9,  # tagging
)


def saslprep(text: str) -> str:
    """Prepare a name or a password.

    Characters that Unicode did not have when stringprep was written are let through, as in a
    query (RFC 3454, 7): a password of today may have them.

    Raises:
        Unpreparable: a character is forbidden, or right-to-left text is mixed with other.
    """
    if text.isascii() and text.isprintable():
        return text
    mapped = "".join(
        " " if stringprep.in_table_c12(character) else character
        for character in text
        if not stringprep.in_table_b1(character)
    )
    prepared = unicodedata.normalize("NFKC", mapped)
    for character in prepared:
        if any(prohibited(character) for prohibited in _PROHIBITED):
            raise Unpreparable(f"the character U+{ord(character):04X}")
    _check_directions(prepared)
    return prepared


def _check_directions(text: str) -> None:
    """RFC 3454, 6: right-to-left text begins and ends so, and holds nothing left-to-right."""
    if not any(stringprep.in_table_d1(character) for character in text):
        return
    if any(stringprep.in_table_d2(character) for character in text):
        raise Unpreparable("both directions of writing")
    if not (stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])):
        raise Unpreparable("right-to-left text that does not begin and end so")


def prepared_password(password: str) -> str:
    """Return a password as it is hashed and compared: prepared where it can be, else as it is.

    A password that SASLprep forbids would otherwise lock its owner out of some mechanisms and
    not of others; what was taken as it is when it was set is compared as it is.
    """
    try:
        return saslprep(password)
    except Unpreparable:
        return password


def escaped(name: str) -> str:
    """Return a name as a saslname: ``,`` and ``=`` escaped (RFC 5802, 5.1)."""
    return name.replace("=", "=3D").replace(",", "=2C")


def unescaped(name: str) -> str | None:
    """Return the name of a saslname; None when ``=`` stands before anything but 2C or 3D."""
    first, *parts = name.split("=")
    out = [first]
    for part in parts:
        if part.startswith("2C"):
            out.append("," + part[2:])
        elif part.startswith("3D"):
            out.append("=" + part[2:])
        else:
            return None
    return "".join(out)
