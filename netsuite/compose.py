"""The front door for programs: services put over a site, and the daemon that runs them.

::

    site = Site("/srv/example")
    site.on_mail(archive)
    daemon = compose(site, smtp("tcp:25"), imap("tcp:143"), http("tcp:80"), MyService())
    daemon.setServiceParent(application)

What a program adds to a site is written with these, which are imported when they are asked for:
``Policy`` with ``Defer``, ``Reject`` and ``Tag``; ``command`` of the shell; ``text``, ``html`` and
``json``, responses of HTTP.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol

from twisted.application.service import IService, MultiService
from twisted.internet.defer import Deferred, DeferredList, ensureDeferred, maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.reflect import namedAny

from netsuite.bus import Bus
from netsuite.config.load import ConfigError
from netsuite.config.schema import Settings, needs_restart, taken_live
from netsuite.connection.listening import keep_terminal, leave_terminal
from netsuite.control.answers import ProcessAnswers
from netsuite.control.log import RecentLog
from netsuite.control.noting import Notes
from netsuite.control.tracing import Traces
from netsuite.extensions import extend_by_name
from netsuite.hangup import hear, hear_no_more
from netsuite.health.process import ProcessHealth
from netsuite.home import SiteError
from netsuite.site import Site

if TYPE_CHECKING:
    from netsuite.http.responses import html, json, text
    from netsuite.smtp.policy.interface import Defer, Policy, Reject, Tag
    from netsuite.telnet.shell.command import command

__all__ = [
    "Daemon",
    "Defer",
    "Policy",
    "Reject",
    "Site",
    "Tag",
    "command",
    "compose",
    "console",
    "delivery",
    "ftp",
    "gopher",
    "html",
    "http",
    "imap",
    "json",
    "lmtp",
    "managesieve",
    "nntp",
    "pop3",
    "smtp",
    "submission",
    "telnet",
    "text",
]
_POLICY: Final = "netsuite.smtp.policy.interface"
_RESPONSES: Final = "netsuite.http.responses"
_ELSEWHERE: Final = {
    "Defer": _POLICY,
    "Policy": _POLICY,
    "Reject": _POLICY,
    "Tag": _POLICY,
    "command": "netsuite.telnet.shell.command",
    "html": _RESPONSES,
    "json": _RESPONSES,
    "text": _RESPONSES,
}


def __getattr__(name: str) -> object:
    """Return a name of another module, imported now."""
    if name in _ELSEWHERE:
        return vars(import_module(_ELSEWHERE[name]))[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


#: Service to the function that makes it from a site. By name, so that a service that runs
#: alone imports none of the others.
MAKERS = {
    "smtp": "netsuite.smtp.service.make_smtp",
    "submission": "netsuite.smtp.service.make_submission",
    "lmtp": "netsuite.smtp.service.make_lmtp",
    "delivery": "netsuite.smtp.service.delivery.make_delivery",
    "imap": "netsuite.imap.service.make_imap",
    "pop3": "netsuite.pop3.service.make_pop3",
    "managesieve": "netsuite.managesieve.service.make_managesieve",
    "nntp": "netsuite.nntp.service.make_nntp",
    "ftp": "netsuite.ftp.service.make_ftp",
    "http": "netsuite.http.service.make_http",
    "telnet": "netsuite.telnet.service.make_telnet",
    "gopher": "netsuite.gopher.service.make_gopher",
    "control": "netsuite.control.service.make_control",
    "health": "netsuite.health.service.make_health",
    "console": "netsuite.console.service.make_console",
    "acme": "netsuite.acme.service.make_acme",
}

#: Those that one process runs for the whole daemon.
ROLES: Final = frozenset({"delivery"})


class MakesService(Protocol):
    """Makes a service over a site, when it is known which."""

    def __call__(self, site: Site) -> IService:
        """Return the service. Raises SiteError, ConfigError."""


class ServiceOf:
    """One of the suite's services, as settings have it, but for what is given here.

    Args:
        name: of its table in the configuration.
        listen: endpoint strings, such as ``tcp:25``.
        tls: endpoint strings where TLS comes first. Where neither is given it listens where its
            settings say; where one is, nowhere else.
        settings: of its table, by name.
    """

    def __init__(
        self,
        name: str,
        listen: Sequence[str] = (),
        tls: Sequence[str] | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        self.name = name
        self.settings = dict(settings or {})
        if listen or tls is not None:
            self.settings.setdefault("listen", list(listen))
            if name != "lmtp":  # which has no TLS
                self.settings.setdefault("listen_tls", list(tls or ()))

    def __call__(self, site: Site) -> IService:
        """As ``MakesService``."""
        if self.settings:
            site.configure(self.name, **self.settings)
        made: IService = namedAny(MAKERS[self.name])(site)
        return RoleService(site.bus, made) if self.name in ROLES and site.bus.worker else made


class RoleService(MultiService):
    """A service that one process of the daemon runs at a time.

    Args:
        service: started where this process has the role of its name.
    """

    def __init__(self, bus: Bus, service: IService) -> None:
        super().__init__()
        self._bus = bus
        self._service = service

    def startService(self) -> None:
        """Run it once this process has the role."""
        super().startService()
        self._bus.role(str(self._service.name), self._begin)

    def _begin(self) -> None:
        if self.running:
            self._service.setServiceParent(self)


def smtp(*listen: str, tls: Sequence[str] | None = None, **settings: object) -> ServiceOf:
    """Return the server to which other hosts bring mail (RFC 5321); see ``ServiceOf``."""
    return ServiceOf("smtp", listen, tls, settings)


def submission(*listen: str, tls: Sequence[str] | None = None, **settings: object) -> ServiceOf:
    """Return the server to which accounts bring mail (RFC 6409); see ``ServiceOf``."""
    return ServiceOf("submission", listen, tls, settings)


def lmtp(*listen: str, **settings: object) -> ServiceOf:
    """Return the server to which a mail server beside us delivers (RFC 2033); see ``ServiceOf``."""
    return ServiceOf("lmtp", listen, None, settings)


def delivery(**settings: object) -> ServiceOf:
    """Return what carries mail to other hosts; see ``ServiceOf``."""
    return ServiceOf("delivery", settings=settings)


def imap(*listen: str, tls: Sequence[str] | None = None, **settings: object) -> ServiceOf:
    """Return the IMAP4 server; see ``ServiceOf``."""
    return ServiceOf("imap", listen, tls, settings)


def pop3(*listen: str, tls: Sequence[str] | None = None, **settings: object) -> ServiceOf:
    """Return the POP3 server; see ``ServiceOf``."""
    return ServiceOf("pop3", listen, tls, settings)


def managesieve(*listen: str, tls: Sequence[str] | None = None, **settings: object) -> ServiceOf:
    """Return the ManageSieve server; see ``ServiceOf``."""
    return ServiceOf("managesieve", listen, tls, settings)


def nntp(*listen: str, tls: Sequence[str] | None = None, **settings: object) -> ServiceOf:
    """Return the NNTP server; see ``ServiceOf``."""
    return ServiceOf("nntp", listen, tls, settings)


def ftp(*listen: str, tls: Sequence[str] | None = None, **settings: object) -> ServiceOf:
    """Return the FTP server; see ``ServiceOf``."""
    return ServiceOf("ftp", listen, tls, settings)


def http(*listen: str, tls: Sequence[str] | None = None, **settings: object) -> ServiceOf:
    """Return the HTTP server; see ``ServiceOf``."""
    return ServiceOf("http", listen, tls, settings)


def telnet(*listen: str, tls: Sequence[str] | None = None, **settings: object) -> ServiceOf:
    """Return the Telnet server; see ``ServiceOf``."""
    return ServiceOf("telnet", listen, tls, settings)


def gopher(*listen: str, tls: Sequence[str] | None = None, **settings: object) -> ServiceOf:
    """Return the Gopher server; see ``ServiceOf``."""
    return ServiceOf("gopher", listen, tls, settings)


def console(*listen: str, tls: Sequence[str] | None = None, **settings: object) -> ServiceOf:
    """Return the web console, for administrators; see ``ServiceOf``."""
    return ServiceOf("console", listen, tls, settings)


def compose(
    site: Site, *services: MakesService | IService, read: Callable[[], Settings] | None = None
) -> Daemon:
    """Put services over a site.

    Args:
        services: those of the suite, by the functions of this module, and services of one's own.
        read: reads the settings again, at SIGHUP; None: as the site has read them.

    Raises:
        ConfigError, SiteError: a setting is wrong, or cannot be used on this machine; or an
            extension that settings name; or one service is there twice, or the site has a daemon.
        TypeError: something is no service, and makes none.
    """
    if site.parent is not None:
        raise SiteError("the site has a daemon already: one takes all services over a site")
    named = Counter(each.name for each in services if isinstance(each, ServiceOf))
    for name, times in named.items():
        if times > 1:
            raise SiteError(f"{name} is there {times} times: one takes all its endpoints")
    extend_by_name(site, site.settings.site.extensions)
    made = [_made(site, each) for each in services]
    keep_terminal()
    return Daemon(site, made, read or site.read_settings)


def _made(site: Site, service: MakesService | IService) -> IService:
    if IService.providedBy(service):
        return service
    made = service(site) if callable(service) else service
    if not IService.providedBy(made):
        raise TypeError(f"{service!r} is no service, and makes none; write smtp(), not smtp")
    return made


class Daemon(MultiService):
    """Services over one site: the site starts first and stops last.

    At SIGHUP it reads settings and certificates again; so does each daemon of the process, and who
    took the signal before the first of them has it, too. When it stops, each service lets its
    connections finish what they do, and says goodbye.

    Args:
        site: what they share.
        services: the services.
        read: reads the settings again.
        sighup: whether it takes SIGHUP.
    """

    log = Logger()

    def __init__(
        self,
        site: Site,
        services: Sequence[IService],
        read: Callable[[], Settings],
        *,
        sighup: bool = True,
    ) -> None:
        super().__init__()
        #: A worker's parent takes the signal, and logs what all of them say.
        self._is_worker = site.bus.worker > 0
        self._sighup = sighup and not self._is_worker
        self.site = site
        self._read = read
        self._started_with = site.settings
        site.setServiceParent(self)
        for service in services:
            service.setServiceParent(self)
        self.health = ProcessHealth(site, self)
        ProcessAnswers(site, self)
        Notes(site)
        Traces(site, self).setServiceParent(self)
        if not self._is_worker:
            RecentLog(site).setServiceParent(self)

    def startService(self) -> None:
        """Start, and take SIGHUP as the wish to read configuration and certificates again."""
        super().startService()
        self.health.start()
        self.site.when_open().addCallback(lambda _: self._opened())
        if self._sighup:
            hear(self.reload, self.site.reactor)

    def _opened(self) -> None:
        leave_terminal()
        self.health.opened()

    def stopService(self) -> Deferred[None]:
        """Stop the services, each with its connections' goodbye; then the site, whatever became
        of them."""
        self.health.stopping()
        hear_no_more(self.reload)
        return ensureDeferred(self._stop())

    async def _stop(self) -> None:
        self.running = 0
        services = [service for service in self if service is not self.site]
        await DeferredList(
            [
                maybeDeferred(each.stopService).addErrback(partial(self._not_stopped, each))
                for each in services
            ]
        )
        await self.site.stopService()
        self.health.stop()

    def _not_stopped(self, service: IService, failure: Failure) -> None:
        self.log.failure("stopping {service}", failure, service=service)

    def reload(self) -> list[str]:
        """Read certificates and configuration again; log, and return, what that has changed, in
        lines. A wrong file changes nothing, and keeps nothing else from being read."""
        return list(self.health.reload(self._reload))

    def _reload(self) -> list[str]:
        said: list[str] = []

        def say(tell: Callable[..., object], line: str) -> None:
            if not self._is_worker:
                tell("{line}", line=line)
            said.append(line)

        certificates = self.site.certificates
        if certificates is not None:
            names = ", ".join(certificates.look()) or "none has changed"
            say(self.log.info, f"the certificates were looked at again: {names}")
        before = self.site.settings
        try:
            self.site.apply(self._read())
        except (ConfigError, SiteError) as error:
            say(self.log.error, f"the configuration was not read again: {error}")
            return said
        names = ", ".join(taken_live(before, self.site.settings)) or "no live setting has changed"
        say(self.log.info, f"the configuration was read again: {names}")
        waiting = needs_restart(self._started_with, self.site.settings)
        if waiting:
            say(self.log.warn, f"changed, and taken at the next start: {', '.join(waiting)}")
        return said
