"""``netsuite account``: add, list, passwd, disable, enable, remove, app passwords, logins."""

from __future__ import annotations

import sys
import time

import click

from netsuite.accounts.naming import account_name_problem
from netsuite.cli.client.problems import printable
from netsuite.cli.commands import Subcommands
from netsuite.cli.context import Home, columns, done, json_option, pass_home
from netsuite.store.file_usage import FileUsage
from netsuite.store.interfaces import Store
from netsuite.store.model import AccountState, Verifiers

_ONE_LINE_OCTETS = 4096
#: In MiB; more than there are disks for, and its octets still fit the database.
_LARGEST_QUOTA = 1 << 40
#: What an account logs in to; other hosts' mail comes without a login.
#: A test holds them against the settings, whose import `--help` does not wait for.
_LOGIN_SERVICES = (
    "submission", "imap", "pop3", "managesieve", "nntp", "ftp", "http", "telnet", "gopher",
    "console",
)  # fmt: skip


@click.group(cls=Subcommands)
def account() -> None:
    """Accounts: who may log in and receive mail."""


_password_options = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input."
)


def read_password(*, from_stdin: bool) -> str:
    """Ask for a password twice, or read one line of standard input."""
    if from_stdin:
        password = sys.stdin.readline(_ONE_LINE_OCTETS).rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    if not password:
        raise click.ClickException("the password is empty")
    return password


def _verifiers(home: Home, password: str) -> Verifiers:
    from netsuite.accounts.passwords import make_verifiers
    from netsuite.cli.settings import read_settings
    from netsuite.sasl.prepare import Unpreparable

    try:
        return make_verifiers(
            password, cram_md5=read_settings(home.config_path, home.overrides).accounts.cram_md5
        )
    except Unpreparable as error:
        raise click.ClickException(f"this cannot be a password: {error}") from None


@account.command("add")
@click.argument("name")
@click.option("--display-name", default="", help="The name people read.")
@click.option(
    "--quota", type=click.IntRange(0, _LARGEST_QUOTA), metavar="MIB", help="How much mail it keeps."
)
@click.option(
    "--file-quota",
    type=click.IntRange(0, _LARGEST_QUOTA),
    metavar="MIB",
    help="How much its files may take.",
)
@_password_options
@pass_home
def add(
    home: Home,
    name: str,
    display_name: str,
    quota: int | None,
    file_quota: int | None,
    *,
    password_stdin: bool,
) -> None:
    """Make an account with INBOX, Drafts, Sent, Junk, Trash and Archive."""
    from netsuite.store.folder_names import STANDARD_FOLDERS

    if problem := account_name_problem(name.lower()):
        raise click.ClickException(f"{name!r} cannot be an account: {problem}")
    verifiers = _verifiers(home, read_password(from_stdin=password_stdin))

    async def work(store: Store) -> None:
        made = await store.accounts.add_account(
            name.lower(), verifiers, display_name=display_name, folders=STANDARD_FOLDERS
        )
        if quota is not None or file_quota is not None:
            await store.accounts.update_account(
                made.id, quota_octets=_octets(quota), quota_file_octets=_octets(file_quota)
            )
        await done(store, f"added {made.name}", made.name)

    home.with_store(work, make=True)


def _octets(mib: int | None) -> int | None:
    """Return a quota in octets; None for no limit."""
    return None if mib is None or mib < 0 else mib * 1024 * 1024


@account.command("list")
@json_option
@pass_home
def list_accounts(home: Home) -> None:
    """List the accounts with what they use."""

    async def work(store: Store) -> None:
        rows = []
        for each in await store.accounts.accounts():
            usage = await store.mail.usage(each.id)
            files = await store.file_usage.usage(each.id)
            rows.append(
                (
                    each.name,
                    each.state.value,
                    usage.messages,
                    usage.octets,
                    usage.quota_octets,
                    *_file_columns(files),
                    ",".join(sorted(each.protocols)) if each.protocols is not None else "all",
                    each.display_name,
                )
            )
        names = ("NAME", "STATE", "MESSAGES", "OCTETS", "QUOTA", "FILES", "FILE QUOTA")
        columns((*names, "SERVICES", ""), rows, last="display-name")

    home.with_store(work)


