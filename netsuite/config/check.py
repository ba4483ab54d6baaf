"""Checks of settings against this machine: all that a start would refuse, in one run.

The start and ``netsuite check-config`` make the same checks, so what the one finds the other does.
Nothing is made and nothing is bound here.
"""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from twisted.internet.defer import maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import IReactorTime, IStreamServerEndpoint

from netsuite import tls
from netsuite.config.load import Configuration, Problem
from netsuite.config.schema import SERVICES, Settings
from netsuite.connection.settings import ServiceSettings
from netsuite.dns import DNSClient
from netsuite.smtp.policy.ready import BadPolicy, Parts, make_policies
from netsuite.store.interfaces import Store

#: Drivers by the beginning of a database's URL; one that is None needs none.
_DRIVERS: Final = {"sqlite": None, "postgresql": "psycopg"}
#: What a Unix socket's path may have (``sun_path``, with its NUL).
_SOCKET_OCTETS: Final = 107
_colon: Final = re.compile(r"(?<!\\):")
_ENDPOINT: Final = "write it as tcp:25 or unix:/run/netsuite.sock"


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
        *_folder("files.root", home / settings.files.root),
        *_policies(settings, reactor),
        *_authorities(settings, home),
    ]
    if settings.tls.enabled:
        found += _folder("tls.certificates", home / settings.tls.certificates)
    return [configuration.problem(key, message) for key, message in found]


def _policies(settings: Settings, reactor: object) -> Iterator[tuple[str, str]]:
    clock = IReactorTime(reactor)
    parts = Parts(settings.policy, clock, DNSClient(reactor, ()), maybeDeferred, lambda: 0.0)
    for key, names in (("smtp", settings.policy.smtp), ("submission", settings.policy.submission)):
        for name in names:
            try:
                make_policies([name], parts)
            except BadPolicy as error:
                yield f"policy.{key}", str(error)


def _authorities(settings: Settings, home: Path) -> Iterator[tuple[str, str]]:
    if settings.delivery.authorities and settings.delivery.enabled:
        try:
            tls.client_options("localhost", authorities=home / settings.delivery.authorities)
        except tls.BadCertificate as error:
            yield "delivery.authorities", str(error)


def _store(settings: Settings) -> Iterator[tuple[str, str]]:
    text = settings.store.url
    if not text:
        return
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


def read_endpoint(description: str, reactor: object, home: Path) -> IStreamServerEndpoint:
    """Return the endpoint of its string; the path of a Unix socket is relative to the home.

    Raises:
        ValueError: it cannot be understood; the message says how to write it.
    """
    reason = _wrong_place(description, home)
    if not reason:
        try:
            placed = _at_home(description, home)
            endpoint: IStreamServerEndpoint = serverFromString(reactor, placed)
            return endpoint
        except Exception as error:  # parsers are plugins, and raise what they like
            reason = _reason(error, description)
    raise ValueError(f"{description!r} is no endpoint ({reason}); {_ENDPOINT}")


def socket_path(description: str, home: Path) -> Path | None:
    """Return the path of an endpoint string's Unix socket; None where it is of another kind."""
    kind, *parameters = _colon.split(description)
    if kind != "unix" or not parameters:
        return None
    named = parameters[0].removeprefix("address=")
    return home / named.replace("\\:", ":") if named else None


def _at_home(description: str, home: Path) -> str:
    path = socket_path(description, home)
    if path is None:
        return description
    _, _, *more = _colon.split(description)
    quoted = str(path.absolute()).replace("\\", "\\\\").replace(":", "\\:")
    return ":".join(("unix", f"address={quoted}", *more))


def _reason(error: Exception, description: str) -> str:
    """Return why Twisted's parser has refused an endpoint string, in words of the string."""
    if description.startswith("systemd:"):
        return "systemd has handed over no such socket"
    unknown = re.search(r"unexpected keyword argument '(\w+)'", str(error))
    if unknown:
        return f"it has no parameter {unknown[1]}"
    if isinstance(error, TypeError):
        return "a parameter is missing, or one too many"
    return " ".join(str(error).split()) or "it cannot be read"


def _wrong_place(description: str, home: Path) -> str:
    """Return what is wrong with a port, an interface or a path that Twisted finds out only when it
    binds; empty for nothing, and for kinds of endpoints that are not ours to judge."""
    kind, *parameters = _colon.split(description)
    named = dict(each.split("=", 1) for each in parameters if "=" in each)
    where = named.get("port") or next((each for each in parameters if "=" not in each), "")
    if kind in ("tcp", "tcp4", "tcp6"):
        if not (where.isascii() and where.isdigit() and int(where) <= 65535):
            return "the port must be a number up to 65535"
        interface = named.get("interface", "").replace("\\:", ":")
        try:
            if interface:
                ipaddress.ip_address(interface.partition("%")[0])
        except ValueError:
            return "the interface must be an IP address"
    elif kind == "unix":
        path = socket_path(description, home)
        if path is None:
            return "the path is missing"
        if path.parent != home and not path.parent.is_dir():
            return f"there is no directory {path.parent}"
        if len(os.fsencode(path.absolute())) > _SOCKET_OCTETS:
            return f"the path has more than {_SOCKET_OCTETS} octets"
    return ""


def _listening(settings: Settings, services: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Return each endpoint string of the services that are on, and its setting."""
    for name in services:
        service: ServiceSettings = getattr(settings, name)
        if service.enabled or len(services) == 1:
            for key in ("listen", "listen_tls") if settings.tls.enabled else ("listen",):
                for each in getattr(service, key):
                    yield f"{name}.{key}", each


def _endpoints(settings: Settings, reactor: object, home: Path) -> Iterator[tuple[str, str]]:
    for name in SERVICES:
        for key in ("listen", "listen_tls"):
            for each in getattr(getattr(settings, name), key):
                try:
                    read_endpoint(each, reactor, home)
                except ValueError as error:
                    yield f"{name}.{key}", str(error)


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


def _folder(key: str, path: Path) -> Iterator[tuple[str, str]]:
    wrong = unusable(path)
    if wrong:
        yield key, wrong


def unusable(path: Path) -> str:
    """Return why a directory cannot be used or made; empty where it can."""
    there = path
    while not there.exists() and there != there.parent:
        if there.is_symlink():
            return f"{there} is a link that leads nowhere"
        there = there.parent
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
