"""A daemon with workers: one of them sees what other programs change, and tells the others."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from functools import partial

import pytest

from tests.suite.fleet import Fleet, until


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Return two workers that would remember files for long."""
    home = tmp_path_factory.mktemp("fleet")
    with Fleet(home, ["http"], "http.remember_seconds=1000") as running:
        yield running


def pages(fleet: Fleet, path: str) -> set[tuple[int, bytes]]:
    """Return all that is answered, by whichever worker."""
    found = set()
    for _ in range(12):
        client = http.client.HTTPConnection("127.0.0.1", fleet.ports["http"], timeout=20)
        client.request("GET", path)
        answer = client.getresponse()
        found.add((answer.status, answer.read()))
        client.close()
    return found


def shown(fleet: Fleet, content: bytes) -> bool:
    """Whether every worker shows a page."""
    return pages(fleet, "/page.txt") == {(200, content)}


def test_changed_by_others(fleet: Fleet) -> None:
    """What is changed in the site is soon what every worker shows."""
    page = fleet.home / "files" / "public" / "page.txt"
    for content in ("one", "two"):
        page.write_text(content)
        until(partial(shown, fleet, content.encode()), content, 10)
    page.unlink()
    until(lambda: {status for status, _ in pages(fleet, "/page.txt")} == {404}, "removed", 10)
