"""CRAM-MD5: a challenge, and its keyed digest with the shared secret (RFC 2195)."""

from __future__ import annotations

import hmac

from netsuite.sasl.interfaces import AskSharedSecret, Challenge, Failure, Nonce, Step, Success
from netsuite.sasl.passwords import decoded
from netsuite.sasl.prepare import prepared_password
from netsuite.wire.errors import RemoteProtocolError


def _digest(secret: bytes, challenge: bytes) -> bytes:
    return hmac.new(secret, challenge, "md5").hexdigest().encode()


class CramMD5Server:
    """The server's side; the store must hold the secret in the clear, so it is off by default."""

    name = "CRAM-MD5"

    def __init__(self, nonce: Nonce, host: str) -> None:
        self._challenge = b"<" + nonce() + b"@" + host.encode("idna") + b">"
        self._username = ""
        self._response = b""

    def start(self, initial: bytes | None) -> Step:
        """Return the challenge."""
        if initial:
            return Failure("CRAM-MD5 has no initial response", malformed=True)
        return Challenge(self._challenge)

    def respond(self, octets: bytes) -> Step:
        """Take ``username SP digest``; a name may hold spaces."""
        name, space, self._response = octets.rpartition(b" ")
        username = decoded(name)
        if not space or not username:
            return Failure("not a CRAM-MD5 response", malformed=True)
        self._username = username
        return AskSharedSecret(username)

    def answer(self, answer: object) -> Step:
        """Take the secret, or None."""
        known = isinstance(answer, bytes)
        secret = answer if isinstance(answer, bytes) else b"nobody's"
        right = hmac.compare_digest(_digest(secret, self._challenge), self._response.lower())
        if known and right:
            return Success(self._username)
        return Failure("wrong digest", username=self._username)


class CramMD5Client:
    """The client's side."""

    name = "CRAM-MD5"

    def __init__(self, username: str, password: str) -> None:
        self._username = username.encode()
        self._secret = prepared_password(password).encode()
        self._done = False

    def initial(self) -> None:
        """The server speaks first."""

    def respond(self, challenge: bytes) -> bytes:
        """Answer the challenge. Raises RemoteProtocolError at a second one."""
        if self._done:
            raise RemoteProtocolError("CRAM-MD5 has one challenge")
        self._done = True
        return self._username + b" " + _digest(self._secret, challenge)

    def finished(self, octets: bytes | None) -> None:
        """Nothing is proved by the server."""
