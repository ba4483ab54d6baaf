"""The settings of each service."""

from __future__ import annotations

from typing import Literal

from netsuite.config.sections import Section, loopback, setting
from netsuite.config.values import (
    Count,
    Distribution,
    DistributionPattern,
    Network,
    Seconds,
)


class ServiceSection(Section):
    """What every service has."""

    enabled: bool = setting(True, "Whether `twistd netsuite` starts it.")
    listen: list[str] = setting(
        [], "Where to listen: Twisted endpoint strings, such as tcp:25 or unix:/run/lmtp.sock."
    )
    listen_tls: list[str] = setting(
        [], "Where to listen with TLS from the first octet: endpoint strings as for `listen`."
    )
    proxies: list[Network] = setting(
        [],
        "Addresses or networks of proxies (`unix` for local sockets) that put a PROXY protocol "
        "header (v1 or v2) before each connection; from them a connection without one is "
        "refused.",
    )
    idle_seconds: Seconds = setting(
        300.0, "How long a connection may say nothing between commands.", unit="seconds"
    )
    command_seconds: Seconds = setting(
        120.0,
        "How long one command may take to arrive whole, and a body to make any progress.",
        unit="seconds",
    )
    connections: Count = setting(
        10_000, "Connections at once; one more is told to come back later.", unit="connections"
    )
    connections_per_address: Count = setting(
        200,
        "Connections at once from one IPv4 address or one IPv6 /64.",
        unit="connections",
    )
    bad_commands: Count = setting(
        20, "Refused or unknown commands after which a connection is closed.", unit="commands"
    )
    transcript: bool = setting(
        False, "Whether to log every line said, with passwords masked; for finding faults."
    )


class SMTPSection(ServiceSection):
    """Mail from other hosts (RFC 5321), on the standard port 25."""

    listen: list[str] = setting(loopback(25), "Where other hosts hand in mail.")
    greeting_seconds: Seconds = setting(
        300.0,
        "How long the first command may take, a TLS handshake included; RFC 5321, 4.5.3.2.7 wants "
        "five minutes. Other services give one.",
        unit="seconds",
    )
    message_octets: Count = setting(
        50 * 1024 * 1024, "The largest message taken.", unit="octets", live=True
    )
    recipients: int = setting(
        1000, "Recipients of one message.", unit="recipients", ge=100, live=True
    )
    bare_line_ends: Literal["refuse", "mend"] = setting(
        "refuse",
        "What becomes of a message with a CR or LF alone in it: refused whole, or each made CRLF. "
        "Either way only CRLF.CRLF ends a message.",
        live=True,
    )
    message_log: str = setting(
        "log/smtp.log",
        "The message log: a line for each message taken or refused, and each recipient refused; "
        "relative to the home directory, empty for none. It may be moved away at any time.",
    )


class SubmissionSection(SMTPSection):
    """Mail from our own users (RFC 6409), who must log in first."""

    listen: list[str] = setting(loopback(587), "Where users hand in mail, with STARTTLS.")
    listen_tls: list[str] = setting(loopback(465), "Where users hand in mail under TLS (RFC 8314).")
    message_log: str = setting(
        "log/submission.log", "The message log, as that of `smtp`; empty for none."
    )


class IMAPSection(ServiceSection):
    """Mailboxes for mail programs (RFC 3501)."""

    listen: list[str] = setting(loopback(143), "Where to listen, with STARTTLS.")
    listen_tls: list[str] = setting(loopback(993), "Where to listen under TLS.")
    idle_seconds: Seconds = setting(
        1800.0,
        "How long a connection that has logged in may say nothing; RFC 3501, 5.4 wants at least "
        "30 minutes.",
        unit="seconds",
        ge=1800,
    )
    append_octets: Count = setting(
        100 * 1024 * 1024, "The largest message that APPEND takes.", unit="octets", live=True
    )


class POP3Section(ServiceSection):
    """Mailboxes to fetch and empty (RFC 1939)."""

    listen: list[str] = setting(loopback(110), "Where to listen, with STLS.")
    listen_tls: list[str] = setting(loopback(995), "Where to listen under TLS.")
    idle_seconds: Seconds = setting(
        600.0,
        "How long a connection may say nothing; RFC 1939, 3 wants at least 10 minutes.",
        unit="seconds",
        ge=600,
    )


class NNTPSection(ServiceSection):
    """Newsgroups for newsreaders (RFC 3977)."""

    listen: list[str] = setting(loopback(119), "Where to listen, with STARTTLS.")
    listen_tls: list[str] = setting(loopback(563), "Where to listen under TLS.")
    idle_seconds: Seconds = setting(
        600.0,
        "How long a connection may say nothing; RFC 3977, 3.1 wants at least 3 minutes.",
        unit="seconds",
        ge=180,
    )
    anonymous: Literal["read", "none"] = setting(
        "read",
        "What somebody who has not logged in may do: read the news, or nothing.",
        live=True,
    )
    posting: Literal["login", "open", "none"] = setting(
        "login",
        "Who may post: those who have logged in, everybody who may read, or nobody.",
        live=True,
    )
    article_octets: Count = setting(
        4 * 1024 * 1024, "The largest article taken; 0: any.", unit="octets", live=True
    )
    crossposts: int = setting(
        10, "Newsgroups that one article may be posted to.", unit="newsgroups", ge=1, live=True
    )
    oldest_days: int = setting(
        10,
        "How far the Date of a posted article may lie back; RFC 5537, 3.5 wants at least 3 days.",
        unit="days",
        ge=3,
        live=True,
    )
    tell_source: bool = setting(
        False,
        "Whether articles tell the address they were posted from (in Path and Injection-Info).",
        live=True,
    )
    complaints: str = setting(
        "",
        "A mail address for complaints about articles, told in Injection-Info; empty: none.",
        live=True,
    )
    motd: str = setting(
        "", "A message of the day for newsreaders (LIST MOTD); empty: none.", live=True
    )
    subscriptions: list[str] = setting(
        [],
        "Newsgroups recommended to newcomers, the most important first (LIST SUBSCRIPTIONS).",
        live=True,
    )
    distributions: list[Distribution] = setting(
        [],
        "Values of the Distribution field that posters may choose from (LIST DISTRIBUTIONS): each "
        'the value, a space and its meaning, as in "local Local to this site".',
        live=True,
    )
    distribution_patterns: list[DistributionPattern] = setting(
        [],
        "Which distribution suits which newsgroups (LIST DISTRIB.PATS), as WEIGHT:WILDMAT:VALUE.",
        live=True,
    )


