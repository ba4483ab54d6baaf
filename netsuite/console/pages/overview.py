"""The overview: what runs, whether it can serve, and what needs to be looked at."""

from __future__ import annotations

import os
import signal
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from netsuite.compose import Daemon
from netsuite.console.answers import statuses
from netsuite.console.layout import badge, button, clock, facts, form, section, table
from netsuite.console.markup import Content, count, element, link, markup, size
from netsuite.console.pages.certificates import time_left
from netsuite.console.visit import Done, Page, Route, Visit
from netsuite.control.questions import ServiceStatus, Status
from netsuite.health.readiness import free_octets_at, not_ready
from netsuite.site import Site
from netsuite.smtp.delivery.facts import short_span


async def show(visit: Visit) -> Page:
    """Show the daemon as it is now."""
    processes = await statuses(visit.site.bus)
    reasons = await not_ready(visit.site)
    queue = await visit.site.store.queue.count()
    services = _by_service(processes)
    body = markup(
        _state(reasons),
        facts(
            [
                ("Sessions", link(count(sum(each["sessions"] for each in services)), "sessions")),
                ("Waiting in the queue", link(count(queue.items), "queue")),
                ("Store", ", ".join(sorted({each["store"] for each in processes})) or "unknown"),
                *_first_to_end(visit.site),
                *await _room(visit.site),
            ]
        ),
        section("Services", _services(services)),
        section("Processes", _processes(processes)),
        section(
            "Configuration",
            element("p", "Reads the configuration and the certificates again, as SIGHUP does."),
            form(visit, button("Reload", "reload")),
        ),
    )
    return Page("Overview", body, live=True)


def _first_to_end(site: Site) -> Sequence[tuple[str, Content]]:
    """Return which certificate ends first, and when."""
    expiries = site.certificates.expiries() if site.certificates else {}
    if not expiries:
        return ()
    name = min(expiries, key=lambda each: expiries[each])
    left = time_left(expiries[name] - datetime.now(UTC))
    return ((f"Certificate {name}", element("a", left, href="/certificates")),)


async def _room(site: Site) -> Sequence[tuple[str, Content]]:
    """Return how much room the disk of the home has."""
    if site.home is None:
        return ()
    free = await site.run(free_octets_at, site.home)
    return (("Free on the disk", link(size(free), "storage")),)


def _state(reasons: Sequence[str]) -> Content:
    if not reasons:
        return element("p", badge("ready", "good"), " The daemon can serve.")
    return element(
        "div",
        element("p", badge("not ready", "bad"), " The daemon cannot serve:"),
        element("ul", *(element("li", each) for each in reasons)),
    )


def _by_service(processes: Iterable[Status]) -> Sequence[ServiceStatus]:
    """Add up what the processes say of each service."""
    found: dict[str, list[ServiceStatus]] = defaultdict(list)
    for process in processes:
        for each in process["services"]:
            found[each["name"]].append(each)
    return [
        ServiceStatus(
            name=name,
            urls=sorted({url for each in group for url in each["urls"]}),
            sessions=sum(each["sessions"] for each in group),
            accepted=sum(each["accepted"] for each in group),
            turned_away=sum(each["turned_away"] for each in group),
            logins=sum(each["logins"] for each in group),
        )
        for name, group in found.items()
    ]


def _services(services: Iterable[ServiceStatus]) -> Content:
    return table(
        ("Service", "Sessions", "Served", "Refused", "Logins", "Listens on"),
        [
            (
                each["name"],
                link(count(each["sessions"]), "sessions", service=each["name"]),
                count(each["accepted"]),
                count(each["turned_away"]),
                count(each["logins"]),
                element("ul", *(element("li", where) for where in each["urls"])),
            )
            for each in services
        ],
        empty="No process has answered.",
        numbers="Sessions Served Refused Logins",
    )


def _processes(processes: Iterable[Status]) -> Content:
    return table(
        ("Worker", "Process", "Version", "State", "Since", "Memory", "CPU"),
        [
            (
                each["worker"] or "-",
                each["pid"],
                each["version"],
                badge("ready", "good") if each["ready"] else badge("not ready", "bad"),
                markup(clock(each["started"]), f" ({_age(each['started'])})"),
                size(each["memory_octets"]),
                f"{each['cpu_seconds']:,.1f} s",
            )
            for each in processes
        ],
        empty="No process has answered.",
        numbers="Worker Process Memory CPU",
    )


def _age(started: float) -> str:
    return short_span(timedelta(seconds=time.time() - started))


async def reload(visit: Visit) -> Done:
    """Have the daemon read its configuration again."""
    daemon = visit.site.parent
    if visit.site.bus.worker:  # whose parent reads them for all
        os.kill(os.getppid(), signal.SIGHUP)
    elif isinstance(daemon, Daemon):
        daemon.reload()
    return Done("/", "reloaded", "had the configuration read again")


ROUTES: Final = (Route("/", show, reload),)
