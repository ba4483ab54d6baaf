"""Octets to HTTP's heads and back (RFC 9112, 2 to 5; RFC 9110, 5)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from netsuite.http.commands import REASONS, Fields, Request, Response, plain
from netsuite.http.limits import HeadLimits
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError
from netsuite.wire.reader import OctetReader

CRLF: Final = b"\r\n"

# -- words (RFC 9110, 5.6; RFC 9112, 2 to 5) ---------------------------------------------------
#
#   token         = 1*tchar
#   field-line    = field-name ":" OWS field-value OWS
#   field-value   = *field-content          ; VCHAR, obs-text, SP and HTAB within
#   request-line  = method SP request-target SP HTTP-version
#   status-line   = HTTP-version SP status-code SP [ reason-phrase ]
#   HTTP-version  = HTTP-name "/" DIGIT "." DIGIT
#
# obs-fold is refused, as 5.2 allows: the continuation of a line is no field-line. All
# repetitions are possessive, so no head takes longer than its length.
TOKEN: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_VALUE: Final = r"[\t\x20-\x7e\x80-\xff]*+"
FIELD_LINES: Final = rf"(?:{TOKEN}:{_VALUE}\r\n)*+"

_token: Final = re.compile(TOKEN)
_field_lines: Final = re.compile(FIELD_LINES)
_field_line: Final = re.compile(rf"({TOKEN}):([^\r]*+)\r\n")
_REQUEST_LINE: Final = rf"({TOKEN}) ([\x21-\x7e]++) HTTP/([0-9])\.([0-9])"
_request_line: Final = re.compile(_REQUEST_LINE)
_request_head: Final = re.compile(rf"{_REQUEST_LINE}\r\n({FIELD_LINES})\r\n")
_status_head: Final = re.compile(
    rf"HTTP/([0-9])\.([0-9]) ([1-9][0-9][0-9])(?: ([\t\x20-\x7e\x80-\xff]*+))?\r\n"
    rf"({FIELD_LINES})\r\n"
)

# -- targets (RFC 9112, 3.2; RFC 3986, 3) ------------------------------------------------------
#
#   request-target = origin-form / absolute-form / authority-form / asterisk-form
#   origin-form    = absolute-path [ "?" query ]
#   pchar          = unreserved / pct-encoded / sub-delims / ":" / "@"
#   query          = *( pchar / "/" / "?" )
#
# Wider than that by what browsers leave as it is (URL standard, 1.3): "[]^|" in a path and
# "\`{}" too in a query. A backslash in a path is refused: some read it as a slash. There is no
# "#" anywhere: a fragment is never sent.
_PCHAR: Final = r"0-9A-Za-z\-._~%!$&'()*+,;=:@\[\]\^|"
_origin_form: Final = re.compile(rf"(/[{_PCHAR}/]*+)(?:\?([{_PCHAR}/?\\`{{}}]*+))?")
_absolute_form: Final = re.compile(r"(?i:https?)://([^/?]*)(.*)", re.DOTALL)

#   Host     = uri-host [ ":" port ]
#   uri-host = IP-literal / IPv4address / reg-name
_host: Final = re.compile(
    r"(?:\[[0-9A-Fa-f:.]++\]|(?:[0-9A-Za-z\-._~!$&'()*+;=]|%[0-9A-Fa-f]{2})++)(?::[0-9]{0,5})?"
)

_LONGEST_METHOD: Final = 32


def bad(message: str, response: Response | None = None) -> RemoteProtocolError:
    """Make the error for a head or body that cannot be read: what follows cannot be either."""
    return RemoteProtocolError(message, response or BAD_REQUEST, close=True)


BAD_REQUEST: Final = plain(400)
TOO_LONG: Final = plain(414)
TOO_LARGE: Final = plain(413)
TOO_MANY_FIELDS: Final = plain(431)
EXPECTATION_FAILED: Final = plain(417)
NOT_IMPLEMENTED: Final = plain(501)
BAD_VERSION: Final = plain(505)

#   Content-Length = 1*DIGIT
_content_length: Final = re.compile(r"[0-9]{1,18}")


# Longer than 40 lines: every request passes here, and each call costs a hundredth of it.
def parse_request(head: bytes, limits: HeadLimits) -> Request:
    """Read a request's head.

    Args:
        head: from the request line to the empty line, both line ends included.

    Raises:
        RemoteProtocolError: with the answer to give; the connection is to be closed.
    """
    found = _request_head.fullmatch(head.decode("latin-1"))
    if found is None:
        if head.startswith(CRLF):  # one empty line is forgiven (RFC 9112, 2.2)
            found = _request_head.fullmatch(head[2:].decode("latin-1"))
        if found is None:
            raise _why_not(head, limits)
    method, target, major, minor, section = found.groups()
    if found.start(5) > limits.line_octets:
        raise bad("the target is too long", TOO_LONG)
    if major != "1":
        raise bad(f"HTTP/{major}.{minor}", BAD_VERSION)
    fields = parse_fields(section, limits.fields)
    old = minor == "0"
    host = fields.get("host")
    if host:
        if not _host.fullmatch(host):  # also where it stands twice
            raise bad("a bad Host, or more than one")
    elif not old and "host" not in fields:
        raise bad("no Host")  # RFC 9112, 3.2
    path, query, authority = _split_target(method, target)
    connection = fields.elements("connection")
    expects = fields.get("expect")
    if expects and set(fields.elements("expect")) != {"100-continue"}:
        raise bad("an expectation we do not know", EXPECTATION_FAILED)
    octets = request_octets(fields, old=old)
    return Request(
        method,
        target,
        fields,
        octets,
        host if authority is None else authority,
        path,
        query,
        0 if old else 1,
        ("keep-alive" in connection and "close" not in connection)
        if old
        else "close" not in connection,
        bool(expects) and not old and octets != 0,
    )


def _split_target(method: str, target: str) -> tuple[str, str | None, str | None]:
    """Return path, query and, of an absolute-form, the authority. Raises RemoteProtocolError."""
    if len(method) > _LONGEST_METHOD:
        raise bad("no method is so long", NOT_IMPLEMENTED)
    authority = None
    if method == "CONNECT":
        raise bad("CONNECT", NOT_IMPLEMENTED)
    if not target.startswith("/"):
        if target == "*":
            if method != "OPTIONS":
                raise bad("the asterisk-form is for OPTIONS")
            return "", None, None
        absolute = _absolute_form.fullmatch(target)
        if absolute is None or not _host.fullmatch(absolute[1]):
            raise bad("no request-target")
        authority = absolute[1]
        rest = absolute[2]
        if not rest and method == "OPTIONS":
            return "", None, authority  # RFC 9112, 3.2.4
        target = rest if rest.startswith("/") else f"/{rest}"
    found = _origin_form.fullmatch(target)
    if found is None:
        raise bad("characters that no request-target has")
    return found[1], found[2], authority


def parse_fields(section: str, limit: int) -> Fields:
    """Read field lines that are known to be such. Raises RemoteProtocolError for too many."""
    pairs = _field_line.findall(section)
    if len(pairs) > limit:
        raise bad("too many fields", TOO_MANY_FIELDS)
    return Fields([(name.lower(), value.strip(" \t")) for name, value in pairs])


def parse_trailers(section: bytes, limit: int) -> Fields:
    """Read a trailer section, its last line end included. Raises RemoteProtocolError."""
    text = section.decode("latin-1")
    if not _field_lines.fullmatch(text):
        raise bad("no trailer section")
    return parse_fields(text, limit)


def request_octets(fields: Fields, *, old: bool) -> int | None:
    """Return the length of a request's body; None for chunked (RFC 9112, 6.3).

    Raises:
        RemoteProtocolError: two ways to read it, or none. Each of these has been used to smuggle
            a request past somebody, so nothing here is forgiven.
    """
    if "transfer-encoding" in fields:
        if old or "content-length" in fields:
            raise bad("Transfer-Encoding in HTTP/1.0, or beside Content-Length")
        codings = fields.get("transfer-encoding").lower()
        if codings == "chunked":
            return None
        listed = fields.elements("transfer-encoding")
        if (
            listed[-1:] == ["chunked"]
            and listed.count("chunked") == 1
            and all(_token.fullmatch(each) for each in listed)
        ):
            raise bad("a transfer coding we do not know", NOT_IMPLEMENTED)
        raise bad("the last transfer coding is not chunked")
    if "content-length" not in fields:
        return 0
    length = fields.get("content-length")
    if not _content_length.fullmatch(length):
        raise bad("no Content-Length, or more than one")
    return int(length)


class HeadScan:
    """Finds the end of a request's head, as it comes, and what is wrong with it before that.

    Looking at every octet once: a head that comes octet by octet costs no more than a whole one,
    and is refused for the same reason.
    """

    __slots__ = ("_limits", "_line_ended", "_searched", "_verified")

    def __init__(self, limits: HeadLimits) -> None:
        self._limits = limits
        self._searched = 0  # no end of a head begins before
        self._verified = 0  # no CR or LF alone stands before
        self._line_ended = False

    def find_end(self, octets: OctetReader | bytes) -> int:
        """Return where the head ends; -1 when it is not whole yet.

        Raises:
            RemoteProtocolError: it will be none.
        """
        end = octets.find(b"\r\n\r\n", self._searched, self._limits.head_octets)
        if end >= 0:
            if self._verified:
                self._searched = self._verified = 0
                self._line_ended = False
            return end + 4
        size = len(octets)
        if size:
            self._judge(octets, size)
            self._searched = max(0, min(size, self._limits.head_octets) - 3)
        return -1

    def _judge(self, octets: OctetReader | bytes, size: int) -> None:
        if self._verified < 3:  # an empty line may come first (RFC 9112, 2.2), in two pieces
            start = octets.peek(3) if isinstance(octets, OctetReader) else octets[:3]
            start = start.removeprefix(CRLF)[:1]
            if start not in (b"", b"\r") and not _token.fullmatch(start.decode("latin-1")):
                raise bad("no request begins so")
        limits = self._limits
        self._verify(octets, min(size, limits.line_octets))
        if not self._line_ended:
            self._judge_line(octets, size)
        self._verify(octets, min(size, limits.head_octets))
        if size >= limits.head_octets:
            raise bad("no end of the head", TOO_MANY_FIELDS)

    def _judge_line(self, octets: OctetReader | bytes, size: int) -> None:
        """Who speaks another protocol hears so at the end of the first line, and does not wait
        for an empty one that it will never say."""
        start = 2 if octets.find(CRLF, 0, 2) == 0 else 0
        stop = self._limits.line_octets + start
        end = octets.find(CRLF, max(start, self._searched), min(size, stop))
        if end >= 0:
            line = octets.peek(end) if isinstance(octets, OctetReader) else octets[:end]
            if not _request_line.fullmatch(line[start:].decode("latin-1")):
                raise bad("no request line")
            self._line_ended = True
        elif size >= stop:
            raise bad("no end of the request line", TOO_LONG)

    def _verify(self, octets: OctetReader | bytes, stop: int) -> None:
        """Look for CR or LF alone up to *stop*; a CR that is last may have its LF to come."""
        start = self._verified
        if stop <= start:
            return
        if octets.find(b"\r", stop - 1, stop) >= 0:
            stop -= 1
        pairs = octets.count(CRLF, start, stop)
        if octets.count(b"\n", start, stop) != pairs or octets.count(b"\r", start, stop) != pairs:
            raise bad("CR or LF alone")
        self._verified = stop


def _why_not(head: bytes, limits: HeadLimits) -> RemoteProtocolError:
    """Return the error of a whole head that is none, the same as if it had come in pieces."""
    try:
        HeadScan(limits).find_end(head[:-1])
    except RemoteProtocolError as error:
        return error
    line, _, rest = head.removeprefix(CRLF).partition(CRLF)
    if len(line.split(b" ")) != 3:
        return bad("no request line")
    for each in rest.split(CRLF):
        name, colon, _ = each.partition(b":")
        if each[:1] in (b" ", b"\t"):
            return bad("obs-fold")
        if each and not colon:
            return bad("a field without a colon")
        if name[-1:] in (b" ", b"\t"):
            return bad("white space before a colon")
    return bad("octets that no head has")


# -- answers -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StatusHead:
    """A response's head as it was said, before anybody knows what body it has."""

    status: int
    reason: str
    minor: int
    fields: Fields


