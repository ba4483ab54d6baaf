"""The parameters of MAIL and RCPT that extensions define: their values, read and printed.

DSN (RFC 3461, 4; RFC 6533, 3), REQUIRETLS (RFC 8689, 2), DELIVERBY (RFC 2852, 4) and FUTURERELEASE
(RFC 4865, 3); and what of them is kept with a message for the reports on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, NoReturn

from netsuite.smtp.commands import By, Mail, Rcpt, reply
from netsuite.wire.errors import RemoteProtocolError

BAD_PARAMETERS: Final = reply(501, "5.5.4", "Syntax error in parameters")

#: RFC 3461, 4.2 gives ORCPT 500 characters; ENVID, to which 4.4 gives 100, is longer in the wild.
DSN_CHARACTERS: Final = 500

# RFC 3461, 4:
#   xtext   = *( xchar / hexchar )
#   xchar   = any ASCII CHAR between "!" (33) and "~" (126) inclusive, except for "+" and "="
#   hexchar = ASCII "+" immediately followed by two upper case hexadecimal digits
_xtext: Final = re.compile(rb"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*")
_hexchar: Final = re.compile(rb"\+([0-9A-F]{2})")
# RFC 3461, 4.2: original-recipient-address = addr-type ";" xtext; addr-type = atom
_original: Final = re.compile(r"([A-Za-z0-9!#$%&'*/?^_`{|}~-]+);(.+)")
# RFC 6533, 3: EmbeddedUnicodeChar = %x5C.78 "{" HEXPOINT "}"; of HEXPOINT, 2 to 6 digits.
_embedded: Final = re.compile(r"\\x\{([0-9A-F]{2,6})\}")
#: The address type whose addresses are not ASCII.
UTF8: Final = "utf-8;"
# RFC 2852, 4: by-value = by-time ";" by-mode [by-trace]; by-time = ["-" / "+"] 1*9digit
_by: Final = re.compile(r"([+-]?[0-9]{1,9});([NR])(T?)", re.ASCII | re.IGNORECASE)
# RFC 4865, 3: future-release-integer = %x31-39 *8DIGIT
_hold_for: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
# RFC 3339, 5.6, in UTC (RFC 4865, 3: Internet-style-date-time-UTC).
_date_time: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z", re.ASCII | re.IGNORECASE
)
_NOTIFY: Final = ("SUCCESS", "FAILURE", "DELAY")


def _bad(message: str) -> NoReturn:
    raise RemoteProtocolError(message, BAD_PARAMETERS)


# -- values -----------------------------------------------------------------------------------


def decode_xtext(text: str) -> str:
    """Undo xtext (RFC 3461, 4): ``+`` and two hexadecimal digits for an octet."""
    octets = text.encode("utf-8")
    if not _xtext.fullmatch(octets):
        _bad("bad xtext")
    plain = _hexchar.sub(lambda m: bytes((int(m.group(1), 16),)), octets)
    return plain.decode("utf-8", "replace")


def encode_xtext(text: str) -> str:
    """Code a text as xtext."""
    return "".join(
        chr(o) if 0x21 <= o <= 0x7E and o not in b"+=" else f"+{o:02X}" for o in text.encode()
    )


def decode_original(text: str) -> str:
    """Read ORCPT's value: its address type, a semicolon, the address as it was before xtext, or
    before what RFC 6533, 3 has instead of that."""
    match = _original.fullmatch(text)
    if match is None or len(text) > DSN_CHARACTERS:
        _bad("bad ORCPT")
    kind, address = match.groups()
    if kind.lower() == UTF8[:-1]:
        # What came as plain UTF-8 stays; so do old clients' xtext and the escapes of RFC 6533.
        if address.isascii():
            address = decode_xtext(address)
        plain = _embedded.sub(_embedded_character, address)
    else:
        plain = decode_xtext(address)
        if not plain.isascii():
            _bad("ORCPT is not ASCII")
    if not plain.isprintable():
        _bad("ORCPT is not printable")
    return f"{kind};{plain}"


def _embedded_character(match: re.Match[str]) -> str:
    point = int(match.group(1), 16)
    if point > 0x10FFFF or 0xD800 <= point < 0xE000:
        _bad("no character")
    return chr(point)


def encode_original(original: str) -> str:
    """Print ORCPT's value, in ASCII."""
    kind, _, address = original.partition(";")
    if f"{kind.lower()};" != UTF8:
        return f"{kind};{encode_xtext(address)}"
    return f"{kind};" + "".join(
        c if "!" <= c <= "~" and c not in "\\+=" else f"\\x{{{ord(c):02X}}}" for c in address
    )


def _notify(value: str) -> str:
    words = {word for word in value.upper().split(",") if word}
    if words == {"NEVER"}:
        return "NEVER"
    if not words or not words <= set(_NOTIFY):
        _bad("bad NOTIFY")
    return ",".join(word for word in _NOTIFY if word in words)


def _envelope_id(value: str) -> str:
    text = decode_xtext(value)
    if not text or not text.isascii() or not text.isprintable() or len(value) > DSN_CHARACTERS:
        _bad("bad ENVID")
    return text


def _ret(value: str) -> str:
    if value.upper() not in ("FULL", "HDRS"):
        _bad("bad RET")
    return value.upper()


def _deliver_by(value: str) -> By:
    match = _by.fullmatch(value)
    if match is None:
        _bad("bad BY")
    by = By(int(match.group(1)), match.group(2) in "Rr", bool(match.group(3)))
    if by.returned and by.seconds <= 0:
        _bad("BY has passed")
    return by


