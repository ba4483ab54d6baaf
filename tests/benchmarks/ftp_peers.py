"""Starts the FTP servers that are measured beside netsuite: pyftpdlib and vsftpd, plain or TLS."""

from __future__ import annotations

import contextlib
import datetime
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.benchmarks import servers
from tests.benchmarks.servers import Absent, Running

#: Files are fetched and stored below this directory by anybody.
UPLOADS: Final = "up"
_VSFTPD: Final = """\
listen=YES
listen_address=127.0.0.1
listen_port={port}
background=NO
anonymous_enable=YES
no_anon_password=YES
anon_root={home}/files
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=YES
anon_umask=022
write_enable=YES
local_enable=NO
seccomp_sandbox=NO
xferlog_enable=NO
log_ftp_protocol=NO
secure_chroot_dir={home}/empty
allow_anon_ssl=YES
ssl_enable={tls}
force_anon_data_ssl={tls}
force_anon_logins_ssl=NO
require_ssl_reuse=NO
ssl_ciphers=HIGH
rsa_cert_file={home}/both.pem
"""


def certificate(path: Path) -> None:
    """Write a key and a certificate of its own for it into a file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench.example.test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(9))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(encoding, form, plain) + made.public_bytes(encoding))


@contextlib.contextmanager
def pyftpdlib(*, tls: bool = False) -> Iterator[Running]:
    """Run pyftpdlib over an empty folder."""
    try:
        import pyftpdlib as package
    except ImportError:
        raise Absent("the package pyftpdlib is not installed") from None
    port = servers.free_port()
    with servers.folder() as home:
        (home / "files" / UPLOADS).mkdir(parents=True)
        certificate(home / "both.pem")
        both = str(home / "both.pem")
        secure = ["--tls", "--keyfile", both, "--certfile", both]
        process = subprocess.Popen(
            [sys.executable, "-m", "pyftpdlib", "-i", "127.0.0.1", "-p", str(port), "-w",
             "-u", "alice", "-P", "netsuite", "-d", str(home / "files"), *(secure if tls else [])],
            cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            servers.wait_for_port(port, process)
            yield Running(f"pyftpdlib {package.__ver__}", port, process.pid, home)
        finally:
            servers.stop(process)


@contextlib.contextmanager
def vsftpd(*, tls: bool = False) -> Iterator[Running]:
    """Run vsftpd, whose anonymous users may store; it must be started as root."""
    program = shutil.which("vsftpd", path="/usr/sbin:/sbin:/usr/bin")
    if program is None:
        raise Absent("vsftpd is not installed")
    if os.getuid():
        raise Absent("vsftpd is started by root only")
    port = servers.free_port()
    with servers.folder() as home:
        (home / "files" / UPLOADS).mkdir(parents=True)
        shutil.chown(home / "files" / UPLOADS, "ftp")
        (home / "empty").mkdir()
        certificate(home / "both.pem")
        settings = _VSFTPD.format(port=port, home=home, tls="YES" if tls else "NO")
        (home / "vsftpd.conf").write_text(settings)
        process = subprocess.Popen(
            [program, home / "vsftpd.conf"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        try:
            servers.wait_for_port(port, process)
            yield Running("vsftpd", port, process.pid, home)
        finally:
            servers.stop(process)


Starter = Callable[..., contextlib.AbstractContextManager[Running]]
