"""``netsuite status``: whether a daemon runs over the home, and what it says of itself."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeAlias

import click

from netsuite.cli.context import Home, columns
from netsuite.cli.running import all_told, daemons

#: A process, or a session, as ``netsuite.control.questions`` has it: JSON from a daemon.
Told: TypeAlias = Mapping[str, Any]


def status(home: Home, as_json: bool) -> None:
    """Say what runs, where it listens, and how much there is to do."""
    from netsuite.acme.overview import troubles
    from netsuite.cli.settings import read_settings

    with daemons(home) as found:
        processes: list[Any] = all_told(found, "status")  # each a questions.Status
    if as_json:
        click.echo(json.dumps(processes, indent=2))
        return
    for line in lines(processes, time.time()):
        click.echo(line)
    columns(("SERVICE", "SESSIONS", "ACCEPTED", "TURNED AWAY", "LOGINS", "WHERE"), rows(processes))
    for line in troubles(home.path, read_settings(home.config_path, home.overrides)):
        click.echo(f"! {line}")


def lines(processes: Sequence[Told], now: float) -> Iterable[str]:
    """Return a line for each process."""
    for each in processes:
        who = f"worker {each['worker']}, process" if each["worker"] else "process"
        state = "" if each["ready"] else "; it does not serve yet, or no more"
        yield (
            f"netsuite {each['version']}, {who} {each['pid']}: "
            f"up {span(now - each['started'])}, {size(each['memory_octets'])} of memory, "
            f"{each['cpu_seconds']:.0f} s of processor time{state}"
        )
    stores = {each["store"] for each in processes}
    queued = {each["queue"] for each in processes if each["queue"] is not None}
    if stores:
        waiting = f"{max(queued)} messages queued" if queued else "the queue cannot be asked"
        yield f"store: {', '.join(sorted(stores))}; {waiting}"


def rows(processes: Sequence[Told]) -> Sequence[Sequence[str]]:
    """Return a row for each service, of all processes together."""
    names = list(dict.fromkeys(service["name"] for p in processes for service in p["services"]))
    found = []
    for name in names:
        same = [service for p in processes for service in p["services"] if service["name"] == name]
        urls = dict.fromkeys(url for service in same for url in service["urls"])
        counts = (
            str(sum(service[key] for service in same))
            for key in ("sessions", "accepted", "turned_away", "logins")
        )
        found.append((name, *counts, " ".join(urls)))
    return found


def span(seconds: float) -> str:
    """Return a time in words."""
    whole = timedelta(seconds=max(0, int(seconds)))
    return str(whole)


def size(octets: int) -> str:
    """Return a number of octets in words."""
    for unit in ("octets", "KB", "MB"):
        if octets < 10_000:
            return f"{octets} {unit}"
        octets //= 1000
    return f"{octets} GB"