def parse_response(head: bytes, limits: HeadLimits) -> StatusHead:
    """Read a response's head. Raises RemoteProtocolError."""
    found = _status_head.fullmatch(head.decode("latin-1"))
    if found is None:
        raise RemoteProtocolError("no HTTP response", close=True)
    major, minor, status, reason, section = found.groups()
    if major != "1":
        raise RemoteProtocolError(f"HTTP/{major}.{minor}", close=True)
    fields = parse_fields(section, limits.fields)
    return StatusHead(int(status), reason or "", min(1, int(minor)), fields)


def response_octets(method: str, head: StatusHead) -> int | None:
    """Return the length of a response's body; None for chunked or up to the end of the connection.

    Raises:
        RemoteProtocolError: two ways to read it (RFC 9112, 6.3).
    """
    status, fields = head.status, head.fields
    if method == "HEAD" or status < 200 or status in (204, 304):
        return 0
    if "transfer-encoding" in fields:
        if "content-length" in fields or head.minor == 0:
            raise RemoteProtocolError("Transfer-Encoding beside Content-Length", close=True)
        if fields.get("transfer-encoding").lower() != "chunked":
            raise RemoteProtocolError("a transfer coding nobody asked for", close=True)
        return None
    if "content-length" not in fields:
        return None
    lengths = set(fields.elements("content-length"))
    length = lengths.pop() if lengths else ""
    if lengths or not _content_length.fullmatch(length):
        raise RemoteProtocolError("no Content-Length, or several", close=True)
    return int(length)


