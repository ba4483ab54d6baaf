"""Answers to messages: whom they go to, what they are called, and how they quote.

Pure: from the values of what is answered to those of the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from netsuite.message.address import parse_address, parse_address_list
from netsuite.message.headers import find, unfold
from netsuite.message.news import is_newsgroup_name
from netsuite.message.structure import Mailbox
from netsuite.message.words import decode_words

#: A name, which may be empty, and an address.
Pair: TypeAlias = tuple[str, str]
#: Returns whether an address is one's own.
IsOwn: TypeAlias = Callable[[str], bool]

#: What stands before the subject of an answer, in several languages' programs.
_RE: Final = re.compile(r"(?i)(?:(?:re|aw|sv|antw|vs)(?:\[\d+\])?:\s*)+")
_FORWARDED: Final = re.compile(r"(?i)(?:fwd?|wg):\s*")
_MESSAGE_ID: Final = re.compile(rb"<[^<>\s]{1,248}>")
#: Letters of any script, digits, blanks: nothing that an address has a use for.
_PLAIN_PHRASE: Final = re.compile(r"[\w '-]+")
#: Of a long thread the first and the last of it are named (RFC 5537, 3.4.4).
_REFERENCES: Final = 20
#: RFC 3676, 4.3.
_SIGNATURE: Final = "-- "
#: Lines of a message that are quoted, and characters of each.
_QUOTED_LINES: Final = 500
_QUOTED_CHARACTERS: Final = 900


def pairs(mailboxes: Iterable[Mailbox]) -> Sequence[Pair]:
    """Return the names and addresses of a field that mail can be sent to."""
    found = []
    for each in mailboxes:
        if each.local and each.domain:
            address = (each.local + b"@" + each.domain).decode("utf-8", "replace")
            if parse_address(address) is not None:
                found.append((_line(decode_words(each.name or b"")), address))
    return found


def _line(text: str) -> str:
    """Return a name without what no header field can have."""
    return "".join(each for each in text if each not in "\r\n\0")


class NoAddress(Exception):
    """What was typed is no address; the message is the text that is none."""


def typed_addresses(text: str, domain: str) -> Sequence[Pair]:
    """Return the names and addresses that were typed, separated by commas, or by blanks where there
    are no commas.

    Args:
        domain: of what has none: ``bob`` is ``bob@`` that.

    Raises:
        NoAddress: something is none.
    """
    bare = not any(each in text for each in ',<"(')
    named = ", ".join(text.split()) if bare else text
    found: list[Pair] = []
    for each in parse_address_list(named.encode("utf-8", "replace")):
        if each.local is None or each.domain is None:  # a group begins or ends
            continue
        local = each.local.decode("utf-8", "replace")
        where = each.domain.decode("utf-8", "replace") or domain
        if parse_address(f"{local}@{where}") is None:
            raise NoAddress(local or text)
        found.append((_line(decode_words(each.name or b"")), f"{local}@{where}"))
    if not found and text.strip():
        raise NoAddress(text)
    return found


def written(addresses: Iterable[Pair]) -> str:
    """Return addresses as they are typed."""
    return ", ".join(
        f"{_phrase(name)} <{address}>" if name else address for name, address in addresses
    )


def _phrase(name: str) -> str:
    """Return a name as the phrase before an address, quoted where it has to be."""
    if _PLAIN_PHRASE.fullmatch(name):
        return name
    return '"' + re.sub(r'([\\"])', r"\\\1", name) + '"'


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer needs of what it answers.

    Args:
        header: its octets.
        when: as a person reads it.
        by: who has written it.
    """

    header: bytes
    subject: str
    when: str
    by: str

    def field(self, name: bytes) -> bytes:
        """Return a field's value on one line; empty where there is none."""
        return unfold(find(self.header, name) or b"").strip()

    def addresses(self, name: bytes) -> Sequence[Pair]:
        """Return the names and addresses of a field."""
        return pairs(parse_address_list(self.field(name)))


