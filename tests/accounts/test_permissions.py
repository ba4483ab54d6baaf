"""Who may do what where: the table without rules, and what rules say."""

from __future__ import annotations

from itertools import permutations

from netsuite.accounts.file_rules import (
    ALL,
    NOTHING,
    PRESETS,
    READ_ONLY,
    Permissions,
    Rule,
    read_path,
    read_permissions,
)
from netsuite.accounts.permissions import Area, FilePermissions
from netsuite.store.model import Account, AccountId, AccountState
from netsuite.store.tree import TreePath
from netsuite.testing.cases import SynchronousTestCase

OFF = AccountState.DISABLED


def account(name: str = "ann", *groups: str, state: AccountState = AccountState.ACTIVE) -> Account:
    """Make an account as a value."""
    return Account(AccountId(1), name, state, groups=frozenset(groups))


def rule(path: str, may: dict[str, str]) -> Rule:
    """Make a rule of what a configuration says."""
    return Rule(read_path(path), {name: read_permissions(words) for name, words in may.items()})


class WithoutRules(SynchronousTestCase):
    """What holds where no rule says otherwise."""

    def test_all(self) -> None:
        """The whole table: who, where, what."""
        ann, web, admin = account(), account("web", "web"), account("root", "admin")
        off, off_admin = account(state=OFF), account("root", "admin", state=OFF)
        decides = FilePermissions()
        for who, area, owner, expected in (
            (None, Area.SITE, "", READ_ONLY),
            (None, Area.HOME, "ann", NOTHING),
            (None, Area.SHOWN, "ann", READ_ONLY),
            (ann, Area.SITE, "", READ_ONLY),
            (ann, Area.HOME, "ann", ALL),
            (ann, Area.HOME, "bob", NOTHING),
            (ann, Area.SHOWN, "ann", READ_ONLY),
            (ann, Area.SHOWN, "bob", READ_ONLY),
            (web, Area.SITE, "", ALL),
            (web, Area.HOME, "ann", NOTHING),
            (admin, Area.SITE, "", ALL),
            (admin, Area.HOME, "ann", NOTHING),
            (off, Area.HOME, "ann", NOTHING),
            (off, Area.SITE, "", NOTHING),
            (off, Area.SHOWN, "ann", NOTHING),
            (off_admin, Area.SITE, "", NOTHING),
        ):
            found = decides.permissions(who, area, owner, ("f",))
            self.assertEqual(expected, found, (who, area, owner))
            root = decides.permissions(who, area, owner, ())
            self.assertEqual(expected - {"remove", "rename"}, root, (who, area, owner))

    def test_names_with_a_dot(self) -> None:
        """Everybody sees no name with a dot in front, wherever in the path; but .well-known. No
        rule changes that for who has not logged in."""
        for decides in (
            FilePermissions(),
            FilePermissions([rule("/site", {"*": "all"}), rule("/home/*", {"*": "all"})]),
        ):
            for path, seen in (
                ((".git",), False),
                (("a", ".htpasswd"), False),
                ((".git", "config"), False),
                ((".well-known", "security.txt"), True),
                (("a.b", "..c"), False),
                (("a.b", "c"), True),
            ):
                for area in (Area.SITE, Area.SHOWN):
                    found = decides.permissions(None, area, "ann", path)
                    self.assertEqual(seen, bool(found), path)
                    self.assertIn("read", decides.permissions(account(), area, "ann", path))


