"""Settings of the Gopher service."""

from __future__ import annotations

from netsuite.config.sections import loopback, setting
from netsuite.config.values import Count
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
    entries: Count = setting(
        2000, "How many entries of a directory a menu shows.", unit="entries", live=True
    )
    articles: Count = setting(
        200,
        "How many articles of a newsgroup a menu shows, the newest first.",
        unit="articles",
        live=True,
    )
    found: Count = setting(
        100, "How many results of a search a menu shows.", unit="results", live=True
    )
    access_log: str = setting(
        "log/gopher-access.log",
        "The access log, in the common log format; relative to the home directory, empty for "
        "none. It may be moved away at any time.",
    )
