"""The cookie of a login: what it is good for, and until when."""

from __future__ import annotations

from dataclasses import replace

from netsuite.bus import Hear, OneProcess, Value
from netsuite.console.cookies import RENEWED_SECONDS, LoginCookies
from netsuite.store.memory import MemoryStore
from netsuite.store.model import AccountId
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.hashing import verifiers
from tests.coroutines import run

IDLE, LONGEST = 600.0, 3600.0


class Told(OneProcess):
    """A bus that tells all who listen."""

    def __init__(self) -> None:
        super().__init__()
        self.listening: list[Hear] = []

    def hear(self, topic: str, hear: Hear) -> None:
        self.listening.append(hear)

    def tell(self, topic: str, value: Value) -> None:
        for hear in self.listening:
            hear(value)


class Cookies(SynchronousTestCase):
    """One site's."""

    def setUp(self) -> None:
        self.now = 1_800_000_000.0
        self.secret = b"s" * 32
        self.store = MemoryStore()
        self.bus = Told()
        self.cookies = self.made()
        self.login = self.cookies.begin(AccountId(7), verifiers("secret"))

    def made(self) -> LoginCookies:
        """Return those of a worker."""
        return LoginCookies(
            lambda: self.secret,
            lambda: self.now,
            iter(["one", "two"]).__next__,
            idle_seconds=lambda: IDLE,
            longest_seconds=lambda: LONGEST,
            remembered=self.store.remembered,
            bus=self.bus,
        )

    def test_any_worker_reads_it(self) -> None:
        """It says the same to each that has the site's secret."""
        value = self.cookies.write(self.login)
        self.assertEqual(self.login, run(self.made().read(value)))
        self.secret = b"t" * 32
        self.assertIsNone(run(self.made().read(value)))

    def test_forged(self) -> None:
        """What was not written here, or was changed in any place, is good for nothing."""
        value = self.cookies.write(self.login)
        for place in range(len(value)):
            other = "1" if value[place] != "1" else "2"
            forged = value[:place] + other + value[place + 1 :]
            self.assertIsNone(run(self.cookies.read(forged)), forged)
        signed_for_forms = f"{value.rpartition('.')[0]}.{self.cookies.token(self.login)}"
        for odd in ("", ".", "a", "é.é", "1." * 300, signed_for_forms, value + "0"):
            self.assertIsNone(run(self.cookies.read(odd)), odd)

    def test_ends(self) -> None:
        """It ends when nobody shows it for a while, and at last in any case."""
        value = self.cookies.write(self.login)
        self.now += IDLE
        self.assertIsNotNone(run(self.cookies.read(value)))
        self.now += 1
        self.assertIsNone(run(self.cookies.read(value)))
        kept = replace(self.login, seen=self.login.began + int(LONGEST))
        self.now = self.login.began + LONGEST
        self.assertEqual(kept, run(self.cookies.read(self.cookies.write(kept))))
        self.now += 1
        self.assertIsNone(run(self.cookies.read(self.cookies.write(kept))))

    def test_renewed(self) -> None:
        """It is written again when it was seen a minute ago, and says no other beginning."""
        self.now += RENEWED_SECONDS - 1
        self.assertIsNone(self.cookies.renewed(self.login))
        self.now += 1
        renewed = self.cookies.renewed(self.login)
        self.assertEqual(replace(self.login, seen=int(self.now)), renewed)

    def test_logged_out(self) -> None:
        """Who has logged out has no use of an older copy, at any worker; another login stays."""
        other = self.cookies.begin(AccountId(7), verifiers("secret"))
        self.cookies.end(self.login)
        self.assertIsNone(run(self.made().read(self.cookies.write(self.login))))
        later = replace(self.login, seen=self.login.seen + 5)
        self.assertIsNone(run(self.cookies.read(self.cookies.write(later))))
        self.assertEqual(other, run(self.cookies.read(self.cookies.write(other))))

    def test_heard_of(self) -> None:
        """Another process that has a store of its own, as far as it knows, hears of the logout;
        what it cannot understand it passes over."""
        self.store = MemoryStore()
        other = self.made()
        value = self.cookies.write(self.login)
        self.assertIsNotNone(run(other.read(value)))
        self.cookies.end(self.login)
        self.assertIsNone(run(other.read(value)))
        odd: tuple[Value, ...] = (None, [], ["x"], [1, "x"], {"a": 1}, ["x", 1, 2])
        for each in odd:
            self.bus.tell("", each)

    def test_password(self) -> None:
        """It tells passwords apart, and accounts, and nothing of either."""
        kept = [
            self.cookies.password(AccountId(7), verifiers("secret")),
            self.cookies.password(AccountId(7), verifiers("other")),
            self.cookies.password(AccountId(8), verifiers("secret")),
            self.cookies.password(AccountId(7), None),
        ]
        self.assertEqual(4, len(set(kept)))
        self.assertNotIn("secret", self.cookies.write(self.login))

    def test_no_secret_yet(self) -> None:
        """Nothing is signed with a secret that is not there."""
        self.secret = b""
        self.assertRaises(RuntimeError, self.cookies.write, self.login)
