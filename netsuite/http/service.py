"""The HTTP service: settings to a server that listens; the body of ``twistd netsuite-http``."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime

from twisted.application.service import IService

from netsuite import daemon
from netsuite.config import schema
from netsuite.connection.listening import ListeningService
from netsuite.http.access import stamp
from netsuite.http.files import FileSite
from netsuite.http.grammar import HeadLimits
from netsuite.http.news import NewsSite
from netsuite.http.router import Router
from netsuite.http.server import HTTPServerFactory
from netsuite.http.settings import Settings
from netsuite.http.xmlrpc.server import XMLRPCServer
from netsuite.site import Site


class Options(daemon.Options):
    """Options of ``twistd netsuite-http``."""

    services = ("http",)
    synopsis = "[options]"
    longdesc = "The HTTP server: files, news and XML-RPC."


def makeService(options: Options) -> IService:
    """Make the service. Called by twistd."""
    return daemon.compose(options, options.services)


def _settings(settings: schema.Settings) -> Settings:
    section = settings.http
    return Settings(
        host=settings.site.hostname,
        limits=HeadLimits(
            line_octets=section.target_octets,
            head_octets=section.header_octets,
            fields=section.fields,
        ),
        body_octets=section.body_octets or None,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def make_router(site: Site) -> Router:
    """Give the routes every site has; what else a site serves is added or mounted here."""

    def shown() -> bool:
        return site.settings.nntp.anonymous == "read"

    router = Router()
    section = site.settings.http
    if section.xmlrpc_path:
        rpc = XMLRPCServer(limit_octets=section.xmlrpc_octets)
        router.add("POST", section.xmlrpc_path, rpc)
    links: tuple[tuple[str, str], ...] = ()
    if section.news_path:
        links = (("News", section.news_path),)
        news = NewsSite(site.newsroom, section.news_path, now=_now, shown=shown)
        router.mount(section.news_path, news)
        router.add("GET", section.news_path.rstrip("/"), news)  # the slash is added
    files = FileSite(
        site.files,
        clock=site.reactor,
        now=_now,
        boundary=lambda: secrets.token_hex(16),
        remember_seconds=section.remember_seconds,
        precompressed=section.precompressed,
        links=lambda: links if shown() else (),
    )
    site.store.changes.watch_files(files.forget)
    router.mount("/", files)
    return router


def make_http(site: Site) -> ListeningService:
    """Make the HTTP server (RFC 9110, 9112)."""
    section = site.settings.http
    limits = site.limits(section)
    limits["timeouts"] = replace(
        limits["timeouts"],
        greeting_seconds=section.command_seconds or None,
        minimum_octets_per_second=section.minimum_octets_per_second,
    )
    factory = HTTPServerFactory(
        _settings(site.settings),
        router=make_router(site),
        authenticator=site.authenticator,
        clock=site.reactor,
        access_log=site.line_log(section.access_log, stamp),
        tls=site.tls(b"http/1.1"),
        **limits,
    )

    def reload(settings: schema.Settings) -> None:
        factory.settings = _settings(settings)

    site.on_reload(reload)
    return site.listening("http", factory)