# -- printing ----------------------------------------------------------------------------------

#: The dialog's own; a handler that set them could contradict the framing.
FRAMING: Final = frozenset({"content-length", "transfer-encoding", "connection"})
STATUS_LINES: Final = {
    status: f"HTTP/1.1 {status} {reason}\r\n" for status, reason in REASONS.items()
}


def status_line(status: int) -> str:
    """Return the line of a status, with its line end. Raises LocalProtocolError."""
    line = STATUS_LINES.get(status)
    if line is None:
        if not 100 <= status <= 599:
            raise LocalProtocolError(f"no status: {status}")
        line = f"HTTP/1.1 {status} \r\n"
    return line


def format_fields(fields: Iterable[tuple[str, str]]) -> str:
    """Return field lines.

    Raises:
        LocalProtocolError: a name is no token, a value holds CR, LF, NUL or another control
            character, or the field is one that the dialog says itself.
    """
    lines = [f"{name}: {value}\r\n" for name, value in fields]
    text = "".join(lines)
    if text.count("\n") != len(lines) or not _field_lines.fullmatch(text):
        raise LocalProtocolError("a field that cannot be said")
    for name, _ in fields:
        if name.lower() in FRAMING:
            raise LocalProtocolError(f"{name} is the dialog's to say")
    return text


#: The same fields are said over and over: to look them up is a microsecond quicker, a fiftieth of a
#: small response.
format_known_fields: Final = lru_cache(256)(format_fields)


def format_request(request: Request) -> str:
    """Return a request's head but for its framing fields and the empty line.

    Raises:
        LocalProtocolError: something in it cannot be said.
    """
    line = f"{request.method} {request.target} HTTP/1.1\r\nHost: {request.host}\r\n"
    if not _token.fullmatch(request.method):
        raise LocalProtocolError(f"no method: {request.method!r}")
    target = request.target.removeprefix(f"http://{request.host}")  # as a proxy is told it
    if target != "*" and not _origin_form.fullmatch(target):
        raise LocalProtocolError(f"no target: {request.target!r}")
    if not _host.fullmatch(request.host):
        raise LocalProtocolError(f"no host: {request.host!r}")
    if "host" in request.fields:
        raise LocalProtocolError("Host is the dialog's to say")
    return line + format_fields(request.fields)
