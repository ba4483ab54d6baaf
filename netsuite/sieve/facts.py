"""What is known of a delivery besides its message, for whoever runs a script."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from netsuite.sieve.errors import ScriptError
from netsuite.sieve.script import Inclusion, Script


@dataclass(frozen=True, slots=True)
class Folders:
    """An account's folders.

    Args:
        names: of those that take mail.
        uses: special use to the name of a folder that has it.
    """

    names: frozenset[str] = frozenset()
    uses: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """A delivery.

    Args:
        sender: the reverse path; empty for the null path.
        recipient: the address it came to.
        is_own: returns whether an address, in lower case, is one of the account's.
        now: with the zone that ``currentdate`` tells.
        folders: where the script asks for them.
        environment: what ``environment`` tells, by name (RFC 5183, 4.1).
        seen: by key, whether what a run asked for in vain was seen before.
        separator: between a user and a detail (RFC 5233, 4).
        library: the scripts that can be included, or what is wrong with one.
    """

    sender: str
    recipient: str
    is_own: Callable[[str], bool]
    now: datetime
    folders: Folders = field(default_factory=Folders)
    environment: Mapping[str, str] = field(default_factory=dict)
    seen: Mapping[str, bool] = field(default_factory=dict)
    separator: str = "+"
    library: Mapping[Inclusion, Script | ScriptError] = field(default_factory=dict)
