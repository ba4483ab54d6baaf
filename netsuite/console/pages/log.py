"""The end of the log, of all processes of the daemon."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from netsuite.console.answers import log_lines
from netsuite.console.layout import button, field
from netsuite.console.markup import Content, element, foreign, markup
from netsuite.console.visit import Page, Route, Visit

#: Lines of each process that are looked at.
LINES: Final = 1000
#: Lines that are shown, and of each so much.
ROWS: Final = 300
LINE_CHARACTERS: Final = 2000


async def show(visit: Visit) -> Page:
    """Show the last lines, or those with a text in them."""
    text = visit.asked("find")
    logs = await log_lines(visit.site.bus, LINES)
    body = markup(
        element(
            "form",
            field("With this text", "find", text, type="search"),
            button("Find", kind="quiet"),
            element("a", "Show all", href="/log") if text else None,
            method="get",
            action="/log",
            role="search",
            class_="row",
        ),
        _log([line for lines in logs for line in lines if text.lower() in line.lower()]),
    )
    return Page("Log", body, live=True)


def _log(lines: Sequence[str]) -> Content:
    if not lines:
        return element("p", "There is no line of it here.", class_="empty")
    shown = lines[-ROWS:]
    said = [element("li", foreign(line[:LINE_CHARACTERS])) for line in shown]
    return element("div", element("ol", *said), class_="log", tabindex=0)


ROUTES: Final = (Route("/log", show),)
