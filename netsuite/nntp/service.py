"""The NNTP service: settings to a server that listens; the body of ``twistd netsuite-nntp``."""

from __future__ import annotations

from netsuite.connection.listening import ListeningService
from netsuite.nntp.server import NNTPServerFactory, Shared
from netsuite.plugin import plugin
from netsuite.site import Site

Options, makeService = plugin("nntp", "The news server.")


def make_nntp(site: Site) -> ListeningService:
    """Return the NNTP server (RFC 3977)."""

    def shared() -> Shared:
        return Shared(
            **site.common(site.settings.nntp, b"nntp"),
            settings=site.settings.nntp,
            newsroom=site.newsroom,
            authenticator=site.authenticator,
        )

    return site.listening(NNTPServerFactory(shared()), shared)
