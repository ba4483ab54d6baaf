"""``netsuite install-system``: what a machine needs to run the daemon as a service."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Final

import click

#: Where the daemon's home is on a machine that runs it as a service.
SYSTEM_HOME: Final = Path("/var/lib/netsuite")
#: By file of ``netsuite.packaging``, where it goes.
PLACES: Final[Mapping[str, str]] = {
    "netsuite.service": "systemd/system/netsuite.service",
    "netsuite.socket": "systemd/system/netsuite.socket",
    "sysusers.conf": "sysusers.d/netsuite.conf",
    "tmpfiles.conf": "tmpfiles.d/netsuite.conf",
}
#: The netsuite command, for which root's home is the daemon's.
COMMAND: Final = "netsuite"
#: Of the machine itself, and of programs that may not be there.
OTHERS: Final[Mapping[str, str]] = {
    "logrotate.conf": "logrotate.d/netsuite",
    "fail2ban-filter.conf": "fail2ban/filter.d/netsuite.conf",
    "fail2ban-jail.conf": "fail2ban/jail.d/netsuite.conf",
}


@click.command("install-system")
@click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("/"),
    show_default=True,
    metavar="DIR",
    help="Write below another root, and run nothing.",
)
@click.option(
    "--vendor",
    is_flag=True,
    help="As a distribution's package does: systemd's files below usr/lib.",
)
@click.option(
    "--bin", "programs", metavar="DIR", help="Where twistd will be; else where it is by now."
)
def install_system(root: Path, vendor: bool, programs: str | None) -> None:
    """Write what this machine needs to run the daemon as a service of systemd.

    That is the unit, a unit of sockets, the command in /usr/local/bin, log rotation, and fail2ban's
    filter and jail. Then the user netsuite is made, the home /var/lib/netsuite, and /etc/netsuite
    for its configuration. Nothing is started. Files that it has written before are written anew.
    """
    here = programs or str(Path(sys.executable).parent)
    if " " in here:
        raise click.UsageError(f"a unit cannot name a program in {here!r}: there is a space in it")
    try:
        for path in write_files(root, vendor=vendor, programs=here):
            click.echo(f"wrote {path}")
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from None
    if root == Path("/"):
        _make_user_and_folders()
        _list_plugins()
        click.echo("next:")
        click.echo("  netsuite init --hostname mail.example.org")
        click.echo("  netsuite account add NAME")
        click.echo("  systemctl enable --now netsuite")


def write_files(root: Path, *, vendor: bool, programs: str) -> list[Path]:
    """Write all files below a root; return their paths.

    Args:
        vendor: whether systemd's go to ``usr/lib``, where packages put them, rather than ``etc``.
        programs: the folder of twistd, seen from that root.
    """
    systemd = root / ("usr/lib" if vendor else "etc")
    files = {name: systemd / place for name, place in PLACES.items()}
    files |= {name: root / "etc" / place for name, place in OTHERS.items()}
    files[COMMAND] = root / ("usr/bin" if vendor else "usr/local/bin") / "netsuite"
    for name, path in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            path.unlink()  # as to this very environment's program, which is not to be written
        path.write_text(text_of(name).replace("@BIN@", programs), encoding="utf-8")
        path.chmod(0o755 if name == COMMAND else 0o644)
    return list(files.values())


def text_of(name: str) -> str:
    """Return a file of ``netsuite.packaging``."""
    return (resources.files("netsuite.packaging") / "system" / name).read_text(encoding="utf-8")


def _make_user_and_folders() -> None:
    """Have systemd make what its files say; it need not run, but be there."""
    for command in (
        ["systemd-sysusers", "/etc/sysusers.d/netsuite.conf"],
        ["systemd-tmpfiles", "--create", "/etc/tmpfiles.d/netsuite.conf"],
        ["systemctl", "daemon-reload"],
    ):
        if shutil.which(command[0]) is None:
            raise click.ClickException(
                f"there is no {command[0]} here: make the user netsuite and its home {SYSTEM_HOME} "
                "as docs/howto/install.rst says"
            )
        if command[0] == "systemctl" and not os.path.isdir("/run/systemd/system"):
            continue
        done = subprocess.run(command, check=False)
        if done.returncode:
            raise click.ClickException(f"{' '.join(command)} has failed")


def _list_plugins() -> None:
    """Have Twisted write down which plugins there are: each start would try, and may not."""
    from twisted.application.service import IServiceMaker
    from twisted.plugin import getPlugins

    list(getPlugins(IServiceMaker))
