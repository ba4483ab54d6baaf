"""The access log: one line a request, in the common log format.

::

    192.0.2.9 - - [22/Nov/2026:11:50:23 +0000] "/search/example.talk\\x09blue sky" 200 512

The request stands there as it came; Gopher has no status, so HTTP's is written, which is what
programs that read such logs know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from netsuite.connection.linelog import Line, fit
from netsuite.connection.peer import Peer
from netsuite.gopher import replies
from netsuite.gopher.commands import Request
from netsuite.store import errors
from netsuite.store.tree import name_octets
from netsuite.wire.errors import ErrorTable

GIVEN: Final = 200
#: Of what was no request at all.
REFUSED: Final = 400
NOT_HERE: Final = 404
#: The client left before it had everything.
LEFT: Final = 499
BROKEN: Final = 500

_STATUSES: Final[ErrorTable[int]] = ErrorTable(
    {
        **dict.fromkeys((*replies.NOT_HERE, errors.NoSuchMessage), NOT_HERE),
        errors.TooLarge: 413,
        **dict.fromkeys((errors.Busy, errors.StorageFull, errors.StoreClosed), 503),
        errors.StoreError: BROKEN,
    }
)


def status_of(error: errors.StoreError) -> int:
    """Return the status of what the store refused."""
    return _STATUSES.find(error) or BROKEN


def format_line(when: str, peer: Peer, request: Request | None, status: int, octets: int) -> str:
    """Return the line of a request that has been answered; nothing a peer says can make it two.

    Args:
        request: None where it could not be read.
        octets: of the answer.
    """
    asked = "-"
    if request is not None:
        asked = fit(name_octets("\t".join(request.fields)).decode("latin-1"))
    return f'{peer.address or "-"} - - [{when}] "{asked}" {status} {octets or "-"}\n'


def line_fields(
    peer: Peer, request: Request | None, status: int, octets: int
) -> Mapping[str, object]:
    """Return the same for a line in JSON."""
    asked = None
    if request is not None:
        asked = name_octets("\t".join(request.fields)).decode("latin-1")
    return {"peer": peer.address, "request": asked, "status": status, "octets": octets}


LINE: Final = Line(format_line, line_fields)
