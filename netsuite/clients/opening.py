"""The opening of a session: the way to the server, TLS, the login."""

from __future__ import annotations

import base64
import enum
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias, TypedDict

from twisted.internet.abstract import isIPAddress
from twisted.internet.endpoints import HostnameEndpoint, TCP4ClientEndpoint, UNIXClientEndpoint
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint

from netsuite.clients.place import Place, Where, parse_place
from netsuite.connection.client import ClientTimeouts
from netsuite.connection.errors import NotOffered, TLSFailure
from netsuite.connection.peer import Peer
from netsuite.connection.stream import Progress
from netsuite.sasl import registry
from netsuite.sasl.interfaces import ClientMechanism
from netsuite.tls import ClientContext, client_options


class TLSUse(enum.Enum):
    """When a connection that begins in the clear goes on under TLS."""

    REQUIRED = "required"
    OPPORTUNISTIC = "opportunistic"
    NONE = "none"


#: How TLS is used: required (True) or not at all (False); with what, and then it is required.
TLS: TypeAlias = bool | Literal["required", "opportunistic", "none"] | TLSUse | ClientContext


class How(TypedDict, total=False):
    """What every ``connect`` takes beside where.

    Args:
        credentials: name and password; else those in the URL.
        tls: required, opportunistic or none, for what begins in the clear; or what TLS is begun
            with, which is then required. None for what is safe: required where a password is
            sent; none on this very machine, whose connections nobody can read; else where it is
            offered.
        timeout: in seconds, for each answer and for connecting; or all times, one by one.
        reactor: to connect by, and for time; None for that of an endpoint with such an attribute,
            else the one that is installed.
        progress: told of every transfer, how many octets and of how many.
    """

    credentials: tuple[str, str] | None
    tls: TLS | None
    timeout: float | ClientTimeouts | None
    reactor: IReactorTime | None
    progress: Progress | None


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


@dataclass(frozen=True, slots=True)
class Opening:
    """How one session begins.

    Args:
        place: what its URL says; of an endpoint, its scheme alone.
        credentials: name and password; None for none. Shown by nothing.
        use: None for what is safe: see ``How``.
        own_context: what TLS is begun with; None for the system's authorities and the URL's host.
        timeouts: None for those of the protocol.
    """

    place: Place
    endpoint: IStreamClientEndpoint
    reactor: IReactorTime
    credentials: tuple[str, str] | None = field(repr=False)
    use: TLSUse | None
    own_context: ClientContext | None
    timeouts: ClientTimeouts | None
    progress: Progress | None

    # -- TLS -----------------------------------------------------------------------------------

    def context(self, *, protocols: tuple[bytes, ...] = ()) -> ClientContext:
        """Return what TLS is begun with. Raises TLSFailure where nobody says whom to verify."""
        if self.own_context is not None:
            return self.own_context
        if not self.place.host:
            raise TLSFailure("to an endpoint, tls= has to say what TLS is begun with")
        return client_options(self.place.host, protocols=protocols)

    @property
    def implicit(self) -> ClientContext | None:
        """What TLS is begun with from the first octet; None where it is not."""
        return self.context() if self.place.tls else None

    def wanted(self, peer: Peer) -> TLSUse:
        """Return how TLS is used with a server, once it is known who that is."""
        if self.use is not None:
            return self.use
        if peer.local:
            return TLSUse.NONE
        return TLSUse.OPPORTUNISTIC if self.credentials is None else TLSUse.REQUIRED

    async def secure(
        self, peer: Peer, begin: Callable[[ClientContext], Awaitable[None]], *, offered: bool
    ) -> None:
        """Go on under TLS, where it is wanted. Raises NotOffered, and as *begin*.

        Args:
            begin: the client's STARTTLS.
            offered: whether the server says it can.
        """
        wanted = self.wanted(peer)
        if peer.secure or wanted is TLSUse.NONE:
            return
        if offered or wanted is TLSUse.REQUIRED:
            await begin(self.context())

    def insist_on_tls(self, peer: Peer) -> None:
        """Check that a protocol without STARTTLS has what is wanted. Raises NotOffered."""
        if not peer.secure and self.wanted(peer) is TLSUse.REQUIRED:
            raise NotOffered(f"TLS: {self.place.scheme}:// has no way to begin it")

    # -- logging in ----------------------------------------------------------------------------

    def may_show_password(self, peer: Peer) -> bool:
        """Return whether the password itself may be said: under TLS, on this machine, or where
        somebody has said that it goes without TLS."""
        return peer.secure or peer.local or self.use is TLSUse.NONE

    async def log_in(self, client: LoginClient) -> None:
        """Log in with the strongest mechanism, else with name and password; not without a login.

        Raises:
            NotOffered: the server takes no login that may be used.
            AuthenticationFailed: it refuses.
        """
        if self.credentials is None:
            return
        mechanism = self._mechanism(client)
        if mechanism is not None:
            await client.authenticate(mechanism)
        elif self.may_show_password(client.peer):
            await client.login(*self.credentials)
        else:
            raise NotOffered("a login that may be used without TLS")

    def _mechanism(self, client: LoginClient) -> ClientMechanism | None:
        binding = client.peer.binding
        name = registry.choose(
            client.mechanisms,
            password=True,
            clear=self.may_show_password(client.peer),
            binding=binding is not None,
        )
        if name is None or self.credentials is None:
            return None
        username, password = self.credentials
        return registry.client(
            name,
            nonce=lambda: base64.b64encode(secrets.token_bytes(18)),
            username=username,
            password=password,
            binding=binding,
        )


