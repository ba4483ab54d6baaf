"""``netsuite capabilities``: the work, each protocol's part in a module of its name."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Final, TypeAlias

import click

from netsuite.cli.client.access import Access, TLSUse
from netsuite.cli.client.problems import printable
from netsuite.cli.client.running import run
from netsuite.cli.client.session import ClientSession, Login
from netsuite.cli.client.urls import Target
from netsuite.connection.peer import Peer

#: The stages of a session, in their order.
CLEAR: Final = "in the clear"
SECURE: Final = "under TLS"
LOGGED_IN: Final = "logged in"


@dataclass(slots=True)
class Told:
    """What a server has said that it can.

    Args:
        greeting: its first words.
        tls: version and cipher; empty without TLS.
        stages: by their names, what was said then, each a line.
    """

    greeting: str = ""
    tls: str = ""
    stages: dict[str, Sequence[str]] = field(default_factory=dict)

    def secured(self, peer: Peer) -> str:
        """Note that there is TLS; return the name of the stage that a connection is at."""
        if peer.secure:
            self.tls = " ".join(each for each in (peer.tls_version, peer.cipher) if each)
        return SECURE if peer.secure else CLEAR


#: Asks a server.
Ask: TypeAlias = Callable[[ClientSession], Awaitable[Told]]


def asker_of(service: str) -> Ask:
    """Import what asks by a protocol."""
    ask: Ask = vars(import_module(f"{__name__}.{service}"))["ask"]
    return ask


def wants_tls(session: ClientSession, *, offered: bool) -> bool:
    """Return whether a connection in the clear goes on under TLS."""
    return not session.target.tls and session.tls is not TLSUse.NONE and offered


def worded(said: Mapping[str, str]) -> Sequence[str]:
    """Return keywords with their parameters, a line each."""
    return [f"{name} {parameters}".strip() for name, parameters in sorted(said.items())]


def show(target: Target, access: Access, login: Login | None, *, as_json: bool) -> None:
    """Print what a server says that it can."""
    ask = asker_of(target.service)
    told: list[Told] = []

    async def work(session: ClientSession) -> None:
        told.append(await ask(session))

    run(target, access, login, work)
    (found,) = told
    if as_json:
        click.echo(
            json.dumps(
                {
                    "url": target.url,
                    "greeting": found.greeting,
                    "tls": found.tls,
                    "capabilities": {name: list(lines) for name, lines in found.stages.items()},
                },
                indent=2,
            )
        )
        return
    click.echo(printable(f"{target.url} {found.greeting}".rstrip()))
    for name, lines in found.stages.items():
        tls = f" ({found.tls})" if name == SECURE and found.tls else ""
        click.echo(printable(f"  {name}{tls}:"))
        for line in lines or ["nothing"]:
            click.echo(printable(f"    {line}"))
