"""The client's side of a SASL exchange, as protocols of limited lines carry it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from netsuite.sasl.interfaces import ClientMechanism
from netsuite.wire.errors import RemoteProtocolError

A = TypeVar("A")


async def exchange(
    mechanism: ClientMechanism,
    *,
    fits: Callable[[bytes], bool],
    begin: Callable[[bytes | None], Awaitable[A]],
    respond: Callable[[bytes | None], Awaitable[A]],
    challenge: Callable[[A], bytes | None],
) -> A:
    """Authenticate: say what the mechanism says, until the server's answer is no challenge.

    An initial response that is too long for the command's line is held back: the server then asks
    for it with its first challenge (RFC 4954, 4; RFC 5034, 4; RFC 4643, 2.4.2).

    Args:
        mechanism: what authenticates.
        fits: returns whether the command can be said with an initial response.
        begin: says the command, with an initial response or without one; returns the answer.
        respond: says a response; None cancels the exchange.
        challenge: returns what an answer asks for; None where the exchange is over. Raises
            RemoteProtocolError for what cannot be understood.

    Returns:
        The server's last answer. Where it is a success, ``mechanism.finished`` is the caller's to
        call: it alone knows of data that came along.

    Raises:
        RemoteProtocolError: the server cannot prove that it is the right one, or does not keep to
            the mechanism; the exchange has been cancelled.
    """
    initial = mechanism.initial()
    held_back = initial if initial is not None and not fits(initial) else None
    answer = await begin(initial if held_back is None else None)
    while True:
        try:
            octets = challenge(answer)
            if octets is None:
                return answer
            response = mechanism.respond(octets) if held_back is None else held_back
        except RemoteProtocolError:
            await respond(None)
            raise
        held_back = None
        answer = await respond(response)
