"""HTTP's requests, responses and fields as frozen values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeAlias

FieldPairs: TypeAlias = tuple[tuple[str, str], ...]

#: Answers to these never have a body (RFC 9110, 6.4.1).
BODILESS: Final = frozenset({204, 304})

REASONS: Final = {status.value: status.phrase for status in HTTPStatus} | {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}


class Fields:
    """The fields of a head or a trailer section; never changed once made.

    Args:
        pairs: names and values in their order; names in lower case when they were received.
    """

    __slots__ = ("_joined", "pairs")

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self.pairs: FieldPairs = tuple(pairs)
        joined: dict[str, str] = {}
        for name, value in self.pairs:
            lower = name.lower()
            joined[lower] = f"{joined[lower]}, {value}" if lower in joined else value
        self._joined = joined

    def get(self, name: str, default: str = "") -> str:
        """Return the value of a field, several joined by a comma (RFC 9110, 5.3).

        So a field that may stand only once has no value its grammar allows when it stands twice.

        Args:
            name: in lower case.
        """
        return self._joined.get(name, default)

    def all(self, name: str) -> list[str]:
        """Return every value of a field (Set-Cookie cannot be joined). *name* in lower case."""
        return [value for each, value in self.pairs if each.lower() == name]

    def elements(self, name: str) -> list[str]:
        """Return the elements of a list field without quoted strings, in lower case."""
        value = self._joined.get(name)
        if value is None:
            return []
        return [each for part in value.lower().split(",") if (each := part.strip(" \t"))]

    def without(self, *names: str) -> Fields:
        """Return all but some. *names* in lower case."""
        return Fields(pair for pair in self.pairs if pair[0].lower() not in names)

    def has_any(self, names: frozenset[str]) -> bool:
        """Return whether any of some fields is there. *names* in lower case."""
        return not names.isdisjoint(self._joined)

    def __contains__(self, name: str) -> bool:
        return name in self._joined

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fields) and self.pairs == other.pairs

    def __hash__(self) -> int:
        return hash(self.pairs)

    def __repr__(self) -> str:
        return f"Fields({self.pairs!r})"


NO_FIELDS: Final = Fields()


@dataclass(frozen=True, slots=True)
class Request:
    """A request's head.

    Args:
        method: as it is; methods are case-sensitive.
        target: as sent; for a client in origin-form (RFC 9112, 3.2).
        fields: a client leaves Host, Content-Length, Transfer-Encoding and Connection to the
            dialog.
        octets: of the body; None where only its end will tell (chunked).
        host: whom it is for, with the port where one was given; from the target where that
            is in absolute-form.
        path: of the target, still encoded; empty for ``*``.
        query: of the target, None without ``?``.
        minor: of the version: 0 or 1.
        keep: the sender will let the connection be used again.
        expects_continue: the body will not be sent before 100 Continue, or a while.
    """

    method: str
    target: str
    fields: Fields = NO_FIELDS
    octets: int | None = 0
    host: str = ""
    path: str = ""
    query: str | None = None
    minor: int = 1
    keep: bool = True
    expects_continue: bool = False


@dataclass(frozen=True, slots=True)
class Informational:
    """An answer before the answer: 100 Continue, 103 Early Hints."""

    status: int
    fields: FieldPairs = ()


@dataclass(frozen=True, slots=True)
class Response:
    """An answer with its whole body.

    Args:
        status: 200 to 599.
        fields: without Content-Length, Transfer-Encoding and Connection, which the dialog adds,
            and without Date and Server, which the server does.
        body: for HEAD too: what GET would get, for its length.
    """

    status: int
    fields: FieldPairs = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """An answer's head; its body follows as ``BodyChunk`` values and an ``EndOfBody``.

    Args:
        fields: for a server, as those of a ``Response``.
        octets: of the body; None where only its end will tell.
        reason: the phrase a server said; nothing depends on it.
        keep: the connection can be used again after it.
    """

    status: int
    fields: Fields = NO_FIELDS
    octets: int | None = None
    reason: str = ""
    keep: bool = True


def plain(status: int, text: str = "", *fields: tuple[str, str]) -> Response:
    """Make an answer that says its status, and a sentence, in plain text."""
    said = f"{status} {REASONS.get(status, '')}\r\n" + (f"{text}\r\n" if text else "")
    return Response(status, (("Content-Type", "text/plain; charset=utf-8"), *fields), said.encode())
