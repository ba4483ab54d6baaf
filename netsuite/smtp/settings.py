"""Settings of the SMTP services, whom a service is for, and how mail leaves for other hosts."""

from __future__ import annotations

import enum
import ipaddress
import re
import sys
from functools import cached_property
from typing import Annotated, Final, Literal, get_args

from pydantic import AfterValidator

from netsuite.config.sections import Section, loopback, setting
from netsuite.config.values import Count, DomainName, Seconds, written
from netsuite.connection.settings import ServiceSettings, live, live_seconds
from netsuite.smtp.relay import parse_relay

Extension = Literal["DSN", "BINARYMIME", "REQUIRETLS", "DELIVERBY", "FUTURERELEASE", "LIMITS"]
#: The extensions that a service can do without.
EXTENSIONS: Final[frozenset[Extension]] = frozenset(get_args(Extension))
#: Those of them that are promises of whoever empties the queue.
_QUEUED: Final[frozenset[Extension]] = frozenset({"DSN", "DELIVERBY", "FUTURERELEASE"})


SenderPattern = Annotated[
    str, written(r"[^\s@]*@[^\s@]+", "{!r} is neither an address nor @domain")
]


class Mode(enum.Enum):
    """Whom a service is for; the value is what an account's services call it."""

    RELAY = "smtp"  #: other servers bring mail for accounts here (RFC 5321)
    SUBMISSION = "submission"  #: accounts here send mail, after a login (RFC 6409)
    LMTP = "lmtp"  #: a mail server beside us delivers (RFC 2033)


class Settings(ServiceSettings):
    """Mail from other hosts (RFC 5321), on the standard port 25."""

    listen: list[str] = setting(loopback(25), "Where other hosts hand in mail.")
    greeting_seconds: Seconds = live_seconds(
        300.0,
        "How long the first command may take, a TLS handshake included; RFC 5321, 4.5.3.2.7 wants "
        "five minutes. Other services give one.",
    )
    message_octets: Count = live(
        50 * 1024 * 1024,
        "The largest message taken, announced with SIZE; 0: as large as fits.",
        unit="octets",
    )
    recipients: int = live(1000, "Recipients of one message.", unit="recipients", ge=100)
    hops: int = live(
        50,
        "Received fields after which a message is taken to be in a loop (RFC 5321, 6.3).",
        unit="fields",
        ge=1,
    )
    messages: Count = live(
        0, "Messages of one connection, announced with LIMITS; 0: as many as come.", unit="messages"
    )
    not_offered: list[Extension] = live(
        [],
        "Extensions to do without: `DSN`, `BINARYMIME`, `REQUIRETLS`, `DELIVERBY`, "
        "`FUTURERELEASE` (which only `submission` has), `LIMITS`.",
    )
    bare_line_ends: Literal["refuse", "mend"] = live(
        "refuse",
        "What becomes of a message with a CR or LF alone in it: refused whole, and the connection "
        "closed, or each made CRLF. Either way only CRLF.CRLF ends a message.",
    )
    require_tls: bool = live(
        False,
        "Whether a message is refused before STARTTLS, but from the same machine. RFC 3207, 4 "
        "forbids that to a server that takes mail from everywhere.",
    )
    offer_auth: bool = live(
        False,
        "Whether accounts may log in to the `smtp` service too; `submission` always has them.",
    )
    message_log: str = setting(
        "log/smtp.log",
        "The message log: a line for each message taken or refused, and each recipient refused; "
        "relative to the home directory, empty for none. It may be moved away at any time.",
    )

    @cached_property
    def mend_line_ends(self) -> bool:
        """Whether a CR or LF alone is made CRLF."""
        return self.bare_line_ends == "mend"

    @cached_property
    def largest_octets(self) -> int:
        """The largest message taken, as a number that sizes can be compared with."""
        return self.message_octets or sys.maxsize

    def extensions(self, *, queued: bool) -> frozenset[Extension]:
        """Return what is offered.

        Args:
            queued: whether somebody empties the queue.
        """
        return EXTENSIONS.difference(self.not_offered, () if queued else _QUEUED)


class SubmissionSettings(Settings):
    """Mail from our own users (RFC 6409), who must log in first."""

    listen: list[str] = setting(loopback(587), "Where users hand in mail, with STARTTLS.")
    listen_tls: list[str] = setting(loopback(465), "Where users hand in mail under TLS (RFC 8314).")
    message_log: str = setting(
        "log/submission.log", "The message log, as that of `smtp`; empty for none."
    )
    sender_field: Literal["add", "refuse", "off"] = live(
        "add",
        "What becomes of a message whose From is no address of the account: a Sender field is "
        "added that is one (RFC 6409, 8.1), the message is refused, or nothing. With either of "
        "the first two, several authors get a Sender field too (RFC 5322, 3.6.2).",
    )
    addresses: dict[str, list[SenderPattern]] = live(
        {},
        "Addresses that an account may send as beside its own and those of its aliases: by its "
        "name, a list of addresses, or of @domain for all of a domain.",
    )
    longest_hold_days: int = live(
        30,
        "How long a user may have a message held before it leaves (RFC 4865); 0: not at all.",
        unit="days",
        ge=0,
        le=10_000,
    )


class LMTPSettings(Settings):
    """Mail that a mail server beside us delivers here (RFC 2033), which needs no login."""

    listen: list[str] = setting(
        ["unix:lmtp.sock:mode=660"],
        "Where it hands in mail; the path of a Unix socket is relative to the home directory. "
        "Whoever can connect delivers.",
    )
    message_log: str = setting(
        "log/lmtp.log", "The message log, as that of `smtp`; empty for none."
    )


SecurityName = Literal["none", "opportunistic", "required", "verified"]


