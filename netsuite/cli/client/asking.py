"""What the command line says of an HTTP request, and of the part of a file that is wanted."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netsuite.cli.client.problems import FileTrouble, Usage

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
#: So much of a request's body is held in memory.
DATA_OCTETS: Final = 256 * 1024 * 1024

# tchar (RFC 9110, 5.6.2)
_TOKEN: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_METHOD: Final = re.compile(_TOKEN)
# field-line; curl's ``Name;`` is one without a value
_FIELD: Final = re.compile(rf"({_TOKEN})(?::[ \t]*([\t\x20-\x7e\x80-\U0010ffff]*?)[ \t]*|(;))")
# int-range / suffix-range (RFC 9110, 14.1.1)
_PART: Final = re.compile(r"([0-9]{1,18})-([0-9]{1,18})?|-([0-9]{1,18})")
#: What tells where a message ends is for the client itself to say.
_OURS: Final = frozenset({"content-length", "transfer-encoding", "connection"})


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a file, in octets.

    Args:
        first: where it begins; None for *last* octets from the end.
        last: the last octet of it; None for the file's end.
    """

    first: int | None
    last: int | None = None

    def __str__(self) -> str:
        first = "" if self.first is None else self.first
        last = "" if self.last is None else self.last
        return f"{first}-{last}"

    def within(self, octets: int) -> tuple[int, int]:
        """Return where it begins in a file of so many octets, and how many it has."""
        if self.first is None:
            length = min(self.last or 0, octets)
            return octets - length, length
        end = octets if self.last is None else min(self.last + 1, octets)
        return self.first, max(0, end - self.first)


def part_of(text: str) -> Part:
    """Read ``0-99``, ``100-`` or ``-100``. Raises Usage."""
    found = _PART.fullmatch(text)
    if found is None:
        raise Usage(f"{text} is no part of a file: --range 0-99, 100- or -100 (one part)")
    if found[3] is not None:
        return Part(None, int(found[3]))
    part = Part(int(found[1]), int(found[2]) if found[2] else None)
    if part.last is not None and part.last < int(found[1]):
        raise Usage(f"the part {text} ends before it begins")
    return part


@dataclass(frozen=True, slots=True)
class Asking:
    """How something is asked for.

    Args:
        method: of HTTP; empty for what suits the rest.
        fields: of HTTP, names and values.
        body: of the request; None for none.
        kind: the body's Content-Type.
        head: whether the head of the answer alone is wanted.
        part: of the file; None for all of it.
        fail: whether the body of an answer that is an error is not shown.
    """

    method: str = ""
    fields: Sequence[tuple[str, str]] = ()
    body: bytes | None = None
    kind: str = FORM
    head: bool = False
    part: Part | None = None
    fail: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether nothing is asked that HTTP alone has."""
        return not self.method and not self.fields and self.body is None

    @property
    def http_method(self) -> str:
        """The method of an HTTP request."""
        return self.method or ("HEAD" if self.head else "GET" if self.body is None else "POST")

    def has(self, name: str) -> bool:
        """Return whether the user gives a field, *name* in lower case."""
        return any(each.lower() == name for each, _ in self.fields)


def method_of(text: str) -> str:
    """Return a method. Raises Usage."""
    if not _METHOD.fullmatch(text):
        raise Usage(f"{text} is no method")
    if text.upper() == "CONNECT":
        raise Usage("CONNECT is for proxies: --proxy")
    return text


def fields_of(texts: Sequence[str]) -> Sequence[tuple[str, str]]:
    """Read ``Name: value``, or ``Name;`` for one without a value. Raises Usage."""
    fields = []
    for each in texts:
        found = _FIELD.fullmatch(each)
        if found is None:
            raise Usage("a field is 'Name: value' in one line")
        if found[1].lower() in _OURS:
            raise Usage(f"{found[1]} follows from what is sent")
        value = (found[2] or "").encode().decode("latin-1")  # the octets that were typed
        fields.append((found[1], value))
    return fields


def data_of(texts: Sequence[str]) -> bytes:
    """Return a form's data, several joined by ``&``; ``@FILE`` is a file's content without its line
    ends, ``@-`` standard input's. Raises FileTrouble."""
    return b"&".join(_data(each, strip=True) for each in texts)


def json_of(texts: Sequence[str]) -> bytes:
    """Return JSON to be sent; ``@FILE`` is a file's. Raises FileTrouble."""
    return b"".join(_data(each, strip=False) for each in texts)


def _data(text: str, *, strip: bool) -> bytes:
    if not text.startswith("@"):
        return text.encode("utf-8", "surrogateescape")
    name = text[1:]
    try:
        if name == "-":
            octets = sys.stdin.buffer.read(DATA_OCTETS + 1)
        else:
            with Path(name).open("rb") as file:
                octets = file.read(DATA_OCTETS + 1)
    except OSError as error:
        raise FileTrouble(f"{name} cannot be read: {error.strerror}") from None
    if len(octets) > DATA_OCTETS:
        raise FileTrouble(f"{name} is too large for this: put it")
    return octets.replace(b"\r", b"").replace(b"\n", b"") if strip else octets