def _hold_seconds(value: str) -> int:
    if not _hold_for.fullmatch(value):
        _bad("bad HOLDFOR")
    return int(value)


def _moment(value: str) -> datetime:
    match = _date_time.fullmatch(value)
    try:
        if match is not None:
            return datetime.fromisoformat(f"{match.group(1)}T{match.group(2)}").replace(tzinfo=UTC)
    except ValueError:  # the 30th of February
        pass
    _bad("bad HOLDUNTIL")


def format_utc(when: datetime) -> str:
    """Print a moment as FUTURERELEASE has it, in whole seconds of UTC."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# -- commands ---------------------------------------------------------------------------------


def _require_tls(mail: Mail, value: str) -> Mail:
    if value:
        _bad("REQUIRETLS takes no value")
    return replace(mail, require_tls=True)


_MAIL: Final[Mapping[str, Callable[[Mail, str], Mail]]] = {
    "RET": lambda mail, value: replace(mail, ret=_ret(value)),
    "ENVID": lambda mail, value: replace(mail, envelope_id=_envelope_id(value)),
    "REQUIRETLS": _require_tls,
    "BY": lambda mail, value: replace(mail, by=_deliver_by(value)),
    "HOLDFOR": lambda mail, value: replace(mail, hold_for=_hold_seconds(value)),
    "HOLDUNTIL": lambda mail, value: replace(mail, hold_until=_moment(value)),
}
_RCPT: Final[Mapping[str, Callable[[Rcpt, str], Rcpt]]] = {
    "NOTIFY": lambda rcpt, value: replace(rcpt, notify=_notify(value)),
    "ORCPT": lambda rcpt, value: replace(rcpt, original=decode_original(value)),
}


def extended_mail(mail: Mail, parameters: list[tuple[str, str]]) -> Mail:
    """Read the parameters of MAIL that the grammar itself has left. Raises RemoteProtocolError."""
    for name, value in parameters:
        read = _MAIL.get(name)
        if read is None:
            mail = replace(mail, others=(*mail.others, (name, value)))
        else:
            mail = read(mail, value)
    if mail.hold_for is not None and mail.hold_until is not None:
        _bad("HOLDFOR and HOLDUNTIL")  # RFC 4865, 4.2, point 9
    return mail


def extended_rcpt(rcpt: Rcpt, parameters: list[tuple[str, str]]) -> Rcpt:
    """Read the parameters of RCPT. Raises RemoteProtocolError."""
    for name, value in parameters:
        read = _RCPT.get(name)
        if read is None:
            rcpt = replace(rcpt, others=(*rcpt.others, (name, value)))
        else:
            rcpt = read(rcpt, value)
    return rcpt


def mail_parameters(mail: Mail) -> Iterator[str]:
    """Print the parameters of MAIL that are defined here."""
    if mail.ret:
        yield f"RET={mail.ret}"
    if mail.envelope_id:
        yield f"ENVID={encode_xtext(mail.envelope_id)}"
    if mail.require_tls:
        yield "REQUIRETLS"
    if mail.by is not None:
        mode, trace = "R" if mail.by.returned else "N", "T" if mail.by.trace else ""
        yield f"BY={mail.by.seconds};{mode}{trace}"
    if mail.hold_for is not None:
        yield f"HOLDFOR={mail.hold_for}"
    if mail.hold_until is not None:
        yield f"HOLDUNTIL={format_utc(mail.hold_until)}"


def rcpt_parameters(rcpt: Rcpt) -> Iterator[str]:
    """Print the parameters of RCPT that are defined here."""
    if rcpt.notify:
        yield f"NOTIFY={rcpt.notify}"
    if rcpt.original:
        yield f"ORCPT={encode_original(rcpt.original)}"


# -- reports ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """The requests of MAIL for the reports on a message, which these have to repeat.

    Printed it is the ``ret`` of a queued message's envelope; RET alone is printed as itself.

    Args:
        ret: as in ``Mail``.
        by: the moment that BY says (RFC 2852, 5); aware, None for not said.
        trace: BY asks for a report of each relaying (RFC 2852, 4.1.4).
        hold: what HOLDFOR or HOLDUNTIL said, as Future-Release-Request has it (RFC 4865, 5.1.2);
            empty for not said.
    """

    ret: str = ""
    by: datetime | None = None
    trace: bool = False
    hold: str = ""

    def __str__(self) -> str:
        words = [self.ret]
        if self.by is not None:
            words.append(f"BY={format_utc(self.by)}{';T' if self.trace else ''}")
        if self.hold:
            words.append(f"HOLD={self.hold}")
        return " ".join(word for word in words if word)


def report_request(mail: Mail, by: datetime | None) -> ReportRequest:
    """Return what MAIL asks of reports.

    Args:
        by: the moment that its BY says.
    """
    hold = ""
    if mail.hold_for is not None:
        hold = f"for;{mail.hold_for}"
    elif mail.hold_until is not None:
        hold = f"until;{format_utc(mail.hold_until)}"
    return ReportRequest(mail.ret, by, mail.by is not None and mail.by.trace, hold)


def parse_report_request(text: str) -> ReportRequest:
    """Read what ``ReportRequest`` prints."""
    request = ReportRequest()
    for word in text.split():
        name, _, value = word.partition("=")
        if name == "BY":
            moment, _, trace = value.partition(";")
            request = replace(request, by=_moment(moment), trace=trace == "T")
        elif name == "HOLD":
            request = replace(request, hold=value)
        else:
            request = replace(request, ret=word)
    return request
