"""The transfer log: one line a transfer or removal, as wu-ftpd's ``xferlog`` has it.

::

    Sun Nov 22 11:50:23 2026 1 192.0.2.9 4096 /a_file.bin b _ o r alice ftp 0 * c

That is: when it ended; seconds it took; the peer's address; octets that passed; the file; TYPE
(``a``, ``b``); ``_``, since nothing was done to it on the way; ``o`` out, ``i`` in, ``d`` removed;
``a`` for anonymous or ``r`` for an account; who; the service; how somebody was identified
besides, which nobody was; ``c`` for complete, ``i`` for incomplete.
"""

from __future__ import annotations

from datetime import datetime

from netsuite.connection.linelog import fit
from netsuite.ftp.paths import TreePath, octets_of, shown

#: Instead of a name that is not known.
NOBODY = "?"


def format_line(
    when: str,
    address: str,
    account: str,
    anonymous: bool,
    direction: str,
    path: TreePath,
    octets: int,
    seconds: float,
    as_text: bool,
    complete: bool,
) -> str:
    """Give the line of a transfer; nothing a peer says can make it two, or a field more.

    Args:
        when: as ``stamp`` gives it.
        address: the peer's; empty for a local socket.
        account: who had logged in, or as what.
        anonymous: whether without a password.
        direction: ``o``, ``i`` or ``d``.
        path: as the peer sees it.
        octets: that passed.
        seconds: that it took; less than one are one, as the others have it.
        as_text: whether in TYPE A.
        complete: whether the peer was told that it is.
    """
    return (
        f"{when} {max(1, round(seconds))} {address or '-'} {octets} {_field(shown(path))} "
        f"{'a' if as_text else 'b'} _ {direction} {'a' if anonymous else 'r'} "
        f"{_field(account) or NOBODY} ftp 0 * {'c' if complete else 'i'}\n"
    )


def _field(text: str) -> str:
    # Fields end with a space; the underscore is what everybody writes instead.
    return fit(octets_of(text).decode("latin-1")).replace(" ", "_")


def stamp(when: datetime) -> str:
    """Give a moment as the log has it: as C's ``ctime``, in local time."""
    return when.ctime()
