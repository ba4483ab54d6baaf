"""One session with a server: the way there, TLS, the login."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Final, Protocol, TypeAlias, TypedDict

from twisted.internet.abstract import isIPAddress
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, TCP4ClientEndpoint, UNIXClientEndpoint
from twisted.internet.interfaces import (
    IAddress,
    IProtocol,
    IProtocolFactory,
    IReactorTime,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory
from twisted.internet.tcp import Connection
from zope.interface import implementer

from netsuite.cli.client.access import Access, TLSUse
from netsuite.cli.client.files import Progress
from netsuite.cli.client.problems import LoginFailed, NoTLS
from netsuite.cli.client.proxies import proxy_for
from netsuite.cli.client.urls import Target
from netsuite.connection.client import ClientConnection, ClientTimeouts
from netsuite.connection.errors import NotOffered
from netsuite.connection.peer import Peer
from netsuite.connection.through_proxy import Proxy, ThroughProxy
from netsuite.connection.transcript import Transcript
from netsuite.sasl import registry
from netsuite.sasl.interfaces import ClientMechanism
from netsuite.tls import ClientContext, client_options

#: So much of each connection is shown by -v: a file's content is not what one looks for there.
TRANSCRIPT_OCTETS: Final = 100_000
REPLY_SECONDS: Final = 300.0
#: At once, from the network.
READ_OCTETS: Final = 262_144
#: Mechanisms that cannot say for whom they log in.
_FOR_ONESELF: Final = ("CRAM-MD5", "LOGIN")

#: Name and password.
Login: TypeAlias = tuple[str, str]


class _ClientTranscript(Transcript):
    """A transcript at the client's end, which hears the server and says what the client says."""

    def heard(self, octets: bytes) -> None:
        """The server said something."""
        super().said(octets)

    def said(self, octets: bytes) -> None:
        """The client said something."""
        super().heard(octets)


class _ObservedFactory(Factory):
    """Makes another factory's connection, and gives it a transcript."""

    noisy = False

    def __init__(self, factory: IProtocolFactory, transcript: Callable[[], Transcript]) -> None:
        self._factory = factory
        self._transcript = transcript

    def buildProtocol(self, addr: IAddress) -> IProtocol | None:  # type: ignore[override]  # noqa: N802
        """Return the connection; one under TLS stands behind TLS's own protocol."""
        protocol = self._factory.buildProtocol(addr)
        connection: object = getattr(protocol, "wrappedProtocol", protocol)
        if isinstance(connection, ClientConnection):
            connection.transcript = self._transcript()
        return protocol


