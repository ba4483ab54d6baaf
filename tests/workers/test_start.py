"""What a worker is started with, written and read."""

from __future__ import annotations

from netsuite.config.load import changed
from netsuite.config.schema import Settings
from netsuite.testing.cases import SynchronousTestCase
from netsuite.workers.start import Start, read_settings, settings_value


class Starts(SynchronousTestCase):
    """A file without a name."""

    def test_both_directions(self) -> None:
        """All of it is read as it was written, settings of every kind too."""
        settings = changed(Settings(), "imap", {"proxies": ["10.0.0.0/8", "unix"]})
        settings = changed(settings, "accounts", {"mechanisms": {"imap": ["PLAIN"]}})
        settings = changed(settings, "site", {"hostname": "b\u00fccher.example"})
        start = Start(
            2,
            ["imap", "smtp"],
            "/srv/\udcff",
            "/etc/netsuite.toml",
            settings_value(settings),
            ["/srv/handlers.py"],
            {"imap.listen tcp:0": [6, 7]},
            "twisted.internet.epollreactor",
        )
        found = Start.read(start.write())
        self.assertEqual(start, found)
        self.assertEqual(settings, read_settings(found.settings))