def opening(service: str, where: Where, how: How) -> Opening:
    """Return how a session begins.

    Args:
        service: that is spoken there; a URL has to be one of it.

    Raises:
        ValueError: the URL is none of the service, or the arguments do not fit.
    """
    if isinstance(where, str):
        place = parse_place(where)
        if place.service != service:
            raise ValueError(f"{place.scheme}:// is not spoken by a client of {service}")
    else:
        place = Place(service, "", 0)
    timeout = how.get("timeout")
    if isinstance(timeout, int | float):
        timeout = ClientTimeouts(timeout, timeout, timeout)
    reactor = how.get("reactor") or getattr(where, "reactor", None) or _installed()
    tls = how.get("tls")
    own_context = None
    use: TLSUse | None = None
    if isinstance(tls, bool):
        use = TLSUse.REQUIRED if tls else TLSUse.NONE
    elif isinstance(tls, str | TLSUse):
        use = TLSUse(tls)
    elif tls is not None:
        own_context, use = tls, TLSUse.REQUIRED
    if place.tls and use is TLSUse.NONE:
        raise ValueError(f"{place.scheme}:// begins with TLS; there is a scheme that does not")
    return Opening(
        place,
        _endpoint(reactor, place, timeout) if isinstance(where, str) else where,
        reactor,
        how.get("credentials") or place.credentials,
        use,
        own_context,
        timeout,
        how.get("progress"),
    )


def _endpoint(
    reactor: IReactorTime, place: Place, timeouts: ClientTimeouts | None
) -> IStreamClientEndpoint:
    if place.socket:
        return UNIXClientEndpoint(reactor, place.socket)
    return tcp_endpoint(reactor, place.host, place.port, timeouts)


def tcp_endpoint(
    reactor: IReactorTime, host: str, port: int, timeouts: ClientTimeouts | None = None
) -> IStreamClientEndpoint:
    """Return the endpoint of a host and a port; an address need not be looked up in a thread."""
    seconds = (timeouts or ClientTimeouts()).connect_seconds or 30.0
    if isIPAddress(host):
        return TCP4ClientEndpoint(reactor, host, port, seconds)
    return HostnameEndpoint(reactor, host, port, timeout=seconds)


def _installed() -> IReactorTime:
    from twisted.internet import reactor

    installed: IReactorTime = reactor
    return installed
