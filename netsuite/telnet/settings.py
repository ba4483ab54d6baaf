"""What one Telnet service is told: its names, its greeting, how one logs in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a Telnet service.

    Args:
        host: the name it goes by.
        domain: of the addresses that articles are posted from.
        greeting: the first line; empty for one of the service's own.
        utf8: whether UTF-8 is sent to a client with which no charset was agreed; else US-ASCII,
            with a question mark for all else.
        login_tries: wrong passwords, after which the connection is closed.
        login_seconds: until somebody has logged in.
    """

    host: str = "localhost"
    domain: str = "localhost"
    greeting: str = ""
    utf8: bool = False
    login_tries: int = 3
    login_seconds: float | None = 120.0
