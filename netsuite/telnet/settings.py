"""Settings of the Telnet service."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Literal

from netsuite.config.sections import loopback, setting
from netsuite.config.values import Seconds
from netsuite.connection.deadlines import Timeouts
from netsuite.connection.settings import ServiceSettings


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

    @cached_property
    def timeouts(self) -> Timeouts:
        """The times of one connection, the login's among them."""
        return replace(super().timeouts, login_seconds=self.login_seconds or None)

    @property
    def utf8(self) -> bool:
        """Whether UTF-8 is sent to a terminal of which nothing is known."""
        return self.charset == "utf-8"
