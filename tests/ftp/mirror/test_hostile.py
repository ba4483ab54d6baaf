"""Servers that would write where they should not, or never come to an end."""

from __future__ import annotations

import os
from pathlib import Path

from netsuite.ftp.mirror import Failed, LeftOut, Retrying, Transferred
from netsuite.ftp.mirror.local import LocalTree
from netsuite.testing.fabric import Fabric
from tests.ftp.mirror.test_mirror import MirrorCase
from tests.ftp.odd_server import OddServer

EVIL = b"theirs"


class Hostile(MirrorCase):
    """A tree of a hostile server, mirrored into a directory beside which there is a secret."""

    def setUp(self) -> None:
        super().setUp()
        self.around = self.here
        self.here = self.around / "here"
        self.here.mkdir()
        (self.around / "secret").write_bytes(b"mine")
        self.fabric = Fabric()
        self.server = OddServer(listings={"/": []})
        self.server.listen(self.fabric)
        # whatever is asked for is there
        self.server.files = _Anything()

    def assert_nothing_outside(self) -> None:
        """Assert that nothing beside the tree was touched."""
        self.assertEqual({"here", "secret"}, set(os.listdir(self.around)))
        self.assertEqual(b"mine", (self.around / "secret").read_bytes())

    def test_names(self) -> None:
        """Names that lead elsewhere are left out, of files as of directories, by MLSD and LIST."""
        names = (b"..", b".", b"../secret", b"a/../../secret", b"/etc/passwd", b"", b"a\0b", b"a/b",
                 b"../../x/", b"..\\..\\secret", b"C:\\secret", b"\\secret")  # fmt: skip
        for form in (
            b"type=file;size=6; %b",
            b"type=dir; %b",
            b"-rw-r--r-- 1 o g 6 Jan  2  2020 %b",
            b"drwxr-xr-x 1 o g 6 Jan  2  2020 %b",
            b"lrwxrwxrwx 1 o g 6 Jan  2  2020 %b -> %b",
            b"02-13-20  01:05PM       6 %b",
            b"02-13-20  01:05PM       <DIR>          %b",
            b"+r,s6\t%b",
            b"%b;1  5  13-NOV-1996 17:02",
        ):
            if not form.startswith(b"type"):
                self.server.commands["MLSD"] = b"500 what?"
            else:
                self.server.commands.pop("MLSD", None)
            self.server.listings["/"] = [form.replace(b"%b", name) for name in names]
            self.server.heard.clear()
            self.down(delete=True, attempts=1)
            self.assert_nothing_outside()
            for line in self.server.said("RETR"):  # on Unix a backslash is a letter
                self.assertIn("\\", line)
            self.assertFalse(
                {name for name in self.tree() if "secret" in name and "\\" not in name}
            )

    def test_no_directory(self) -> None:
        """Nothing is removed for a source that is not there, or that is a file."""
        (self.here / "mine").write_bytes(b"mine")
        for features, said in (([], b"500 what?"), ([], b"501 Not a directory"),
                               (["MLST type*;"], b"501 Not a directory")):  # fmt: skip
            self.server.features, self.server.commands["MLSD"] = features, said
            self.server.listings = _Nothing({"/": []})
            told = self.down("/gone", delete=True, attempts=1)
            self.assertTrue([each for each in told if isinstance(each, Failed)])
            self.assertEqual(b"mine", (self.here / "mine").read_bytes())

    def test_link_made_first(self) -> None:
        """A link in the tree here, which an earlier run or anybody else has made, is not gone
        through: neither to write, nor to remove."""
        (self.here / "d").symlink_to(self.around.resolve())
        (self.here / "f").symlink_to(self.around.resolve() / "secret")
        self.server.listings = {
            "/": [b"type=dir; d", b"type=file;size=6; f"],
            "/d": [b"type=file;size=6; secret"],
        }
        told = self.down()
        self.assertEqual(["d"], [each.path for each in told if isinstance(each, LeftOut)])
        self.assertEqual([Transferred("f", 6)], [e for e in told if isinstance(e, Transferred)])
        self.assert_nothing_outside()
        self.assertFalse((self.here / "f").is_symlink())
        told = self.down(delete=True)
        self.assertIn(Transferred("d/secret", 6), told)
        self.assert_nothing_outside()

    def test_link_made_meanwhile(self) -> None:
        """A directory that becomes a link while it is mirrored is not gone through."""
        self.server.listings = {"/": [b"type=dir; d"], "/d": [b"type=file;size=6; secret"]}

        def swap(line: str) -> None:
            if line == "RETR d/secret":
                (self.here / "d").rename(self.around / "here/was")
                (self.here / "d").symlink_to(self.around.resolve())

        self.server.before = swap
        told = self.down()
        self.assertEqual(["d/secret"], [each.path for each in told if isinstance(each, Failed)])
        self.assert_nothing_outside()

    def test_no_end(self) -> None:
        """A tree that leads into itself ends: by the fact that names it, or by its depth."""
        self.server.listings = _Everywhere([b"type=dir;unique=7; loop", b"type=file;size=6; f"])
        told = self.down()
        self.assertEqual(["loop/loop"], [each.path for each in told if isinstance(each, LeftOut)])
        self.server.listings = _Everywhere([b"type=dir; loop"])
        (deep,) = self.down()[-1:]
        self.assertIsInstance(deep, LeftOut)
        self.assertLess(deep.path.count("/"), 70)

    def test_too_much(self) -> None:
        """A file that is longer than was told is not taken for the one that was."""
        self.server.listings["/"] = [b"type=file;size=3;modify=20200102030405; f"]
        told = self.down(attempts=2)
        self.assertEqual([Retrying, Failed], [type(each) for each in told])
        self.assertEqual([b""], list(self.tree().values()))

    def test_top(self) -> None:
        """What is removed is below the top, which itself stays."""
        LocalTree(self.here).make(("x",))
        self.down(delete=True)
        self.assertEqual({}, self.tree())
        self.assertTrue(Path(self.here).is_dir())


class _Anything(dict[str, bytes]):
    """Files of any name."""

    def get(self, path: str, default: bytes = b"") -> bytes:  # type: ignore[override]
        return EVIL


class _Everywhere(dict[str, list[bytes]]):
    """The same listing in every directory."""

    def __init__(self, lines: list[bytes]) -> None:
        super().__init__()
        self._lines = lines

    def get(self, path: str, default: object = None) -> list[bytes]:
        return self._lines


class _Nothing(dict[str, list[bytes]]):
    """Listings of a server to which what is not there is empty, as to vsftpd."""

    def get(self, path: str, default: object = None) -> list[bytes]:
        return []
