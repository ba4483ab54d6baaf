"""netsuite.testing: how soon servers are there, how fast in memory, and what imports cost."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from netsuite.imap import client as imap
from netsuite.imap.commands.fetch import BodySection
from netsuite.smtp import client as smtp
from netsuite.testing.blocking import serve
from netsuite.testing.grounds import Memory
from netsuite.testing.suite import SERVICES, Suite
from tests.benchmarks import servers
from tests.benchmarks.report import Report

#: A machine does other things meanwhile, which makes some rounds long and none short.
ROUNDS: Final = 30
PROCESSES: Final = 21
ROUND_TRIPS: Final = 1000
_MESSAGE: Final = b"Subject: once more\r\n\r\nThere, and back.\r\n"

_IMPORTS: Final = """
import time
began = time.perf_counter()
{what}
print(time.perf_counter() - began)
"""
_THREAD: Final = """
import time
began = time.perf_counter()
from netsuite.testing import serve
imported = time.perf_counter()
with serve({services}) as suite:
    print(time.perf_counter() - began, time.perf_counter() - imported)
"""
_COLLECTED: Final = "def test_nothing():\n    pass\n"


def measure(report: Report) -> None:
    """Start and stop suites, exchange messages, import and collect in processes of their own."""
    _start_and_stop(report)
    _exchange(report)
    with tempfile.TemporaryDirectory() as place:
        fresh = _Fresh(Path(place))
        _first_time(report, fresh)
        _imports(report, fresh)
        _collection(report, fresh)


def _start_and_stop(report: Report) -> None:
    everything = f"all {len(SERVICES)} services"
    _judge(report, f"{everything} in memory, up and down", _timed(_in_memory), 15)
    with serve("gopher"):  # so that the thread runs
        _judge(report, f"{everything} in a thread, ready", _timed(_in_a_thread), 10)
        smtp_alone = _timed(_smtp_in_a_thread)
    what = "an SMTP server in a thread, up and down"
    report.row(what, "netsuite", _shown(smtp_alone))
    try:
        from aiosmtpd.controller import Controller
        from aiosmtpd.handlers import Sink
    except ImportError as error:
        report.leave_out("aiosmtpd", error)
        return

    def up_and_down() -> float:
        port = servers.free_port()  # it cannot have one chosen
        began = time.perf_counter()
        controller = Controller(Sink(), hostname="127.0.0.1", port=port)
        controller.start()
        controller.stop()
        return time.perf_counter() - began

    report.row(what, "aiosmtpd", _shown(_timed(up_and_down)))


def _in_memory() -> float:
    began = time.perf_counter()
    ground = Memory()
    suite = Suite(ground=ground)
    ground.run(suite.start)
    ground.run(suite.stop)
    return time.perf_counter() - began


def _in_a_thread() -> float:
    began = time.perf_counter()
    with serve():
        return time.perf_counter() - began


def _smtp_in_a_thread() -> float:
    began = time.perf_counter()
    with serve("smtp"):
        pass
    return time.perf_counter() - began


def _exchange(report: Report) -> None:
    """Send by one session, fetch by another, a message at a time; three times over."""
    seconds = min(_exchanged() for _ in range(3))
    report.judge(
        f"{ROUND_TRIPS:,} messages by SMTP to IMAP, in memory",
        "netsuite",
        f"{seconds:.2f} s",
        reached=seconds < 3,
        goal="< 3 s",
    )


def _exchanged() -> float:
    ground = Memory()
    suite = Suite("smtp", "imap", ground=ground)
    ground.run(suite.start)

    async def exchanged() -> float:
        ann = suite.mailbox("ann")
        sending = await smtp.connect(suite.smtp.endpoint, clock=suite.clock, helo="a.test")
        reading = await imap.connect(suite.imap.endpoint, clock=suite.clock)
        await reading.login(ann.name, ann.password)
        await reading.select("INBOX")
        began = time.perf_counter()
        for number in range(1, ROUND_TRIPS + 1):
            await sending.send_message("a@example.net", [ann.address], _MESSAGE)
            await reading.noop()
            (fetched,) = await reading.fetch(number, [BodySection()])
            octets = fetched.sections[BodySection()]
            if not (isinstance(octets, bytes) and octets.endswith(_MESSAGE)):
                raise RuntimeError(f"message {number} is another")
        took = time.perf_counter() - began
        await sending.quit()
        await reading.logout()
        return took

    seconds = ground.run(exchanged)
    ground.run(suite.stop)
    return seconds


class _Fresh:
    """Processes of their own, with compiled modules."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(place / "compiled")}
        self._environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def run(self, *arguments: str) -> str:
        """Run Python; return what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments],
            env=self._environment,
            cwd=self.place,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def in_turn(self, programs: Sequence[str]) -> list[list[tuple[float, ...]]]:
        """Return the figures that programs print, round by round; in a first one they are
        compiled, which does not count."""
        rounds = [[self._figures(each) for each in programs] for _ in range(1 + PROCESSES)]
        return rounds[1:]

    def _figures(self, program: str) -> tuple[float, ...]:
        return tuple(float(each) for each in self.run("-c", program).split())


def _first_time(report: Report, fresh: _Fresh) -> None:
    for services, told in (("'smtp', 'imap'", "SMTP and IMAP"), ("", "all services")):
        figures = [each[0] for each in fresh.in_turn([_THREAD.format(services=services)])]
        what = f"the first suite of a process, {told}"
        _judge(report, f"{what}, with imports", [whole for whole, _ in figures], 120)
        ready = [seconds for _, seconds in figures]
        _judge(report, f"{what}, the kit imported", ready, 120)


def _imports(report: Report, fresh: _Fresh) -> None:
    """Import each in turn, since the machine is faster now and slower then."""
    reactor, site, compose = "twisted.internet.reactor", "netsuite.site", "netsuite.compose"
    names = (reactor, "pydantic.main", site, compose, "netsuite.testing.suite")
    programs = [_IMPORTS.format(what=f"import {name}") for name in names]
    rounds = fresh.in_turn(programs)
    figures = {name: [each[index][0] for each in rounds] for index, name in enumerate(names)}
    for name in names:
        if name in (site, compose):
            _judge(report, f"import {name}", figures[name], 120)
            beyond = (min(figures[name]) - min(figures[reactor])) * 1000
            report.row(f"import {name}", "beyond the reactor", f"{beyond:.1f} ms")
        else:
            report.row(f"import {name}", name.partition(".")[0], _shown(figures[name]))


def _collection(report: Report, fresh: _Fresh) -> None:
    """Collect a test with and without the plugin, in turn."""
    (fresh.place / "test_nothing.py").write_text(_COLLECTED)
    collect = ("-m", "pytest", "--collect-only", "-q", "-p", "no:twisted", "-p", "no:cacheprovider")

    def took(*more: str) -> float:
        began = time.perf_counter()
        fresh.run(*collect, *more)
        return time.perf_counter() - began

    took()
    pairs = [(took(), took("-p", "no:netsuite")) for _ in range(PROCESSES)]
    without = [second for _, second in pairs]
    report.row("pytest collects, without the plugin", "pytest", _shown(without))
    added = (min(first for first, _ in pairs) - min(without)) * 1000
    report.judge(
        "the plugin adds to that",
        "netsuite",
        f"{added:.1f} ms",
        reached=added < 30,
        goal="< 30 ms",
    )


def _timed(work: Callable[[], float]) -> list[float]:
    work()
    return [work() for _ in range(ROUNDS)]


def _shown(seconds: list[float]) -> str:
    return f"{min(seconds) * 1000:.1f} ms, median {statistics.median(seconds) * 1000:.1f}"


def _judge(report: Report, what: str, seconds: list[float], goal: int) -> None:
    """Hold the best against a goal in milliseconds: it is what the work takes, and what others do
    meanwhile is not in it."""
    reached = min(seconds) * 1000 < goal
    report.judge(what, "netsuite", _shown(seconds), reached=reached, goal=f"< {goal} ms")
