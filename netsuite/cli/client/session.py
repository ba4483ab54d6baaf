"""What every session needs: where to connect, how TLS is judged, who logs in and how."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable, Iterable
from typing import Any, Final

from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.internet.protocol import Factory

from netsuite import tls
from netsuite.cli.client.access import Access, TLSUse
from netsuite.cli.client.files import Bar
from netsuite.cli.client.problems import LoginFailed, NoTLS
from netsuite.cli.client.urls import Target
from netsuite.connection.client import ClientConnection, ClientTimeouts
from netsuite.connection.transcript import Transcript
from netsuite.sasl import registry
from netsuite.sasl.interfaces import ClientMechanism

#: So much of each connection is shown by -v: a file's content is not what one looks for there.
TRANSCRIPT_OCTETS: Final = 100_000
REPLY_SECONDS: Final = 300.0


class _ClientTranscript:
    """A transcript for the client's end, which hears the server and says what the client says."""

    def __init__(self, transcript: Transcript) -> None:
        self.heard = transcript.said
        self.said = transcript.heard
        self.remark = transcript.remark
        self.ended = transcript.ended


class _ObservedFactory(Factory):
    """Gives another factory's connection its transcript."""

    noisy = False

    def __init__(self, factory: Any, transcript: Callable[[], Any]) -> None:
        self._factory = factory
        self._transcript = transcript

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802 - Twisted's name
        """Make the connection; one under TLS stands behind TLS's own protocol."""
        protocol = self._factory.buildProtocol(addr)
        connection = getattr(protocol, "wrappedProtocol", protocol)
        if isinstance(connection, ClientConnection):
            connection.transcript = self._transcript()
        return protocol


class _Observed:
    """An endpoint whose connections are observed."""

    def __init__(self, endpoint: Any, transcript: Callable[[], Any]) -> None:
        self._endpoint = endpoint
        self._transcript = transcript

    def connect(self, factory: Any) -> Any:
        """Connect."""
        return self._endpoint.connect(_ObservedFactory(factory, self._transcript))


class Session:
    """One command's way to one server.

    Args:
        reactor: to connect by, and for time.
        target: what the URL says.
        access: what the options say.
        login: name and password; None for none.
    """

    def __init__(
        self, reactor: Any, target: Target, access: Access, login: tuple[str, str] | None
    ) -> None:
        self.reactor = reactor
        self.clock: IReactorTime = reactor
        self.target = target
        self.access = access
        self.login = login
        self.bar = Bar(shown=access.progress)

    @property
    def timeouts(self) -> ClientTimeouts:
        """How long the server may take."""
        return ClientTimeouts(
            connect_seconds=self.access.connect_seconds, reply_seconds=REPLY_SECONDS
        )

    def endpoint(self, host: str = "", port: int = 0) -> IStreamClientEndpoint:
        """Give where to connect: to the URL's host, or to another."""
        endpoint: Any = HostnameEndpoint(
            self.reactor,
            host or self.target.host,
            port or self.target.port,
            timeout=self.access.connect_seconds,
        )
        if self.access.observer is None:
            result: IStreamClientEndpoint = endpoint
            return result
        observed: Any = _Observed(endpoint, self._transcript)
        return observed  # type: ignore[no-any-return]

    def data_endpoint(self, host: str, port: int) -> IStreamClientEndpoint:
        """Give where FTP's data connections go; what passes there is no conversation."""
        endpoint: IStreamClientEndpoint = HostnameEndpoint(
            self.reactor, host, port, timeout=self.access.connect_seconds
        )
        return endpoint

    def _transcript(self) -> Any:
        assert self.access.observer is not None
        return _ClientTranscript(
            Transcript(self.access.observer, self.clock, limit_octets=TRANSCRIPT_OCTETS)
        )

    # -- TLS -----------------------------------------------------------------------------------

    @property
    def tls(self) -> TLSUse:
        """When TLS is begun on a connection that has it not from the first octet.

        Where nothing was said: required where a password goes anywhere but to this very
        machine, not at all on this machine, and otherwise if the server offers it.
        """
        if self.access.tls is not None:
            return self.access.tls
        if self.target.is_loopback:
            return TLSUse.NONE
        return TLSUse.OPPORTUNISTIC if self.login is None else TLSUse.REQUIRED

    def context(self, host: str = "", *, protocols: tuple[bytes, ...] = ()) -> Any:
        """Give what TLS is begun with. Raises BadCertificate."""
        return tls.client_options(
            host or self.target.host,
            authorities=self.access.authorities,
            insecure=self.access.insecure,
            protocols=protocols,
        )

    def implicit(self) -> Any:
        """Give what TLS is begun with from the first octet; None where it is not."""
        return self.context() if self.target.tls else None

    def wants_tls(self, *, offered: bool) -> bool:
        """Judge whether TLS is to be begun now.

        Args:
            offered: whether the server says it can.

        Raises:
            NoTLS: it is required, and the server does not offer it.
        """
        if self.target.tls or self.tls is TLSUse.NONE:
            return False
        if not offered and self.tls is TLSUse.REQUIRED:
            raise NoTLS(
                f"{self.target.place} offers no TLS, and it is required; --tls none does without"
            )
        return offered

    # -- logging in ----------------------------------------------------------------------------

    def may_show_password(self, connection: ClientConnection) -> bool:
        """Whether the password itself may be said on a connection: under TLS, on this machine,
        or where the user has said that it goes without TLS."""
        return connection.peer.secure or self.target.is_loopback or self.tls is TLSUse.NONE

    def mechanism(
        self, offered: Iterable[str], connection: ClientConnection
    ) -> ClientMechanism | None:
        """Choose the strongest SASL mechanism; None where none fits."""
        assert self.login is not None
        clear = self.may_show_password(connection)
        binding = connection.peer.binding
        name = registry.choose(offered, password=True, clear=clear, binding=binding is not None)
        if name is None:
            return None
        username, password = self.login
        return registry.client(
            name, nonce=nonce, username=username, password=password, binding=binding
        )

    def insist_on_clear(self, connection: ClientConnection) -> tuple[str, str]:
        """Give the login for a command that shows the password. Raises LoginFailed."""
        assert self.login is not None
        if not self.may_show_password(connection):
            raise LoginFailed(
                f"{self.target.place} wants the password in the clear; "
                "--tls none sends it all the same"
            )
        return self.login


def nonce() -> bytes:
    """Give 18 random octets as base64, for SASL."""
    return base64.b64encode(secrets.token_bytes(18))


def own_name() -> str:
    """Give what to call ourselves to a mail server."""
    name = os.uname().nodename
    return name if "." in name else "localhost"
