"""The list of accounts, and how one is made."""

from __future__ import annotations

from typing import Final

from netsuite.accounts.naming import account_name_problem
from netsuite.console.layout import badge, button, field, form, more, search, table
from netsuite.console.markup import Content, count, element, foreign, link, markup, size, url
from netsuite.console.pages.account import (
    display_name_sent,
    groups_sent,
    new_verifiers,
    quota_sent,
)
from netsuite.console.visit import Done, Page, Route, Unfit, Visit
from netsuite.store.errors import AccountExists
from netsuite.store.folder_names import STANDARD_FOLDERS
from netsuite.store.model import Account, AccountState

#: Accounts on one page.
ROWS: Final = 50


async def show(visit: Visit) -> Page:
    """Show a page of the accounts, or of those that are looked for."""
    found = visit.asked("find").strip()
    accounts = await visit.site.store.accounts.accounts(
        containing=found, after=visit.asked("after"), limit=ROWS + 1
    )
    shown = accounts[:ROWS]
    rows = [await _row(visit, each) for each in shown]
    body = markup(
        element("p", element("a", "New account", href="/new-account", class_="button")),
        search("accounts", "A part of the name", found),
        table(
            ("Name", "", "State", "Messages", "Used", "Quota", "Groups"),
            rows,
            empty="There is none.",
            numbers="Messages Used Quota",
        ),
        more("Further accounts", "accounts", after=shown[-1].name, find=found)
        if len(accounts) > ROWS
        else None,
    )
    return Page("Accounts", body)


async def _row(visit: Visit, account: Account) -> tuple[Content, ...]:
    usage = await visit.site.store.mail.usage(account.id)
    quota = usage.quota_octets
    return (
        link(account.name, "accounts", account.name),
        foreign(account.display_name),
        state_badge(account),
        count(usage.messages),
        size(usage.octets),
        size(quota) if quota is not None else "none",
        ", ".join(sorted(account.groups)) or "-",
    )


def state_badge(account: Account) -> Content:
    """Return whether an account can be used."""
    good = account.state is AccountState.ACTIVE
    return badge(account.state.value, "good" if good else "bad")


async def show_new(visit: Visit) -> Page:
    """Show the form for a new account, with what was sent of it."""
    body = form(
        visit,
        field(
            "Name", "name", visit.sent("name"), required=True, autocapitalize="none", maxlength=64,
            hint="What one logs in with, and what stands before the @ of its address.",
        ),
        field("Name that people read", "display_name", visit.sent("display_name")),
        field("Password", "password", type="password", autocomplete="new-password", required=True),
        field(
            "The password again", "again", type="password", autocomplete="new-password",
            required=True,
        ),
        field(
            "Quota in MiB", "quota", visit.sent("quota"), inputmode="numeric",
            hint="How much mail it may keep; empty for no limit.",
        ),
        field(
            "Groups", "groups", visit.sent("groups"),
            hint="With spaces between. Members of admin may use this console and change public "
            "folders; those of proxy may act as other accounts.",
        ),
        element("p", button("Make the account"), " ", link("Back", "accounts"), class_="buttons"),
    )  # fmt: skip
    return Page("New account", body)


async def make(visit: Visit) -> Done:
    """Make an account with the folders that every one has."""
    name = visit.sent("name").lower()
    problem = account_name_problem(name)
    if problem is not None:
        raise Unfit(f"That cannot be an account's name: {problem}.")
    quota, groups, display_name = quota_sent(visit), groups_sent(visit), display_name_sent(visit)
    verifiers = await new_verifiers(visit)
    accounts = visit.site.store.accounts
    try:
        made = await accounts.add_account(
            name, verifiers, display_name=display_name, folders=STANDARD_FOLDERS
        )
    except AccountExists:
        raise Unfit(f"There is an account or an alias {name} already.") from None
    if quota is not None or groups:
        await accounts.update_account(made.id, quota_octets=quota, groups=groups)
    return Done(url("accounts", name), "made", f"made the account {name}", name)


ROUTES: Final = (Route("/accounts", show), Route("/new-account", show_new, make))
