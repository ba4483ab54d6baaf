"""The commands and tests of Sieve, as a table: what arguments and tags each has, and by what it is
required. The capabilities that scripts may require.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


class Kind(enum.Enum):
    """What an argument is."""

    TEXT = "a string"
    TEXTS = "a string or a list of strings"
    NUMBER = "a number"


class Tests(enum.Enum):
    """What tests stand behind a command or test."""

    NONE = 0
    ONE = 1
    SOME = 2


@dataclass(frozen=True, slots=True)
class TagSpec:
    """A tag.

    Args:
        group: of tags only one of which may be there; its own name where it stands alone.
        kind: of its value; None where it has none.
        requires: a capability, beside the command's own.
    """

    group: str
    kind: Kind | None = None
    requires: str = ""


@dataclass(frozen=True, slots=True)
class Spec:
    """A command or a test.

    Args:
        requires: one of these capabilities; none for what is always there.
        arguments: what stands in order, by name.
        optional: the first of these may be left out.
    """

    requires: tuple[str, ...] = ()
    arguments: tuple[tuple[str, Kind], ...] = ()
    tags: Mapping[str, TagSpec] = field(default_factory=dict)
    tests: Tests = Tests.NONE
    block: bool = False
    optional: bool = False


_RELATIONAL: Final = TagSpec("match", Kind.TEXT, "relational")
MATCH: Final = {
    "is": TagSpec("match"),
    "contains": TagSpec("match"),
    "matches": TagSpec("match"),
    "value": _RELATIONAL,
    "count": _RELATIONAL,
    "comparator": TagSpec("comparator", Kind.TEXT),
}
PARTS: Final = {
    "all": TagSpec("part"),
    "localpart": TagSpec("part"),
    "domain": TagSpec("part"),
    "user": TagSpec("part", None, "subaddress"),
    "detail": TagSpec("part", None, "subaddress"),
}
_INDEX: Final = {
    "index": TagSpec("index", Kind.NUMBER, "index"),
    "last": TagSpec("last", None, "index"),
}
_ZONE: Final = {"zone": TagSpec("zone", Kind.TEXT)}
_FLAGS: Final = {"flags": TagSpec("flags", Kind.TEXTS, "imap4flags")}
_COPY: Final = {"copy": TagSpec("copy", None, "copy")}
_HEADERS: Final = ("headers", Kind.TEXTS)
_KEYS: Final = ("keys", Kind.TEXTS)
_FLAG_LIST: Final = (("variables", Kind.TEXTS), ("flags", Kind.TEXTS))
_REASON: Final = ("reason", Kind.TEXT)

COMMANDS: Final[Mapping[str, Spec]] = {
    "require": Spec(arguments=(("capabilities", Kind.TEXTS),)),
    "if": Spec(tests=Tests.ONE, block=True),
    "elsif": Spec(tests=Tests.ONE, block=True),
    "else": Spec(block=True),
    "stop": Spec(),
    "include": Spec(
        ("include",),
        (("name", Kind.TEXT),),
        {
            "personal": TagSpec("location"),
            "global": TagSpec("location"),
            "once": TagSpec("once"),
            "optional": TagSpec("optional"),
        },
    ),
    "return": Spec(("include",)),
    "global": Spec(("include",), (("shared", Kind.TEXTS),)),
    "error": Spec(("ihave",), (("message", Kind.TEXT),)),
    "keep": Spec(tags=_FLAGS),
    "discard": Spec(),
    "redirect": Spec((), (("address", Kind.TEXT),), _COPY),
    "fileinto": Spec(
        ("fileinto",),
        (("mailbox", Kind.TEXT),),
        {
            **_COPY,
            **_FLAGS,
            "create": TagSpec("create", None, "mailbox"),
            "specialuse": TagSpec("specialuse", Kind.TEXT, "special-use"),
        },
    ),
    "reject": Spec(("reject",), (_REASON,)),
    "ereject": Spec(("ereject",), (_REASON,)),
    "set": Spec(
        ("variables",),
        (("name", Kind.TEXT), ("value", Kind.TEXT)),
        {
            "lower": TagSpec("case"),
            "upper": TagSpec("case"),
            "lowerfirst": TagSpec("first"),
            "upperfirst": TagSpec("first"),
            "quotewildcard": TagSpec("quotewildcard"),
            "length": TagSpec("length"),
        },
    ),
    **{
        name: Spec(("imap4flags",), _FLAG_LIST, optional=True)
        for name in ("setflag", "addflag", "removeflag")
    },
    "vacation": Spec(
        ("vacation",),
        (_REASON,),
        {
            "days": TagSpec("interval", Kind.NUMBER),
            "seconds": TagSpec("interval", Kind.NUMBER, "vacation-seconds"),
            "subject": TagSpec("subject", Kind.TEXT),
            "from": TagSpec("from", Kind.TEXT),
            "addresses": TagSpec("addresses", Kind.TEXTS),
            "mime": TagSpec("mime"),
            "handle": TagSpec("handle", Kind.TEXT),
        },
    ),
}

TESTS: Final[Mapping[str, Spec]] = {
    "true": Spec(),
    "false": Spec(),
    "not": Spec(tests=Tests.ONE),
    "allof": Spec(tests=Tests.SOME),
    "anyof": Spec(tests=Tests.SOME),
    "header": Spec((), (_HEADERS, _KEYS), {**MATCH, **_INDEX}),
    "address": Spec((), (_HEADERS, _KEYS), {**MATCH, **PARTS, **_INDEX}),
    "envelope": Spec(("envelope",), (("parts", Kind.TEXTS), _KEYS), {**MATCH, **PARTS}),
    "exists": Spec((), (_HEADERS,)),
    "size": Spec(
        (), (("limit", Kind.NUMBER),), {"over": TagSpec("side"), "under": TagSpec("side")}
    ),
    "string": Spec(("variables",), (("sources", Kind.TEXTS), _KEYS), MATCH),
    "hasflag": Spec(("imap4flags",), _FLAG_LIST, MATCH, optional=True),
    "body": Spec(
        ("body",),
        (_KEYS,),
        {
            **MATCH,
            "raw": TagSpec("transform"),
            "text": TagSpec("transform"),
            "content": TagSpec("transform", Kind.TEXTS),
        },
    ),
    "date": Spec(
        ("date",),
        (("header", Kind.TEXT), ("part", Kind.TEXT), _KEYS),
        {**MATCH, **_INDEX, **_ZONE, "originalzone": TagSpec("zone")},
    ),
    "currentdate": Spec(("date",), (("part", Kind.TEXT), _KEYS), {**MATCH, **_ZONE}),
    "environment": Spec(("environment",), (("name", Kind.TEXT), _KEYS), MATCH),
    "ihave": Spec(("ihave",), (("capabilities", Kind.TEXTS),)),
    "mailboxexists": Spec(("mailbox",), (("names", Kind.TEXTS),)),
    "specialuse_exists": Spec(
        ("special-use",),
        (("mailbox", Kind.TEXT), ("uses", Kind.TEXTS)),
        optional=True,
    ),
    "duplicate": Spec(
        ("duplicate",),
        (),
        {
            "handle": TagSpec("handle", Kind.TEXT),
            "header": TagSpec("identifier", Kind.TEXT),
            "uniqueid": TagSpec("identifier", Kind.TEXT),
            "seconds": TagSpec("seconds", Kind.NUMBER),
            "last": TagSpec("last"),
        },
    ),
}

#: What a script may require, as ManageSieve's SIEVE lists it (RFC 5804, 1.7).
CAPABILITIES: Final = (
    "fileinto",
    "reject",
    "ereject",
    "envelope",
    "encoded-character",
    "comparator-i;octet",
    "comparator-i;ascii-casemap",
    "comparator-i;ascii-numeric",
    "vacation",
    "vacation-seconds",
    "subaddress",
    "relational",
    "imap4flags",
    "copy",
    "body",
    "variables",
    "date",
    "index",
    "mailbox",
    "special-use",
    "duplicate",
    "environment",
    "ihave",
    "include",
)
#: What requires another capability with it.
IMPLIED: Final = {"vacation-seconds": "vacation"}  # RFC 6131, 2
