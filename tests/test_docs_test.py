"""docs/howto/test.rst: its pieces, and the README's, run as tests; its table of faults is whole."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from netsuite.testing.faults import Faults
from netsuite.testing.faults.kinds import Wrong
from netsuite.testing.faults.words.table import words_for

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = (DOCS / "howto" / "test.rst").read_text()
BLOCK = re.compile(r"^\.\. code-block:: python\n((?:\n|[ ]+.*\n)+)", re.MULTILINE)
README = re.compile(r"^```python\n((?:import|def) (?:.*\n)+?)```$", re.MULTILINE)
#: A row of the table: a call, what happens, protocols, which may go on in the lines below.
ROW = re.compile(r"^``(\w+)\(([^)]*)\)``.*?((?:  +[\w ]+)\n(?: {60,}.*\n)*)", re.MULTILINE)
PROTOCOLS = {"SMTP", "POP3", "IMAP", "NNTP", "FTP", "HTTP", "Gopher", "Telnet"}
WRONGLY = {
    "unfinished_reply": Wrong.UNFINISHED,
    "missing_dot": Wrong.NO_DOT,
    "size_lie": Wrong.SIZE,
    "wrong_tag": Wrong.TAG,
    "literal": Wrong.LITERAL,
    "uid_validity": Wrong.UID_VALIDITY,
    "chunk_garbage": Wrong.CHUNK,
}
#: What the programs of the examples are called in the pieces.
PRELUDE = "import shop\nfrom outbox import Outbox\n\n"


@pytest.mark.long
def test_pieces(tmp_path: Path) -> None:
    """Every piece does what it says, in a run of pytest of its own."""
    pieces = [textwrap.dedent(each) for each in BLOCK.findall(PAGE)]
    of_readme = README.findall((DOCS.parent / "README.md").read_text())
    pieces += [each for each in of_readme if "def test_" in each]
    assert "test_order" in pieces[-1]
    tests = 0
    for number, piece in enumerate(pieces):
        if "def test_" not in piece:
            piece = "def test_it():\n" + textwrap.indent(piece, "    ")
        tests += piece.count("def test_")
        (tmp_path / f"test_{number}.py").write_text(PRELUDE + piece)
    path = [str(DOCS / "examples" / each) for each in ("blocking", "pytest_twisted")]
    path += filter(None, [os.environ.get("PYTHONPATH")])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout
    assert f"{tests} passed" in done.stdout
    assert tests > 12


def rows() -> dict[str, tuple[list[str], set[str]]]:
    """Return the faults of the table: their arguments, and the protocols."""
    found = {}
    for name, arguments, of in ROW.findall(PAGE):
        words = set(re.findall(r"\w+", of))
        found[name] = re.findall(r"\w+", arguments), words & (PROTOCOLS | {"all"})
    return found


def test_every_fault_is_in_the_table() -> None:
    """So is each of its arguments, and no other."""
    table = rows()
    faults = {
        name: [
            each for each in inspect.signature(method).parameters if each not in ("self", "whom")
        ]
        for name, method in vars(Faults).items()
        if callable(method) and not name.startswith("_")
        if name == "goodbye" or "Rule" in str(inspect.signature(method).return_annotation)
    }
    assert {name: arguments for name, (arguments, _) in table.items()} == faults


def test_protocols_in_the_table() -> None:
    """Where a fault is of some protocols alone the table names them."""
    words = {each: words_for(each.lower()) for each in PROTOCOLS}
    table = rows()
    for name, wrong in WRONGLY.items():
        assert table[name][1] == {each for each in PROTOCOLS if wrong in words[each].wrongly}, name
    with_starttls = {each for each in PROTOCOLS if words[each].go_ahead is not None}
    assert table["starttls_stripped"][1] == table["starttls_injected"][1] == with_starttls
    others = table.keys() - WRONGLY.keys() - {"starttls_stripped", "starttls_injected"}
    for name in others - {"silent_data_port"}:
        assert table[name][1] == {"all"}, name
