"""``netsuite top``: services and sessions as they come and go, on a terminal."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import click
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from netsuite.cli.client.problems import printable
from netsuite.cli.context import Home
from netsuite.cli.running import all_told, daemons
from netsuite.cli.status import Told, lines, size, span
from netsuite.control.client import Control

#: Sessions that are asked for of each process; those of more would not be on the screen.
_SESSIONS: Final = 1000
_KEYS: Final = "q: quit   s: sort   by {order}"


@dataclass(frozen=True, slots=True)
class Look:
    """What was there at a moment.

    Args:
        at: seconds since 1970.
    """

    at: float
    processes: Sequence[Told]
    sessions: Sequence[Told]

    def total(self, service: str, what: str) -> int:
        """Return a number of a service, of all processes together."""
        return sum(
            each[what] for p in self.processes for each in p["services"] if each["name"] == service
        )

    @property
    def services(self) -> list[str]:
        """The names of the services."""
        return list(dict.fromkeys(s["name"] for p in self.processes for s in p["services"]))


@dataclass(frozen=True, slots=True)
class Moving:
    """A session, and what has passed on it since the look before, a second."""

    session: Told
    commands: float
    octets: float


#: By what sessions are sorted, the first on top.
ORDERS: Final[Mapping[str, Callable[[Moving], Any]]] = {
    "traffic": lambda each: (-each.octets, -each.commands, each.session["idle_seconds"]),
    "commands": lambda each: (-each.commands, each.session["idle_seconds"]),
    "idle time": lambda each: each.session["idle_seconds"],
    "age": lambda each: each.session["began"],
    "account": lambda each: (each.session["account"] or "~", each.session["session"]),
}


def top(home: Home, every: float) -> None:
    """Watch services and sessions as they come and go. Keys: q ends it, s sorts by something
    else."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.ClickException("this needs a terminal; `netsuite sessions --json` needs none")
    console, orders = Console(), list(ORDERS)
    with daemons(home) as found, _single_keys():
        before = now = _look(found)
        with Live(console=console, screen=True, auto_refresh=False) as live:
            while True:
                shown = screen(before, now, orders[0], console.height)
                live.update(shown, refresh=True)
                key = _key(every)
                if key in ("q", "Q", "\x03"):
                    return
                if key in ("s", "S"):
                    orders.append(orders.pop(0))
                else:
                    before, now = now, _look(found)


def _look(found: Sequence[Control]) -> Look:
    """Return what there is now. Raises NoAnswer, CommandFailed."""
    processes: list[Any] = all_told(found, "status")
    sessions: list[Any] = all_told(found, "sessions", limit=_SESSIONS)
    return Look(time.time(), processes, sessions)


@contextmanager
def _single_keys() -> Iterator[None]:
    """Have each key come at once, and unseen, for a while."""
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _key(seconds: float) -> str:
    """Return the key that is pressed within a time; empty for none."""
    ready, _, _ = select.select([sys.stdin], [], [], seconds)
    if not ready:
        return ""
    typed = os.read(sys.stdin.fileno(), 1)  # past Python's buffer, which select knows nothing of
    return typed.decode("latin-1") or "q"  # at the end of input nobody is there


def moving(before: Look, now: Look) -> list[Moving]:
    """Return the sessions with what has passed on each since the look before."""
    seconds = max(now.at - before.at, 0.001)
    old = {each["session"]: each for each in before.sessions}

    def rate(session: Told, *what: str) -> float:
        then = old.get(session["session"])
        if then is None or then["began"] > session["began"] + 1:
            return 0.0
        passed: float = sum(session[each] - then[each] for each in what)
        return max(0.0, passed / seconds)

    return [
        Moving(each, rate(each, "commands"), rate(each, "octets_in", "octets_out"))
        for each in now.sessions
    ]


def screen(before: Look, now: Look, order: str, height: int) -> Group:
    """Return what is shown: a line for each process, a table of services, one of sessions.

    Args:
        order: of the sessions; one of ``ORDERS``.
        height: lines of the terminal.
    """
    heads = [Text(line, overflow="ellipsis", no_wrap=True) for line in lines(now.processes, now.at)]
    services = _services(before, now)
    sessions = sorted(moving(before, now), key=ORDERS[order])
    room = max(1, height - len(heads) - services.row_count - 4)
    keys = f"{_KEYS.format(order=order)}   {len(sessions)} sessions"
    if len(sessions) > room:
        keys += f", the first {room}"
    return Group(*heads, services, _sessions(sessions[:room]), Text(keys, style="reverse"))


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, expand=True, header_style="bold")
    for title in columns:
        right = title in ("SESSIONS", "NEW/S", "LOGINS/S", "TURNED AWAY", "IDLE", "CMD/S", "RATE")
        table.add_column(title, justify="right" if right else "left", no_wrap=True)
    return table


def _services(before: Look, now: Look) -> Table:
    seconds = max(now.at - before.at, 0.001)
    table = _table("SERVICE", "SESSIONS", "NEW/S", "LOGINS/S", "TURNED AWAY")
    for name in now.services:
        new, logins = (
            max(0.0, (now.total(name, what) - before.total(name, what)) / seconds)
            for what in ("accepted", "logins")
        )
        table.add_row(
            name,
            str(now.total(name, "sessions")),
            f"{new:.1f}",
            f"{logins:.1f}",
            str(now.total(name, "turned_away")),
        )
    return table


def _sessions(sessions: Sequence[Moving]) -> Table:
    table = _table("SESSION", "ACCOUNT", "FROM", "DOING", "IDLE", "CMD/S", "RATE")
    for each in sessions:
        session = each.session
        cells = (
            session["session"],
            printable(session["account"]) or "-",
            session["address"] or "local",
            session["doing"] or "-",
            "busy" if session["busy"] else span(session["idle_seconds"]),
            f"{each.commands:.1f}",
            f"{size(int(each.octets))}/s",
        )
        table.add_row(*(Text(cell) for cell in cells))  # and no markup, which a name might have
    return table
