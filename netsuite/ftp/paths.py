"""Paths as clients write them (TVFS, RFC 3659, 6) to paths below the root, and back.

A path is a tuple of names; ``()`` is the root. What leaves the root is cut off here, by the text
alone; that links and races do not leave it either is the tree's doing.
"""

from __future__ import annotations

from typing import Final, TypeAlias

TreePath: TypeAlias = tuple[str, ...]

ROOT: Final[TreePath] = ()


def text_of(octets: bytes) -> str:
    """Read a name's octets as UTF-8; what is none is kept in lone surrogates (RFC 2640, 3.1)."""
    return octets.decode("utf-8", "surrogateescape")


def octets_of(text: str) -> bytes:
    """Return the octets that ``text_of`` read."""
    return text.encode("utf-8", "surrogateescape")


def resolve(working: TreePath, path: str | None) -> TreePath:
    """Return the path that a client means.

    ``.`` and empty names stand for nothing, ``..`` takes away the name before it; before the
    first name there is nothing to take away.

    Args:
        path: what was said; None for the working directory itself.
    """
    names = [] if path and path.startswith("/") else list(working)
    for name in (path or "").split("/"):
        if name == "..":
            del names[-1:]
        elif name not in ("", "."):
            names.append(name)
    return tuple(names)


def shown(path: TreePath) -> str:
    """Write a path from the root."""
    return "/" + "/".join(path)


def quoted(path: TreePath) -> str:
    """Write a path as 257 shows it: in quotes, with its own doubled (RFC 959, appendix II)."""
    doubled = shown(path).replace('"', '""')
    return f'"{doubled}"'


def unquoted(text: str) -> str | None:
    """Read the path of a 257; None when there is none."""
    if not text.startswith('"'):
        return None
    pieces: list[str] = []
    position = 1
    while (end := text.find('"', position)) >= 0:
        pieces.append(text[position:end])
        if text[end + 1 : end + 2] != '"':
            return "".join(pieces)
        pieces.append('"')
        position = end + 2
    return None


def sayable(name: str) -> bool:
    """Return whether a name can stand in a line: no line end and no NUL in it."""
    return not ("\r" in name or "\n" in name or "\0" in name)
