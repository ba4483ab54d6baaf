"""How much a peer has asked of one connection, against its limits."""

from __future__ import annotations

from netsuite.connection.settings import Limits


class UsageCounters:
    """Counts; each count tells whether it has become too much.

    Args:
        limits: how much is too much.
    """

    __slots__ = ("_limits", "_logged_in", "bad_commands", "commands", "octets")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._logged_in = False
        self.bad_commands = 0
        self.commands = 0
        self.octets = 0

    def logged_in(self) -> None:
        """What was limited until a login no longer is."""
        self._logged_in = True

    def came(self, octets: int) -> bool:
        """Count octets; tell whether there were too many before a login."""
        limit = self._limits.octets_before_login
        if limit is None or self._logged_in:
            return False
        self.octets += octets
        return self.octets > limit

    def asked(self) -> bool:
        """Count a command; tell whether there were too many before a login."""
        limit = self._limits.commands_before_login
        if limit is None or self._logged_in:
            return False
        self.commands += 1
        return self.commands > limit

    def was_bad(self) -> bool:
        """Count a command that was refused as such; tell whether there were too many."""
        self.bad_commands += 1
        limit = self._limits.bad_commands
        return limit is not None and self.bad_commands >= limit
