"""The FTP service: settings to a server that listens; the body of ``twistd netsuite-ftp``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from netsuite.connection.listening import ListeningService
from netsuite.connection.session_group import SessionGroupsTLS
from netsuite.ftp.paths import TreePath, resolve
from netsuite.ftp.server import FTPServerFactory, Shared
from netsuite.ftp.server.turns import HashingTurns
from netsuite.ftp.server.who import QUESTION, lines_of
from netsuite.ftp.transfer.rates import Rates
from netsuite.plugin import plugin
from netsuite.site import Site

Options, makeService = plugin("ftp", "The FTP server.")


def make_ftp(site: Site) -> ListeningService:
    """Return the FTP server (RFC 959)."""
    tls = site.tls(b"ftp")
    groups = (
        None
        if tls is None
        else SessionGroupsTLS(tls, lambda: site.settings.ftp.require_session_reuse)
    )
    rates, hashing = Rates(lambda: factory.counts), HashingTurns()
    line_log = site.line_log(site.settings.ftp.transfer_log, datetime.ctime)

    async def who(account: str) -> Sequence[str]:
        told = await site.bus.ask(QUESTION, account)
        return [str(line) for lines in told if isinstance(lines, list) for line in lines]

    ask: Callable[[str], Awaitable[Sequence[str]]] | None = who
    try:
        site.bus.answer(QUESTION, lambda account: lines_of(factory, str(account)))
    except ValueError:
        ask = None  # a second such service of the site: it tells of its own sessions

    def shared() -> Shared:
        common = site.common(site.settings.ftp)
        return Shared(
            clock=common["clock"],
            host=common["host"],
            transcript=common["transcript"],
            tls=groups,
            settings=site.settings.ftp,
            authenticator=site.authenticator,
            anonymous=lambda: site.files.anonymous("ftp"),
            reactor=site.reactor,
            line_log=line_log,
            hosts=_hosts(site),
            run=site.run,
            hashing=hashing,
            rates=rates,
            who=ask,
        )

    factory = FTPServerFactory(shared())
    return site.listening(factory, shared)


def _hosts(site: Site) -> Mapping[str, TreePath]:
    """Return the names that HOST may say, and what is the root of the site there."""
    own = dict.fromkeys((name.lower() for name in site.settings.site.domains), ())
    named = site.settings.ftp.hosts.items()
    return own | {name.lower(): resolve((), path) for name, path in named}