def _file_columns(usage: FileUsage) -> tuple[str, str]:
    """Return what an account has of files and what it may have, in octets and in number; it is
    counted only where there is a quota."""
    limits = (usage.quota_octets, usage.quota_files)
    quota = "/".join("-" if limit is None else f"{limit:,}" for limit in limits)
    if not usage.has_quota:
        quota = "-"
    if usage.used is None:
        return "-", quota
    return f"{usage.used.octets:,}/{usage.used.files:,}", quota


@account.command("passwd")
@click.argument("name")
@_password_options
@pass_home
def passwd(home: Home, name: str, *, password_stdin: bool) -> None:
    """Change an account's password."""
    home.insist_on_store()  # before anybody is asked
    verifiers = _verifiers(home, read_password(from_stdin=password_stdin))

    async def work(store: Store) -> None:
        found = await store.accounts.account(name.lower())
        await store.accounts.set_verifiers(found.id, verifiers)
        await done(store, f"changed the password of {found.name}", found.name)

    home.with_store(work)


def _set_state(home: Home, name: str, state: AccountState) -> None:
    async def work(store: Store) -> None:
        found = await store.accounts.account(name.lower())
        await store.accounts.update_account(found.id, state=state)
        await done(store, f"{found.name} is now {state.value}", found.name)

    home.with_store(work)


@account.command("disable")
@click.argument("name")
@pass_home
def disable(home: Home, name: str) -> None:
    """Let nobody log in as the account; its mail is kept, and new mail is put off."""
    _set_state(home, name, AccountState.DISABLED)


@account.command("enable")
@click.argument("name")
@pass_home
def enable(home: Home, name: str) -> None:
    """Let the account be used again."""
    _set_state(home, name, AccountState.ACTIVE)


@account.command("quota")
@click.argument("name")
@click.argument("mib", type=click.IntRange(-_LARGEST_QUOTA, _LARGEST_QUOTA))
@pass_home
def quota_command(home: Home, name: str, mib: int) -> None:
    """Limit how much mail an account may keep, in MiB; a negative number for no limit."""

    async def work(store: Store) -> None:
        found = await store.accounts.account(name.lower())
        octets = _octets(mib)
        await store.accounts.update_account(found.id, quota_octets=octets)
        limit = f"{octets:,} octets" if octets is not None else "no limit"
        await done(store, f"{found.name}: {limit}", found.name)

    home.with_store(work)


@account.command("file-quota")
@click.argument("name")
@click.argument("mib", type=click.IntRange(-_LARGEST_QUOTA, _LARGEST_QUOTA))
@click.option(
    "--files",
    type=click.IntRange(-_LARGEST_QUOTA, _LARGEST_QUOTA),
    metavar="COUNT",
    help="How many files and directories there may be; negative for no limit.",
)
@pass_home
def file_quota_command(home: Home, name: str, mib: int, files: int | None) -> None:
    """Limit how much an account's files may take, in MiB; a negative number for no limit.

    Files in its home count, whichever way they came; what it changes in the public site does not.
    """

    async def work(store: Store) -> None:
        found = await store.accounts.account(name.lower())
        most = found.quota_files if files is None else (files if files >= 0 else None)
        octets = _octets(mib)
        await store.accounts.update_account(found.id, quota_file_octets=octets, quota_files=most)
        limits = [
            f"{limit:,} {of}"
            for limit, of in ((octets, "octets"), (most, "files and directories"))
            if limit is not None
        ]
        await done(store, f"{found.name}: {', '.join(limits) or 'no limit'}", found.name)

    home.with_store(work)


@account.command("services")
@click.argument("name")
@click.argument("services", nargs=-1, type=click.Choice(_LOGIN_SERVICES))
@pass_home
def services(home: Home, name: str, services: tuple[str, ...]) -> None:
    """Let an account use only the services named; none named: all."""

    async def work(store: Store) -> None:
        found = await store.accounts.account(name.lower())
        await store.accounts.update_account(found.id, protocols=frozenset(services) or None)
        named = ", ".join(sorted(services)) or "all services"
        await done(store, f"{found.name}: {named}", found.name)

    home.with_store(work)