class WithRules(SynchronousTestCase):
    """What rules say."""

    def found(
        self, rules: list[Rule], who: Account | None, path: TreePath, area: Area = Area.SITE
    ) -> Permissions:
        """Ask, whatever the order of the rules."""
        owner = "" if area is Area.SITE else "ann"
        answers = {
            FilePermissions(each).permissions(who, area, owner, path)
            for each in permutations(rules)
        }
        self.assertEqual(1, len(answers))
        return answers.pop()

    def test_longest_path(self) -> None:
        """The rule of the longest path decides, alone."""
        rules = [
            rule("/site", {"*": "read-only"}),
            rule("/site/a", {"*": "list"}),
            rule("/site/a/b", {"ann": "all"}),
        ]
        for path, ann, bob in (
            ((), READ_ONLY, READ_ONLY),
            (("x",), READ_ONLY, READ_ONLY),
            (("ab",), READ_ONLY, READ_ONLY),
            (("a",), {"list"}, {"list"}),
            (("a", "x"), {"list"}, {"list"}),
            (("a", "b"), ALL - {"remove", "rename"}, NOTHING),
            (("a", "b", "c", "d"), ALL, NOTHING),
        ):
            self.assertEqual(ann, self.found(rules, account(), path), path)
            self.assertEqual(bob, self.found(rules, account("bob"), path), path)

    def test_who(self) -> None:
        """A name goes before groups, which add up, and those before all others."""
        rules = [
            rule(
                "/site",
                {
                    "ann": "store",
                    "@a": "read",
                    "@b": "list",
                    "@off": "nothing",
                    "anonymous": "append",
                    "*": "make",
                },
            )
        ]
        for who, expected in (
            (account("ann", "a", "admin"), {"store"}),
            (account("bob", "a"), {"read"}),
            (account("bob", "a", "b", "c"), {"read", "list"}),
            (account("bob", "off"), NOTHING),
            (account("bob", "c", "web"), {"make"}),
            (account("bob", "admin"), ALL),
            (account("bob", "admin", "a"), {"read"}),
            (None, {"append"}),
            (account("bob", "admin", state=OFF), NOTHING),
        ):
            self.assertEqual(expected, self.found(rules, who, ("f",)), who)
        self.assertEqual({"make"}, self.found([rule("/site", {"*": "make"})], None, ("f",)))

    def test_the_group_called_as_an_account(self) -> None:
        """A group is no account of its name, nor is anonymous an account's name."""
        rules = [rule("/site", {"staff": "all", "anonymous": "all"})]
        self.assertEqual(NOTHING, self.found(rules, account("bob", "staff"), ("f",)))
        self.assertEqual(NOTHING, self.found(rules, account("bob"), ("f",)))

    def test_homes(self) -> None:
        """A rule of one home goes before that of all; what is shown is for reading at most, and
        nobody gets into another's home."""
        rules = [
            rule("/home/*", {"*": "list, read, store"}),
            rule("/home/*/public/drop", {"*": "all"}),
            rule("/home/ann/public", {"*": "all"}),
            rule("/home/bob", {"ann": "all"}),
        ]
        ann = account()
        self.assertEqual(READ_ONLY | {"store"}, self.found(rules, ann, ("x",), Area.HOME))
        self.assertEqual(ALL, self.found(rules, ann, ("public", "x"), Area.HOME))
        self.assertEqual(READ_ONLY, self.found(rules, None, ("x",), Area.SHOWN))
        self.assertEqual(READ_ONLY, self.found(rules, None, ("drop", "x"), Area.SHOWN))
        decides = FilePermissions(rules)
        self.assertEqual(NOTHING, decides.permissions(ann, Area.HOME, "bob", ("x",)))
        self.assertEqual({"public"}, decides.special_names(Area.HOME, "ann", ()))
        self.assertEqual({"drop"}, decides.special_names(Area.SHOWN, "ann", ()))
        self.assertEqual(set(), decides.special_names(Area.SITE, "", ()))

    def test_read_only_and_fixed(self) -> None:
        """Below what is mapped for reading nobody changes anything, rules or not; and mapped
        directories stay where they are."""
        decides = FilePermissions(
            [rule("/site/m/in", {"*": "all"})],
            read_only=[("site", "m")],
            fixed=[("site", "d", "n")],
        )
        admin = account("root", "admin")
        for path, expected in (
            (("m",), READ_ONLY),
            (("m", "in", "f"), READ_ONLY),
            (("d",), ALL - {"remove", "rename"}),
            (("d", "n"), ALL - {"remove", "rename"}),
            (("d", "n", "f"), ALL),
            (("mm",), ALL),
        ):
            self.assertEqual(expected, decides.permissions(admin, Area.SITE, "", path), path)


class Words(SynchronousTestCase):
    """What a configuration says."""

    def test_permissions(self) -> None:
        """Words and presets, with commas between."""
        self.assertEqual({"list", "store"}, read_permissions("list,  store"))
        self.assertEqual({"list", "read", "make"}, read_permissions("read-only, make"))
        for word, expected in PRESETS.items():
            self.assertEqual(expected, read_permissions(word))
        self.assertEqual(ALL, read_permissions(", ".join(ALL)))
        for wrong in ("", "lst", "list,", "list store", "All"):
            with self.assertRaises(ValueError, msg=wrong):
                read_permissions(wrong)

    def test_paths(self) -> None:
        """Paths of the site and of homes."""
        self.assertEqual(("site",), read_path("/site"))
        self.assertEqual(("site", "A b"), read_path("/site/A b"))
        self.assertEqual(("home", "ann", "B"), read_path("/home/Ann/B"))
        self.assertEqual(("home", "*"), read_path("/home/*"))
        for wrong in (
            "", "/", "site", "/site/", "/site//a", "/home", "/Site", "/site/../home/ann",
            "/site/.", "/public/a",
        ):  # fmt: skip
            with self.assertRaises(ValueError, msg=wrong):
                read_path(wrong)