@implementer(IStreamClientEndpoint)
class _Observed:
    """An endpoint whose connections are observed."""

    def __init__(
        self, endpoint: IStreamClientEndpoint, transcript: Callable[[], Transcript]
    ) -> None:
        self._endpoint = endpoint
        self._transcript = transcript

    def connect(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        """Connect."""
        return self._endpoint.connect(_ObservedFactory(factory, self._transcript))


@implementer(IStreamClientEndpoint)
class _Wide:
    """An endpoint whose connections are read in larger pieces than Twisted's 64 KB, each of which
    takes its time: a gigabyte over HTTP took 2.7 seconds of a processor, and takes 1.6."""

    def __init__(self, endpoint: IStreamClientEndpoint) -> None:
        self._endpoint = endpoint

    def connect(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        """Connect."""
        return self._endpoint.connect(factory).addCallback(self._widen)

    @staticmethod
    def _widen(protocol: IProtocol) -> IProtocol:
        transport: object = getattr(protocol, "transport", None)
        if isinstance(transport, Connection):
            transport.bufferSize = READ_OCTETS
        return protocol


class LoginClient(Protocol):
    """A client that logs in with a mechanism, or with name and password."""

    @property
    def peer(self) -> Peer:
        """The server."""

    @property
    def mechanisms(self) -> Sequence[str]:
        """The SASL mechanisms that the server offers now."""

    async def authenticate(self, mechanism: ClientMechanism) -> None:
        """Log in with SASL. Raises AuthenticationFailed."""

    async def login(self, username: str, password: str) -> None:
        """Log in with name and password. Raises AuthenticationFailed."""


class Way(TypedDict):
    """What every protocol's ``connect`` takes beside an endpoint."""

    clock: IReactorTime
    tls_context: ClientContext | None
    implicit: bool
    timeouts: ClientTimeouts


@contextlib.asynccontextmanager
async def ended(
    end: Callable[[], Awaitable[None]], abort: Callable[[], None]
) -> AsyncIterator[None]:
    """End a client in good order; drop its connection where something goes wrong."""
    try:
        yield
        await end()
    except BaseException:
        abort()
        raise


class ClientSession:
    """A command's session with the server that its URL names, by what its options say.

    Args:
        authorize_as: for whom to log in; empty for oneself.
    """

    def __init__(
        self,
        reactor: IReactorTime,
        target: Target,
        access: Access,
        login: Login | None,
        authorize_as: str = "",
    ) -> None:
        self.reactor = reactor
        self.clock: IReactorTime = reactor
        self.target = target
        self.access = access
        self.login = login
        self.authorize_as = authorize_as
        self.progress = _progress(shown=access.progress)
        #: Whom errors are about: the server, or where it has sent us.
        self.place = target.place
        #: Whether the command is over, and what goes wrong now is of no interest.
        self.over = False

    @property
    def timeouts(self) -> ClientTimeouts:
        """The times that the server may take."""
        return ClientTimeouts(
            connect_seconds=self.access.connect_seconds, reply_seconds=REPLY_SECONDS
        )

    def way(self) -> Way:
        """Return how to connect: in the clear, or under TLS from the first octet."""
        return {
            "clock": self.clock,
            "tls_context": self.implicit(),
            "implicit": True,
            "timeouts": self.timeouts,
        }

    def endpoint(self, host: str = "", port: int = 0) -> IStreamClientEndpoint:
        """Return where to connect: to the URL's host or Unix socket, or to another host; through
        a proxy, where there is one. Raises Usage."""
        if self.target.socket:
            return self.observed(
                UNIXClientEndpoint(
                    self.reactor, self.target.socket, timeout=self.access.connect_seconds
                )
            )
        return self.observed(self.way_to(host or self.target.host, port or self.target.port))

    def observed(self, endpoint: IStreamClientEndpoint) -> IStreamClientEndpoint:
        """Return an endpoint, whose connections are observed if anybody wants to."""
        observer = self.access.observer
        if observer is None:
            return endpoint

        def transcript() -> Transcript:
            return _ClientTranscript(observer, self.clock, limit_octets=TRANSCRIPT_OCTETS)

        return _Observed(endpoint, transcript)

    def data_endpoint(self, host: str, port: int) -> IStreamClientEndpoint:
        """Return where FTP's data connections go; what passes there is no conversation. Behind a
        proxy it is the server's name that counts, and not the address of the proxy."""
        return self.way_to(host if self.proxy() is None else self.target.host, port)

    def way_to(self, host: str, port: int, scheme: str = "") -> IStreamClientEndpoint:
        """Return the way to a host, through a proxy where there is one. Raises Usage."""
        proxy = self.proxy(host, port, scheme)
        if proxy is None:
            return self.direct(host, port)
        return ThroughProxy(self.direct(proxy.host, proxy.port), proxy, host, port)

    def direct(self, host: str, port: int) -> IStreamClientEndpoint:
        """Return the way to a host, or a proxy. A mirror connects for each file, and an address
        need not be looked up in a thread."""
        if isIPAddress(host):
            return _Wide(TCP4ClientEndpoint(self.reactor, host, port, self.access.connect_seconds))
        return _Wide(
            HostnameEndpoint(self.reactor, host, port, timeout=self.access.connect_seconds)
        )

    def proxy(self, host: str = "", port: int = 0, scheme: str = "") -> Proxy | None:
        """Return the proxy to the URL's host, or another; None for none. Raises Usage."""
        return proxy_for(
            scheme or self.target.scheme,
            host or self.target.host,
            port or self.target.port,
            self.access.proxy,
            os.environ,
        )

    @property
    def is_local(self) -> bool:
        """Whether what is said to the server never leaves this machine."""
        return self.target.is_loopback and (not self.target.host or self.proxy() is None)

    # -- TLS -----------------------------------------------------------------------------------

    @property
    def tls(self) -> TLSUse:
        """When TLS is begun on a connection that has it not from the first octet.

        Where nothing was said: required where a password goes anywhere but to this very
        machine, not at all on this machine, and otherwise if the server offers it.
        """
        if self.access.tls is not None:
            return self.access.tls
        if self.is_local:
            return TLSUse.NONE
        return TLSUse.OPPORTUNISTIC if self.login is None else TLSUse.REQUIRED

    def context(self, host: str = "", *, protocols: tuple[bytes, ...] = ()) -> ClientContext:
        """Return what TLS is begun with. Raises BadCertificate."""
        return client_options(
            host or self.target.host,
            authorities=self.access.authorities,
            insecure=self.access.insecure,
            protocols=protocols,
        )

    def implicit(self) -> ClientContext | None:
        """Return what TLS is begun with from the first octet; None where it is not."""
        return self.context() if self.target.tls else None

    async def begin_tls(
        self, begin: Callable[[ClientContext], Awaitable[None]], *, offered: bool
    ) -> None:
        """Go on under TLS, where it is wanted. Raises NoTLS, and as *begin*.

        Args:
            begin: the client's STARTTLS.
            offered: whether the server says it can.
        """
        if self.target.tls or self.tls is TLSUse.NONE:
            return
        if not offered:
            if self.tls is not TLSUse.REQUIRED:
                return
            raise NoTLS(
                f"{self.target.place} offers no TLS, and it is required; --tls none does without"
            )
        try:
            await begin(self.context())
        except NotOffered as error:
            raise NoTLS(f"{self.target.place} does not offer {error}, and TLS is wanted") from error

    # -- logging in ----------------------------------------------------------------------------

    def insist_on_login(self) -> Login:
        """Return name and password. Raises LoginFailed where there are none."""
        if self.login is None:
            raise LoginFailed(f"{self.target.service.upper()} needs a login: -u USER:PASSWORD")
        return self.login

    def may_show_password(self, peer: Peer) -> bool:
        """Return whether the password itself may be said: under TLS, on this machine, or where
        the user has said that it goes without TLS."""
        return peer.secure or self.is_local or self.tls is TLSUse.NONE

    def mechanism(self, offered: Iterable[str], peer: Peer) -> ClientMechanism | None:
        """Return the strongest SASL mechanism that may be used; None where none fits."""
        clear, binding = self.may_show_password(peer), peer.binding
        if self.authorize_as:
            offered = [each for each in offered if each.upper() not in _FOR_ONESELF]
        name = registry.choose(offered, password=True, clear=clear, binding=binding is not None)
        if name is None:
            return None
        username, password = self.insist_on_login()
        return registry.client(
            name,
            nonce=lambda: base64.b64encode(secrets.token_bytes(18)),
            username=username,
            password=password,
            authorize_as=self.authorize_as,
            binding=binding,
        )

    def insist_on_clear(self, peer: Peer) -> Login:
        """Return the login for a command that shows the password. Raises LoginFailed."""
        if not self.may_show_password(peer):
            raise LoginFailed(
                f"{self.target.place} wants the password in the clear; "
                "--tls none sends it all the same"
            )
        return self.insist_on_login()

    async def log_in(self, client: LoginClient) -> None:
        """Log in with the strongest mechanism, else with name and password.

        Raises:
            LoginFailed: the server takes no login that may be used.
            AuthenticationFailed: it refuses.
        """
        mechanism = self.mechanism(client.mechanisms, client.peer)
        if mechanism is not None:
            await client.authenticate(mechanism)
        elif self.authorize_as:
            raise LoginFailed(
                f"{self.target.place} offers no way, such as PLAIN, to log in for another"
            )
        else:
            await client.login(*self.insist_on_clear(client.peer))


def _progress(*, shown: bool) -> Progress:
    """Return what shows progress: on standard error, and only where that is a terminal."""
    if shown and sys.stderr.isatty():
        # Here, since it takes long to import, and pipes need it not.
        from netsuite.cli.client.progress_bar import ProgressBar

        return ProgressBar()
    return Progress()


def own_name() -> str:
    """Return what to call ourselves to a mail server."""
    name = os.uname().nodename
    return name if "." in name else "localhost"
