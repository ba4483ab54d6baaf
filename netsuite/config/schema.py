"""The schema of the configuration: every table there is, with those of the services.

The sample configuration, ``docs/configuration.rst`` and the error messages are all made from
these classes, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from pydantic import Field

from netsuite.acme.settings import ACMESection
from netsuite.autoconfig.settings import AutoconfigSection, MTASTSSection
from netsuite.config.files import FilesSection
from netsuite.config.sections import Section, setting
from netsuite.config.values import (
    Count,
    DomainName,
    Seconds,
)
from netsuite.connection.settings import ServiceSettings
from netsuite.console.settings import ConsoleSection
from netsuite.control.settings import ControlSection
from netsuite.ftp.settings import Settings as FTPSettings
from netsuite.gopher.settings import Settings as GopherSettings
from netsuite.health.settings import HealthSection
from netsuite.http.settings import Settings as HTTPSettings
from netsuite.imap.settings import Settings as IMAPSettings
from netsuite.logs.settings import LogSection
from netsuite.managesieve.settings import Settings as ManageSieveSettings
from netsuite.nntp.settings import Settings as NNTPSettings
from netsuite.pop3.settings import Settings as POP3Settings
from netsuite.smtp.policy.settings import PolicySettings
from netsuite.smtp.settings import DeliverySettings, LMTPSettings, SubmissionSettings
from netsuite.smtp.settings import Settings as SMTPSettings
from netsuite.telnet.settings import Settings as TelnetSettings
from netsuite.workers.settings import DaemonSection

#: The group of entry points that extensions are found in.
EXTENSIONS: Final = "netsuite.extensions"

SASLService = Literal["smtp", "submission", "imap", "pop3", "managesieve", "nntp"]
MechanismName = Literal[
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1",
    "CRAM-MD5",
    "EXTERNAL",
    "PLAIN",
    "LOGIN",
]


class SiteSection(Section):
    """Who this site is."""

    hostname: DomainName = setting(
        "localhost",
        "The name this host goes by: in greetings, in Received fields, in the self-signed "
        "certificate of the first run.",
        min_length=1,
    )
    domains: list[DomainName] = setting(
        ["localhost"],
        "The mail domains received for; the first one completes addresses without a domain.",
        live=True,
        min_length=1,
    )
    postmaster: str = setting(
        "",
        "The account that receives mail for postmaster of every domain; empty: the account "
        "named postmaster, or the first account there is.",
        live=True,
    )
    detail_separator: str = setting(
        "+",
        "What separates a user name from a detail in an address, as in user+detail@domain; "
        "empty: nothing does.",
        live=True,
        max_length=1,
    )
    detail_folders: bool = setting(
        False,
        "Whether mail for user+detail goes into the user's folder DETAIL, where there is one, "
        "rather than into INBOX.",
        live=True,
    )
    sieve_library: str = setting(
        "",
        "The account whose Sieve scripts those of all others may include, by include :global; "
        "empty: none.",
        live=True,
    )
    extensions: list[str] = setting(
        [],
        "Installed packages that add to this site: policies, routes, commands, checkers. The names "
        "of their entry points in the group netsuite.extensions; one that is installed and not "
        "named here does nothing.",
    )


class StoreSection(Section):
    """Where mail, accounts and the queue are kept."""

    url: str = setting(
        "",
        "The database, as a URL: sqlite:////path/to/netsuite.db or postgresql://user@host/name. "
        "Empty: netsuite.db in the home directory.",
    )
    objects: str = setting(
        "",
        "An object store that speaks S3's protocol, where large messages go some time after they "
        "have come: s3://BUCKET/PREFIX, with ?endpoint=https://HOST where it is not Amazon's. Keys "
        "are looked for where Amazon's library does, as in AWS_ACCESS_KEY_ID. Empty: all stays in "
        "the database.",
    )
    objects_from_octets: int = setting(
        256 * 1024, "Messages smaller than that stay in the database.", unit="octets", ge=65_537
    )
    objects_keep_days: Count = setting(
        30,
        "How long the object of a message that is gone is kept: backups of the database from that "
        "time can be put back.",
        unit="days",
    )


class TLSSection(Section):
    """Certificates; they are read again when their files change."""

    certificates: str = setting(
        "tls",
        "A folder of PEM files, one a server name (NAME.pem holding key and chain, or "
        "NAME/fullchain.pem and NAME/privkey.pem); default.pem serves everybody else. Relative "
        "to the home directory. A self-signed default is made when the folder is empty.",
    )
    enabled: bool = setting(True, "Whether TLS is offered at all.")


class AccountsSection(Section):
    """How logins are checked and guesses slowed down."""

    clear_text: Literal["tls", "loopback", "always"] = setting(
        "loopback",
        "Where a password may be sent in the clear: only under TLS, also from the same machine, "
        "or everywhere (never do that on a network).",
    )
    cram_md5: bool = setting(
        False,
        "Whether CRAM-MD5 is offered. It makes the store keep a secret as good as the password, "
        "for passwords set from then on.",
    )
    mechanisms: dict[SASLService, list[MechanismName]] = setting(
        {},
        "The SASL mechanisms that a service offers, where that is not all it could: by its name, "
        "a list. A client that takes SCRAM-SHA-256-PLUS because it is offered, and cannot bind "
        'the channel by tls-exporter, logs in with imap = ["SCRAM-SHA-256", "PLAIN"]. LOGIN of '
        "IMAP and USER of POP3 and NNTP are no mechanisms.",
        live=True,
    )
    cache_seconds: Seconds = setting(
        60.0,
        "How long a password that was right need not be hashed again, so that clients that poll "
        "cost little; a change of the account ends it at once.",
        unit="seconds",
    )
    free_guesses: Count = setting(
        5,
        "Wrong passwords that an address, or an account, may have before it is slowed down.",
        unit="guesses",
    )
    slowest_seconds: Seconds = setting(
        300.0,
        "How long the slowing down, which doubles with each further guess, may grow.",
        unit="seconds",
    )
    hash_threads: int = setting(1, "Threads that hash passwords.", unit="threads", ge=1, le=32)


class Settings(Section):
    """The whole file."""

    site: SiteSection = Field(default_factory=SiteSection)
    daemon: DaemonSection = Field(default_factory=DaemonSection)
    log: LogSection = Field(default_factory=LogSection)
    control: ControlSection = Field(default_factory=ControlSection)
    health: HealthSection = Field(default_factory=HealthSection)
    console: ConsoleSection = Field(default_factory=ConsoleSection)
    store: StoreSection = Field(default_factory=StoreSection)
    tls: TLSSection = Field(default_factory=TLSSection)
    acme: ACMESection = Field(default_factory=ACMESection)
    accounts: AccountsSection = Field(default_factory=AccountsSection)
    files: FilesSection = Field(default_factory=FilesSection)
    smtp: SMTPSettings = Field(default_factory=SMTPSettings)
    submission: SubmissionSettings = Field(default_factory=SubmissionSettings)
    lmtp: LMTPSettings = Field(default_factory=LMTPSettings)
    delivery: DeliverySettings = Field(default_factory=DeliverySettings)
    policy: PolicySettings = Field(default_factory=PolicySettings)
    imap: IMAPSettings = Field(default_factory=IMAPSettings)
    pop3: POP3Settings = Field(default_factory=POP3Settings)
    managesieve: ManageSieveSettings = Field(default_factory=ManageSieveSettings)
    nntp: NNTPSettings = Field(default_factory=NNTPSettings)
    ftp: FTPSettings = Field(default_factory=FTPSettings)
    http: HTTPSettings = Field(default_factory=HTTPSettings)
    autoconfig: AutoconfigSection = Field(default_factory=AutoconfigSection)
    mta_sts: MTASTSSection = Field(default_factory=MTASTSSection)
    telnet: TelnetSettings = Field(default_factory=TelnetSettings)
    gopher: GopherSettings = Field(default_factory=GopherSettings)


def sections() -> Iterator[tuple[str, type[Section]]]:
    """Return each table's name and class."""
    for table, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, Section):
            yield table, section


def needs_restart(old: Settings, new: Settings) -> Sequence[str]:
    """Return the names of settings that differ, and that a running daemon does not take."""
    return _differing(old, new, live=False)


def taken_live(old: Settings, new: Settings) -> Sequence[str]:
    """Return the names of settings that differ, and that a running daemon takes."""
    return _differing(old, new, live=True)


def _differing(old: Settings, new: Settings, *, live: bool) -> Sequence[str]:
    changed = []
    for table, section in sections():
        for name, field in section.model_fields.items():
            extra = field.json_schema_extra
            is_live = isinstance(extra, dict) and bool(extra.get("live"))
            before, after = getattr(getattr(old, table), name), getattr(getattr(new, table), name)
            if is_live is live and before != after:
                changed.append(f"{table}.{name}")
    return changed


#: Names of the sections that are services, in the order they are shown.
SERVICES = tuple(name for name, section in sections() if issubclass(section, ServiceSettings))
