"""A URL of a command line, and who logs in there."""

from __future__ import annotations

from dataclasses import dataclass

from netsuite.cli.client.urls import Target


@dataclass(frozen=True, slots=True)
class Wanted:
    """A URL, and who logs in there.

    Args:
        login: name and password; None for nobody.
    """

    target: Target
    login: tuple[str, str] | None

    def is_beside(self, other: Wanted) -> bool:
        """Return whether one session will do for both."""
        mine, theirs = self.target, other.target
        same = (mine.scheme, mine.host, mine.port) == (theirs.scheme, theirs.host, theirs.port)
        return same and self.login == other.login
