"""The state that all sessions of one Gopher service share."""

from __future__ import annotations

from dataclasses import dataclass, field

from netsuite.accounts.interfaces import Newsroom, SiteFiles
from netsuite.connection.server import ServerShared
from netsuite.gopher.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared(ServerShared):
    """One object for all sessions; ``line_log`` takes lines as ``access.format_line`` prints them.

    Args:
        files: the public site, and what accounts show.
        newsroom: the newsgroups; None where not everybody may read them.
    """

    files: SiteFiles
    newsroom: Newsroom | None = None
    service: str = "gopher"
    settings: Settings = field(default_factory=Settings)