def _is_relay(url: str) -> str:
    try:
        parse_relay(url)
    except ValueError as error:
        raise ValueError(f"not a mail host: {error}") from None
    return url


RelayURL = Annotated[str, AfterValidator(_is_relay)]
# No union: what fits none of its kinds is told for each of them, with the password.
OptionalRelayURL = Annotated[str, AfterValidator(lambda url: _is_relay(url) if url else url)]
#: A domain, or a dot and a domain for all below it.
RouteName = Annotated[str, written(r"\.?[^\s.@]+(?:\.[^\s.@]+)*", "{!r} is no domain")]


def _is_server(text: str) -> str:
    match = re.fullmatch(r"\[([0-9A-Fa-f:.]+)\](?::(\d{1,5}))?|([\d.]+):(\d{1,5})", text, re.ASCII)
    address, port = (text, "") if match is None else (match[1] or match[3], match[2] or match[4])
    try:
        ipaddress.ip_address(address)
        wrong = not 0 < int(port or 53) < 1 << 16
    except ValueError:
        wrong = True
    if wrong:
        raise ValueError(
            f"{text!r} is no address; write it as 192.0.2.1, 192.0.2.1:53 or [2001:db8::1]:53"
        )
    return text


ServerAddress = Annotated[str, AfterValidator(_is_server)]


def _is_ip(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError(f"{text!r} is no IP address") from None


IPAddress = Annotated[str, AfterValidator(_is_ip)]


def _one_of_each(addresses: list[str]) -> list[str]:
    if len({":" in each for each in addresses}) < len(addresses):
        raise ValueError("must be one IPv4 and one IPv6 address at the most")
    return addresses


#: What EHLO takes (RFC 5321, 4.1.1.1), as far as ASCII goes: a domain, or an address literal.
HostName = Annotated[
    str,
    written(
        r"|(?=.{1,255}\Z)[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[A-Za-z0-9:.]{1,60}\]",
        "{!r} is no host name; write it as mail.example.org",
    ),
]


class DeliverySettings(Section):
    """Mail to other hosts: taken from our users and for our aliases, queued, carried on."""

    enabled: bool = setting(
        True,
        "Whether mail for other hosts is taken and carried on; the `smtp` and `submission` "
        "services do that.",
    )
    smart_host: OptionalRelayURL = setting(
        "",
        "A host that takes all mail that has no route of its own, as smtp://host, "
        "smtp://user:password@host:587 or smtps://user:password@host; empty: each domain's own "
        "hosts do, as the DNS names them.",
    )
    routes: dict[RouteName, RelayURL] = setting(
        {},
        "Hosts for the mail of single domains, written as `smart_host`; .example.org is for all "
        "domains below it.",
    )
    security: dict[DomainName, SecurityName] = setting(
        {},
        "How far connections to the hosts of single domains must be secured: `none` (no TLS), "
        "`opportunistic` (TLS where it is offered), `required` (TLS, with any certificate) or "
        "`verified` (TLS, with a certificate for the host).",
    )
    default_security: SecurityName = setting(
        "opportunistic", "The same for the hosts of all other domains."
    )
    dane: bool = setting(
        True,
        "Whether the DNS may vouch for the certificates of mail hosts (TLSA records, RFC 7672), "
        "where the name server has validated what it says. It must be trusted, as one on this "
        "machine is.",
    )
    mta_sts: bool = setting(
        True,
        "Whether domains are asked by HTTPS which hosts take their mail, and whether these must "
        "have certificates of their own (MTA-STS, RFC 8461); not those named in `security`.",
    )
    authorities: str = setting(
        "",
        "A PEM file of the authorities that certificates of mail hosts must be signed by, relative "
        "to the home directory; empty: the system's.",
    )
    resolvers: list[ServerAddress] = setting(
        [],
        "Name servers to ask, as 192.0.2.1 or 192.0.2.1:53; empty: those of the system. A "
        "validating one on this machine is best.",
    )
    port: int = setting(25, "The port of the hosts that the DNS names.", ge=1, le=65535)
    loopback: bool = setting(
        False, "Whether mail may be carried to hosts whose address is one of loopback, for tests."
    )
    source: Annotated[list[IPAddress], AfterValidator(_one_of_each)] = setting(
        [], "The addresses to come from, one IPv4 and one IPv6 at the most; empty: any."
    )
    helo: HostName = setting("", "What to call ourselves; empty: the site's host name.")
    lifetime_hours: float = setting(
        120.0,
        "How long mail is tried before it is given back.",
        unit="hours",
        gt=0,
        le=10_000,
        live=True,
        strict=False,
    )
    warn_hours: float = setting(
        4.0,
        "After how long its sender is told that it is late; 0: never.",
        unit="hours",
        ge=0,
        le=10_000,
        live=True,
        strict=False,
    )
    first_retry_seconds: Seconds = setting(
        300.0,
        "How long to wait after the first attempt; each further wait is twice as long.",
        unit="seconds",
        live=True,
        ge=0.1,
        le=1_000_000,
    )
    longest_retry_seconds: Seconds = setting(
        14_400.0,
        "The longest wait between two attempts.",
        unit="seconds",
        live=True,
        ge=0.1,
        le=1_000_000,
    )
    lease_seconds: Seconds = setting(
        60.0,
        "How long a process has mail to itself that it is sending, unless it says that it still "
        "is: so much later another takes over what a process that died had begun. Where several "
        "machines share a queue, their clocks must not differ by more than a third of it.",
        unit="seconds",
        ge=1,
        le=3600,
    )
    connections: int = setting(
        5, "Connections at once to the hosts of one domain.", unit="connections", ge=1, live=True
    )
    delivery_log: str = setting(
        "log/delivery.log",
        "The delivery log: a line for each attempt; relative to the home directory, empty for "
        "none. It may be moved away at any time.",
    )
