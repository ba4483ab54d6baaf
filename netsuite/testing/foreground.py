"""Servers under test in the foreground, for programs in any language, until a signal ends them."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IReactorCore
from twisted.logger import (
    FilteringLogObserver,
    LogLevel,
    LogLevelFilterPredicate,
    globalLogBeginner,
    textFileLogObserver,
)
from twisted.python.failure import Failure

from netsuite.testing.control import Control
from netsuite.testing.control.services import described
from netsuite.testing.faults import UnmetExpectation
from netsuite.testing.grounds import Sockets
from netsuite.testing.suite import DOMAIN, Suite


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The servers that are to run.

    Args:
        services, settings, seed, domain, anybody, ports: as of ``Suite``.
        load: a directory whose content is put in; see ``Suite.load``.
        ready_file: where to say, when everything listens, where; removed at the end.
        ca_file: where to write the certificate of the authority.
        control: the port of the control interface, 0 for one that the kernel chooses; None for no
            such interface.
    """

    services: Sequence[str] = ()
    settings: Sequence[str] = ()
    seed: int | None = None
    domain: str = DOMAIN
    anybody: bool = True
    ports: Mapping[str, int] | None = None
    load: Path | None = None
    ready_file: Path | None = None
    ca_file: Path | None = None
    control: int | None = None


class Foreground:
    """A suite on the reactor that this process runs.

    Args:
        wishes: what is to run.

    Raises:
        ConfigError, ValueError: that cannot be.
    """

    def __init__(self, wishes: Wishes) -> None:
        self._wishes = wishes
        self.suite = Suite(
            *wishes.services,
            ground=Sockets(),
            settings=wishes.settings,
            seed=wishes.seed,
            domain=wishes.domain,
            anybody=wishes.anybody,
            ports=wishes.ports,
        )
        self._control: Control | None = None
        self._code = 0

    def run(self) -> int:
        """Serve until SIGTERM or Ctrl-C, and return the exit code: 1 where it did not start, or a
        fault has not happened as often as it was to."""
        _log_what_is_wrong()
        if self._wishes.ready_file is not None:
            self._wishes.ready_file.unlink(missing_ok=True)  # of one that did not end in order
        core = IReactorCore(reactor)
        core.addSystemEventTrigger("before", "shutdown", self._stop)
        core.callWhenRunning(self._start)
        core.run()
        return self._code

    def _start(self) -> None:
        started = ensureDeferred(self._started())
        started.addErrback(self._did_not_start)

    def _did_not_start(self, failure: Failure) -> None:
        if isinstance(failure.value, SystemExit):  # a port is taken, which has been told
            self._code = 1
        else:
            self._fail(f"it did not start: {failure.value}")
        IReactorCore(reactor).stop()

    def _fail(self, text: str) -> None:
        self._code = 1
        print(f"netsuite.testing: {text}", file=sys.stderr, flush=True)

    async def _started(self) -> None:
        wishes = self._wishes
        await self.suite.start()
        if wishes.load is not None:
            await self.suite.load(wishes.load)
        if wishes.control is not None:
            self._control = Control(self.suite, load=wishes.load)
            await self._control.start(wishes.control)
        if wishes.ca_file is not None:
            write_whole(wishes.ca_file, self.suite.authority.pem())
        if wishes.ready_file is not None:
            write_whole(wishes.ready_file, json.dumps(self.ready(), indent=1) + "\n")
        print(self.table(), flush=True)

    def _stop(self) -> Deferred[None]:
        return ensureDeferred(self._stopped())

    async def _stopped(self) -> None:
        if self._wishes.ready_file is not None:
            self._wishes.ready_file.unlink(missing_ok=True)
        if self._control is not None:
            await self._control.stop()
        try:
            await self.suite.stop()
        except UnmetExpectation as error:
            self._fail(str(error))

    def ready(self) -> dict[str, object]:
        """Return what the ready file says."""
        ca_file = self._wishes.ca_file
        return {
            "services": {each.name: described(each) for each in self.suite},
            "control": None if self._control is None else self._control.url,
            "domain": self.suite.domain,
            "ca": self.suite.authority.pem(),
            "ca_file": None if ca_file is None else str(ca_file.absolute()),
            "pid": os.getpid(),
        }

    def table(self) -> str:
        """Return the services with their ports, for who looks at a terminal."""
        rows = [("service", "port", "under TLS", "URL")]
        for each in self.suite:
            where = described(each)
            tls_port = where["tls_port"] or "-"
            rows.append((each.name, str(where["port"]), str(tls_port), str(where["url"])))
        if self._control is not None:
            rows.append(("control", str(self._control.port), "-", self._control.url))
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        lines = [
            "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)),
                       row[3]])
            for row in rows
        ]  # fmt: skip
        return "\n".join([*lines, "", "Stop with Ctrl-C."])


def write_whole(path: Path, text: str) -> None:
    """Write a file that nobody sees before it is whole."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.absolute().parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _log_what_is_wrong() -> None:
    """Log warnings and errors to standard error, and nothing else."""
    shown = LogLevelFilterPredicate(defaultLogLevel=LogLevel.warn)
    observer = FilteringLogObserver(textFileLogObserver(sys.stderr), [shown])
    globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=False)
