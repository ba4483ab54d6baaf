"""Mail that is written in a shell, judged by the policies of submission.

What bounds, or looks at, what accounts send by SMTP does so here, too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from netsuite.accounts.interfaces import Sending, Unsendable
from netsuite.connection.listening import ListeningService
from netsuite.site import Site
from netsuite.smtp.policy.chain import Policies, Rule
from netsuite.smtp.policy.content import Spool, marked_header
from netsuite.smtp.policy.interface import Client, Facts, Stage, Tag
from netsuite.smtp.policy.rates import Rates
from netsuite.smtp.server import Shared

_SERVICE = "submission"
#: The one that is made anew where submission does not run in this daemon.
_RATES = "rates"


class _NoJudges(Exception):
    """What judges the mail of accounts does not run here, so none can be taken."""


def judged_by(
    site: Site, services: Sequence[ListeningService]
) -> Callable[[Sending, str], Sending | None]:
    """Return what has an account's mail judged; it returns None where that cannot be, and so no
    mail can be sent."""
    try:
        policies = _judges(site, services)
    except _NoJudges:
        return lambda sending, account: None
    if policies is None:
        return lambda sending, account: sending
    return lambda sending, account: JudgedSending(sending, policies, account)


def _judges(site: Site, services: Sequence[ListeningService]) -> Policies | None:
    """Return the policies of submission, those of the service itself where it runs: what they count
    is counted once. None for none. Raises _NoJudges."""
    for service in services:
        shared = service.factory.shared
        if service.name == _SERVICE and isinstance(shared, Shared):
            return shared.policies
    settings = site.settings.policy
    if site.policies.of(_SERVICE) or not set(settings.submission) <= {_RATES}:
        raise _NoJudges
    if not settings.submission:
        return None
    rates = Rates(
        site.reactor,
        account_hour=settings.rates_account_hour,
        account_day=settings.rates_account_day,
    )
    return Policies([Rule(_RATES, rates)], site.reactor, run=site.run)


class JudgedSending:
    """Implements ``accounts.interfaces.Sending``: asks policies before it hands a message on.

    Args:
        account: who sends.
    """

    def __init__(self, sending: Sending, policies: Policies, account: str) -> None:
        self.address = sending.address
        self.host = sending.host
        self._sending = sending
        self._policies = policies
        self._client = Client(service=_SERVICE, host=sending.host, account=account)

    @property
    def largest_octets(self) -> int:
        """What a message may have."""
        return self._sending.largest_octets

    @property
    def most_recipients(self) -> int:
        """Whom a message may go to."""
        return self._sending.most_recipients

    def is_own(self, address: str) -> bool:
        """Return whether an address is one of the account's own."""
        return self._sending.is_own(address)

    async def check(self, address: str) -> None:
        """Check whether mail for an address would be taken; policies are asked when it is sent.
        Raises Unsendable, StoreError."""
        await self._sending.check(address)

    async def send(
        self, pieces: AsyncIterator[bytes], recipients: Sequence[str], *, identifier: str
    ) -> None:
        """Make a message durable for all its recipients, or for none. Raises Unsendable,
        StoreError."""
        tags = list(await self._judge(Stage.MAIL, Facts(self._client, self.address)))
        for place, address in enumerate(recipients):
            facts = Facts(self._client, self.address, address, recipients[:place])
            tags += await self._judge(Stage.RECIPIENT, facts)
        if not (tags or self._policies.hears(Stage.MESSAGE)):
            await self._sending.send(pieces, recipients, identifier=identifier)
            return
        spool = self._policies.spool(0)
        try:
            await self._fill(spool, pieces)
            facts = Facts(self._client, self.address, "", recipients, spool)
            tags += await self._judge(Stage.MESSAGE, facts)
            await self._sending.send(_marked(spool, tags), recipients, identifier=identifier)
        finally:
            await spool.abort()

    async def _judge(self, stage: Stage, facts: Facts) -> Sequence[Tag]:
        """Return the marks of a stage's policies. Raises Unsendable."""
        if not self._policies.hears(stage):
            return ()
        judgement = await self._policies.judge(stage, facts)
        if judgement.refusal is not None:
            raise Unsendable(judgement.refusal.text)
        return judgement.tags

    async def _fill(self, spool: Spool, pieces: AsyncIterator[bytes]) -> None:
        octets = 0
        async for piece in pieces:
            octets += len(piece)
            if octets > self.largest_octets:
                raise Unsendable(f"it is larger than {self.largest_octets} octets")
            work = spool.write(piece)
            if work is not None:
                await work


async def _marked(spool: Spool, tags: Sequence[Tag]) -> AsyncIterator[bytes]:
    fields = b"".join(tag.fields for tag in reversed(tags))
    # There is no trace yet that they could stand behind: that comes before all of it.
    yield fields + marked_header(spool, [Tag(dropped=tag.dropped) for tag in tags])
    async for piece in spool.body():
        yield piece
