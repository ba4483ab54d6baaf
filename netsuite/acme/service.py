"""The service of ACME: settings to what gets and renews certificates."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from twisted.application.service import Service

from netsuite.acme.authority import Authority
from netsuite.acme.challenges import Answers
from netsuite.acme.files import ACMEFolder
from netsuite.acme.ordering import Ordering
from netsuite.acme.renewal import Renewal
from netsuite.acme.setup import external_account, kinds, names_of
from netsuite.control.questions import RENEW
from netsuite.home import SiteError
from netsuite.site import Site
from netsuite.store.files.thread_jobs import Threads

#: Of the one process that asks the authority.
ROLE: Final = "acme"


def make_acme(site: Site) -> Service:
    """Return what gets and renews certificates, in the one process that has that role, and answers
    challenges in all. Raises SiteError where there is no folder of certificates."""
    certificates, home = site.certificates, site.home
    if certificates is None or certificates.folder is None or home is None:
        raise SiteError("acme.names needs a home, and tls.enabled: there certificates are kept")
    settings = site.settings.acme
    router = site.http if site.settings.http.enabled else None
    answers = Answers(site.bus, certificates, router)
    folder = ACMEFolder(certificates.folder)
    run = Threads(site.reactor, 1, name="acme").run
    authority = _authority(site, home, folder)

    def once_ours(begin: Callable[[], None]) -> None:
        def with_role() -> None:
            site.bus.answer(RENEW, renewal.answer)
            site.on_reload(renewal.reloaded)
            begin()

        site.when_open().addCallback(lambda _: site.bus.role(ROLE, with_role))

    renewal = Renewal(
        names_of(site.settings),
        folder,
        certificates,
        Ordering(authority, answers, run, site.reactor),
        authority,
        directory=settings.directory,
        kinds=kinds(site.settings),
        keep_key=settings.keep_key,
        run=run,
        clock=site.reactor,
        now=_now,
        chance=random.random,
        once_ours=once_ours,
    )
    return renewal


def _now() -> datetime:
    return datetime.now(UTC)


def _authority(site: Site, home: Path, folder: ACMEFolder) -> Authority:
    settings = site.settings.acme
    external = settings.external_account
    return Authority(
        settings.directory,
        folder,
        now=_now,
        contact=settings.contact,
        external=external_account(home / external) if external else None,
        authorities=home / settings.authorities if settings.authorities else None,
    )
