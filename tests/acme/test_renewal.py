"""Certificates over months: got, renewed ahead of time, tried again, left alone where not ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from twisted.logger import globalLogPublisher

from netsuite.acme.advice import HTTP
from netsuite.acme.renewal import Renewal
from netsuite.certificates import read_pair
from netsuite.config.load import load
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.certificates import authority
from tests.acme.authority_double import Problem
from tests.acme.worlds import NOW, World
from tests.connection.places import temporary
from tests.logged import Lines

DAY = 86_400.0


class Case(SynchronousTestCase):
    """A daemon with ACME."""

    def setUp(self) -> None:
        self.path = temporary(self)
        self.lines = Lines()
        globalLogPublisher.addObserver(self.lines)
        self.addCleanup(globalLogPublisher.removeObserver, self.lines)
        self.world = World(self.path)

    def logged(self, *words: str) -> list[str]:
        return [each for each in self.lines if all(word in each for word in words)]

    def file(self, name: str = "mail.test") -> Path:
        return self.path / f"{name}.pem"

    def until(self, name: str = "mail.test") -> datetime:
        return read_pair(self.file(name), self.file(name)).not_after

    def restart(self, renewal: Renewal, *names: str) -> Renewal:
        """Stop, and start again: nothing but the files is left."""
        renewal.stopService()
        clock, double, closed = self.world.clock, self.world.double, self.world.closed
        self.world = World(self.path)
        self.world.clock, self.world.closed = clock, closed
        double.judge, double.now = self.world.judge, self.world.now
        self.world.double = self.world.transport.double = double
        return self.world.renewal(*names)


class Getting(Case):
    """The first certificate."""

    def test_got(self) -> None:
        """It is there in seconds, in use at once, and only the owner can read its key."""
        self.world.renewal("mail.test", "mta-sts.test")
        self.world.pass_time(30)
        for name in ("mail.test", "mta-sts.test"):
            found = self.world.certificates.select(name)
            assert found is not None
            self.assertEqual((name,), found.names)
            self.assertEqual(0o600, self.file(name).stat().st_mode & 0o777)
        self.assertEqual(1, len(self.world.double.accounts))
        self.assertEqual(2, len(self.world.double.issued))

    def test_one_fails(self) -> None:
        """One name that cannot be proved keeps no other from its certificate."""
        good = self.world.judge
        self.world.double.judge = lambda kind, name, *rest: (
            "dns" if name == "bad.test" else good(kind, name, *rest)
        )
        self.world.renewal("bad.test", "mail.test")
        self.world.pass_time(60)
        self.assertTrue(self.file().exists())
        self.assertFalse(self.file("bad.test").exists())
        (line,) = self.logged("certificate bad.test", "add A and AAAA records")
        self.assertIn("what there is stays in use", line)
        self.assertIn("tried again at 2026-11-29 12:3", line)

    def test_another_certificate(self) -> None:
        """A chain for another key, or another name, replaces nothing."""
        self.world.double.other_key = True
        self.world.renewal("mail.test")
        self.world.pass_time(30)
        self.assertFalse(self.file().exists())
        self.assertEqual(1, len(self.logged("another certificate than was ordered")))

    def test_disk_full(self) -> None:
        """A certificate that cannot be written is told of, and tried again later."""

        def full(folder: object, name: str, pem: bytes) -> None:
            raise OSError(28, "No space left on device", "/x/mail.test.pem.new")

        self.patch(type(self.world.folder), "write", full)
        self.world.renewal("mail.test")
        self.world.pass_time(30)
        self.assertEqual(1, len(self.logged("cannot be kept", "No space left on device")))

    def test_unreadable(self) -> None:
        """A folder that may not be read is told of, and nothing ends."""

        def forbidden(folder: object, name: str) -> None:
            raise PermissionError(13, "Permission denied", "/x")

        renewal_folder = type(self.world.folder)
        self.patch(renewal_folder, "of_others", forbidden)
        self.world.renewal("mail.test")
        self.world.pass_time(30)
        self.assertEqual(1, len(self.logged("/x: Permission denied")))


class Renewing(Case):
    """Later ones."""

    def test_ahead_of_time(self) -> None:
        """With a third of its life left, and a little more, there is another, with another key."""
        self.world.renewal("mail.test")
        self.world.pass_time(30)
        first, key = self.until(), self.file().read_bytes()
        self.world.pass_time(57 * DAY, 3600)
        self.assertEqual(first, self.until())
        self.world.pass_time(2 * DAY, 3600)
        self.world.pass_time(60)
        self.assertGreater(self.until(), first + timedelta(days=57))
        self.assertNotEqual(key[:200], self.file().read_bytes()[:200])
        self.assertEqual(1, len(self.world.double.accounts))

    def test_restart(self) -> None:
        """A restart orders nothing that there is already."""
        renewal = self.world.renewal("mail.test")
        self.world.pass_time(30)
        self.restart(renewal, "mail.test")
        self.world.pass_time(3 * DAY, 3600)
        self.assertEqual(1, len(self.world.double.issued))

    def test_keep_key(self) -> None:
        """The key stays where TLSA records name it."""
        self.world.renewal("mail.test", keep_key=True)
        self.world.pass_time(30)
        first = read_pair(self.file(), self.file())
        self.world.pass_time(62 * DAY, 3600)
        second = read_pair(self.file(), self.file())
        self.assertNotEqual(first.chain[0].serial_number, second.chain[0].serial_number)
        self.assertEqual(first.key.private_numbers(), second.key.private_numbers())

    def test_the_authoritys_word(self) -> None:
        """A certificate that the authority wants renewed early, as before it is revoked, is
        renewed then (RFC 9773)."""
        self.world.double.window = NOW + timedelta(days=59), NOW + timedelta(days=60)
        self.world.renewal("mail.test")
        self.world.pass_time(30)
        self.world.pass_time(2 * DAY, 3600)
        self.assertEqual(1, len(self.world.double.issued))
        now = self.world.now()
        self.world.double.window = now - timedelta(days=2), now - timedelta(days=1)
        self.world.pass_time(7 * 3600, 600)
        self.assertEqual(2, len(self.world.double.issued))

    def test_an_authority_that_never_has_enough(self) -> None:
        """One that wants each certificate renewed at once has its way once a day."""
        self.world.double.window = NOW - timedelta(days=2), NOW - timedelta(days=1)
        self.world.renewal("mail.test")
        self.world.pass_time(30)
        self.assertEqual(1, len(self.world.double.issued))
        self.world.pass_time(3.2 * DAY, 600)
        self.assertEqual(4, len(self.world.double.issued))

    def test_another_authority(self) -> None:
        """Who goes over from an authority for tests to a real one gets a certificate of its."""
        self.world.renewal("mail.test")
        self.world.pass_time(30)
        state = self.world.folder.state("mail.test")
        staging = replace(state, directory="https://staging.test/directory", next_try=0.0)
        self.world.folder.save_state("mail.test", staging)
        self.world.pass_time(3700, 60)
        self.assertEqual(2, len(self.world.double.issued))

    def test_wrong_clock(self) -> None:
        """What a clock that was years ahead has noted keeps nothing from being renewed."""
        self.world.renewal("mail.test")
        self.world.pass_time(30)
        state = self.world.folder.state("mail.test")
        ahead = (NOW + timedelta(days=3650)).timestamp()
        self.world.folder.save_state("mail.test", replace(state, renew_at=ahead, next_try=ahead))
        self.world.pass_time(91 * DAY, 3600)
        self.world.pass_time(60)
        self.assertGreaterEqual(len(self.world.double.issued), 2)

    def test_ended_already(self) -> None:
        """A certificate that is not good any more replaces nothing: a clock is wrong."""
        self.world.double.now = lambda: NOW - timedelta(days=100)
        self.world.renewal("mail.test")
        self.world.pass_time(30)
        self.assertFalse(self.file().exists())
        self.assertEqual(1, len(self.logged("look at this machine's clock")))

    def test_no_word(self) -> None:
        """An authority that does not answer about that changes nothing."""
        self.world.double.window = NOW + timedelta(days=59), NOW + timedelta(days=60)
        self.world.double.problems["renewal"] = Problem("serverInternal", status=500)
        self.world.renewal("mail.test")
        self.world.pass_time(30)
        self.world.pass_time(62 * DAY, 3600)
        self.assertEqual(2, len(self.world.double.issued))
        self.assertEqual([], self.logged("tried again"))


class Trying(Case):
    """After a failure."""

    def test_back_off(self) -> None:
        """It is tried again more and more seldom, and works when the trouble is over."""
        self.world.closed = {"http-01", "tls-alpn-01"}
        self.world.renewal("mail.test")
        self.world.pass_time(DAY, 60)
        self.assertEqual(6, len(self.logged("certificate mail.test", "port 80")))
        self.world.closed = set()
        self.world.pass_time(DAY, 60)
        self.assertTrue(self.file().exists())
        self.assertEqual(0, self.world.folder.state("mail.test").failures)

    def test_restarts_do_not_hurry(self) -> None:
        """A daemon that is started again and again asks no more often."""
        self.world.closed = {"http-01", "tls-alpn-01"}
        renewal = self.world.renewal("mail.test")
        self.world.pass_time(30)
        count = len(self.world.double.orders)
        for _ in range(5):
            renewal = self.restart(renewal, "mail.test")
            self.world.pass_time(60)
        self.assertEqual(count, len(self.world.double.orders))

    def test_rate_limit(self) -> None:
        """The authority's wish is respected, whatever our own times are."""
        self.world.double.problems["order"] = Problem("rateLimited", "", 429, str(3 * 86_400))
        self.world.renewal("mail.test")
        self.world.pass_time(2.9 * DAY, 600)
        self.assertEqual(1, self.world.double.requests.count("POST order"))
        del self.world.double.problems["order"]
        self.world.pass_time(0.3 * DAY, 60)
        self.assertTrue(self.file().exists())

    def test_reloads(self) -> None:
        """A reload is a reason to try again what has failed; one after the other is not, nor where
        the authority wants to be left alone."""
        self.world.closed = {"http-01", "tls-alpn-01"}
        renewal = self.world.renewal("mail.test")
        settings = load(None)
        self.world.pass_time(30)
        count = len(self.world.double.orders)
        renewal.reloaded(settings)
        self.world.pass_time(60)
        self.assertEqual(count, len(self.world.double.orders))
        self.world.double.problems["order"] = Problem("rateLimited", "", 429, "3600")
        self.world.pass_time(300)
        renewal.reloaded(settings)
        self.world.pass_time(30)
        del self.world.double.problems["order"]
        self.world.closed = set()
        self.world.pass_time(600)
        renewal.reloaded(settings)
        self.world.pass_time(30)
        self.assertFalse(self.file().exists())
        self.world.pass_time(3600, 60)
        self.assertTrue(self.file().exists())
        renewal.reloaded(settings)
        self.world.pass_time(60)
        self.assertEqual(1, len(self.world.double.issued))

    def test_at_once(self) -> None:
        """Who has mended something need not wait; what has not failed is left alone."""
        self.world.closed = {"http-01", "tls-alpn-01"}
        renewal = self.world.renewal("mail.test", "other.test")
        self.world.pass_time(60)
        self.world.closed = set()
        self.assertEqual(["mail.test", "other.test"], renewal.renew())
        self.world.pass_time(60)
        self.assertTrue(self.file().exists() and self.file("other.test").exists())
        self.assertEqual([], renewal.renew())
        self.assertEqual(["mail.test"], renewal.answer(["mail.test", "unknown.test"]))
        self.assertEqual([], renewal.answer({"odd": 1}))
        self.world.pass_time(60)
        self.assertEqual(3, len(self.world.double.issued))

    def test_serving_goes_on(self) -> None:
        """While a renewal fails, what there is stays in use, to its end."""
        self.world.renewal("mail.test")
        self.world.pass_time(30)
        first = self.file().read_bytes()
        self.world.closed = {"http-01", "tls-alpn-01"}
        self.world.pass_time(100 * DAY, 3600)
        self.assertEqual(first, self.file().read_bytes())
        found = self.world.certificates.select("mail.test")
        assert found is not None
        self.assertEqual(("mail.test",), found.names)


