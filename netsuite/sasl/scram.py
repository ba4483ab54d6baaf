"""SCRAM, both sides, with and without channel binding (RFC 5802, RFC 7677, RFC 9266).

The library ``scramp`` was tried first: it refuses ``tls-exporter``, the one binding that TLS 1.3
has, and any authorization identity.

::

    client-first-message = gs2-header client-first-message-bare
    gs2-header           = gs2-cbind-flag "," [ authzid ] ","
    gs2-cbind-flag       = ("p=" cb-name) / "n" / "y"
    client-first-message-bare = [reserved-mext ","] username "," nonce ["," extensions]
    server-first-message = [reserved-mext ","] nonce "," salt "," iteration-count ["," extensions]
    client-final-message = channel-binding "," nonce ["," extensions] "," proof
    server-final-message = (server-error / verifier) ["," extensions]
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

from netsuite.sasl.interfaces import (
    AskScramVerifier,
    Challenge,
    ClientFirst,
    Failure,
    Nonce,
    Step,
    Success,
)
from netsuite.sasl.passwords import decoded
from netsuite.sasl.prepare import escaped, prepared_password, unescaped
from netsuite.wire import base64
from netsuite.wire.errors import RemoteProtocolError

#: RFC 9266: the only binding offered; TLS 1.2's were broken or forbid session resumption.
BINDING_NAME: Final = "tls-exporter"
HASHES: Final = {"SHA-1": "sha1", "SHA-256": "sha256"}
MESSAGE_OCTETS: Final = 4096
#: RFC 7677, 4, for SHA-256; a server that asks for less makes guessing cheap.
ITERATIONS_MIN: Final = 4096
#: A server that asks for more only keeps the client busy.
ITERATIONS_MAX: Final = 5_000_000

#   attribute names are one letter; printable = %x21-2B / %x2D-7E
_GS2 = re.compile(r"(?P<flag>[ny]|p=(?P<binding>[A-Za-z0-9.\-]+)),(?:a=(?P<authzid>[^,]+))?,")
_CLIENT_FIRST = re.compile(r"n=(?P<name>[^,]+),r=(?P<nonce>[!-+\--~]+)(?:,[A-Za-z]=[^,]*)*")
_CLIENT_FINAL = re.compile(
    r"(?P<unproved>c=(?P<binding>[A-Za-z0-9+/=]+),r=(?P<nonce>[!-+\--~]+)(?:,[A-Za-z]=[^,]*)*)"
    r",p=(?P<proof>[A-Za-z0-9+/=]+)"
)
_SERVER_FIRST = re.compile(
    r"r=(?P<nonce>[!-+\--~]+),s=(?P<salt>[A-Za-z0-9+/=]+),i=(?P<iterations>[1-9][0-9]{0,9})"
    r"(?:,[A-Za-z]=[^,]*)*"
)
_SERVER_FINAL = re.compile(r"(?:v=(?P<verifier>[A-Za-z0-9+/=]+)|e=(?P<error>[^,]+))(?:,.*)?")


def salted_password(password: str, salt: bytes, iterations: int, hash_name: str) -> bytes:
    """Return ``Hi(Normalize(password), salt, i)`` (RFC 5802, 3); this is what takes time."""
    octets = prepared_password(password).encode()
    return hashlib.pbkdf2_hmac(HASHES[hash_name], octets, salt, iterations)


def keys(salted: bytes, hash_name: str) -> tuple[bytes, bytes, bytes]:
    """Return ClientKey, StoredKey and ServerKey."""
    client_key = _hmac(salted, b"Client Key", hash_name)
    stored_key = hashlib.new(HASHES[hash_name], client_key).digest()
    return client_key, stored_key, _hmac(salted, b"Server Key", hash_name)


def _hmac(key: bytes, octets: bytes, hash_name: str) -> bytes:
    return hmac.digest(key, octets, HASHES[hash_name])


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


class ScramServer(ClientFirst):
    """The server's side.

    Args:
        plus: whether this is the mechanism with channel binding.
        binding: the channel's binding, None where it has none. Then -PLUS was not offered, and
            a client that believes so is right; otherwise somebody has taken it from the offer.
    """

    def __init__(self, hash_name: str, *, plus: bool, nonce: Nonce, binding: bytes | None) -> None:
        self.name = f"SCRAM-{hash_name}" + ("-PLUS" if plus else "")
        self._hash = hash_name
        self._plus = plus
        self._make_nonce = nonce
        self._binding = binding
        self._header = b""
        self._first_bare = self._server_first = b""
        self._nonce = ""
        self._username = self._authorize_as = ""
        self._stored_key = self._server_key = b""

    def respond(self, octets: bytes) -> Step:
        """Take the client's first message, then its final one."""
        text = decoded(octets, MESSAGE_OCTETS)
        if text is None:
            return Failure("not a SCRAM message", malformed=True, username=self._username)
        return self._final(text) if self._server_first else self._first(text)

    def _first(self, text: str) -> Step:
        gs2 = _GS2.match(text)
        if gs2 is None:
            return Failure("no GS2 header", malformed=True)
        refusal = self._judge_binding(gs2["flag"], gs2["binding"])
        if refusal is not None:
            return refusal
        bare = text[gs2.end() :]
        if bare.startswith("m="):
            return Failure("an extension nobody knows", malformed=True)
        first = _CLIENT_FIRST.fullmatch(bare)
        username = unescaped(first["name"]) if first else None
        authorize_as = unescaped(gs2["authzid"] or "")
        if first is None or username is None or authorize_as is None:
            return Failure("not a client's first message", malformed=True)
        self._header = gs2.group().encode()
        self._first_bare = bare.encode()
        self._username, self._authorize_as = username, authorize_as
        self._nonce = first["nonce"] + self._make_nonce().decode("ascii")
        return AskScramVerifier(username, self._hash)

    def _judge_binding(self, flag: str, binding_name: str | None) -> Failure | None:
        """Compare what the client thinks of channel binding with the truth (RFC 5802, 6)."""
        if self._plus:
            if binding_name is None:
                return Failure("-PLUS without channel binding", malformed=True)
            if binding_name != BINDING_NAME:
                return Failure(f"channel binding of a type we lack: {binding_name}")
        elif binding_name is not None:
            return Failure("channel binding without -PLUS", malformed=True)
        elif flag == "y" and self._binding is not None:
            return Failure("the client did not see that -PLUS was offered: a downgrade")
        return None

    def answer(self, answer: object) -> Step:
        """Take ``(salt, iterations, stored_key, server_key)``."""
        if not (isinstance(answer, tuple) and len(answer) == 4):
            return Failure("no verifier", username=self._username)
        salt, iterations, self._stored_key, self._server_key = answer
        self._server_first = b"r=%s,s=%s,i=%d" % (
            self._nonce.encode(),
            base64.encode(salt),
            iterations,
        )
        return Challenge(self._server_first)

    def _final(self, text: str) -> Step:
        username = self._username
        final = _CLIENT_FINAL.fullmatch(text)
        if final is None:
            return Failure("not a client's final message", malformed=True, username=username)
        try:
            header_and_binding = base64.decode(final["binding"].encode())
            proof = base64.decode(final["proof"].encode())
        except base64.BadBase64 as error:
            return Failure(f"bad base64: {error}", malformed=True, username=username)
        expected = self._header + (self._binding or b"" if self._plus else b"")
        if not hmac.compare_digest(header_and_binding, expected):
            return Failure("another channel than ours", username=username)
        if final["nonce"] != self._nonce:
            return Failure("another nonce", malformed=True, username=username)
        if len(proof) != len(self._stored_key):
            return Failure("a proof of the wrong size", malformed=True, username=username)
        message = b",".join([self._first_bare, self._server_first, final["unproved"].encode()])
        client_key = _xor(proof, _hmac(self._stored_key, message, self._hash))
        stored_key = hashlib.new(HASHES[self._hash], client_key).digest()
        if not hmac.compare_digest(stored_key, self._stored_key):
            return Failure("wrong proof", username=username)
        signature = _hmac(self._server_key, message, self._hash)
        return Success(username, self._authorize_as, b"v=" + base64.encode(signature))


