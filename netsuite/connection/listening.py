"""A service that listens: binds before privileges are dropped, reads once the store is open.

Binding and reading are apart on purpose. Ports below 1024 are bound as root, the store is
opened as whoever the daemon runs as afterwards; a connection that comes in between waits in
the kernel's queue instead of being turned away.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from twisted.application.service import Service
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import (
    Deferred,
    DeferredList,
    ensureDeferred,
    maybeDeferred,
    succeed,
)
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import (
    IListeningPort,
    IProtocolFactory,
    IPushProducer,
    IStreamServerEndpoint,
)
from twisted.logger import Logger
from twisted.python.failure import Failure

from netsuite.connection.factory import ServerFactory

#: Schemes of URLs that are not the service's name.
_SCHEMES: Final = {"console": "http", "health": "http"}
#: Schemes of URLs under TLS that have not the service's name with an s behind it.
_SECURE: Final = {"submission": "smtps"}


class CannotStart(SystemExit):
    """What keeps the daemon from starting: lines for the operator, or 1 where they were told.

    twistd turns a UsageError into a line only while it parses options; one raised later becomes
    a traceback.
    """


class CannotStartUnseen(Exception):
    """The same in a process that has left its terminal. twistd waits there for an exception, to
    hand its text to the process that the operator still sees; for SystemExit it waits for ever.

    twistd hands on the last line of what is said of an exception, as far as ``_HANDED_ON``: that
    is its note, where it has one, and then not the name of its class.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        octets = message.encode("ascii", "backslashreplace")
        if _terminal:
            self.add_note("the line above says why")
        elif len(octets) <= _HANDED_ON:
            self.add_note(message)
        else:
            start, _, _ = octets[: _HANDED_ON - 3].decode("ascii").rpartition(" ")
            self.add_note(f"{start}...")


#: Octets of a message that twistd hands on.
_HANDED_ON: Final = 98
#: The terminal of the whole process, as long as that is about to leave it, or has just done so.
_terminal: Final[list[int]] = []


def keep_terminal() -> None:
    """Keep a way to the terminal, as twistd is about to leave it and then to start the services,
    until ``leave_terminal``: who called it waits so long, and sees what is told."""
    if not _terminal and not has_left_terminal() and sys.__stderr__ is not None:
        _terminal.append(os.dup(sys.__stderr__.fileno()))


def leave_terminal() -> None:
    """Give up that way: a shell that reads what twistd prints waits until nobody can print."""
    while _terminal:
        os.close(_terminal.pop())


def cannot_start(message: str) -> CannotStart | CannotStartUnseen:
    """Return what to raise from a service's start, with a message that has been logged and told."""
    return CannotStartUnseen(message) if has_left_terminal() else CannotStart(1)


def has_left_terminal() -> bool:
    """Return whether what is printed goes nowhere, as in a daemon."""
    if sys.__stderr__ is None:
        return True
    try:
        return os.path.samestat(os.fstat(sys.__stderr__.fileno()), os.stat(os.devnull))
    except (OSError, ValueError):
        return True


def tell_operator(message: str) -> None:
    """Print a line on the terminal, if there is one: twistd has turned ``sys.stderr`` into the
    log, which may be a file that nobody looks at while the daemon does not start."""
    if _terminal and has_left_terminal():
        with contextlib.suppress(OSError):  # it may have been closed
            os.write(_terminal[0], os.fsencode(f"{message}\n"))
    else:
        print(message, file=sys.__stderr__, flush=True)


@dataclass(frozen=True, slots=True)
class Opening:
    """One place to listen.

    Args:
        description: the endpoint string, for messages.
        tls: whether TLS comes before the first octet.
        endpoint: where to listen.
        factory: what is listened with: the service's, or that in its TLS.
        path: of a Unix socket; None for other kinds.
        at_home: that is in the home, which is there, and belongs to whom it should, only when the
            services start.
        is_inherited: somebody else has bound it, and may go on listening there.
    """

    description: str
    endpoint: IStreamServerEndpoint
    factory: IProtocolFactory
    tls: bool = False
    path: Path | None = None
    at_home: bool = False
    is_inherited: bool = False


