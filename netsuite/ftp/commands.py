"""FTP's commands and replies as frozen values.

Longer than 500 lines: one short class a command.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias


class Representation(enum.Enum):
    """TYPE: how a file's octets stand on the wire (RFC 959, 3.1.1)."""

    ASCII = "A"
    IMAGE = "I"


class Protection(enum.Enum):
    """PROT: whether data connections go under TLS (RFC 4217, 9)."""

    CLEAR = "C"
    PRIVATE = "P"


@dataclass(frozen=True, slots=True)
class _OfPath:
    """A command whose argument is a path."""

    path: str


@dataclass(frozen=True, slots=True)
class _OfMaybePath:
    """A command that may have a path."""

    path: str | None = None


# -- access and security ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class User:
    """Say who one is. See RFC 959, 4.1.1."""

    name: str


@dataclass(frozen=True, slots=True)
class Pass:
    """Return the password; it may hold spaces, and may be empty."""

    password: str

    def __repr__(self) -> str:
        return "Pass(...)"


@dataclass(frozen=True, slots=True)
class Auth:
    """Go on under TLS. See RFC 4217, 4; the mechanism is in upper case."""

    mechanism: str


@dataclass(frozen=True, slots=True)
class Pbsz:
    """Say how large a protected block may be; TLS knows itself (RFC 4217, 8)."""

    octets: int


@dataclass(frozen=True, slots=True)
class Prot:
    """Choose the protection of data connections; None: one that TLS has not (S or E)."""

    level: Protection | None


@dataclass(frozen=True, slots=True)
class Rein:
    """Log out, and begin anew on the same connection."""


@dataclass(frozen=True, slots=True)
class Acct:
    """Name an account to charge beside the user (RFC 959, 4.1.1); there is none here."""

    account: str


@dataclass(frozen=True, slots=True)
class Host:
    """Say which of the server's hosts is meant, before a login. See RFC 7151; in lower case."""

    name: str


@dataclass(frozen=True, slots=True)
class Clnt:
    """Say which program the client is."""

    software: str


@dataclass(frozen=True, slots=True)
class Csid:
    """Say the same, and ask which the server is (``Name=...; Version=...;``)."""

    software: str


@dataclass(frozen=True, slots=True)
class Lang:
    """Choose the language of replies; None: the server's own. See RFC 2640, 4."""

    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Quit:
    """End the session, after a transfer that is under way."""


# -- where one is, and how transfers go -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pwd:
    """Ask for the working directory."""


@dataclass(frozen=True, slots=True)
class Cwd(_OfPath):
    """Change the working directory."""


@dataclass(frozen=True, slots=True)
class Cdup:
    """Change to the directory above."""


@dataclass(frozen=True, slots=True)
class Type:
    """Choose the representation; None: one that is not offered."""

    representation: Representation | None


@dataclass(frozen=True, slots=True)
class Mode:
    """Choose the transfer mode: stream (``S``), or deflated (``Z``)."""

    code: str


@dataclass(frozen=True, slots=True)
class Stru:
    """Choose the file structure; only file (``F``) is offered."""

    code: str


@dataclass(frozen=True, slots=True)
class Pasv:
    """Ask for a port to connect to, by IPv4."""


@dataclass(frozen=True, slots=True)
class Epsv:
    """Ask for a port to connect to. See RFC 2428, 3.

    Args:
        family: 1 for IPv4, 2 for IPv6, None for that of this connection.
        all: say that no other way will be asked for on this connection.
    """

    family: int | None = None
    all: bool = False


@dataclass(frozen=True, slots=True)
class Port:
    """Name a port that the server is to connect to (PORT, EPRT).

    Args:
        address: an IP address.
        port: a TCP port.
        family: as EPRT names it: 1 for IPv4, 2 for IPv6; None where PORT was said.
    """

    address: str
    port: int
    family: int | None = None


@dataclass(frozen=True, slots=True)
class Rest:
    """Say where the next transfer begins, in octets. See RFC 3659, 5."""

    offset: int


@dataclass(frozen=True, slots=True)
class Rang:
    """Say which octets of a file the next transfer or hash is of (draft-bryan-ftp-range).

    Args:
        start: the first, counted from 0.
        end: the last, which belongs to it; before *start* where all of the file is meant.
    """

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Smnt(_OfPath):
    """Mount another structure of files (RFC 959, 4.1.1); there is one here."""


@dataclass(frozen=True, slots=True)
class Allo:
    """Announce the size of the file that is stored next."""

    octets: int


# -- transfers ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Retr(_OfPath):
    """Ask for a file."""


@dataclass(frozen=True, slots=True)
class Stor(_OfPath):
    """Store a file, over one that is there."""


@dataclass(frozen=True, slots=True)
class Stou(_OfMaybePath):
    """Store a file under a name that is not taken; *path* is a wish."""


@dataclass(frozen=True, slots=True)
class Appe(_OfPath):
    """Append to a file, or store a new one."""


@dataclass(frozen=True, slots=True)
class List(_OfMaybePath):
    """List a directory for people."""


@dataclass(frozen=True, slots=True)
class Nlst(_OfMaybePath):
    """List the names of a directory."""


@dataclass(frozen=True, slots=True)
class Mlsd(_OfMaybePath):
    """List a directory for programs. See RFC 3659, 7."""


@dataclass(frozen=True, slots=True)
class Abor:
    """End the transfer under way."""


# -- files --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mlst(_OfMaybePath):
    """Ask for the facts of one file or directory. See RFC 3659, 7."""


@dataclass(frozen=True, slots=True)
class Size(_OfPath):
    """Ask how many octets a transfer would have. See RFC 3659, 4."""


