"""``netsuite import`` and ``export``: a whole account in, out, and in again."""

from __future__ import annotations

import os
from pathlib import Path

from netsuite.store.sql import SQLStore
from netsuite.testing.cases import TestCase
from tests.cli.commands import done, refused, run
from tests.cli.test_mailfiles import FROM, WHEN, maildir
from tests.store.reactors import reactor

#: Folder to its messages: octets, flags, seconds since 1970.
Account = dict[str, list[tuple[bytes, frozenset[str], int]]]


async def account_of(home: Path, name: str) -> tuple[Account, frozenset[str]]:
    """Return what an account has, in the order of UIDs, and what it has subscribed."""
    store = SQLStore(f"sqlite:///{home / 'netsuite.db'}", clock=reactor, threads=reactor)
    await store.open()
    owner = (await store.accounts.account(name)).id
    found: Account = {}
    for folder in await store.mail.folders(owner):
        found[folder.name] = [
            (
                b"".join([piece async for piece in store.mail.read(each.content)]),
                each.flags,
                int(each.internal_date.timestamp()),
            )
            for each in await store.mail.messages(folder.id, None, owner)
        ]
    subscribed = await store.mail.subscriptions(owner)
    await store.close()
    return found, subscribed


#: What every account is subscribed to from its beginning.
OWN = ("INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash")


def dovecots(path: Path) -> Path:
    """Make a Maildir++ as Dovecot would, with a little of everything."""
    root = maildir(
        path,
        ("new/1000000000.M1P1.vm", b"Subject: one\n\nhi\n"),
        ("cur/1795986397.M2P1.vm,S=5,W=6:2,RS", b"Subject: two\n\nFrom me\n>From\n"),
    )
    work = maildir(
        root / ".Work.Project",
        ("cur/1795986397.M3P1.vm:2,Sab", b"Subject: three\n\n" + b"x" * 600_000 + b"\n"),
        ("cur/1795986398.M4P1.vm:2,D", b"Status: RO\nSubject: four\n\n"),
    )
    (work / "dovecot-keywords").write_text("0 $Forwarded\n1 NonJunk\n")
    maildir(root / ".Gr&APw-n.a\\2eb")
    maildir(root / ".Sent", ("cur/1795986397.M5P1.vm:2,S", b"Subject: five\n\nFrom x\n"))
    (root / "subscriptions").write_bytes(b"V\t2\n\nWork\tProject\nINBOX\nGr&APw-n\ta\\2eb\n")
    return root