@account.command("groups")
@click.argument("name")
@click.argument("groups", nargs=-1)
@pass_home
def groups_command(home: Home, name: str, groups: tuple[str, ...]) -> None:
    """Put an account into the groups named, and out of all others; none named: into none.

    Members of `admin` may change public folders, members of `proxy` may act as other accounts.
    """

    async def work(store: Store) -> None:
        found = await store.accounts.account(name.lower())
        await store.accounts.update_account(found.id, groups=frozenset(groups))
        named = ", ".join(sorted(groups))
        await done(store, f"{found.name}: {f'in {named}' if named else 'in no group'}", found.name)

    home.with_store(work)


@account.command("remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_home
def remove(home: Home, name: str, *, yes: bool) -> None:
    """Remove an account with all its mail."""
    home.insist_on_store()  # before anybody is asked
    if not yes:
        click.confirm(f"Remove {name} and all its mail for ever?", abort=True)

    async def work(store: Store) -> None:
        found = await store.accounts.account(name.lower())
        await store.accounts.remove_account(found.id)
        _put_files_aside(home, found.name)
        await done(store, f"removed {found.name}", found.name)

    home.with_store(work)


def _put_files_aside(home: Home, name: str) -> None:
    """Move an account's files where no later account of the same name finds them."""
    from netsuite.cli.settings import read_settings

    files = home.path / read_settings(home.config_path, home.overrides).files.root
    mine = files / "home" / name
    if mine.is_dir():
        removed = files / "removed"
        removed.mkdir(mode=0o700, exist_ok=True)
        target = removed / f"{name}.{time.time_ns()}"
        mine.rename(target)
        click.echo(f"its files are in {target}")


@account.command("app-password")
@click.argument("name")
@click.option("--label", help="The program it is for; without it the app passwords are listed.")
@click.option("--revoke", type=int, metavar="ID", help="Take one away.")
@_password_options
@pass_home
def app_password(
    home: Home, name: str, label: str | None, revoke: int | None, *, password_stdin: bool
) -> None:
    """List, add (--label) or revoke further passwords, one for each program."""
    home.insist_on_store()  # before anybody is asked
    password = read_password(from_stdin=password_stdin) if label else ""

    async def work(store: Store) -> None:
        found = await store.accounts.account(name.lower())
        if revoke is not None:
            if all(each.id != revoke for each in await store.accounts.app_passwords(found.id)):
                raise click.ClickException(f"{found.name} has no app password {revoke}")
            await store.accounts.remove_app_password(found.id, revoke)
            await done(store, f"revoked app password {revoke} of {found.name}", found.name)
        elif label:
            made = await store.accounts.add_app_password(
                found.id, label, _verifiers(home, password)
            )
            what = f"added app password {made.id} ({label}) of {found.name}"
            await done(store, what, found.name)
        else:
            columns(
                ("ID", "LABEL", "CREATED", "LAST USED"),
                [
                    (
                        str(each.id),
                        each.label,
                        f"{each.created:%Y-%m-%d}",
                        f"{each.last_used:%Y-%m-%d}" if each.last_used else "never",
                    )
                    for each in await store.accounts.app_passwords(found.id)
                ],
            )

    home.with_store(work)


@account.command("logins")
@json_option
@click.argument("name", required=False)
@click.option(
    "--limit", type=click.IntRange(1), default=20, show_default=True, help="How many lines."
)
@pass_home
def logins(home: Home, name: str | None, limit: int) -> None:
    """Show the newest lines of the audit log."""

    async def work(store: Store) -> None:
        columns(
            ("WHEN", "ACCOUNT", "SERVICE", "FROM", "MECHANISM", "TLS", "OUTCOME"),
            [
                (
                    f"{each.when:%Y-%m-%d %H:%M:%S}",
                    printable(each.account),  # as a guesser has said it
                    each.protocol,
                    each.address,
                    each.mechanism,
                    "yes" if each.secure else "no",
                    each.outcome,
                )
                for each in await store.accounts.logins(name and name.lower(), limit)
            ],
        )

    home.with_store(work)
