"""HTTP's words: a status; a command is a method."""

from __future__ import annotations

from typing import Final

from netsuite.http import commands
from netsuite.testing.faults.kinds import Refuse, Wrong
from netsuite.testing.faults.words.table import Words, Wrongly, always, replacing, shifting


def reply(event: object, refusal: Refuse) -> commands.Response:
    """Return the response."""
    return commands.plain(int(refusal.code or 503), refusal.text or "Try again later.")


def name_of(event: commands.Request) -> str:
    """Return the method."""
    return event.method


def _unfinished(octets: bytes) -> bytes:
    """Return of a head all but its end, and of what follows nothing."""
    if not octets.startswith(b"HTTP/1."):
        return b""
    head, end, _ = octets.partition(b"\r\n\r\n")
    return head + b"\r\n" if end else octets


WORDS: Final = Words(
    protocol="http",
    codes="[2-5][0-9]{2}",
    names={commands.Request: ""},
    name_of=name_of,
    reply=reply,
    greets=False,
    open_names=True,
    wrongly={
        Wrong.UNFINISHED: Wrongly(change=always(_unfinished)),
        Wrong.SIZE: Wrongly(change=shifting(rb"(?i)\r\nContent-Length: (\d+)(?=\r\n)")),
        Wrong.CHUNK: Wrongly(change=replacing(rb"\A[0-9a-fA-F]+\r\n", b"no size\r\n")),
    },
)
