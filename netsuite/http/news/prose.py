"""Others' prose as HTML that does nothing: escaped, its links made safe."""

from __future__ import annotations

import html
import re
from typing import Final
from urllib.parse import quote

from netsuite.message.flowed import SIGNATURE

#: What neither HTML nor XML may hold, whatever the spelling.
_unfit: Final = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

# RFC 3986, 2 without quotes and angle brackets; RFC 6068, 2 without its fields; RFC 5538, 2.
_link: Final = re.compile(
    r"(?i:https?)://[\w\-.~:/?#\[\]@!$&()*+,;=%]++"
    r"|(?i:mailto):[\w.+\-]++@[\w.\-]++"
    r"|(?i:news):[\w.!#$%&'*+/=?^`{|}~@\-]++"
)
#: Behind a link these end the sentence it stands in.
_ENDS: Final = ".,;:!?'*"
_quote_depth: Final = re.compile(r"(?:> ?)*")
#: Deeper quotes look like these.
_DEPTHS: Final = 3


def clean(text: str) -> str:
    """Return a text without characters that no page may hold."""
    return _unfit.sub("\ufffd", text)


def escaped(text: str) -> str:
    """Return a text as it stands in HTML or XML, in an attribute too."""
    return html.escape(_unfit.sub("\ufffd", text))


def article_link(message_id: str, room: str) -> str:
    """Return where an article is looked up.

    Args:
        message_id: without angle brackets.
        room: the path from the page to the list of groups, ``"../"``.
    """
    return f"{room}?message-id={quote(clean(message_id), safe='@.$-_+')}"


def text_html(text: str, room: str) -> str:
    """Return a text as HTML: quotes and signature set apart, addresses made links; *room* is that
    of ``article_link``."""
    pieces: list[str] = []
    depth = 0
    signed = False
    for line in clean(text).replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n"):
        now = 0 if signed else _depth(line)
        if now != depth:
            pieces.append(("</span>" if depth else "") + (f'<span class="q{now}">' if now else ""))
            depth = now
        if line == SIGNATURE and not signed:
            signed = True
            pieces.append('<span class="sig">')
        pieces.append(_line_html(line, room) + "\n")
    return "".join(pieces) + "</span>" * (bool(depth) + signed)


def _depth(line: str) -> int:
    if not line.startswith(">"):
        return 0
    found = _quote_depth.match(line)
    return min(_DEPTHS, found[0].count(">")) if found else 0


def _line_html(line: str, room: str) -> str:
    if ":" not in line:
        return html.escape(line)
    pieces: list[str] = []
    position = 0
    for found in _link.finditer(line):
        shown = _trimmed(found[0])
        pieces += (html.escape(line[position : found.start()]), _anchor(shown, room))
        position = found.start() + len(shown)
    pieces.append(html.escape(line[position:]))
    return "".join(pieces)


def _trimmed(link: str) -> str:
    """Return a link without what belongs to the sentence around it."""
    surplus = {shut: link.count(shut) - link.count(opened) for opened, shut in ("()", "[]")}
    end = len(link)
    while link[end - 1] in _ENDS or surplus.get(link[end - 1], 0) > 0:
        surplus[link[end - 1]] = surplus.get(link[end - 1], 0) - 1
        end -= 1
    return link[:end]


def _anchor(link: str, room: str) -> str:
    scheme, _, rest = link.partition(":")
    target = link
    if scheme.lower() == "news":
        target = article_link(rest, room) if "@" in rest else f"{room}{quote(rest, safe='+')}/"
    return f'<a href="{html.escape(target)}" rel="nofollow ugc noreferrer">{html.escape(link)}</a>'