def reply_recipients(
    answered: Answered, is_own: IsOwn, *, everybody: bool
) -> tuple[Sequence[Pair], Sequence[Pair]]:
    """Return whom an answer goes to, and who gets copies.

    What one has written oneself is answered to whom it went to (RFC 5322, 3.6.3, asks for no more
    than that Reply-To be heard).
    """
    to = answered.addresses(b"reply-to") or answered.addresses(b"from")
    if to and all(is_own(address) for _, address in to) and answered.addresses(b"to"):
        to = answered.addresses(b"to")
    if not everybody:
        return to, ()
    seen = {address.lower() for _, address in to}
    copies: list[Pair] = []
    for name, address in (*answered.addresses(b"to"), *answered.addresses(b"cc")):
        if address.lower() not in seen and not is_own(address):
            seen.add(address.lower())
            copies.append((name, address))
    return to, copies


def reply_subject(subject: str) -> str:
    """Return the subject of an answer: ``Re: `` once."""
    return f"Re: {_RE.sub('', _line(subject), count=1).strip()}".rstrip()


def forward_subject(subject: str) -> str:
    """Return the subject of what is forwarded."""
    found = _FORWARDED.match(subject)
    return _line(subject) if found else f"Fwd: {_line(subject)}".rstrip()


def thread(answered: Answered) -> Sequence[tuple[str, str]]:
    """Return In-Reply-To and References of an answer (RFC 5322, 3.6.4)."""
    own = _MESSAGE_ID.findall(answered.field(b"message-id"))[:1]
    before = _MESSAGE_ID.findall(answered.field(b"references"))
    if not before:
        in_reply_to = _MESSAGE_ID.findall(answered.field(b"in-reply-to"))
        before = in_reply_to if len(in_reply_to) == 1 else []
    if len(before) >= _REFERENCES:
        before = [before[0], *before[-(_REFERENCES - 2) :]]
    fields = []
    if own:
        fields.append(("In-Reply-To", own[0].decode("ascii", "replace")))
    if before or own:
        joined = b" ".join([*(each for each in before if each not in own), *own])
        fields.append(("References", joined.decode("ascii", "replace")))
    return fields


def kept(answered: Answered, names: Iterable[str]) -> Sequence[tuple[str, str]]:
    """Return fields that a message has Message-IDs in, as another one is to have them."""
    found = ((name, _MESSAGE_ID.findall(answered.field(name.encode()))) for name in names)
    return [(name, b" ".join(ids).decode("ascii", "replace")) for name, ids in found if ids]


class ToPoster(Exception):
    """Its author wants answers by mail (RFC 5536, 3.2.6: ``poster``)."""


def followup_groups(answered: Answered, fallback: str) -> Sequence[str]:
    """Return the newsgroups that a followup goes to. Raises ToPoster."""
    wanted = answered.field(b"followup-to") or answered.field(b"newsgroups")
    names = [each.strip() for each in wanted.split(b",")]
    if [each.lower() for each in names] == [b"poster"]:
        raise ToPoster
    good = [each.decode("utf-8") for each in names if is_newsgroup_name(each)]
    return list(dict.fromkeys(good)) or [fallback]


def quotation(answered: Answered, text: str) -> Iterator[str]:
    """Return the lines that quote a text, without its signature."""
    yield f"On {answered.when}, {answered.by} wrote:" if answered.when else f"{answered.by} wrote:"
    lines = text.splitlines()
    if _SIGNATURE in lines:
        lines = lines[: lines.index(_SIGNATURE)]
    while lines and not lines[-1].strip():
        lines.pop()
    for whole in lines[:_QUOTED_LINES]:
        line = whole[:_QUOTED_CHARACTERS]
        yield f">{line}" if line.startswith(">") else f"> {line}".rstrip()
    if len(lines) > _QUOTED_LINES:
        yield f"> [{len(lines) - _QUOTED_LINES} more lines]"


def only(addresses: Iterable[Pair], taken: Collection[str] = ()) -> Sequence[Pair]:
    """Return addresses once each, without those that are taken."""
    seen = {each.lower() for each in taken}
    found: list[Pair] = []
    for name, address in addresses:
        if address.lower() not in seen:
            seen.add(address.lower())
            found.append((name, address))
    return found
