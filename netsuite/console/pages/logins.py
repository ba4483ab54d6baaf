"""Who has logged in, or tried to: the newest lines of the audit log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from netsuite.console.layout import badge, search, table, when
from netsuite.console.markup import Content, foreign, link, markup
from netsuite.console.visit import Page, Route, Visit
from netsuite.store.model import Login

#: So many of the newest are shown.
ROWS: Final = 200
_GOOD: Final = "logged in"


async def show(visit: Visit) -> Page:
    """Show the newest logins, of all or of one account."""
    account = visit.asked("find").strip().lower()
    found = await visit.site.store.accounts.logins(account or None, ROWS)
    body = markup(search("logins", "Account", account), login_table(found))
    return Page("Logins", body)


def login_table(logins: Iterable[Login]) -> Content:
    """Return logins as a table."""
    return table(
        ("When", "Account", "Service", "From", "By", "TLS", "Outcome"),
        [
            (
                when(each.when),
                link(foreign(each.account), "accounts", each.account) if each.account else "-",
                each.protocol,
                each.address or "a local socket",
                each.mechanism,
                "yes" if each.secure else "no",
                badge(each.outcome, "good" if each.outcome == _GOOD else "bad"),
            )
            for each in logins
        ],
        empty="There is none.",
    )


ROUTES: Final = (Route("/logins", show),)
