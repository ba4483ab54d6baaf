"""The bodies of the twistd plugins: options to settings to services over one site."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePath

from twisted.application.service import IService
from twisted.internet.interfaces import IReactorFromThreads
from twisted.python import usage

from netsuite.compose import Daemon, ServiceOf, compose
from netsuite.config.check import problems, store_problems
from netsuite.config.describe import toml_value
from netsuite.config.load import ConfigError, Configuration, changed, read
from netsuite.config.schema import SERVICES, Settings
from netsuite.connection.listening import CannotStart, ListeningService
from netsuite.demo import DEMO_OVERRIDES, Demo, refuse_strangers
from netsuite.extensions import extend_from_file
from netsuite.home import SiteError, find_config, find_home
from netsuite.logs.file import log_path, logged
from netsuite.site import Site
from netsuite.store.errors import StoreError
from netsuite.store.interfaces import Store
from netsuite.workers.handing_over import REHEARSAL, Handed, command_of
from netsuite.workers.sockets import Inherited, first_environment

#: New objects after which young garbage is looked for. Python's 700 are made by two messages
#: under way, so all that waits for the disk would be walked through again and again.
GARBAGE_OBJECTS = 10_000


class Options(usage.Options):
    """What every netsuite command of twistd takes."""

    synopsis = "[options]"
    #: The services of this command; more than one: --listen needs SERVICE=ENDPOINT.
    services: Sequence[str] = SERVICES

    optFlags = [
        ["demo", None, "Demo accounts alice and bob (password netsuite), sample content, "
                       "loopback only."],
        ["memory", None, "Keep everything in memory; nothing is left when it ends."],
    ]  # fmt: skip
    optParameters = [
        ["home", None, None, "The home directory; else $NETSUITE_HOME, else the data directory."],
        ["config", None, None, "The configuration file; else netsuite.toml in the home."],
    ]

    def __init__(self) -> None:
        super().__init__()
        self.overrides: list[str] = []
        self.handlers: list[str] = []
        self.listening: dict[str, list[str]] = {}

    def opt_set(self, setting: str) -> None:
        """Change a setting: KEY=VALUE, such as smtp.recipients=200. May be repeated."""
        self.overrides.append(setting)

    def opt_handlers(self, path: str) -> None:
        """A Python file with handlers of your own: on_mail, routes, policies ... May be
        repeated."""
        self.handlers.append(path)

    def opt_listen(self, where: str) -> None:
        """Listen there instead: an endpoint string, such as tcp:25; for the whole suite
        SERVICE=ENDPOINT, such as imap=tcp:143. May be repeated."""
        service, equals, endpoint = where.partition("=")
        if equals and service in SERVICES:
            self.listening.setdefault(service, []).append(endpoint)
        elif len(self.services) == 1 or self.services == ("smtp", "submission", "lmtp"):
            self.listening.setdefault(self.services[0], []).append(where)
        else:
            raise usage.UsageError(
                f"--listen {where}: say for which service, as in --listen imap={where}"
            )

    def configuration(self) -> Configuration:
        """Return the settings, which this machine can start with.

        Raises:
            ConfigError: with every problem found.
        """
        from twisted.internet import reactor

        home = find_home(self["home"])
        overrides = [*(DEMO_OVERRIDES if self["demo"] else ()), *self.overrides]
        for service, endpoints in self.listening.items():
            overrides.append(f"{service}.listen={toml_value(endpoints)}")
        configuration = read(find_config(home, self["config"]), overrides)
        wrong = problems(configuration, home, reactor, self.services)
        if wrong:
            raise ConfigError(wrong)
        if tuple(self.services) != SERVICES:
            settings = _beside_others(configuration.settings, self.services[0])
            return replace(configuration, settings=settings)
        return configuration


async def spare_the_collector() -> None:
    """Have the garbage collector leave alone what was made at the start and stays to the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS, *gc.get_threshold()[1:])


def measure_time_by_itself(reactor: object) -> None:
    """Have a reactor's timers go by a clock that nobody sets.

    Twisted's go by the time of day: when that is set forward by a day, everything that waits has
    waited for a day, so all sessions end; set back, nothing happens for a day.
    """
    vars(reactor)["seconds"] = time.monotonic


def plugin(
    services: str | Sequence[str], synopsis: str
) -> tuple[type[Options], Callable[[Options], IService]]:
    """Return what a plugin's module has to hold, ``Options`` and ``makeService``.

    Args:
        services: the service it runs, or several; ``delivery`` among them listens nowhere.
        synopsis: what ``twistd NAME --help`` says of it.
    """
    names = (services,) if isinstance(services, str) else tuple(services)

    class PluginOptions(Options):
        __doc__ = synopsis
        services = tuple(name for name in names if name in SERVICES)
        longdesc = synopsis

    return PluginOptions, lambda options: _service(options, names)


async def _check_store(configuration: Configuration, store: Store) -> None:
    wrong = await store_problems(configuration, store)
    if wrong:
        raise SiteError("\n".join(str(problem) for problem in wrong))


