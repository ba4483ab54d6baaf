"""Checks of settings against this machine: all that a start would refuse, in one run.

The start and ``netsuite check-config`` make the same checks, so what the one finds the other does.
Nothing is made and nothing is bound here.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from twisted.internet.defer import maybeDeferred
from twisted.internet.interfaces import IReactorTime

from netsuite import tls
from netsuite.acme import setup as acme
from netsuite.certificates import BadCertificate
from netsuite.config.endpoints import read_endpoint
from netsuite.config.load import Configuration, Problem
from netsuite.config.schema import EXTENSIONS, SERVICES, Settings
from netsuite.connection.linelog import is_below
from netsuite.connection.settings import ServiceSettings
from netsuite.dns import DNSClient
from netsuite.smtp.policy.ready import BadPolicy, Parts, make_policies
from netsuite.store.interfaces import Store

#: What metrics are written with.
METRICS_NEEDED: Final = "it needs the package prometheus-client: pip install 'netsuite[metrics]'"
#: Drivers by the beginning of a database's URL; one that is None needs none.
_DRIVERS: Final = {"sqlite": None, "postgresql": "psycopg"}


def problems(
    configuration: Configuration, home: Path, reactor: object, services: Sequence[str] = SERVICES
) -> Sequence[Problem]:
    """Return all that is wrong with settings on this machine.

    Args:
        services: those that are to run; one alone runs though it is not enabled.
    """
    settings = configuration.settings
    wrong = unusable(home)
    if wrong:
        return [
            Problem("", "", f"the home {home} cannot be used: {wrong}; name another with --home")
        ]
    found = [
        *_store(settings),
        *_endpoints(settings, reactor, home),
        *_twice(settings, services),
        *_folder("files.root", home / settings.files.root, home),
        *_mapped(settings, home),
        *_logs(settings, home),
        *_policies(settings, reactor),
        *_authorities(settings, home),
        *_extensions(settings),
        *acme.problems(settings, home),
    ]
    if settings.tls.enabled:
        found += _folder("tls.certificates", home / settings.tls.certificates, home)
    return [configuration.problem(key, message) for key, message in found]


def _policies(settings: Settings, reactor: object) -> Iterator[tuple[str, str]]:
    clock = IReactorTime(reactor)
    parts = Parts(settings.policy, clock, DNSClient(reactor, ()), maybeDeferred, lambda: 0.0)
    policy = settings.policy
    for key, names in (
        ("smtp", policy.smtp),
        ("submission", policy.submission),
        ("lmtp", policy.lmtp),
    ):
        for name in names:
            try:
                make_policies([name], parts)
            except BadPolicy as error:
                yield f"policy.{key}", str(error)


def _authorities(settings: Settings, home: Path) -> Iterator[tuple[str, str]]:
    if settings.delivery.authorities and settings.delivery.enabled:
        try:
            tls.client_options("localhost", authorities=home / settings.delivery.authorities)
        except BadCertificate as error:
            yield "delivery.authorities", str(error)


def _extensions(settings: Settings) -> Iterator[tuple[str, str]]:
    named = settings.site.extensions
    there = {each.name for each in entry_points(group=EXTENSIONS)} if named else set()
    for name in named:
        if name not in there:
            known = ", ".join(sorted(there)) or "none"
            yield "site.extensions", f"no package with {name!r} is installed; there are: {known}"


def _store(settings: Settings) -> Iterator[tuple[str, str]]:
    text = settings.store.url
    if not text:
        return
    # Where no URL is said, nothing of the database is needed to check settings.
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    form = "write it as sqlite:////path/netsuite.db or postgresql://user@host/name"
    try:
        url = make_url(text)
    except ArgumentError:
        yield "store.url", f"{text!r} is no URL of a database; {form}"
        return
    kind = url.get_backend_name()
    if kind not in _DRIVERS:
        yield "store.url", f"there is no store on {kind}; {form}"
        return
    driver = _DRIVERS[kind]
    if driver is not None and importlib.util.find_spec(driver) is None:
        yield "store.url", f"{kind} needs the driver {driver}: pip install 'netsuite[postgres]'"
    if kind == "sqlite" and not url.database:
        yield "store.url", f"{text!r} names no file; {form}"
    elif kind == "sqlite" and url.database:
        wrong = unusable(Path(url.database).parent)
        if wrong:
            yield "store.url", wrong


def _listening(settings: Settings, services: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Return each endpoint string of the services that are on, and its setting."""
    for name in services:
        service: ServiceSettings = getattr(settings, name)
        if service.enabled or len(services) == 1:
            for key in ("listen", "listen_tls") if settings.tls.enabled else ("listen",):
                for each in getattr(service, key):
                    yield f"{name}.{key}", each
    if len(services) > 1:
        for each in settings.health.listen:
            yield "health.listen", each


