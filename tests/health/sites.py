"""A daemon in memory, for what is asked of its health."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from netsuite.compose import Daemon, MakesService, compose
from netsuite.config.load import load
from netsuite.site import Site
from netsuite.storage import InMemory
from netsuite.testing.fabric import Fabric
from netsuite.testing.hashing import NoHashing

LOOPBACK = "tcp:0:interface=127.0.0.1"


def site_on(fabric: Fabric, *settings: str) -> Site:
    """Make a site in memory."""
    known = load(None, ['site.domains=["example.test"]', "delivery.enabled=false", *settings])
    storage = InMemory(known, fabric, hashing=NoHashing())
    return Site(settings=known, reactor=fabric, storage=storage)


@contextmanager
def running(site: Site, *services: MakesService) -> Iterator[Daemon]:
    """Start a daemon over a site, and stop it at the end."""
    daemon = compose(site, *services)
    daemon.startService()
    site.reactor.run(site.when_open())
    try:
        yield daemon
    finally:
        site.reactor.run(daemon.stopService())
