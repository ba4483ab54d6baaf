"""TLS connections that belong together: the second resumes the session of the first, or fails.

An FTP client's data connections are its control connection's (RFC 4217, 10.2): who can resume the
session of the control connection has its secrets, so nobody else can take or give the data. OpenSSL
tells through pyOpenSSL neither whether a session was resumed nor which, so it is made impossible to
do anything else:

- each control connection has a context of its own, hence ticket keys of its own: a session of
  another connection, or of another server, cannot be decrypted, and is no session here;
- a data connection begins on that context, and is then given one that has no certificate. A
  handshake that resumes needs none; a full handshake has nothing to show and fails.

What fails, fails in the handshake, before an octet of data. It holds for TLS 1.2 and 1.3.
"""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakKeyDictionary, WeakSet

from OpenSSL import SSL
from twisted.internet.interfaces import (
    IOpenSSLClientConnectionCreator,
    IOpenSSLServerConnectionCreator,
)
from twisted.protocols.tls import TLSMemoryBIOProtocol
from zope.interface import implementer

from netsuite.certificates import CIPHERS, SESSION_ID, BadCertificate, Pair, ServerTLS
from netsuite.connection.peer import openssl_of
from netsuite.connection.writer import StreamTransport


@implementer(IOpenSSLServerConnectionCreator)
class SessionGroupsTLS:
    """Begins TLS for a service whose connections have others that belong to them.

    Args:
        server: how it begins TLS.
        must_resume: whether those others have to resume. Then the first session of a group is
            kept, for clients that know TLS 1.2 without tickets, as curl; else all
            would be.
    """

    def __init__(self, server: ServerTLS, must_resume: Callable[[], bool] = lambda: True) -> None:
        self._server = server
        self._must_resume = must_resume
        self._groups: WeakKeyDictionary[SSL.Connection, SessionGroup] = WeakKeyDictionary()

    def serverConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        """Return OpenSSL's side of a new connection, with a group of its own."""
        return self.named("").serverConnectionForTLS(tlsProtocol)

    def named(self, host: str) -> NamedTLS:
        """Return what begins TLS with a client that has said which host it means, as HOST does;
        what it says in TLS goes before that."""

        def begun(tls_protocol: TLSMemoryBIOProtocol) -> SSL.Connection:
            group = SessionGroup(self._server, keeps=self._must_resume(), host=host)
            connection = group.serverConnectionForTLS(tls_protocol)
            self._groups[connection] = group
            return connection

        return NamedTLS(begun)

    def group_of(self, transport: StreamTransport) -> SessionGroup | None:
        """Return the group of a connection that began TLS here; None without TLS."""
        handle = openssl_of(transport)
        return None if handle is None else self._groups.get(handle)


@implementer(IOpenSSLServerConnectionCreator)
class NamedTLS:
    """Begins TLS as a function says."""

    def __init__(self, begin: Callable[[TLSMemoryBIOProtocol], SSL.Connection]) -> None:
        self._begin = begin

    def serverConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        """Return OpenSSL's side of a new connection."""
        return self._begin(tlsProtocol)


@implementer(IOpenSSLServerConnectionCreator)
class SessionGroup:
    """A connection and those that belong to it: contexts that no other connection uses.

    Args:
        server: how its service begins TLS.
        keeps: whether sessions are kept here, beside tickets, which the client keeps.
        host: whose certificate is shown where the client names none in TLS.
    """

    def __init__(self, server: ServerTLS, *, keeps: bool, host: str = "") -> None:
        self._certificates = server.certificates
        self._protocols = server.protocols
        self._certificates.refresh()
        pair = self._certificates.select(host)
        if pair is None:
            raise BadCertificate(f"{self._certificates.folder} has not been opened")
        self._pair = pair
        self._host = host
        self._first = self._certificates.new_context(pair, self._protocols, self._named)
        if keeps:
            self._first.set_session_cache_mode(SSL.SESS_CACHE_SERVER)
        self._other: tuple[Pair, SSL.Context] | None = None
        self._in_full: WeakSet[SSL.Connection] = WeakSet()

    def serverConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        """Return OpenSSL's side of a connection of the group that may shake hands in full."""
        connection = SSL.Connection(self._first, None)
        self._in_full.add(connection)
        return connection

    def resumed_only(self) -> Resumed:
        """Return what a connection of the family begins TLS with that has to resume."""
        return Resumed(self._first)

    def _named(self, connection: SSL.Connection) -> None:
        """The client has said which name it means: show it that name's certificate."""
        if connection not in self._in_full:
            return  # it is to resume, and is shown none
        name = (connection.get_servername() or b"").decode("ascii", "replace")
        pair = self._certificates.select(name or self._host)
        if pair is None or pair is self._pair:
            return
        if self._other is None or self._other[0] is not pair:
            context = self._certificates.new_context(pair, self._protocols, self._named)
            self._other = pair, context
        connection.set_context(self._other[1])


@implementer(IOpenSSLServerConnectionCreator)
class Resumed:
    """Begins TLS on connections that can only resume a session that a context made."""

    def __init__(self, context: SSL.Context) -> None:
        self._context = context

    def serverConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        """Return OpenSSL's side of a new connection."""
        connection = SSL.Connection(self._context, None)
        # The keys of tickets stay those of the context it was made with.
        connection.set_context(_without_certificate())
        return connection


def _without_certificate() -> SSL.Context:
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    context.set_cipher_list(CIPHERS)
    # A session is resumed only where this is what it was when it was made.
    context.set_session_id(SESSION_ID)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    return context


@implementer(IOpenSSLClientConnectionCreator)
class ResumingTLS:
    """What a client begins TLS with on a connection that belongs to another: a context as
    ``netsuite.tls.client_options`` gives it, and the transport whose session is resumed."""

    def __init__(
        self, context: IOpenSSLClientConnectionCreator, transport: StreamTransport
    ) -> None:
        self._context = context
        self._transport = transport

    def clientConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        """Return OpenSSL's side of a new connection."""
        connection: SSL.Connection = self._context.clientConnectionForTLS(tlsProtocol)
        handle = openssl_of(self._transport)
        session = None if handle is None else handle.get_session()
        if session is not None:
            connection.set_session(session)
        return connection
