"""Reverse paths of forwarded mail: rewritten, so that SPF holds and bounces come back (SRS).

A message that an alias forwards leaves with an address of ours, from which, for some weeks, only
this site can read the true sender::

    SRS0=HASH=DAY=sender.example=local@ours.example
    SRS1=HASH=forwarder.example==HASH=DAY=sender.example=local@ours.example

The second is of mail that another forwarder has rewritten already; bounces go to it.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable
from typing import Final

#: For so many days a bounce may come; mail is given up long before.
VALID_DAYS: Final = 21
_HASH_CHARACTERS: Final = 8
_DAYS: Final = 1024  # the day is two base32 digits
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz234567"
#: RFC 5321, 4.5.3.1.1; a local part that would be longer is not rewritten.
LOCAL_OCTETS: Final = 64


class SenderRewriting:
    """Rewrites senders, and reads them back.

    Args:
        secret: returns what is known to this site alone.
        domain: of ours, in which rewritten addresses are.
        today: returns the day, counted from any one.
    """

    def __init__(self, secret: Callable[[], bytes], domain: str, today: Callable[[], int]) -> None:
        self._secret = secret
        self._domain = domain
        self._today = today

    def rewritten(self, sender: str) -> str:
        """Return the reverse path that a message of *sender* is forwarded with."""
        local, at, domain = sender.rpartition("@")
        if not at or '"' in local:
            return sender
        lowered = local.lower()
        if lowered.startswith("srs0="):
            rest = f"{domain}={local[4:]}"
        elif lowered.startswith("srs1=") and local.count("=") > 2:
            rest = local.split("=", 2)[2]  # the first forwarder stays who gets bounces
        else:
            day = self._today() % _DAYS
            stamp = _ALPHABET[day >> 5] + _ALPHABET[day & 31]
            made = f"SRS0={self._hash(stamp, domain, local)}={stamp}={domain}={local}"
            return self._address(made, sender)
        return self._address(f"SRS1={self._hash(rest)}={rest}", sender)

    def _address(self, local: str, sender: str) -> str:
        # Some servers refuse a longer one; most do not, and a bounce that comes back is worth it.
        # An address literal cannot stand in a local part.
        fits = len(local) <= 4 * LOCAL_OCTETS and "[" not in local
        return f"{local}@{self._domain}" if fits else sender

    def original(self, local: str) -> str | None:
        """Return whom mail for a rewritten address goes to; None where it is none of ours, or
        too old."""
        scheme, _, rest = local.partition("=")
        given, _, rest = rest.partition("=")
        if scheme.lower() == "srs1":
            host, _, inner = rest.partition("=")
            if not self._is_hash(given, rest) or not inner:
                return None
            return f"SRS0{inner}@{host}"
        if scheme.lower() != "srs0":
            return None
        stamp, _, rest = rest.partition("=")
        domain, _, name = rest.partition("=")
        if not name or not self._is_hash(given, stamp.lower(), domain, name):
            return None
        day = _ALPHABET.find(stamp[:1].lower()) * 32 + _ALPHABET.find(stamp[1:].lower())
        age = (self._today() - day) % _DAYS
        return f"{name}@{domain}" if age <= VALID_DAYS else None

    def _hash(self, *parts: str) -> str:
        # Servers on the way may change the case.
        made = hmac.digest(self._secret(), "=".join(parts).lower().encode(), "sha256")
        return base64.b32encode(made).decode("ascii").lower()[:_HASH_CHARACTERS]

    def _is_hash(self, given: str, *parts: str) -> bool:
        return hmac.compare_digest(given.lower().encode(), self._hash(*parts).encode())