def _check_log(options: Options) -> None:
    """Raise SiteError where twistd will not find the directory of its own log."""
    # ``twist``, which is ``python -m twisted``, has no such option.
    given = options.parent.get("logfile") if options.parent is not None else None
    if given and given != "-":
        folder = Path(given).absolute().parent
        if not os.path.isdir(folder):
            raise SiteError(f"--logfile {given}: there is no directory {folder}")


@contextmanager
def refusing() -> Iterator[None]:
    """Raise CannotStart, with the lines to be shown, where settings are wrong or a home cannot be
    used."""
    try:
        yield
    except ConfigError as error:
        lines = [f"netsuite: {problem}" for problem in error.problems]
        raise CannotStart("\n".join(lines)) from None
    except (SiteError, StoreError) as error:
        raise CannotStart(f"netsuite: {error}") from None


def enabled(names: Sequence[str], settings: Settings) -> list[str]:
    """Return the names of the services that are on; one alone runs though it is not enabled."""
    on = [name for name in names if len(names) == 1 or getattr(settings, name).enabled]
    if settings.control.enabled and "control" not in on:
        on.append("control")  # whatever runs can be looked into
    return on


def _beside_others(settings: Settings, name: str) -> Settings:
    """Return the settings of a service that runs alone: others may do so over the same home, and
    each has a control socket of its own, such as ``control-imap.sock``."""
    whole = PurePath(settings.control.socket)
    return changed(
        settings, "control", {"socket": str(whole.with_name(f"{whole.stem}-{name}{whole.suffix}"))}
    )


def daemon_over(
    site: Site,
    configuration: Configuration,
    names: Sequence[str],
    handlers: Sequence[str],
    read: Callable[[], Settings],
) -> Daemon:
    """Put services over a site, with what handlers add to it.

    Args:
        configuration: what the site's settings came from.
        names: of the services.
        handlers: files of one's own.
        read: reads the settings again.

    Raises:
        ConfigError, SiteError: as ``compose``.
    """
    for path in handlers:
        extend_from_file(site, Path(path))
    daemon = compose(site, *(ServiceOf(name) for name in names), read=read)
    site.once_open(lambda store: _check_store(configuration, store))
    site.when_open(spare_the_collector)
    return daemon


def _service(options: Options, names: Sequence[str]) -> IService:
    """Make a site and the services named, as far as they are enabled; or the parent of workers that
    do.

    Raises:
        CannotStart: the settings are wrong, or the home cannot be used.
    """
    from twisted.internet import reactor

    measure_time_by_itself(reactor)
    with refusing():
        _check_log(options)
        inherited = Inherited.from_systemd(first_environment(), os.getpid())
        handed = Handed.take(os.environ, os.getpid())
        configuration = options.configuration()
        if configuration.settings.daemon.workers:
            service: IService = _parent(options, configuration, names, inherited, handed)
        elif handed is not None or REHEARSAL in os.environ:
            raise SiteError("daemon.workers is 0 now: stop the daemon, and start it again")
        else:
            service = _daemon(options, configuration, names, inherited)
        if REHEARSAL in os.environ:
            raise SystemExit(0)
    log_settings = configuration.settings.log
    return logged(service, options.parent, log_settings, IReactorFromThreads(reactor))


def _daemon(
    options: Options, configuration: Configuration, names: Sequence[str], inherited: Inherited
) -> IService:
    """Make the daemon that is one process."""
    from twisted.internet import reactor

    settings = configuration.settings
    if options["demo"]:
        refuse_strangers(settings)
    site = Site(
        find_home(options["home"]),
        settings=settings,
        memory=bool(options["memory"]),
        reactor=reactor,
        inherited=inherited,
    )
    site.when_open(inherited.warn_of_left)
    daemon = daemon_over(
        site,
        configuration,
        enabled(names, settings),
        options.handlers,
        read=lambda: options.configuration().settings,
    )
    if options["demo"]:
        listening = [service for service in daemon if isinstance(service, ListeningService)]
        site.once_open(Demo(site, listening, sys.stdout).prepare)
    return daemon


def _parent(
    options: Options,
    configuration: Configuration,
    names: Sequence[str],
    inherited: Inherited,
    handed: Handed | None,
) -> IService:
    """Make the parent of workers. Raises SiteError."""
    from twisted.internet import reactor

    from netsuite.workers.parent import Parent

    for option in ("demo", "memory"):
        if options[option]:
            raise SiteError(f"--{option} is one process: set daemon.workers to 0")
    return Parent(
        configuration.settings,
        find_home(options["home"]),
        lambda settings: enabled(names, settings),
        reactor=reactor,
        read=lambda: options.configuration().settings,
        config=configuration.path,
        handlers=options.handlers,
        inherited=inherited,
        handed=handed,
        command=command_of(
            options.parent, argv=sys.argv, original=sys.orig_argv, log=log_path(options.parent)
        ),
    )
