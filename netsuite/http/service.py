"""The HTTP service: settings to a server that listens; the body of ``twistd netsuite-http``."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from netsuite.autoconfig.routes import Answers
from netsuite.autoconfig.routes import add_routes as add_autoconfig
from netsuite.autoconfig.servers import Place, bound, configured
from netsuite.connection.listening import ListeningService
from netsuite.home import SiteError
from netsuite.http.files import FileSite
from netsuite.http.news import NewsSite
from netsuite.http.server import HTTPServerFactory, Shared
from netsuite.plugin import plugin
from netsuite.site import Site
from netsuite.wire.dates import format_log_date, now

Options, makeService = plugin("http", "The HTTP server: files, news and XML-RPC.")


def add_routes(site: Site) -> None:
    """Add to the site's router what every site has.

    Raises:
        SiteError: what the program has added is in the way.
    """

    def shown() -> bool:
        return site.settings.nntp.anonymous == "read"

    router, section = site.http, site.settings.http
    if section.xmlrpc_path:
        site.rpc.limit_octets = section.xmlrpc_octets
        try:
            router.add("POST", section.xmlrpc_path, site.rpc)
        except ValueError as error:
            raise SiteError(f"http.xmlrpc_path: {error}") from None
    links: tuple[tuple[str, str], ...] = ()
    if section.news_path:
        links = (("News", section.news_path),)
        news = NewsSite(site.newsroom, section.news_path, now=now, shown=shown)
        try:
            router.mount(section.news_path, news)
            router.add("GET", section.news_path.rstrip("/"), news)  # the slash is added
        except ValueError as error:
            raise SiteError(f"http.news_path: {error}") from None
    files = FileSite(
        site.files,
        clock=site.reactor,
        now=now,
        boundary=lambda: secrets.token_hex(16),
        remember_seconds=section.remember_seconds,
        precompressed=section.precompressed,
        links=lambda: links if shown() else (),
    )
    site.store.changes.watch_files(files.forget)
    site.on_reload(files.forget)  # who may see what may be another thing now
    own_root = router.is_mounted("/")  # a program may have all that is nobody else's
    if not own_root:
        router.mount("/", files)
    add_autoconfig(router, _answers(site), None if own_root else files)


def _answers(site: Site) -> Answers:
    return Answers(lambda: site.settings, lambda: _mail_servers(site), site.certificates)


def _mail_servers(site: Site) -> Sequence[Place]:
    """Return where services for mail programs listen: in this process, else by the settings."""
    daemon = site.parent
    return bound([] if daemon is None else daemon) or configured(site.settings)


def make_http(site: Site) -> ListeningService:
    """Return the HTTP server (RFC 9110, 9112)."""
    add_routes(site)
    line_log = site.line_log(site.settings.http.access_log, format_log_date)

    def shared() -> Shared:
        return Shared(
            **site.common(site.settings.http, b"http/1.1"),
            settings=site.settings.http,
            authenticator=site.authenticator,
            router=site.http,
            line_log=line_log,
        )

    return site.listening(HTTPServerFactory(shared()), shared)
