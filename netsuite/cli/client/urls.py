"""The meaning of URLs on the command line, by scheme; pure, so that a table can test it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from glob import escape
from typing import Final
from urllib.parse import quote, unquote_to_bytes, urlsplit

import idna

from netsuite.cli.client.numbers import Numbers, several_numbers


class BadURL(ValueError):
    """No URL that the command can use; the message says why."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """A URL scheme.

    Args:
        service: which client speaks it.
        port: where no port is written.
        tls: whether TLS begins with the first octet.
    """

    service: str
    port: int
    tls: bool = False


_TYPE_CODE: Final = re.compile(r";type=[aid]\Z", re.IGNORECASE)
#: Every scheme. ``gophers``, ``telnets``, ``smtp``/``smtps`` and ``lmtp`` are not registered, and
#: written as here by all.
SCHEMES: Final[Mapping[str, Scheme]] = {
    "http": Scheme("http", 80),
    "https": Scheme("http", 443, tls=True),
    "ftp": Scheme("ftp", 21),
    "ftps": Scheme("ftp", 990, tls=True),
    "gopher": Scheme("gopher", 70),
    "gophers": Scheme("gopher", 70, tls=True),
    "pop3": Scheme("pop3", 110),
    "pop3s": Scheme("pop3", 995, tls=True),
    "imap": Scheme("imap", 143),
    "imaps": Scheme("imap", 993, tls=True),
    "nntp": Scheme("nntp", 119),
    "news": Scheme("nntp", 119),
    "nntps": Scheme("nntp", 563, tls=True),
    "smtp": Scheme("smtp", 25),
    "smtps": Scheme("smtp", 465, tls=True),
    "lmtp": Scheme("smtp", 24),
    "telnet": Scheme("telnet", 23),
    "telnets": Scheme("telnet", 992, tls=True),
}
_PATH_SAFE: Final = "/%-._~!$&'()*+,;=:@[]|^"


@dataclass(frozen=True, slots=True)
class Target:
    """A URL, taken apart.

    Args:
        host: a name in its ASCII form, or an address without brackets; empty for a Unix socket,
            whose path is that of ``lmtp:///PATH``.
        path: with its first ``/``, percent-encoded as it was written; what stands behind ``?``
            belongs to it where the scheme has no queries.
        query: percent-encoded; empty for none.
        username: decoded; None for none.
        password: decoded; None for none, which is not the empty one.
    """

    scheme: str
    host: str
    port: int
    path: str = "/"
    query: str = ""
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def service(self) -> str:
        """The client that speaks it."""
        return SCHEMES[self.scheme].service

    @property
    def tls(self) -> bool:
        """Whether TLS begins with the first octet."""
        return SCHEMES[self.scheme].tls

    @property
    def socket(self) -> str:
        """The path of the Unix socket; empty where there is a host."""
        return "" if self.host else decoded(self.path, "the path")

    @property
    def is_loopback(self) -> bool:
        """Whether what is sent there never leaves this machine."""
        if not self.host:
            return True
        try:
            return ipaddress.ip_address(self.host.partition("%")[0]).is_loopback
        except ValueError:
            return self.host == "localhost" or self.host.endswith(".localhost")

    @property
    def place(self) -> str:
        """Host and port, as they stand in a URL; or the path of a Unix socket."""
        if not self.host:
            return self.socket
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == SCHEMES[self.scheme].port else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL again, without the login."""
        query = f"?{self.query}" if self.query else ""
        place = self.place if self.host else ""
        return f"{self.scheme}://{place}{quote(self.path, safe=_PATH_SAFE)}{query}"


def parse_url(text: str) -> Target:
    """Return the parts of a URL. Raises BadURL."""
    if any(each <= " " or each == "\x7f" for each in text):
        raise BadURL("there is white space or a control character in the URL")
    if "://" not in text:
        raise BadURL(f"{text} is no URL: it begins with a scheme, such as https://")
    try:
        parts = urlsplit(text)
        port = parts.port
        host = _host(parts.hostname or "")
    except ValueError as error:
        raise BadURL(f"no URL: {error}") from None
    scheme = SCHEMES.get(parts.scheme)
    if scheme is None:
        raise BadURL(f"there is no scheme {parts.scheme}://; there are {', '.join(SCHEMES)}")
    if not host and not (parts.scheme == "lmtp" and len(parts.path) > 1):
        raise BadURL("there is no host in the URL")
    if port == 0:
        raise BadURL("there is no port 0")
    path, query = parts.path or "/", parts.query
    if query and scheme.service in ("ftp", "gopher"):  # whose URLs have no queries
        path, query = f"{path}?{query}", ""
    username, password = parts.username, parts.password
    return Target(
        parts.scheme,
        host,
        port or scheme.port,
        path,
        query,
        None if username is None else decoded(username, "the user's name"),
        None if password is None else decoded(password, "the password"),
    )


