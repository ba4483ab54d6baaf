"""Replies of an FTP server to errors of the store and the accounts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from netsuite.accounts import interfaces
from netsuite.connection.deadlines import CloseReason
from netsuite.ftp.commands import Reply, reply
from netsuite.ftp.dialog import ServerSaid
from netsuite.store import errors
from netsuite.wire.errors import ErrorTable

BROKEN: Final = reply(451, "Something went wrong here; try again later")
ENCRYPT_FIRST: Final = reply(530, "Say AUTH TLS first: a password may not be sent here")
TLS_FIRST: Final = reply(530, "Say AUTH TLS first")
NO_TLS: Final = reply(431, "TLS is not available")
TLS_ALREADY: Final = reply(503, "TLS is in place already")
NO_MECHANISM: Final = reply(504, "Only AUTH TLS is known here")
SECURE_FIRST: Final = reply(503, "Say AUTH TLS first")
PBSZ_FIRST: Final = reply(503, "Say PBSZ 0 first")
NO_LEVEL: Final = reply(536, "TLS protects with PROT P, or not with PROT C")
PROT_NEEDED: Final = reply(521, "Data connections must be protected here; say PROT P first")
PROT_WANTED: Final = reply(534, "Data connections must be protected here")
RESUME_TLS: Final = reply(
    522,
    "The data connection must resume the TLS session of this one, which your client did not do; "
    "use one that does, or ask the operator for ftp.require_session_reuse = false",
)
TLS_FAILED: Final = reply(522, "The TLS handshake on the data connection failed")
BAD_LOGIN: Final = reply(530, "Wrong name or password")
NOT_A_DIRECTORY: Final = reply(550, "Not a directory")
NOT_A_DIRECTORY_501: Final = reply(501, "Not a directory")  # RFC 3659, 7.2.1: MLSD
NO_REST_HERE: Final = reply(503, "REST and RANG go with RETR and STOR")
NO_UNIQUE_NAME: Final = reply(450, "No such name is free")
NOT_A_FILE: Final = reply(550, "Not a plain file")
NO_OPTION: Final = reply(501, "No such option")
NOT_OFFERED: Final = reply(504, "Not offered here")
SUPERFLUOUS: Final = reply(202, "Not needed here")
NO_HOST: Final = reply(504, "No such host here")
NO_LANGUAGE: Final = reply(504, "Only English is spoken here; say LANG EN")
NO_HASH: Final = reply(501, "Unknown algorithm, current selection not changed")
NO_HASH_OF_DIRECTORY: Final = reply(553, "A directory has no hash")
BAD_RANGE: Final = reply(501, "A range ends where it begins or later; RANG 1 0 for all of it")
NO_RANGE_STORED: Final = reply(451, "Not as much came as the range has; nothing was changed")
BAD_DEFLATE: Final = reply(451, "What came is not deflated as MODE Z has it; nothing was stored")
NO_ASCII_SIZE: Final = reply(550, "SIZE is not told in TYPE A; say TYPE I first")
NO_ASCII_REST: Final = reply(504, "REST and RANG count octets; say TYPE I first")
BAD_REST: Final = reply(554, "REST is beyond the end of the file")
BAD_TIME: Final = reply(501, "No such time")
ONLY_EPSV: Final = reply(501, "EPSV ALL was said")
NO_ACTIVE: Final = reply(502, "The server does not connect to clients; say PASV or EPSV")
NO_PASSIVE: Final = reply(502, "The server does not listen for data; say PORT or EPRT")
NOT_YOURS: Final = reply(504, "Only the address of this connection is connected to")
PRIVILEGED: Final = reply(504, "Ports below 1024 are not connected to")
NO_IPV4: Final = reply(425, "This connection has no IPv4 address; say EPSV")
NO_ADDRESS: Final = reply(425, "This connection has no Internet address")
NO_PORT: Final = reply(425, "No port is free for data; try again later")
ARRANGE_FIRST: Final = reply(425, "Say PASV, EPSV, PORT or EPRT first")
NOT_CONNECTED: Final = reply(425, "The data connection was not made")
STALLED: Final = reply(426, "The data connection made no progress; transfer ended")
CUT: Final = reply(426, "The data connection was cut; transfer ended")
NO_TLS_END: Final = reply(
    426,
    "TCP ended and TLS did not (no close_notify), so the file may be cut; use a client that ends "
    "TLS, or ask the operator for ftp.require_tls_end = false",
)
ABORTED: Final = reply(426, "Transfer ended as asked")
ABORT_DONE: Final = reply(226, "Done")
LEFT_WHILE_SENT: Final = reply(451, "The file became shorter while it was sent")
TRANSFERRED: Final = reply(226, "Transfer complete")
#: Only to who would give a file that name (RFC 959, 5.4); to others there is no such file.
BAD_NAME: Final = reply(553, "No file can be called so")
NOTHING_RENAMED: Final = reply(553, "It cannot be renamed so")
GOODBYE_REPLY: Final = reply(221, "Bye")

REPLIES: Final[Mapping[type[Exception], Reply]] = {
    interfaces.BadCredentials: BAD_LOGIN,
    interfaces.Throttled: reply(530, "Too many wrong guesses; try again later"),
    interfaces.PlaintextRefused: ENCRYPT_FIRST,
    interfaces.MalformedResponse: BAD_LOGIN,
    interfaces.LoginUnavailable: reply(530, "Logins are not possible now; try again later"),
    errors.NoSuchFile: reply(550, "No such file or directory"),
    errors.NotADirectory: NOT_A_DIRECTORY,
    errors.IsADirectory: NOT_A_FILE,
    errors.DirectoryNotEmpty: reply(550, "The directory is not empty"),
    errors.FileInTheWay: reply(550, "There is something of that name already"),
    errors.BadFileName: reply(550, "No file can be called so"),
    errors.NotPermitted: reply(550, "Permission denied"),
    errors.Changed: reply(450, "The file has changed; try again"),
    errors.Locked: reply(450, "Somebody has locked it; try again later"),
    errors.OverQuota: reply(552, "There is no room left for you"),
    errors.TooLarge: reply(552, "Larger than files may be here"),
    errors.StorageFull: reply(452, "The disk is full; try again later"),
    errors.Busy: reply(450, "Busy; try again later"),
    errors.StoreClosed: reply(421, "Stopping; try again later"),
    errors.StoreError: BROKEN,
}
ERRORS: Final[ErrorTable[ServerSaid]] = ErrorTable(REPLIES, counted=interfaces.COUNTED_REFUSALS)

_control: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")

#: What is said unasked before the connection is closed (RFC 959, 4.2.2: 421).
GOODBYE: Final[Mapping[CloseReason, Reply]] = {
    CloseReason.SHUTDOWN: reply(421, "Stopping; try again later"),
    CloseReason.KICKED: reply(421, "An administrator has ended the session"),
    CloseReason.REVOKED: reply(421, "The login is not valid any more"),
    CloseReason.IDLE: reply(421, "No command for too long"),
    CloseReason.SLOW_GREETING: reply(421, "No command for too long"),
    CloseReason.SLOW_COMMAND: reply(421, "No whole command for too long"),
    CloseReason.SLOW_LOGIN: reply(421, "No login for too long"),
    CloseReason.TOO_MANY_ERRORS: reply(421, "Too many bad commands"),
    CloseReason.TOO_MUCH_BEFORE_LOGIN: reply(421, "Too much before a login"),
    CloseReason.BUSY: reply(421, "Too many connections; try again later"),
    CloseReason.BUSY_ADDRESS: reply(421, "Too many connections from there; try again later"),
}


def looks_empty(names: Sequence[str]) -> Reply:
    """Return the refusal to remove a directory that holds only what is not shown, naming that."""
    known = ", ".join(_control.sub("?", name) for name in names)
    return reply(550, f"It holds what is not shown here: {known}; DELE removes links")


def other_family(family: int) -> Reply:
    """Return the refusal of a network protocol (RFC 2428, 2), naming the one there is."""
    return reply(522, f"Network protocol not supported, use ({family})")
