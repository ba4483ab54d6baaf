"""The clients of the eight protocols, each connected, secured and logged in, by one pattern."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar, Unpack
from urllib.parse import urlsplit

from netsuite.clients.connecting import Connecting
from netsuite.clients.opening import How, Opening, opening, tcp_endpoint
from netsuite.clients.place import Where, parse_place
from netsuite.clients.site import SiteClient
from netsuite.connection.client import ClientConnection
from netsuite.connection.errors import NotOffered
from netsuite.connection.peer import Peer
from netsuite.ftp.client import FTPClient
from netsuite.ftp.client import connect as connect_ftp
from netsuite.ftp.client.client import Reach
from netsuite.gopher.client import TIMEOUTS as GOPHER_TIMEOUTS
from netsuite.gopher.client import GopherClient
from netsuite.imap.client import IMAPClient
from netsuite.imap.client import connect as connect_imap
from netsuite.nntp.client import NNTPClient
from netsuite.nntp.client import connect as connect_nntp
from netsuite.pop3.client import POP3Client
from netsuite.pop3.client import connect as connect_pop3
from netsuite.smtp.client import SMTPClient
from netsuite.smtp.client import connect as connect_smtp
from netsuite.telnet.client import TIMEOUTS as TELNET_TIMEOUTS
from netsuite.telnet.client import TelnetClient
from netsuite.telnet.client import connect as connect_telnet

C = TypeVar("C", bound=ClientConnection[Any, Any])


async def _begun(
    way: Opening, connecting: Awaitable[C], begin: Callable[[C], Awaitable[object]]
) -> C:
    """Return a client when its session has begun, for which it may have to be secured and logged
    in; where that fails its connection is dropped."""
    client = await connecting
    try:
        await begin(client)
    except BaseException:
        client.abort()
        raise
    client.progress = way.progress
    return client


def ftp(
    where: Where,
    *,
    reach: Reach | None = None,
    keep_alive_seconds: float | None = None,
    **how: Unpack[How],
) -> Connecting[FTPClient]:
    """Connect to an FTP server; log in, as anonymous where there are no credentials. A path in the
    URL is the directory to begin in.

    Args:
        where: ``ftp://``, ``ftps://``, or an endpoint.
        reach: gives endpoints for data connections; None for ones by TCP.
        keep_alive_seconds: see ``FTPClient``.
        how: see ``How``.
    """
    way = opening("ftp", where, how)

    async def begin(client: FTPClient) -> None:
        if not client.peer.secure:
            offered = "TLS" in (await client.feat()).get("AUTH", "").upper().replace(";", " ")
            await way.secure(client.peer, client.auth_tls, offered=offered)
        if way.credentials is None:
            await client.login()
        elif way.may_show_password(client.peer):
            await client.login(*way.credentials)
        else:
            raise NotOffered("a login that may be used without TLS")
        if way.place.path:
            await client.cwd(way.place.path)

    async def connect() -> FTPClient:
        connecting = connect_ftp(
            way.endpoint,
            clock=way.reactor,
            reach=reach or (lambda host, port: tcp_endpoint(way.reactor, host, port, way.timeouts)),
            tls_context=way.implicit,
            implicit=True,
            timeouts=way.timeouts,
            keep_alive_seconds=keep_alive_seconds,
        )
        return await _begun(way, connecting, begin)

    return Connecting(connect)


def gopher(where: Where, **how: Unpack[How]) -> Connecting[GopherClient]:
    """Return the way to a Gopher server, which is connected to for each request.

    Args:
        where: ``gopher://``, ``gophers://``, or an endpoint.
        how: see ``How``.
    """
    way = opening("gopher", where, how)

    async def connect() -> GopherClient:
        way.insist_on_tls(Peer(secure=way.place.tls, local=way.use is None))
        client = GopherClient(
            way.endpoint,
            clock=way.reactor,
            tls_context=way.implicit,
            timeouts=way.timeouts or GOPHER_TIMEOUTS,
        )
        client.progress = way.progress
        return client

    return Connecting(connect)


def http(where: Where = "", **how: Unpack[How]) -> Connecting[SiteClient]:
    """Return a client of a site, which is connected to when there is something to ask.

    Args:
        where: ``http://``, ``https://`` of the page that other URLs are links on; empty for none;
            or an endpoint, to which all requests go.
        how: see ``How``.
    """
    way = opening("http", where or "http://localhost/", how)
    local = way.place.host in ("localhost", "127.0.0.1", "::1")

    async def connect() -> SiteClient:
        way.insist_on_tls(Peer(secure=way.place.tls, local=local or not isinstance(where, str)))
        own, there = way.own_context, where
        client = SiteClient(
            way.reactor,
            timeouts=way.timeouts,
            tls_context=None if own is None else lambda host: own,
            endpoint=None if isinstance(there, str) else lambda origin: there,
        )
        client.base = _without_login(where) if isinstance(where, str) else "http://localhost/"
        client.credentials = way.credentials
        client.progress = way.progress
        return client

    return Connecting(connect)


def _without_login(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def imap(where: Where, **how: Unpack[How]) -> Connecting[IMAPClient]:
    """Connect to an IMAP server and log in. A path in the URL is the mailbox to open.

    Args:
        where: ``imap://``, ``imaps://``, or an endpoint.
        how: see ``How``.
    """
    way = opening("imap", where, how)

    async def begin(client: IMAPClient) -> None:
        await way.secure(client.peer, client.starttls, offered=client.offers("STARTTLS"))
        await way.log_in(client)
        if way.place.path:
            await client.select(way.place.path)

    async def connect() -> IMAPClient:
        connecting = connect_imap(
            way.endpoint,
            clock=way.reactor,
            tls_context=way.implicit,
            implicit=True,
            timeouts=way.timeouts,
        )
        return await _begun(way, connecting, begin)

    return Connecting(connect)


def nntp(where: Where, **how: Unpack[How]) -> Connecting[NNTPClient]:
    """Connect to a news server; log in where there are credentials. A path in the URL is the
    newsgroup to select.

    Args:
        where: ``nntp://``, ``nntps://``, ``news://``, or an endpoint.
        how: see ``How``.
    """
    way = opening("nntp", where, how)

    async def begin(client: NNTPClient) -> None:
        await way.secure(client.peer, client.starttls, offered="STARTTLS" in client.capabilities)
        await way.log_in(client)
        if way.place.path:
            await client.group(way.place.path)

    async def connect() -> NNTPClient:
        connecting = connect_nntp(
            way.endpoint,
            clock=way.reactor,
            tls_context=way.implicit,
            implicit=True,
            timeouts=way.timeouts,
        )
        return await _begun(way, connecting, begin)

    return Connecting(connect)


def pop3(where: Where, **how: Unpack[How]) -> Connecting[POP3Client]:
    """Connect to a POP3 server and log in.

    Args:
        where: ``pop3://``, ``pop3s://``, or an endpoint.
        how: see ``How``.
    """
    way = opening("pop3", where, how)

    async def begin(client: POP3Client) -> None:
        await way.secure(client.peer, client.stls, offered="STLS" in client.capabilities)
        await way.log_in(client)

    async def connect() -> POP3Client:
        connecting = connect_pop3(
            way.endpoint,
            clock=way.reactor,
            tls_context=way.implicit,
            implicit=True,
            timeouts=way.timeouts,
        )
        return await _begun(way, connecting, begin)

    return Connecting(connect)


def smtp(
    where: Where, *, helo: str = "", lmtp: bool = False, **how: Unpack[How]
) -> Connecting[SMTPClient]:
    """Connect to a mail server; log in where there are credentials.

    Args:
        where: ``smtp://``, ``submission://``, ``smtps://``, ``lmtp://``, or an endpoint.
        helo: what to call ourselves; empty for this machine's name.
        lmtp: whether an endpoint's server speaks LMTP.
        how: see ``How``.
    """
    way = opening("smtp", where, how)

    async def begin(client: SMTPClient) -> None:
        await way.secure(client.peer, client.starttls, offered="STARTTLS" in client.extensions)
        await way.log_in(client)

    async def connect() -> SMTPClient:
        connecting = connect_smtp(
            way.endpoint,
            clock=way.reactor,
            helo=helo or _own_name(),
            lmtp=lmtp or way.place.scheme == "lmtp",
            tls_context=way.implicit,
            implicit=True,
            timeouts=way.timeouts,
        )
        return await _begun(way, connecting, begin)

    return Connecting(connect)


def _own_name() -> str:
    """Return what to call ourselves to a mail server."""
    name = os.uname().nodename
    return name if "." in name else "localhost"


def telnet(
    where: Where,
    *,
    terminal_types: Sequence[str] = ("XTERM",),
    window: tuple[int, int] = (80, 0),
    **how: Unpack[How],
) -> Connecting[TelnetClient]:
    """Connect to a Telnet server; answer its login's questions where there are credentials.

    Args:
        where: ``telnet://``, ``telnets://``, or an endpoint.
        terminal_types: what we are, the most wanted first.
        window: width and height in characters; 0 for unknown, so that nothing is paged.
        how: see ``How``.
    """
    way = opening("telnet", where, how)

    async def begin(client: TelnetClient) -> None:
        way.insist_on_tls(client.peer)
        if way.credentials is not None:
            await client.login(*way.credentials)

    async def connect() -> TelnetClient:
        connecting = connect_telnet(
            way.endpoint,
            clock=way.reactor,
            tls_context=way.implicit,
            timeouts=way.timeouts or TELNET_TIMEOUTS,
            terminal_types=terminal_types,
            window=window,
        )
        return await _begun(way, connecting, begin)

    return Connecting(connect)


#: By the service that a URL's scheme says.
CONNECT: Final[Mapping[str, Callable[..., Connecting[Any]]]] = {
    "ftp": ftp,
    "gopher": gopher,
    "http": http,
    "imap": imap,
    "nntp": nntp,
    "pop3": pop3,
    "smtp": smtp,
    "telnet": telnet,
}


def connect(where: str, **how: Unpack[How]) -> Connecting[Any]:
    """Connect to a server of any of the eight protocols, by its URL.

    What comes is the protocol's own client, of which a checker of types knows nothing here: it does
    where ``ftp``, ``imap`` ... connect.

    Args:
        where: a URL.
        how: see ``How``.
    """
    return CONNECT[parse_place(where).service](where, **how)
