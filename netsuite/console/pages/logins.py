"""The newest lines of the audit log: who has logged in, or tried to, and what was done here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from netsuite.console.layout import badge, search, table, when
from netsuite.console.markup import Content, foreign, link, markup
from netsuite.console.visit import Page, Route, Visit
from netsuite.logs.audit import record_of
from netsuite.store.model import Login

#: So many of the newest are shown.
ROWS: Final = 200
_GOOD: Final = "logged in"


async def show(visit: Visit) -> Page:
    """Show the newest lines, all or those of one account."""
    account = visit.asked("find").strip().lower()
    found = await visit.site.store.accounts.logins(account or None, ROWS)
    body = markup(search("logins", "Account", account), login_table(found))
    return Page("Logins", body)


def login_table(logins: Iterable[Login]) -> Content:
    """Return lines of the audit log as a table."""
    return table(
        ("When", "Who", "By", "From", "What", "About"),
        [
            (
                when(each.when),
                foreign(each.who or "-"),
                foreign(each.way),
                each.address or "this machine",
                badge(each.what, "good") if each.what == _GOOD else foreign(each.what),
                link(foreign(each.account), "accounts", each.account) if each.account else "-",
            )
            for each in map(record_of, logins)
        ],
        empty="There is none.",
    )


ROUTES: Final = (Route("/logins", show),)