class FTPSection(ServiceSection):
    """Files to fetch and store (RFC 959)."""

    listen: list[str] = setting(loopback(21), "Where to listen, with AUTH TLS.")
    listen_tls: list[str] = setting(loopback(990), "Where to listen under TLS.")
    anonymous: bool = setting(
        True, "Whether anonymous and ftp may log in without a password, to read the public site."
    )
    require_tls: bool = setting(
        False, "Whether nobody may log in, and nothing be transferred, without TLS."
    )
    require_session_reuse: bool = setting(
        True,
        "Whether a data connection under TLS must resume the session of its control connection, "
        "so that nobody else can take its place. curl, lftp and FileZilla do; Python's ftplib "
        "does not.",
    )
    passive_ports: str = setting(
        "",
        "The ports listened on for data connections, such as 50000-50100; empty: any that is "
        "free. A firewall has to let them in.",
        pattern="^([0-9]{1,5}(-[0-9]{1,5})?)?$",
    )
    masquerade_address: str = setting(
        "",
        "The IPv4 address that PASV tells clients, where they reach this host by another than "
        "its own; empty: its own. EPSV needs none.",
        pattern=r"^([0-9]{1,3}(\.[0-9]{1,3}){3})?$",
    )
    active: bool = setting(True, "Whether the server connects to clients for data (PORT, EPRT).")
    passive: bool = setting(
        True, "Whether clients may connect to the server for data (PASV, EPSV)."
    )
    connect_seconds: Seconds = setting(
        30.0,
        "How long a data connection may take to be made, and its TLS handshake likewise.",
        unit="seconds",
    )
    stalled_seconds: Seconds = setting(
        120.0, "How long a transfer may make no progress.", unit="seconds"
    )
    transfer_log: str = setting(
        "log/ftp-transfers.log",
        "The transfer log, in the format of wu-ftpd's xferlog: a line for each file fetched, "
        "stored or removed; relative to the home directory, empty for none. It may be moved away "
        "at any time.",
    )


class GopherSection(ServiceSection):
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


class HTTPSection(ServiceSection):
    """Files, news and XML-RPC for browsers and programs (RFC 9110, 9112)."""

    listen: list[str] = setting(loopback(80), "Where to listen.")
    listen_tls: list[str] = setting(loopback(443), "Where to listen under TLS (https).")
    idle_seconds: Seconds = setting(
        75.0, "How long a connection is kept between two requests.", unit="seconds"
    )
    command_seconds: Seconds = setting(
        30.0,
        "How long a request's header may take to arrive whole, and its body to make any progress.",
        unit="seconds",
    )
    minimum_octets_per_second: Count = setting(
        100,
        "What a body, either way, must average after its first minute; 0: anything.",
        unit="octets per second",
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
        "made through this daemon are seen at once, others after that time. 0: look each time.",
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
    news_path: str = setting(
        "/news/",
        "Below which path the newsgroups are shown, with a slash at both ends; empty: nowhere. "
        "What the public site has below that path is hidden. Nothing is shown where "
        "`nntp.anonymous` is `none`.",
        pattern=r"^(/([A-Za-z0-9._~-]+/)+)?$",
    )
    xmlrpc_path: str = setting(
        "/RPC2", "Where XML-RPC is answered; empty: nowhere.", pattern="^(/[^{}]*)?$"
    )
    xmlrpc_octets: int = setting(1024 * 1024, "The largest XML-RPC call.", unit="octets", ge=1000)


class TelnetSection(ServiceSection):
    """A shell over mail, news and files (RFC 854)."""

    listen: list[str] = setting(
        loopback(23),
        "Where to listen. Off loopback nobody can log in there: passwords are not taken in the "
        "clear, and TELNET has no STARTTLS.",
    )
    listen_tls: list[str] = setting(loopback(992), "Where to listen under TLS (telnets).")
    idle_seconds: Seconds = setting(1800.0, "How long a user may type nothing.", unit="seconds")
    login_seconds: Seconds = setting(
        120.0,
        "How long a login may take; 0: for ever.",
        unit="seconds",
    )
    login_tries: int = setting(
        3, "Passwords that may be tried on a connection.", unit="passwords", ge=1, le=100,
        live=True,
    )  # fmt: skip
    greeting: str = setting(
        "", "The first line shown; empty: the host's name.", live=True, max_length=200
    )
    charset: Literal["us-ascii", "utf-8"] = setting(
        "us-ascii",
        "What is sent to a client with which nothing was agreed (CHARSET, BINARY); in US-ASCII "
        "all other characters are question marks. UTF-8 is always understood.",
        live=True,
    )
