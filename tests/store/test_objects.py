"""Contents in an object store: a server of S3's protocol in a thread, and one that is not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from unittest.mock import patch

import pytest

from netsuite.store.errors import Busy, NoSuchMessage, StoreError
from netsuite.store.objects import PART_OCTETS, Pieces, S3Objects
from netsuite.testing.cases import SynchronousTestCase
from tests.store.buckets import CREDENTIALS, bucket


@pytest.fixture
def objects() -> Iterator[S3Objects]:
    """A store whose bucket is new."""
    with patch.dict(os.environ, CREDENTIALS):
        yield S3Objects(bucket())


def test_octets_and_ranges(objects: S3Objects) -> None:
    """What was put is there, whole and in part; nothing of an empty range is asked for."""
    key = objects.key_of("0" * 32)
    objects.check()
    objects.put(key, [b"abc", b"", b"defg"])
    assert objects.get(key) == b"abcdefg"
    assert objects.get(key, 2) == b"cdefg"
    assert objects.get(key, 2, 4) == b"cd"
    assert objects.get(key, 6, 100) == b"g"
    assert objects.get(key, 3, 3) == b""
    assert list(objects.sizes()) == [(key, 7)]


def test_a_large_object_goes_in_parts(objects: S3Objects) -> None:
    """Of a large content one part is in memory; it is there whole."""
    key = objects.key_of("1" * 32)
    objects.put(key, (bytes([number]) * 1_000_000 for number in range(10)))
    assert dict(objects.sizes())[key] == 10_000_000 > PART_OCTETS
    assert objects.get(key, 8_999_999, 9_000_001) == b"\x08\x09"


def test_more_keys_than_one_request_lists(objects: S3Objects) -> None:
    """Listing and removing go on where a request ends."""
    keys = [objects.key_of(f"{number:032}") for number in range(1_003)]
    for key in keys:
        objects.put(key, [b"x"])
    assert [key for key, _ in objects.sizes()] == keys
    objects.drop([*keys[1:], objects.key_of("absent")])
    assert list(objects.sizes()) == [(keys[0], 1)]


def test_what_is_not_there(objects: S3Objects) -> None:
    """An object that is gone is a message that is; a bucket that is not there is the operator's."""
    with pytest.raises(NoSuchMessage):
        objects.get(objects.key_of("absent"))
    gone = S3Objects(bucket().replace("s3://", "s3://no-such-"))
    with pytest.raises(StoreError, match="look at the bucket's name") as raised:
        gone.put("key", [b"x"])
    assert not isinstance(raised.value, Busy)
    with pytest.raises(StoreError):
        gone.check()


def test_nobody_answers() -> None:
    """A store that cannot be reached is busy, and its address is in the message."""
    with patch.dict(os.environ, CREDENTIALS), patch("netsuite.store.objects.ATTEMPTS", 1):
        objects = S3Objects("s3://bucket/mail?endpoint=http://127.0.0.1:1&region=us-east-1")
        with pytest.raises(Busy, match="bucket/mail"):
            objects.get("key")


class URLs(SynchronousTestCase):
    """URLs of object stores."""

    def test_wrong(self) -> None:
        """What is none, or has a password, is refused."""
        for url in (
            "https://bucket", "s3:", "s3:///prefix", "s3://key:secret@bucket/", "s3://b?regoin=x"
        ):  # fmt: skip
            error = self.assertRaises(StoreError, S3Objects, url)
            self.assertIn("s3://BUCKET/PREFIX", str(error))
            self.assertNotIn("secret", str(error))

    def test_keys(self) -> None:
        """The key of a content is below the prefix, which may be empty."""
        for url, key in (("s3://b", "g"), ("s3://b/", "g"), ("s3://b/a/c/", "a/c/g")):
            self.assertEqual(key, S3Objects(f"{url}?region=us-east-1").key_of("g"))


class PiecesAsFile(SynchronousTestCase):
    """Pieces read as a file."""

    def test_reads(self) -> None:
        """A read takes no more than it asks for, over pieces of any size."""
        pieces = Pieces([b"", b"abc", b"", b"de"])
        self.assertEqual([b"ab", b"cd", b"e", b""], [pieces.read(2) for _ in range(4)])
