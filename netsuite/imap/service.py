"""The IMAP4 service: settings to a server that listens; the body of ``twistd netsuite-imap``."""

from __future__ import annotations

from datetime import datetime

from netsuite import __version__
from netsuite.connection.listening import ListeningService
from netsuite.imap.server import IMAPServerFactory, Shared
from netsuite.plugin import plugin
from netsuite.site import Site

Options, makeService = plugin("imap", "The IMAP4 server.")


def make_imap(site: Site) -> ListeningService:
    """Return the IMAP4 server (RFC 3501)."""

    line_log = site.line_log(site.settings.imap.read_log, datetime.isoformat)

    def shared() -> Shared:
        return Shared(
            **site.common(site.settings.imap, b"imap"),
            settings=site.settings.imap,
            authenticator=site.authenticator,
            version=__version__,
            line_log=line_log,
        )

    return site.listening(IMAPServerFactory(shared()), shared)