def _reachable(where: IPv4Address | IPv6Address) -> str:
    """Return the address under which this machine reaches who listens there."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(where.host, where.host)


def _written(host: str) -> str:
    """Return an address as a URL has it."""
    return f"[{host}]" if ":" in host else host


def _url(service: str, host: str, port: int, *, tls: bool) -> str:
    """Return the URL of a service that listens there."""
    scheme = _SCHEMES.get(service, service)
    if tls:
        scheme = _SECURE.get(scheme, f"{scheme}s")
    return f"{scheme}://{_written(host)}:{port}/"


def _escaped(value: str) -> str:
    """Return a value as an endpoint string has it."""
    return value.replace("\\", "\\\\").replace(":", "\\:").replace("=", "\\=")


def remove_dead_socket(path: Path) -> None:
    """Remove a Unix socket that a process has left which did not end in order."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.settimeout(0)  # nobody is waited for, also where a queue is full
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            with contextlib.suppress(OSError):
                if stat.S_ISSOCK(path.lstat().st_mode):
                    path.unlink()
        except OSError:
            pass  # what else is there shows when it is bound


def why_not_bound(service: str, description: str, error: BaseException | None) -> str:
    """Return why a service cannot listen at an endpoint string, and what to change."""
    reason, hint = str(error), "or stop what listens there"
    if isinstance(error, CannotListenError) and isinstance(error.socketError, OSError):
        reason = error.socketError.strerror or reason
        if error.socketError.errno == errno.EACCES:
            hint = "or start as a user who may: ports below 1024 are root's"
    return f"{service} cannot listen on {description}: {reason}; change {service}.listen, {hint}"


