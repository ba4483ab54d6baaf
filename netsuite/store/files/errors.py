"""The system's errors as the store's: one table."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from netsuite.store import errors

T = TypeVar("T")

#: errno to the store's error; what is not here is a plain ``StoreError``.
ERRORS: Final[Mapping[int, type[errors.StoreError]]] = {
    number: kind
    for kind, numbers in (
        # ELOOP: a symbolic link where none is followed; ENXIO, ENODEV: a socket, or a device
        # without a driver.
        (errors.NoSuchFile, (errno.ENOENT, errno.ESTALE, errno.ELOOP, errno.ENXIO, errno.ENODEV)),
        (errors.FileInTheWay, (errno.EEXIST,)),
        (errors.NotADirectory, (errno.ENOTDIR,)),
        (errors.IsADirectory, (errno.EISDIR,)),
        (errors.DirectoryNotEmpty, (errno.ENOTEMPTY,)),
        (errors.BadFileName, (errno.ENAMETOOLONG, errno.EILSEQ)),
        # EINVAL: of renaming a directory into itself.
        (errors.NotPermitted, (errno.EINVAL, errno.EACCES, errno.EPERM, errno.EROFS)),
        # Another file system is mounted below the root: renames end there.
        (errors.NotPermitted, (errno.EXDEV,)),
        (errors.StorageFull, (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMLINK)),
        (errors.TooLarge, (errno.EFBIG, errno.EOVERFLOW)),
        (errors.Busy, (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EBUSY)),
        (errors.Busy, (errno.EINTR, errno.ETXTBSY, errno.ENOLCK)),
    )
    for number in numbers
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
