"""A wheel of a clean clone, in a fresh environment: plugins listed, Twisted left whole."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wheels import ROOT, built, environment, pip, run

PLUGINS = (
    "netsuite",
    "netsuite-smtp",
    "netsuite-imap",
    "netsuite-pop3",
    "netsuite-managesieve",
    "netsuite-nntp",
    "netsuite-gopher",
    "netsuite-telnet",
    "netsuite-ftp",
    "netsuite-http",
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the bin/ of an environment into which a wheel of a clean clone was installed, with
    what it requires and no more."""
    place = tmp_path_factory.mktemp("packaging")
    yield environment(place / "env", built(place))
    shutil.rmtree(place, ignore_errors=True)


def twistd(binaries: Path, *arguments: str) -> str:
    """Run an environment's twistd, seen from the root folder, once for each argument; return what
    all of them printed."""
    program = (
        "import contextlib, sys\n"
        "from twisted.scripts.twistd import ServerOptions\n"
        "for words in sys.argv[1:]:\n"
        "    with contextlib.suppress(SystemExit): ServerOptions().parseOptions(words.split())\n"
    )
    return run(binaries / "python", "-c", program, *arguments, cwd=Path("/"))


def listed(binaries: Path) -> set[str]:
    """Return the netsuite commands that twistd lists."""
    printed = twistd(binaries, "--help")
    return {
        word
        for line in printed.splitlines()
        for word in line.split()[:1]
        if word.startswith("netsuite")
    }


@pytest.mark.long
def test_wheel(installed: Path) -> None:
    """Every plugin is listed, the command runs, and uninstalling leaves Twisted whole."""
    assert listed(installed) == set(PLUGINS)
    assert "version" in run(installed / "netsuite", "--version", cwd=Path("/"))
    printed = twistd(installed, *(f"{plugin} --help" for plugin in PLUGINS))
    assert printed.count("--home=") == len(PLUGINS)
    files = pip(installed, "show", "-f", "netsuite")
    assert "twisted/plugins/netsuite_plugins.py" in files
    assert "tests/" not in files
    assert "__init__.py" not in "".join(
        line for line in files.splitlines() if line.strip().startswith("twisted/")
    )
    pip(installed, "uninstall", "--quiet", "-y", "netsuite")
    assert listed(installed) == set()
    run(installed / "python", "-c", "import twisted.plugins, twisted.plugins.twisted_trial",
        cwd=Path("/"))  # fmt: skip


def test_listing_imports_nothing_of_ours() -> None:
    """Twisted lists plugins at each start of any twistd, so ours must stay light."""
    printed = run(
        sys.executable,
        "-c",
        "import sys; from twisted.plugin import getPlugins; "
        "from twisted.application.service import IServiceMaker; "
        "print(sorted(p.tapname for p in getPlugins(IServiceMaker) if 'netsuite' in p.tapname));"
        "print([m for m in sys.modules if m.split('.')[0] == 'netsuite'])",
        cwd=ROOT,
    )
    assert printed.splitlines() == [str(sorted(PLUGINS)), "[]"]
