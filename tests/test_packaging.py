"""A wheel of a clean clone, in a fresh environment: plugins listed, Twisted left whole."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

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
    """Run a command; return what it printed."""
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, capture_output=True, text=True, timeout=600
    )
    if check and done.returncode:
        raise AssertionError(f"{command}: {done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the bin/ of an environment into which a wheel of a clean clone was installed, with
    what it requires and no more."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a git checkout, so no clean clone can be made")
    place = tmp_path_factory.mktemp("packaging")
    run("git", "clone", "--quiet", "--depth=1", f"file://{ROOT}", place / "clone", cwd=place)
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", place, place / "clone",
        cwd=place)  # fmt: skip
    (wheel,) = place.glob("netsuite-*.whl")
    venv.create(place / "env", symlinks=True)
    pip(place / "env/bin", "install", "--quiet", "--no-deps", "--no-compile", wheel)
    (packages,) = place.glob("env/lib/python*/site-packages")
    for dependency in required(Distribution.at(next(packages.glob("netsuite-*.dist-info")))):
        lend(dependency, packages)
    yield place / "env/bin"
    shutil.rmtree(place, ignore_errors=True)


def pip(binaries: Path, *arguments: object) -> str:
    """Run the tests' own pip on an environment; return what it printed."""
    command = (sys.executable, "-m", "pip", "--python", binaries / "python", *arguments)
    return run(*command, cwd=Path("/"))


def required(package: Distribution, extras: frozenset[str] = frozenset()) -> set[str]:
    """Return the names of all that a package requires, here, and what that requires in turn."""
    found: set[str] = set()
    for requirement in map(Requirement, package.requires or ()):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": each}) for each in {"", *extras}):
            found.add(requirement.name)
            wanted = frozenset(requirement.extras)
            found |= required(distribution(requirement.name), wanted)
    return found


def lend(name: str, packages: Path) -> None:
    """Let an environment use an installed package; Twisted as a copy, since our plugins are put
    among its own."""
    package = distribution(name)
    for part in {file.parts[0] for file in package.files or ()} - {"..", "__pycache__"}:
        path, there = Path(str(package.locate_file(part))), packages / part
        if part == "twisted":
            shutil.copytree(path, there, dirs_exist_ok=True)
        elif not there.exists():
            there.symlink_to(path)


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
