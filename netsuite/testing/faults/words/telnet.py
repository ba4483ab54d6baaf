"""Telnet's words: a refused login, in the shell's own text; the one command is LOGIN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from netsuite.accounts.interfaces import (
    Ask,
    Authenticator,
    BadCredentials,
    Channel,
    LoggedIn,
    LoginRefused,
    LoginUnavailable,
    Throttled,
)
from netsuite.telnet.dialog.server import Farewell
from netsuite.telnet.server.shared import Shared
from netsuite.testing.faults.kinds import Refuse
from netsuite.testing.faults.words.table import Rules, Words

F = TypeVar("F")

#: By code, what the shell is told.
_ERRORS: Final[Mapping[str, type[LoginRefused]]] = {
    "INCORRECT": BadCredentials,
    "THROTTLED": Throttled,
    "UNAVAILABLE": LoginUnavailable,
}


def error_of(refusal: Refuse) -> type[LoginRefused]:
    """Return what the shell is told. Raises KeyError for a code that is none."""
    return _ERRORS[str(refusal.code or "INCORRECT").upper()]


class Login:
    """A login, as ``when`` of a rule is told of it."""

    def __init__(self, name: str) -> None:
        self.name = name


class RefusingAuthenticator:
    """Asks the rules before the service's own authenticator.

    Args:
        asked: the service's.
        rules: those about logins.
    """

    def __init__(self, asked: Authenticator, rules: Rules) -> None:
        self._asked = asked
        self._rules = rules

    def mechanisms(self, channel: Channel) -> Sequence[str]:
        """Return the mechanisms to offer."""
        return self._asked.mechanisms(channel)

    def allows_password(self, channel: Channel) -> bool:
        """Return whether a password may be sent."""
        return self._asked.allows_password(channel)

    async def log_in(
        self, channel: Channel, username: str, password: str, facet: type[F]
    ) -> LoggedIn[F]:
        """Log in. Raises LoginRefused."""
        refusal = await self._rules.ask_login(Login(username))
        if refusal is not None:
            raise error_of(refusal)(refusal.text)
        return await self._asked.log_in(channel, username, password, facet)

    async def authenticate(
        self,
        channel: Channel,
        mechanism: str,
        facet: type[F],
        ask: Ask,
        initial: bytes | None = None,
        *,
        data_with_success: bool = False,
    ) -> LoggedIn[F]:
        """Log in by SASL, which no shell does. Raises LoginRefused."""
        return await self._asked.authenticate(
            channel, mechanism, facet, ask, initial, data_with_success=data_with_success
        )


def reply(event: object, refusal: Refuse) -> Farewell:
    """Return the last words to somebody who has been told nothing else. Raises KeyError for a code
    that is none."""
    error_of(refusal)
    return Farewell((refusal.text or "Too many are being served; try again later.") + "\n")


def adapt(shared: Shared, rules: Rules) -> Shared:
    """Return what a session shares, with the rules before its authenticator."""
    return replace(shared, authenticator=RefusingAuthenticator(shared.authenticator, rules))


WORDS: Final = Words(
    protocol="telnet",
    codes="INCORRECT|THROTTLED|UNAVAILABLE",
    names={Login: "LOGIN"},
    reply=reply,
    adapt=adapt,
)