class Transfer(TestCase):
    """A home with two accounts."""

    def setUp(self) -> None:
        self.home = Path(self.mktemp()).absolute()
        self.place = self.home.with_name(f"{self.home.name}-mail")
        self.place.mkdir()
        for name in ("ann", "bob", "cyd"):
            done(self.home, "account", "add", name, "--password-stdin")

    async def test_whole_account(self) -> None:
        """Folders, messages, flags, keywords, dates and subscriptions are the same after a way
        through either form."""
        root = dovecots(self.place / "dovecot")
        printed = done(self.home, "import", "--account", "ann", root)
        self.assertIn("imported 5 messages into 4 folders of ann", printed)
        first = await account_of(self.home, "ann")
        folders, subscribed = first
        self.assertEqual({*OWN, "Work/Project", "Gr\u00fcn/a.b"}, subscribed)
        self.assertEqual(
            [
                (b"Subject: one\r\n\r\nhi\r\n", frozenset(), 1_000_000_000),
                (
                    b"Subject: two\r\n\r\nFrom me\r\n>From\r\n",
                    frozenset({"\\Seen", "\\Answered"}),
                    int(WHEN.timestamp()),
                ),
            ],
            folders["INBOX"],
        )
        large, four = folders["Work/Project"]
        self.assertEqual(frozenset({"\\Seen", "$Forwarded", "NonJunk"}), large[1])
        self.assertEqual(600_000 + len(b"Subject: three\r\n\r\n\r\n"), len(large[0]))
        self.assertEqual(b"Status: RO\r\nSubject: four\r\n\r\n", four[0])
        for name, form in (("bob", "maildir"), ("cyd", "mbox")):
            out = self.place / form
            printed = done(self.home, "export", "--account", "ann", "--format", form, out)
            self.assertIn("exported 5 messages of 10 folders", printed)
            self.assertEqual(0, (out.stat().st_mode | next(out.iterdir()).stat().st_mode) & 0o077)
            done(self.home, "import", "--account", name, out)
            again = await account_of(self.home, name)
            if form == "mbox":  # which has a use of its own for that field
                folders["Work/Project"][1] = (b"Subject: four\r\n\r\n", *four[1:])
            self.assertEqual(first, again)

    async def test_below_a_folder(self) -> None:
        """A tree goes below a folder that is named; a look beforehand changes nothing."""
        root = dovecots(self.place / "dovecot")
        command = ("import", "--account", "ann", "--folder", "Old", root)
        printed = done(self.home, *command, "--dry-run")
        self.assertIn("Old/Work/Project", printed)
        self.assertNotIn("Old", (await account_of(self.home, "ann"))[0])
        done(self.home, *command)
        folders, subscribed = await account_of(self.home, "ann")
        self.assertEqual(2, len(folders["Old"]))
        self.assertEqual(2, len(folders["Old/Work/Project"]))
        self.assertIn("Old/Work/Project", subscribed)

    def test_what_cannot_be_taken(self) -> None:
        """It is said, counted, told by the exit code, and stops nothing else."""
        root = maildir(
            self.place / "m",
            ("cur/1:2,z", b"one\n"),
            ("cur/2:2,", b"\x28\xb5\x2f\xfd"),
            ("cur/3:2,S", b"three\n"),
        )
        (root / ".Link").symlink_to(root)
        code, printed = run(self.home, "import", "--account", "ann", root)
        self.assertEqual(8, code, printed)
        self.assertIn("its keyword z is not in dovecot-keywords", printed)
        self.assertIn("cannot be taken: it is compressed with zstd", printed)
        self.assertIn(".Link is a link", printed)
        self.assertIn("imported 2 messages into INBOX of ann", printed)
        self.assertIn("not everything was taken: 3 complaints", printed)

    def test_full_account(self) -> None:
        """What the quota refuses is left out, the rest is taken."""
        done(self.home, "account", "quota", "ann", "1")
        path = self.place / "m"
        path.write_bytes((FROM + b"A: b\n\n" + (b"x" * 99 + b"\n") * 7000 + b"\n") * 3)
        code, printed = run(self.home, "import", "--account", "ann", path)
        self.assertEqual(8, code, printed)
        self.assertIn(f"message 2 of {path} cannot be taken: the quota is used up", printed)
        self.assertIn("imported 1 messages", printed)

    def test_too_many_keywords(self) -> None:
        """A Maildir has letters for 26; the rarest are left out, and named."""
        path = self.place / "m"
        many = " ".join(f"word{number:02}" for number in range(27))
        path.write_bytes(
            FROM + f"X-Keywords: {many}\nA: b\n\nx\n\n".encode()
            + FROM + f"X-Keywords: {many.replace('word05', '')}\nA: b\n\nx\n".encode()
        )  # fmt: skip
        done(self.home, "import", "--account", "ann", path)
        out = self.place / "out"
        code, printed = run(self.home, "export", "--account", "ann", out)
        self.assertEqual(8, code, printed)
        self.assertIn("INBOX: a Maildir can have 26 keywords; left out are word05", printed)

    def test_names_that_files_cannot_have(self) -> None:
        """A name too long for a file is left out; one that would lead elsewhere leads nowhere."""
        done(self.home, "folder", "create", "--account", "ann", "x" * 250 + "/" + "y" * 250)
        done(self.home, "folder", "create", "--account", "ann", "../..")
        out = self.place / "out"
        code, printed = run(self.home, "export", "--account", "ann", out)
        self.assertEqual(8, code, printed)
        self.assertIn("is left out: its name is too long for a file's", printed)
        self.assertEqual({"out"}, {each.name for each in self.place.iterdir()})
        done(self.home, "folder", "create", "--account", "bob", "../..")
        done(self.home, "export", "--account", "bob", "--format", "mbox", self.place / "mbox")
        self.assertEqual({"out", "mbox"}, {each.name for each in self.place.iterdir()})
        self.assertIn("\\2e..sbd", os.listdir(self.place / "mbox"))

    def test_one_folder(self) -> None:
        """A folder is a file; nothing is written over; a place that is not there is told."""
        path = self.place / "m"
        path.write_bytes(FROM + b"A: b\n\nx\n")
        done(self.home, "import", "--account", "ann", "--folder", "Old", path)
        out = self.place / "out"
        command = ("export", "--account", "ann", "--folder", "Old")
        self.assertIn("exported 1 messages of Old", done(self.home, *command, out))
        self.assertIn(b"A: b\n\nx\n", out.read_bytes())
        self.assertIn("is there already", refused(self.home, *command, out))
        gone = refused(self.home, *command, self.place / "no" / "where")
        self.assertIn("cannot be written: No such file", gone)
        self.assertIn("say --account, --folder, or both", refused(self.home, "export", out / "x"))

    def test_group(self) -> None:
        """A newsgroup takes one folder."""
        done(self.home, "group", "add", "comp.test")
        root = dovecots(self.place / "dovecot")
        self.assertIn("name one", refused(self.home, "import", "--group", "comp.test", root))
