"""Other people's clients: where they are, and whether they can do what a test needs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import pytest

_PATH: Final = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/games"

#: What each program is asked to learn what it can do, and what it says of each feature.
_FEATURES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "curl": ("--version", {
        "SCRAM": r"(?mi)^Features:.*\bgsasl\b",
        "TLS": r"(?m)^Features:.*\bSSL\b",
        **{
            protocol: rf"(?m)^Protocols:.*\b{protocol}\b"
            for protocol in ("ftp", "ftps", "gopher", "http", "https", "imap", "imaps",
                             "pop3", "pop3s", "smtp", "smtps", "telnet")
        },
    }),
    "fetchmail": ("--version", {
        "SSL": r"\+SSL",
        # It names those that are missing.
        "POP3": r"(?s)\A(?!.*release \S*-POP3\b)",
        "IMAP": r"(?s)\A(?!.*release \S*-IMAP\b)",
    }),
    "lftp": ("--version", {"TLS": r"GnuTLS|OpenSSL"}),
    "mbsync": ("--version", {"Far and Near": r"isync (1\.[4-9]|1\.\d\d|[2-9])"}),
    "msmtp": ("--version", {"SCRAM-SHA-256": r"scram-sha-256"}),
    "mutt": ("-v", {
        "IMAP": r"\+USE_IMAP|NeoMutt",
        "POP": r"\+USE_POP|NeoMutt",
        "SSL": r"\+USE_SSL|\+ssl|\+openssl|\+gnutls",
    }),
    "script": ("--help", {"--command": r"--command"}),
    "slrn": ("--version", {"NNTP": r"\+nntp"}),
    "swaks": ("--support", {
        "TLS": r"=== TLS supported",
        "AUTH": r"=== Basic AUTH supported",
    }),
    "telnet": ("--help", {"-8": r"-\w*8"}),
    "tin": ("-V", {"NNTP": r"\+NNTP_ABLE"}),
    "wget": ("--help", {"recursive FTP": r"(?s)--recursive.*FTP options|FTP options.*--recursive"}),
}  # fmt: skip


def program(name: str, *features: str) -> str:
    """Return a program's path. Skips the test where there is none, or one without a feature."""
    found = shutil.which(name, path=_PATH)
    if found is None:
        pytest.skip(f"{name} is not installed")
    for feature in features:
        if not offers(name, feature):
            pytest.skip(f"this {name} has no {feature}, says {name} {_FEATURES[name][0]}")
    return found


def offers(name: str, feature: str) -> bool:
    """Return whether an installed program says of itself that it has a feature."""
    option, features = _FEATURES[name]
    return re.search(features[feature], _told(name, option)) is not None


@cache
def _told(name: str, option: str) -> str:
    return run(shutil.which(name, path=_PATH) or name, option, ok=False)


def run(
    *command: object,
    text: str = "",
    home: Path | None = None,
    ok: bool = True,
    seconds: float = 60,
) -> str:
    """Run a program; return what it printed. Nothing of the caller's environment changes it."""
    done = subprocess.run(
        [str(word) for word in command],
        input=text,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds,
        cwd=home,
        env={"HOME": str(home or "/"), "PATH": _PATH, "LANG": "C", "TERM": "xterm"},
    )
    printed = done.stdout + done.stderr
    if ok and done.returncode:
        raise AssertionError(f"{command}\n{printed}")
    return printed
