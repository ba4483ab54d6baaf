"""The system's errors as the store's: one table."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from netsuite.store.errors import (
    BadFileName,
    Busy,
    DirectoryNotEmpty,
    FileInTheWay,
    IsADirectory,
    NoSuchFile,
    NotADirectory,
    NotPermitted,
    StorageFull,
    StoreError,
    TooLarge,
)

T = TypeVar("T")

#: errno to the store's error; what is not here is a plain ``StoreError``.
ERRORS: Final[Mapping[int, type[StoreError]]] = {
    errno.ENOENT: NoSuchFile,
    errno.ESTALE: NoSuchFile,
    # A symbolic link where none is followed; a socket or a device without a driver.
    errno.ELOOP: NoSuchFile,
    errno.ENXIO: NoSuchFile,
    errno.ENODEV: NoSuchFile,
    errno.EEXIST: FileInTheWay,
    errno.ENOTDIR: NotADirectory,
    errno.EISDIR: IsADirectory,
    errno.ENOTEMPTY: DirectoryNotEmpty,
    errno.ENAMETOOLONG: BadFileName,
    errno.EILSEQ: BadFileName,
    # Of renaming a directory into itself.
    errno.EINVAL: NotPermitted,
    errno.EACCES: NotPermitted,
    errno.EPERM: NotPermitted,
    errno.EROFS: NotPermitted,
    # Another file system is mounted below the root: renames end there.
    errno.EXDEV: NotPermitted,
    errno.ENOSPC: StorageFull,
    errno.EDQUOT: StorageFull,
    errno.EIO: StorageFull,
    errno.EMLINK: StorageFull,
    errno.EFBIG: TooLarge,
    errno.EOVERFLOW: TooLarge,
    errno.EMFILE: Busy,
    errno.ENFILE: Busy,
    errno.ENOMEM: Busy,
    errno.EAGAIN: Busy,
    errno.EBUSY: Busy,
    errno.EINTR: Busy,
    errno.ETXTBSY: Busy,
    errno.ENOLCK: Busy,
}


def store_error(error: OSError) -> StoreError:
    """Return the store's error for one of the system's."""
    kind = ERRORS.get(error.errno or 0, StoreError)
    return kind(error.strerror or type(error).__name__)


def translated(function: Callable[..., T], *arguments: object) -> T:
    """Call a function that works on files, its errors being the store's."""
    try:
        return function(*arguments)
    except OSError as error:
        raise store_error(error) from error
