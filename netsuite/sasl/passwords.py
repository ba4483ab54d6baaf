"""Mechanisms that show the password itself, for use under TLS only: PLAIN and LOGIN."""

from __future__ import annotations

from netsuite.sasl.interfaces import AskPassword, Challenge, ClientFirst, Failure, Step, Success
from netsuite.wire.errors import RemoteProtocolError

#: Names and passwords longer than this are nobody's; it bounds what is hashed.
FIELD_OCTETS = 1024


def decoded(octets: bytes, most: int = FIELD_OCTETS) -> str | None:
    """Return a field as text; None when it is too long or no UTF-8, or holds NUL."""
    if len(octets) > most or b"\0" in octets:
        return None
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return None


class PlainServer(ClientFirst):
    """PLAIN, the server's side (RFC 4616).

    ::

        message   = [authzid] UTF8NUL authcid UTF8NUL passwd
    """

    name = "PLAIN"

    def __init__(self) -> None:
        self._username = self._authorize_as = ""

    def respond(self, octets: bytes) -> Step:
        """Take the message."""
        fields = [decoded(field) for field in octets.split(b"\0")]
        if len(fields) != 3 or None in fields or not fields[1] or not fields[2]:
            return Failure("not a PLAIN message", malformed=True)
        authorize_as, username, password = (field or "" for field in fields)
        self._username, self._authorize_as = username, authorize_as
        return AskPassword(username, password, authorize_as)

    def answer(self, answer: object) -> Step:
        """Take whether it is the password."""
        if answer is True:
            return Success(self._username, self._authorize_as)
        return Failure("wrong password", username=self._username)


class LoginServer:
    """LOGIN, the server's side (draft-murchison-sasl-login): obsolete, and what some use."""

    name = "LOGIN"

    def __init__(self) -> None:
        self._username: str | None = None

    def start(self, initial: bytes | None) -> Step:
        """Ask for the name, or take it when it came with the command."""
        return Challenge(b"Username:") if initial is None else self.respond(initial)

    def respond(self, octets: bytes) -> Step:
        """Take the name, then the password."""
        text = decoded(octets)
        if not text:
            return Failure("not a LOGIN response", malformed=True)
        if self._username is None:
            self._username = text
            return Challenge(b"Password:")
        return AskPassword(self._username, text)

    def answer(self, answer: object) -> Step:
        """Take whether it is the password."""
        username = self._username or ""
        return Success(username) if answer is True else Failure("wrong password", username=username)


class LoginClient:
    """LOGIN, the client's side: the first challenge is for the name, whatever it says."""

    name = "LOGIN"

    def __init__(self, username: str, password: str) -> None:
        self._responses = [password.encode(), username.encode()]

    def initial(self) -> None:
        """The server speaks first."""

    def respond(self, challenge: bytes) -> bytes:
        """Return the name, then the password. Raises RemoteProtocolError at a third challenge."""
        if not self._responses:
            raise RemoteProtocolError("LOGIN has two challenges")
        return self._responses.pop()

    def finished(self, octets: bytes | None) -> None:
        """Nothing is proved by the server."""
