"""Rights by their letters, and what an account is granted."""

from __future__ import annotations

from netsuite.store import flags, rights
from netsuite.store.model import Account, AccountId, FlagAction
from netsuite.testing.cases import SynchronousTestCase

ANN = Account(AccountId(1), "ann", groups=frozenset({"staff"}))
ADD, REMOVE, REPLACE = FlagAction.ADD, FlagAction.REMOVE, FlagAction.REPLACE


class Rights(SynchronousTestCase):
    """What letters mean together."""

    def test_ordered(self) -> None:
        """Each stands once, in its place; those of RFC 2086 are others of now."""
        for letters, ordered in (("", ""), ("srl", "lrs"), ("cd", "kxte"), ("ddtta", "tea")):
            self.assertEqual(ordered, rights.ordered(letters))

    def test_shown(self) -> None:
        """Old clients are shown the old letters beside them (RFC 4314, 2.1.1)."""
        for letters, shown in (("lr", "lr"), ("x", "xc"), ("lte", "lted"), ("ek", "kecd")):
            self.assertEqual(shown, rights.shown(letters))

    def test_granted(self) -> None:
        """All that one's identifiers are given, without what is taken from one of them."""
        for rows, public, granted in (
            ({}, False, ""),
            ({}, True, "lrs"),
            ({"ann": "lr", "anyone": "s", "$staff": "w", "authenticated": "i"}, False, "lrswi"),
            ({"bob": "lr", "$other": "w"}, False, ""),
            ({"ann": "lrs", "-$staff": "s", "-bob": "l", "-anyone": "w"}, False, "lr"),
            ({"anyone": "lr", "-ann": "lr"}, True, ""),
            ({"ann": "i", "anyone": ""}, True, "i"),
        ):
            self.assertEqual(granted, rights.granted(rows, ANN, public=public), rows)

    def test_changed(self) -> None:
        """What is kept afterwards; where it is the usual, or nothing, nothing is."""
        rows = {"ann": "lr"}
        for who, action, letters, public, kept in (
            ("ann", ADD, "d", False, "lrte"),
            ("ann", REMOVE, "l", False, "r"),
            ("ann", REMOVE, "lr", False, None),
            ("ann", REPLACE, "", True, None),
            ("anyone", ADD, "i", False, "i"),
            ("anyone", ADD, "i", True, "lrsi"),
            ("anyone", REPLACE, "", True, ""),
            ("anyone", REPLACE, "lrs", True, None),
        ):
            self.assertEqual(kept, rights.changed(rows, who, action, letters, public=public))

    def test_marking(self) -> None:
        """Who may only mark as read in a public folder marks all, for itself."""
        self.assertEqual(rights.ALL, rights.marking("lrs", public=True))
        for granted, public in (("lrs", False), ("lr", True), ("lrsw", True)):
            self.assertEqual(granted, rights.marking(granted, public=public))

    def test_permitted_flags(self) -> None:
        """Flags that may not be set stay as they are."""
        old = frozenset({"\\Deleted", "\\Seen", "$x"})
        given = frozenset({"\\Seen", "\\Flagged"})
        for action, may, permitted in (
            (REPLACE, "lrs", {"\\Seen", "\\Deleted", "$x"}),
            (REPLACE, "lrw", {"\\Flagged", "\\Seen", "\\Deleted"}),
            (REPLACE, rights.ALL, {"\\Seen", "\\Flagged"}),
            (ADD, "lrw", {"\\Flagged"}),
            (REMOVE, "lrs", {"\\Seen"}),
            (REMOVE, "lr", set[str]()),
        ):
            self.assertEqual(permitted, flags.permitted(action, old, given, may))
