"""A client's side of an exchange, as protocols of limited lines carry it."""

from __future__ import annotations

from collections.abc import Callable

from netsuite.sasl.interfaces import ClientMechanism


class ClientExchange:
    """What the client says next.

    An initial response that is too long for the command's line is held back: the server then asks
    for it with its first challenge (RFC 4954, 4; RFC 5034, 4; RFC 4643, 2.4.2).

    Args:
        mechanism: what logs in.
        fits: tells whether the command can be said with an initial response.
    """

    def __init__(self, mechanism: ClientMechanism, fits: Callable[[bytes], bool]) -> None:
        self._mechanism = mechanism
        initial = mechanism.initial()
        self._held_back = initial if initial is not None and not fits(initial) else None
        #: What goes with the command; None for nothing.
        self.initial = initial if self._held_back is None else None

    def respond(self, challenge: bytes) -> bytes:
        """Answer a challenge. Raises RemoteProtocolError: the exchange is to be cancelled."""
        held_back, self._held_back = self._held_back, None
        return self._mechanism.respond(challenge) if held_back is None else held_back
