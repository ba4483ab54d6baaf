"""The system's errors as the store's: one table."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from netsuite.store import errors

T = TypeVar("T")

#: errno to the store's error; what is not here is a plain ``StoreError``.
ERRORS: Final[Mapping[int, type[errors.StoreError]]] = {
    errno.ENOENT: errors.NoSuchFile,
    errno.ESTALE: errors.NoSuchFile,
    # A symbolic link where none is followed; a socket or a device without a driver.
    errno.ELOOP: errors.NoSuchFile,
    errno.ENXIO: errors.NoSuchFile,
    errno.ENODEV: errors.NoSuchFile,
    errno.EEXIST: errors.FileInTheWay,
    errno.ENOTDIR: errors.NotADirectory,
    errno.EISDIR: errors.IsADirectory,
    errno.ENOTEMPTY: errors.DirectoryNotEmpty,
    errno.ENAMETOOLONG: errors.BadFileName,
    errno.EILSEQ: errors.BadFileName,
    # Of renaming a directory into itself.
    errno.EINVAL: errors.NotPermitted,
    errno.EACCES: errors.NotPermitted,
    errno.EPERM: errors.NotPermitted,
    errno.EROFS: errors.NotPermitted,
    # Another file system is mounted below the root: renames end there.
    errno.EXDEV: errors.NotPermitted,
    errno.ENOSPC: errors.StorageFull,
    errno.EDQUOT: errors.StorageFull,
    errno.EIO: errors.StorageFull,
    errno.EMLINK: errors.StorageFull,
    errno.EFBIG: errors.TooLarge,
    errno.EOVERFLOW: errors.TooLarge,
    errno.EMFILE: errors.Busy,
    errno.ENFILE: errors.Busy,
    errno.ENOMEM: errors.Busy,
    errno.EAGAIN: errors.Busy,
    errno.EBUSY: errors.Busy,
    errno.EINTR: errors.Busy,
    errno.ETXTBSY: errors.Busy,
    errno.ENOLCK: errors.Busy,
}


def store_error(error: OSError) -> errors.StoreError:
    """Return the store's error for one of the system's."""
    kind = ERRORS.get(error.errno or 0, errors.StoreError)
    return kind(error.strerror or type(error).__name__)


def translated(function: Callable[..., T], *arguments: object) -> T:
    """Call a function that works on files, its errors being the store's."""
    try:
        return function(*arguments)
    except OSError as error:
        raise store_error(error) from error
