"""Contents in an object store that speaks S3's protocol, by Amazon's client library, boto3.

Everything here blocks, and is for threads. An object has the key ``PREFIX/GUID``, so that it is
written once and never changed. Who may use the bucket is told to the library where it looks for
that: in ``AWS_ACCESS_KEY_ID`` and ``AWS_SECRET_ACCESS_KEY``, in ``~/.aws``, or by the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol, TypeAlias, TypeVar
from urllib.parse import parse_qs, urlsplit

from netsuite.store.errors import Busy, NoSuchMessage, StoreError

T = TypeVar("T")
#: Of boto3, which has no types.
Client: TypeAlias = Any

#: How long an object store may take to be reached, and to say anything.
CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 20
#: So often one request is tried.
ATTEMPTS: Final = 3
#: So many keys one request may name.
KEYS_AT_ONCE: Final = 1000
#: An object of more is sent in parts of so many octets, of which one is in memory.
PART_OCTETS: Final = 8 << 20

_ABSENT: Final = frozenset({"NoSuchKey", "404"})
_REFUSED: Final = frozenset({"NoSuchBucket", "AccessDenied", "403", "InvalidAccessKeyId",
                             "SignatureDoesNotMatch", "AllAccessDisabled"})  # fmt: skip


class ObjectStore(Protocol):
    """Octets by key; each method blocks, and may be called in any thread.

    Raises of all: Busy where the store cannot be reached or says to come later, StoreError where
    it refuses.
    """

    @property
    def place(self) -> str:
        """Its name for messages to an operator, without a password."""

    def check(self) -> None:
        """Check that it can be used."""

    def key_of(self, guid: str) -> str:
        """Return the key of a content."""

    def put(self, key: str, pieces: Iterable[bytes]) -> None:
        """Write an object, durable when this returns; one of that name is replaced."""

    def get(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """Return octets *start* to *stop* of an object. Raises NoSuchMessage where it is gone."""

    def drop(self, keys: Sequence[str]) -> None:
        """Remove objects; those that are gone already, too."""

    def sizes(self) -> Iterator[tuple[str, int]]:
        """Return all objects of this store, each with its octets."""


class Pieces:
    """Octets that come in pieces, as a file that is read once."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._held = bytearray()

    def read(self, octets: int = -1) -> bytes:
        """Return so many octets, fewer only at the end; all where they are not limited."""
        held = self._held
        while octets < 0 or len(held) < octets:
            piece = next(self._pieces, None)
            if piece is None:
                break
            held += piece
        end = len(held) if octets < 0 else octets
        found = bytes(held[:end])
        del held[:end]
        return found


class S3Objects:
    """Implements ``ObjectStore`` on a bucket.

    Args:
        url: ``s3://BUCKET/PREFIX``, behind it ``?endpoint=URL`` for a store that is not Amazon's,
            ``region=NAME``.

    Raises:
        StoreError: that is no such URL, or boto3 is not installed.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        unknown = query.keys() - {"endpoint", "region"}
        if parts.scheme != "s3" or not parts.netloc or "@" in parts.netloc or unknown:
            raise StoreError(
                "store.objects: not an object store's URL; give s3://BUCKET/PREFIX, with "
                "?endpoint=https://HOST where that is not Amazon's, without a password"
            )
        self._bucket = parts.netloc
        self._prefix = f"{parts.path.strip('/')}/".lstrip("/")
        self.place = f"s3://{self._bucket}/{self._prefix}"
        try:
            import boto3  # half a second, which nobody waits for without an object store
            from boto3.s3.transfer import TransferConfig
            from botocore.config import Config
        except ImportError:
            raise StoreError("store.objects needs boto3: pip install 'netsuite[s3]'") from None
        self._client: Client = boto3.session.Session().client(
            "s3",
            endpoint_url=query.get("endpoint"),
            region_name=query.get("region") or None,
            config=Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"max_attempts": ATTEMPTS, "mode": "standard"},
                # Stores that are not Amazon's know no checksums behind the body.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
        self._transfer = TransferConfig(
            multipart_threshold=PART_OCTETS, multipart_chunksize=PART_OCTETS, use_threads=False
        )

    def check(self) -> None:
        """As ``ObjectStore.check``."""
        self._asked(self._client.head_bucket, Bucket=self._bucket)

    def key_of(self, guid: str) -> str:
        """As ``ObjectStore.key_of``."""
        return self._prefix + guid

    def put(self, key: str, pieces: Iterable[bytes]) -> None:
        """As ``ObjectStore.put``."""
        self._asked(
            self._client.upload_fileobj,
            Pieces(pieces),
            self._bucket,
            key,
            Config=self._transfer,
        )

    def get(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """As ``ObjectStore.get``."""
        if stop is not None and stop <= start:
            return b""
        part = {}
        if start or stop is not None:
            part["Range"] = f"bytes={start}-{'' if stop is None else stop - 1}"
        return self._asked(self._fetched, key, part)

    def _fetched(self, key: str, part: dict[str, str]) -> bytes:
        answer = self._client.get_object(Bucket=self._bucket, Key=key, **part)
        octets: bytes = answer["Body"].read()
        return octets

    def drop(self, keys: Sequence[str]) -> None:
        """As ``ObjectStore.drop``."""
        for start in range(0, len(keys), KEYS_AT_ONCE):
            some = [{"Key": key} for key in keys[start : start + KEYS_AT_ONCE]]
            answer = self._asked(
                self._client.delete_objects,
                Bucket=self._bucket,
                Delete={"Objects": some, "Quiet": True},
            )
            for refused in answer.get("Errors", ()):
                raise StoreError(f"{self.place}: {refused['Key']}: {refused['Message']}")

    def sizes(self) -> Iterator[tuple[str, int]]:
        """As ``ObjectStore.sizes``."""
        more: dict[str, str] = {}
        while True:
            answer = self._asked(
                self._client.list_objects_v2, Bucket=self._bucket, Prefix=self._prefix, **more
            )
            for each in answer.get("Contents", ()):
                yield each["Key"], each["Size"]
            if not answer["IsTruncated"]:
                return
            more = {"ContinuationToken": answer["NextContinuationToken"]}

    def _asked(self, call: Callable[..., T], *arguments: object, **named: object) -> T:
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return call(*arguments, **named)
        except ClientError as error:
            raise self._named(error.response.get("Error", {})) from None
        except (BotoCoreError, Boto3Error, OSError) as error:
            raise Busy(f"{self.place}: {type(error).__name__}: {error}") from None

    def _named(self, refusal: Mapping[str, object]) -> StoreError:
        """Return a refusal in the store's words."""
        code = str(refusal.get("Code", ""))
        text = f"{self.place}: {code}: {refusal.get('Message', '')}"
        if code in _ABSENT:
            return NoSuchMessage(text)
        if code in _REFUSED:
            return StoreError(f"{text}; look at the bucket's name, its policy and the key in use")
        return Busy(text)
