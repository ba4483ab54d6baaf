"""What a connection asks of its protocol: to be told, and to say things in its own words."""

from __future__ import annotations

from twisted.python.failure import Failure

from netsuite.connection.close_reason import CloseReason


class Hooks:
    """Called by the connection at its turns; all plain functions, which do nothing here."""

    def began(self) -> None:
        """The connection is there: a server greets."""

    def ended(self, reason: Failure) -> None:
        """The connection is gone; called once. What waited has been cancelled."""

    def goodbye(self, cause: CloseReason) -> None:
        """We are about to close: say why in the protocol's words, where it has any."""

    def reset_for_tls(self) -> None:
        """TLS has just been put in place, its handshake is to come: forget what the peer said."""

    def handshake_done(self) -> None:
        """The TLS handshake is done; ``peer`` tells of it."""
