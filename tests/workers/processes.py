"""Workers that are no processes: a reactor that starts them in memory, and what they say."""

from __future__ import annotations

from typing import Any

from twisted.internet.error import ProcessDone, ProcessTerminated
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from netsuite.config.schema import Settings
from netsuite.testing.transport import MemoryTransport
from netsuite.workers.messages import Lines, Log, Message, Ready, Wanted, written
from netsuite.workers.start import START, Start


class Wire(MemoryTransport):
    """A channel of which all that was said is sent."""

    dataBuffer = b""  # noqa: N815
    _tempDataLen = 0  # noqa: N815


class MemoryWorker:
    """One worker, as the other end of its channel has it.

    Attributes:
        start: what it was started with.
        pid: its number, of no process there is.
    """

    def __init__(self, protocol: Any, arguments: list[str], descriptors: dict[int, Any]) -> None:
        self.protocol = protocol
        self.arguments = arguments
        self.descriptors = descriptors
        with open(descriptors[START], "rb", closefd=False) as file:
            file.seek(0)
            self.start = Start.read_from(file)
        self.pid = 2**22 + self.start.number  # beyond what the system gives
        self.wire = Wire()
        self._lines = Lines()
        protocol.transport = self

    def say(self, *messages: Message) -> None:
        """Say something to the parent."""
        self.protocol.link.dataReceived(b"".join(map(written, messages)))

    def said(self) -> list[Message]:
        """Return what the parent has said since."""
        return self._lines.receive(self.wire.said())

    def print(self, text: bytes) -> None:
        """Print something."""
        self.protocol.childDataReceived(2, text)

    def serve(self, *roles: str) -> None:
        """Serve."""
        self.say(Ready(), *map(Wanted, roles), Log('{"log_format": "x", "log_time": 1.0}'))

    def end(self, code: int | None = None, by: int | None = None) -> None:
        """End, with an exit code or by a signal."""
        self.protocol.link.connectionLost()
        failed = code or by
        self.protocol.processEnded(
            Failure(ProcessTerminated(code, by) if failed else ProcessDone(0))
        )


class Processes(Clock):
    """A reactor whose processes are in memory, and never leave it."""

    running = True

    def __init__(self) -> None:
        super().__init__()
        self.started: list[MemoryWorker] = []

    def spawnProcess(self, protocol: Any, program: str, args: list[str], **more: Any) -> None:
        self.started.append(MemoryWorker(protocol, args, more["childFDs"]))

    def adoptStreamConnection(self, descriptor: int, family: int, factory: Any) -> None:
        self.started[-1].protocol.link.makeConnection(self.started[-1].wire)


def settings(**tables: dict[str, Any]) -> Settings:
    """Return settings of which some are others."""
    return Settings.model_validate(tables)