def _host(host: str) -> str:
    """Return a host as it is looked up. Raises ValueError."""
    if ":" in host:
        return host.replace("%25", "%", 1)  # RFC 6874: the zone of an IPv6 address
    host = host.rstrip(".")
    if not host.isascii():
        return idna.encode(host, uts46=True).decode("ascii")
    if any(each in host for each in '%<>\\^`{|}"'):
        raise ValueError("there are characters in the host that no host has")
    return host


def decoded(text: str, what: str, *, allowed: str = "", octets: bool = False) -> str:
    """Return a text without its percent-encoding.

    Args:
        what: to name it in an error.
        allowed: control characters that may be in it all the same.
        octets: whether what is not UTF-8 is kept, in lone surrogates: names of files are octets.

    Raises:
        BadURL: it is not UTF-8, or control characters would break out of a command's line.
    """
    try:
        plain = unquote_to_bytes(text).decode("utf-8", "surrogateescape" if octets else "strict")
    except UnicodeDecodeError:
        raise BadURL(f"{what} in the URL is not UTF-8") from None
    if any((each < " " or each == "\x7f") and each not in allowed for each in plain):
        raise BadURL(f"there are control characters in {what} in the URL")
    return plain


# -- by scheme -----------------------------------------------------------------------------------


def file_path(target: Target) -> str:
    """Return an FTP URL's path: relative to where a login leads, absolute if it begins with ``//``
    or ``%2F`` (RFC 1738, 3.2.2). Raises BadURL."""
    path, semicolon, code = target.path.removeprefix("/").rpartition(";type=")
    if not semicolon:
        path = code
    elif code.lower() not in ("a", "i", "d"):
        raise BadURL("there are ;type=i (as it is), ;type=a (a text) and ;type=d (a directory)")
    return decoded(path, "the path", octets=True)


def is_text(target: Target) -> bool:
    """Return whether an FTP URL asks that line ends are converted."""
    return target.path.lower().endswith(";type=a")


def is_directory(target: Target) -> bool:
    """Return whether an FTP URL says that it is of a directory, whose names are meant."""
    return target.path.lower().endswith(";type=d")


def file_name(target: Target) -> str:
    """Return the last name of a path; empty for a directory. Raises BadURL."""
    ftp = target.service == "ftp"
    path = _TYPE_CODE.sub("", target.path).partition("?")[0] if ftp else target.path
    return decoded(path.rpartition("/")[2], "the path", octets=ftp)


# What makes a name a pattern, as it stands in a URL; encoded it means itself. In http URLs ``?``
# has another meaning.
_WILD: Final = {"ftp": re.compile(r"[*?[]"), "http": re.compile(r"[*[]")}


def file_pattern(target: Target) -> str:
    """Return the last name of an ftp or http URL as a pattern for ``fnmatch``; empty where it is
    none. Raises BadURL."""
    wild = _WILD.get(target.service)
    name = _TYPE_CODE.sub("", target.path).rpartition("/")[2]
    if wild is None or wild.search(name) is None:
        return ""
    pieces = [
        each if each in ("*", "?", "[", "]", "!", "-") or not each else escape(
            decoded(each, "the path", octets=True)
        )
        for each in re.split(r"([*?\[\]!-])", name)
    ]  # fmt: skip
    return "".join(pieces)


def directory_of(target: Target) -> Target:
    """Return the directory that a file, or a pattern, is in."""
    return replace(target, path=target.path.rpartition("/")[0] + "/", query="")


def under(target: Target, name: str) -> Target:
    """Return the URL of a file in a directory, whose URL ends with ``/``."""
    octets = name.encode("utf-8", "surrogateescape")
    return replace(target, path=target.path + quote(octets, safe=""))


def check_server(target: Target) -> None:
    """Raise BadURL where more than a mail server stands in a URL."""
    if (target.host and target.path != "/") or target.query:
        raise BadURL("a URL of a mail server ends behind host and port")
    if not target.host:
        decoded(target.path, "the path")


def telnet_target(text: str, port: int | None = None) -> Target:
    """Read a telnet URL (RFC 4248), or HOST[:PORT]. Raises BadURL.

    Args:
        port: given beside it, as Telnet clients have it; None for none.
    """
    if "://" not in text:
        # An IPv6 address has no brackets where no port can be meant.
        bare = text.count(":") > 1 and not text.startswith("[")
        text = f"telnet://[{text}]" if bare else f"telnet://{text}"
    target = parse_url(text)
    if target.path != "/" or target.query:
        raise BadURL("a telnet URL ends behind host and port")
    if port is not None:
        if target.port != SCHEMES[target.scheme].port:
            raise BadURL(f"there are two ports: {target.port} and {port}")
        target = replace(target, port=port)
    return target


