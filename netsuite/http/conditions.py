"""Preconditions (RFC 9110, 13), judged in the order of 13.2.2."""

from __future__ import annotations

import enum
import re
from datetime import datetime, timedelta
from typing import Final

from netsuite.http.commands import Fields
from netsuite.wire.dates import parse_http_date

#   entity-tag = [ weak ] opaque-tag
#   opaque-tag = DQUOTE *etagc DQUOTE
#   etagc      = %x21 / %x23-7E / obs-text
_ETAG: Final = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*+"'
_etag: Final = re.compile(_ETAG)
_etags: Final = re.compile(rf"[ \t,]*+(?:{_ETAG}[ \t]*+(?:,[ \t,]*+|$))*+")

#: Where none of these is in a request for reading, there is nothing to judge.
CONDITIONAL: Final = frozenset(
    {
        "if-match",
        "if-none-match",
        "if-modified-since",
        "if-unmodified-since",
        "range",
    }
)

#: A date is a strong validator only where the file had time to change twice (8.8.2.2).
_SETTLED: Final = timedelta(seconds=1)


class Verdict(enum.Enum):
    """What becomes of a request."""

    PERFORM = "perform the method"
    NOT_MODIFIED = "304: the client has it"
    FAILED = "412: it is not what the client thinks"


def judge(
    method: str, fields: Fields, *, etag: str | None, modified: datetime | None, now: datetime
) -> Verdict:
    """Judge the preconditions of a request.

    Args:
        method: safe ones get 304, others 412.
        fields: of the request.
        etag: of what is there, quoted; None where nothing is.
        modified: when it was last; None where nothing is there.
        now: to read two-digit years by.
    """
    if "if-match" in fields:
        if not _matches(fields.get("if-match"), etag, weak=False):
            return Verdict.FAILED
    elif "if-unmodified-since" in fields:
        since = parse_http_date(fields.get("if-unmodified-since").encode("latin-1"), now)
        if since is not None and modified is not None and _second(modified) > since:
            return Verdict.FAILED
    safe = method in ("GET", "HEAD")
    if "if-none-match" in fields:
        if _matches(fields.get("if-none-match"), etag, weak=True):
            return Verdict.NOT_MODIFIED if safe else Verdict.FAILED
    elif safe and "if-modified-since" in fields and modified is not None:
        since = parse_http_date(fields.get("if-modified-since").encode("latin-1"), now)
        if since is not None and _second(modified) <= since:
            return Verdict.NOT_MODIFIED
    return Verdict.PERFORM


def range_applies(fields: Fields, *, etag: str, modified: datetime, now: datetime) -> bool:
    """Return whether Range may be followed: there is no If-Range, or it is true (13.1.5)."""
    if "if-range" not in fields:
        return True
    value = fields.get("if-range")
    if '"' in value:
        return value == etag and not value.startswith("W/")
    since = parse_http_date(value.encode("latin-1"), now)
    return since is not None and since == _second(modified) and modified + _SETTLED < now


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def _matches(value: str, etag: str | None, *, weak: bool) -> bool:
    """Return whether a list of entity tags, or ``*``, names what is there. A list that is none
    names nothing."""
    if etag is None:
        return False
    if value == "*":
        return True
    if not _etags.fullmatch(value):
        return False
    if weak:
        opaque = etag.removeprefix("W/")
        return any(each.removeprefix("W/") == opaque for each in _etag.findall(value))
    return not etag.startswith("W/") and etag in _etag.findall(value)
