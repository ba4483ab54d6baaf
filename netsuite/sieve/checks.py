"""What can be checked of arguments before a message comes, as a table by command and test."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from netsuite.message.address import parse_address, parse_address_list
from netsuite.sieve.errors import ScriptError
from netsuite.sieve.matching import RELATIONS
from netsuite.sieve.script import Node, Text

# RFC 5228, 2.4.2.2: a field name is what RFC 5322, 3.6.8 says.
field_name: Final = re.compile(r"[!-9;-~]+")
variable_name: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: With the namespace of shared ones (RFC 6609, 3.4.2).
qualified_name: Final = re.compile(r"(?i:global\.)?[A-Za-z_][A-Za-z0-9_]*")
time_zone: Final = re.compile(r"[+-][0-9]{2}[0-5][0-9]")
#: RFC 5260, 4.2.
DATE_PARTS: Final = frozenset({
    "year", "month", "day", "date", "julian", "hour", "minute", "second", "time",
    "iso8601", "std11", "zone", "weekday",
})  # fmt: skip
#: Fields that ``address`` may be asked of: those that hold addresses (RFC 5228, 5.1).
ADDRESS_FIELDS: Final = frozenset({
    "from", "to", "cc", "bcc", "sender", "reply-to",
    "resent-from", "resent-to", "resent-cc", "resent-bcc", "resent-sender", "resent-reply-to",
    "return-path", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to",
    "x-envelope-from", "disposition-notification-to", "mail-followup-to", "mail-reply-to",
    "apparently-to", "errors-to",
})  # fmt: skip
ENVELOPE_PARTS: Final = frozenset(("from", "to"))


def constant(text: Text, line: int) -> str:
    """Return a string that must hold no variable. Raises ScriptError."""
    if not isinstance(text, str):
        raise ScriptError(line, f"{text.written!r} may hold no variables")
    return text


def relation(text: Text, line: int) -> str:
    """Return how numbers are compared (RFC 5231, 4). Raises ScriptError."""
    name = constant(text, line).lower()
    if name not in RELATIONS:
        raise ScriptError(line, f"{name!r} is none of gt, ge, lt, le, eq, ne")
    return name


def _known(node: Node, name: str) -> Sequence[str]:
    """Return the strings of an argument that hold no variables."""
    return [each for each in node.texts.get(name, ()) if isinstance(each, str)]


def _of(name: str, known: Callable[[str], bool], problem: str) -> Callable[[Node], None]:
    """Return a check of every string of an argument, as far as it is known before the run."""

    def check(node: Node) -> None:
        for each in _known(node, name):
            if not known(each):
                raise ScriptError(node.line, f"{each[:80]!r} {problem}")

    return check


def _is_mailbox_list(text: str) -> bool:
    mailboxes = parse_address_list(text.encode())
    return bool(mailboxes) and all(each.local and each.domain for each in mailboxes)


def _is_folder(name: str) -> bool:
    return bool(name) and name.isprintable()


_index_alone: Final = "last is only for an :index"


def _index(node: Node) -> None:
    if "last" in node.flags and ":index" not in node.numbers:
        raise ScriptError(node.line, f":{_index_alone}")
    if node.numbers.get(":index") == 0:
        raise ScriptError(node.line, ":index begins with 1")


def _size(node: Node) -> None:
    if not node.flags:
        raise ScriptError(node.line, "size wants :over or :under")


def _mime(node: Node) -> None:
    """RFC 5230, 5: 8-bit header material is refused."""
    if "mime" not in node.flags:
        return
    for reason in _known(node, "reason"):
        header = re.split(r"\r?\n\r?\n", reason, maxsplit=1)[0]
        if not header.isascii():
            raise ScriptError(node.line, "the header of a :mime reason is ASCII")


_FIELD: Final = "cannot be a field's name"
_headers: Final = _of("headers", lambda each: bool(field_name.fullmatch(each)), _FIELD)
_zone: Final = _of(
    ":zone", lambda each: bool(time_zone.fullmatch(each)), "is no time zone such as +0100"
)
_part: Final = _of("part", lambda each: each.lower() in DATE_PARTS, "is no part of a date")
_variable: Final = _of(
    "variables", lambda each: bool(qualified_name.fullmatch(each)), "cannot be a variable's name"
)


def _set(node: Node) -> None:
    name = constant(node.texts["name"][0], node.line)
    if not qualified_name.fullmatch(name):
        raise ScriptError(node.line, f"{name[:80]!r} cannot be a variable's name")


def _shared(node: Node) -> None:
    for each in node.texts["shared"]:
        if not variable_name.fullmatch(constant(each, node.line)):
            raise ScriptError(node.line, f"{each!r} cannot be a shared variable's name")


def _include(node: Node) -> None:
    name = constant(node.texts["name"][0], node.line)
    # RFC 5804, 1.6: what a script may be called.
    if not name or any(
        each < " " or "\x7f" <= each <= "\x9f" or each in "\u2028\u2029" for each in name
    ):
        raise ScriptError(node.line, f"no script can be called {name[:80]!r}")


CHECKS: Final[Mapping[str, Sequence[Callable[[Node], None]]]] = {
    "header": (_headers, _index),
    "exists": (_headers,),
    "address": (
        _headers,
        _of("headers", lambda each: each.lower() in ADDRESS_FIELDS, "is no field of addresses"),
        _index,
    ),
    "envelope": (
        _of("parts", lambda each: each.lower() in ENVELOPE_PARTS, "is no part of an envelope"),
    ),
    "size": (_size,),
    "date": (
        _of("header", lambda each: bool(field_name.fullmatch(each)), _FIELD),
        _part,
        _zone,
        _index,
    ),
    "currentdate": (_part, _zone),
    "set": (_set,),
    "global": (_shared,),
    "include": (_include,),
    "setflag": (_variable,),
    "addflag": (_variable,),
    "removeflag": (_variable,),
    "hasflag": (_variable,),
    "redirect": (
        _of("address", lambda each: parse_address(each) is not None, "is no mail address"),
    ),
    "fileinto": (_of("mailbox", _is_folder, "cannot be a folder's name"),),
    "vacation": (
        _of(":from", _is_mailbox_list, "is no address for From"),
        _of(":subject", str.isprintable, "cannot be a subject"),
        _mime,
    ),
}
