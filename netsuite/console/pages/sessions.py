"""Who is connected, and how they are made to leave."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from netsuite.console.answers import kick, sessions
from netsuite.console.layout import button, field, form, more, search, section, table
from netsuite.console.markup import Content, counted, element, link, markup, size
from netsuite.console.visit import Done, Page, Route, Unfit, Visit
from netsuite.control.questions import Session
from netsuite.smtp.delivery.facts import short_span

#: Sessions on one page.
ROWS: Final = 100
#: By what sessions are ended.
_KINDS: Final = ("session", "account", "address")


async def show(visit: Visit) -> Page:
    """Show the sessions of all processes, or those that are looked for."""
    found = await _found(visit)
    start = visit.asked_number("start")
    shown = found[start : start + ROWS]
    following = start + ROWS
    body = markup(
        search("sessions", "Account, address or service", visit.asked("find")),
        element("p", counted(len(found), "session")),
        session_table(visit, shown),
        more(
            "Further sessions",
            "sessions",
            start=following,
            find=visit.asked("find"),
            service=visit.asked("service"),
        )
        if following < len(found)
        else None,
        section(
            "End many",
            form(
                visit,
                field("All of an account, or from an address", "whom", required=True),
                button("Of this account", "account", "bad"),
                button("From this address", "address", "bad"),
            ),
        ),
    )
    return Page("Sessions", body, live=True)


async def _found(visit: Visit) -> Sequence[Session]:
    bus, service, text = visit.site.bus, visit.asked("service"), visit.asked("find").strip()
    if not text:
        return await sessions(bus, **({"service": service} if service else {}))
    found: list[Session] = []
    for kind in ("account", "address", "service"):
        found += await sessions(bus, **{kind: text.lower()})
    return found


def session_table(visit: Visit, shown: Sequence[Session]) -> Content:
    """Return sessions as a table, each with a button that ends it."""
    now = time.time()
    return table(
        ("Service", "Account", "From", "TLS", "Age", "Does", "Idle", "In", "Out", ""),
        [
            (
                each["service"],
                link(each["account"], "accounts", each["account"]) if each["account"] else "-",
                f"{each['address']} {each['port']}" if each["address"] else "a local socket",
                each["tls"] or "no",
                short_span(timedelta(seconds=now - each["began"])),
                markup(each["doing"] or "-", " ..." if each["busy"] else None),
                short_span(timedelta(seconds=each["idle_seconds"])),
                size(each["octets_in"]),
                size(each["octets_out"]),
                form(
                    visit,
                    button("End", kind="quiet"),
                    to="/sessions",
                    action="session",
                    whom=each["session"],
                ),
            )
            for each in shown
        ],
        empty="There are none.",
        numbers="Age Idle In Out",
    )


async def act(visit: Visit) -> Done:
    """End sessions."""
    kind, whom = visit.sent("action"), visit.sent("whom")
    if kind not in _KINDS or not whom:
        raise Unfit("Say whose sessions are to end.")
    if kind == "account":
        whom = whom.lower()
    ended = await kick(visit.site.bus, kind, whom)
    deed = f"ended {counted(ended, 'session')} of the {kind} {whom}"
    return Done("/sessions", "ended", deed, whom if kind == "account" else "", ended)


ROUTES: Final = (Route("/sessions", show, act),)
