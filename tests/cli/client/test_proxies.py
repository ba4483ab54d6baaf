"""Which proxy a connection goes through."""

from __future__ import annotations

import pytest

from netsuite.cli.client.problems import Usage
from netsuite.cli.client.proxies import parse_proxy, proxy_for
from netsuite.connection.through_proxy import Proxy


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("http://p:3128", Proxy("http", "p", 3128)),
        ("http://p:3128/", Proxy("http", "p", 3128)),
        ("p:8080", Proxy("http", "p", 8080)),
        ("p", Proxy("http", "p", 1080)),
        ("socks5://p", Proxy("socks5", "p", 1080)),
        ("socks5h://[::1]:9", Proxy("socks5h", "::1", 9)),
        ("socks5h://a%40b:c%3Ad@p", Proxy("socks5h", "p", 1080, ("a@b", "c:d"))),
    ],
)
def test_urls(text: str, proxy: Proxy) -> None:
    """Its URL has kind, place and login."""
    assert parse_proxy(text) == proxy
    assert "c:d" not in repr(proxy)


@pytest.mark.parametrize(
    "text", ["https://p", "socks4://p", "http://", "http://p/x", "http://a%0D:b@p", "http://p:x"]
)
def test_no_urls(text: str) -> None:
    """What is not spoken is refused before anything is connected to."""
    with pytest.raises(Usage):
        parse_proxy(text)


ENVIRONMENT = {
    "http_proxy": "http://web:1", "HTTP_PROXY": "http://evil:1", "HTTPS_PROXY": "http://tls:2",
    "all_proxy": "socks5h://all:3", "ftp_proxy": "", "no_proxy": "example.org, 10.0.0.0/8 h:81,::1",
}  # fmt: skip


@pytest.mark.parametrize(
    ("scheme", "host", "port", "given", "place"),
    [
        ("http", "h", 80, None, "web:1"),
        ("https", "h", 443, None, "tls:2"),
        ("ftp", "h", 21, None, "all:3"),
        ("imaps", "h", 993, None, "all:3"),
        ("http", "h", 80, "p:9", "p:9"),
        ("http", "h", 80, "", None),
        ("http", "example.org", 80, None, None),
        ("http", "www.Example.org", 80, None, None),
        ("http", "badexample.org", 80, None, "web:1"),
        ("http", "10.2.3.4", 80, None, None),
        ("http", "11.2.3.4", 80, None, "web:1"),
        ("http", "::1", 80, None, None),
        ("http", "h", 81, None, None),
        ("http", "example.org", 80, "p:9", "p:9"),
    ],
)
def test_chosen(scheme: str, host: str, port: int, given: str | None, place: str | None) -> None:
    """What is given counts, then what the environment says of the scheme, then of all."""
    proxy = proxy_for(scheme, host, port, given, ENVIRONMENT)
    assert (proxy.place if proxy else None) == place


def test_nothing() -> None:
    """HTTP_PROXY is what a web server's client may set; a star is every host."""
    assert proxy_for("http", "h", 80, None, {"HTTP_PROXY": "http://evil"}) is None
    assert proxy_for("http", "h", 80, None, {"all_proxy": "p", "NO_PROXY": "*"}) is None