class NotOurs(Case):
    """What somebody else has put there."""

    def test_left_alone(self) -> None:
        """It is not touched, and that is said once; when it is gone, there is one of ours."""
        self.path.mkdir(exist_ok=True)
        authority.certificate("mail.test").write(self.file())
        theirs = self.file().read_bytes()
        self.world.renewal("mail.test")
        self.world.pass_time(3 * 3600, 60)
        self.assertEqual(theirs, self.file().read_bytes())
        self.assertEqual([], self.world.double.orders)
        self.assertEqual(1, len(self.logged("put there by somebody else")))
        self.file().unlink()
        self.world.pass_time(2 * 3600, 60)
        self.assertNotEqual(theirs, self.file().read_bytes())
        authority.certificate("mail.test").write(self.file())
        self.world.pass_time(2 * 3600, 60)
        self.assertEqual(2, len(self.logged("put there by somebody else")))

    def test_spoiled(self) -> None:
        """A file of ours that somebody has changed is theirs from then on."""
        self.world.renewal("mail.test")
        self.world.pass_time(30)
        with self.file().open("ab") as file:
            file.write(b"# mine\n")
        self.world.pass_time(62 * DAY, 3600)
        self.assertEqual(1, len(self.world.double.issued))


class Roles(Case):
    """A daemon of several processes."""

    def test_not_before_its_turn(self) -> None:
        """Nothing is ordered before the process has the role, nor after it has stopped."""
        turns: list[Callable[[], None]] = []
        renewal = self.world.renewal("mail.test", kinds=(HTTP,))
        renewal.stopService()
        self.world.pass_time(30)
        self.assertEqual(0, len(self.world.double.issued))
        renewal._once_ours = turns.append
        renewal.startService()
        self.world.pass_time(30)
        self.assertEqual(0, len(self.world.double.issued))
        turns[0]()
        self.world.pass_time(30)
        self.assertEqual(1, len(self.world.double.issued))
        renewal.stopService()
        turns[0]()
        self.assertEqual(UTC, self.until().tzinfo)
