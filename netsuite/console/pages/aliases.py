"""The aliases: names that stand for accounts, for other aliases, or for addresses elsewhere."""

from __future__ import annotations

from typing import Final

from netsuite.accounts.naming import alias_name_problem, alias_target_problem
from netsuite.accounts.resolver import same_domain
from netsuite.console.layout import button, field, form, more, search, section, table
from netsuite.console.markup import count, element, markup
from netsuite.console.visit import Done, Page, Route, Unfit, Visit, one_of
from netsuite.store.errors import AccountExists

#: Aliases on one page.
ROWS: Final = 100


async def show(visit: Visit) -> Page:
    """Show a page of the aliases, or of those that are looked for."""
    text = visit.asked("find").strip().lower()
    found = [
        (alias, targets)
        for alias, targets in sorted((await visit.site.store.accounts.aliases()).items())
        if text in alias or any(text in each.lower() for each in targets)
    ]
    start = visit.asked_number("start")
    sent = visit.sent("action") == "set"
    body = markup(
        search("aliases", "A part of an alias, or of what it stands for", text),
        element("p", f"{count(len(found))} alias{'' if len(found) == 1 else 'es'}"),
        table(
            ("Alias", "Stands for", ""),
            [
                (
                    alias,
                    ", ".join(targets),
                    form(visit, button("Remove", kind="quiet"), action="remove", alias=alias),
                )
                for alias, targets in found[start : start + ROWS]
            ],
            empty="There is none.",
        ),
        more("Further aliases", "aliases", start=start + ROWS, find=text)
        if start + ROWS < len(found)
        else None,
        section(
            "Make or change one",
            form(
                visit,
                field(
                    "Alias", "alias", visit.sent("alias") if sent else "", required=True,
                    autocapitalize="none",
                    hint="As info, info@example.org, or @example.org for all that is left.",
                ),
                field(
                    "Stands for", "targets", visit.sent("targets") if sent else "", required=True,
                    hint="Accounts, aliases or addresses, with spaces between; in place of what "
                    "it stood for.",
                ),
                button("Save"),
                action="set",
            ),
        ),
    )  # fmt: skip
    return Page("Aliases", body)


async def _set(visit: Visit) -> Done:
    alias, targets = visit.sent("alias").lower(), visit.sent("targets").replace(",", " ").split()
    problem = alias_name_problem(alias)
    if problem is not None:
        raise Unfit(f"That cannot be an alias: {problem}.")
    if not targets:
        raise Unfit("Say what it stands for.")
    site = visit.site
    accounts = site.store.accounts
    known = {*await accounts.aliases(), *(each.name for each in await accounts.accounts())}
    for target in targets:
        problem = alias_target_problem(
            target.lower(),
            known,
            lambda domain: same_domain(domain) in site.resolver.domains,
            site.settings.delivery.enabled,
        )
        if problem is not None:
            raise Unfit(f"{problem}.")
    try:
        await accounts.set_alias(alias, targets)
    except AccountExists:
        raise Unfit(f"There is an account {alias}.") from None
    return Done("/aliases", "saved", f"had the alias {alias} stand for {' '.join(targets)}")


async def _remove(visit: Visit) -> Done:
    alias = visit.sent("alias").lower()
    if alias not in await visit.site.store.accounts.aliases():
        raise Unfit("There is no such alias.")
    visit.insist(f"Remove the alias {alias}?", "Remove it")
    await visit.site.store.accounts.set_alias(alias, ())
    return Done("/aliases", "removed", f"removed the alias {alias}")


ROUTES: Final = (Route("/aliases", show, one_of({"set": _set, "remove": _remove})),)
