"""Content-Type and Content-Disposition: value, parameters, comments (RFC 2045, 2183, 2231)."""

from __future__ import annotations

import re
from typing import Final, TypeAlias
from urllib.parse import unquote_to_bytes

from netsuite.message.charsets import decode

Parameters: TypeAlias = tuple[tuple[bytes, bytes], ...]

#: So many parameters are kept of one field.
PARAMETERS: Final = 64

# RFC 2045, 5.1: token = 1*<any CHAR except SPACE, CTLs, or tspecials>; 8-bit octets let through.
token: Final = re.compile(rb"[!#-'*+\-.0-9A-Z^-~\x80-\xff]++")
# A quoted string that is never closed reaches to the end of the field.
quoted_string: Final = re.compile(rb'"((?:[^"\\]++|\\.)*+)(?:"|\\?\Z)', re.DOTALL)
quoted_pair: Final = re.compile(rb"\\(.)", re.DOTALL)
#: Parameter values out of grammar (spaces, slashes, equals signs unquoted) as they occur.
loose_value: Final = re.compile(rb"[^;\s\"]++")
_outside: Final = re.compile(rb'[^"(\\]++|"(?:[^"\\]++|\\.)*+"?|\\.?', re.DOTALL)
_inside: Final = re.compile(rb"(?:[^()\\]++|\\.)++|\\\Z", re.DOTALL)
_white: Final = re.compile(rb"[ \t\r\n]*+")
# RFC 2231, 3 and 4: attribute *( "*" section ) [ "*" ]
_section: Final = re.compile(rb"(.+?)(?:\*([0-9]{1,4}))?(\*)?")


def without_comments(octets: bytes) -> bytes:
    """Take comments (nested ones too) out of a structured value; quoted strings stay."""
    if b"(" not in octets:
        return octets
    kept: list[bytes] = []
    position, depth, end = 0, 0, len(octets)
    while position < end:
        if depth:
            match = _inside.match(octets, position)
            if match:
                position = match.end()
                continue
            depth += 1 if octets[position] == 0x28 else -1
            position += 1
        else:
            match = _outside.match(octets, position)
            if match:
                kept.append(match.group())
                position = match.end()
                continue
            kept.append(b" ")
            depth = 1
            position += 1
    return b"".join(kept)


def unquote(octets: bytes) -> bytes:
    """Undo the quoted pairs within a quoted string."""
    return quoted_pair.sub(rb"\1", octets) if b"\\" in octets else octets


def _raw_parameters(octets: bytes, position: int) -> list[tuple[bytes, bytes]]:
    """Read ``; name = value`` until the end; what is no parameter is passed over."""
    found: list[tuple[bytes, bytes]] = []
    end = len(octets)
    while position < end and len(found) < PARAMETERS * 4:
        semicolon = octets.find(b";", position)
        if semicolon < 0:
            break
        match = token.match(octets, _skip_white(octets, semicolon + 1))
        if not match:
            position = semicolon + 1
            continue
        name = match.group().lower()
        position = _skip_white(octets, match.end())
        if not octets.startswith(b"=", position):
            continue
        position = _skip_white(octets, position + 1)
        quoted = quoted_string.match(octets, position)
        if quoted:
            found.append((name, unquote(quoted.group(1))))
            position = quoted.end()
            continue
        loose = loose_value.match(octets, position)
        found.append((name, loose.group() if loose else b""))
        position = loose.end() if loose else position
    return found


def _skip_white(octets: bytes, position: int) -> int:
    match = _white.match(octets, position)
    return match.end() if match else position


def _decoded(octets: bytes, charset: bytes) -> bytes:
    """Return text of a charset as UTF-8; as it is where none was said."""
    if not charset:
        return octets
    return decode(octets, charset.decode("ascii", "replace")).encode("utf-8", "replace")


def _charset_and_rest(octets: bytes) -> tuple[bytes, bytes]:
    parts = octets.split(b"'", 2)
    return (parts[0], parts[2]) if len(parts) == 3 else (b"", octets)


def join_continuations(raw: list[tuple[bytes, bytes]]) -> Parameters:
    """Put continued and percent-coded parameters together (RFC 2231, 3 and 4).

    The first of equal names wins; a coded form wins over a plain one (RFC 6266, 4.3 says so
    for ``filename*``); sections count from 0 and end at the first gap.
    """
    plain: dict[bytes, bytes] = {}
    coded: dict[bytes, bytes] = {}
    sections: dict[bytes, dict[int, tuple[bytes, bool]]] = {}
    for name, value in raw:
        match = _section.fullmatch(name) if b"*" in name else None
        if match is None or (match.group(2) is None and match.group(3) is None):
            plain.setdefault(name, value)
            continue
        base = match.group(1)
        plain.setdefault(base, b"")
        if match.group(2) is None:
            charset, rest = _charset_and_rest(value)
            coded.setdefault(base, _decoded(unquote_to_bytes(rest), charset))
        else:
            sections.setdefault(base, {}).setdefault(
                int(match.group(2)), (value, match.group(3) is not None)
            )
    for base, numbered in sections.items():
        coded.setdefault(base, _joined(numbered))
    merged = [(name, coded.get(name, value)) for name, value in plain.items()]
    return tuple(merged[:PARAMETERS])


def _joined(numbered: dict[int, tuple[bytes, bool]]) -> bytes:
    pieces: list[bytes] = []
    charset = b""
    number = 0
    while number in numbered:
        value, is_coded = numbered[number]
        if is_coded:
            if number == 0:
                charset, value = _charset_and_rest(value)
            value = unquote_to_bytes(value)
        pieces.append(value)
        number += 1
    return _decoded(b"".join(pieces), charset)


def parse_content_type(octets: bytes) -> tuple[tuple[bytes, bytes], Parameters] | None:
    """Read a Content-Type value (unfolded or not).

    Returns:
        The type and subtype in lower case and the parameters; None when there is no
        ``type/subtype`` at its start, for which RFC 2045, 5.2 wants the default.
    """
    octets = without_comments(octets)
    match = token.match(octets, _skip_white(octets, 0))
    if not match:
        return None
    main = match.group().lower()
    position = _skip_white(octets, match.end())
    if not octets.startswith(b"/", position):
        return None
    match = token.match(octets, _skip_white(octets, position + 1))
    if not match:
        return None
    raw = _raw_parameters(octets, match.end())
    return (main, match.group().lower()), join_continuations(raw)


def parse_disposition(octets: bytes) -> tuple[bytes, Parameters] | None:
    """Read a Content-Disposition value: its type in lower case and its parameters."""
    octets = without_comments(octets)
    match = token.match(octets, _skip_white(octets, 0))
    if not match:
        return None
    return match.group().lower(), join_continuations(_raw_parameters(octets, match.end()))


def parse_token(octets: bytes) -> bytes:
    """Return the first token of a value in lower case, or nothing."""
    octets = without_comments(octets)
    match = token.match(octets, _skip_white(octets, 0))
    return match.group().lower() if match else b""


def parse_languages(octets: bytes) -> tuple[bytes, ...]:
    """Read a Content-Language value: its tags in order, as written (RFC 3282, 2)."""
    tags = (tag.strip(b" \t\r\n") for tag in without_comments(octets).split(b",", PARAMETERS))
    found = (token.match(tag) for tag in tags)
    return tuple(match.group() for match in found if match)
