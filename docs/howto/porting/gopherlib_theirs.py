"""A walk through Gopher, with gopherlib of the standard library (until Python 2.7)."""

import gopherlib


def walk(host, port):
    """Return the texts of a menu's items, and a document."""
    menu = gopherlib.get_directory(gopherlib.send_selector("/news", host, port))
    names = [text for _, text, _, _, _ in menu]
    return names, gopherlib.get_textfile(gopherlib.send_selector("/page.txt", host, port))
