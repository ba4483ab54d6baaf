"""The URLs of items (RFC 4266)."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from netsuite.gopher.commands import Item, ItemType

_PORT: Final = 70
_URL: Final = "URL:"
_TERMINALS: Final = {ItemType.TELNET.value: ("telnet", 23), ItemType.TN3270.value: ("tn3270", 23)}
#: Those that lead nowhere.
_NOWHERE: Final = (ItemType.INFORMATION.value, ItemType.ERROR.value)
#: What need not be written with a percent sign in a selector (RFC 3986, 3.3).
_SAFE: Final = "/:@!$&'()*+,;=~"


def url_of(item: Item, *, secure: bool = False) -> str:
    """Return the URL that leads to what an item of another server's menu stands for; empty for one
    that leads nowhere.

    Args:
        secure: whether the menu came under TLS.
    """
    if item.type in _NOWHERE:
        return ""
    link = item.selector.removeprefix("/")
    if item.type == ItemType.HTML.value and link.startswith(_URL):
        return quote(_octets(link[len(_URL) :]), safe=_SAFE + "?#[]%")
    scheme, usual = _TERMINALS.get(item.type, ("gophers" if secure else "gopher", _PORT))
    host = f"[{item.host}]" if ":" in item.host else quote(item.host, safe="")
    port = "" if item.port in (0, usual) else f":{item.port}"
    if item.type in _TERMINALS:
        login = f"{quote(_octets(item.selector), safe='')}@" if item.selector else ""
        return f"{scheme}://{login}{host}{port}/"
    return f"{scheme}://{host}{port}/{quote(item.type)}{quote(_octets(item.selector), safe=_SAFE)}"


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
