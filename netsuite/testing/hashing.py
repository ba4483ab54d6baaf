"""Hashing of passwords that costs nothing: what is kept can be compared, and is no secret."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from netsuite.accounts.passwords import SCRAM_HASHES, Hashing
from netsuite.sasl.prepare import prepared_password
from netsuite.store.model import ScramVerifier, Verifiers

#: The fewest that clients have to take (RFC 7677, 4).
_ITERATIONS: Final = 4096
_SALT: Final = b"salt for tests.."
_CLEAR: Final = "clear:"


class _WhenAsked(Mapping[str, ScramVerifier]):
    """The SCRAM verifiers of a password, each made when somebody logs in by it."""

    def __init__(self, password: str) -> None:
        self._password = password
        self._made: dict[str, ScramVerifier] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(SCRAM_HASHES)

    def __len__(self) -> int:
        return len(SCRAM_HASHES)

    def __getitem__(self, name: str) -> ScramVerifier:
        if name not in self._made:
            algorithm = SCRAM_HASHES[name]
            salted = hashlib.pbkdf2_hmac(algorithm, self._password.encode(), _SALT, _ITERATIONS)
            client_key = hmac.digest(salted, b"Client Key", algorithm)
            self._made[name] = ScramVerifier(
                salt=_SALT,
                iterations=_ITERATIONS,
                stored_key=hashlib.new(algorithm, client_key).digest(),
                server_key=hmac.digest(salted, b"Server Key", algorithm),
            )
        return self._made[name]


class NoHashing(Hashing):
    """Keeps passwords as they are, for accounts that live as long as a test."""

    def __init__(self) -> None:
        """Make it; it needs no threads."""

    async def matching(self, verifiers: Sequence[Verifiers], password: str) -> int | None:
        """Return the index of the verifiers that a password fits, None when it fits none."""
        wanted = _CLEAR + prepared_password(password)
        for index, each in enumerate(verifiers):
            if each.argon2 == wanted:
                return index
        return None

    async def make_verifiers(self, password: str, *, cram_md5: bool = False) -> Verifiers:
        """Return what is kept of a password."""
        return verifiers(password, cram_md5=cram_md5)

    def outdated(self, verifiers: Verifiers) -> bool:
        """Return that they are not."""
        return False


def verifiers(password: str, *, cram_md5: bool = True) -> Verifiers:
    """Return what ``NoHashing`` keeps of a password."""
    prepared = prepared_password(password)
    return Verifiers(
        _CLEAR + prepared, _WhenAsked(prepared), prepared.encode() if cram_md5 else None
    )
