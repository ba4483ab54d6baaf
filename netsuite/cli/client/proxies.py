"""The proxy that a connection goes through: of ``--proxy``, or of the environment."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

from netsuite.cli.client.problems import Usage
from netsuite.connection.through_proxy import Proxy

#: How a proxy is spoken to, by the scheme of its URL, and the port where none is written.
_KINDS: Final[Mapping[str, tuple[str, int]]] = {
    "http": ("http", 1080),
    "socks": ("socks5h", 1080),
    "socks5": ("socks5", 1080),
    "socks5h": ("socks5h", 1080),
}


def parse_proxy(text: str) -> Proxy:
    """Read a proxy's URL; without a scheme it is http. Raises Usage, which tells no password."""
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Usage("the proxy is no URL: http://HOST:PORT or socks5://HOST:PORT") from None
    kind = _KINDS.get(parts.scheme)
    if kind is None or not host or parts.path not in ("", "/") or parts.query:
        raise Usage("a proxy is http://HOST:PORT, socks5://HOST:PORT or socks5h://HOST:PORT")
    login = None
    if parts.username is not None:
        login = unquote(parts.username), unquote(parts.password or "")
        if any(each < " " or each == "\x7f" for each in "".join(login)) or ":" in login[0]:
            raise Usage("there are characters in the proxy's login that cannot be said")
    return Proxy(kind[0], host, port or kind[1], login)


def proxy_for(
    scheme: str, host: str, port: int, given: str | None, environment: Mapping[str, str]
) -> Proxy | None:
    """Return the proxy to a host; None for none. Raises Usage.

    Args:
        given: by ``--proxy``; empty for none, whatever the environment says; None for not given.
        environment: ``SCHEME_proxy`` and ``all_proxy``, but for hosts of ``no_proxy``; in capitals
            too, but for ``HTTP_PROXY``, which a web server lets its clients set (CGI).
    """
    if given is not None:
        return parse_proxy(given) if given else None
    if not host or _is_left_out(host, port, _value(environment, "no_proxy")):
        return None
    text = environment.get("http_proxy", "") if scheme == "http" else ""
    if scheme != "http":
        text = _value(environment, f"{scheme}_proxy")
    text = text or _value(environment, "all_proxy")
    return parse_proxy(text) if text else None


def _value(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name) or environment.get(name.upper()) or ""


def _is_left_out(host: str, port: int, listed: str) -> bool:
    """Return whether a host is in a list: names, with all below them, addresses, networks, each
    with ``:PORT`` perhaps, or ``*`` for every one."""
    host = host.lower().rstrip(".")
    for each in listed.lower().replace(",", " ").split():
        if each == "*":
            return True
        name, colon, number = each.rpartition(":")
        if colon and number.isdigit() and ":" not in name.strip("[]"):
            if int(number) != port:
                continue
            each = name
        each = each.strip("[]").removeprefix("*").strip(".")
        if each and (host == each or host.endswith(f".{each}") or _is_within(host, each)):
            return True
    return False


def _is_within(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]) in ipaddress.ip_network(
            network, strict=False
        )
    except ValueError:
        return False
