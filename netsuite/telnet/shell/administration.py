"""Commands for administrators: accounts, queue, sessions, kick."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from netsuite.accounts.interfaces import Administration, OpenSession
from netsuite.store import model
from netsuite.store.model import Account, AccountState
from netsuite.store.outgoing import QueueCount, QueueItem
from netsuite.telnet.sanitize import cut, one_line
from netsuite.telnet.shell import completion
from netsuite.telnet.shell.columns import fitted, size, span
from netsuite.telnet.shell.command import Command, CommandRefused, Shell, Usage, command
from netsuite.telnet.shell.terminal import Shown

#: Accounts and items of the queue that are listed.
_ROWS: Final = 500


def _desk(shell: Shell) -> Administration:
    desk = shell.access.administration
    if desk is None:
        raise CommandRefused("That is for administrators.")
    return desk


@command(
    "accounts",
    "[WORD]",
    "list the accounts, or those with a word in their names",
    administers=True,
    more=("State, messages, what their mail takes, the names.",),
)
async def list_accounts(shell: Shell, words: Sequence[str]) -> None:
    """List the accounts."""
    if len(words) > 1:
        raise Usage
    found = await _desk(shell).accounts(words[0] if words else "", limit=_ROWS + 1)
    await shell.terminal.page(_accounts(found[:_ROWS], shell.terminal.columns))
    if len(found) > _ROWS:
        shell.terminal.say(f"There are more than {_ROWS}; `accounts WORD` lists some of them.")


def _accounts(found: Sequence[tuple[Account, model.Usage]], columns: int) -> Iterator[Shown]:
    for account, usage in found:
        state = "" if account.state is AccountState.ACTIVE else f" ({account.state.value})"
        if columns >= 60:
            line = (
                f"{fitted(account.name, 20)} {usage.messages:>8} {size(usage.octets):>6} "
                f"{one_line(account.display_name)}{state}"
            )
        else:
            line = f"{one_line(account.name)}{state} {usage.messages} {size(usage.octets)}"
        yield cut(line.rstrip(), columns - 1)


@command(
    "queue",
    "",
    "list the mail that waits to leave, the oldest first",
    administers=True,
    more=("Tries, age, from and to, and what was said last.",),
)
async def show_queue(shell: Shell, words: Sequence[str]) -> None:
    """List what waits."""
    if words:
        raise Usage
    count, items = await _desk(shell).queue(limit=_ROWS)
    if not items:
        shell.terminal.say("Nothing waits.")
        return
    await shell.terminal.page(_queue(shell, count, items))


def _queue(shell: Shell, count: QueueCount, items: Sequence[QueueItem]) -> Iterator[Shown]:
    now, columns = shell.shared.now(), shell.terminal.columns
    for item in items:
        state = "held" if item.held else item.state.value
        sender = one_line(item.envelope.sender) or "<>"
        said = f"  {one_line(item.last_reply)}" if item.last_reply and columns >= 60 else ""
        line = (
            f"{item.id:>5} {state} {item.attempts}x {span(now - item.queued)} "
            f"{sender} > {one_line(item.recipient.address)}{said}"
        )
        yield line if columns >= 60 else cut(line, 2 * columns)
    yield f"{len(items)} of {count.items} items of {count.messages} messages."


@command(
    "sessions",
    "[ACCOUNT]",
    "list the sessions of all services, or those of an account, a service or an address",
    completes=completion.accounts,
    administers=True,
)
async def list_sessions(shell: Shell, words: Sequence[str]) -> None:
    """List the sessions of all processes."""
    if len(words) > 1:
        raise Usage
    found = await _desk(shell).sessions(words[0] if words else "")
    if not found:
        shell.terminal.say("There are none.")
        return
    await shell.terminal.page(_session(each, shell.terminal.columns) for each in found)


def _session(each: OpenSession, columns: int) -> str:
    age = span(timedelta(seconds=each.age_seconds))
    account, address = each.account or "-", each.address or "here"
    if columns < 60:
        return cut(f"{one_line(each.name)} {one_line(account)} {age}", columns - 1)
    doing = one_line(each.doing) or "-"
    return (
        f"{fitted(each.name, 16)} {fitted(each.service, 11)} {fitted(account, 14)} "
        f"{fitted(address, 15)} {age:>8} {doing}"
    )


async def _names(shell: Shell, words: Sequence[str], begun: str) -> Sequence[str]:
    desk = shell.access.administration
    if desk is None or words:
        return ()
    return [each.name for each in await desk.sessions()]


@command(
    "kick",
    "SESSION",
    "end a session, by its name in `sessions`",
    completes=_names,
    administers=True,
    more=("It is noted in the audit log.",),
)
async def kick(shell: Shell, words: Sequence[str]) -> None:
    """End a session."""
    if len(words) != 1 or not words[0]:
        raise Usage
    if not await _desk(shell).kick(words[0]):
        raise CommandRefused(f"There is no session {one_line(words[0])}; `sessions` lists them.")
    shell.terminal.say("It is ended.")


COMMANDS: Sequence[Command] = (list_accounts, show_queue, list_sessions, kick)
