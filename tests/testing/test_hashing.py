"""Hashing that costs nothing: what it keeps fits the password, by every mechanism."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from netsuite.accounts.passwords import SCRAM_HASHES
from netsuite.testing.hashing import NoHashing, verifiers
from tests.coroutines import run


def test_passwords() -> None:
    """The one that fits is told by its index; a password is prepared as others are."""
    hashing = NoHashing()
    kept = [verifiers("one"), run(hashing.make_verifiers("zwei\u00a0drei"))]
    assert run(hashing.matching(kept, "one")) == 0
    assert run(hashing.matching(kept, "zwei drei")) == 1
    assert run(hashing.matching(kept, "clear:one")) is None
    assert run(hashing.matching([], "one")) is None
    assert not hashing.outdated(kept[0])


def test_cram_md5() -> None:
    """It needs the password itself, where an account has that."""
    assert verifiers("secret").cram_md5 == b"secret"
    assert run(NoHashing().make_verifiers("secret")).cram_md5 is None
    assert run(NoHashing().make_verifiers("secret", cram_md5=True)).cram_md5 == b"secret"


@pytest.mark.parametrize("name", SCRAM_HASHES)
def test_scram(name: str) -> None:
    """What SCRAM verifies by is that of RFC 5802, 3, made when it is asked for."""
    kept = verifiers("pencil").scram
    assert set(kept) == set(SCRAM_HASHES)
    assert len(kept) == len(SCRAM_HASHES)
    found = kept[name]
    assert found is kept[name]
    algorithm = SCRAM_HASHES[name]
    salted = hashlib.pbkdf2_hmac(algorithm, b"pencil", found.salt, found.iterations)
    client_key = hmac.digest(salted, b"Client Key", algorithm)
    assert found.stored_key == hashlib.new(algorithm, client_key).digest()
    assert found.server_key == hmac.digest(salted, b"Server Key", algorithm)
