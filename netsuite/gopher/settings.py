"""Settings of the GOPHER service."""

from __future__ import annotations

from netsuite.config.sections import loopback, setting
from netsuite.connection.settings import ServiceSettings


class Settings(ServiceSettings):
    """Menus of files and news (RFC 1436)."""

    listen: list[str] = setting(loopback(70), "Where to listen.")
    port: int = setting(
        0,
        "The port put into menus; 0: the one a connection came in on. Another one is wanted "
        "behind a forwarded port.",
        ge=0,
        le=65535,
        live=True,
    )
    title: str = setting(
        "",
        "The first line of the root menu where the site has no gophermap; empty: a welcome.",
        live=True,
    )
    access_log: str = setting(
        "log/gopher-access.log",
        "The access log, in the common log format; relative to the home directory, empty for "
        "none. It may be moved away at any time.",
    )
