"""An authenticator with one account, for tests of a protocol alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from netsuite.accounts.interfaces import (
    Ask,
    BadCredentials,
    Channel,
    LoggedIn,
    LoginCancelled,
    MechanismNotOffered,
    PlaintextRefused,
)

F = TypeVar("F")


class FakeAuthenticator:
    """Knows one name and one password; every mechanism is PLAIN's octets under its name.

    ``X-TWO`` asks twice, ``X-DATA`` has data with its success.

    Args:
        make: returns the facet for a class of facets.
        secret: what mechanisms want instead of the password; None for the password too.
    """

    def __init__(
        self,
        make: Callable[[type], object],
        *,
        name: str = "alice",
        password: str = "secret",
        secret: str | None = None,
        mechanisms: Sequence[str] = ("X-DATA", "X-TWO", "PLAIN"),
    ) -> None:
        #: Returns the facet for a class of facets.
        self.make = make
        self.name = name
        self.password = password
        self.secret = password if secret is None else secret
        #: What is offered; may be changed.
        self.offered: Sequence[str] = mechanisms
        #: Whether a password may be sent.
        self.passwords = True
        #: Raised instead of any answer.
        self.error: Exception | None = None
        #: How many of those who logged in have logged out.
        self.logged_out = 0

    def mechanisms(self, channel: Channel) -> Sequence[str]:
        """Return what is offered."""
        return self.offered

    def allows_password(self, channel: Channel) -> bool:
        """Return whether a password may be sent."""
        return self.passwords

    async def log_in(
        self, channel: Channel, username: str, password: str, facet: type[F]
    ) -> LoggedIn[F]:
        """Log in. Raises BadCredentials, or ``error``."""
        if self.error is not None:
            raise self.error
        if (username, password) != (self.name, self.password):
            raise BadCredentials("wrong")
        return self._logged_in(facet, None)

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
        """Log in by an exchange. Raises LoginRefused, or ``error``."""
        if mechanism not in self.offered:
            if mechanism == "PLAIN" and not self.passwords:
                raise PlaintextRefused("no TLS")
            raise MechanismNotOffered(mechanism)
        if self.error is not None:
            raise self.error
        response = await ask(b"") if initial is None else initial
        if mechanism == "X-TWO" and response is not None:
            response = await ask(b"more")
        if response is None:
            raise LoginCancelled(mechanism)
        if response != f"\0{self.name}\0{self.secret}".encode():
            raise BadCredentials("wrong")
        data = b"v=x" if mechanism == "X-DATA" else None
        if data is not None and not data_with_success and await ask(data) is None:
            raise LoginCancelled(mechanism)
        return self._logged_in(facet, data if data_with_success else None)

    def _logged_in(self, facet: type[F], data: bytes | None) -> LoggedIn[F]:
        avatar = self.make(facet)
        logout = getattr(avatar, "release", None) or getattr(avatar, "close", None)

        def leave() -> None:
            self.logged_out += 1
            if logout is not None:
                logout()

        # The facet is whatever the test made for the class that was asked for.
        return LoggedIn(avatar, self.name, data, leave)  # type: ignore[arg-type]
