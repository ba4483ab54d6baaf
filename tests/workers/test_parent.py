"""The parent: what it tells its workers, and when it has others."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from netsuite.config.load import ConfigError, Problem
from netsuite.config.schema import Settings
from netsuite.connection.listening import CannotStart
from netsuite.testing.cases import SynchronousTestCase
from netsuite.workers.messages import Answer, Ask, Drain
from netsuite.workers.parent import Parent
from netsuite.workers.start import RELOAD, settings_value
from tests.workers.processes import MemoryWorker, Processes, settings

NOWHERE: dict[str, Any] = {"daemon": {"workers": 2}}


class Parents(SynchronousTestCase):
    """A parent of workers in memory, which listens nowhere."""

    def setUp(self) -> None:
        self.reactor = Processes()
        self.configured: Settings | ConfigError = settings(**NOWHERE)
        self.home = Path(self.mktemp()).absolute()
        self.parent = Parent(
            settings(**NOWHERE),
            self.home,
            lambda wanted: ["delivery"],
            reactor=self.reactor,
            read=self.read,
        )
        self.addCleanup(os.close, self.parent._table_file)

    def read(self) -> Settings:
        if isinstance(self.configured, ConfigError):
            raise self.configured
        return self.configured

    def start(self) -> list[MemoryWorker]:
        self.parent.startService()
        self.reactor.started[0].serve()
        self.reactor.started[1].serve()
        return self.reactor.started

    def reload(self, **tables: Any) -> Deferred[list[str]]:
        self.configured = settings(**{**NOWHERE, **tables})
        return Deferred.fromCoroutine(self.parent.reload())

    def stop(self) -> None:
        stopping = self.parent.stopService()
        for worker in [each.link for each in self.parent.crew.all]:
            worker.connectionLost()
        for started in self.reactor.started:
            if not started.protocol._how:
                started.end()
        self.successResultOf(stopping)

    def test_one_first(self) -> None:
        """The second is started when the first serves; the home is made."""
        self.parent.startService()
        self.assertEqual(1, len(self.reactor.started))
        self.assertTrue(self.home.is_dir())
        self.reactor.started[0].serve()
        self.assertEqual(2, len(self.reactor.started))
        self.assertEqual(["delivery"], self.reactor.started[1].start.names)
        self.stop()

    def test_a_home_that_cannot_be(self) -> None:
        """No worker is started where there can be no home."""
        self.home.write_text("")
        self.assertRaises(CannotStart, self.parent.startService)
        self.assertEqual([], self.reactor.started)

    def test_live_settings(self) -> None:
        """Workers are told of settings that they can take, and what they say is returned once."""
        workers = self.start()
        reloading = self.reload(imap={"bad_commands": 3})
        for worker in workers:
            (asked,) = worker.said()
            assert isinstance(asked, Ask)
            self.assertEqual(RELOAD, asked.question)
            self.assertEqual(settings_value(self.read()), asked.value)
            worker.say(Answer(asked.number, [["the configuration was read again: imap.x"]]))
        self.assertEqual(
            ["the configuration was read again: imap.x"], self.successResultOf(reloading)
        )
        workers[0].end(by=9)
        self.reactor.advance(0)
        self.assertEqual(settings_value(self.read()), self.reactor.started[-1].start.settings)
        self.stop()

    def test_one_that_does_not_answer(self) -> None:
        """It is told how many have not answered."""
        workers = self.start()
        reloading = self.reload(imap={"bad_commands": 3})
        (asked,) = workers[0].said()
        assert isinstance(asked, Ask)
        workers[0].say(Answer(asked.number, [["x"]]))
        self.reactor.advance(10)
        self.assertEqual(["x", "1 workers have not answered"], self.successResultOf(reloading))
        self.stop()

    def test_settings_that_need_a_start(self) -> None:
        """Others have them, and as many as are wanted then; the old ones end."""
        workers = self.start()
        reloading = self.reload(daemon={"workers": 3}, site={"hostname": "mail.example.test"})
        self.reactor.started[2].serve()
        self.reactor.started[3].serve()
        self.assertNoResult(reloading)
        self.reactor.started[4].serve()
        first, second = self.successResultOf(reloading)
        self.assertIn("site.hostname", first)
        self.assertIn("daemon.workers", first)
        self.assertEqual("3 new workers serve, 2 old ones end what they do", second)
        self.assertEqual([[Drain()], [Drain()]], [worker.said() for worker in workers[:2]])
        self.stop()

    def test_new_ones_that_do_not_start(self) -> None:
        """The old ones go on, with their settings."""
        workers = self.start()
        reloading = self.reload(site={"hostname": "mail.example.test"})
        self.reactor.started[2].print(b"netsuite: no\n")
        self.reactor.started[2].end(code=1)
        (line,) = self.successResultOf(reloading)
        self.assertEqual("the workers there are go on, since a new one does not start: no", line)
        self.assertEqual("localhost", self.parent.settings.site.hostname)
        self.assertEqual([[], []], [worker.said() for worker in workers[:2]])
        self.stop()

    def test_a_wrong_file(self) -> None:
        """It changes nothing."""
        workers = self.start()
        self.configured = ConfigError([Problem("x.toml:1", "imap.x", "there is no such setting")])
        (line,) = self.successResultOf(Deferred.fromCoroutine(self.parent.reload()))
        self.assertIn("was not read again: x.toml:1: imap.x", line)
        self.assertEqual([[], []], [worker.said() for worker in workers])
        self.stop()

    def test_settings_of_the_parent(self) -> None:
        """What the parent itself has read needs another start, and it is said so."""
        self.start()
        reloading = self.reload(daemon={"workers": 0}, control={"socket": "x.sock"})
        self.reactor.advance(10)
        self.assertEqual(
            "changed, and taken at the next start: daemon.workers, control.socket",
            self.successResultOf(reloading)[-1],
        )
        self.assertEqual(2, self.parent.settings.daemon.workers)
        self.stop()
