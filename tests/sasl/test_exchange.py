"""A client's exchange: what goes with the command, and what waits for a challenge."""

from __future__ import annotations

from netsuite.sasl.exchange import ClientExchange
from netsuite.testing.cases import SynchronousTestCase


class Mechanism:
    """One that answers each challenge with itself."""

    name = "X"
    mutual = False

    def __init__(self, initial: bytes | None) -> None:
        self._initial = initial

    def initial(self) -> bytes | None:
        return self._initial

    def respond(self, challenge: bytes) -> bytes:
        return b"to " + challenge

    def finished(self, octets: bytes | None) -> None:
        """Nothing to prove."""


class Exchange(SynchronousTestCase):
    """The initial response, early or late."""

    def test_order(self) -> None:
        """What fits goes with the command; what does not answers the first challenge, whole."""
        for initial, early, said in (
            (None, None, [b"to one", b"to two"]),
            (b"", b"", [b"to one", b"to two"]),
            (b"short", b"short", [b"to one", b"to two"]),
            (b"much too long", None, [b"much too long", b"to two"]),
        ):
            exchange = ClientExchange(Mechanism(initial), lambda octets: len(octets) < 10)
            self.assertEqual(early, exchange.initial)
            self.assertEqual(said, [exchange.respond(b"one"), exchange.respond(b"two")])
