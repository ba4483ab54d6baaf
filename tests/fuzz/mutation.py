"""Makes other octets of the octets of sessions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

#: What parsers stumble on, put in anywhere.
ODD: Final = (
    b"\0", b"\r", b"\n", b"\r\n", b"\r\r\n", b"\r\n.\r\n", b".\r\n", b"\xff", b"\xff\xfb\x01",
    b"\xff\xfa", b"\xff\xf0", b"\x80", b"\xc3\xa9", b" ", b"\t", b"  ", b"*", b"%", b"\"", b"\\",
    b"(", b")", b"<", b">", b"{5}\r\n", b"{5+}\r\n", b"{99999999999}\r\n", b"~{5+}\r\n",
    b" {3+}\r\nabc", b" CATENATE (", b" URL ", b"UNAUTHENTICATE\r\n", b"0", b"-1",
    b"18446744073709551616", b"1:*", b"../", b"%2e%2e/", b"=", b":", b";", b",", b"x" * 300,
    b"x" * 9000, b"(" * 60, b"HTTP/1.1", b"Content-Length: 3\r\n",
    b"Transfer-Encoding: chunked\r\n", b"7fffffffffffffff\r\n",
)  # fmt: skip
#: So long a session may become.
LONGEST: Final = 20_000


def mutated(random: Random, seeds: Sequence[bytes]) -> bytes:
    """Give a session made of others."""
    octets = random.choice(seeds)
    for _ in range(random.choice((1, 1, 2, 3, 6))):
        octets = random.choice(_CHANGES)(random, octets, seeds)[:LONGEST]
    return octets


def cut(random: Random, octets: bytes) -> list[bytes]:
    """Cut octets into pieces: single octets, lines' parts, or large."""
    largest = random.choice((1, 3, 20, 200, 5000))
    if largest == 1 and len(octets) > 3000:
        largest = 20
    pieces = []
    start = 0
    while start < len(octets):
        end = start + random.randint(1, largest)
        pieces.append(octets[start:end])
        start = end
    return pieces


def _place(random: Random, octets: bytes) -> int:
    return random.randint(0, len(octets))


def _insert(random: Random, octets: bytes, seeds: Sequence[bytes]) -> bytes:
    at = _place(random, octets)
    return octets[:at] + random.choice(ODD) + octets[at:]


def _drop(random: Random, octets: bytes, seeds: Sequence[bytes]) -> bytes:
    at = _place(random, octets)
    return octets[:at] + octets[at + random.choice((1, 2, 10, 100)) :]


def _change(random: Random, octets: bytes, seeds: Sequence[bytes]) -> bytes:
    if not octets:
        return octets
    at = random.randrange(len(octets))
    return octets[:at] + bytes([random.randrange(256)]) + octets[at + 1 :]


def _end(random: Random, octets: bytes, seeds: Sequence[bytes]) -> bytes:
    return octets[: _place(random, octets)]


def _splice(random: Random, octets: bytes, seeds: Sequence[bytes]) -> bytes:
    other = random.choice(seeds)
    return octets[: _place(random, octets)] + other[_place(random, other) :]


def _lines(change: Callable[[Random, list[bytes]], None]) -> Callable[..., bytes]:
    def changed(random: Random, octets: bytes, seeds: Sequence[bytes]) -> bytes:
        lines = octets.splitlines(keepends=True)
        if lines:
            change(random, lines)
        return b"".join(lines)

    return changed


def _double(random: Random, lines: list[bytes]) -> None:
    at = random.randrange(len(lines))
    lines[at:at] = [lines[at]] * random.choice((1, 1, 30))


def _swap(random: Random, lines: list[bytes]) -> None:
    one, other = random.randrange(len(lines)), random.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]


def _omit(random: Random, lines: list[bytes]) -> None:
    del lines[random.randrange(len(lines))]


def _word(random: Random, lines: list[bytes]) -> None:
    """Put another word in place of one."""
    at = random.randrange(len(lines))
    words = lines[at].split(b" ")
    words[random.randrange(len(words))] = random.choice((*ODD, *random.choice(lines).split(b" ")))
    lines[at] = b" ".join(words)


_CHANGES: Final[Sequence[Callable[..., bytes]]] = (
    _insert, _drop, _change, _end, _splice,
    _lines(_double), _lines(_swap), _lines(_omit), _lines(_word), _lines(_word),
)  # fmt: skip
