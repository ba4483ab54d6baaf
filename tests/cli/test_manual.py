"""Manual pages: one a command, with what its help says, and nothing that roff complains of."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from netsuite.cli import SECTIONS, main
from netsuite.cli.client.problems import Exit
from netsuite.cli.manual import CODES

NAMES = [name for entries in SECTIONS.values() for name in entries]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with all pages."""
    directory = tmp_path_factory.mktemp("manual")
    result = CliRunner().invoke(
        main, ["manual", "--man", str(directory)], env={"SOURCE_DATE_EPOCH": "1000000000"}
    )
    assert result.exit_code == 0, result.output
    return directory


def literal(text: str) -> str:
    """Return a page's text without roff's marks, on one line."""
    for mark, meant in (("\\-", "-"), ("\\fB", "`"), ("\\fR", "`"), ("\\e", "\\"), ("\\&", "")):
        text = text.replace(mark, meant)
    return " ".join(text.split())


def test_every_command(pages: Path) -> None:
    """There is a page for each, which says all that the help says, of its options too."""
    assert {each.stem for each in pages.iterdir()} == {
        "netsuite",
        *(f"netsuite-{n}" for n in NAMES),
    }
    with click.Context(main, info_name="netsuite") as context:
        for name in NAMES:
            command = main.get_command(context, name)
            assert command is not None
            page = literal((pages / f"netsuite-{name}.1").read_text())
            page = page.replace(".nf ", "").replace(" .fi", "")
            assert page.startswith(f'.TH "NETSUITE-{name.upper()}" 1 "2001-09-09"')
            for part in (command.help or "").split("\n\n"):
                assert " ".join(part.replace("\b", "").split()) in page.replace(".PP ", ""), name
            for each in command.params:
                if isinstance(each, click.Option):
                    assert f".B {each.opts[0]}" in page or f", {each.opts[-1]}" in page, each.opts


def test_the_whole(pages: Path) -> None:
    """netsuite(1) leads to every other page."""
    page = literal((pages / "netsuite.1").read_text())
    for entries in SECTIONS.values():
        for name, entry in entries.items():
            assert f".BR netsuite-{name} (1) {entry.help}" in page


def test_exit_codes() -> None:
    """Every code is explained."""
    assert set(CODES) == set(Exit)


def test_one() -> None:
    """A page is printed; of what is no command, none."""
    assert CliRunner().invoke(main, ["manual", "rm"]).output.startswith('.TH "NETSUITE\\-RM" 1')
    assert CliRunner().invoke(main, ["manual"]).output.startswith('.TH "NETSUITE" 1')
    assert CliRunner().invoke(main, ["manual", "nonsense"]).exit_code == 2


def test_lint(pages: Path) -> None:
    """mandoc has nothing against them."""
    mandoc = shutil.which("mandoc")
    if mandoc is None:
        pytest.skip("mandoc is not installed")
    done = subprocess.run(
        [mandoc, "-T", "lint", "-W", "warning", *sorted(map(str, pages.iterdir()))],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    # It looks for the pages that are referred to among those of the machine.
    found = [line for line in done.stdout.splitlines() if "referenced manual not found" not in line]
    assert found == []


def test_groff(pages: Path) -> None:
    """Nor has man."""
    man = shutil.which("man")
    if man is None:
        pytest.skip("man is not installed")
    for name in ("netsuite", "netsuite-get", "netsuite-mirror", "netsuite-account"):
        done = subprocess.run(
            [man, "--warnings", "-l", str(pages / f"{name}.1")], capture_output=True, text=True,
            timeout=60, env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "MANWIDTH": "100"},
        )  # fmt: skip
        complaints = [each for each in done.stderr.splitlines() if "cannot adjust" not in each]
        assert (done.returncode, complaints) == (0, [])
