"""curl and lynx against a real Gopher server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from netsuite.testing.daemon import Daemon
from tests.interop.test_programs import program, run


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Give a demo daemon."""
    with Daemon(tmp_path_factory.mktemp("gopher")) as running:
        yield running


def test_curl(daemon: Daemon) -> None:
    """curl fetches a menu, a text and a search."""
    curl = program("curl")
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
    shown = run(lynx, "-dump", "-nolist", f"{base}/")
    assert "News" in shown
    assert "Search the news" in shown
    article = run(lynx, "-dump", f"{base}/0/news/example.talk/1")
    assert "Subject: Does anybody still read news?" in article
