"""Rights of accounts on folders, their letters, and who they are given to (RFC 4314, 2)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from netsuite.store import model
from netsuite.store.model import Account, FlagAction

#: All there are, in the order in which they are shown.
ALL: Final = "lrswipkxtea"
#: Whoever may see a folder and what is in it.
READ: Final = "lr"
#: What rights are needed to be told that one has others (RFC 4314, 4: MYRIGHTS).
TELLING: Final = "lrikxa"
#: What lets an account open a folder for more than reading. RFC 4314, 5.2 leaves out ``s`` where
#: each has seen what it has; but programs mark nothing as read in what they hear is READ-ONLY.
WRITING: Final = "swite"
#: RFC 4314, 2.1.1: letters of RFC 2086 that stand for several.
VIRTUAL: Final[Mapping[str, str]] = {"c": "kx", "d": "te"}

ANYONE: Final = "anyone"
#: The same here: nobody has mail without a login.
AUTHENTICATED: Final = "authenticated"
GROUP: Final = "$"
NEGATIVE: Final = "-"

#: What everybody may do with a public folder of which nothing else is said.
PUBLIC_RIGHTS: Final[Mapping[str, str]] = {ANYONE: "lrs"}


def ordered(letters: Iterable[str]) -> str:
    """Return rights each once, in their order; virtual ones as what they stand for."""
    wanted = {each for letter in letters for each in VIRTUAL.get(letter, letter)}
    return "".join(letter for letter in ALL if letter in wanted)


def shown(letters: Collection[str]) -> str:
    """Return rights as RFC 4314, 2.1.1 has them shown: with the virtual ones they are part of."""
    return ordered(letters) + "".join(
        virtual for virtual, members in VIRTUAL.items() if any(each in letters for each in members)
    )


def identifiers(account: Account) -> frozenset[str]:
    """Return the identifiers that mean an account."""
    groups = (GROUP + group for group in account.groups)
    return frozenset((account.name, ANYONE, AUTHENTICATED, *groups))


def in_force(rows: Mapping[str, str], *, public: bool) -> Mapping[str, str]:
    """Return who has which rights, by what is kept of a folder."""
    return {**PUBLIC_RIGHTS, **rows} if public else rows


def granted(rows: Mapping[str, str], account: Account, *, public: bool) -> str:
    """Return an account's rights: all that are given to one of its identifiers, without those
    that are taken from one."""
    mine = identifiers(account)
    given: set[str] = set()
    taken: set[str] = set()
    for who, letters in in_force(rows, public=public).items():
        if who in mine:
            given.update(letters)
        elif who[:1] == NEGATIVE and who[1:] in mine:
            taken.update(letters)
    return ordered(given - taken)


def changed(
    rows: Mapping[str, str], who: str, action: FlagAction, letters: str, *, public: bool
) -> str | None:
    """Return what is kept for an identifier after a change; None for nothing."""
    old = in_force(rows, public=public).get(who, "")
    if action is FlagAction.ADD:
        new = ordered(old + letters)
    elif action is FlagAction.REMOVE:
        new = ordered(set(old) - set(ordered(letters)))
    else:
        new = ordered(letters)
    if public and who in PUBLIC_RIGHTS:
        return None if new == PUBLIC_RIGHTS[who] else new
    return new or None


def marking(granted: str, *, public: bool) -> str:
    """Return an account's rights as far as flags are concerned. Who may only mark as read in a
    public folder may set all flags there, each for itself alone."""
    own = public and "s" in granted and not any(each in granted for each in "wt")
    return ALL if own else granted


def right_for(flag: str) -> str:
    """Return the right that a flag needs (RFC 4314, 4: STORE)."""
    return {model.SEEN: "s", model.DELETED: "t"}.get(flag, "w")


def settable(rights: str, flags: Iterable[str]) -> frozenset[str]:
    """Return those flags that somebody with rights may set."""
    return frozenset(flag for flag in flags if right_for(flag) in rights)
