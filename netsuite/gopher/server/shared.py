"""The state that all sessions of one Gopher service share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from netsuite.accounts.interfaces import Newsroom, SiteFiles
from netsuite.connection.server import ServerShared
from netsuite.gopher.routes import Routes
from netsuite.gopher.server.kinds import Kinds
from netsuite.gopher.server.programs import Programs
from netsuite.gopher.settings import Settings
from netsuite.store.tree import TreePath


async def nobody() -> Sequence[str]:
    """Return no names: where nobody has said how accounts are found."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared(ServerShared):
    """One object for all sessions; ``line_log`` takes lines as ``access.format_line`` prints them.

    Args:
        files: the public site, and what accounts show.
        newsroom: the newsgroups; None where not everybody may read them.
        kinds: the types of files whose content has been looked at.
        routes: what programs have added.
        programs: what is run for requests; None where nothing is.
        hosts: names of other hosts that this server also is, in lower case, and the directory of
            the public site that is the root there.
        shown_accounts: returns the names of accounts that show something.
        admin: whom to write to about what is here.
    """

    files: SiteFiles
    newsroom: Newsroom | None = None
    service: str = "gopher"
    settings: Settings = field(default_factory=Settings)
    kinds: Kinds = field(default_factory=Kinds)
    routes: Routes = field(default_factory=Routes)
    programs: Programs | None = None
    hosts: Mapping[str, TreePath] = field(default_factory=dict)
    shown_accounts: Callable[[], Awaitable[Sequence[str]]] = nobody
    admin: str = "postmaster@localhost"
