"""One account: its state, password, quota, groups, aliases, app passwords, sessions and logins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from netsuite.accounts.mail import ADMIN_GROUP
from netsuite.accounts.naming import alias_name_problem
from netsuite.console.access import SERVICE
from netsuite.console.answers import sessions
from netsuite.console.layout import (
    badge,
    button,
    choices,
    facts,
    field,
    form,
    section,
    table,
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
from netsuite.console.pages.logins import login_table
from netsuite.console.pages.sessions import session_table
from netsuite.console.visit import (
    Done,
    Page,
    Route,
    Unfit,
    Visit,
    account_named,
    number,
    one_of,
)
from netsuite.sasl.prepare import Unpreparable
from netsuite.store.errors import AccountExists
from netsuite.store.model import Account, AccountState, Verifiers

#: In MiB; more than there are disks for, and its octets still fit the database.
LARGEST_QUOTA: Final = 1 << 40
#: In characters.
LONGEST_NAME: Final = 200
_MIB: Final = 1024 * 1024
#: What an account logs in to.
SERVICES: Final = (
    "submission", "imap", "pop3", "managesieve", "nntp", "ftp", "http", "telnet", "gopher",
    SERVICE,
)  # fmt: skip
#: The newest logins that are shown, and sessions.
_ROWS: Final = 20
#: Aliases that are shown.
MOST_ALIASES: Final = 200


# -- what forms of accounts have in common -------------------------------------------------------


async def new_verifiers(visit: Visit) -> Verifiers:
    """Return what is kept of a password that was sent twice. Raises Unfit."""
    password = visit.secret("password")
    if not password:
        raise Unfit("A password cannot be empty.")
    if password != visit.secret("again"):
        raise Unfit("The two passwords are not the same.")
    cram_md5 = visit.site.settings.accounts.cram_md5
    try:
        return await visit.site.hashing.make_verifiers(password, cram_md5=cram_md5)
    except Unpreparable as error:
        raise Unfit(f"That cannot be a password: {error}.") from None


def quota_sent(visit: Visit) -> int | None:
    """Return the quota that was sent, in octets; None for no limit. Raises Unfit."""
    text = visit.sent("quota").replace(",", "")
    if not text:
        return None
    mib = number(text)
    if mib is None or mib > LARGEST_QUOTA:
        raise Unfit("A quota is a number of MiB, or empty for no limit.")
    return mib * _MIB


def groups_sent(visit: Visit) -> frozenset[str]:
    """Return the groups that were sent. Raises Unfit."""
    found = frozenset(visit.sent("groups").replace(",", " ").split())
    if not all(each.isprintable() for each in found):
        raise Unfit("A group has a name that can be read.")
    return found


def display_name_sent(visit: Visit) -> str:
    """Return the name that people read, in one line. Raises Unfit."""
    found = " ".join(visit.sent("display_name").split())
    if not found.isprintable() or len(found) > LONGEST_NAME:
        raise Unfit(f"A name is a line of at most {LONGEST_NAME} characters that can be read.")
    return found


# -- the page ------------------------------------------------------------------------------------


async def show(visit: Visit) -> Page:
    """Show all that there is of one account."""
    account = await account_named(visit, visit.names["name"])
    store = visit.site.store
    usage = await store.mail.usage(account.id)
    verifiers = await store.accounts.verifiers(account.id)
    active = account.state is AccountState.ACTIVE
    body = markup(
        facts(
            [
                ("State", badge(account.state.value, "good" if active else "bad")),
                ("Mail", f"{counted(usage.messages, 'message')}, {size(usage.octets)}"),
                ("Password", "has one" if verifiers is not None else "none of its own here"),
            ]
        ),
        form(
            visit,
            button("Disable", "disable", "bad") if active else button("Enable", "enable"),
        ),
        section("Settings", _settings(visit, account)),
        section("Password", _password(visit, account)),
        section("Aliases", *await _aliases(visit, account)),
        section("App passwords", await _app_passwords(visit, account)),
        section("Sessions", *await _sessions(visit, account)),
        section("Newest logins", login_table(await store.accounts.logins(account.name, _ROWS))),
    )
    return Page(account.name, body)


def _settings(visit: Visit, account: Account) -> Content:
    sent = visit.sent("action") == "settings"
    quota = "" if account.quota_octets is None else str(account.quota_octets // _MIB)
    allowed = SERVICES if account.protocols is None else account.protocols
    return form(
        visit,
        field(
            "Name that people read", "display_name",
            visit.sent("display_name") if sent else account.display_name,
        ),
        field(
            "Quota in MiB", "quota", visit.sent("quota") if sent else quota, inputmode="numeric",
            hint="How much mail it may keep; empty for no limit.",
        ),
        field(
            "Groups", "groups",
            visit.sent("groups") if sent else " ".join(sorted(account.groups)),
            hint="With spaces between. Members of admin may use this console.",
        ),
        choices("Services it may use", "services", SERVICES, allowed),
        button("Save"),
        action="settings",
    )  # fmt: skip


def _password(visit: Visit, account: Account) -> Content:
    return form(
        visit,
        # Not seen, nor sent: by it a browser that keeps passwords knows whose this is.
        element(
            "input", type="text", value=account.name, autocomplete="username", readonly=True,
            hidden=True,
        ),
        field(
            "New password", "password", type="password", autocomplete="new-password", required=True
        ),
        field(
            "The new password again", "again", type="password", autocomplete="new-password",
            required=True,
        ),
        button("Change the password"),
        action="password",
    )  # fmt: skip


async def _aliases(visit: Visit, account: Account) -> Sequence[Content]:
    aliases = await visit.site.store.accounts.aliases(target=account.name, limit=MOST_ALIASES)
    rows = [
        (
            alias,
            ", ".join(targets),
            form(visit, button("Remove", kind="quiet"), action="drop-alias", alias=alias)
            if len(targets) == 1
            else link("Change", "aliases", find=alias),
        )
        for alias, targets in aliases.items()
    ]
    return (
        table(("Alias", "Stands for", ""), rows, empty="None stands for this account."),
        form(
            visit,
            field("New alias", "alias", autocapitalize="none", required=True),
            button("Add"),
            action="alias",
            row=True,
        ),
    )


async def _app_passwords(visit: Visit, account: Account) -> Content:
    found = await visit.site.store.accounts.app_passwords(account.id)
    return table(
        ("For", "Services", "Made", "Last used", ""),
        [
            (
                foreign(each.label),
                "all" if each.protocols is None else ", ".join(sorted(each.protocols)),
                when(each.created),
                when(each.last_used),
                form(visit, button("Revoke", kind="quiet"), action="revoke", id=str(each.id)),
            )
            for each in found
        ],
        empty="It has none.",
    )


async def _sessions(visit: Visit, account: Account) -> Sequence[Content]:
    found = await sessions(visit.site.bus, account=account.name)
    if not found:
        return (element("p", "There are none.", class_="empty"),)
    return (
        session_table(visit, found[:_ROWS]),
        form(
            visit,
            button(f"End all {count(len(found))}", kind="bad"),
            to="/sessions",
            action="account",
            whom=account.name,
        ),
    )


# -- what can be done ----------------------------------------------------------------------------


def _done(account: Account, said: str, deed: str) -> Done:
    return Done(url("accounts", account.name), said, deed, account.name)


async def _disable(visit: Visit) -> Done:
    account = await account_named(visit, visit.names["name"])
    if account.id == visit.account.id:
        raise Unfit("This is your own account: another administrator may disable it.")
    await visit.site.store.accounts.update_account(account.id, state=AccountState.DISABLED)
    return _done(account, "disabled", f"disabled {account.name}")


async def _enable(visit: Visit) -> Done:
    account = await account_named(visit, visit.names["name"])
    await visit.site.store.accounts.update_account(account.id, state=AccountState.ACTIVE)
    return _done(account, "enabled", f"enabled {account.name}")


async def _save(visit: Visit) -> Done:
    account = await account_named(visit, visit.names["name"])
    quota, groups, display_name = quota_sent(visit), groups_sent(visit), display_name_sent(visit)
    chosen = [each for each in visit.sent_all("services") if each in SERVICES]
    if not chosen:
        raise Unfit("Leave it one service at least; to shut it out, disable it.")
    protocols = None if len(chosen) == len(SERVICES) else frozenset(chosen)
    if account.id == visit.account.id and (ADMIN_GROUP not in groups or SERVICE not in chosen):
        raise Unfit("This is your own account: you would lock yourself out of this console.")
    await visit.site.store.accounts.update_account(
        account.id,
        display_name=display_name,
        quota_octets=quota,
        groups=groups,
        protocols=protocols,
    )
    deed = (
        f"changed {account.name}: groups {' '.join(sorted(groups)) or 'none'}, services "
        f"{' '.join(chosen)}, quota {'none' if quota is None else f'{quota:,} octets'}"
    )
    return _done(account, "saved", deed)


async def _change_password(visit: Visit) -> Done:
    account = await account_named(visit, visit.names["name"])
    verifiers = await new_verifiers(visit)
    await visit.site.store.accounts.set_verifiers(account.id, verifiers)
    return _done(account, "password", f"changed the password of {account.name}")


async def _add_alias(visit: Visit) -> Done:
    account = await account_named(visit, visit.names["name"])
    alias = visit.sent("alias").lower()
    problem = alias_name_problem(alias)
    if problem is not None:
        raise Unfit(f"That cannot be an alias: {problem}.")
    accounts = visit.site.store.accounts
    targets = await accounts.alias(alias)
    if account.name not in map(str.lower, targets):
        try:
            await accounts.set_alias(alias, [*targets, account.name])
        except AccountExists:
            raise Unfit(f"There is an account {alias}.") from None
    return _done(account, "saved", f"had the alias {alias} stand for {account.name}")


async def _drop_alias(visit: Visit) -> Done:
    account = await account_named(visit, visit.names["name"])
    alias = visit.sent("alias").lower()
    accounts = visit.site.store.accounts
    targets = await accounts.alias(alias)
    others = [each for each in targets if each.lower() != account.name]
    if len(others) == len(targets):
        raise Unfit(f"{alias} does not stand for {account.name}.")
    await accounts.set_alias(alias, others)
    return _done(account, "saved", f"had the alias {alias} stand for {account.name} no more")


async def _revoke(visit: Visit) -> Done:
    account = await account_named(visit, visit.names["name"])
    accounts = visit.site.store.accounts
    wanted = number(visit.sent("id"))
    found = [each for each in await accounts.app_passwords(account.id) if each.id == wanted]
    if not found:
        raise Unfit("There is no such app password.")
    await accounts.remove_app_password(account.id, found[0].id)
    deed = f"revoked the app password {found[0].label!r} of {account.name}"
    return _done(account, "revoked", deed)


ROUTES: Final = (
    Route(
        "/accounts/{name}",
        show,
        one_of(
            {
                "disable": _disable,
                "enable": _enable,
                "settings": _save,
                "password": _change_password,
                "alias": _add_alias,
                "drop-alias": _drop_alias,
                "revoke": _revoke,
            }
        ),
    ),
)
