"""The Gopher service: settings to a server that listens; the body of ``twistd netsuite-gopher``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from twisted.internet.interfaces import IReactorProcess

from netsuite.connection.listening import ListeningService
from netsuite.gopher.server import GopherServerFactory, Shared
from netsuite.gopher.server.kinds import Kinds
from netsuite.gopher.server.programs import Programs
from netsuite.home import SiteError
from netsuite.plugin import plugin
from netsuite.site import Site
from netsuite.store.tree import TreePath
from netsuite.wire.dates import format_log_date

Options, makeService = plugin("gopher", "The Gopher server.")


#: How long the names of accounts that show something are remembered.
SHOWN_SECONDS: Final = 60.0
#: So many accounts are looked at.
SHOWN_ACCOUNTS: Final = 1000


def make_gopher(site: Site) -> ListeningService:
    """Return the Gopher server (RFC 1436)."""
    access_log = site.line_log(site.settings.gopher.access_log, format_log_date)
    kinds, shown_accounts = Kinds(), ShownAccounts(site)
    programs = _programs(site)

    def shared() -> Shared:
        everybody_reads_news = site.settings.nntp.anonymous == "read"
        settings = site.settings.gopher
        return Shared(
            **site.common(settings, b"gopher"),
            settings=settings,
            files=site.files,
            newsroom=site.newsroom if everybody_reads_news else None,
            line_log=access_log,
            kinds=kinds,
            routes=site.gopher,
            programs=programs,
            hosts={name.lower(): _path(each) for name, each in settings.hosts.items()},
            shown_accounts=shown_accounts,
            admin=f"{site.settings.site.postmaster}@{site.settings.site.domains[0]}",
        )

    return site.listening(GopherServerFactory(shared()), shared)


def _path(directory: str) -> TreePath:
    return tuple(directory.split("/")) if directory else ()


def _programs(site: Site) -> Programs | None:
    settings = site.settings.gopher
    if not settings.programs:
        return None
    if site.home is None:
        raise SiteError("gopher.programs is for a site with a home directory")
    return Programs(
        IReactorProcess(site.reactor),
        site.reactor,
        site.home / settings.programs,
        settings.program_seconds,
        settings.programs_at_once,
        site.settings.site.hostname,
    )


class ShownAccounts:
    """The names of accounts that show something, looked for at most once a minute."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._names: Sequence[str] = ()
        self._since: float | None = None

    async def __call__(self) -> Sequence[str]:
        """Return them, sorted."""
        now = self._site.reactor.seconds()
        if self._since is None or now - self._since > SHOWN_SECONDS:
            self._since = now
            self._names = await self._site.files.shown_accounts(SHOWN_ACCOUNTS)
        return self._names
