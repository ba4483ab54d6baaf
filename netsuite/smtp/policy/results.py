"""The Authentication-Results field: printed, and those of others that claim to be ours found.

See RFC 8601.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from netsuite.message.headers import Field, fields
from netsuite.message.parameters import unquote
from netsuite.smtp.policy.authors import a_labels

NAME: Final = b"Authentication-Results"

# RFC 8601, 2.2: value is a token or a quoted-string (RFC 2045, 5.1); pvalue may be an address, too.
_plain: Final = re.compile(r"[A-Za-z0-9!#$%&'*+./=^_`{|}~@-]{1,255}")
_comment: Final = re.compile(rb"\([^()\\]*(?:\\.[^()\\]*)*\)", re.DOTALL)
_server: Final = re.compile(
    rb'("(?:[^"\\]|\\.)*"|[^\s;"()]+)(?:\s+([0-9]+))?\s*(?:;|\Z)', re.DOTALL
)
# RFC 8601, 2.2: resinfo and what is in it; quoted strings end neither.
_resinfo: Final = re.compile(rb'(?:[^;"]++|"(?:[^"\\]++|\\.)*+(?:"|\\?\Z))++', re.DOTALL)
# A name is looked for from its start only: from each of its octets that took a time which grows
# with the square of a long one.
_pair: Final = re.compile(
    rb'(?<![A-Za-z0-9.-])([A-Za-z0-9.-]++)(?:\s*/\s*[0-9]+)?\s*=\s*("(?:[^"\\]++|\\.)*+"|[^\s;"]++)',
    re.DOTALL,
)
#: Of a field, looked at to find whose it is.
_LOOKED_AT: Final = 1000
#: Comments within comments that are looked through; of deeper ones the field cannot be read.
_NESTED: Final = 4


@dataclass(frozen=True, slots=True)
class MethodResult:
    """What one method found.

    Args:
        method: ``spf``, ``dkim``, ``dmarc`` ...
        properties: ``smtp.mailfrom``, ``header.d`` ... with their values; empty ones are left out.
    """

    method: str
    result: str
    reason: str = ""
    properties: Sequence[tuple[str, str]] = ()


def results_field(host: str, results: Iterable[MethodResult]) -> bytes:
    """Print the field, a method a line."""
    lines = [_method(each) for each in results] or [" none"]
    text = f"Authentication-Results: {a_labels(host)};\r\n" + ";\r\n".join(lines) + "\r\n"
    return text.encode("ascii")


def _method(found: MethodResult) -> str:
    line = f" {found.method}={found.result}"
    if found.reason:
        line += f" reason={_quoted(found.reason)}"
    for name, value in found.properties:
        if value:
            line += f"\r\n  {name}={value if _plain.fullmatch(value) else _quoted(value)}"
    return line


def _quoted(text: str) -> str:
    """Return a quoted-string of what is of ASCII and printable, not too long for a line."""
    kept = "".join(c if " " <= c <= "~" and c not in '"\\' else "?" for c in text[:255])
    return f'"{kept}"'


def parse_results(payload: bytes) -> Sequence[MethodResult]:
    """Read what somebody else has found; what cannot be read is passed over.

    Args:
        payload: a field's value, without comments.
    """
    found = []
    for info in _resinfo.findall(payload):
        pairs = [
            (name.decode("ascii").lower(), _text(value)) for name, value in _pair.findall(info)
        ]
        if pairs:
            (method, result), *properties = pairs
            reason = next((value for name, value in properties if name == "reason"), "")
            named = [each for each in properties if each[0] != "reason"]
            found.append(MethodResult(method, result.lower(), reason, named))
    return found


def _text(value: bytes) -> str:
    octets = unquote(value[1:-1]) if value.startswith(b'"') else value
    return octets.decode("utf-8", "replace")


def claimed(header: bytes, host: str) -> Sequence[Field]:
    """Return the fields of a header that claim to be by *host*, and those that cannot be read or
    are of another version: nobody but us may have put them there (RFC 8601, 5)."""
    return [
        each
        for each in fields(header)
        if each.name.lower() == NAME.lower() and _is_by(each.value, host)
    ]


def _is_by(value: bytes, host: str) -> bool:
    cut = len(value) > _LOOKED_AT
    value = value[:_LOOKED_AT]
    for _ in range(_NESTED):
        value = _comment.sub(b" ", value)
    value = value.strip()
    match = _server.match(value)
    if match is None or match[2] not in (None, b"1") or (cut and match.end() == len(value)):
        return True
    server = unquote(match[1][1:-1]) if match[1].startswith(b'"') else match[1]
    return a_labels(server.decode("utf-8", "replace")) == a_labels(host)
