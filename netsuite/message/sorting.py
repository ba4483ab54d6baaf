"""What messages are sorted and threaded by: base subject, first addresses, names shown.

See RFC 5256, 2 and 3, and RFC 5957. Texts are decoded and without case, one line each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Final

from netsuite.message.structure import Mailbox, Summary
from netsuite.message.words import decode_words

#: A key is no longer than this; more than that nobody sorts by.
KEY_CHARACTERS: Final = 256

# RFC 5256, 5. Subjects are short here (``scan.SUBJECT_CHARACTERS``), and nothing backtracks:
#   subj-refwd   = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"
#   subj-blob    = "[" *BLOBCHAR "]" *WSP
#   subj-leader  = (*subj-blob subj-refwd) / WSP
#   subj-trailer = "(fwd)" / WSP
_BLOB: Final = r"\[[^\[\]]*+\] *+"
_leader: Final = re.compile(rf"(?:(?:{_BLOB})*+(?:re|fwd?) *+(?:{_BLOB})?:| )", re.IGNORECASE)
_blob: Final = re.compile(_BLOB)
_FORWARDED: Final = "(fwd)"
_FORWARD_BEGINS, _FORWARD_ENDS = "[fwd:", "]"


@dataclass(frozen=True, slots=True)
class SortKeys:
    """What one message is sorted by.

    Args:
        subject: the base subject.
        answers: whether the subject says that it answers or forwards another (RFC 5256, 3).
        from_, to, cc: the local part of the first address.
        from_shown, to_shown: its name, else its address (RFC 5957, 3).
    """

    subject: str
    answers: bool
    from_: str
    to: str
    cc: str
    from_shown: str
    to_shown: str


_NAMES: Final = [field.name for field in fields(SortKeys)]


def base_subject(subject: str) -> tuple[str, bool]:
    """Return a subject without what answering and forwarding put around it, and whether there was
    any of it. See RFC 5256, 2.1.

    Args:
        subject: decoded.
    """
    text = " ".join(subject.split())
    answers = False
    while True:
        while text.lower().endswith(_FORWARDED):
            text, answers = text[: -len(_FORWARDED)].rstrip(), True
        text, led = _without_leaders(text)
        answers = answers or led
        lower = text.lower()
        if not (lower.startswith(_FORWARD_BEGINS) and lower.endswith(_FORWARD_ENDS)):
            return text, answers
        text, answers = text[len(_FORWARD_BEGINS) : -len(_FORWARD_ENDS)].strip(), True


def _without_leaders(text: str) -> tuple[str, bool]:
    place, answers = 0, False
    while place < len(text):
        leader = _leader.match(text, place)
        if leader is not None:
            answers = answers or leader.group() != " "
            place = leader.end()
            continue
        blob = _blob.match(text, place)
        if blob is None or blob.end() == len(text):
            break
        place = blob.end()
    return text[place:], answers


def key(text: str) -> str:
    """Return text as it is compared: without case, on one line, and no longer than a key is."""
    folded = " ".join(text[:KEY_CHARACTERS].casefold().replace("\0", " ").split())
    return folded if folded.isascii() else folded.encode("utf-8", "replace").decode()


def _local(mailboxes: Sequence[Mailbox]) -> str:
    return key(decode_words(mailboxes[0].local or b"")) if mailboxes else ""


def _shown(mailboxes: Sequence[Mailbox]) -> str:
    if not mailboxes:
        return ""
    first = mailboxes[0]
    name = key(decode_words(first.name)) if first.name else ""
    if name or not first.local:
        return name
    return key(decode_words(first.local + b"@" + first.domain if first.domain else first.local))


def sort_keys(summary: Summary) -> SortKeys:
    """Return what a message is sorted by."""
    envelope = summary.envelope
    subject, answers = base_subject(summary.subject)
    return SortKeys(
        subject=key(subject),
        answers=answers,
        from_=_local(envelope.from_),
        to=_local(envelope.to),
        cc=_local(envelope.cc),
        from_shown=_shown(envelope.from_),
        to_shown=_shown(envelope.to),
    )


def format_keys(keys: SortKeys) -> str:
    """Return keys as one text, a line each, as a store keeps them."""
    answers = "1" if keys.answers else ""
    return "\n".join(
        (keys.subject, answers, keys.from_, keys.to, keys.cc, keys.from_shown, keys.to_shown)
    )


def read_subject(text: str) -> tuple[str, bool]:
    """Return of keys, as ``format_keys`` wrote them, the base subject, and whether it answers."""
    subject, answers, _ = text.split("\n", 2)
    return subject, bool(answers)


def read_values(texts: Iterable[str], name: str) -> list[str]:
    """Return of each of many keys, as ``format_keys`` wrote them, the value of that name."""
    place = _NAMES.index(name)
    return [text.split("\n", place + 1)[place] for text in texts]
