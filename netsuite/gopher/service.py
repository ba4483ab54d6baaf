"""The Gopher service: settings to a server that listens; the body of ``twistd netsuite-gopher``."""

from __future__ import annotations

from netsuite.connection.listening import ListeningService
from netsuite.gopher.server import GopherServerFactory, Shared
from netsuite.plugin import plugin
from netsuite.site import Site
from netsuite.wire.dates import format_log_date

Options, makeService = plugin("gopher", "The Gopher server.")


def make_gopher(site: Site) -> ListeningService:
    """Return the Gopher server (RFC 1436)."""
    access_log = site.line_log(site.settings.gopher.access_log, format_log_date)

    def shared() -> Shared:
        everybody_reads_news = site.settings.nntp.anonymous == "read"
        return Shared(
            **site.common(site.settings.gopher, b"gopher"),
            settings=site.settings.gopher,
            files=site.files,
            newsroom=site.newsroom if everybody_reads_news else None,
            line_log=access_log,
        )

    return site.listening(GopherServerFactory(shared()), shared)
