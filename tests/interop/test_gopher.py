"""curl and lynx against a real Gopher server."""

from __future__ import annotations

import pytest

from netsuite.testing.daemon import Daemon
from tests.interop.programs import program, run


def test_curl(daemon: Daemon) -> None:
    """curl fetches a menu, a text and a search."""
    curl = program("curl", "gopher")
    base = f"gopher://127.0.0.1:{daemon.ports['gopher']}"
    assert "1News\t/news\t" in run(curl, "-sS", f"{base}/")
    assert "example.talk" in run(curl, "-sS", f"{base}/1/news")
    article = run(curl, "-sS", f"{base}/0/news/example.talk/1")
    assert "Newsgroups: example.talk" in article
    assert article.endswith("\n.\n")
    found = run(curl, "-sS", f"{base}/7/search%09crossposted")
    assert "/news/example.talk/" in found


def test_lynx(daemon: Daemon) -> None:
    """lynx shows the root menu, and follows it to an article."""
    lynx = program("lynx")
    base = f"gopher://127.0.0.1:{daemon.ports['gopher']}"
    shown = run(lynx, "-dump", "-nolist", f"{base}/", ok=False)
    if "Unsupported URL scheme" in shown:
        pytest.skip("this lynx was built without gopher")
    assert "News" in shown
    assert "Search the news" in shown
    article = run(lynx, "-dump", f"{base}/0/news/example.talk/1")
    assert "Subject: Does anybody still read news?" in article
