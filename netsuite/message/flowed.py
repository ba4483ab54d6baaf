"""Flowed text: the paragraphs that its lines are parts of (RFC 3676)."""

from __future__ import annotations

from typing import Final

from netsuite.message.structure import Part

#: RFC 3676, 4.3: it ends in a space and is no flowed line.
SIGNATURE: Final = "-- "


def unflowed(text: str, part: Part) -> str:
    """Return a part's text with each paragraph on a line; text that is not flowed as it is."""
    said = {name: value.lower() for name, value in part.parameters}
    if part.type != (b"text", b"plain") or said.get(b"format") != b"flowed":
        return text
    return join_paragraphs(text, delete_space=said.get(b"delsp") == b"yes")


def join_paragraphs(text: str, *, delete_space: bool = False) -> str:
    """Join the lines of flowed text, transfer coding and charset undone (RFC 3676, 4.1).

    A line that ends in a space goes on in the next one, if that is quoted as deep and is no
    signature separator. Quote marks stay, with a space behind them. With DelSp=yes the space at a
    flowed line's end is not part of the text.
    """
    made: list[str] = []
    pieces: list[str] = []  # of the paragraph that may go on
    depth = 0
    for line in text.replace("\r\n", "\n").split("\n"):
        content = line.lstrip(">")
        now = len(line) - len(content)
        content = content.removeprefix(" ")
        # An empty line is meant to part paragraphs, whatever was left at the end of the last one.
        if pieces and (now != depth or content in ("", SIGNATURE)):
            made.append("".join(pieces))
            pieces.clear()
        depth = now
        if not pieces and depth:
            pieces.append(">" * depth + " ")
        flows = content.endswith(" ") and content != SIGNATURE
        pieces.append(content[:-1] if flows and delete_space else content)
        if not flows:
            made.append("".join(pieces))
            pieces.clear()
    if pieces:
        made.append("".join(pieces))
    return "\n".join(made)
