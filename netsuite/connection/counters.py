"""Counters of what a peer has asked of one connection, against their limits."""

from __future__ import annotations


class UsageCounters:
    """Each count returns whether it has become too much.

    Args:
        bad_commands: refused or unknown ones, in all, that are too many; None: never.
        commands_before_login: more are too many; None: never.
        octets_before_login: likewise.
    """

    __slots__ = (
        "_commands_before_login",
        "_logged_in",
        "_octets_before_login",
        "bad_commands",
        "bad_commands_limit",
        "commands",
        "counts_commands",
        "octets",
    )

    def __init__(
        self,
        *,
        bad_commands: int | None,
        commands_before_login: int | None = None,
        octets_before_login: int | None = None,
    ) -> None:
        self.bad_commands_limit = bad_commands
        self._commands_before_login = commands_before_login
        self._octets_before_login = octets_before_login
        self._logged_in = False
        #: Whether ``took_command`` is to be called.
        self.counts_commands = commands_before_login is not None
        self.bad_commands = 0
        self.commands = 0
        self.octets = 0

    def logged_in(self) -> None:
        """Lift the limits that hold until a login."""
        self._logged_in = True
        self.counts_commands = False

    def received(self, octets: int) -> bool:
        """Count octets; return whether there were too many before a login."""
        limit = self._octets_before_login
        if limit is None or self._logged_in:
            return False
        self.octets += octets
        return self.octets > limit

    def took_command(self) -> bool:
        """Count a command; return whether there were too many before a login."""
        self.commands += 1
        return (
            self._commands_before_login is not None and self.commands > self._commands_before_login
        )

    def refused_command(self) -> bool:
        """Count a command that was refused as such; return whether there were too many."""
        self.bad_commands += 1
        limit = self.bad_commands_limit
        return limit is not None and self.bad_commands >= limit
