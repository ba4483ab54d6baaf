"""The access to a server, as the command line has it: TLS, times, what is shown."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from netsuite.cli.client.asking import Asking

#: As ``netsuite.connection.transcript`` has it, whose import nobody waits for who asks for help.
Observer: TypeAlias = Callable[[str, str, float], None]

CONNECT_SECONDS: Final = 30.0


class TLSUse(enum.Enum):
    """When a connection that begins in the clear goes on under TLS."""

    REQUIRED = "required"
    OPPORTUNISTIC = "opportunistic"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Access:
    """The part of the command line that is about every session.

    Args:
        tls: None for what suits the server: see ``Session.tls``.
        authorities: a PEM file to trust instead of the system's authorities.
        insecure: whether any certificate will do.
        connect_seconds: to connect and begin TLS.
        total_seconds: for everything; None for no limit.
        observer: told what is said; None for nobody.
        progress: whether there may be a progress bar.
        verify: whether what was transferred is compared by its hash.
        resume: whether what the server has of a file is gone on with.
        keep_alive_seconds: how often something is said while a transfer goes on; None for never.
        proxy: the URL of a proxy; empty for none, None for what the environment says.
        asking: what is asked for, where that is more than the URL.
    """

    tls: TLSUse | None = None
    authorities: Path | None = None
    insecure: bool = False
    connect_seconds: float = CONNECT_SECONDS
    total_seconds: float | None = None
    observer: Observer | None = None
    progress: bool = True
    verify: bool = False
    resume: bool = False
    keep_alive_seconds: float | None = None
    proxy: str | None = None
    asking: Asking = field(default_factory=Asking)
