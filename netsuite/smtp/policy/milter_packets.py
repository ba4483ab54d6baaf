"""The packets of the milter protocol, as octets: what a filter is told, and what it says.

The protocol is that of Sendmail's ``libmilter``, version 6: a packet is a command of one octet and
its data, behind its length in four octets.
"""

from __future__ import annotations

import enum
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from netsuite.message.headers import Field, fields
from netsuite.smtp.policy.interface import Facts

VERSION: Final = 6
#: The largest body packet.
BODY_OCTETS: Final = 65_535


class Step(enum.IntFlag):
    """What a filter need not be told, or does not answer; it says which."""

    NO_CONNECT = 0x1
    NO_HELO = 0x2
    NO_MAIL = 0x4
    NO_RCPT = 0x8
    NO_BODY = 0x10
    NO_HEADERS = 0x20
    NO_END_OF_HEADER = 0x40
    SILENT_HEADER = 0x80
    NO_DATA = 0x200
    SKIP = 0x400
    SILENT_CONNECT = 0x1000
    SILENT_HELO = 0x2000
    SILENT_MAIL = 0x4000
    SILENT_RCPT = 0x8000
    SILENT_DATA = 0x10000
    SILENT_END_OF_HEADER = 0x40000
    SILENT_BODY = 0x80000


#: All that there are, though only header fields and quarantine are heeded: filters hang up that
#: could do more and are not offered to, MIMEDefang and spamass-milter among them.
OFFERED_ACTIONS: Final = 0x1FF
OFFERED_STEPS: Final = ~Step(0)

#: By command: what leaves it out, and what keeps it without an answer.
STEPS: Final = {
    b"C": (Step.NO_CONNECT, Step.SILENT_CONNECT),
    b"H": (Step.NO_HELO, Step.SILENT_HELO),
    b"M": (Step.NO_MAIL, Step.SILENT_MAIL),
    b"R": (Step.NO_RCPT, Step.SILENT_RCPT),
    b"T": (Step.NO_DATA, Step.SILENT_DATA),
    b"L": (Step.NO_HEADERS, Step.SILENT_HEADER),
    b"N": (Step.NO_END_OF_HEADER, Step.SILENT_END_OF_HEADER),
    b"B": (Step.NO_BODY, Step.SILENT_BODY),
}
_name: Final = re.compile(rb"[!-9;-~]{1,200}")
_reply: Final = re.compile(rb"([45][0-9]{2})[ -](?:([45]\.[0-9]{1,3}\.[0-9]{1,3}) )?([^\r\n\0]*)")


class MilterError(Exception):
    """A filter does not keep to the protocol."""


def negotiation() -> bytes:
    """Return what the conversation begins with."""
    return b"O" + struct.pack("!III", VERSION, OFFERED_ACTIONS, OFFERED_STEPS)


def parse_negotiation(packet: bytes) -> Step:
    """Read a filter's answer to it. Raises MilterError.

    What it could do is of no interest; what it does is.
    """
    if packet[:1] != b"O" or len(packet) < 13:
        raise MilterError("no negotiation")
    version, _, steps = struct.unpack_from("!III", packet, 1)
    if version < 2:
        raise MilterError(f"it wants version {version}")
    return Step(steps & OFFERED_STEPS)


def strings(*texts: bytes) -> bytes:
    """Return texts as the protocol has them."""
    return b"".join(text.replace(b"\0", b"") + b"\0" for text in texts)


def envelope(facts: Facts) -> Iterator[bytes]:
    """Return the packets of what is known before a message, each behind its macros."""
    client = facts.client
    peer = client.peer
    yield _macros(b"C", ("j", client.host), ("{client_addr}", peer.address))
    if peer.address:
        family = b"6" if ":" in peer.address else b"4"
        where = family + struct.pack("!H", peer.port) + strings(peer.address.encode())
        yield b"C" + strings(f"[{peer.address}]".encode()) + where
    else:
        yield b"C" + strings(b"localhost") + b"U"
    yield _macros(b"H", ("{tls_version}", peer.tls_version), ("{cipher}", peer.cipher))
    yield b"H" + strings(client.helo.encode())
    sender = facts.sender or ""
    yield _macros(b"M", ("{auth_authen}", client.account or ""), ("{mail_addr}", sender))
    yield b"M" + strings(f"<{sender}>".encode())
    for recipient in facts.recipients:
        yield _macros(b"R", ("{rcpt_addr}", recipient))
        yield b"R" + strings(f"<{recipient}>".encode())
    yield b"T"


def _macros(command: bytes, *values: tuple[str, str]) -> bytes:
    known = [text.encode() for pair in values if pair[1] for text in pair]
    return b"D" + command + strings(*known)


def header_packets(header: bytes) -> Iterator[bytes]:
    """Return the packets of a header."""
    for each in fields(header):
        value = each.raw.removeprefix(b" ").replace(b"\r\n", b"\n")
        yield b"L" + strings(each.name, value)
    yield b"N"


@dataclass(frozen=True, slots=True)
class Said:
    """A refusal of a filter's: code, enhanced code, text."""

    code: int
    enhanced: str
    text: str


def parse_refusal(packet: bytes) -> Said | None:
    """Read a packet that ends a conversation with a refusal; None for any other.

    A message that is to be thrown away in silence is refused: mail is not lost here.
    """
    command = packet[:1]
    if command in (b"r", b"d"):
        return Said(550, "5.7.1", "Refused by the content filter")
    if command in (b"t", b"4"):
        return Said(451, "4.7.1", "The content filter asks to try again later")
    if command != b"y":
        return None
    match = _reply.match(packet, 1)
    if match is None:
        raise MilterError("a reply that is none")
    code = int(match[1])
    enhanced = (match[2] or b"%d.7.1" % (code // 100)).decode()
    text = "".join(c for c in match[3].decode("ascii", "replace") if " " <= c <= "~")[:400]
    return Said(code, enhanced, text or "Refused by the content filter")


def parse_header(packet: bytes) -> tuple[int, bytes, bytes]:
    """Read a packet that adds (``h``), inserts (``i``) or changes (``m``) a field; return its index
    (0 where there is none), name, and value as it is printed. Raises MilterError."""
    index, start = 0, 1
    if packet[:1] != b"h":
        if len(packet) < 5:
            raise MilterError("a field that is none")
        (index,), start = struct.unpack_from("!I", packet, 1), 5
    name, _, value = packet[start:].rstrip(b"\0").partition(b"\0")
    if not _name.fullmatch(name):
        raise MilterError("a field without a name")
    lines = value.replace(b"\0", b"").replace(b"\r", b"").split(b"\n")
    folded = [lines[0].strip(), *(b" " + each.strip() for each in lines[1:] if each.strip())]
    return index, name, b"\r\n".join(folded)


def numbered(header: bytes, name: bytes, index: int) -> Sequence[Field]:
    """Return the field that an index (from 1) means; none where there is none."""
    found = [each for each in fields(header) if each.name.lower() == name.lower()]
    return found[max(index, 1) - 1 : max(index, 1)]
