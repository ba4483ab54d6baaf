"""The files that pages refer to: a style sheet, a script, an icon."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from netsuite.http.commands import Response

_FOLDER: Final = Path(__file__).with_name("static")
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
#: By path; they are small, and read once.
FILES: Final[Mapping[str, bytes]] = {
    f"/{path.name}": path.read_bytes()
    for path in sorted(_FOLDER.iterdir())
    if path.suffix in _TYPES
}


def _address(path: str) -> str:
    """Return a file's address, which is another when its content is."""
    return f"{path}?{hashlib.sha256(FILES[path]).hexdigest()[:12]}"


def asset(path: str) -> Response:
    """Return a file as it is sent: to be kept for good, as its address tells its content."""
    kind = _TYPES[Path(path).suffix]
    kept = ("Cache-Control", "public, max-age=31536000, immutable")
    return Response(200, (("Content-Type", kind), kept), FILES[path])


STYLE: Final = _address("/console.css")
SCRIPT: Final = _address("/console.js")
