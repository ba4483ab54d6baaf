"""Media types: of files by their names, and which of several a client would rather have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from mimetypes import MimeTypes
from typing import Final

#: The standard library's table, without what the machine's own files add: the same everywhere.
_types: Final = MimeTypes(filenames=())
_MORE: Final = {
    ".md": "text/markdown",
    ".log": "text/plain",
    ".toml": "application/toml",
    ".gmi": "text/gemini",
    ".7z": "application/x-7z-compressed",
    ".woff2": "font/woff2",
    ".webp": "image/webp",
    ".xz": "application/x-xz",
    ".zst": "application/zstd",
    ".gz": "application/gzip",
    ".tgz": "application/gzip",
    ".bz2": "application/x-bzip2",
}
OCTETS: Final = "application/octet-stream"


def media_type(name: str) -> str:
    """Return a file's media type by its name.

    A compressed file is what it is, and not its content in a coding: who fetches ``a.tar.gz``
    wants that file.
    """
    dot = name.rfind(".")
    if dot <= 0:
        return OCTETS
    found = _MORE.get(name[dot:].lower())
    if found is None:
        found, encoding = _types.guess_type(f"name{name[dot:].lower()}")
        if found is None or encoding is not None:
            return OCTETS
    if found.startswith("text/") or found in ("application/javascript", "application/json"):
        return f"{found}; charset=utf-8"
    return found


#: Types whose files are worth a copy in gzip; the others are coded already.
WORTH_PACKING: Final = re.compile(
    r"text/.*|application/(?:javascript|json|xml|toml|wasm|x-tar|.*\+(?:xml|json))|image/(?:svg\+xml|bmp)"
    r"|font/(?:ttf|otf)"
)
GZIP: Final = "gzip"
#: Of Accept-Encoding, so much is looked at.
_CODINGS: Final = 1000

#   Accept-Encoding = [ ( codings [ weight ] ) *( OWS "," OWS ( codings [ weight ] ) ) ]
#   codings         = content-coding / "identity" / "*"
_coding: Final = re.compile(r"[ \t]*+([!#$%&'*+\-.^_`|~0-9A-Za-z]++)[ \t]*+([^,]*+)")


@lru_cache(256)
def takes_gzip(accept_encoding: str) -> bool:
    """Return whether a client takes gzip, and likes it no less than nothing (RFC 9110, 12.5.3).

    Args:
        accept_encoding: the field's value; empty where there is none.
    """
    weights: dict[str, float] = {}
    for found in _coding.finditer(accept_encoding[:_CODINGS]):
        weight = _weight.search(found[2])
        name = found[1].lower().removeprefix("x-")
        weights.setdefault(name, float(weight[1]) if weight else 1.0)
    gzip = weights.get(GZIP, weights.get("*", 0.0))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


#   Accept      = [ ( media-range [ weight ] ) *( OWS "," OWS ( media-range [ weight ] ) ) ]
#   weight      = OWS ";" OWS "q=" qvalue
_accepted: Final = re.compile(
    r"[ \t]*+([!#$%&'*+\-.^_`|~0-9A-Za-z]++)/([!#$%&'*+\-.^_`|~0-9A-Za-z]++)([^,]*+)"
)
_weight: Final = re.compile(r"(?i:;[ \t]*+q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))[ \t]*+(?:;|$)")


def choose(accept: str, offered: Sequence[str]) -> str:
    """Return the media type a client would rather have; the first where it does not care, or
    wants none of them (RFC 9110, 12.5.1 leaves that to us).

    Args:
        accept: the field's value; empty where there is none.
        offered: types without parameters, the best first.
    """
    if not accept:
        return offered[0]
    weights = []
    for found in _accepted.finditer(accept):
        weight = _weight.search(found[3])
        weights.append((found[1].lower(), found[2].lower(), float(weight[1]) if weight else 1.0))

    def liking(offer: str) -> float:
        kind, _, sub = offer.partition("/")
        best = (-1, 0.0)
        for main, minor, weight in weights:
            if main == kind and minor == sub:
                best = max(best, (2, weight))
            elif main == kind and minor == "*":
                best = max(best, (1, weight))
            elif main == "*" and minor == "*":
                best = max(best, (0, weight))
        return best[1]

    return max(offered, key=liking)
