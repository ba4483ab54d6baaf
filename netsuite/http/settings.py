"""Settings of the HTTP service."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated

from netsuite.config.sections import loopback, setting
from netsuite.config.values import Count, Seconds, written
from netsuite.connection.settings import ServiceSettings
from netsuite.http.limits import HeadLimits

NewsPath = Annotated[
    str,
    written(
        r"(?:/(?:[A-Za-z0-9._~-]+/)+)?",
        "must be a path of letters, digits and ._~- that begins and ends with a slash, "
        "as /news/ does, or empty, not {!r}",
    ),
]
RPCPath = Annotated[
    str,
    written(
        r"(?:/[^{}?#\s]*)?",
        "must be a path that begins with a slash and has no braces, white space, ? or #, "
        "as /RPC2, or empty, not {!r}",
    ),
]


class Settings(ServiceSettings):
    """Files, news and XML-RPC for browsers and programs (RFC 9110, 9112)."""

    listen: list[str] = setting(loopback(80), "Where to listen.")
    listen_tls: list[str] = setting(loopback(443), "Where to listen under TLS (https).")
    greeting_seconds: Seconds = setting(
        30.0,
        "How long a new connection may take until its first request is there.",
        unit="seconds",
        live=True,
    )
    idle_seconds: Seconds = setting(
        75.0, "How long a connection is kept between two requests.", unit="seconds", live=True
    )
    command_seconds: Seconds = setting(
        30.0,
        "How long a request's header may take to arrive whole, and its body to make any progress.",
        unit="seconds",
        live=True,
    )
    minimum_octets_per_second: Count = setting(
        100,
        "What a body, either way, must average after its first minute; 0: anything.",
        unit="octets per second",
        live=True,
    )
    target_octets: int = setting(
        8192, "The longest request line; a longer one is answered 414.", unit="octets", ge=100,
        live=True,
    )  # fmt: skip
    header_octets: int = setting(
        65_536, "The largest header; a larger one is answered 431.", unit="octets", ge=1000,
        live=True,
    )  # fmt: skip
    fields: int = setting(
        100, "Fields of a header; more are answered 431.", unit="fields", ge=10, live=True
    )
    body_octets: Count = setting(
        10 * 1024**3,
        "The largest body of a request, uploads included; a larger one is answered 413. 0: any.",
        unit="octets",
        live=True,
    )
    remember_seconds: Seconds = setting(
        1.0,
        "How long a small file is answered from memory before it is looked at again. Changes "
        "made through this daemon, or seen by it (files.watched_directories), are shown at once, "
        "others after that time. 0: look each time.",
        unit="seconds",
    )
    access_log: str = setting(
        "log/http-access.log",
        "The access log, in the combined format; relative to the home directory, empty for none. "
        "It may be moved away at any time.",
    )
    precompressed: bool = setting(
        True,
        "Whether `a.css.gz` is given for `a.css` (Content-Encoding: gzip) to clients that take it, "
        "where it is there and no older. Of text and the like; nothing is compressed here.",
    )
    news_path: NewsPath = setting(
        "/news/",
        "Below which path the newsgroups are shown, with a slash at both ends; empty: nowhere. "
        "What the public site has below that path is hidden. Nothing is shown where "
        "`nntp.anonymous` is `none`.",
    )
    xmlrpc_path: RPCPath = setting("/RPC2", "Where XML-RPC is answered; empty: nowhere.")
    xmlrpc_octets: int = setting(1024 * 1024, "The largest XML-RPC call.", unit="octets", ge=1000)

    @cached_property
    def head_limits(self) -> HeadLimits:
        """How large the head of a request may be."""
        return HeadLimits(
            line_octets=self.target_octets, head_octets=self.header_octets, fields=self.fields
        )
