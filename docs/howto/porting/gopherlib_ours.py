"""A walk through Gopher, with netsuite."""

from netsuite import blocking


def walk(url):
    """Return the texts of a menu's items, and a document."""
    with blocking.gopher(url, timeout=20) as gopher:
        names = [item.text for item in gopher.menu("/news")]
        return names, gopher.text("/page.txt").decode().splitlines()
