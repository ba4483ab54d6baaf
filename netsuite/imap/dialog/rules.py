"""The rules of commands as data: where each is legal, what it may do, where it leads.

See RFC 3501, 3 (states), 5.5 and 7.4.1 (what may be told while a command is answered).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from netsuite.imap.commands import append, metadata, quota, rights
from netsuite.imap.commands import requests as say
from netsuite.imap.commands.notify import Notify
from netsuite.imap.commands.responses import Status
from netsuite.imap.commands.search import Numbered, walk
from netsuite.imap.commands.sorting import Sort, Thread


class State(enum.Enum):
    """RFC 3501, 3."""

    __hash__ = object.__hash__  # an enum's own is a function in Python

    NOT_AUTHENTICATED = "nobody has logged in"
    AUTHENTICATED = "somebody has logged in; no mailbox is selected"
    SELECTED = "a mailbox is selected"
    LOGOUT = "the connection is ending"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a command may do.

    Args:
        states: where it is legal.
        uses_numbers: its arguments or responses hold message numbers.
        may_expunge: the client may be told of EXPUNGE while it is answered.
        changes_mailbox: it changes the selected mailbox, so it is refused after EXAMINE.
    """

    states: frozenset[State]
    uses_numbers: bool = False
    may_expunge: bool = True
    changes_mailbox: bool = False


_ANY: Final = frozenset({State.NOT_AUTHENTICATED, State.AUTHENTICATED, State.SELECTED})
_FRESH: Final = frozenset({State.NOT_AUTHENTICATED})
_INSIDE: Final = frozenset({State.AUTHENTICATED, State.SELECTED})
_SELECTED: Final = frozenset({State.SELECTED})

RULES: Final[Mapping[type, Rule]] = {
    say.Capability: Rule(_ANY),
    say.Noop: Rule(_ANY),
    say.Logout: Rule(_ANY),
    say.Id: Rule(_ANY),
    say.StartTls: Rule(_FRESH),
    say.Authenticate: Rule(_FRESH),
    say.Login: Rule(_FRESH),
    say.Unauthenticate: Rule(_INSIDE),
    say.Compress: Rule(_INSIDE),
    say.Enable: Rule(_INSIDE),
    say.Select: Rule(_INSIDE),
    say.Examine: Rule(_INSIDE),
    say.Create: Rule(_INSIDE),
    say.Delete: Rule(_INSIDE),
    say.Rename: Rule(_INSIDE),
    say.Subscribe: Rule(_INSIDE),
    say.Unsubscribe: Rule(_INSIDE),
    say.List: Rule(_INSIDE),
    say.Lsub: Rule(_INSIDE),
    say.Namespace: Rule(_INSIDE),
    say.StatusOf: Rule(_INSIDE),
    rights.SetAcl: Rule(_INSIDE),
    rights.DeleteAcl: Rule(_INSIDE),
    rights.GetAcl: Rule(_INSIDE),
    rights.ListRights: Rule(_INSIDE),
    rights.MyRights: Rule(_INSIDE),
    quota.GetQuota: Rule(_INSIDE),
    quota.GetQuotaRoot: Rule(_INSIDE),
    quota.SetQuota: Rule(_INSIDE),
    metadata.GetMetadata: Rule(_INSIDE),
    metadata.SetMetadata: Rule(_INSIDE),
    append.Append: Rule(_INSIDE),
    say.Idle: Rule(_INSIDE),
    Notify: Rule(_INSIDE),
    say.Check: Rule(_SELECTED),
    say.Close: Rule(_SELECTED),
    say.Unselect: Rule(_SELECTED),
    say.Expunge: Rule(_SELECTED, changes_mailbox=True),
    say.Search: Rule(_SELECTED, uses_numbers=True, may_expunge=False),
    Sort: Rule(_SELECTED, uses_numbers=True, may_expunge=False),
    Thread: Rule(_SELECTED, uses_numbers=True, may_expunge=False),
    say.Fetch: Rule(_SELECTED, uses_numbers=True, may_expunge=False),
    say.Store: Rule(_SELECTED, uses_numbers=True, may_expunge=False, changes_mailbox=True),
    say.Copy: Rule(_SELECTED, uses_numbers=True),
    say.Move: Rule(_SELECTED, uses_numbers=True, changes_mailbox=True),
    append.Replace: Rule(_SELECTED, uses_numbers=True, changes_mailbox=True),
}

#: The same by UID: no number stands in the command, so numbers may change at its end.
_BY_UID: Final[Mapping[type, Rule]] = {
    kind: Rule(rule.states, False, True, rule.changes_mailbox)
    for kind, rule in RULES.items()
    if rule.uses_numbers
}


def rule_of(request: say.Request) -> Rule:
    """Return the rule of a command, its UID form told apart."""
    kind = type(request)
    if kind in _BY_UID and getattr(request, "by_uid", False):
        return _BY_UID[kind]
    return RULES[kind]


def names_by_number(request: say.Request) -> bool:
    """Return whether a command names messages by their numbers, or asks for numbers, which who has
    enabled UIDONLY has given up (RFC 9586)."""
    if isinstance(request, say.Select | say.Examine):
        return request.resync is not None and request.resync.matches is not None
    if isinstance(request, say.Search | Sort | Thread) and any(
        isinstance(key, Numbered) and not (key.by_uid or key.numbers.saved)
        for key in walk(request.key)
    ):
        return True
    return rule_of(request).uses_numbers


#: Where the end of a command leads; what is not here leaves the state as it is.
TRANSITIONS: Final[Mapping[tuple[type, Status], State]] = {
    (say.Login, Status.OK): State.AUTHENTICATED,
    (say.Authenticate, Status.OK): State.AUTHENTICATED,
    (say.Select, Status.OK): State.SELECTED,
    (say.Examine, Status.OK): State.SELECTED,
    # RFC 3501, 6.3.1: a SELECT that fails leaves no mailbox selected.
    (say.Select, Status.NO): State.AUTHENTICATED,
    (say.Examine, Status.NO): State.AUTHENTICATED,
    (say.Close, Status.OK): State.AUTHENTICATED,
    (say.Unselect, Status.OK): State.AUTHENTICATED,
    (say.Unauthenticate, Status.OK): State.NOT_AUTHENTICATED,
    (say.Logout, Status.OK): State.LOGOUT,
}
