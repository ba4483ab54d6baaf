"""The state that all sessions of one SMTP service share."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from netsuite.accounts.interfaces import Authenticator, Delivery, Resolver
from netsuite.connection.server import ServerShared
from netsuite.smtp.policy.chain import Policies
from netsuite.smtp.settings import EXTENSIONS, Extension, Mode, Settings, SubmissionSettings


class LocalTime:
    """The local time in whole seconds, which is what a trace field tells; worked out once a
    second, for to find the zone's offset takes longer than all else about a date."""

    def __init__(self) -> None:
        self._second = -1
        self._now = datetime.now().astimezone()

    def __call__(self) -> datetime:
        """Return the time."""
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._now = datetime.fromtimestamp(second).astimezone()
        return self._now


class Identifiers:
    """An identifier for each message: when this was made, in which process, and a count that the
    whole process shares; no system call a message."""

    _count = itertools.count(1)

    def __init__(self) -> None:
        self._prefix = f"{int(time.time()):x}{os.getpid():x}"

    def __call__(self) -> str:
        """Return a new one: letters, digits and a dot."""
        return f"{self._prefix}.{next(self._count):x}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared(ServerShared):
    """One object for all sessions.

    Args:
        resolver: finds where recipients' mail goes.
        delivery: takes messages for them.
        authenticator: where submitters log in; None where nobody can.
        mode: whom the service is for.
        extensions: those offered of which a service can do without.
        now: the time for trace fields, aware.
        identify: returns a new identifier for each message.
        policies: who judges sessions and messages; None for nobody.
    """

    resolver: Resolver
    delivery: Delivery
    authenticator: Authenticator | None = None
    mode: Mode = Mode.RELAY
    extensions: frozenset[Extension] = EXTENSIONS
    service: str = "smtp"
    settings: Settings = field(default_factory=Settings)
    now: Callable[[], datetime] = field(default_factory=LocalTime)
    identify: Callable[[], str] = field(default_factory=Identifiers)
    policies: Policies | None = None

    @property
    def submission(self) -> SubmissionSettings | None:
        """What only a service for submission has of settings; None for others."""
        settings = self.settings
        return settings if isinstance(settings, SubmissionSettings) else None
