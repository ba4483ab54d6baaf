"""The frame of every page, and the parts that pages are made of: tables, facts, forms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from netsuite import __version__
from netsuite.console.assets import SCRIPT, STYLE
from netsuite.console.markup import Attribute, Content, Markup, element, link, markup, url
from netsuite.console.visit import SENTENCES, Page, Unsure, Visit

#: Where the pages are, as everybody sees them.
PLACES: Final = (
    ("Overview", ""),
    ("Sessions", "sessions"),
    ("Accounts", "accounts"),
    ("Aliases", "aliases"),
    ("Queue", "queue"),
    ("Newsgroups", "groups"),
    ("Logins", "logins"),
    ("Certificates", "certificates"),
    ("Storage", "storage"),
    ("Log", "log"),
    ("Settings", "settings"),
)


def document(title: str, host: str, *body: Content) -> bytes:
    """Return a whole page."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="robots", content="noindex"),
        element("title", f"{title} - {host}"),
        element("link", rel="stylesheet", href=STYLE),
        element("link", rel="icon", href="/icon.svg", type="image/svg+xml"),
        element("script", src=SCRIPT, defer=True),
    )
    page = element("html", head, element("body", *body), lang="en")
    return f"<!DOCTYPE html>\n{page}\n".encode()


def framed(visit: Visit, page: Page) -> bytes:
    """Return a page with all that stands around it for who has logged in."""
    host = visit.site.settings.site.hostname
    return document(
        page.title,
        host,
        element("a", "Skip to the content", class_="skip", href="#content"),
        _header(visit, host),
        element(
            "main",
            element("h1", page.title),
            notices(visit),
            element("div", page.body, data_live=page.live),
            id="content",
        ),
    )


def outside(title: str, host: str, *body: Content) -> bytes:
    """Return a page for who has not logged in."""
    header = element("header", element("p", link(host), class_="brand"), class_="bare")
    main = element("main", element("h1", title), *body, id="content", class_="narrow")
    return document(title, host, header, main)


def _header(visit: Visit, host: str) -> Markup:
    here = visit.path.split("/")[1]
    places = [
        element(
            "li",
            element("a", name, href=f"/{path}", aria_current="page" if path == here else None),
        )
        for name, path in PLACES
    ]
    leave = element(
        "form",
        hidden("token", visit.token),
        element("span", visit.account.name, class_="who"),
        button("Log out", kind="quiet"),
        method="post",
        action="/logout",
        class_="leave",
    )
    return element(
        "header",
        element("p", link(host), element("small", f"netsuite {__version__}"), class_="brand"),
        element("nav", element("ul", *places), aria_label="Pages"),
        leave,
    )


def notices(visit: Visit) -> Content:
    """Return what is said of what was sent, or has been done."""
    if visit.problem:
        return element("p", visit.problem, class_="problem", role="alert")
    sentence = SENTENCES.get(visit.asked("done"))
    if sentence is None:
        return None
    said = sentence.format(count=f"{visit.asked_number('count'):,}")
    return element("p", said, class_="done", role="status")


# -- what is read --------------------------------------------------------------------------------


def section(title: str, *contents: Content) -> Markup:
    """Return a part of a page with a heading of its own."""
    return element("section", element("h2", title), *contents)


def table(
    headings: Sequence[str], rows: Iterable[Sequence[Content]], *, empty: str, numbers: str = ""
) -> Markup:
    """Return a table; each cell has its heading with it, for narrow screens.

    Args:
        empty: what is said where there is no row.
        numbers: the headings of columns that are numbers, with spaces between.
    """
    aligned = {heading: "n" for heading in headings if heading in numbers.split()}
    written = [
        element(
            "tr",
            *(
                element("td", cell, data_label=heading or None, class_=aligned.get(heading))
                for heading, cell in zip(headings, row, strict=True)
            ),
        )
        for row in rows
    ]
    if not written:
        return element("p", empty, class_="empty")
    head = [
        element("th", each, scope="col", class_=aligned.get(each)) if each else element("td")
        for each in headings
    ]
    inside = element("table", element("thead", element("tr", *head)), element("tbody", *written))
    return element("div", inside, class_="table")


def facts(pairs: Iterable[tuple[str, Content]]) -> Markup:
    """Return names and what they stand for."""
    return element(
        "dl", *(element("div", element("dt", name), element("dd", said)) for name, said in pairs)
    )


