"""The control interface on a port of its own, and the words at its index."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from twisted.internet.address import IPv4Address
from twisted.internet.defer import maybeDeferred
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.interfaces import IListeningPort

from netsuite.http.commands import Response
from netsuite.http.request import IncomingRequest
from netsuite.http.server import HTTPServerFactory, Shared
from netsuite.http.settings import Settings
from netsuite.testing.control import faults
from netsuite.testing.control.answers import Route, octets
from netsuite.testing.control.files import FileRoutes
from netsuite.testing.control.mail import MailRoutes
from netsuite.testing.control.router import ControlRouter
from netsuite.testing.control.services import ServiceRoutes
from netsuite.testing.suite import HOST, Suite

#: The largest body, unless another is given: it is kept in memory, as all else is.
LIMIT_OCTETS: Final = 32 * 1024 * 1024

_BEGINNING: Final = """\
Servers under test; this is how a program controls them.

Bodies and answers are JSON, but for messages and files as they are. What is wrong is answered with
400 and above, and {"error": what}. It answers on this machine alone.
"""
_FAULTS: Final = """\
Faults: {"kind": one of these, with what it takes; in brackets what may be left out}; and with each
"times" (how often; without it always), "connection" (the number of the one it meets, from 1) and
"probability" (from 0 to 1). "direction" is "said" for what the server says, or "heard" for what it
is told. "matching" is a regular expression that some part of the command matches: an address, a
name.
"""


def index(routes: Sequence[Route]) -> str:
    """Return what can be asked for, in words."""
    lines = [_BEGINNING]
    for each in routes:
        lines.append(f"{each.methods.replace(' ', ', ')} {each.pattern}")
        lines.append(textwrap.indent(textwrap.fill(each.words, 92), "    "))
    lines += ["", _FAULTS]
    lines += [textwrap.fill(each, 96, subsequent_indent="    ") for each in faults.words()]
    return "\n".join(lines) + "\n"


class Control:
    """The control interface of a suite that serves.

    Args:
        load: a directory whose content is there again after a reset.
        limit_octets: of a body.
    """

    def __init__(
        self, suite: Suite, *, load: Path | None = None, limit_octets: int = LIMIT_OCTETS
    ) -> None:
        self.routes: tuple[Route, ...] = (
            Route("GET", "/", "Say all this.", self._index),
            *ServiceRoutes(suite, load).routes(),
            *MailRoutes(suite, limit_octets).routes(),
            *FileRoutes(suite, limit_octets).routes(),
        )
        self._reactor = suite.reactor
        shared = Shared(
            clock=suite.clock,
            service="control",
            settings=Settings(body_octets=0),  # the router says it in JSON
            authenticator=suite.site.authenticator,
            router=ControlRouter(self.routes, limit_octets),
        )
        self.factory = HTTPServerFactory(shared)
        self._listening: IListeningPort | None = None

    async def start(self, port: int = 0) -> None:
        """Listen on loopback. Raises CannotListenError.

        Args:
            port: 0 for one that the kernel chooses.
        """
        endpoint = TCP4ServerEndpoint(self._reactor, port, interface=HOST)
        self._listening = await endpoint.listen(self.factory)

    @property
    def port(self) -> int:
        """The number of its port. Raises LookupError before it listens."""
        if self._listening is None:
            raise LookupError("it listens nowhere")
        where: object = self._listening.getHost()
        assert isinstance(where, IPv4Address)
        return where.port

    @property
    def url(self) -> str:
        """The URL of its index. Raises LookupError before it listens."""
        return f"http://{HOST}:{self.port}/"

    async def stop(self) -> None:
        """Listen no longer, and end its connections; may be called twice."""
        listening, self._listening = self._listening, None
        if listening is not None:
            await maybeDeferred(listening.stopListening)
            for connection in self.factory:
                connection.abort()
            await self.factory.drain()

    async def _index(self, request: IncomingRequest) -> Response:
        return octets(index(self.routes).encode("utf-8"), "text/plain; charset=utf-8")
