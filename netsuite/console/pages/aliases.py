"""The aliases: names that stand for accounts, for other aliases, or for addresses elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from netsuite.accounts.naming import alias_name_problem, alias_target_problem
from netsuite.accounts.resolver import same_domain
from netsuite.console.layout import button, field, form, more, search, section, table
from netsuite.console.markup import markup
from netsuite.console.visit import Done, NotThere, Page, Route, Unfit, Visit, account_named, one_of
from netsuite.store.errors import AccountExists

#: Aliases on one page.
ROWS: Final = 100


async def show(visit: Visit) -> Page:
    """Show a page of the aliases, or of those that are looked for."""
    text = visit.asked("find").strip()
    found = await visit.site.store.accounts.aliases(
        containing=text, after=visit.asked("after"), limit=ROWS + 1
    )
    shown = list(found.items())[:ROWS]
    sent = visit.sent("action") == "set"
    body = markup(
        search("aliases", "A part of an alias, or of what it stands for", text),
        table(
            ("Alias", "Stands for", ""),
            [
                (
                    alias,
                    ", ".join(targets),
                    form(visit, button("Remove", kind="quiet"), action="remove", alias=alias),
                )
                for alias, targets in shown
            ],
            empty="There is none.",
        ),
        more("Further aliases", "aliases", after=shown[-1][0], find=text)
        if len(found) > ROWS
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
    for target in targets:
        problem = alias_target_problem(
            target.lower(),
            await _known(visit, target.lower()),
            lambda domain: same_domain(domain) in visit.site.resolver.domains,
            visit.site.settings.delivery.enabled,
        )
        if problem is not None:
            raise Unfit(f"{problem}.")
    accounts = visit.site.store.accounts
    try:
        await accounts.set_alias(alias, targets)
    except AccountExists:
        raise Unfit(f"There is an account {alias}.") from None
    return Done("/aliases", "saved", f"had the alias {alias} stand for {' '.join(targets)}")


async def _known(visit: Visit, target: str) -> Sequence[str]:
    """Return the names of accounts and aliases that a target could be."""
    names = dict.fromkeys((target, target.rpartition("@")[0]))
    found = []
    for name in filter(None, names):
        if await visit.site.store.accounts.alias(name):
            found.append(name)
            continue
        with suppress(NotThere):
            found.append((await account_named(visit, name)).name)
    return found


async def _remove(visit: Visit) -> Done:
    alias = visit.sent("alias").lower()
    if not await visit.site.store.accounts.alias(alias):
        raise Unfit("There is no such alias.")
    visit.insist(f"Remove the alias {alias}?", "Remove it")
    await visit.site.store.accounts.set_alias(alias, ())
    return Done("/aliases", "removed", f"removed the alias {alias}")


ROUTES: Final = (Route("/aliases", show, one_of({"set": _set, "remove": _remove})),)
