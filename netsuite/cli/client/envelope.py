"""The envelope of a message, as the command line has it: from whom, to whom, what is reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from netsuite.cli.client.problems import Usage
from netsuite.message.address import Address, parse_address

_EVENTS: Final = ("SUCCESS", "FAILURE", "DELAY")
#: RFC 3461, 4.4.
ENVELOPE_ID_CHARACTERS: Final = 100


@dataclass(frozen=True, slots=True)
class Envelope:
    """The envelope of a message, as options of the command have it.

    Args:
        sender: None for the null path.
        notify: what is to be reported of each recipient, as NOTIFY has it (RFC 3461, 4.1); empty
            for what the server does by itself.
        ret: ``FULL`` or ``HDRS``; empty for not said.
        envelope_id: what reports are to call it; empty for nothing.
    """

    sender: Address | None
    recipients: Sequence[Address]
    notify: str = ""
    ret: str = ""
    envelope_id: str = ""

    @property
    def wants_reports(self) -> bool:
        """Whether something is asked that needs DSN (RFC 3461)."""
        return bool(self.notify or self.ret or self.envelope_id)


def envelope_of(
    sender: str, recipients: Sequence[str], notify: str, returned: str, envelope_id: str
) -> Envelope:
    """Return the envelope that options say. Raises Usage.

    Args:
        sender: an address; empty for the null path.
        notify: ``never``, or some of ``success``, ``failure`` and ``delay`` with commas between;
            empty for not said.
        returned: ``full`` or ``headers``; empty for not said.
    """
    if not envelope_id.isascii() or not envelope_id.isprintable():
        raise Usage("--envelope-id is printable ASCII")
    if len(envelope_id) > ENVELOPE_ID_CHARACTERS:
        raise Usage(f"--envelope-id has {ENVELOPE_ID_CHARACTERS} characters at most")
    return Envelope(
        _address(sender) if sender else None,
        [_address(each) for each in recipients],
        _notify(notify),
        {"full": "FULL", "headers": "HDRS"}.get(returned, ""),
        envelope_id,
    )


def _notify(text: str) -> str:
    words = [each.strip() for each in text.upper().split(",")] if text else []
    if words == ["NEVER"] or not words:
        return "".join(words)
    if not set(words) <= set(_EVENTS):
        raise Usage("--notify is never, or some of success, failure and delay: failure,delay")
    return ",".join(each for each in _EVENTS if each in words)


def _address(text: str) -> Address:
    address = parse_address(text)
    if address is None:
        raise Usage(f"{text} is no address")
    return address
