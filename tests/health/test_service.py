"""What machines ask of a daemon, by HTTP, from the numbers to their text."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text
from twisted.internet.endpoints import clientFromString
from twisted.logger import Logger

from netsuite import tls
from netsuite.compose import Daemon, ServiceOf, http, imap, smtp
from netsuite.connection.errors import AuthenticationFailed
from netsuite.connection.listening import ListeningService
from netsuite.health.families import METRICS, series
from netsuite.health.service import make_health
from netsuite.home import SiteError
from netsuite.http.client import HTTPClient
from netsuite.http.commands import Fields
from netsuite.imap.client import connect
from netsuite.site import Site
from netsuite.smtp.client import send
from netsuite.smtp.policy.interface import Facts, Policy, Reject, Verdict
from netsuite.store.errors import Busy, StorageFull
from netsuite.store.outgoing import QueueCount
from netsuite.testing.fabric import Fabric
from netsuite.testing.hashing import verifiers
from tests.health.sites import LOOPBACK, running, site_on

MAIL = b"Subject: x\r\n\r\nbody\r\n"
ON: tuple[str, ...] = (f'health.listen=["{LOOPBACK}"]',)


class NoSpam(Policy):
    """A policy."""

    async def recipient(self, facts: Facts) -> Verdict:
        """Judge a recipient."""
        return Reject("No") if facts.recipient.startswith("eve") else None


class World:
    """A daemon in memory whose health can be asked."""

    def __init__(self, site: Site, daemon: Daemon) -> None:
        self.site = site
        self.fabric: Fabric = site.reactor
        self.services = {str(each.name): each for each in daemon}

    def service(self, name: str) -> ListeningService:
        """Return a service that listens."""
        found = self.services[name]
        assert isinstance(found, ListeningService)
        return found

    def ask(
        self, path: str, accept: str = "", service: str = "health", method: str = "GET"
    ) -> tuple[int, str, bytes]:
        """Return the status, media type and body of a resource."""
        where = f"http://127.0.0.1:{self.service(service).port}{path}"

        async def asked() -> tuple[int, str, bytes]:
            client = HTTPClient(self.fabric)
            try:
                fields = Fields([("Accept", accept)] if accept else [])
                response = await client.request(method, where, fields=fields)
                kind = response.fields.get("content-type")
                return response.status, kind, await response.read()
            finally:
                await client.close()

        return self.fabric.run(asked())

    def metrics(self) -> dict[str, float]:
        """Return the numbers, each by its name and labels as they stand in the text."""
        self.fabric.advance(5)
        status, _, octets = self.ask("/metrics")
        assert status == 200
        lines = [line for line in octets.decode().splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


@pytest.fixture
def world() -> Iterator[World]:
    """Run a daemon."""
    site = site_on(Fabric(), *ON)
    site.policies.add(NoSpam)
    health = ServiceOf("health")
    with running(
        site, smtp(LOOPBACK), imap(LOOPBACK), http(LOOPBACK, tls=[LOOPBACK]), health
    ) as daemon:
        yield World(site, daemon)


def test_lives_and_ready(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """In text and as JSON; why not, with the status that tells a balancer to look elsewhere."""
    assert world.ask("/healthz") == (200, "text/plain; charset=utf-8", b"ok\n")
    assert world.ask("/readyz") == (200, "text/plain; charset=utf-8", b"ready\n")
    assert world.ask("/readyz", method="HEAD")[0] == 200

    async def probe() -> None:
        raise StorageFull('the disk is "full"')

    monkeypatch.setattr(world.site.store, "probe", probe)
    world.fabric.advance(2)
    reason = 'the store cannot be used: the disk is "full"'
    text = f"not ready: {reason}\n".encode()
    assert world.ask("/readyz") == (503, "text/plain; charset=utf-8", text)
    status, kind, octets = world.ask("/readyz", accept="text/html, application/json")
    assert (status, kind) == (503, "application/json")
    assert json.loads(octets) == {"ready": False, "reasons": [reason]}
    assert world.metrics()["netsuite_ready"] == 0
    assert world.ask("/healthz")[0] == 200


def test_nothing_else(world: World) -> None:
    """No other path, no other method; no login helps."""
    assert world.ask("/")[0] == 404
    assert world.ask("/metrics/")[0] == 404
    assert world.ask("/metrics", method="POST")[0] == 405


@pytest.mark.parametrize("accept", ["", "text/plain", "*/*;q=x, ;;;, application/openmetrics-tex"])
def test_text(world: World, accept: str) -> None:
    """Prometheus's parser reads it; who asks for nothing that is known is given text."""
    status, kind, octets = world.ask("/metrics", accept)
    assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    families = {family.name: family for family in parse_text(octets.decode())}
    assert families["netsuite_connections"].type == "gauge"
    assert families["netsuite_store_commit_seconds"].type == "histogram"


def test_openmetrics(world: World) -> None:
    """Likewise, and stricter: each name once, counters with their suffix, an end."""
    accept = "application/openmetrics-text;version=garbage;q=0.5, text/plain;q=0.1"
    status, kind, octets = world.ask("/metrics", accept)
    assert (status, kind.partition(";")[0]) == (200, "application/openmetrics-text")
    families = {family.name: family for family in parse_openmetrics(octets.decode())}
    assert families["netsuite_connections_accepted"].type == "counter"
    assert octets.endswith(b"# EOF\n")


