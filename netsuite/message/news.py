"""Names in the news: newsgroups and Message-IDs, as RFC 5536 writes them and as they occur."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from netsuite.message.headers import find, header_end

#: RFC 5536, 3.1.3 and RFC 3977, 3.6: angle brackets included.
MESSAGE_ID_OCTETS: Final = 250
#: Longer than any name in use; a command of 512 octets has to hold one and a wildmat.
NAME_OCTETS: Final = 255
#: How much of a content is looked at for its header.
HEADER_OCTETS: Final = 64 * 1024

# RFC 5536, 3.1.4:
#   newsgroup-name  =  component *( "." component )
#   component       =  1*component-char
#   component-char  =  ALPHA / DIGIT / "+" / "-" / "_"
newsgroup_name: Final = re.compile(rb"[A-Za-z0-9+_-]+(?:\.[A-Za-z0-9+_-]+)*")

# RFC 5536, 3.1.3:
#   msg-id          =  "<" msg-id-core ">" ; msg-id-core = id-left "@" id-right
#   id-left         =  dot-atom-text ; id-right = dot-atom-text / no-fold-literal
#   mdtext          =  %d33-61 / %d63-90 / %d94-126
_atext: Final = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_dot_atom_text: Final = _atext + rb"(?:\." + _atext + rb")*"
msg_id: Final = re.compile(
    b"<" + _dot_atom_text + b"@(?:" + _dot_atom_text + rb"|\[[!-=?-Z^-~]*\])>"
)

# RFC 3977, 9.8: message-id = "<" 1*248A-NOTGT ">": what can be said in a command. Looser than the
# rule above: mail that a gateway brought must be readable, too.
message_id: Final = re.compile(rb"<[!-=?-~]{1,248}>")

#: RFC 5536, 3.1.4: names no newsgroup may have, and components none may have.
_RESERVED_NAMES: Final = frozenset({b"poster", b"junk"})
_RESERVED_FIRST: Final = frozenset({b"example", b"to", b"control"})
_RESERVED_COMPONENTS: Final = frozenset({b"all", b"ctl"})


def is_newsgroup_name(name: bytes) -> bool:
    """Return whether a name can be a newsgroup's."""
    return len(name) <= NAME_OCTETS and newsgroup_name.fullmatch(name) is not None


def is_reserved(name: bytes) -> bool:
    """Return whether a name is reserved, so that no newsgroup should have it (RFC 5536, 3.1.4)."""
    components = name.split(b".")
    return (
        name in _RESERVED_NAMES
        or components[0] in _RESERVED_FIRST
        or not _RESERVED_COMPONENTS.isdisjoint(components)
    )


def newsgroup_name_problem(name: str) -> str | None:
    """Say why no newsgroup can be made with a name; None where one can."""
    octets = name.encode("utf-8", "replace")
    if not is_newsgroup_name(octets):
        return (
            f"{name} is no newsgroup's name: words of letters, digits, + - and _, "
            "with dots between (RFC 5536, 3.1.4)"
        )
    return f"{name} is reserved: no newsgroup may have it" if is_reserved(octets) else None


def is_message_id(octets: bytes) -> bool:
    """Return whether octets are a Message-ID that an article may be injected with."""
    return len(octets) <= MESSAGE_ID_OCTETS and msg_id.fullmatch(octets) is not None


def locations(places: Sequence[tuple[str, int]]) -> str:
    """Print newsgroups and numbers as an Xref field has them (RFC 5536, 3.2.14)."""
    return " ".join([f"{name}:{number}" for name, number in places])


def first_message_id(value: bytes | None) -> str:
    """Return the first Message-ID of a field's body with its angle brackets; empty for none."""
    found = message_id.search(value) if value else None
    return found[0].decode("ascii") if found else ""


def message_id_of(octets: bytes) -> str:
    """Return the Message-ID of a message's header, with its angle brackets; empty for none that
    could be said in a command. No more than ``HEADER_OCTETS`` are looked at.
    """
    head = octets[:HEADER_OCTETS]
    return first_message_id(find(head[: header_end(head)], b"message-id"))
