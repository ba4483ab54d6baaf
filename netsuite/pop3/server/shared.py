"""The state that all sessions of one POP3 service share."""

from __future__ import annotations

from dataclasses import dataclass, field

from netsuite.accounts.interfaces import Authenticator
from netsuite.connection.server import ServerShared
from netsuite.pop3.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared(ServerShared):
    """One object for all sessions, with where accounts log in, and when they last have: each
    process knows that of its own sessions only."""

    authenticator: Authenticator
    service: str = "pop3"
    settings: Settings = field(default_factory=Settings)
    logins: dict[str, float] = field(default_factory=dict)

    def may_log_in(self, account: str) -> bool:
        """Return whether enough time has passed since an account's last login (RFC 2449, 6.5)."""
        delay = self.settings.login_delay_seconds
        last = self.logins.get(account)
        return last is None or self.clock.seconds() - last >= delay

    def has_logged_in(self, account: str) -> None:
        """Note a login; those that are long past are forgotten."""
        delay, now = self.settings.login_delay_seconds, self.clock.seconds()
        if not delay:
            self.logins.clear()
            return
        self.logins.pop(account, None)
        while self.logins and now - next(iter(self.logins.values())) >= delay:
            del self.logins[next(iter(self.logins))]
        self.logins[account] = now
