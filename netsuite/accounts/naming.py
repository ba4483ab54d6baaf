"""Names of accounts and aliases: such that mail finds them and no path leads astray."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from netsuite.message.address import domain_name, parse_address
from netsuite.sasl.prepare import Unpreparable, saslprep

#: RFC 5321, 4.5.3.1.1.
NAME_OCTETS: Final = 64


def account_name_problem(name: str) -> str | None:
    """Say why no account can have this name; None when one can.

    A name is the local part of an address that needs no quotes, is the same after the
    preparation that login names go through (RFC 4013), and is the name of a folder.
    """
    if not name:
        return "a name has at least one letter"
    if len(name.encode("utf-8", "replace")) > NAME_OCTETS:
        return f"a name has {NAME_OCTETS} octets at most"
    if "/" in name:
        return "a name has no slash in it"
    address = parse_address(f"{name}@domain.invalid")
    if address is None or address.local != name:
        return "a name is what stands before the @ of an address, without quotes or spaces"
    try:
        prepared = saslprep(name).strip().lower()
    except Unpreparable as error:
        return f"nobody could log in with that name: {error}"
    if prepared != name:
        return f"nobody could log in with that name; {prepared} would do"
    return None


def alias_name_problem(alias: str) -> str | None:
    """Say why no alias can have this name; None for ``local``, ``local@domain``, ``@domain``."""
    local, at, domain = alias.partition("@")
    if at and not domain_name.fullmatch(domain.encode("utf-8", "replace")):
        return "what follows the @ is a domain"
    if at and not local:
        return None
    return account_name_problem(local)


def alias_target_problem(
    target: str, known: Collection[str], is_ours: Callable[[str], bool], carries_onward: bool
) -> str | None:
    """Return why no alias can stand for a target; None where one can.

    Args:
        target: in lower case.
        known: the names of accounts and aliases.
        is_ours: whether mail for a domain is received here.
        carries_onward: whether mail leaves for other hosts.
    """
    local, at, domain = target.rpartition("@")
    if at and not is_ours(domain):
        if not carries_onward:
            return f"{target} is in no domain of ours, and delivery.enabled is false"
        return None if parse_address(target) else f"{target} is no address"
    if target not in known and (not at or local not in known):
        return f"there is no account or alias {target}"
    return None
