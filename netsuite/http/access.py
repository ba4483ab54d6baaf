"""The access log: one line a request, in the combined format."""

from __future__ import annotations

from datetime import datetime

from netsuite.connection.linelog import fit
from netsuite.http.commands import Request
from netsuite.wire.dates import format_log_date


def format_line(
    when: str, address: str, account: str, request: Request | None, status: int, octets: int
) -> str:
    """Return the line for a request that has been answered.

    Args:
        when: as ``stamp`` gives it.
        address: the peer's; empty for a local socket.
        account: who had logged in; empty for nobody.
        request: None where it could not be read.
        status: of the answer; 499 where the client left before it was complete.
        octets: of the answer's body.
    """
    if request is None:
        asked = referer = agent = "-"
    else:
        asked = fit(f"{request.method} {request.target} HTTP/1.{request.minor}")
        referer = fit(request.fields.get("referer")) or "-"
        agent = fit(request.fields.get("user-agent")) or "-"
    user = fit(account).replace(" ", "\\x20") or "-"
    return (
        f"{address or '-'} - {user} [{when}] "
        f'"{asked}" {status} {octets or "-"} "{referer}" "{agent}"\n'
    )


def stamp(when: datetime) -> str:
    """Return a moment as the log has it."""
    return format_log_date(when)
