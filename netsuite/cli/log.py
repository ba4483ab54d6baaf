"""``netsuite log`` and ``netsuite trace``: what the daemon writes, and what is said to it."""

from __future__ import annotations

import ipaddress
import json
import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import click

from netsuite.bus import Value
from netsuite.cli.client.problems import printable
from netsuite.cli.context import Home
from netsuite.cli.running import daemons
from netsuite.cli.status import Told
from netsuite.control.client import CommandFailed, Control, NoAnswer


def log(home: Home, follow: bool, lines: int) -> None:
    """Print the last lines of the daemon's log, wherever that is written."""
    with daemons(home) as found:
        for value in _together(found, "log", lines=lines, follow=follow):
            click.echo(value if isinstance(value, str) else f"({_left_out(value)})")


def trace(home: Home, whose: str, seconds: float, as_json: bool) -> None:
    """Show what is said on the connections of an account, or from an address: those there are, and
    those that come. Passwords, and all that helps to guess them, are masked."""
    key = "address" if _is_address(whose) else "account"
    with daemons(home) as found:
        for value in _together(found, "trace", seconds=seconds, **{key: whose}):
            click.echo(json.dumps(value) if as_json else _line(value))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _line(value: Value) -> str:
    if not isinstance(value, Mapping) or "text" not in value:
        return f"({_left_out(value)})"
    line: Told = value
    at = datetime.fromtimestamp(line["at"]).strftime("%H:%M:%S.%f")[:-3]
    return f"{at} {line['session']} {line['side']}: {printable(line['text'])}"


def _left_out(value: Value) -> str:
    count = value.get("left_out") if isinstance(value, Mapping) else None
    return f"{count} lines left out" if count else printable(str(value))


def _together(found: Sequence[Control], do: str, **arguments: Value) -> Iterator[Value]:
    """Return what all daemons tell, as it comes. Raises CommandFailed, NoAnswer."""
    if len(found) == 1:
        yield from found[0].ask(do, arguments, streams=True)
        return
    told: queue.Queue[tuple[Value, Exception | None, bool]] = queue.Queue()

    def read(each: Control) -> None:
        error = None
        try:
            for value in each.ask(do, arguments, streams=True):
                told.put((value, None, False))
        except (CommandFailed, NoAnswer) as caught:
            error = caught
        told.put((None, error, True))

    for each in found:
        threading.Thread(target=read, args=(each,), daemon=True).start()
    left = len(found)
    while left:
        value, error, is_last = told.get()
        if error is not None:
            raise error
        left -= is_last
        if not is_last:
            yield value
