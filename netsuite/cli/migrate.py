"""``netsuite migrate``: accounts from another IMAP server."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

import click

from netsuite.cli.client.options import Common, session_command
from netsuite.cli.client.problems import FileTrouble, Usage, leave
from netsuite.cli.client.urls import Target
from netsuite.cli.context import Home, pass_home
from netsuite.cli.migration.move import Move


@click.command("migrate")
@click.argument("url", metavar="imap://[USER@]HOST/")
@click.argument("account", required=False)
@click.option(
    "--accounts", "list_of", type=click.Path(path_type=Path), metavar="FILE",
    help="Many: a line each, USER ACCOUNT [PASSWORD].",
)  # fmt: skip
@click.option("--master", metavar="USER", help="Who logs in for others there, by SASL.")
@click.option(
    "--password-file", type=click.Path(path_type=Path), metavar="FILE",
    help="The password is its first line.",
)  # fmt: skip
@click.option("--password-fd", type=click.IntRange(min=0), metavar="N", help="The same, open.")
@click.option("--password-env", metavar="NAME", help="The variable that has the password.")
@click.option(
    "--exclude", multiple=True, metavar="PATTERN",
    help="Mailboxes to leave out, as they are called there; * stands for anything. Repeatable.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what would be copied, and copy nothing.")
@session_command
@pass_home
def migrate(
    home: Home,
    /,
    common: Common,
    url: str,
    account: str | None,
    list_of: Path | None,
    exclude: tuple[str, ...],
    *,
    dry_run: bool,
    master: str | None,
    password_file: Path | None,
    password_fd: int | None,
    password_env: str | None,
) -> None:
    """Copy an account's mail from another IMAP server: mailboxes, flags, dates, subscriptions.

    It may be broken off at any moment, and run again: then it copies what is new, takes over flags
    that have changed, and doubles nothing. Exit code 8: something was left out.
    """
    target = common.target(url, "imap")
    if target.password is not None:
        raise Usage("a password in the command line is seen by everybody; see --password-file")
    if target.path != "/" or target.query:
        raise Usage("the URL names the server: imap://USER@HOST/")
    home.insist_on_store()
    passwords = _Passwords(master, password_file, password_fd, password_env)
    moves = _moves(target, account, list_of, passwords)

    from netsuite.cli.client.running import code_of, conversation_of, line_of
    from netsuite.cli.migration.run import Run

    run = Run(home, common, target, exclude, dry_run=dry_run)
    for_many = list_of is not None
    home.with_store(lambda store: run.in_time(store, moves, go_on=for_many))
    error = run.error
    if error is not None and not for_many:
        leave(code_of(error), line_of(error, target.place), conversation_of(error))
    run.left_out.end()


@dataclass(frozen=True, slots=True)
class _Passwords:
    """The options that say who logs in, and where the password is."""

    master: str | None
    password_file: Path | None
    password_fd: int | None
    password_env: str | None

    def read(self, user: str, place: str) -> str:
        """Return the password; ask for it where no option says where it is. Raises Usage,
        FileTrouble."""
        given = [self.password_file, self.password_fd, self.password_env]
        if sum(each is not None for each in given) > 1:
            raise Usage("there are several passwords: give one option only")
        if self.password_env is not None:
            found = os.environ.get(self.password_env)
            if found is None:
                raise Usage(f"there is no variable {self.password_env}")
            return found
        source = self.password_fd if self.password_fd is not None else self.password_file
        if source is None:
            asked: str = click.prompt(f"Password of {user} at {place}", hide_input=True, err=True)
            return asked
        try:
            with open(source, encoding="utf-8") as file:
                return file.readline().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = (isinstance(error, OSError) and error.strerror) or "it is not UTF-8"
            raise FileTrouble(f"the password cannot be read: {reason}") from None


def _moves(
    target: Target, account: str | None, list_of: Path | None, passwords: _Passwords
) -> list[Move]:
    """Return what is to be moved. Raises Usage, FileTrouble."""
    if (account is None) == (list_of is None):
        raise Usage("say ACCOUNT, or --accounts FILE")
    if list_of is None:
        if target.username is None:
            raise Usage("whose mail? imap://USER@HOST/")
        lines = [(target.username, account or "", "")]
    else:
        if target.username is not None:
            raise Usage("users are in the file, not in the URL; who logs in for them is --master")
        lines = _read_accounts(list_of)
    login = None
    if passwords.master is not None:
        login = passwords.master, passwords.read(passwords.master, target.host)
    return [
        Move(
            user, name,
            login or (user, password or passwords.read(user, target.host)),
        )
        for user, name, password in lines
    ]  # fmt: skip


def _read_accounts(path: Path) -> list[tuple[str, str, str]]:
    """Read a file of accounts: user, account and password of each."""
    try:
        with open(path, encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            rows = [line.split(maxsplit=2) for line in file]
    except (OSError, UnicodeDecodeError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or "it is not UTF-8"
        raise FileTrouble(f"{path} cannot be read: {reason}") from None
    found: list[tuple[str, str, str]] = []
    for number, words in enumerate(rows, 1):
        if not words or words[0].startswith("#"):
            continue
        if len(words) == 1:
            raise Usage(f"{path}, line {number}: USER ACCOUNT [PASSWORD]")
        password = words[2].rstrip("\r\n") if len(words) > 2 else ""
        if password and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise Usage(f"others may read {path}, which has passwords; chmod 600 it")
        found.append((words[0], words[1], password))
    return found
