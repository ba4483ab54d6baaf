"""Rules on files, as a configuration says them: what may be done at which path by whom.

Imports next to nothing: whoever reads a configuration imports it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

TreePath: TypeAlias = tuple[str, ...]

#: What may be done with files: ``list`` a directory and look up what is in it; ``read`` a file;
#: ``store`` one of a new name; ``replace`` one that is there, and set its time and mode; ``append``
#: to it; ``make`` directories; ``remove`` and ``rename`` what is there, the latter also to move it
#: elsewhere.
Permission: TypeAlias = Literal[
    "list", "read", "store", "replace", "append", "make", "remove", "rename"
]
Permissions: TypeAlias = frozenset[Permission]

ALL: Final[Permissions] = frozenset(get_args(Permission))
NOTHING: Final[Permissions] = frozenset()
READ_ONLY: Final[Permissions] = frozenset({"list", "read"})
#: One word for several.
PRESETS: Final[Mapping[str, Permissions]] = {
    "all": ALL,
    "nothing": NOTHING,
    "read-only": READ_ONLY,
    "incoming": frozenset({"store"}),
    "append-only": READ_ONLY | {"store", "append", "make"},
}
#: Who has not logged in, in a rule.
ANONYMOUS: Final = "anonymous"
#: Everybody whom a rule does not name otherwise, but administrators; any account, in a path.
ANY: Final = "*"
#: A path's first name: the public site, or all homes.
SITE_NAME: Final = "site"
HOME_NAME: Final = "home"
#: What an account shows to everybody, in its home.
SHOWN_NAME: Final = "public"


def read_path(text: str) -> TreePath:
    """Read a path of a rule: ``/site/incoming``, ``/home/alice/inbox``, ``/home/*``.

    Raises:
        ValueError: it is none.
    """
    slash, *names = text.split("/")
    if slash or not names or "" in names or {".", ".."} & set(names):
        raise ValueError(f"{text!r} is no path; write it as /site/incoming, without a slash behind")
    if names[0] not in (SITE_NAME, HOME_NAME) or (names[0] == HOME_NAME and len(names) < 2):
        raise ValueError(f"{text!r} must begin with /site, or /home and an account's name or *")
    if names[0] == HOME_NAME:
        names[1] = names[1].lower()
    return tuple(names)


def read_permissions(text: str) -> Permissions:
    """Read what may be done: words with commas between, each a permission or a preset.

    Raises:
        ValueError: a word is neither.
    """
    found: set[Permission] = set()
    for word in (each.strip() for each in text.split(",")):
        one = frozenset(each for each in ALL if each == word)
        if not one and word not in PRESETS:
            known = ", ".join([*get_args(Permission), *PRESETS])
            raise ValueError(f"{word!r} is nothing that somebody may do; there are: {known}")
        found |= one or PRESETS[word]
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may do what at a path, and below it as far as no rule of a longer path says otherwise.

    Args:
        path: as ``rule_path`` gives it; ``*`` for any account's name.
        may: by an account's name, ``@`` and a group's, ``anonymous`` or ``*``.
    """

    path: TreePath
    may: Mapping[str, Permissions]