@dataclass(frozen=True, slots=True)
class GopherItem:
    """The item that a gopher URL names (RFC 4266)."""

    type: str
    selector: str
    search: str | None = None


def gopher_item(target: Target) -> GopherItem:
    """Read ``/Tselector[%09search]``. Raises BadURL."""
    written = target.path.removeprefix("/")
    if written.startswith("7") and "?" in written and "%09" not in written:
        # As people write it, and other clients: what is encoded is of the selector.
        written = "%09".join(written.split("?", 1))
    path = decoded(written, "the selector", allowed="\t")
    selector, tab, search = path[1:].partition("\t")
    if "\t" in search:
        raise BadURL("Gopher+ is not spoken")
    return GopherItem(path[:1] or "1", selector, search if tab else None)


# sequence-set = (seq-number / seq-range) *("," sequence-set) (RFC 9051, 9)
_NUMBER: Final = r"(?:[1-9][0-9]{0,9}|\*)"
_SET: Final = re.compile(rf"{_NUMBER}(?::{_NUMBER})?(?:,{_NUMBER}(?::{_NUMBER})?)*")


def message_number(target: Target) -> int:
    """Read ``/N`` of a pop3 URL. Raises BadURL."""
    number = _number(target.path.removeprefix("/"))
    if number is None:
        raise BadURL("a message is named by its number: pop3://HOST/1")
    return number


def _number(text: str) -> int | None:
    if text.isascii() and text.isdigit() and len(text) < 11 and int(text) > 0:
        return int(text)
    return None


@dataclass(frozen=True, slots=True)
class MailboxPath:
    """The mailbox or message that an imap URL names; empty and None for what it does not.

    Args:
        section: as it stands between the brackets of ``BODY[]``.
        several: UIDs as a set has them: ``1:*``; empty for no set.
    """

    mailbox: str = ""
    uid: int | None = None
    uid_validity: int | None = None
    section: str = ""
    several: str = ""


def mailbox_path(target: Target) -> MailboxPath:
    """Read ``/MAILBOX[;UIDVALIDITY=n][/;UID=n[/;SECTION=s]]`` (RFC 5092). Raises BadURL.

    As curl has it, the ``/`` before ``;`` may be left out.
    """
    if target.query:
        raise BadURL("searches cannot be asked for by URL")
    mailbox, *parameters = target.path.removeprefix("/").split(";")
    if parameters:
        mailbox = mailbox.removesuffix("/")
    found: dict[str, str] = {}
    for each in parameters:
        key, _, value = each.removesuffix("/").partition("=")
        if key.upper() in found or key.upper() not in ("UID", "UIDVALIDITY", "SECTION"):
            raise BadURL(f"an imap URL cannot have {key or 'an empty parameter'} here")
        found[key.upper()] = decoded(value, key.upper())
    several = found.get("UID", "")
    several = several if _SET.fullmatch(several) and not several.isdigit() else ""
    if several:
        del found["UID"]
    numbers: dict[str, int | None] = {}
    for key in ("UID", "UIDVALIDITY"):
        numbers[key] = _number(found[key]) if key in found else None
        if key in found and numbers[key] is None:
            raise BadURL(f"{key} is a number from 1")
    if "SECTION" in found and "UID" not in found and not several:
        raise BadURL("SECTION is of a message, which UID names")
    name = decoded(mailbox, "the mailbox's name")
    if (found or several) and not name:
        raise BadURL("there is no mailbox in the URL")
    return MailboxPath(
        name, numbers["UID"], numbers["UIDVALIDITY"], found.get("SECTION", ""), several
    )


@dataclass(frozen=True, slots=True)
class NewsPath:
    """The thing that a news or nntp URL names: nothing, a group, an article of it, or a Message-ID.

    Args:
        message_id: with its angle brackets.
        several: numbers of articles.
    """

    group: str = ""
    number: int | None = None
    message_id: str = ""
    several: Numbers | None = None


def news_path(target: Target) -> NewsPath:
    """Read ``/GROUP[/NUMBER]`` or ``/MESSAGE-ID`` (RFC 5538). Raises BadURL."""
    path = decoded(target.path.removeprefix("/"), "the path")
    if path == "*":
        return NewsPath()
    if "@" in path or path.startswith("<"):
        bare = path.removeprefix("<").removesuffix(">")
        if not bare or len(bare) > 248 or any(each in "<> " or each > "~" for each in bare):
            raise BadURL("that is no Message-ID")
        return NewsPath(message_id=f"<{bare}>")
    group, slash, article = path.partition("/")
    number = _number(article)
    several = several_numbers(article)
    if article and number is None and several is None:
        raise BadURL("an article is named by its number: nntp://HOST/GROUP/1")
    if " " in group or (slash and not group):
        raise BadURL("that is no newsgroup")
    return NewsPath(group, number, several=several)
