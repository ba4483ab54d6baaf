"""The ready policies made from their settings, and those of one's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Final

from twisted.internet.endpoints import clientFromString
from twisted.internet.interfaces import IReactorTime

from netsuite.dns import DNS
from netsuite.smtp.policy.blocklists import BlockLists
from netsuite.smtp.policy.chain import Policies, Rule
from netsuite.smtp.policy.counting import Others
from netsuite.smtp.policy.greeting import Greeting
from netsuite.smtp.policy.greylisting import Greylisting
from netsuite.smtp.policy.harvesting import Harvesting
from netsuite.smtp.policy.interface import Policy
from netsuite.smtp.policy.names import LookedUpNames
from netsuite.smtp.policy.rates import Rates
from netsuite.smtp.policy.settings import PolicySettings
from netsuite.smtp.policy.verification import RunInThread
from netsuite.store.interfaces import RememberedStore


class BadPolicy(Exception):
    """A policy that cannot be made, and why."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What policies are made of.

    Args:
        reactor: for time and connections.
        now: seconds since 1970.
        ours: names that nobody else may call themselves.
        folder: where large messages are kept while they are judged; None for the system's.
        remembered: what policies learn that is to outlive a restart; None for nowhere.
        others: the other processes of the daemon, for those that count; None for none.
        counts: of what they say; see ``Policies``.
    """

    settings: PolicySettings
    reactor: IReactorTime
    dns: DNS
    run: RunInThread
    now: Callable[[], float]
    ours: Collection[str] = ()
    folder: Path | None = None
    remembered: RememberedStore | None = None
    others: Others | None = None
    counts: Counter[tuple[str, ...]] = field(default_factory=Counter)


def _rates(parts: Parts) -> Policy:
    settings = parts.settings
    return Rates(
        parts.reactor,
        address_messages=settings.rates_address_messages,
        account_hour=settings.rates_account_hour,
        account_day=settings.rates_account_day,
        others=parts.others,
    )


def _authentication(parts: Parts) -> Policy:
    # Here, since what verifies mail takes longer to import than all the others together.
    from netsuite.smtp.policy.authentication import MailAuthentication

    settings = parts.settings
    return MailAuthentication(
        parts.dns,
        parts.run,
        parts.now,
        parts.reactor,
        seconds=settings.seconds,
        refuse=settings.authentication_refuse,
        folder=settings.quarantine_folder,
        trusted=settings.authentication_arc_trusted,
    )


def _greylisting(parts: Parts) -> Policy:
    seconds = parts.settings.greylisting_seconds
    return Greylisting(parts.reactor, seconds, remembered=parts.remembered)


def _blocklists(parts: Parts) -> Policy:
    settings = parts.settings
    return BlockLists(parts.dns, settings.blocklists_zones, parts.reactor, seconds=settings.seconds)


def _milter(parts: Parts) -> Policy:
    from netsuite.smtp.policy.milter import Milter

    if not parts.settings.milter_endpoint:
        raise BadPolicy("milter needs policy.milter_endpoint")
    try:
        endpoint = clientFromString(parts.reactor, parts.settings.milter_endpoint)
    except ValueError as error:
        raise BadPolicy(f"policy.milter_endpoint: {error}") from None
    return Milter(endpoint, parts.settings.quarantine_folder)


#: By name, what makes each (``settings.READY``).
_READY: Final[Mapping[str, Callable[[Parts], Policy]]] = {
    "rates": _rates,
    "harvesting": lambda parts: Harvesting(
        parts.reactor, parts.settings.harvesting_unknown, parts.others
    ),
    "greeting": lambda parts: Greeting(parts.ours, reverse=parts.settings.greeting_reverse),
    "blocklists": _blocklists,
    "greylisting": _greylisting,
    "authentication": _authentication,
    "milter": _milter,
}


def make_policies(names: Sequence[str], parts: Parts, own: Sequence[Rule] = ()) -> Policies | None:
    """Return a chain of policies, those that a program brings first; None for none. Raises
    BadPolicy."""
    if not names and not own:
        return None
    settings = parts.settings
    rules = [Rule(name, _policy(name, parts), name in settings.report_only) for name in names]
    return Policies(
        [*own, *rules],
        parts.reactor,
        seconds=settings.seconds,
        names=lambda address: LookedUpNames(parts.dns, address),
        run=parts.run,
        folder=parts.folder,
        counts=parts.counts,
    )


def _policy(name: str, parts: Parts) -> Policy:
    make = _READY.get(name)
    if make is not None:
        return make(parts)
    module, _, attribute = name.partition(":")
    try:
        made = vars(import_module(module))[attribute]()
    except Exception as error:
        raise BadPolicy(f"{name} cannot be made: {type(error).__name__}: {error}") from error
    if not isinstance(made, Policy):
        raise BadPolicy(f"{name} is no netsuite.smtp.policy.interface.Policy")
    return made