class ScramClient:
    """The client's side.

    Args:
        plus: whether to bind the channel.
        authorize_as: whom to act as; empty for ourselves.
        binding: the channel's binding. Without *plus* it tells the server that we could have
            bound and were not offered to, so that it notices when that was somebody's doing.
    """

    def __init__(
        self,
        hash_name: str,
        *,
        plus: bool,
        username: str,
        password: str,
        authorize_as: str,
        nonce: Nonce,
        binding: bytes | None,
    ) -> None:
        self.name = f"SCRAM-{hash_name}" + ("-PLUS" if plus else "")
        self._hash = hash_name
        self._password = password
        flag = f"p={BINDING_NAME}" if plus else "n" if binding is None else "y"
        authzid = f"a={escaped(authorize_as)}" if authorize_as else ""
        self._header = f"{flag},{authzid},".encode()
        self._binding = binding if plus and binding is not None else b""
        self._nonce = nonce()
        self._first_bare = f"n={escaped(username)},r=".encode() + self._nonce
        self._signature: bytes | None = None
        self._proved = False

    def initial(self) -> bytes:
        """Return the first message."""
        return self._header + self._first_bare

    def respond(self, challenge: bytes) -> bytes:
        """Answer the server's first message with our proof, its final one with nothing.

        Raises:
            RemoteProtocolError: a message breaks the grammar, its nonce is not ours, it asks for
                too few or too many iterations, or the server does not know our password.
        """
        if self._signature is not None:
            self._verify(challenge)
            return b""
        first = _SERVER_FIRST.fullmatch(decoded(challenge, MESSAGE_OCTETS) or "")
        if first is None:
            raise RemoteProtocolError("not a server's first message")
        nonce = first["nonce"].encode()
        if not nonce.startswith(self._nonce) or nonce == self._nonce:
            raise RemoteProtocolError("the server did not take our nonce")
        iterations = int(first["iterations"])
        if not ITERATIONS_MIN <= iterations <= ITERATIONS_MAX:
            raise RemoteProtocolError(f"{iterations} iterations are too few or too many")
        salt = _decoded(first["salt"])
        salted = salted_password(self._password, salt, iterations, self._hash)
        client_key, stored_key, server_key = keys(salted, self._hash)
        bound = base64.encode(self._header + self._binding)
        unproved = b"c=" + bound + b",r=" + nonce
        message = b",".join([self._first_bare, challenge, unproved])
        proof = _xor(client_key, _hmac(stored_key, message, self._hash))
        self._signature = _hmac(server_key, message, self._hash)
        return unproved + b",p=" + base64.encode(proof)

    def _verify(self, octets: bytes) -> None:
        final = _SERVER_FINAL.fullmatch(decoded(octets, MESSAGE_OCTETS) or "")
        if final is None:
            raise RemoteProtocolError("not a server's final message")
        if final["error"] is not None:
            raise RemoteProtocolError("the server refuses")
        if self._signature is None or not hmac.compare_digest(
            _decoded(final["verifier"]), self._signature
        ):
            raise RemoteProtocolError("the server does not know the password")
        self._proved = True

    def finished(self, octets: bytes | None) -> None:
        """Take the server's success. Raises RemoteProtocolError when it has not proved itself."""
        if octets:
            self._verify(octets)
        if not self._proved:
            raise RemoteProtocolError("success without the server's proof")


def _decoded(text: str) -> bytes:
    try:
        return base64.decode(text.encode())
    except base64.BadBase64 as error:
        raise RemoteProtocolError(f"bad base64: {error}") from None
