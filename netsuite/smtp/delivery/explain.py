"""What would become of mail for an address, in one line for an operator."""

from __future__ import annotations

from netsuite.accounts.interfaces import AccountDisabled, Recipient, Resolver
from netsuite.message.address import parse_address
from netsuite.smtp.delivery.routes import Router, Unroutable
from netsuite.smtp.relay import Relay
from netsuite.store.errors import Busy, NoSuchAccount, OverQuota
from netsuite.store.interfaces import QueueStore
from netsuite.store.outgoing import QueueFilter


async def explain(address: str, resolver: Resolver, router: Router, queue: QueueStore) -> str:
    """Return whether mail for an address is taken, where it goes, and what waits already."""
    parsed = parse_address(address)
    if parsed is None:
        return f"{address}: not an address"
    try:
        found = await resolver.resolve(parsed.local, parsed.domain, relay=True)
    except NoSuchAccount:
        return f"{address}: refused, since nobody has that address"
    except OverQuota as error:
        return f"{address}: put off by its sender, since the mailbox of {error} is full"
    except AccountDisabled as error:
        return f"{address}: put off by its sender, since the account {error} is disabled"
    except Busy as error:
        return f"{address}: put off by its sender: {error}"
    except Exception as error:
        return f"{address}: refused: {type(error).__name__} {error}"
    parts = [f"into the mailbox {each}" for each in found.folders.values()]
    parts += [f"queued for the mailbox {each}, which cannot take it now" for each in found.put_off]
    for each in found.onward:
        parts.append(await _way(each, found, router, queue))
    return f"{address}: {'; '.join(parts)}"


async def _way(address: str, found: Recipient, router: Router, queue: QueueStore) -> str:
    domain = address.rpartition("@")[2].lower()
    by_alias = f"as {address} " if address != found.address else ""
    try:
        relays = await router.route(domain)
    except Unroutable as error:
        return f"{by_alias}nowhere: {error.said.reply}"
    hosts = ", then ".join([await _host(relay, router) for relay in relays])
    waiting = await queue.count(QueueFilter(domain=domain))
    waits = f"; {waiting.items} for {domain} wait" if waiting.items else ""
    return f"{by_alias}to {hosts}, TLS {relays[0].security.value}{waits}"


async def _host(relay: Relay, router: Router) -> str:
    try:
        addresses, vouching = await router.addresses(relay)
    except Unroutable as error:
        return f"{relay} ({error.said.reply.text})"
    shown = [each for each in addresses if each != relay.host]
    by_dane = "" if vouching is None else " with DANE"
    return (f"{relay} at {', '.join(shown)}" if shown else str(relay)) + by_dane
