"""Rules and mapped directories of the files, as a configuration says them."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from netsuite.accounts.file_rules import ALL, PRESETS, Rule
from netsuite.config.load import load
from netsuite.config.schema import taken_live
from tests.config.test_load import DOCS, problems

RULES = """\
[[files.rules]]
path = "/site/incoming"
may = { anonymous = "incoming", "@Staff" = "all" }

[[files.rules]]
path = "/home/Ann/box"
[files.rules.may]
Ann = "list, store"
"*" = "nothing"
"""


def test_rules(tmp_path: Path) -> None:
    """Rules are read as they are used: names of accounts in lower case, those of groups as said."""
    path = tmp_path / "netsuite.toml"
    path.write_text(RULES)
    settings = load(path)
    assert settings.files.path_rules == (
        Rule(("site", "incoming"), {"anonymous": PRESETS["incoming"], "@Staff": ALL}),
        Rule(("home", "ann", "box"), {"ann": frozenset({"list", "store"}), "*": frozenset()}),
    )
    assert list(taken_live(load(None), settings)) == ["files.rules"]


def test_the_examples_of_the_manual(tmp_path: Path) -> None:
    """What docs/howto/files.rst says can be written is read."""
    text = (DOCS / "howto" / "files.rst").read_text()
    blocks = re.findall(r"^\.\. code-block:: toml\n\n((?: {3}.*\n|\n)+)", text, re.MULTILINE)
    path = tmp_path / "netsuite.toml"
    path.write_text(textwrap.dedent("".join(blocks)))
    files = load(path).files
    assert [len(files.path_rules), len(files.mapped)] == [3, 2]
    assert set(PRESETS) <= set(re.findall("``([a-z-]+)``", text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            RULES.replace("list, store", "list, sotre"),
            "netsuite.toml:8: files.rules.1.may.Ann: 'sotre' is nothing that somebody may do; "
            "there are: list, read, store, replace, append, make, remove, rename, all, nothing, "
            "read-only, incoming, append-only",
        ),
        (
            RULES.replace("/home/Ann/box", "/Ann/box"),
            "netsuite.toml:6: files.rules.1.path: '/Ann/box' must begin with /site, or /home and "
            "an account's name or *",
        ),
        (
            RULES.replace("path", "pathh"),
            "netsuite.toml:1: files.rules.0.path: is missing",
        ),
        (
            RULES + RULES.replace("/home/Ann/box", "/home/ann/Box"),
            "netsuite.toml:1: files.rules: there are two rules of /site/incoming; say all of it "
            "in one",
        ),
        (
            '[[files.mapped]]\npath = "/site/a"\ndirectory = "srv"\n',
            "netsuite.toml:3: files.mapped.0.directory: 'srv' must be an absolute path, as "
            "/srv/mirror",
        ),
        (
            '[[files.mapped]]\npath = "/site"\ndirectory = "/srv"\n',
            "netsuite.toml:1: files.mapped: /site cannot be one of the host's directories; name "
            "one below /site or /home/ACCOUNT",
        ),
        (
            '[[files.mapped]]\npath = "/home/*/a"\ndirectory = "/srv"\n',
            "netsuite.toml:1: files.mapped: /home/*/a cannot be one of the host's directories; "
            "name one below /site or /home/ACCOUNT",
        ),
        (
            '[[files.mapped]]\npath = "/site/a"\ndirectory = "/srv"\n'
            '[[files.mapped]]\npath = "/site/a/b"\ndirectory = "/mnt"\n',
            "netsuite.toml:1: files.mapped: /site/a/b is in /site/a, which is mapped too",
        ),
    ],
)
def test_wrong(tmp_path: Path, text: str, said: str) -> None:
    """What is wrong with one of several tables is said with that one's line."""
    assert said in problems(tmp_path, text)
