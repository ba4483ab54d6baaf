"""Mailboxes as a tree: paths whatever separates names, and nothing that leads elsewhere."""

from __future__ import annotations

import pytest

from netsuite.cli.client.mail_tree import tree_of
from netsuite.imap.commands.responses import Listed


def mailboxes(*names: str, separator: str | None = "/") -> list[Listed]:
    """Return mailboxes as LIST tells them."""
    return [Listed((), separator, each) for each in names]


CASES = [
    (mailboxes("INBOX", "Work/Old"), "", ["", "INBOX", "Work", "Work/Old"]),
    (mailboxes("INBOX", "INBOX.Work.Old", separator="."), "",
     ["", "INBOX", "INBOX/Work", "INBOX/Work/Old"]),
    (mailboxes("INBOX", "Work", "Work/Old", "Workshop"), "Work", ["", "Old"]),
    (mailboxes("a/b", "c", separator="."), "", ["", "c"]),
    (mailboxes("a//b", "../c", "/d"), "", ["", "..", "../c"]),
    (mailboxes("flat", separator=None), "", ["", "flat"]),
    (mailboxes("flat", separator=None), "flat", [""]),
    (mailboxes("INBOX"), "Nothing", []),
    (mailboxes("Top/Below"), "Top", ["", "Below"]),
]  # fmt: skip


@pytest.mark.parametrize(("listed", "top", "paths"), CASES)
def test_tree(listed: list[Listed], top: str, paths: list[str]) -> None:
    """Paths are what a directory here has; what only others are below is one, too. A mirror leaves
    out what is called ``..`` itself."""
    assert sorted(tree_of(listed, top)) == sorted(paths)


def test_the_mailboxes_of_paths() -> None:
    """A path leads to the mailbox's own name."""
    tree = tree_of(mailboxes("INBOX", "INBOX.Work", separator="."), "INBOX")
    names = {path: None if each is None else each.mailbox for path, each in tree.items()}
    assert names == {"": "INBOX", "Work": "INBOX.Work"}
