"""Sets of flags: their spelling, and what an action makes of them.

System flags and keywords are compared without case (RFC 9051, 2.3.2); a keyword keeps the
spelling in which the message first got it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from netsuite.store.model import SEEN, SYSTEM_FLAGS, FlagAction
from netsuite.store.rights import settable

_SYSTEM: Final = {flag.lower(): flag for flag in SYSTEM_FLAGS}
NONE: Final[frozenset[str]] = frozenset()
ONLY_SEEN: Final = frozenset({SEEN})


def canonical(flag: str) -> str:
    """Return a system flag its usual spelling; leave a keyword as it is."""
    return _SYSTEM.get(flag.lower(), flag) if flag[:1] == "\\" else flag


def normalised(flags: Iterable[str]) -> frozenset[str]:
    """Return flags their usual spelling, and of keywords that differ by case only one."""
    known: dict[str, str] = {}
    for flag in sorted(flags):
        known.setdefault(flag.lower(), canonical(flag))
    return frozenset(known.values())


def applied(action: FlagAction, old: frozenset[str], given: frozenset[str]) -> frozenset[str]:
    """Return what *old* becomes; spellings that *old* has are kept."""
    if action is FlagAction.REMOVE:
        without = {flag.lower() for flag in given}
        return frozenset(flag for flag in old if flag.lower() not in without)
    spelling = {flag.lower(): flag for flag in old}
    wanted = frozenset(spelling.get(flag.lower(), flag) for flag in given)
    return old | wanted if action is FlagAction.ADD else wanted


def permitted(
    action: FlagAction, old: frozenset[str], given: frozenset[str], may: str
) -> frozenset[str]:
    """Return what remains of given flags for one who may only set some of them: the others stay
    as they are.

    Args:
        old: those that the account sees.
        may: letters of rights.
    """
    wanted = settable(may, given)
    return wanted | (old - settable(may, old)) if action is FlagAction.REPLACE else wanted


def change_of_shared(
    action: FlagAction, shared: frozenset[str], own: frozenset[str], given: frozenset[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """Change the flags of a message in a folder that is not one's own, as one who may change it.
    What its owner has seen stays.

    Returns:
        What all see, and what the account alone sees: of the given flags only ``\\Seen``.
    """
    if action is FlagAction.REPLACE:
        own = own & ONLY_SEEN
    elif action is FlagAction.REMOVE:
        own = applied(action, own, given - ONLY_SEEN)
    return (
        applied(action, shared, given - ONLY_SEEN) | (shared & ONLY_SEEN),
        own | ONLY_SEEN
        if SEEN in given and action is not FlagAction.REMOVE
        else own - ONLY_SEEN
        if SEEN in given or action is FlagAction.REPLACE
        else own,
    )


def change_of_own(
    action: FlagAction, shared: frozenset[str], own: frozenset[str], given: frozenset[str]
) -> frozenset[str]:
    """Change the flags of a message in a public folder as one who may only read it."""
    common = {flag.lower() for flag in shared}
    return frozenset(flag for flag in applied(action, own, given) if flag.lower() not in common)
