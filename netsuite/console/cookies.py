"""The cookie of a login: signed, good for a time, and for an account as it was then.

Every worker, and every machine with the same home, can read it, and nothing is kept of it but that
somebody has logged out. It names the account and proves which password that had: so it is worth
nothing once the password is another, wherever it was changed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from netsuite.bus import Bus, Value
from netsuite.store.interfaces import RememberedStore
from netsuite.store.model import AccountId, Verifiers

#: The kind of what is remembered of cookies that were given back.
ENDED: Final = "console-logout"
#: How often, at most, a cookie is renewed while its holder goes on.
RENEWED_SECONDS: Final = 60
_LONGEST: Final = 400


@dataclass(frozen=True, slots=True)
class Login:
    """What a cookie says.

    Args:
        password: what proves which password the account had.
        began, seen: seconds since 1970.
        name: of the login, unlike any other.
    """

    account: AccountId
    password: str
    began: int
    seen: int
    name: str


class LoginCookies:
    """Makes and reads the cookies of one site.

    Args:
        secret: returns the site's secret.
        now: returns seconds since 1970.
        identify: makes a name that nobody can guess: letters, digits, hyphens and underscores.
        idle_seconds: returns how long a cookie is good without being shown.
        longest_seconds: returns how long it is good in any case.
        remembered: where it is kept that somebody has logged out; others see it there soon.
        bus: by which other processes hear of it at once.
    """

    def __init__(
        self,
        secret: Callable[[], bytes],
        now: Callable[[], float],
        identify: Callable[[], str],
        *,
        idle_seconds: Callable[[], float],
        longest_seconds: Callable[[], float],
        remembered: RememberedStore,
        bus: Bus,
    ) -> None:
        self._secret = secret
        self._now = now
        self._identify = identify
        self._idle_seconds = idle_seconds
        self._longest_seconds = longest_seconds
        self._remembered = remembered
        self._bus = bus
        bus.hear(ENDED, self._heard)

    def begin(self, account: AccountId, verifiers: Verifiers | None) -> Login:
        """Return a login that begins now."""
        now = int(self._now())
        return Login(account, self.password(account, verifiers), now, now, self._identify())

    def password(self, account: AccountId, verifiers: Verifiers | None) -> str:
        """Return what tells an account's password from any other it had."""
        kept = "" if verifiers is None else verifiers.argon2
        return self._mac("password", f"{account}\0{kept}")

    def token(self, login: Login) -> str:
        """Return what the forms of a login have to hold, so that no other site can send them."""
        return self._mac("form", login.name)

    def write(self, login: Login) -> str:
        """Return the value of a login's cookie."""
        said = f"{login.account}.{login.began}.{login.seen}.{login.password}.{login.name}"
        return f"{said}.{self._mac('cookie', said)}"

    async def read(self, value: str) -> Login | None:
        """Return the login that a cookie is good for; None where it is good for none any more."""
        said, dot, mac = value.rpartition(".")
        if not dot or len(value) > _LONGEST or not value.isascii():
            return None
        if not hmac.compare_digest(mac, self._mac("cookie", said)):
            return None
        account, began, seen, password, name = said.split(".")
        login = Login(AccountId(int(account)), password, int(began), int(seen), name)
        now = self._now()
        if now - login.seen > self._idle_seconds() or now - login.began > self._longest_seconds():
            return None
        ended = await self._remembered.recall(ENDED, login.name)
        return login if ended is None else None

    def renewed(self, login: Login) -> Login | None:
        """Return the login as seen now; None where that can wait."""
        now = int(self._now())
        return replace(login, seen=now) if now - login.seen >= RENEWED_SECONDS else None

    def end(self, login: Login) -> None:
        """Have no cookie of a login be good any more, in any process."""
        self._bus.tell(ENDED, [login.name, login.began])
        self._end(login.name, login.began)

    def _heard(self, value: Value) -> None:
        match value:
            case [str(name), int(began)]:
                self._end(name, began)

    def _end(self, name: str, began: int) -> None:
        until = datetime.fromtimestamp(began, UTC)
        until += timedelta(seconds=self._longest_seconds() + 1)
        self._remembered.remember(ENDED, name, "", until)

    def _mac(self, what: str, text: str) -> str:
        secret = self._secret()
        if not secret:
            raise RuntimeError("the site's secret is not read yet")
        message = f"console {what}\0{text}".encode()
        return hmac.digest(secret, message, hashlib.sha256).hex()
