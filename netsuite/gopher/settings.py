"""What one Gopher service is told: its name, what it shows, how much."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a Gopher service.

    Args:
        host: the name put into menus.
        port: the port put into menus; 0 for the one a connection came in on.
        title: the first line of the root menu where the site has no gophermap.
        entries: how many entries of a directory a menu shows.
        articles: how many articles of a group a menu shows, the newest first.
        found: how many results of a search a menu shows.
        news: whether everybody may read the newsgroups.
    """

    host: str = "localhost"
    port: int = 0
    title: str = "netsuite"
    entries: int = 2000
    articles: int = 200
    found: int = 100
    news: bool = True
