"""IMAP's words: ``TAG NO text``, ``TAG BAD text``, ``* BYE text``; a text may begin with a response
code, ``[UNAVAILABLE] text``."""

from __future__ import annotations

import re
from typing import Final, get_args

from netsuite.imap.commands import requests
from netsuite.imap.commands.responses import Code, Completion, Condition, Status
from netsuite.testing.faults.kinds import Refuse, Wrong
from netsuite.testing.faults.words.table import Words, Wrongly, named, replacing, shifting

_CODE: Final = re.compile(r"\[([A-Z0-9-]+)\] ?")
#: A completion: a line of its own whose tag is none of the server's marks.
_COMPLETION: Final = rb"\A(?![*+] )[^ \r\n]+ ((?:OK|NO|BAD) [^\r\n]*\r\n)\Z"


def reply(event: object, refusal: Refuse) -> Completion | Condition:
    """Return the completion; where the session ends, the condition."""
    text, code = refusal.text or "Try again later", None
    found = _CODE.match(text)
    if found is not None:
        text, code = text[found.end() :] or "Refused", Code(found[1])
    if event is None or ends(refusal):
        return Condition(Status.BYE, text, code)
    return Completion(Status[str(refusal.code or "NO").upper()], text, code)


def ends(refusal: Refuse) -> bool:
    """Return whether the connection is closed behind it (RFC 3501, 7.1.5)."""
    return str(refusal.code).upper() == "BYE"


WORDS: Final = Words(
    protocol="imap",
    codes="NO|BAD|BYE",
    names={**named(*get_args(requests.Request)), requests.StatusOf: "STATUS"},
    reply=reply,
    ends=ends,
    wrongly={
        Wrong.UNFINISHED: Wrongly(change=replacing(_COMPLETION, b"")),
        Wrong.TAG: Wrongly(change=replacing(_COMPLETION, rb"WRONG \1")),
        Wrong.LITERAL: Wrongly(
            change=shifting(rb"(?<= )\{(\d+)\}\r\n"), to=frozenset({"FETCH", "LIST", "STATUS"})
        ),
        Wrong.UID_VALIDITY: Wrongly(change=shifting(rb"\b(?:UIDVALIDITY|APPENDUID|COPYUID) (\d+)")),
        Wrong.SIZE: Wrongly(change=shifting(rb"RFC822\.SIZE (\d+)"), to=frozenset({"FETCH"})),
    },
    starttls="STARTTLS",
    go_ahead=re.compile(rb"\A[^ ]+ OK .*\r\n"),
    injected=b"* CAPABILITY IMAP4rev1 INJECTED\r\n",
)
