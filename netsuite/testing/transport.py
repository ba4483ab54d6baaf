"""A transport in memory: what was said, and a peer that does not read."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.testing import StringTransport


class MemoryTransport(StringTransport):
    """Holds what is written, tells when it was closed, and can be full.

    Args:
        full_at: octets not yet read, beyond which the peer does not read.
    """

    protocol: Any

    def __init__(
        self, host: str = "192.0.2.9", port: int = 4000, *, full_at: int | None = None
    ) -> None:
        super().__init__(peerAddress=IPv4Address("TCP", host, port))
        self.full_at = full_at
        self._unread = 0
        #: Each write by itself.
        self.writes: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Hold octets; tell the producer where they are too many."""
        self.writes.append(data)
        super().write(data)
        self._unread += len(data)
        if self.full_at is not None and self._unread > self.full_at and self.producer:
            self.producer.pauseProducing()

    def drain(self) -> None:
        """Have the peer read everything."""
        self._unread = 0
        if self.producer is not None:
            self.producer.resumeProducing()

    def said(self) -> bytes:
        """Return what was written since the last look."""
        octets: bytes = self.value()
        self.clear()
        return octets

    def abortConnection(self) -> None:
        """Close at once."""
        super().abortConnection()
        self.disconnecting = True

    @property
    def closed(self) -> bool:
        """Whether it was closed, or is to be."""
        return bool(self.disconnecting)
