"""Settings of the Telnet service."""

from __future__ import annotations

import os
import pwd
from dataclasses import replace
from functools import cached_property
from typing import Literal, Self

from pydantic import model_validator

from netsuite.config.sections import loopback, setting
from netsuite.config.values import Seconds
from netsuite.connection.deadlines import Timeouts
from netsuite.connection.settings import ServiceSettings


def _wrong_with(path: str, user: str) -> str:
    """Return why a program may not be run; empty where it may."""
    if not path.startswith("/"):
        return f"program is to begin with a path from the root on, not {path!r}"
    if not os.access(path, os.X_OK) or os.path.isdir(path):
        return f"program {path} is none that can be run"
    if not user:
        return "" if os.geteuid() else "program would run as root; name another user: program_user"
    try:
        owner = pwd.getpwnam(user)
    except KeyError:
        return f"program_user {user} is no user of this system"
    if owner.pw_uid == 0:
        return f"program_user {user} is root"
    if os.geteuid() not in (0, owner.pw_uid):
        return f"program_user is {user}: another user may be taken by root alone"
    return ""


class Settings(ServiceSettings):
    """A shell over mail, news and files (RFC 854)."""

    listen: list[str] = setting(
        loopback(23),
        "Where to listen. Off loopback nobody can log in there: passwords are not taken in the "
        "clear, and TELNET has no STARTTLS.",
    )
    listen_tls: list[str] = setting(loopback(992), "Where to listen under TLS (telnets).")
    greeting_seconds: Seconds = setting(
        0.0,
        "How long a client may say nothing at all, not even of its options; 0: as long as the "
        "login may take.",
        unit="seconds",
        live=True,
    )
    idle_seconds: Seconds = setting(
        1800.0, "How long a user may type nothing.", unit="seconds", live=True
    )
    login_seconds: Seconds = setting(
        120.0, "How long a login may take; 0: for ever.", unit="seconds", live=True
    )
    login_tries: int = setting(
        3, "Passwords that may be tried on a connection.", unit="passwords", ge=1, le=100,
        live=True,
    )  # fmt: skip
    greeting: str = setting(
        "", "The first line shown; empty: the host's name.", live=True, max_length=200
    )
    charset: Literal["us-ascii", "utf-8"] = setting(
        "us-ascii",
        "What is sent to a terminal of which nothing is known (by CHARSET, BINARY, the terminal's "
        "type, the user's locale, or UTF-8 that was typed); in US-ASCII all other characters are "
        "question marks. UTF-8 is always understood.",
        live=True,
    )
    linemode: bool = setting(
        False,
        "Whether clients are asked to edit lines themselves (LINEMODE), which spares slow networks "
        "a packet a key; there is no completion by TAB then.",
        live=True,
    )

    program: list[str] = setting(
        [],
        "A program that those who have logged in are given, on a terminal of its own, in place of "
        "the shell: its path and its words. It runs as the user of this process, or as "
        "program_user, never as root, and is told of nothing but the account's name "
        "(NETSUITE_ACCOUNT), the client's address (REMOTE_ADDR) and the terminal's type (TERM). "
        "Empty: the shell.",
        live=True,
    )
    program_user: str = setting(
        "", "The user of the system that the program runs as, where this process is root.",
        live=True,
    )  # fmt: skip

    @model_validator(mode="after")
    def _program_may_run(self) -> Self:
        """Refuse a program that cannot be run, or would be root's."""
        if self.program:
            wrong = _wrong_with(self.program[0], self.program_user)
            if wrong:
                raise ValueError(wrong)
        return self

    @cached_property
    def timeouts(self) -> Timeouts:
        """The times of one connection, the login's among them."""
        return replace(super().timeouts, login_seconds=self.login_seconds or None)

    @property
    def utf8(self) -> bool:
        """Whether UTF-8 is sent to a terminal of which nothing is known."""
        return self.charset == "utf-8"
