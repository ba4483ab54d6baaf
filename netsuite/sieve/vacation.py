"""``vacation``: whether a message is answered, and with what. See RFC 5230; RFC 6131; RFC 3834, 2.

The answer is a value; who delivers it remembers whom it went to, and writes it.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Final

from netsuite.message.address import parse_address_list
from netsuite.sieve import limits
from netsuite.sieve.message import MessageView, addresses
from netsuite.sieve.outcome import Vacation
from netsuite.sieve.script import Node, Text
from netsuite.sieve.state import Run

#: RFC 5230, 4.6: of programs; local parts, whole and in part.
_PROGRAMS: Final = frozenset({
    "mailer-daemon", "listserv", "majordomo", "noreply", "no-reply", "donotreply", "do-not-reply",
    "bounce", "bounces", "owner", "request",
})  # fmt: skip
_OF_LISTS: Final = ("owner-", "bounce-", "bounces-", "bounces+", "prvs=", "srs0=", "srs1=")
_LIST_FIELDS: Final = (
    "list-id",
    "list-help",
    "list-subscribe",
    "list-unsubscribe",
    "list-post",
    "list-owner",
    "list-archive",
)
#: RFC 5230, 4.5.
_TO_FIELDS: Final = ("to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc")
_BULK: Final = frozenset(("bulk", "list", "junk"))
#: Of References, so much is taken along; the newest, and the first of all.
_REFERENCES: Final = 20


def vacation(run: Run, node: Node) -> Vacation | None:
    """Return the answer to the message; None where it is not to be answered."""
    facts, message = run.facts, run.message
    named = {each.strip().lower() for each in run.texts(node, ":addresses")}
    named.add(facts.recipient.lower())

    def is_own(address: str) -> bool:
        return address in named or facts.is_own(address)

    if not _is_personal(facts.sender, is_own, message):
        return None
    subject = run.one(node, ":subject") if ":subject" in node.texts else _subject(message)
    sender = run.one(node, ":from") if ":from" in node.texts else ""
    return Vacation(
        facts.sender,
        _key(run, node),
        _seconds(node),
        " ".join(subject.split()),
        sender if _is_own_mailbox(sender, is_own) else "",
        run.one(node, "reason"),
        "mime" in node.flags,
        *_thread(message),
    )


def _is_own_mailbox(written: str, is_own: Callable[[str], bool]) -> bool:
    """Return whether From may be what a script says: others cannot be answered for (4.3)."""
    mailboxes = parse_address_list(written.encode()) if written.isprintable() else ()
    found = [f"{local}@{domain}".lower() for local, domain in addresses(written.encode())]
    return len(mailboxes) == len(found) == 1 and is_own(found[0])


def _is_personal(sender: str, is_own: Callable[[str], bool], message: MessageView) -> bool:
    """Return whether a person has written the message to this account (4.5, 4.6)."""
    local = sender.rpartition("@")[0].lower()
    if not local or is_own(sender.lower()):
        return False
    if local in _PROGRAMS or local.startswith(_OF_LISTS) or local.endswith("-request"):
        return False
    if any(message.raw(each) for each in _LIST_FIELDS):
        return False
    automatic = [each.partition(";")[0].strip() for each in message.values("auto-submitted")]
    if any(each.lower() != "no" for each in automatic):
        return False
    if any(each.lower() in _BULK for each in message.values("precedence")):
        return False
    unwanted = " ".join(message.values("x-auto-response-suppress")).lower()
    if "all" in unwanted or "oof" in unwanted or "autoreply" in unwanted:
        return False
    return any(
        is_own(f"{local}@{domain}".lower())
        for field in _TO_FIELDS
        for value in message.raw(field)
        for local, domain in addresses(value)
    )


def _subject(message: MessageView) -> str:
    """Return the default subject (5.3)."""
    values = message.values("subject")
    return f"Auto: {values[0]}" if values and values[0] else "Automated reply"


def _seconds(node: Node) -> int:
    """Return for how long no second answer goes to the same sender (4.1; RFC 6131, 2)."""
    if ":seconds" in node.numbers:
        return min(node.numbers[":seconds"], limits.LONGEST_SECONDS)
    days = max(node.numbers.get(":days", limits.VACATION_DAYS), 1)
    return min(days * 86_400, limits.LONGEST_SECONDS)


def _written(texts: tuple[Text, ...] | None) -> str:
    """Return what a script says for an argument: nothing is another thing than an empty string."""
    if texts is None:
        return ""
    return "+" + "".join(each if isinstance(each, str) else each.written for each in texts)


def _key(run: Run, node: Node) -> str:
    """Return by what an answer is remembered: the sender, and the handle or what the script says,
    its variables as they are written (4.2)."""
    if ":handle" in node.texts:
        said = ["handle", run.one(node, ":handle")]
    else:
        names = (":subject", ":from", "reason")
        said = ["", str("mime" in node.flags), *(_written(node.texts.get(each)) for each in names)]
    parts = (run.facts.sender.lower(), *said)
    counted = "".join(f"{len(each)}:{each}" for each in parts)
    return sha256(counted.encode("utf-8", "surrogatepass")).hexdigest()


def _thread(message: MessageView) -> tuple[str, str]:
    """Return In-Reply-To and References of an answer (5.8; RFC 5322, 3.6.4)."""
    identifiers = message.values("message-id")
    if not identifiers or not _is_plain(identifiers[0]):
        return "", ""
    before = (message.values("references") or message.values("in-reply-to") or [""])[0].split()
    kept = [each for each in before if _is_plain(each)]
    if len(kept) > _REFERENCES:
        kept = [kept[0], *kept[-_REFERENCES + 1 :]]
    return identifiers[0], " ".join([*kept, identifiers[0]])


def _is_plain(identifier: str) -> bool:
    shown = identifier.isascii() and identifier.isprintable() and " " not in identifier
    return (
        shown and identifier.startswith("<") and identifier.endswith(">") and len(identifier) < 500
    )
