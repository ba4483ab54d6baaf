"""A wheel of a clean clone, and fresh environments to install it into."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent


def run(*command: object, cwd: Path, check: bool = True, seconds: float = 600.0) -> str:
    """Run a command; return what it printed."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=seconds)
    if check and done.returncode:
        raise AssertionError(f"{command}: {done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def built(place: Path) -> Path:
    """Return a wheel of a clean clone, made in a directory; skip where no clone can be made."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a git checkout, so no clean clone can be made")
    run("git", "clone", "--quiet", "--depth=1", f"file://{ROOT}", place / "clone", cwd=place)
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", place, place / "clone",
        cwd=place)  # fmt: skip
    (wheel,) = place.glob("netsuite-*.whl")
    return wheel


def environment(place: Path, wheel: Path, *others: str) -> Path:
    """Return the bin/ of an environment into which a wheel was installed, with what it requires and
    no more, but for other packages that are named."""
    venv.create(place, symlinks=True)
    pip(place / "bin", "install", "--quiet", "--no-deps", "--no-compile", wheel)
    (packages,) = place.glob("lib/python*/site-packages")
    wanted = required(Distribution.at(next(packages.glob("netsuite-*.dist-info"))))
    for other in others:
        wanted |= {other, *required(distribution(other))}
    for dependency in wanted:
        lend(dependency, packages)
    return place / "bin"


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
