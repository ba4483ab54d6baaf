"""``netsuite probe``: a look at what a host offers on the ports of the eight protocols.

Nothing is said that would log anybody in, and no certificate is insisted on: what a client would
not take is told instead.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twisted.internet.defer import DeferredSemaphore, gatherResults
from twisted.internet.error import DNSLookupError
from twisted.internet.protocol import Factory, Protocol

from netsuite.cli.client.access import Access, TLSUse
from netsuite.cli.client.capabilities import asker_of
from netsuite.cli.client.probing.offers import Offer, advice
from netsuite.cli.client.probing.shown import show, show_json
from netsuite.cli.client.problems import CommandError, Exit
from netsuite.cli.client.running import line_of, run
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.tls_examination import VERSIONS, Examiner, drop, examine
from netsuite.cli.client.urls import Target
from netsuite.connection import errors
from netsuite.connection.client import ClientTimeouts
from netsuite.tls import ClientContext
from netsuite.wire.dates import now
from netsuite.wire.errors import LocalProtocolError


@dataclass(frozen=True, slots=True)
class Port:
    """A port that a protocol has by standard.

    Args:
        scheme: of its URLs.
    """

    name: str
    number: int
    scheme: str


PORTS: Final = (
    Port("ftp", 21, "ftp"), Port("ftps", 990, "ftps"),
    Port("telnet", 23, "telnet"), Port("telnets", 992, "telnets"),
    Port("smtp", 25, "smtp"), Port("submission", 587, "smtp"), Port("submissions", 465, "smtps"),
    Port("gopher", 70, "gopher"),
    Port("http", 80, "http"), Port("https", 443, "https"),
    Port("pop3", 110, "pop3"), Port("pop3s", 995, "pop3s"),
    Port("nntp", 119, "nntp"), Port("nntps", 563, "nntps"),
    Port("imap", 143, "imap"), Port("imaps", 993, "imaps"),
)  # fmt: skip


class NothingThere(CommandError):
    """Nothing answers at the host."""

    code = Exit.NO_CONNECTION


class _Looking(ClientSession):
    """A session that takes every certificate and remembers it, and waits for nobody long."""

    examiner: Examiner | None = None

    @property
    def timeouts(self) -> ClientTimeouts:
        """The times that the server may take."""
        seconds = self.access.connect_seconds
        return ClientTimeouts(connect_seconds=seconds, reply_seconds=2 * seconds)

    def context(self, host: str = "", *, protocols: tuple[bytes, ...] = ()) -> ClientContext:
        """Return what TLS is begun with."""
        self.examiner = Examiner(
            host or self.target.host, authorities=self.access.authorities, protocols=protocols
        )
        return self.examiner


def probe(
    target: Target,
    offset: int,
    authorities: Path | None,
    seconds: float,
    parallel: int,
    *,
    as_json: bool,
) -> None:
    """Look at a host, and print what was seen.

    Args:
        target: whose host it is.
        offset: what is added to the standard ports.
        seconds: for each step.
        parallel: connections at once.
    """
    access = Access(
        tls=TLSUse.OPPORTUNISTIC, authorities=authorities, connect_seconds=seconds,
        progress=False, proxy="",
    )  # fmt: skip
    offers: list[Offer] = []

    async def work(session: ClientSession) -> None:
        await _check_host(session)
        turns = DeferredSemaphore(parallel)
        looks = [turns.run(_look, session, each, offset) for each in PORTS]
        offers.extend(await gatherResults(looks, consumeErrors=True))
        if not any(each.is_open for each in offers):
            raise NothingThere(f"nothing answers at {target.host}, on none of the ports")

    run(target, access, None, work)
    said = advice(offers, now())
    if as_json:
        show_json(target.host, offers, said)
    else:
        show(offers, said)


async def _check_host(session: ClientSession) -> None:
    """Raise NothingThere for a name that leads nowhere; all ports would tell of it."""
    try:
        await _reach(session)
    except DNSLookupError:
        raise NothingThere(f"there is no host {session.target.host}") from None
    except Exception:  # of one port: the ports tell themselves
        return


async def _reach(session: ClientSession) -> None:
    """Connect, and close at once."""
    protocol = Protocol()
    await session.endpoint().connect(Factory.forProtocol(lambda: protocol))
    drop(protocol)


async def _look(first: ClientSession, port: Port, offset: int) -> Offer:
    """Look at a port."""
    target = Target(port.scheme, first.target.host, port.number + offset)
    session = _Looking(first.reactor, target, first.access, None)
    offer = Offer(port.name, target.service, target.port, tls=target.tls)
    try:
        await _reach(session)
    except Exception as error:  # of whatever kind: there is no connection
        offer.state = "closed" if type(error).__name__ == "ConnectionRefusedError" else "no answer"
        return offer
    offer.state = "open"
    try:
        told = await asker_of(target.service)(session)
    except (errors.ClientError, CommandError, LocalProtocolError, OSError) as error:
        offer.trouble = line_of(error, target.place)
    else:
        offer.greeting, offer.stages = told.greeting, told.stages
    offer.seen = session.examiner.seen if session.examiner is not None else None
    if target.tls:
        await _look_at_tls(session, offer)
    return offer


async def _look_at_tls(session: _Looking, offer: Offer) -> None:
    """See which versions are spoken where TLS begins with the first octet."""
    access, host = session.access, session.target.host
    for version in VERSIONS:
        with contextlib.suppress(errors.ClientError):
            seen = await examine(
                session.endpoint(), host, session.clock, seconds=access.connect_seconds,
                authorities=access.authorities, version=version,
            )  # fmt: skip
            offer.versions.append(version)
            offer.seen = offer.seen or seen