def test_numbers(world: World) -> None:
    """What clients do is counted where it belongs."""
    fabric, accounts = world.fabric, world.site.store.accounts
    fabric.run(accounts.add_account("ann", verifiers("secret")))
    endpoint = clientFromString(fabric, world.service("smtp").endpoint)
    fabric.run(send(MAIL, "a@example.net", ["ann@example.test"], to=endpoint, reactor=fabric))
    world.ask("/nothing", service="http")
    before = world.metrics()
    assert before['netsuite_messages_total{outcome="accepted",service="smtp"}'] == 1
    assert before['netsuite_http_responses_total{code="404",service="http"}'] == 1
    assert before['netsuite_commands_total{command="Mail",service="smtp"}'] == 1
    assert before['netsuite_connections_accepted_total{service="smtp"}'] == 1
    assert before['netsuite_connections{service="smtp"}'] == 0
    received = before['netsuite_received_bytes_total{service="smtp"}']
    assert len(MAIL) < received < 1000
    assert before["netsuite_queue_messages"] == 0
    assert before["netsuite_ready"] == before["netsuite_processes"] == 1
    assert before['netsuite_process_open_fds{worker="0"}'] > 2
    assert before['netsuite_process_resident_memory_bytes{worker="0"}'] > 1e6
    assert before["netsuite_reactor_lag_seconds_count"] > 0
    assert before['netsuite_certificate_expiry_timestamp_seconds{certificate="default"}'] > 1e9


def test_logins(world: World) -> None:
    """By service and mechanism, and refused ones by reason."""
    fabric = world.fabric
    fabric.run(world.site.store.accounts.add_account("ann", verifiers("secret")))
    endpoint = clientFromString(fabric, world.service("imap").endpoint)

    async def log_in(password: str) -> None:
        client = await connect(endpoint, clock=fabric)
        try:
            await client.login("ann", password)
        finally:
            await client.logout()

    fabric.run(log_in("secret"))
    with pytest.raises(AuthenticationFailed):
        fabric.run(log_in("wrong"))
    found = {name: value for name, value in world.metrics().items() if "_logins" in name}
    assert found == {
        'netsuite_logins_total{mechanism="password",service="imap"}': 1,
        "netsuite_logins_refused_total"
        '{mechanism="password",reason="BadCredentials",service="imap"}': 1,
    }


def test_handshakes(world: World) -> None:
    """By the version of TLS."""

    async def fetch() -> None:
        client = HTTPClient(
            world.fabric, tls_context=lambda host: tls.client_options(host, insecure=True)
        )
        try:
            url = f"https://127.0.0.1:{world.service('http').tls_port}/"
            await (await client.get(url)).read()
        finally:
            await client.close()

    world.fabric.run(fetch())
    assert world.metrics()['netsuite_tls_handshakes_total{service="http",version="TLSv1.3"}'] == 1


def test_policies(world: World) -> None:
    """What they say, each by its name; and the recipients that are refused by it."""
    endpoint = clientFromString(world.fabric, world.service("smtp").endpoint)
    sent = send(MAIL, "a@example.net", ["eve@example.test"], to=endpoint, reactor=world.fabric)
    (result,) = world.fabric.run(sent)
    assert result.reply.code == 550
    metrics = world.metrics()
    assert metrics['netsuite_policy_verdicts_total{policy="NoSpam",verdict="reject"}'] == 1
    assert metrics['netsuite_recipients_refused_total{service="smtp"}'] == 1


def test_queue_is_counted_now_and_then(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """To count a long queue takes time: it is not done for each who asks, and the rest is told
    where it cannot be."""
    counted = 0

    async def count() -> QueueCount:
        nonlocal counted
        counted += 1
        if counted == 2:
            raise Busy("x")
        return QueueCount(3, 2)

    monkeypatch.setattr(world.site.store.queue, "count", count)
    assert world.metrics()["netsuite_queue_recipients"] == 3
    world.fabric.advance(1)
    world.ask("/metrics")
    assert counted == 1
    assert "netsuite_queue_recipients" not in world.metrics()
    assert world.metrics()["netsuite_queue_messages"] == 2


def test_log_is_counted(world: World) -> None:
    """By level."""
    Logger().error("an error of this test")
    assert world.metrics()['netsuite_log_events_total{level="error"}'] == 1


def test_every_metric_is_declared(world: World) -> None:
    """What is told has a name in the table; each name is one that is allowed."""
    named = {name for metric in METRICS.values() for name in series(metric)}
    found = {name.partition("{")[0] for name in world.metrics()}
    assert found <= named
    assert len(METRICS) > 40


def test_refused_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong endpoint, and a library that is not there, are told in a line."""
    site = site_on(Fabric(), 'health.listen=["tpc:1"]')
    with pytest.raises(SiteError, match=r"health\.listen"):
        make_health(site)
    monkeypatch.setattr("netsuite.health.service.find_spec", lambda name: None)
    with pytest.raises(SiteError, match=r"pip install 'netsuite\[metrics\]'"):
        make_health(site)
