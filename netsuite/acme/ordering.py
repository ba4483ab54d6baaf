"""One certificate from its order to its chain, by whichever challenge can be met."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from netsuite.acme.advice import explain
from netsuite.acme.authority import Authorization, Challenge, Order, Refused
from netsuite.store.files.thread_jobs import RunInThread

T = TypeVar("T")

#: How long an authority may take over each step.
STEP_SECONDS: Final = 180.0
#: It is looked after so long at first, then after twice that, up to the longest.
LOOK_SECONDS: Final = 0.5
LONGEST_LOOK_SECONDS: Final = 15.0
#: What another challenge may do better: the authority has looked, and not seen what it wanted.
_NOT_MET: Final = frozenset(
    {"connection", "dns", "incorrectResponse", "timeout", "tls", "unauthorized", "slow"}
)


class OrdersCertificates(Protocol):
    """An authority: see ``Authority``. Methods run in a thread, and raise ``Refused``."""

    def order(self, csr: bytes) -> Order:
        """Order a certificate."""

    def answer(self, challenge: Challenge) -> None:
        """Report that an answer can be looked at."""

    def look(self, authorization: Authorization) -> tuple[Authorization, float | None]:
        """Return an authorization as it is by now, and when to look again."""

    def finalize(self, order: Order) -> None:
        """Ask for the certificate."""

    def collect(self, order: Order) -> tuple[str, float | None]:
        """Return the chain, empty where it is not there yet, and when to look again."""


class GivesAnswers(Protocol):
    """Answers challenges: see ``Answers``."""

    async def give(self, kind: str, name: str, authorization: str) -> None:
        """Give an answer from now on."""

    async def withdraw(self, kind: str, name: str, authorization: str) -> None:
        """Give it no more."""


class NotIssued(Exception):
    """There is no certificate; the message says why, and what to change.

    Args:
        retry_seconds: for which the authority wants to be left alone; None where it does not say.
    """

    def __init__(self, message: str, retry_seconds: float | None) -> None:
        super().__init__(message)
        self.retry_seconds = retry_seconds


def request_for(name: str, key: CertificateIssuerPrivateKeyTypes) -> bytes:
    """Return the request of a certificate for one name, in PEM (RFC 2986)."""
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    signed = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM)


@dataclass(frozen=True, slots=True)
class Ordering:
    """Orders certificates.

    Args:
        authority: which issues them.
        answers: to its challenges.
        run: runs in a thread.
        clock: for what takes its time.
    """

    authority: OrdersCertificates
    answers: GivesAnswers
    run: RunInThread
    clock: IReactorTime

    async def issue(self, name: str, csr: bytes, kinds: Sequence[str]) -> str:
        """Return the chain of a new certificate, in PEM.

        Args:
            kinds: of challenges, the best first; another is tried only where one was not met.

        Raises:
            NotIssued: after all that could be tried.
        """
        told: list[str] = []
        for kind in kinds:
            try:
                return await self._by(kind, csr)
            except Refused as refused:
                said = explain(refused.code, refused.detail, name, kind)
                if said not in told:
                    told.append(said)
                if refused.code not in _NOT_MET | {"noChallenge"}:
                    raise NotIssued(said, refused.retry_seconds) from None
        raise NotIssued("; or ".join(told) or explain("noChallenge", "", name), None)

    async def _by(self, kind: str, csr: bytes) -> str:
        order = await self.run(self.authority.order, csr)
        for each in order.authorizations:
            if each.state != "valid":
                await self._prove(each, kind)
        await self.run(self.authority.finalize, order)

        async def collected() -> tuple[str | None, float | None]:
            chain, seconds = await self.run(self.authority.collect, order)
            return chain or None, seconds

        return await self._until(collected)

    async def _prove(self, authorization: Authorization, kind: str) -> None:
        challenge = authorization.challenges.get(kind)
        if challenge is None:
            raise Refused("noChallenge", "")
        given = kind, authorization.name, challenge.authorization
        await self.answers.give(*given)
        try:
            await self.run(self.authority.answer, challenge)

            async def judged() -> tuple[Authorization | None, float | None]:
                found, seconds = await self.run(self.authority.look, authorization)
                return (None if found.state == "pending" else found), seconds

            found = await self._until(judged)
        finally:
            await self.answers.withdraw(*given)
        if found.state != "valid":
            raise found.refusal or Refused("unauthorized", f"the proof is {found.state}")

    async def _until(self, look: Callable[[], Awaitable[tuple[T | None, float | None]]]) -> T:
        """Look again and again, not more often than the authority likes. Raises Refused."""
        began = self.clock.seconds()
        seconds = LOOK_SECONDS
        while True:
            await deferLater(self.clock, seconds)
            found, wanted = await look()
            if found is not None:
                return found
            seconds = min(max(seconds * 2, wanted or 0.0), LONGEST_LOOK_SECONDS)
            if self.clock.seconds() - began + seconds > STEP_SECONDS:
                raise Refused("slow", f"nothing came of it in {STEP_SECONDS:.0f} seconds")
