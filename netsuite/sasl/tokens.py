"""Bearer tokens of an identity provider: OAUTHBEARER (RFC 7628) and its forerunner XOAUTH2."""

from __future__ import annotations

import re

from netsuite.sasl.identities import MessageClient
from netsuite.sasl.interfaces import AskToken, Challenge, ClientFirst, Failure, Step, Success
from netsuite.sasl.prepare import escaped, unescaped
from netsuite.wire.errors import RemoteProtocolError

#: Tokens are long, but not longer.
MESSAGE_OCTETS = 16_384

#   client-resp = (gs2-header kvsep *kvpair kvsep) / kvsep      ; kvsep = %x01
#   b64token    = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="    (RFC 6750)
_GS2 = re.compile(r"[ny],(?:a=(?P<authzid>[^,\x01]*))?,")
_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +(?P<token>[A-Za-z0-9\-._~+/]+=*)")

_REFUSED = b'{"status":"invalid_token","schemes":"bearer"}'


class _TokenServer(ClientFirst):
    """What the two have in common: a message, a question, and a way to say no."""

    name: str

    def __init__(self) -> None:
        self._username = ""
        self._refused = False

    def respond(self, octets: bytes) -> Step:
        """Take the message; or, after a refusal, what the client says to that."""
        if self._refused:
            return Failure("bad token", username=self._username)
        if len(octets) > MESSAGE_OCTETS:
            return Failure("a message too long", malformed=True)
        try:
            text = octets.decode()
        except UnicodeDecodeError:
            return Failure("no UTF-8", malformed=True)
        question = self._read(text)
        if question is None:
            return Failure(f"not an {self.name} message", malformed=True)
        self._username = question.username
        return question

    def _read(self, text: str) -> AskToken | None:
        raise NotImplementedError

    def answer(self, answer: object) -> Step:
        """Take whose token it is. A refusal is first a challenge that says why, so that the
        client can fetch a fresh token (RFC 7628, 3.2.2)."""
        if isinstance(answer, str) and answer:
            return Success(answer, self._username if self._username != answer else "")
        self._refused = True
        return Challenge(_REFUSED)


def _token(pairs: list[str]) -> str | None:
    values = [pair.partition("=")[2] for pair in pairs if pair.partition("=")[0] == "auth"]
    found = _BEARER.fullmatch(values[0]) if len(values) == 1 else None
    return found["token"] if found else None


class OAuthBearerServer(_TokenServer):
    """OAUTHBEARER, the server's side."""

    name = "OAUTHBEARER"

    def _read(self, text: str) -> AskToken | None:
        header, *pairs = text.split("\x01")
        gs2 = _GS2.fullmatch(header)
        if gs2 is None or pairs[-2:] != ["", ""]:
            return None
        token = _token(pairs[:-2])
        username = unescaped(gs2["authzid"] or "")
        return None if token is None or username is None else AskToken(username, token)


class XOAuth2Server(_TokenServer):
    """XOAUTH2, the server's side: ``user=NAME^Aauth=Bearer TOKEN^A^A``."""

    name = "XOAUTH2"

    def _read(self, text: str) -> AskToken | None:
        user, *pairs = text.split("\x01")
        if not user.startswith("user=") or pairs[-2:] != ["", ""]:
            return None
        token = _token(pairs[:-2])
        return None if token is None else AskToken(user.removeprefix("user="), token)


class TokenClient(MessageClient):
    """The client's side of both: one message; any challenge is a refusal, and acknowledged."""

    def __init__(self, name: str, message: str, to_refusal: bytes) -> None:
        super().__init__(name, message)
        self._to_refusal = to_refusal
        self.refusal: bytes | None = None  # what the server said of the token, as JSON

    def respond(self, challenge: bytes) -> bytes:
        """Acknowledge a refusal. Raises RemoteProtocolError at a second one."""
        if self.refusal is not None:
            raise RemoteProtocolError("a token is refused once")
        self.refusal = challenge
        return self._to_refusal

    def finished(self, octets: bytes | None) -> None:
        """Nothing is proved by the server. Raises RemoteProtocolError when it had refused."""
        if self.refusal is not None:
            raise RemoteProtocolError("success after a refusal")


def oauthbearer_client(username: str, token: str) -> TokenClient:
    """Return OAUTHBEARER, the client's side."""
    authzid = f"a={escaped(username)}" if username else ""
    return TokenClient("OAUTHBEARER", f"n,{authzid},\x01auth=Bearer {token}\x01\x01", b"\x01")


def xoauth2_client(username: str, token: str) -> TokenClient:
    """Return XOAUTH2, the client's side."""
    return TokenClient("XOAUTH2", f"user={username}\x01auth=Bearer {token}\x01\x01", b"")
