"""Rules and mapped directories as curl and lftp meet them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from netsuite.testing.daemon import Daemon
from tests.interop.programs import program, run


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory of the host's."""
    directory = tmp_path_factory.mktemp("mirror").resolve()
    (directory / "pool" / "sub").mkdir(parents=True)
    for number in range(20):
        (directory / "pool" / "sub" / f"file {number}").write_text(str(number))
    (directory / "pool" / "latest").symlink_to("sub")
    (directory / "out").symlink_to("/etc")
    return directory


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory, mirror: Path) -> Iterator[Daemon]:
    """Return a daemon with an incoming directory, and a mapped one."""
    home = tmp_path_factory.mktemp("ruled")
    (home / "files" / "public" / "incoming").mkdir(parents=True)
    rules = 'files.rules=[{path="/site/incoming", may={anonymous="incoming"}}]'
    mapped = f'files.mapped=[{{path="/site/mirror", directory="{mirror}"}}]'
    links = 'files.links="inside"'
    with Daemon(home, rules, mapped, links, plugin="netsuite-ftp") as running:
        yield running


def test_curl_into_incoming(ruled: Daemon, tmp_path: Path) -> None:
    """curl leaves a file in the incoming directory, once, and cannot see it."""
    curl = program("curl")
    gift = tmp_path / "gift"
    gift.write_bytes(b"gift" * 10_000)
    url = f"ftp://127.0.0.1:{ruled.ports['ftp']}/incoming/"

    def code(*arguments: str | Path) -> int:
        asked = [curl, "-sS", "--max-time", "20", *arguments]
        return subprocess.run(asked, capture_output=True, check=False).returncode

    assert code("-T", gift, url) == 0
    assert (ruled.home / "files/public/incoming/gift").read_bytes() == gift.read_bytes()
    assert code("-T", gift, url) == 25  # the upload was refused
    assert code("-T", gift, "--append", url) == 25
    assert code(f"{url}gift") != 0
    assert code("--list-only", url) != 0
    assert code("-Q", "-DELE gift", url) != 0
    assert (ruled.home / "files/public/incoming/gift").read_bytes() == gift.read_bytes()


def test_lftp_mirrors_what_is_mapped(ruled: Daemon, mirror: Path, tmp_path: Path) -> None:
    """lftp mirrors a mapped directory, with what links in it lead to, and changes nothing there."""
    lftp = program("lftp")
    there = tmp_path / "there"
    settings = "set net:max-retries 1; set net:timeout 20; set ssl:verify-certificate no; "
    where = f"open ftp://127.0.0.1:{ruled.ports['ftp']}; "
    run(lftp, "-c", f"{settings}{where}mirror --parallel=3 /mirror {there}", home=tmp_path)
    names = sorted(str(path.relative_to(there)) for path in there.rglob("file *"))
    wanted = [f"pool/{part}/file {n}" for part in ("latest", "sub") for n in range(20)]
    assert names == sorted(wanted)
    assert not (there / "out").exists()
    alice = f"open -u alice,netsuite ftp://127.0.0.1:{ruled.ports['ftp']}; "
    asked = [lftp, "-c", f"{settings}{alice}mirror -R {tmp_path / 'there'} /site/mirror"]
    (there / "pool" / "new").write_text("x")
    done = subprocess.run(asked, capture_output=True, timeout=60, check=False)
    assert done.returncode != 0
    assert sorted(path.name for path in (mirror / "pool").iterdir()) == ["latest", "sub"]
