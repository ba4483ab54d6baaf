"""Permissions on files by path: who may do what, by rule and where no rule says it."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable
from typing import Final

from netsuite.accounts.file_rules import (
    ALL,
    ANONYMOUS,
    ANY,
    HOME_NAME,
    NOTHING,
    READ_ONLY,
    SHOWN_NAME,
    SITE_NAME,
    Permissions,
    Rule,
)
from netsuite.accounts.places import ADMIN_GROUP
from netsuite.store.model import Account, AccountState
from netsuite.store.tree import TreePath

#: What is done to a name rather than to what has it.
_OF_NAME: Final[Permissions] = frozenset({"remove", "rename"})

#: Its members, and administrators, may change the public site where no rule says otherwise.
WEB_GROUP: Final = "web"
#: The one name with a dot in front that everybody may see (RFC 8615).
WELL_KNOWN: Final = ".well-known"


class Area(enum.Enum):
    """Which part of all files a path is in."""

    SITE = "the public site"
    HOME = "an account's home"
    SHOWN = "what an account shows to everybody"


def rule_path(area: Area, owner: str, path: TreePath) -> TreePath:
    """Return a path as rules have it: ``site/...`` or ``home/ACCOUNT/...``.

    Args:
        owner: the account; empty for the site.
    """
    if area is Area.SITE:
        return SITE_NAME, *path
    if area is Area.HOME:
        return HOME_NAME, owner, *path
    return HOME_NAME, owner, SHOWN_NAME, *path


def by_rule(rule: Rule, who: Account | None) -> Permissions:
    """Return what somebody may do (None: anybody, without a login).

    The account's own name goes before its groups', which add up, and both before ``*``. Whom a rule
    does not mean may do nothing there, but for administrators, whom ``*`` does not mean either:
    they may do everything, so that no rule shuts out all who could change it.
    """
    if who is None:
        return rule.may.get(ANONYMOUS, rule.may.get(ANY, NOTHING))
    own = rule.may.get(who.name)
    if own is not None:
        return own
    groups = [rule.may[f"@{name}"] for name in who.groups if f"@{name}" in rule.may]
    if groups:
        return NOTHING.union(*groups)
    return ALL if ADMIN_GROUP in who.groups else rule.may.get(ANY, NOTHING)


def by_default(who: Account | None, area: Area, owner: str) -> Permissions:
    """Return what somebody may do where no rule says it: everybody reads the site and what
    accounts show, the web group and administrators change the site, owners their homes."""
    if area is Area.SITE:
        changes = who is not None and not who.groups.isdisjoint((WEB_GROUP, ADMIN_GROUP))
        return ALL if changes else READ_ONLY
    if area is Area.HOME:
        return ALL if who is not None and who.name == owner else NOTHING
    return READ_ONLY


def _is_hidden(path: TreePath, seen: Collection[str]) -> bool:
    return any(name.startswith(".") and name != WELL_KNOWN and name not in seen for name in path)


def _of_anybody(path: TreePath) -> TreePath:
    """Return the path under which rules of every account's home have one."""
    return (HOME_NAME, ANY, *path[2:]) if path[0] == HOME_NAME else path


class FilePermissions:
    """Decides, alone, who may do what with which files: every facet of files asks it.

    Args:
        rules: no two of one path.
        read_only: paths that nobody changes anything below.
        fixed: further paths that are neither renamed nor removed, nor what they are in.
    """

    def __init__(
        self,
        rules: Iterable[Rule] = (),
        *,
        read_only: Iterable[TreePath] = (),
        fixed: Iterable[TreePath] = (),
    ) -> None:
        self._read_only = frozenset(read_only)
        self._fixed = frozenset(fixed) | self._read_only
        self.configure(rules)

    def configure(self, rules: Iterable[Rule]) -> None:
        """Go by other rules from now on."""
        self._rules = {rule.path: rule for rule in rules}
        paths = frozenset(self._rules) | self._fixed
        # What rules are about stays where they say it is: moved away, it would be under others.
        self._pinned = frozenset(
            path[:depth] for path in paths for depth in range(1, len(path) + 1)
        )
        self._longest = max(map(len, paths), default=0)
        #: By directory, the names in it that have rules, or something below that has.
        self._special: dict[TreePath, set[str]] = {}
        for path in self._pinned:
            self._special.setdefault(path[:-1], set()).add(path[-1])

    def permissions(
        self,
        who: Account | None,
        area: Area,
        owner: str,
        path: TreePath,
        seen: Collection[str] = (),
    ) -> Permissions:
        """Return what somebody (None: anybody, without a login) may do somewhere.

        An account that is not active may do nothing; and nobody without a login sees a name with a
        dot in front, or what is below it: what editors, version control and other servers keep
        there is not for everybody.

        Args:
            owner: whose home it is in; empty for the site.
            path: below the site, the home, or what is shown of that.
            seen: names with a dot in front that are seen all the same.
        """
        if who is None:
            if area is Area.HOME or _is_hidden(path, seen):
                return NOTHING
        elif who.state is not AccountState.ACTIVE or (area is Area.HOME and who.name != owner):
            return NOTHING
        if not self._longest:  # most sites have no rule
            found = by_default(who, area, owner)
            return found if path else found - _OF_NAME
        full = rule_path(area, owner, path)
        every = _of_anybody(full)
        rule = self._rule_at(full, every)
        found = by_default(who, area, owner) if rule is None else by_rule(rule, who)
        if area is Area.SHOWN or self._is_read_only(full):
            found &= READ_ONLY
        if not path or full in self._pinned or every in self._pinned:
            found -= _OF_NAME
        return found

    def special_names(self, area: Area, owner: str, path: TreePath) -> frozenset[str]:
        """Return the names in a directory that more or less may be done with than with all the
        others in it, whose names have no dot in front."""
        if not self._longest:
            return frozenset()
        full = rule_path(area, owner, path)
        none: frozenset[str] = frozenset()
        return none.union(self._special.get(full, ()), self._special.get(_of_anybody(full), ()))

    def _rule_at(self, full: TreePath, every: TreePath) -> Rule | None:
        for depth in range(min(len(full), self._longest), 0, -1):
            rule = self._rules.get(full[:depth]) or self._rules.get(every[:depth])
            if rule is not None:
                return rule
        return None

    def _is_read_only(self, full: TreePath) -> bool:
        return bool(self._read_only) and any(
            full[:depth] in self._read_only for depth in range(1, len(full) + 1)
        )
