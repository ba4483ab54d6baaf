"""From a section to the octets it means: a range of the stored message, or lines of a header.

See RFC 3501, 6.4.5: part numbers, HEADER, HEADER.FIELDS, TEXT, MIME, partial.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from netsuite.imap.commands.fetch import BodySection, SectionText
from netsuite.message.structure import Part

_RFC822 = (b"message", b"rfc822")

# A field: its line and the folded ones after it. The empty line at the end is none.
_FIELD = re.compile(rb"([^:\r\n \t]+)[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*|[^\n]*\n?")


@dataclass(frozen=True, slots=True)
class OctetRange:
    """Octets ``start`` to ``stop`` of the stored message."""

    start: int
    stop: int

    def part(self, start: int, octets: int) -> OctetRange:
        """Return the part of it that a partial asks for; beyond its end: nothing."""
        low = min(self.start + start, self.stop)
        return OctetRange(low, min(low + octets, self.stop))


def needs_structure(section: BodySection) -> bool:
    """Return whether a section cannot be found without the part tree."""
    return bool(section.part) or section.text is not None


def whole_range(section: BodySection, root: Part | None, octets: int) -> OctetRange | None:
    """Return the range a section means, before HEADER.FIELDS and a partial are applied.

    Args:
        root: the message's part tree; None will do where ``needs_structure`` says no.
        octets: the size of the message.

    Returns:
        None when the message has no such part.
    """
    if not needs_structure(section) or root is None:
        return OctetRange(0, octets)
    part = find_part(root, section.part) if section.part else root
    if part is None:
        return None
    if section.text is None:
        return OctetRange(part.body_start, part.body_end)
    if section.text is SectionText.MIME:
        return OctetRange(part.header_start, part.body_start)
    if section.part:
        # HEADER and TEXT of a part are those of the message in it.
        if part.type != _RFC822 or not part.children:
            return None
        part = part.children[0]
    if section.text is SectionText.TEXT:
        return OctetRange(part.body_start, part.body_end if section.part else octets)
    return OctetRange(part.header_start, part.body_start)


def find_part(root: Part, numbers: Iterable[int]) -> Part | None:
    """Follow part numbers; None when there is no such part."""
    container, part = root, None
    for number in numbers:
        if part is not None:
            if part.type == _RFC822 and part.children:
                container = part.children[0]
            elif part.type[0] == b"multipart":
                container = part
            else:
                return None
        if container.type[0] == b"multipart":
            if number > len(container.children):
                return None
            part = container.children[number - 1]
        elif number == 1:  # a message that is no multipart has one part, its body
            part = container
        else:
            return None
    return part


def pick_fields(header: bytes, names: Iterable[bytes], *, exclude: bool = False) -> bytes:
    """Return the fields of those names (or all but them) as they stand, and the empty line that
    ends the header where there is one."""
    wanted = {name.lower() for name in names}
    lines = [
        match.group()
        for match in _FIELD.finditer(header)
        if match.group(1) is not None and (match.group(1).lower() in wanted) is not exclude
    ]
    if header.endswith((b"\n\r\n", b"\n\n")) or header == b"\r\n":
        lines.append(b"\r\n")
    return b"".join(lines)


def cut(octets: bytes, section: BodySection) -> bytes:
    """Apply a section's partial to octets that are at hand."""
    if section.start is None:
        return octets
    return octets[section.start : section.start + (section.octets or 0)]
