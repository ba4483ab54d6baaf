"""Connections to the hosts of a domain: found, secured as far as has to be, logged in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from cryptography.x509 import Certificate
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint

from netsuite import tls
from netsuite.connection import errors
from netsuite.connection.peer import openssl_of
from netsuite.connection.racing import Racing
from netsuite.dns import TLSA
from netsuite.smtp.client import SMTPClient, connect
from netsuite.smtp.commands import reply
from netsuite.smtp.delivery.carrier import Carrier, Signs
from netsuite.smtp.delivery.dane import vouches
from netsuite.smtp.delivery.lifecycle import Said
from netsuite.smtp.delivery.routes import TO_OURSELVES, Router, Unroutable, is_elsewhere
from netsuite.smtp.relay import Relay, Security

LOOPBACK: Final = reply(554, "5.4.6", "The mail host has only addresses that are not another's")
NOBODY: Final = reply(451, "4.4.1", "No host answers")


class Unreachable(Exception):
    """No host could be talked to.

    Args:
        said: by the last one.
        by_tls: one of them is only not secured as it has to be.
    """

    def __init__(self, said: Said, *, by_tls: bool = False) -> None:
        super().__init__(str(said.reply))
        self.said = said
        self.by_tls = by_tls


class Connector:
    """Connects to the hosts of a domain, one after the other, until one takes mail; to the
    addresses of one host as Happy Eyeballs do (RFC 8305).

    Args:
        endpoint: returns where to connect to, of an IP address and a port.
        helo: what to call ourselves.
        tls_for: returns what to begin TLS with, of a host, and whether its certificate has to be
            the host's own.
        loopback: whether mail may go to an address of loopback that the DNS has named, as in
            tests.
        signer: of messages that leave; None where they are not signed.
    """

    def __init__(
        self,
        clock: IReactorTime,
        router: Router,
        *,
        endpoint: Callable[[str, int], IStreamClientEndpoint],
        helo: str,
        tls_for: Callable[[str, bool], tls.ClientContext],
        loopback: bool = False,
        signer: Signs | None = None,
    ) -> None:
        self._signer = signer
        self._clock = clock
        self._router = router
        self._endpoint = endpoint
        self._helo = helo
        self._tls_for = tls_for
        self._loopback = loopback

    async def connect(self, domain: str, *, tls_optional: bool = False) -> Carrier:
        """Return a connection to a host of a domain.

        Args:
            tls_optional: see ``Router.route``.

        Raises:
            Unroutable: there is no such host, and there will be none.
            Unreachable: none of them takes mail now.
        """
        said: list[Said] = []
        by_tls = False
        try:
            relays = await self._router.route(domain, tls_optional=tls_optional)
        except Unroutable as error:
            if error.said.reply.permanent:
                raise
            raise Unreachable(error.said, by_tls=error.by_tls) from None
        for relay in relays:
            try:
                addresses, vouching = await self._addresses(relay)
            except Unroutable as error:
                said.append(error.said)
                by_tls = by_tls or error.by_tls
                continue
            while addresses:
                racing = Racing(
                    self._clock, {each: self._endpoint(each, relay.port) for each in addresses}
                )
                try:
                    carrier = await self._open(relay, racing, vouching)
                except errors.ClientError as error:
                    said.append(_words(error, f"{relay.host}[{racing.winner or addresses[-1]}]"))
                    by_tls = by_tls or isinstance(error, errors.TLSFailure)
                    if not racing.winner:
                        break
                else:
                    if not relay.domain or not self._is_this_one(carrier.client):
                        return carrier
                    carrier.abort()
                    said.append(Said(TO_OURSELVES))
                addresses = [each for each in addresses if each not in racing.tried]
        temporary = [each for each in said if not each.reply.permanent]
        if not temporary and said:
            raise Unroutable(said[-1].reply)
        raise Unreachable(temporary[-1] if temporary else Said(NOBODY), by_tls=by_tls)

    def _is_this_one(self, client: SMTPClient) -> bool:
        """Return whether a host greets with our own name, as the DNS can have another name for an
        address of ours: the message would come back until it has been through too many hosts."""
        name = client.banner.partition(" ")[0].lower()
        return name == self._helo.lower() != "localhost"

    async def _addresses(self, relay: Relay) -> tuple[Sequence[str], Sequence[TLSA] | None]:
        found, vouching = await self._router.addresses(relay)
        if self._loopback or not relay.domain:
            return found, vouching  # who has configured a host means it
        wanted = [each for each in found if is_elsewhere(each)]
        if not wanted:
            raise Unroutable(LOOPBACK)
        return wanted, vouching

    async def _open(self, relay: Relay, racing: Racing, vouching: Sequence[TLSA] | None) -> Carrier:
        """Connect to the address that answers first, and secure it as far as it has to be."""
        if vouching is not None:
            relay = replace(relay, security=Security.REQUIRED)
        secure = relay.security is not Security.NONE
        try:
            client = await self._begin(relay, racing, tls_wanted=secure)
        except errors.TLSFailure:
            if relay.security is not Security.OPPORTUNISTIC:
                raise
            again = self._endpoint(racing.winner, relay.port) if racing.winner else racing
            client = await self._begin(relay, again, tls_wanted=False)  # RFC 7435, 3
        try:
            if vouching and not vouches(vouching, _chain(client), (relay.host, relay.domain)):
                raise errors.TLSFailure("the DNS vouches for another certificate (TLSA)")
            if relay.login is not None:
                await client.login(*relay.login)
        except BaseException:
            client.abort()
            raise
        client.tells_conversation = False
        verified = bool(vouching) or relay.security is Security.VERIFIED
        remote = f"{relay.host}[{racing.winner}]"
        return Carrier(client, remote, verified=verified, signer=self._signer)

    async def _begin(
        self, relay: Relay, endpoint: IStreamClientEndpoint, *, tls_wanted: bool
    ) -> SMTPClient:
        context = None
        if tls_wanted:
            try:
                context = self._tls_for(relay.host, relay.security is Security.VERIFIED)
            except ValueError as error:  # the DNS names what it likes
                raise errors.TLSFailure(f"no certificate can be for that name: {error}") from None
        client = await connect(
            endpoint,
            clock=self._clock,
            helo=self._helo,
            tls_context=context if relay.implicit else None,
            implicit=relay.implicit,
        )
        if context is not None and not relay.implicit:
            try:
                if "STARTTLS" in client.extensions:
                    await _start_tls(client, context)
                elif relay.security is not Security.OPPORTUNISTIC:
                    raise errors.TLSFailure("the host does not offer STARTTLS")
            except BaseException:
                client.abort()
                raise
        return client


async def _start_tls(client: SMTPClient, context: tls.ClientContext) -> None:
    """Go on under TLS. Raises TLSFailure also where it was offered, and is refused all the same:
    who needs no TLS can do without."""
    try:
        await client.starttls(context)
    except errors.Refusal as error:
        raise errors.TLSFailure(f"it is offered, and refused: {error}") from error


def _chain(client: SMTPClient) -> Sequence[Certificate]:
    """Return the certificates that a host has shown."""
    connection = None if client.transport is None else openssl_of(client.transport)
    if connection is None:
        return ()
    return connection.get_peer_cert_chain(as_cryptography=True) or ()


def _words(error: errors.ClientError, remote: str) -> Said:
    """Return what went wrong with a host in the form of a reply."""
    if isinstance(error, errors.Refusal) and isinstance(error.code, int):
        # A host that greets with 5yz takes no mail now; another time it may (RFC 5321, 3.1).
        code = error.code if error.code < 500 else 450
        return Said(reply(code, "", error.text), remote)
    if isinstance(error, errors.TLSFailure):
        return Said(reply(454, "4.7.5", f"TLS with {remote} failed: {error}"))
    if isinstance(error, errors.NotOffered):
        return Said(reply(454, "4.7.0", f"{remote} does not offer {error}"))
    if isinstance(error, errors.ProtocolViolation):
        return Said(reply(451, "4.5.0", f"{remote} does not keep to the protocol: {error}"))
    return Said(reply(451, "4.4.1", f"{remote}: {error}"))