@dataclass(frozen=True, slots=True)
class Mdtm(_OfPath):
    """Ask when a file was modified (RFC 3659, 3); many clients say a time before the path, to set
    it."""


@dataclass(frozen=True, slots=True)
class Mfmt:
    """Set when a file was modified (draft-somers-ftp-mfxx, 3).

    Args:
        modified: a time-val of RFC 3659, 2.3: ``YYYYMMDDHHMMSS`` with an optional fraction.
    """

    modified: str
    path: str


@dataclass(frozen=True, slots=True)
class Mff:
    """Set facts of a file (draft-somers-ftp-mfxx, 5).

    Args:
        modified: a time-val, as that of ``Mfmt``; None where it is to stay.
        mode: permission bits; None where they are to stay.
    """

    modified: str | None
    mode: int | None
    path: str


@dataclass(frozen=True, slots=True)
class SiteChmod:
    """Set a file's permission bits."""

    mode: int
    path: str


@dataclass(frozen=True, slots=True)
class SiteUtime:
    """Set when a file was modified, as clients did it before MFMT.

    Args:
        modified: a time-val.
        path: of the file.
    """

    modified: str
    path: str


@dataclass(frozen=True, slots=True)
class SiteHelp:
    """Ask which SITE commands there are."""

    topic: str = ""


@dataclass(frozen=True, slots=True)
class SiteWho:
    """Ask who is connected."""


@dataclass(frozen=True, slots=True)
class Hash(_OfPath):
    """Ask for a file's hash, by the function chosen (draft-bryan-ftpext-hash, 3)."""


@dataclass(frozen=True, slots=True)
class Digest:
    """Ask for a file's hash by the function that the command names: XCRC, XMD5 and their like.

    Args:
        word: the command's, in upper case.
        path: as it was said: perhaps in quotes, and with one number or two behind it.
    """

    word: str
    path: str


@dataclass(frozen=True, slots=True)
class Avbl(_OfMaybePath):
    """Ask how many octets may still be stored (draft-peterson-streamlined-ftp)."""


@dataclass(frozen=True, slots=True)
class Dele(_OfPath):
    """Remove a file."""


@dataclass(frozen=True, slots=True)
class Mkd(_OfPath):
    """Make a directory."""


@dataclass(frozen=True, slots=True)
class Rmd(_OfPath):
    """Remove an empty directory."""


@dataclass(frozen=True, slots=True)
class Rnfr(_OfPath):
    """Name what is to be renamed."""


@dataclass(frozen=True, slots=True)
class Rnto(_OfPath):
    """Name what RNFR named anew; comes behind it at once."""


# -- information ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Syst:
    """Ask what kind of system this is: how LIST looks."""


@dataclass(frozen=True, slots=True)
class Stat(_OfMaybePath):
    """Ask how things stand; with a path, list it on this connection."""


@dataclass(frozen=True, slots=True)
class Help:
    """Ask which commands there are."""

    topic: str = ""


@dataclass(frozen=True, slots=True)
class Feat:
    """Ask for extensions. See RFC 2389, 3."""


@dataclass(frozen=True, slots=True)
class Opts:
    """Choose how a command behaves. See RFC 2389, 4.

    Args:
        command: in upper case.
        options: as they were said.
    """

    command: str
    options: str = ""


@dataclass(frozen=True, slots=True)
class Noop:
    """See whether the server is still there."""


Transfer: TypeAlias = Retr | Stor | Stou | Appe | List | Nlst | Mlsd
#: What runs beside the commands, on a connection of its own.
TRANSFERS: Final = (Retr, Stor, Stou, Appe, List, Nlst, Mlsd)
#: The same, and what runs there with no connection.
Work: TypeAlias = Transfer | Hash | Digest
WORK: Final = (*TRANSFERS, Hash, Digest)
#: What is heard while a transfer runs. QUIT waits its turn, as RFC 959, 4.1.1 asks of it.
INTERRUPTS: Final = (Abor, Stat, Noop)

#: By what their arguments are: nothing, a path, perhaps a path, perhaps a path behind options.
Bare: TypeAlias = Rein | Quit | Pwd | Cdup | Pasv | Abor | Syst | Feat
OfPath: TypeAlias = (
    Cwd | Retr | Stor | Appe | Size | Mdtm | Dele | Mkd | Rmd | Rnfr | Rnto | Smnt | Hash
)
OfMaybePath: TypeAlias = Stou | Mlsd | Mlst | Avbl
OfListedPath: TypeAlias = List | Nlst | Stat
Command: TypeAlias = (
    Bare | OfPath | OfMaybePath | OfListedPath
    | User | Pass | Auth | Pbsz | Prot | Type | Mode | Stru | Epsv | Port | Rest | Allo
    | Mfmt | Mff | Help | Opts | Noop | Acct | Host | Clnt | Csid | Lang | Rang | Digest
    | SiteChmod | SiteUtime | SiteHelp | SiteWho
)  # fmt: skip


# -- replies ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply. See RFC 959, 4.2.

    Args:
        code: three digits; below 200 another reply follows.
        lines: one line of text at least.
    """

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """All lines as one text."""
        return "\n".join(self.lines)

    @property
    def positive(self) -> bool:
        """Whether the command did what it says, or goes on."""
        return self.code < 400

    @property
    def final(self) -> bool:
        """Whether no other reply to the same command follows."""
        return self.code >= 200

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


@dataclass(frozen=True, slots=True)
class Ended:
    """The reply that ends the transfer under way, apart from that to what interrupted it."""

    reply: Reply


def reply(code: int, *lines: str) -> Reply:
    """Make a reply."""
    return Reply(code, lines)


def listing(code: int, first: str, lines: Iterable[str], last: str) -> Reply:
    """Make a reply of many lines, with one before and one behind them."""
    return Reply(code, (first, *lines, last))
