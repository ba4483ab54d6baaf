"""The access log: one line a request, in the common log format.

::

    192.0.2.9 - - [22/Nov/2026:11:50:23 +0000] "/search/example.talk\\x09blue sky" 200 512

The request stands there as it came; Gopher has no status, so HTTP's is written, which is what
programs that read such logs know.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from netsuite.connection.linelog import fit
from netsuite.connection.peer import where
from netsuite.gopher.commands import Request
from netsuite.store.errors import Busy, StorageFull, StoreClosed, StoreError, TooLarge
from netsuite.store.tree import name_octets
from netsuite.wire.dates import format_log_date

GIVEN: Final = 200
#: Of what was no request at all.
REFUSED: Final = 400
NOT_HERE: Final = 404
#: The client left before it had everything.
LEFT: Final = 499
BROKEN: Final = 500

_STATUSES: Final[Mapping[type[StoreError], int]] = {
    TooLarge: 413,
    Busy: 503,
    StorageFull: 503,
    StoreClosed: 503,
    StoreError: BROKEN,
}


def status_of(error: StoreError) -> int:
    """Give the status of what the store refused."""
    return _STATUSES.get(type(error), NOT_HERE)


def format_line(when: str, peer: object, request: Request | None, status: int, octets: int) -> str:
    """Give the line for a request that has been answered; nothing a peer says can make it two.

    Args:
        when: as ``stamp`` gives it.
        peer: its address, as a transport gives it.
        request: None where it could not be read.
        status: of the answer.
        octets: of the answer.
    """
    asked = "-"
    if request is not None:
        fields = [request.selector]
        if request.search is not None:
            fields.append(request.search)
        if request.plus:
            fields.append(request.plus)
        asked = fit(name_octets("\t".join(fields)).decode("latin-1"))
    address, _, _ = where(peer)
    return f'{address or "-"} - - [{when}] "{asked}" {status} {octets or "-"}\n'


def stamp(when: datetime) -> str:
    """Give a moment as the log has it."""
    return format_log_date(when)
