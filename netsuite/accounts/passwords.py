"""Making and checking what is kept of a password: argon2id, SCRAM verifiers, never the password.

The functions here compute for tens of milliseconds. ``Hashing`` runs them where they disturb
nobody.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from netsuite.sasl.prepare import Unpreparable, prepared_password, saslprep
from netsuite.store.model import ScramVerifier, Verifiers

#: 19 MiB, two passes, one lane: the OWASP floor for argon2id. A mail server hashes for every
#: client that polls, so memory a hash is memory times clients.
_HASHER: Final = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

#: RFC 7677, 4 asks for at least 4096, and for more where that is affordable; a verifier is made
#: once, and the client computes at each login.
SCRAM_ITERATIONS: Final = 15_000
SCRAM_HASHES: Final = {"SHA-1": "sha1", "SHA-256": "sha256"}
_SALT_OCTETS: Final = 16

#: Longer ones are refused before anything is computed from them.
PASSWORD_CHARACTERS: Final = 1024

_DUMMY: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"
    "v0qDvRhZzOYZcqh2N7vnRWyl4gOTPVYQ4QKz7Zy2rTg"
)


def make_verifiers(password: str, *, cram_md5: bool = False) -> Verifiers:
    """Make what is kept of a new password.

    Args:
        cram_md5: keep the shared secret that CRAM-MD5 needs, as good as the password itself.

    Raises:
        Unpreparable: the password is too long, or has characters that none may have (RFC 4013).
    """
    prepared = saslprep(password)
    if len(prepared) > PASSWORD_CHARACTERS:
        raise Unpreparable(f"a password has at most {PASSWORD_CHARACTERS} characters")
    return Verifiers(
        argon2=_HASHER.hash(prepared),
        scram={name: _scram(prepared, algorithm) for name, algorithm in SCRAM_HASHES.items()},
        cram_md5=prepared.encode() if cram_md5 else None,
    )


def _scram(password: str, algorithm: str) -> ScramVerifier:
    """Derive the keys of RFC 5802, 3 from a fresh salt."""
    salt = os.urandom(_SALT_OCTETS)
    salted = hashlib.pbkdf2_hmac(algorithm, password.encode(), salt, SCRAM_ITERATIONS)
    client_key = hmac.digest(salted, b"Client Key", algorithm)
    return ScramVerifier(
        salt=salt,
        iterations=SCRAM_ITERATIONS,
        stored_key=hashlib.new(algorithm, client_key).digest(),
        server_key=hmac.digest(salted, b"Server Key", algorithm),
    )


def matching(verifiers: Sequence[Verifiers], password: str) -> int | None:
    """Return the index of the verifiers that a password fits, None when it fits none.

    Takes about as long when there is nothing to compare with, so that time does not tell who
    has an account.
    """
    if len(password) > PASSWORD_CHARACTERS:
        return None
    prepared = prepared_password(password)
    for index, each in enumerate(verifiers):
        if _fits(each.argon2, prepared):
            return index
    if not verifiers:
        _fits(_DUMMY, prepared)
    return None


def _fits(encoded: str, password: str) -> bool:
    try:
        return _HASHER.verify(encoded, password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False  # wrong, no hash of ours, or a lone surrogate


def outdated(verifiers: Verifiers) -> bool:
    """Return whether verifiers were made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(verifiers.argon2)


class Hashing:
    """The functions above, run with *run* away from the reactor's thread."""

    def __init__(self, run: Callable[..., Awaitable[object]]) -> None:
        self._run = run

    async def matching(self, verifiers: Sequence[Verifiers], password: str) -> int | None:
        """As the function of that name."""
        index = await self._run(matching, verifiers, password)
        return index if isinstance(index, int) else None

    async def make_verifiers(self, password: str, *, cram_md5: bool = False) -> Verifiers:
        """As the function of that name."""

        def make() -> Verifiers:
            return make_verifiers(password, cram_md5=cram_md5)

        made = await self._run(make)
        assert isinstance(made, Verifiers)
        return made

    def outdated(self, verifiers: Verifiers) -> bool:
        """As the function of that name."""
        return outdated(verifiers)
