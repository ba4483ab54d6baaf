"""A message as a person reads it: who wrote it, its texts, and what else is in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netsuite.message.charsets import decode
from netsuite.message.structure import Mailbox, Part, Summary
from netsuite.message.text import decode_transfer, without_markup
from netsuite.message.words import decode_words

_PLAIN = (b"text", b"plain")
_MARKUP = (b"text", b"html")


def mailbox_text(mailbox: Mailbox) -> str:
    """Write an address with its name; empty for what begins or ends a group of addresses."""
    if mailbox.local is None or mailbox.domain is None:
        return ""
    plain = (mailbox.local + b"@" + mailbox.domain).decode("utf-8", "replace")
    return f"{decode_words(mailbox.name)} <{plain}>" if mailbox.name else plain


def first_address(mailboxes: Sequence[Mailbox]) -> str:
    """Write the first address of a field with its name; empty where there is none."""
    return next(filter(None, map(mailbox_text, mailboxes)), "")


def author(summary: Summary) -> str:
    """Return who wrote it, for a list: a name, else an address."""
    for mailbox in summary.envelope.from_:
        if mailbox.name:
            return decode_words(mailbox.name)
        if text := mailbox_text(mailbox):
            return text
    return ""


def is_attached(part: Part) -> bool:
    """Return whether its sender wanted a part saved, not shown."""
    return part.disposition is not None and part.disposition[0] == b"attachment"


def numbered(root: Part) -> Iterator[tuple[str, Part]]:
    """Return the parts that are no multiparts with their numbers, as IMAP counts them.

    A message within the message is one part. See RFC 9051, 6.4.5.1.
    """
    if root.type[0] != b"multipart" or not root.children:
        yield "1", root
        return
    # A stack and no recursion: parts may be nested deep.
    waiting = [(str(place), part) for place, part in _places(root)]
    while waiting:
        number, part = waiting.pop()
        if part.type[0] == b"multipart" and part.children:
            waiting += [(f"{number}.{place}", child) for place, child in _places(part)]
        else:
            yield number, part


def _places(part: Part) -> list[tuple[int, Part]]:
    return list(enumerate(part.children, 1))[::-1]


def texts(root: Part) -> list[Part]:
    """Return the parts to show one after the other; of alternatives the plain one, if any."""
    if root.type[0] != b"multipart":
        return [root] if root.type in (_PLAIN, _MARKUP) and not is_attached(root) else []
    found = [texts(child) for child in root.children]  # the scanner bounds the depth
    if root.type[1] != b"alternative":
        return [part for each in found for part in each]
    plain = [each for each in found if any(part.type == _PLAIN for part in each)]
    return next(filter(None, plain or found), [])


def charset(part: Part) -> str | None:
    """Return the name of a part's charset, if it says one."""
    named = dict(part.parameters).get(b"charset")
    return named.decode("ascii", "replace") if named else None


def part_text(octets: bytes, part: Part) -> str:
    """Return the text of a part's octets, codings undone and HTML made plain; never raises."""
    text = decode(decode_transfer(octets, part.encoding), charset(part))
    if part.type == _MARKUP:
        text = "\n".join(" ".join(line.split()) for line in without_markup(text).splitlines())
    return text


def file_name(part: Part) -> str:
    """Return the name its sender gave to a part; empty for none. It may hold anything."""
    said = dict(part.disposition[1] if part.disposition else ())
    name = said.get(b"filename") or dict(part.parameters).get(b"name") or b""
    return decode_words(name)


def type_name(part: Part) -> str:
    """Return a part's media type, ``text/plain``."""
    return b"/".join(part.type).decode("ascii", "replace")
