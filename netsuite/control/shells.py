"""The shells of a daemon's users, given what only a daemon has: the way out for mail, where its
services listen, and for administrators its accounts, its queue and its sessions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from netsuite.accounts.interfaces import OpenSession, Sending, ShellAccess
from netsuite.accounts.realm import AccountRealm
from netsuite.accounts.shell import AccountSending, AccountShell
from netsuite.connection.listening import ListeningService
from netsuite.console.access import is_administrator
from netsuite.console.answers import kick, sessions
from netsuite.logs.audit import note
from netsuite.site import Site
from netsuite.store.errors import NotPermitted
from netsuite.store.model import Account, Usage
from netsuite.store.outgoing import QueueCount, QueueItem

#: By what sessions are looked for.
_FIELDS: Final = ("account", "service", "address")


def equip_shells(site: Site, listening: Callable[[], Iterator[ListeningService]]) -> None:
    """Have the realm of a site make its shells with all that the daemon has.

    Args:
        listening: returns the services that listen.
    """
    realm = site.authenticator.portal.realm
    if not isinstance(realm, AccountRealm) or ShellAccess not in realm.makers:
        return
    plain = realm.makers[ShellAccess]

    def limits() -> tuple[int, int]:
        section = site.settings.submission
        return section.largest_octets, section.recipients

    def urls() -> Sequence[str]:
        return [url for service in listening() for url in service.urls]

    judging: list[Callable[[Sending, str], Sending | None]] = []

    def judged(sending: Sending, name: str) -> Sending | None:
        if not judging:  # once: what policies count is for all logins
            # Here: for a daemon without shells nothing of SMTP is imported.
            from netsuite.control.judging import judged_by

            judging.append(judged_by(site, list(listening())))
        return judging[0](sending, name)

    async def made(account: Account) -> tuple[object, Callable[[], None]]:
        shell, logout = await plain(account)
        if isinstance(shell, AccountShell):
            sending = AccountSending(
                account,
                await site.resolver.addresses_of(account),
                site.resolver,
                site.delivery,
                host=site.settings.site.hostname,
                limits=limits,
            )
            shell.sending = judged(sending, account.name)
            shell.urls = urls
            if is_administrator(account):
                shell.administration = Desk(site, account.name)
        return shell, logout

    realm.makers[ShellAccess] = made


class Desk:
    """Implements ``accounts.interfaces.Administration`` by the daemon's bus and the store.

    Args:
        name: of the administrator's account.
    """

    def __init__(self, site: Site, name: str) -> None:
        self._site = site
        self._name = name

    async def _check(self) -> None:
        """Check that the account is still an administrator's: a session may outlive that."""
        if not is_administrator(await self._site.store.accounts.account(self._name)):
            raise NotPermitted(self._name)

    async def accounts(
        self, containing: str = "", *, after: str = "", limit: int
    ) -> Sequence[tuple[Account, Usage]]:
        """Return a page of the accounts, sorted by name, with what they use."""
        await self._check()
        store = self._site.store
        found = await store.accounts.accounts(containing=containing, after=after, limit=limit)
        return [(each, await store.mail.usage(each.id)) for each in found]

    async def queue(self, *, limit: int) -> tuple[QueueCount, Sequence[QueueItem]]:
        """Return how much waits in the queue, and the oldest of it."""
        await self._check()
        queue = self._site.store.queue
        return await queue.count(), await queue.items(limit=limit)

    async def sessions(self, find: str = "") -> Sequence[OpenSession]:
        """Return the sessions of all processes, the oldest first; or those of an account, a service
        or an address."""
        await self._check()
        bus = self._site.bus
        found = {}
        for wanted in [{field: find.lower()} for field in _FIELDS] if find else [{}]:
            found.update({each["session"]: each for each in await sessions(bus, **wanted)})
        now = time.time()
        return [
            OpenSession(
                name=each["session"],
                service=each["service"],
                account=each["account"],
                address=each["address"],
                doing=each["doing"],
                age_seconds=max(0.0, now - each["began"]),
                idle_seconds=each["idle_seconds"],
            )
            for each in sorted(found.values(), key=lambda each: each["began"])
        ]

    async def kick(self, name: str) -> int:
        """End the session of a name, and note it in the audit log; return how many there were."""
        await self._check()
        ended = await kick(self._site.bus, "session", name)
        deed = f"ended {ended} sessions of session {name}"
        await note(self._site.store.accounts, deed, who=self._name, way="control")
        return ended
