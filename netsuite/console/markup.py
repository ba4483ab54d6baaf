"""HTML as values: text is escaped wherever it is put in, and what is markup already is not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias
from urllib.parse import quote, urlencode

from netsuite.http.news.prose import escaped


class Markup(str):
    """Text that is HTML; made here, and by ``element``."""

    __slots__ = ()


#: What can be put into an element. A number stands as it is; see ``count`` for one to be read.
Content: TypeAlias = str | int | None | Iterable["Content"]
Attribute: TypeAlias = str | int | bool | None

#: Elements that never have content, and no end tag (HTML, 13.1.2).
_VOID: Final = frozenset({"br", "hr", "img", "input", "link", "meta"})


def markup(*contents: Content) -> Markup:
    """Return contents, one after the other."""
    return Markup("".join(map(_written, contents)))


def _written(content: Content) -> str:
    if content is None:
        return ""
    if isinstance(content, Markup):
        return content
    if isinstance(content, str):
        return escaped(content)
    if isinstance(content, int):
        return str(content)
    return "".join(map(_written, content))


def element(name: str, /, *contents: Content, **attributes: Attribute) -> Markup:
    """Return an element.

    Args:
        attributes: an underscore stands for a hyphen, and at the end for nothing, as in ``class_``;
            True for an attribute without a value; those that are None or False are left out.
    """
    said = "".join(
        f" {key.rstrip('_').replace('_', '-')}"
        + ("" if value is True else f'="{escaped(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Markup(f"<{name}{said}>")
    return Markup(f"<{name}{said}>{markup(*contents)}</{name}>")


def foreign(text: str) -> Markup:
    """Return a text that a stranger has written, set apart: what turns the direction of writing
    does so in it alone."""
    return element("bdi", text)


def url(*names: str | int, **query: str | int) -> str:
    """Return the path of a page, from the names in it and the parameters that are not empty."""
    path = "/" + "/".join(quote(str(name), safe="@") for name in names)
    given = {key: value for key, value in query.items() if value not in ("", 0)}
    return f"{path}?{urlencode(given)}" if given else path


def link(label: Content, *names: str | int, **query: str | int) -> Markup:
    """Return a link to a page; see ``url``."""
    return element("a", label, href=url(*names, **query))


def count(number: int) -> str:
    """Return a number as it is read."""
    return f"{number:,}"


def counted(number: int, thing: str) -> str:
    """Return how many there are of a thing, in words: its plural has an s."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def size(octets: int) -> str:
    """Return a size in the largest unit that leaves it at least 1."""
    amount, unit = float(octets), "octets"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{octets} octets" if unit == "octets" else f"{amount:,.1f} {unit}"
