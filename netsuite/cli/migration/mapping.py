"""Names of mailboxes elsewhere as names of folders here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from netsuite.cli.mailfiles.names import Parts, joined, tamed
from netsuite.imap import mutf7
from netsuite.imap.commands.responses import Listed, NamespaceData
from netsuite.store.folder_names import looked_up
from netsuite.store.model import INBOX, Folder, SpecialUse

#: By attribute (RFC 6154, 2), which folder an account here has for the same. One that shows all
#: messages is an archive for those that are nowhere else.
_USES: Final = {
    "\\all": SpecialUse.ARCHIVE,
    "\\archive": SpecialUse.ARCHIVE,
    "\\drafts": SpecialUse.DRAFTS,
    "\\junk": SpecialUse.JUNK,
    "\\sent": SpecialUse.SENT,
    "\\trash": SpecialUse.TRASH,
}
_ALL: Final = "\\all"
#: What shows messages of other mailboxes, and has none of its own.
_VIEWS: Final = frozenset({"\\flagged", "\\important"})
_NOT_THERE: Final = frozenset({"\\noselect", "\\nonexistent"})


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mailbox elsewhere, and where its messages go.

    Args:
        name: as it is asked for there.
        folder: the name of the folder here.
        use: what that is for, if anything.
        shows_all: whether it shows the messages of all others too.
    """

    name: str
    folder: str
    use: SpecialUse | None = None
    shows_all: bool = False


@dataclass(frozen=True, slots=True)
class Mapping:
    """All mailboxes, those that show others' messages last; and why some are passed over."""

    mailboxes: list[Mapped]
    passed_over: list[str]


def mapped(
    listed: Sequence[Listed],
    namespaces: NamespaceData,
    folders: Iterable[Folder],
    exclude: Sequence[str] = (),
) -> Mapping:
    """Return where each mailbox goes.

    Args:
        listed: all that the server has for the account.
        folders: what the account has here.
        exclude: patterns of names, as they are there, that are left out; ``*`` stands for any
            characters.
    """
    by_use = {each.special_use: each.name for each in folders if each.special_use is not None}
    taken: set[str] = set()
    found: list[Mapped] = []
    passed_over: list[str] = []
    for each in sorted(listed, key=_order):
        attributes = {name.lower() for name in each.attributes}
        reason = _why_not(each, attributes, namespaces, exclude)
        if reason:
            passed_over.append(f"{each.mailbox} {reason}")
        if reason or attributes & _NOT_THERE:
            continue
        use = next((_USES[name] for name in sorted(attributes) if name in _USES), None)
        folder = by_use.get(use) if use is not None else None
        if folder is None or (folder in taken and _ALL not in attributes):
            folder = joined(tamed(parts_of(each, namespaces)))
            folder = _free(looked_up(folder, private=True), taken)
        taken.add(folder)
        if use is not None:
            by_use.setdefault(use, folder)
        found.append(Mapped(each.mailbox, folder, use, _ALL in attributes))
    return Mapping(found, passed_over)


def _order(each: Listed) -> tuple[bool, bool, str]:
    shows_all = _ALL in {name.lower() for name in each.attributes}
    return shows_all, each.mailbox != INBOX, each.mailbox


def _why_not(
    each: Listed, attributes: set[str], namespaces: NamespaceData, exclude: Sequence[str]
) -> str:
    if attributes & _VIEWS:
        return "only shows messages of other mailboxes"
    if any(_matches(pattern, each.mailbox) for pattern in exclude):
        return "is excluded"
    for prefix, separator in (*namespaces.others, *namespaces.shared):
        # Where the prefix is empty everything lies below it.
        bare = prefix.removesuffix(separator or "")
        if bare and (each.mailbox == bare or each.mailbox.startswith(prefix)):
            return "is other people's, or everybody's"
    return ""


def _matches(pattern: str, name: str) -> bool:
    # Not fnmatch, to which the brackets of [Gmail] mean something.
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.DOTALL) is not None


def parts_of(each: Listed, namespaces: NamespaceData) -> Parts:
    """Return the parts of a mailbox's name, without the prefix that all of an account's have."""
    name = each.mailbox
    for prefix, _ in namespaces.personal:
        if prefix and name.startswith(prefix) and name != prefix:
            name = name.removeprefix(prefix)
            break
    parts = name.split(each.separator) if each.separator else [name]
    return tuple(map(mutf7.readable, parts))


def _free(name: str, taken: set[str]) -> str:
    """Return a name that no other mailbox goes to."""
    number, tried = 1, name
    while tried in taken:
        number += 1
        tried = f"{name} ({number})"
    return tried
