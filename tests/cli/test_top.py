"""What ``netsuite status``, ``sessions`` and ``top`` show of what a daemon tells."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from netsuite.cli.sessions import row
from netsuite.cli.status import lines, rows, size, span
from netsuite.cli.top import ORDERS, Look, moving, screen
from netsuite.control.questions import ServiceStatus, Session, Status
from netsuite.testing.cases import SynchronousTestCase


def service(name: str, sessions: int = 0, accepted: int = 0) -> ServiceStatus:
    return {
        "name": name, "urls": [f"{name}://127.0.0.1:1/"], "sessions": sessions,
        "accepted": accepted, "turned_away": 0, "logins": accepted,
    }  # fmt: skip


def process(*services: ServiceStatus, worker: int = 0, ready: bool = True) -> Status:
    return {
        "pid": 7, "worker": worker, "version": "1.0", "started": 100.0, "ready": ready,
        "memory_octets": 123_456_789, "cpu_seconds": 3.4, "store": "sqlite", "queue": 2,
        "services": list(services),
    }  # fmt: skip


def session(name: str, account: str = "", octets: int = 0, idle: float = 0.0) -> Session:
    return {
        "session": name, "service": "imap", "worker": 0, "address": "192.0.2.1", "port": 1,
        "tls": "TLSv1.3", "account": account, "began": 50.0, "doing": "Fetch", "busy": False,
        "idle_seconds": idle, "commands": octets // 100, "octets_in": 0, "octets_out": octets,
    }  # fmt: skip


class Words(SynchronousTestCase):
    """Times, sizes, processes and services."""

    def test_numbers(self) -> None:
        """They are short, and have their unit."""
        self.assertEqual(
            ["0 octets", "9999 octets", "10 KB", "9999 KB", "12 MB", "10 GB"],
            [size(each) for each in (0, 9999, 10_000, 9_999_999, 12_345_678, 10_000_000_000)],
        )
        self.assertEqual(["0:00:00", "1 day, 0:00:01"], [span(-1.0), span(86_401.5)])

    def test_processes(self) -> None:
        """Workers have numbers; one that does not serve says so; a queue may not be known."""
        one, two = process(worker=1), process(worker=2, ready=False)
        first, second, store = lines([one, two], 160.0)
        self.assertIn("worker 1, process 7: up 0:01:00, 123 MB", first)
        self.assertIn("does not serve", second)
        self.assertEqual("store: sqlite; 2 messages queued", store)
        *_, store = lines([{**one, "queue": None}], 160.0)
        self.assertIn("cannot be asked", store)

    def test_services(self) -> None:
        """Those of all workers are one, which listens where each does, told once."""
        both = [process(service("imap", 2, 5), worker=n) for n in (1, 2)]
        self.assertEqual([("imap", "4", "10", "0", "10", "imap://127.0.0.1:1/")], rows(both))

    def test_hostile_names(self) -> None:
        """What a name might do to a terminal is shown, and not done."""
        self.assertNotIn("\x1b", "".join(row(session("imap-1", "\x1b[31mred"))))


class Screen(SynchronousTestCase):
    """What is on the screen of ``top``."""

    def look(self, at: float, *sessions: Session, accepted: int = 0) -> Look:
        return Look(at, [process(service("imap", len(sessions), accepted))], sessions)

    def shown(self, before: Look, now: Look, order: str = "traffic", height: int = 30) -> str:
        console = Console(width=100, height=height, color_system=None, force_terminal=False)
        with console.capture() as captured:
            console.print(screen(before, now, order, height))
        return captured.get()

    def test_rates(self) -> None:
        """What has passed since the look before counts; of a session that is new, nothing yet."""
        before = self.look(10.0, session("a", octets=1000), accepted=1)
        now = self.look(12.0, session("a", octets=21_000), session("b", octets=500), accepted=5)
        a, b = moving(before, now)
        self.assertEqual((10_000.0, 100.0, 0.0), (a.octets, a.commands, b.octets))
        text = self.shown(before, now)
        self.assertIn("10 KB/s", text)
        self.assertIn("2.0", text)  # new connections a second
        self.assertIn("2 sessions", text)

    def test_orders(self) -> None:
        """Each puts another on top."""
        before = self.look(10.0, session("a", "x", 1000, 9.0), session("b", "", 1000, 5.0))
        now = self.look(11.0, session("a", "x", 1000, 9.0), session("b", "", 1900, 5.0))
        first = {}
        for order in ORDERS:
            text = self.shown(before, now, order)
            first[order] = "a" if text.index("\na ") < text.index("\nb ") else "b"
        self.assertEqual(("b", "b", "a"), (first["traffic"], first["idle time"], first["account"]))

    def test_so_many(self) -> None:
        """No more are shown than the terminal has room for, and it says so."""
        now = self.look(10.0, *(session(f"imap-{n}") for n in range(100)))
        text = self.shown(now, now, height=20)
        self.assertLessEqual(text.count("\n"), 20)
        self.assertIn("100 sessions, the first", text)

    def test_markup(self) -> None:
        """A name is shown as it is."""
        now: Any = self.look(10.0, session("imap-1", "[bold]x"))
        self.assertIn("[bold]x", self.shown(now, now))
