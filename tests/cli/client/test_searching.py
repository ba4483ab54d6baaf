"""What fits words and patterns, and the walk through a tree by name."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from twisted.internet.defer import ensureDeferred

from netsuite.cli.client.listing import Listing
from netsuite.cli.client.problems import Usage
from netsuite.cli.client.searching import Wanted
from netsuite.cli.client.searching.imap import _key
from netsuite.cli.client.searching.names import found_by_name
from netsuite.connection.errors import PermanentRefusal
from netsuite.ftp.listing import Listed
from netsuite.ftp.paths import TreePath
from netsuite.imap.commands.search import Every, Flagged, HeaderHas, TextHas


@pytest.mark.parametrize(
    ("words", "name", "fits"),
    [
        (["photo"], "Photo-1.JPG", True), (["photo", "jpg"], "Photo-1.JPG", True),
        (["photo", "png"], "Photo-1.JPG", False), (["*.jpg"], "Photo-1.JPG", True),
        (["*.jp"], "Photo-1.JPG", False), (["STRASSE"], "Stra\u00dfe", True),
    ],
)  # fmt: skip
def test_names(words: list[str], name: str, fits: bool) -> None:
    """Every word is in the name, in whatever case; a pattern is of all of it."""
    assert Wanted(words).fits_name(name) == fits


def test_texts() -> None:
    """Every word is in one of the texts."""
    assert Wanted(["ann", "hello"]).fits("Ann <ann@h>", "Hello")
    assert not Wanted(["ann", "bye"]).fits("Ann <ann@h>", "Hello")


TREE: dict[TreePath, Sequence[Listed]] = {
    (): [Listed("b", "dir"), Listed("a.txt", "file", 1), Listed(".", "cdir")],
    ("b",): [Listed("c.txt", "file", 2), Listed("no", "dir"), Listed("txt", "dir")],
    ("b", "txt"): [],
}


def walk(wanted: Wanted, *, loop: bool = False) -> Listing:
    """Look through the tree, or one without an end."""

    async def entries(path: TreePath) -> Sequence[Listed]:
        if loop:
            return [Listed("again", "dir")]
        if path not in TREE:
            raise PermanentRefusal(550, "no")
        return TREE[path]

    found: list[Listing] = []
    running = ensureDeferred(found_by_name(entries, wanted))
    running.addCallback(found.append)
    return found[0]


def test_walk(capsys: pytest.CaptureFixture[str]) -> None:
    """Files and directories are found, what may not be listed is told, and there is an end."""
    assert [row[3] for row in walk(Wanted(["txt"])).rows] == ["a.txt", "b/c.txt", "b/txt"]
    assert "b/no is left out" in capsys.readouterr().err
    assert len(walk(Wanted(["txt"], most=2)).rows) == 2
    assert len(walk(Wanted(["again"]), loop=True).rows) == 64


def test_keys() -> None:
    """Words are looked for in all of a message; criteria are IMAP's own."""
    assert _key(Wanted(["a"])) == TextHas("a")
    assert _key(Wanted(["a", "b"])) == Every((TextHas("a"), TextHas("b")))
    criteria = Wanted(["FROM", "ann", "UNSEEN"], criteria=True)
    assert _key(criteria) == Every((HeaderHas("From", "ann"), Flagged("\\Seen", wanted=False)))


def test_words_with_spaces() -> None:
    """A shell's word is one of IMAP's, whatever is in it."""
    for words, text in (
        (["SUBJECT", "a b"], "a b"),
        (["SUBJECT", 'say "hi"'], 'say "hi"'),
        (["SUBJECT", "Caf\u00e9"], "Caf\u00e9"),
        (["SUBJECT", '"x y"'], "x y"),
    ):
        assert _key(Wanted(words, criteria=True)) == HeaderHas("Subject", text)  # fmt: skip


@pytest.mark.parametrize("words", [["WHATEVER"], ["FROM"], ["ALL", ")"], ["\r\n"], ["OR", "ALL"]])
def test_bad_criteria(words: list[str]) -> None:
    """What is no search is refused before anything is said to a server."""
    with pytest.raises(Usage):
        _key(Wanted(words, criteria=True))
