"""The audit log: who has logged in, and what administrators have done, in one place.

It is in the store, with all that it tells of, and the same for all daemons over one database.
Logins are written there by the authenticator; here is what is administration.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from netsuite.store.interfaces import AccountStore
from netsuite.store.model import ADMINISTRATION, Login

Way = Literal["command", "web", "control"]
#: What is done with a list of names is told as far as that.
DEED_CHARACTERS: Final = 500


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the audit log, as it is read.

    Args:
        who: the account that logged in, or was tried; of administration the account of the
            console, or the user of the machine.
        way: a service and its mechanism; or ``command``, ``web`` (the console), ``control``.
        address: from where; empty for this machine.
        what: how the login ended, or what was done.
        account: that it is about; empty where it is about none.
    """

    when: datetime
    who: str
    way: str
    address: str
    what: str
    account: str


async def note(
    accounts: AccountStore,
    what: str,
    *,
    who: str,
    way: Way,
    address: str = "",
    account: str = "",
    now: datetime | None = None,
) -> None:
    """Append to the audit log what an administrator has done. Nothing secret may be in it.

    Args:
        what: one line, such as ``disabled``.
        who: the account, or the user of the machine.
        address: from where; empty for this machine.
        account: that it is about; empty where it is about none.
    """
    words = " ".join(what.split())
    if len(words) > DEED_CHARACTERS:
        words = words[:DEED_CHARACTERS] + "..."
    # A line of administration is one whose protocol is no service's; ``mechanism`` has who.
    when = now or datetime.now(UTC)
    await accounts.record_login(Login(when, account, way, address, who, True, words))


def record_of(line: Login) -> Record:
    """Return a line of the store's as it is read."""
    if line.protocol in ADMINISTRATION:
        return Record(
            line.when, line.mechanism, line.protocol, line.address, line.outcome, line.account
        )
    tls = "" if line.secure else ", without TLS"
    way = f"{line.protocol}, {line.mechanism}{tls}"
    return Record(line.when, line.account, way, line.address, line.outcome, line.account)


def user(environment: Mapping[str, str] = os.environ) -> str:
    """Return who runs a command, as far as the machine knows."""
    number = os.geteuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        name = str(number)
    before = environment.get("SUDO_USER") or environment.get("DOAS_USER")
    return f"{name} ({before})" if before and before != name else name


def user_address(environment: Mapping[str, str] = os.environ) -> str:
    """Return from where they work: the address of an SSH session; empty for this machine."""
    return environment.get("SSH_CONNECTION", "").partition(" ")[0]