class ListeningService(Service):
    """Listens in several places, from the start of the daemon to its stop.

    Args:
        name: the service's name, as in the configuration.
        openings: where to listen.
        factory: makes the connections of all openings; drained when the service stops.
        ready: gives a Deferred that fires when connections can be served; asked at start.
    """

    log = Logger()

    def __init__(
        self,
        name: str,
        openings: Sequence[Opening],
        factory: ServerFactory[Any],
        ready: Callable[[], Deferred[Any]] = lambda: succeed(None),
    ) -> None:
        self.setName(name)
        self.openings = tuple(openings)
        self.factory = factory
        self.bound: list[tuple[Opening, IListeningPort]] = []
        #: Whether it does not log where it listens.
        self.is_quiet = False
        self._ready = ready

    # -- where it listens ----------------------------------------------------------------------

    def _listening_on(self, *, tls: bool) -> IPv4Address | IPv6Address | None:
        """Return the address of the first TCP port, under TLS or not; None where there is none."""
        for opening, port in self.bound:
            where = port.getHost()
            if opening.tls is tls and isinstance(where, IPv4Address | IPv6Address):
                return where
        return None

    def _socket(self) -> str | None:
        """Return the path of the first Unix socket."""
        return next((str(opening.path) for opening, _ in self.bound if opening.path), None)

    def _nowhere(self, what: str) -> LookupError:
        if not self.bound:
            return LookupError(f"{self.name} listens nowhere yet; it does once it has started")
        return LookupError(f"{self.name} listens on no {what}")

    def _where(self) -> tuple[IPv4Address | IPv6Address | None, bool]:
        """Return the address of its first TCP port, and whether that is under TLS: only where
        all are."""
        plain = self._listening_on(tls=False)
        return (plain, False) if plain is not None else (self._listening_on(tls=True), True)

    @property
    def port(self) -> int:
        """The number of its first TCP port: the first under TLS, where all are. Raises LookupError
        where it has none, or none yet."""
        where, _ = self._where()
        if where is None:
            raise self._nowhere("TCP port")
        return where.port

    @property
    def tls_port(self) -> int:
        """The number of the first port under TLS. Raises LookupError."""
        where = self._listening_on(tls=True)
        if where is None:
            raise self._nowhere("port under TLS")
        return where.port

    @property
    def url(self) -> str:
        """The URL of ``port``, such as ``imap://127.0.0.1:143/`` or ``imaps://127.0.0.1:993/``;
        of a Unix socket, where there is no port, such as ``lmtp:///path``. Raises LookupError."""
        where, tls = self._where()
        if where is not None:
            return _url(str(self.name), _reachable(where), where.port, tls=tls)
        path = self._socket()
        if path is None:
            raise self._nowhere("TCP port, and on no Unix socket")
        return f"{self.name}://{quote(path)}"

    @property
    def urls(self) -> list[str]:
        """The URLs of all places where it listens, with the addresses that it has there."""
        name, found = str(self.name), []
        for opening, port in self.bound:
            where = port.getHost()
            if isinstance(where, IPv4Address | IPv6Address):
                found.append(_url(name, where.host, where.port, tls=opening.tls))
            elif opening.path is not None:
                found.append(f"{name}://{quote(str(opening.path))}")
        return found

    @property
    def endpoint(self) -> str:
        """The string of a client's endpoint that leads to it: to ``port``, over which TLS comes
        first where all are under TLS; or to a Unix socket. Raises LookupError."""
        where, _ = self._where()
        if where is not None:
            return f"tcp:{_escaped(_reachable(where))}:{where.port}"
        path = self._socket()
        if path is None:
            raise self._nowhere("TCP port, and on no Unix socket")
        return f"unix:{_escaped(path)}"

    def privilegedStartService(self) -> None:
        """Bind all that may need privileges. Raises CannotStart, or CannotStartUnseen."""
        self._bind([each for each in self.openings if not each.at_home])

    def bind(self) -> None:
        """Bind what is not bound yet. Raises CannotStart, or CannotStartUnseen."""
        bound = [opening for opening, _ in self.bound]
        self._bind([each for each in self.openings if each not in bound])

    def _bind(self, openings: Sequence[Opening]) -> None:
        failures: list[str] = []
        for opening in openings:
            if opening.path is not None and not opening.is_inherited:
                remove_dead_socket(opening.path)
            listening = opening.endpoint.listen(opening.factory)
            listening.addCallback(self._bound, opening)
            listening.addErrback(self._not_bound, opening, failures)
        # Endpoints that listen here fail at once, so the start of the daemon can fail with them.
        if failures:
            raise cannot_start(failures[0])

    def startService(self) -> None:
        """Read from what was bound, once the site is ready. Raises as ``bind``."""
        self.bind()
        super().startService()
        self._ready().addCallback(lambda _: self._read())

    def stopService(self) -> Deferred[None]:
        """Take no new connections, let those there are end their command, then close them."""
        super().stopService()
        return ensureDeferred(self._stop())

    async def _stop(self) -> None:
        bound, self.bound = self.bound, []
        await DeferredList([maybeDeferred(port.stopListening) for _, port in bound])
        await self.factory.drain()

    def _bound(self, port: IListeningPort, opening: Opening) -> None:
        self.bound.append((opening, port))
        if not self.running and IPushProducer.providedBy(port):
            IPushProducer(port).pauseProducing()

    def _read(self) -> None:
        for _, port in self.bound:
            if IPushProducer.providedBy(port):
                IPushProducer(port).resumeProducing()
            if not self.is_quiet:
                self.log.info("{name} listens on {where}", name=self.name, where=port.getHost())

    def _not_bound(self, failure: Failure, opening: Opening, failures: list[str]) -> None:
        reason = why_not_bound(str(self.name), opening.description, failure.value)
        message = f"netsuite: {reason}"
        self.log.critical("{message}", message=message)
        tell_operator(message)
        failures.append(reason)