def _endpoints(settings: Settings, reactor: object, home: Path) -> Iterator[tuple[str, str]]:
    for name in SERVICES:
        for key in ("listen", "listen_tls"):
            for each in getattr(getattr(settings, name), key):
                try:
                    read_endpoint(each, reactor, home)
                except ValueError as error:
                    yield f"{name}.{key}", str(error)
    for each in settings.health.listen:
        try:
            read_endpoint(each, reactor, home)
        except ValueError as error:
            yield "health.listen", str(error)
    if settings.health.enabled and importlib.util.find_spec("prometheus_client") is None:
        yield "health.listen", METRICS_NEEDED


def _twice(settings: Settings, services: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Two services cannot listen in one place; port 0 is a new one each time."""
    taken: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for key, description in _listening(settings, services):
        kind, _, rest = description.partition(":")
        where, *more = rest.split(":")
        if kind not in ("tcp", "tcp4", "tcp6", "unix") or where in ("", "0"):
            continue
        interface = next((each[10:] for each in more if each.startswith("interface=")), "")
        place = ("unix" if kind == "unix" else "tcp", where.removeprefix("port="))
        for other_key, other, theirs in taken.setdefault(place, []):
            if interface == theirs or "" in (interface, theirs):
                yield key, f"{description!r} is where {other_key} listens already ({other!r})"
                break
        taken[place].append((key, description, interface))


def _logs(settings: Settings, home: Path) -> Iterator[tuple[str, str]]:
    for key, log in (
        ("smtp.message_log", settings.smtp.message_log),
        ("submission.message_log", settings.submission.message_log),
        ("lmtp.message_log", settings.lmtp.message_log),
        ("delivery.delivery_log", settings.delivery.delivery_log),
        ("ftp.transfer_log", settings.ftp.transfer_log),
        ("http.access_log", settings.http.access_log),
        ("gopher.access_log", settings.gopher.access_log),
        ("imap.read_log", settings.imap.read_log),
        ("pop3.read_log", settings.pop3.read_log),
    ):
        if log and os.path.isdir(home / log):
            yield key, f"{home / log} is a directory"
        elif log:
            yield from _folder(key, (home / log).parent, home)


def _mapped(settings: Settings, home: Path) -> Iterator[tuple[str, str]]:
    """One that is not there now may be mounted later; none may show the secrets of the home."""
    ours = home.resolve()
    for each in settings.files.mapped:
        there = Path(each.directory).resolve()
        if ours.is_relative_to(there) or there.is_relative_to(ours):
            wrong = f"{each.directory} would show what is in the home, {home}; name another"
            yield "files.mapped", wrong
        elif there.exists() and not there.is_dir():
            yield "files.mapped", f"{each.directory} is no directory"


def _folder(key: str, path: Path, home: Path) -> Iterator[tuple[str, str]]:
    """A directory of the home is made; elsewhere one that is not there was mistyped, or its disk is
    not mounted."""
    wrong = unusable(path)
    if not wrong and not is_below(path, home) and not path.exists():
        wrong = f"there is no directory {path}; make it, or name another"
    if wrong:
        yield key, wrong


def unusable(path: Path) -> str:
    """Return why a directory cannot be used or made; empty where it can."""
    there = path
    try:
        while not there.exists() and there != there.parent:
            if there.is_symlink():
                return f"{there} is a link that leads nowhere"
            there = there.parent
    except PermissionError:
        return f"user {os.geteuid()} may not look into {there.parent}; change the owner or the mode"
    if not there.is_dir():
        return f"{there} is no directory"
    if not os.access(there, os.R_OK | os.W_OK | os.X_OK):
        what = "cannot be written" if there == path else f"cannot be made in {there}"
        return f"{path} {what} by user {os.geteuid()}; change the owner, or name another"
    return ""


async def store_problems(configuration: Configuration, store: Store) -> Sequence[Problem]:
    """Return what is wrong with settings that name what is in the store, which is open.

    A store without accounts is one that has just been made: nothing can be said of it yet.
    """
    postmaster = configuration.settings.site.postmaster.lower()
    accounts = {account.name for account in await store.accounts.accounts()}
    if not postmaster or not accounts or postmaster in accounts:
        return []
    if postmaster in await store.accounts.aliases():
        return []
    message = f"there is no account and no alias {postmaster!r}; `netsuite account add` makes one"
    return [configuration.problem("site.postmaster", message)]
