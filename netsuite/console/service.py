"""The service of the console: settings to a server that listens."""

from __future__ import annotations

import secrets
import time

from netsuite.accounts.realm import AccountRealm
from netsuite.connection.listening import ListeningService
from netsuite.connection.settings import ServiceSettings
from netsuite.console.access import SERVICE, ConsoleAccess, console_access
from netsuite.console.console import FORM_OCTETS, Console
from netsuite.console.cookies import LoginCookies
from netsuite.console.routes import ROUTES
from netsuite.http.server import HTTPServer, HTTPServerFactory, Shared
from netsuite.http.settings import Settings
from netsuite.site import Site

#: The largest header of a request: no cookie of ours is long.
_HEADER_OCTETS = 16_384


class ConsoleServer(HTTPServer):
    """A connection of the console; transcripts leave out what the browser says: passwords are
    typed into its forms under several names."""

    masks_all = True


class ConsoleServerFactory(HTTPServerFactory):
    """Makes the connections of the console."""

    connection = ConsoleServer


def _settings(site: Site) -> Settings:
    """Return how the HTTP server of the console is to behave."""
    section = site.settings.console
    common = {name: getattr(section, name) for name in ServiceSettings.model_fields}
    return Settings(**common, header_octets=_HEADER_OCTETS, body_octets=FORM_OCTETS)


def make_console(site: Site) -> ListeningService:
    """Return the web console."""
    realm = site.authenticator.portal.realm
    assert isinstance(realm, AccountRealm)
    realm.makers[ConsoleAccess] = console_access
    cookies = LoginCookies(
        lambda: site.authenticator.secret,
        time.time,
        lambda: secrets.token_urlsafe(18),
        idle_seconds=lambda: site.settings.console.login_idle_seconds,
        longest_seconds=lambda: site.settings.console.login_seconds,
        remembered=site.store.remembered,
        bus=site.bus,
    )
    console = Console(site, ROUTES, cookies)

    def shared() -> Shared:
        section = site.settings.console
        return Shared(
            **site.common(section, b"http/1.1"),
            service=SERVICE,
            settings=_settings(site),
            authenticator=site.authenticator,
            router=console,
        )

    return site.listening(ConsoleServerFactory(shared()), shared)