def badge(text: str, kind: str) -> Markup:
    """Return a word that stands out: *kind* is ``good``, ``bad``, ``late`` or ``plain``."""
    return element("span", text, class_=f"badge {kind}")


def when(moment: datetime | None, none: str = "never") -> Content:
    """Return a moment, to the minute."""
    if moment is None:
        return none
    said = moment.astimezone(UTC)
    return element("time", f"{said:%Y-%m-%d %H:%M} UTC", datetime=f"{said:%Y-%m-%dT%H:%M:%SZ}")


def clock(seconds: float) -> Content:
    """Return a moment given in seconds since 1970."""
    return when(datetime.fromtimestamp(seconds, UTC))


def more(label: str, here: str, **query: str | int) -> Markup:
    """Return a link to the next page of a list."""
    return element("p", link(label, here, **query), class_="more")


# -- what is sent --------------------------------------------------------------------------------


def form(
    visit: Visit,
    *contents: Content,
    to: str = "",
    action: str = "",
    row: bool = False,
    **more: str,
) -> Markup:
    """Return a form that only our own pages can send.

    Args:
        to: the path that it is sent to; empty: of the page it is on.
        action: which of the page's actions it is for; empty where its buttons say.
        row: whether all of it stands side by side.
        more: further fields that are not seen.
    """
    return element(
        "form",
        hidden("token", visit.token),
        hidden("action", action) if action else None,
        *(hidden(name, value) for name, value in more.items()),
        *contents,
        method="post",
        action=to or visit.path,
        class_="row" if row else None,
    )


def hidden(name: str, value: str) -> Markup:
    """Return a field that is not seen."""
    return element("input", type="hidden", name=name, value=value)


def field(
    label: str, name: str, value: str = "", *, hint: str = "", **attributes: Attribute
) -> Markup:
    """Return a field with its label. A password's is never filled."""
    hinted = f"{name}-hint" if hint else None
    return element(
        "p",
        element("label", label, for_=f"field-{name}"),
        element(
            "input",
            id=f"field-{name}",
            name=name,
            value=value or None,
            aria_describedby=hinted,
            **{"type": "text", "autocomplete": "off", "spellcheck": "false", **attributes},
        ),
        element("small", hint, id=hinted) if hint else None,
        class_="field",
    )


def choices(legend: str, name: str, names: Sequence[str], chosen: Iterable[str]) -> Markup:
    """Return boxes of which any number may be ticked."""
    ticked = set(chosen)
    boxes = [
        element(
            "label",
            element("input", type="checkbox", name=name, value=each, checked=each in ticked),
            each,
        )
        for each in names
    ]
    return element("fieldset", element("legend", legend), *boxes)


def tick(label: str, name: str, value: str, *, checked: bool = False, seen: bool = True) -> Markup:
    """Return a box to tick; its label is said only, where it is not to be seen."""
    box = element("input", type="checkbox", name=name, value=value, checked=checked)
    return element("label", box, element("span", label, class_=None if seen else "said"))


def button(label: str, action: str = "", kind: str = "") -> Markup:
    """Return a button that sends its form: *kind* is ``quiet``, ``bad`` or empty."""
    return element(
        "button",
        label,
        type="submit",
        name="action" if action else None,
        value=action or None,
        class_=kind or None,
    )


def search(here: str, label: str, value: str, name: str = "find") -> Markup:
    """Return a form that looks for something in the list of this page."""
    return element(
        "form",
        field(label, name, value, type="search"),
        button("Find", kind="quiet"),
        element("a", "Show all", href=url(here)) if value else None,
        method="get",
        action=url(here),
        role="search",
        class_="row",
    )


def sure(visit: Visit, question: Unsure) -> Page:
    """Return the page that asks whether what was sent is meant."""
    sent = [
        hidden(name, value)
        for name, values in visit.form.items()
        if name not in ("token", "sure")
        for value in values
    ]
    body = element(
        "form",
        hidden("token", visit.token),
        hidden("sure", "yes"),
        *sent,
        element("p", str(question)),
        element(
            "p",
            button(question.label, kind="bad"),
            " ",
            element("a", "No, go back", href=visit.path),
            class_="buttons",
        ),
        method="post",
        action=visit.path,
    )
    return Page("Are you sure?", markup(body))
