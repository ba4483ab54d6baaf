"""A wheel of a clean clone, in a fresh environment: plugins listed, Twisted left whole."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PLUGINS = (
    "netsuite",
    "netsuite-smtp",
    "netsuite-imap",
    "netsuite-pop3",
    "netsuite-nntp",
    "netsuite-gopher",
    "netsuite-telnet",
    "netsuite-ftp",
    "netsuite-http",
)


def run(*command: object, cwd: Path, check: bool = True) -> str:
    """Run a command; give what it printed."""
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, capture_output=True, text=True, timeout=600
    )
    if check and done.returncode:
        raise AssertionError(f"{command}: {done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the bin/ of an environment into which a wheel of a clean clone was installed."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a git checkout, so no clean clone can be made")
    place = tmp_path_factory.mktemp("packaging")
    run("git", "clone", "--quiet", "--depth=1", f"file://{ROOT}", place / "clone", cwd=place)
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", place, place / "clone",
        cwd=place)  # fmt: skip
    (wheel,) = place.glob("netsuite-*.whl")
    venv.create(place / "env", with_pip=True)
    run(place / "env/bin/python", "-m", "pip", "install", "--quiet", wheel, cwd=place)
    yield place / "env/bin"
    shutil.rmtree(place, ignore_errors=True)


def listed(binaries: Path) -> set[str]:
    """Give the netsuite commands that twistd lists, seen from the root folder."""
    printed = run(binaries / "twistd", "--help", cwd=Path("/"))
    return {
        word
        for line in printed.splitlines()
        for word in line.split()[:1]
        if word.startswith("netsuite")
    }


def test_wheel(installed: Path) -> None:
    """Every plugin is listed, the command runs, and uninstalling leaves Twisted whole."""
    assert listed(installed) == set(PLUGINS)
    assert "version" in run(installed / "netsuite", "--version", cwd=Path("/"))
    for plugin in PLUGINS:
        assert "--home" in run(installed / "twistd", plugin, "--help", cwd=Path("/"))
    files = run(installed / "python", "-m", "pip", "show", "-f", "netsuite", cwd=Path("/"))
    assert "twisted/plugins/netsuite_plugins.py" in files
    assert "tests/" not in files
    assert "__init__.py" not in "".join(
        line for line in files.splitlines() if line.strip().startswith("twisted/")
    )
    run(installed / "python", "-m", "pip", "uninstall", "--quiet", "-y", "netsuite", cwd=Path("/"))
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
