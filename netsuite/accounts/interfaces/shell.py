"""The facet of an account that its shell is given."""

from __future__ import annotations

from typing import Protocol

from netsuite.accounts.interfaces.files import FileAccess
from netsuite.accounts.interfaces.mail import MailAccess
from netsuite.accounts.interfaces.news import NewsAccess


class WrongPassword(Exception):
    """The old password is not the account's main password."""


class UnfitPassword(Exception):
    """The new password cannot be one; the message says why, in words for its owner."""


class ShellAccess(Protocol):
    """All that an account has, for somebody at a terminal, and its password."""

    name: str

    @property
    def mail(self) -> MailAccess: ...
    @property
    def news(self) -> NewsAccess: ...
    @property
    def files(self) -> FileAccess: ...

    async def change_password(self, old: str, new: str) -> None:
        """Change the main password; an app password is not enough to do that. Guesses are not
        slowed down here: whoever asks has had *old* checked by the authenticator.

        Raises:
            WrongPassword: *old* is not the main password.
            UnfitPassword: *new* cannot be a password.
        """
