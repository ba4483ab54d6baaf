"""The last lines of the log, for whoever asks."""

from __future__ import annotations

import gc
import json
import weakref
from typing import Any

from twisted.logger import Logger, LogPublisher
from twisted.python.failure import Failure

from netsuite.config.load import load
from netsuite.control.log import KEPT_EVENTS, LINE_CHARACTERS, RecentLog
from netsuite.control.questions import LOG
from netsuite.site import Site
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.fabric import Fabric
from tests.coroutines import run


class Source:
    """What logs something."""

    def __init__(self, publisher: LogPublisher) -> None:
        self.log = Logger(namespace="some.where", source=self, observer=publisher)


class Recent(SynchronousTestCase):
    """What is kept, and told."""

    def start(self, *settings: str) -> None:
        self.publisher = LogPublisher()
        site = Site(settings=load(None, settings), memory=True, reactor=Fabric())
        self.bus = site.bus
        self.recent = RecentLog(site, self.publisher)
        self.recent.startService()
        self.source = Source(self.publisher)

    def told(self, value: Any = None) -> list[str]:
        (lines,) = run(self.bus.ask(LOG, value))
        assert isinstance(lines, list)
        return [str(line) for line in lines]

    def test_last(self) -> None:
        """So many as are wanted, the last last, whole lines of events that have several."""
        self.start()
        for word in ("one", "two\nthree", "four"):
            self.source.log.info("{word}!", word=word)
        lines = self.told()
        self.assertEqual(
            ["one!", "three!", "four!"], [each.split()[-1] for each in lines if "!" in each]
        )
        self.assertIn("[some.where#info] one!", lines[0])
        self.assertEqual(lines[-2:], self.told({"lines": 2}))
        self.assertEqual([], self.told({"lines": 0}))
        strange: Any
        for strange in ({"lines": -1}, {"lines": "2"}, 7, []):
            self.assertEqual(lines, self.told(strange))

    def test_bounded(self) -> None:
        """No more than some are kept, and of each no more than some."""
        self.start()
        for number in range(KEPT_EVENTS + 10):
            self.source.log.info("{number} {more}", number=number, more="x" * 10_000)
        lines = self.told()
        self.assertEqual(KEPT_EVENTS, len(lines))
        self.assertEqual(LINE_CHARACTERS, len(lines[0]))
        self.assertIn(" 10 x", lines[0])

    def test_nothing_is_held(self) -> None:
        """What logs may go, and what a failure knows, too."""
        self.start()
        self.source.log.info("gone")
        try:
            held = Source(self.publisher)
            raise ZeroDivisionError("x")
        except ZeroDivisionError:
            failure = Failure()
        self.source.log.failure("wrong", failure)
        gone = weakref.ref(self.source), weakref.ref(held)
        del self.source, held, failure
        gc.collect()
        self.assertEqual((None, None), (gone[0](), gone[1]()))
        self.assertIn("ZeroDivisionError: x", "\n".join(self.told()))

    def test_json(self) -> None:
        """They are as the log is written."""
        self.start('log.form="json"')
        self.source.log.info("{name} came", name="ann")
        (line,) = self.told()
        self.assertEqual("ann came", json.loads(line)["message"])

    def test_stopped(self) -> None:
        """What comes afterwards is not kept."""
        self.start()
        self.recent.stopService()
        self.source.log.info("late")
        self.assertEqual([], self.told())
