"""A client's exchange: what goes with the command, and what waits for a challenge."""

from __future__ import annotations

from twisted.internet.defer import ensureDeferred

from netsuite.sasl.exchange import exchange
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.errors import RemoteProtocolError


class Mechanism:
    """One that answers each challenge with itself."""

    name = "X"

    def __init__(self, initial: bytes | None) -> None:
        self._initial = initial

    def initial(self) -> bytes | None:
        return self._initial

    def respond(self, challenge: bytes) -> bytes:
        return b"to " + challenge

    def finished(self, octets: bytes | None) -> None:
        """Nothing to prove."""


class Exchange(SynchronousTestCase):
    """The whole of it, against a server that asks twice."""

    def run_(self, mechanism: Mechanism, *, fail: bool = False) -> list[bytes | None]:
        """Return what was said: the initial response, then the others."""
        said: list[bytes | None] = []

        async def say(octets: bytes | None) -> int:
            said.append(octets)
            return len(said)

        work = exchange(
            mechanism,
            fits=lambda octets: len(octets) < 10,
            begin=say,
            respond=say,
            challenge=lambda answer: {1: b"one", 2: b"two"}.get(answer),
        )
        if fail:
            self.failureResultOf(ensureDeferred(work), RemoteProtocolError)
        else:
            self.assertEqual(3, self.successResultOf(ensureDeferred(work)))
        return said

    def test_order(self) -> None:
        """What fits goes with the command; what does not answers the first challenge, whole."""
        for initial, said in (
            (None, [None, b"to one", b"to two"]),
            (b"", [b"", b"to one", b"to two"]),
            (b"short", [b"short", b"to one", b"to two"]),
            (b"much too long", [None, b"much too long", b"to two"]),
        ):
            self.assertEqual(said, self.run_(Mechanism(initial)))

    def test_cancelled(self) -> None:
        """A server that the mechanism does not trust hears a cancellation and nothing more."""

        class Distrusting(Mechanism):
            def respond(self, challenge: bytes) -> bytes:
                raise RemoteProtocolError("not the right one")

        self.assertEqual([b"hi", None], self.run_(Distrusting(b"hi"), fail=True))
