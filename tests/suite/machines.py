"""Fresh Debian machines in an empty root: made by debootstrap, and started with their own systemd.

A root takes packages from where this machine does, so its sources, resolver and pip's configuration
are copied into it. A machine that runs has processes, mounts and a network of its own: it can reach
nothing outside, and nothing outside it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from glob import glob
from pathlib import Path
from typing import Final

RELEASE: Final = "bookworm"
#: What a fresh Debian has; the smallest root of debootstrap does not.
FRESH: Final = ("systemd", "systemd-sysv", "dbus", "ca-certificates", "iproute2", "procps")
START_SECONDS: Final = 120.0
_MIRROR_VARIABLE: Final = "NETSUITE_DEBIAN_MIRROR"
#: Of this machine: where packages come from.
_COPIED: Final = (
    "/etc/hosts", "/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt", "/etc/pip.conf",
    "/etc/xdg/pip", "/etc/apt/apt.conf.d/*proxy*",
)  # fmt: skip
_NAMESPACES: Final = ("--mount", "--pid", "--ipc", "--uts")

#: Makes of a root a place in which systemd starts, and starts it.
_BOOT: Final = """
set -e
root=$1
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for name in null zero full random urandom tty; do
    touch "$root/dev/$name"
    mount --bind "/dev/$name" "$root/dev/$name"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
ip link set lo up
cd "$root"
mkdir -p old
pivot_root . old
umount -l /old
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd \\
    systemd.unit=multi-user.target
"""


def missing() -> str:
    """Return why no machine can be made here; empty where it can."""
    if os.geteuid() != 0:
        return "only root can make one"
    for program in ("debootstrap", "unshare", "nsenter", "ip", "pivot_root"):
        if shutil.which(program) is None:
            return f"there is no {program}"
    return "" if mirror() else "no mirror of Debian is known"


def mirror() -> str:
    """Return where this machine has Debian's packages from; empty where that is not said."""
    if named := os.environ.get(_MIRROR_VARIABLE):
        return named
    for pattern in ("/etc/apt/sources.list", "/etc/apt/sources.list.d/*"):
        for name in glob(pattern):
            for word in Path(name).read_text("utf-8", "replace").split():
                if word.startswith("http") and word.rstrip("/").endswith("/debian"):
                    return word
    return ""


class Machine:
    """A Debian in a folder.

    Args:
        root: made if it is not there.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._systemd: subprocess.Popen[bytes] | None = None
        self._init = 0
        if not root.exists():
            self._make()

    def _make(self) -> None:
        included = f"--include={','.join(FRESH)}"
        # What it mounts goes with it, also where it is ended.
        line = ["unshare", *_NAMESPACES, "--fork", "--mount-proc", "--kill-child", "debootstrap",
                "--variant=minbase", included, RELEASE, str(self.root), mirror()]  # fmt: skip
        _checked(line, {}, 900.0)
        for pattern in _COPIED:
            for name in glob(pattern):
                to = self.root / name.lstrip("/")
                to.parent.mkdir(parents=True, exist_ok=True)
                if os.path.isdir(name):
                    shutil.copytree(name, to, dirs_exist_ok=True)
                else:
                    shutil.copyfile(name, to)

    def call_itself(self, name: str) -> None:
        """Have the machine go by a name, as Debian's installer writes it."""
        (self.root / "etc/hostname").write_text(f"{name.partition('.')[0]}\n")
        with open(self.root / "etc/hosts", "a") as hosts:
            hosts.write(f"127.0.1.1 {name} {name.partition('.')[0]}\n")

    def install(self, script: str, *, folder: str = "/", seconds: float = 900.0) -> str:
        """Run a shell's lines in the root, with this machine's network; return what was printed."""
        root = str(self.root)
        line = ["unshare", *_NAMESPACES, "--fork", f"--mount-proc={root}/proc", "--kill-child",
                "chroot", root, "/bin/bash", "-euc", f"cd {folder}\n{script}"]  # fmt: skip
        return _checked(line, _settings(), seconds)

    def start(self) -> None:
        """Start systemd; return when all that starts with it has."""
        line = ["unshare", *_NAMESPACES, "--net", "--cgroup", "--fork", "--kill-child",
                "/bin/bash", "-c", _BOOT, "boot", str(self.root)]  # fmt: skip
        self._systemd = subprocess.Popen(
            line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        end = time.monotonic() + START_SECONDS
        while True:
            children = Path(f"/proc/{self._systemd.pid}/task/{self._systemd.pid}/children")
            found = children.read_text().split() if children.exists() else []
            if found:
                self._init = int(found[0])
                state = self.run("systemctl is-system-running || true").strip()
                if state in ("running", "degraded"):
                    return
            if self._systemd.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"systemd does not start: {self._systemd.poll()}")
            time.sleep(0.2)

    def run(self, script: str, *, given: str = "", seconds: float = 180.0) -> str:
        """Run a shell's lines in the machine that runs; return what was printed."""
        line = ["nsenter", f"--target={self._init}", "--mount", "--pid", "--ipc", "--uts", "--net",
                "--cgroup", "/bin/bash", "-uc", script]  # fmt: skip
        return _checked(line, {}, seconds, given)

    def stop(self) -> None:
        """End it, and all that runs in it."""
        if self._systemd is not None:
            if self._init:
                os.kill(self._init, signal.SIGKILL)  # of its namespace: all others go with it
            self._systemd.kill()
            self._systemd.communicate()
            self._systemd = None


def removed(root: Path) -> None:
    """Remove a root, and never what is mounted in it."""
    subprocess.run(["rm", "-rf", "--one-file-system", root], check=True)


def _settings() -> Mapping[str, str]:
    """Return what this machine's environment says of proxies and of pip."""
    kept = ("PIP_CERT", "PIP_INDEX_URL", "PIP_DEFAULT_TIMEOUT", "SSL_CERT_FILE")
    return {
        name: value
        for name, value in os.environ.items()
        if name in kept or name.lower().endswith("_proxy")
    }


def _checked(
    line: Sequence[str], settings: Mapping[str, str], seconds: float, given: str = ""
) -> str:
    """Run a command in an environment as after a login; return what it printed."""
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "DEBIAN_FRONTEND": "noninteractive",
        **settings,
    }
    done = subprocess.run(
        line, env=environment, input=given, capture_output=True, text=True, timeout=seconds
    )
    if done.returncode:
        raise AssertionError(f"{line[-1]}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr
