"""The functions that files are hashed by, and what is read behind the X commands."""

from __future__ import annotations

import hashlib
import zlib

from hypothesis import given
from hypothesis import strategies as st

from netsuite.ftp.digests import DEFAULT, FUNCTIONS, features, ranged
from netsuite.ftp.grammar import DIGESTS
from netsuite.testing.cases import SynchronousTestCase


class Functions(SynchronousTestCase):
    """What they make of octets."""

    def test_known(self) -> None:
        """Each is what its name says, of the words that everybody knows the hashes of."""
        hashes = {
            "SHA-256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "SHA-1": "a9993e364706816aba3e25717850c26c9cd0d89d",
            "MD5": "900150983cd24fb0d6963f7d28e17f72",
            "CRC32": "352441c2",
            "SHA-512": "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        }
        self.assertEqual(set(hashes), set(FUNCTIONS))
        for name, wanted in hashes.items():
            hashing = FUNCTIONS[name]()
            for octet in b"abc":
                hashing.update(bytes([octet]))
            self.assertEqual(wanted, hashing.hexdigest(), name)
        self.assertEqual("00000000", FUNCTIONS["CRC32"]().hexdigest())
        self.assertEqual("SHA-256", DEFAULT)
        self.assertLessEqual(set(DIGESTS.values()), set(FUNCTIONS))

    @given(st.lists(st.binary(max_size=50), max_size=8))
    def test_in_pieces(self, pieces: list[bytes]) -> None:
        """However the octets are cut, the hash is the same."""
        crc, sha = FUNCTIONS["CRC32"](), FUNCTIONS["SHA-256"]()
        for piece in pieces:
            crc.update(piece)
            sha.update(piece)
        self.assertEqual(f"{zlib.crc32(b''.join(pieces)):08x}", crc.hexdigest())
        self.assertEqual(hashlib.sha256(b"".join(pieces)).hexdigest(), sha.hexdigest())

    def test_features(self) -> None:
        """FEAT's line has a star for the one that is chosen."""
        self.assertEqual("HASH SHA-256*;SHA-512;SHA-1;MD5;CRC32;", features(DEFAULT))
        self.assertEqual("HASH SHA-256;SHA-512;SHA-1;MD5*;CRC32;", features("MD5"))


class Ranges(SynchronousTestCase):
    """What stands behind XCRC and its like."""

    def test_read(self) -> None:
        """A path, in quotes or not, and up to two numbers."""
        for said, wanted in (
            ("a 5", ("a", 0, 5)),
            ("a 2 5", ("a", 2, 5)),
            ("a b 2 5", ("a b", 2, 5)),
            ("a 1 2 5", ("a 1", 2, 5)),
            ('"a b" 2 5', ("a b", 2, 5)),
            ('"a""b" 5', ('a"b', 0, 5)),
            ('"a"', ("a", 0, -1)),
            ('"a" x', None),
            ('"a', None),
            ("a", None),
            ("5", None),
            ("a " + "9" * 20, None),
        ):
            self.assertEqual(wanted, ranged(said), said)

    @given(st.text(max_size=40))
    def test_any_text(self, said: str) -> None:
        """Anything is read, or is nothing."""
        asked = ranged(said)
        assert asked is None or asked[0] in said.replace('""', '"')
