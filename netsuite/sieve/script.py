"""A compiled script, as values: commands whose arguments were checked and have names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from netsuite.sieve.errors import ScriptError
from netsuite.sieve.matching import Match

# RFC 5229, 3:
#   variable-ref  = "${" [namespace] variable-name "}"
#   namespace     = identifier "." *sub-namespace
#   sub-namespace = variable-name "."
#   variable-name = num-variable / identifier
_reference: Final = re.compile(
    r"\$\{((?:[A-Za-z_][A-Za-z0-9_]*\.(?:[A-Za-z0-9_]+\.)*)?)([0-9]+|[A-Za-z_][A-Za-z0-9_]*)\}"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A variable in a string: its name in lower case, or the number of a match variable."""

    name: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """A string with variables in it, and its text as it was written."""

    parts: tuple[str | Reference, ...]
    written: str


Text: TypeAlias = str | Template


#: The namespace of variables that scripts share (RFC 6609, 3.4.2).
SHARED: Final = "global."


def template(written: str, line: int, *, shared: bool = False) -> Text:
    """Return a string with what of it is a variable. Raises ScriptError for one of a namespace that
    is not known (RFC 5229, 3).

    Args:
        shared: whether there is the namespace ``global``.
    """
    if "${" not in written:
        return written
    parts: list[str | Reference] = []
    position = 0
    for match in _reference.finditer(written):
        space, name = match.groups()
        if space and not (shared and space.lower() == SHARED and not name[0].isdigit()):
            raise ScriptError(line, f"there are no variables {space}*")
        parts.append(written[position : match.start()])
        # Nobody has a hundred wildcards; a longer number is nobody's.
        number = int(name[-4:]) if name[0].isdigit() and len(name.lstrip("0")) < 4 else None
        missing = name[0].isdigit() and number is None
        parts.append("" if missing else Reference((space + name).lower(), number))
        position = match.end()
    parts.append(written[position:])
    return Template(tuple(parts), written) if len(parts) > 1 else written


@dataclass(frozen=True, slots=True)
class Node:
    """A command or a test.

    Args:
        flags: the tags that have no value.
        texts: by argument or tag, its string or strings.
        numbers: by argument or tag.
        match: how a test compares.
        tests: within this one, or the condition of ``if`` and ``elsif``.
    """

    name: str
    line: int
    flags: frozenset[str] = frozenset()
    texts: Mapping[str, tuple[Text, ...]] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    match: Match | None = None
    tests: tuple[Node, ...] = ()
    block: tuple[Node, ...] = ()


class Inclusion(NamedTuple):
    """A script that another includes (RFC 6609, 3.2): one of the account's, or of those that
    everybody may include."""

    name: str
    everybodys: bool


@dataclass(frozen=True, slots=True)
class Script:
    """A script that may be run.

    Args:
        includes: what it may include.
        capabilities: what it has required.
        wants: of ``body``, ``folders`` and ``seen``, what a run needs beside the header.
        warnings: line and text; nothing that keeps it from being run.
    """

    commands: tuple[Node, ...]
    capabilities: frozenset[str]
    wants: frozenset[str]
    warnings: tuple[tuple[int, str], ...] = ()
    includes: frozenset[Inclusion] = frozenset()
