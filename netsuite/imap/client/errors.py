"""Refusals of an IMAP server, and its goodbye, as errors."""

from __future__ import annotations

from typing import Final

from netsuite.connection import errors
from netsuite.imap.commands.requests import Authenticate, Login, Request
from netsuite.imap.commands.responses import Code, Status, Tagged

#: Response codes of what may be otherwise later (RFC 5530, 3).
_TRANSIENT: Final = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"})


class Goodbye(errors.ConnectionLost):
    """The server has said BYE; the message is its text, and ``code`` says why where it told."""

    def __init__(self, text: str, code: Code | None = None) -> None:
        super().__init__(text)
        self.code = "" if code is None else code.name


def refusal(tagged: Tagged, request: Request) -> errors.Refusal:
    """Return the error that NO or BAD is: transient, or permanent, or a login's."""
    code = "" if tagged.code is None else tagged.code.name
    kind: type[errors.Refusal] = errors.PermanentRefusal
    if tagged.status is Status.NO:
        if code in _TRANSIENT:
            kind = errors.TransientRefusal
        elif isinstance(request, Login | Authenticate):
            kind = errors.AuthenticationFailed
    return kind(code, tagged.text, request)
