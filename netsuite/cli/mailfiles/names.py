"""Names of folders as names of files, and back; and lists of those that are subscribed.

A folder's name is the tuple of its parts. On disk each part is modified UTF-7, as Dovecot and its
forebears write it; what is not, is read as UTF-8. What a part may not have there is written as
Dovecot's plugin ``listescape`` does: ``\\2e`` for a dot.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Final, TypeAlias

from netsuite.imap import mutf7
from netsuite.store.folder_names import DEPTH, PART_OCTETS
from netsuite.store.model import INBOX, NAMESPACES, SEPARATOR

#: The parts of a folder's name.
Parts: TypeAlias = tuple[str, ...]

#: Lists of subscriptions: Dovecot's of Maildirs and of mbox files, Courier's, UW's.
SUBSCRIPTIONS: Final = "subscriptions"
_COURIER: Final = "courierimapsubscribed"
LISTS: Final = (SUBSCRIPTIONS, ".subscriptions", _COURIER, ".mailboxlist")
_VERSION_2: Final = b"V\t2\n"

_escaped: Final = re.compile(r"\\([0-9a-f]{2})")
_to_escape: Final = re.compile(r"\.|\\(?=[0-9a-f]{2})")
_reserved: Final = re.compile(r"^\.|^(?:cur|new|tmp)$|\.(?=sbd$)|\\(?=[0-9a-f]{2})")
#: What no name of a folder here may have; what a name may be cut to, with room for a number.
_forbidden: Final = re.compile(r"[/\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CUT_OCTETS: Final = PART_OCTETS - 15


def decoded(octets: bytes) -> str:
    """Return the part that a file's name spells: modified UTF-7, else UTF-8."""
    try:
        text = mutf7.decode(octets)
    except mutf7.BadName:
        text = octets.decode("utf-8", "replace")
    return _escaped.sub(lambda match: chr(int(match[1], 16)), text)


def dotted_name(parts: Parts) -> str:
    """Return the directory of a folder in a Maildir++: ``.Work.Project``."""
    return "".join(f".{_encoded(_to_escape.sub(_escape, part))}" for part in parts)


def file_name(part: str) -> str:
    """Return a part as a file of its own."""
    return _encoded(_reserved.sub(lambda match: "".join(map(_escape_one, match[0])), part))


def _encoded(text: str) -> str:
    return mutf7.encode(text).decode("ascii")


def _escape(match: re.Match[str]) -> str:
    return _escape_one(match[0])


def _escape_one(character: str) -> str:
    return f"\\{ord(character):02x}"


def tamed(parts: Parts) -> Parts:
    """Return a folder's name so that a store can have it; most it can as they are.

    What no name may have becomes a replacement character, an empty part ``_``, too long a part is
    cut, parts that are too deep are joined to one, and what others' folders are shown below gets a
    ``_``.
    """
    if len(parts) > DEPTH - 1:  # one level for where they may be put below
        parts = (*parts[: DEPTH - 2], "-".join(parts[DEPTH - 2 :]))
    first, *rest = map(_tamed_part, parts)
    return (f"{first}_" if first in NAMESPACES else first, *rest)


def _tamed_part(part: str) -> str:
    part = _forbidden.sub("\N{REPLACEMENT CHARACTER}", unicodedata.normalize("NFC", part)) or "_"
    if len(part.encode()) > PART_OCTETS:
        part = part.encode()[:_CUT_OCTETS].decode("utf-8", "ignore")
    return part


def joined(parts: Parts) -> str:
    """Return a name as the store has it."""
    return SEPARATOR.join(parts)


def without_inbox(parts: Parts) -> Parts:
    """Return the name of a folder that Courier, or a namespace, shows below INBOX."""
    return parts[1:] if len(parts) > 1 and parts[0].upper() == INBOX else parts


def read_subscriptions(folder: Path, *, dots: bool) -> list[Parts]:
    """Return the folders that a list in a mail directory has. Raises OSError.

    Args:
        dots: whether dots separate parts, where the list does not say it.
    """
    found: list[Parts] = []
    for name in LISTS:
        try:
            octets = (folder / name).read_bytes()
        except FileNotFoundError:
            continue
        separator = b"." if dots else b"/"
        if octets.startswith(_VERSION_2):
            separator, octets = b"\t", octets.removeprefix(_VERSION_2)
        for line in octets.splitlines():
            if line:
                parts = tuple(decoded(part) for part in line.split(separator))
                found.append(without_inbox(parts) if name == _COURIER else parts)
    return found


def write_subscriptions(folder: Path, names: list[Parts]) -> None:
    """Write a list as Dovecot has it, version 2: tabs separate parts. Raises OSError."""
    lines = ["\t".join(_encoded(_to_escape.sub(_escape, part)) for part in each) for each in names]
    text = "".join(f"{line}\n" for line in lines)
    (folder / SUBSCRIPTIONS).write_bytes(_VERSION_2 + b"\n" + text.encode("ascii"))
