"""The newsgroups: how one is made, and what is in it taken out again."""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from netsuite.accounts.interfaces import Newsgroup
from netsuite.console.layout import (
    button,
    facts,
    field,
    form,
    more,
    search,
    section,
    table,
    tick,
    when,
)
from netsuite.console.markup import (
    Content,
    count,
    counted,
    element,
    foreign,
    link,
    markup,
    size,
    url,
)
from netsuite.console.visit import (
    Done,
    NotThere,
    Page,
    Route,
    Unfit,
    Visit,
    account_named,
    number,
    one_of,
)
from netsuite.message.news import newsgroup_name_problem
from netsuite.message.reading import author
from netsuite.store.errors import BadFolderName, FolderExists, NoSuchFolder
from netsuite.store.model import Described, FolderKind

#: Groups on one page, and articles.
ROWS: Final = 50


async def show(visit: Visit) -> Page:
    """Show a page of the newsgroups, or of those that are looked for."""
    text = visit.asked("find").strip().lower()
    found = [
        each
        for each in await visit.site.newsroom.groups()
        if text in each.name.lower() or text in each.description.lower()
    ]
    start = visit.asked_number("start")
    body = markup(
        search("groups", "A part of the name or of the description", text),
        element("p", counted(len(found), "newsgroup")),
        table(
            ("Name", "Articles", "Posting", "Description"),
            [
                (
                    link(each.name, "groups", each.name),
                    count(each.count),
                    _posting(each),
                    foreign(each.description),
                )
                for each in found[start : start + ROWS]
            ],
            empty="There is none.",
            numbers="Articles",
        ),
        more("Further newsgroups", "groups", start=start + ROWS, find=text)
        if start + ROWS < len(found)
        else None,
        section("Make one", _new(visit)),
    )
    return Page("Newsgroups", body)


def _posting(group: Newsgroup) -> str:
    if not group.postable:
        return "no"
    return f"by {group.moderator}" if group.moderator else "yes"


def _new(visit: Visit) -> Content:
    return form(
        visit,
        field(
            "Name", "name", visit.sent("name"), required=True, autocapitalize="none",
            hint="Words with dots between, such as comp.lang.python.",
        ),
        field("Description", "description", visit.sent("description"), hint="One line."),
        field(
            "Moderator", "moderator", visit.sent("moderator"), autocapitalize="none",
            hint="The account whose articles, with Approved, are taken; empty: all may post.",
        ),
        tick(
            "Nobody may post by NNTP", "read_only", "yes", checked=visit.sent("read_only") == "yes"
        ),
        button("Make the newsgroup"),
    )  # fmt: skip


async def make(visit: Visit) -> Done:
    """Make a newsgroup."""
    name, moderator = visit.sent("name"), visit.sent("moderator").lower()
    problem = newsgroup_name_problem(name)
    if problem is not None:
        raise Unfit(f"{problem}.")
    try:
        chosen = (await account_named(visit, moderator)).name if moderator else None
        made = await visit.site.store.mail.create_folder(
            None,
            name,
            kind=FolderKind.GROUP,
            description=" ".join(visit.sent("description").split()),
            postable=visit.sent("read_only") != "yes",
            moderator=chosen,
        )
    except NotThere:
        raise Unfit(f"There is no account {moderator}.") from None
    except (FolderExists, BadFolderName):
        raise Unfit(f"{name} is there already, or a folder of that name.") from None
    return Done(url("groups", made.name), "made", f"made the newsgroup {made.name}")


async def _group(visit: Visit) -> Newsgroup:
    try:
        return await visit.site.newsroom.group(visit.names["name"])
    except NoSuchFolder:
        raise NotThere from None


async def show_group(visit: Visit) -> Page:
    """Show one newsgroup, its newest articles first."""
    group = await _group(visit)
    newsroom = visit.site.newsroom
    numbers = await newsroom.numbers(group)
    end = bisect_left(numbers, visit.asked_number("before") or group.high + 1)
    shown = numbers[max(end - ROWS, 0) : end]
    articles = await newsroom.described(group.id, shown)
    body = markup(
        facts(
            [
                ("Articles", count(group.count)),
                ("Posting", _posting(group)),
                ("Description", foreign(group.description or "-")),
            ]
        ),
        form(
            visit,
            table(
                ("", "Number", "Subject", "By", "Came", "Size"),
                [_article(each) for each in reversed(articles)],
                empty="It has no article.",
                numbers="Number Size",
            ),
            button("Remove those ticked", "expunge", "bad") if articles else None,
        ),
        element(
            "p",
            link("Older articles", "groups", group.name, before=shown[0]),
            class_="more",
        )
        if end > ROWS
        else None,
        section("The newsgroup", form(visit, button("Remove it", "remove", "bad"))),
    )
    return Page(group.name, body)


def _article(described: Described) -> tuple[Content, ...]:
    message, summary = described.message, described.summary
    return (
        tick(f"Article {message.uid}", "article", str(message.uid), seen=False),
        message.uid,
        foreign(summary.subject or "-"),
        foreign(author(summary) or "-"),
        when(message.internal_date),
        size(message.octets),
    )


async def _expunge(visit: Visit) -> Done:
    group = await _group(visit)
    numbers = [found for each in visit.sent_all("article") if (found := number(each))]
    if not numbers:
        raise Unfit("Tick the articles that are meant.")
    visit.insist(f"Remove {counted(len(numbers), 'article')} from {group.name}?", "Remove them")
    gone = await visit.site.store.mail.expunge(group.id, sorted(numbers), deleted_only=False)
    deed = f"removed of {group.name} the articles {' '.join(map(str, gone)) or 'none'}"
    return Done(url("groups", group.name), "removed", deed)


async def _remove(visit: Visit) -> Done:
    group = await _group(visit)
    visit.insist(f"Remove {group.name} with {counted(group.count, 'article')}?", "Remove it")
    await visit.site.store.mail.delete_folder(group.id)
    return Done("/groups", "removed", f"removed the newsgroup {group.name}")


ROUTES: Final = (
    Route("/groups", show, make),
    Route("/groups/{name}", show_group, one_of({"expunge": _expunge, "remove": _remove})),
)
