"""A message as tests ask of it: fields decoded once, addresses, and the texts of its body."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from netsuite.message.address import parse_address_list
from netsuite.message.charsets import decode
from netsuite.message.headers import fields, header_end
from netsuite.message.reading import charset
from netsuite.message.scan import scan
from netsuite.message.structure import Part
from netsuite.message.text import decode_transfer, without_markup
from netsuite.message.words import decode_words


class MessageView:
    """What a script may ask of a message.

    Args:
        octets: of the header at least, from the first of the message.
        size: of the whole message, in octets.
        whole: returns all of it, or as much as is looked at; asked for once a test of the body is.
    """

    def __init__(self, octets: bytes, size: int, whole: Callable[[], bytes]) -> None:
        self.size = size
        self._header = octets
        self._whole = whole
        self._fields: dict[str, list[bytes]] | None = None
        self._parts: list[tuple[str, bytes, Part | None]] | None = None

    def raw(self, name: str) -> Sequence[bytes]:
        """Return the unfolded values of all fields of a name, in any case, in order."""
        if self._fields is None:
            found: dict[str, list[bytes]] = {}
            for each in fields(self._header, 0, header_end(self._header)):
                lowered = each.name.decode("ascii", "replace").lower()
                found.setdefault(lowered, []).append(each.value)
            self._fields = found
        return self._fields.get(name.lower(), ())

    def values(self, name: str) -> Sequence[str]:
        """Return the same, encoded words undone (RFC 5228, 2.7.2)."""
        return [decode_words(each).strip() for each in self.raw(name)]

    # -- the body ------------------------------------------------------------------------------

    def body(self) -> str:
        """Return the body as it came (RFC 5173, 5.1); octets that are no UTF-8 are replaced."""
        octets = self._whole()
        return octets[header_end(octets) :].decode("utf-8", "replace")

    def texts(self) -> Iterator[str]:
        """Return the texts of the body, codings undone, and HTML as it is read (5.3)."""
        for kind, octets, part in self._entities():
            if part is not None and kind.startswith("text/"):
                text = decode(octets, charset(part))
                yield without_markup(text) if kind == "text/html" else text

    def contents(self, wanted: Sequence[str]) -> Iterator[str]:
        """Return the contents of all parts of some media types, codings undone (5.2)."""
        names = [each.lower() for each in wanted]
        for kind, octets, part in self._entities():
            if any(_is_of_type(kind, name) for name in names):
                yield decode(octets, charset(part) if part is not None else None)

    def _entities(self) -> Sequence[tuple[str, bytes, Part | None]]:
        """Return media type, octets and part of each entity; of what holds others, what it has
        beside them, without a part."""
        if self._parts is None:
            octets = self._whole()
            found: list[tuple[str, bytes, Part | None]] = []
            for part in scan(octets).root.walk():
                kind = b"/".join(part.type).decode("ascii", "replace").lower()
                if part.type[0] == b"multipart" and part.children:
                    found.extend((kind, each, None) for each in _around(octets, part))
                elif part.children:
                    inner = part.children[0]
                    header = octets[inner.header_start : inner.body_start]
                    found.append((kind, header, None))
                else:
                    content = octets[part.body_start : part.body_end]
                    found.append((kind, decode_transfer(content, part.encoding), part))
            self._parts = found
        return self._parts


def _is_of_type(kind: str, wanted: str) -> bool:
    """Return whether a media type is what ``:content`` asks for (RFC 5173, 5.2)."""
    if not wanted:
        return True
    if "/" in wanted:
        return kind == wanted
    return kind.partition("/")[0] == wanted


def _around(octets: bytes, part: Part) -> tuple[bytes, bytes]:
    """Return the prologue and the epilogue of a multipart, without the lines of its boundary."""
    before = octets[part.body_start : part.children[0].header_start]
    after = octets[part.children[-1].body_end : part.body_end].lstrip(b"\r\n")
    prologue = before[: before.rstrip(b"\r\n").rfind(b"\n") + 1]
    return prologue, after.partition(b"\n")[2]


def addresses(value: bytes) -> Iterator[tuple[str, str]]:
    """Return local part and domain of each address in a field's value; of what is no address the
    whole as a local part, so that it can be tested for (RFC 5228, 2.7.4)."""
    for each in parse_address_list(value):
        if each.domain is not None:  # neither the beginning nor the end of a group
            local = (each.local or b"").decode("utf-8", "replace")
            yield local, each.domain.decode("utf-8", "replace")
