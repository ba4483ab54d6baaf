"""Settings of the Gopher service."""

from __future__ import annotations

from netsuite.config.sections import loopback, setting
from netsuite.config.values import Count, DomainName, PublicDirectory, Seconds
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
    dates: bool = setting(True, "Whether listings show when files were changed, in UTC.", live=True)
    sizes: bool = setting(True, "Whether listings show how large files are.", live=True)
    parents: bool = setting(
        True, "Whether the menu of a directory begins with a link to the one above.", live=True
    )
    header: str = setting(
        "", "What stands above the menu of each directory, in the form of a gophermap.", live=True
    )
    footer: str = setting("", "What stands below it, likewise.", live=True)
    mark_plus: bool = setting(
        False,
        "Whether every item says that it has attributes (Gopher+), as old clients want it; those "
        "of menus that are asked for by Gopher+ always do.",
    )
    hosts: dict[DomainName, PublicDirectory] = setting(
        {},
        "Names of hosts that this server also is, each with the directory of the public site that "
        "is the root there: for clients that name it under TLS (SNI), and for all at the selector "
        "`/;NAME`.",
        live=True,
    )
    tls_port: int = setting(
        0,
        "The port that `caps.txt` says has TLS; 0: nothing is said. TLS that begins on the plain "
        "port is taken there, too, where there is a certificate.",
        ge=0,
        le=65535,
        live=True,
    )
    programs: str = setting(
        "",
        "A directory of programs that are run for the selectors `/cgi-bin/NAME`, as CGI has it; "
        "relative to the home directory, and not within `files`; empty: nothing is run. A process "
        "that is root runs none.",
    )
    program_seconds: Seconds = setting(30.0, "How long such a program may run.", unit="seconds")
    programs_at_once: Count = setting(8, "How many of them run at once.", unit="programs")
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
