"""The injecting agent: a proto-article's header checked, and completed.

Every protocol that articles are posted by does just this. See RFC 5537, 3.5, and RFC 5536 for
the fields. The body is never looked at here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from netsuite.message.address import parse_address_list
from netsuite.message.headers import Field, fields, strip, unfold
from netsuite.message.news import is_message_id, is_newsgroup_name
from netsuite.wire.dates import format_message_date, parse_message_date

#: RFC 5536, 2.2: a line's octets without its CRLF.
LINE_OCTETS: Final = 998
#: A poster's Path is a word or two; with our part before it, it must fit into a line.
PATH_OCTETS: Final = 600
#: RFC 5537, 3.5, point 3.
AHEAD: Final = timedelta(hours=24)

# RFC 5536, 2.2 and RFC 5322, 2.2: a name, a colon, a space; what goes on begins with white space.
_name_and_space: Final = re.compile(rb"[!-9;-~]+: ")
# RFC 5536, 3.1.5, with the white space that may fold it.
_path: Final = re.compile(rb"[A-Za-z0-9._!:\[\]% \t\r\n+-]+")
_posted: Final = re.compile(rb"!\s*\.POSTED(?![A-Za-z])", re.IGNORECASE)

# RFC 5536, 3.2.4: dist-list = *WSP dist-name *( [FWS] "," [FWS] dist-name ) *WSP
_dist_name: Final = rb"[ \t\r\n]*[A-Za-z0-9][A-Za-z0-9+_-]*[ \t\r\n]*"
_dist_list: Final = re.compile(_dist_name + rb"(?:," + _dist_name + rb")*")
# RFC 5536, 3.2.10: msg-ids and CFWS; as loose as RFC 3977's message-id, for the sake of replies to
# what a gateway brought.
_references: Final = re.compile(
    rb"(?:[ \t\r\n]|\([^()]*\))*(?:<[!-=?-~]{1,248}>(?:[ \t\r\n]|\([^()]*\))*)+"
)
# RFC 5322, 3.4.1: dot-atom or domain-literal; RFC 6532 adds what is not ASCII.
_atom: Final = rb"[A-Za-z0-9!#-'*+/=?^_`{|}~\x80-\xff-]+"
_domain: Final = re.compile(_atom + rb"(?:\." + _atom + rb")*|\[[!-Z^-~\x80-\xff]*\]")

#: RFC 5537, 3.4.1: without these it is no proto-article.
MANDATORY: Final = (b"From", b"Newsgroups", b"Subject")
#: RFC 5536, 3 and RFC 5322, 3.6: once at most.
_ONCE: Final = frozenset(
    name.lower()
    for name in (
        b"Approved", b"Archive", b"Cc", b"Content-Disposition", b"Content-Language",
        b"Content-Transfer-Encoding", b"Content-Type", b"Date", b"Distribution", b"Expires",
        b"Followup-To", b"From", b"In-Reply-To", b"Injection-Date", b"Lines", b"Message-ID",
        b"MIME-Version", b"Newsgroups", b"Organization", b"Path", b"References", b"Reply-To",
        b"Sender", b"Subject", b"Summary", b"To", b"User-Agent",
    )
)  # fmt: skip
#: Only servers write these; who sends them pretends that the article was injected elsewhere.
_FORGED: Final = frozenset(
    (b"injection-info", b"xref", b"nntp-posting-host", b"nntp-posting-date", b"x-trace",
     b"x-complaints-to")
)  # fmt: skip
#: RFC 5537, 5: such an article would act on other articles or groups. None does here.
_CONTROL: Final = frozenset((b"control", b"also-control", b"supersedes"))
#: RFC 3798, 2.1 and RFC 5536, 3.3: of mail, not of news.
_DEPRECATED: Final = frozenset(
    (b"disposition-notification-to", b"disposition-notification-options", b"original-recipient",
     b"return-receipt-to", b"bcc", b"resent-bcc")
)  # fmt: skip
_REFUSALS: Final = (
    (_FORGED, "is written by servers only"),
    (_CONTROL, "is not taken here: articles do not act on others"),
    (_DEPRECATED, "belongs in mail, not in news"),
)


@dataclass(frozen=True, slots=True)
class PostingPolicy:
    """What a site's injecting agent asks of posters, and tells of them.

    Args:
        host: the path identity: in Path, Xref, Injection-Info and Message-IDs made here.
        posting: who may post: those who have logged in, all who may read, or nobody.
        article_octets: the largest article taken; None for no limit.
        crossposts: newsgroups that one article may be posted to.
        oldest: how far an article's Date may lie back (RFC 5537, 3.5: 72 hours at least).
        tell_source: whether Injection-Info and Path tell the poster's address.
        complaints: a mail address for Injection-Info; empty for none.
        domain: of the addresses moderators get mail at; empty where they get none.
    """

    host: str
    posting: Literal["login", "open", "none"] = "login"
    article_octets: int | None = 4 * 1024 * 1024
    crossposts: int = 10
    oldest: timedelta = timedelta(days=10)
    tell_source: bool = False
    complaints: str = ""
    domain: str = ""

    def moderator_address(self, account: str) -> str:
        """Return where articles for a moderator are mailed to; empty where there is no mail."""
        if not self.domain or "@" in account:
            return account if "@" in account else ""
        return f"{account}@{self.domain}"


class Unfit(Exception):
    """The article cannot be injected; the message says why, in words for its poster."""


@dataclass(frozen=True, slots=True)
class ProtoArticle:
    """A header that may be injected, if its newsgroups let it.

    Args:
        header: as sent, without the empty line.
        newsgroups: each once, in order.
        message_id: with its angle brackets; None when it has none yet.
        approved: whether it has an Approved field.
    """

    header: bytes
    newsgroups: tuple[str, ...]
    message_id: str | None
    has_date: bool
    has_injection_date: bool
    approved: bool
    path: bytes | None


@dataclass(frozen=True, slots=True)
class Trace:
    """What the server adds of itself and of the poster.

    Args:
        host: the server's path identity.
        message_id: for an article that has none, with angle brackets.
        account: who has logged in; empty for nobody.
        source: the poster's IP address, where it is to be told; else empty.
        complaints: a mail address; empty for none.
    """

    host: str
    now: datetime
    message_id: str
    account: str = ""
    source: str = ""
    complaints: str = ""


def check(header: bytes, *, now: datetime, oldest: timedelta) -> ProtoArticle:
    """Judge a proto-article's header: octets with CRLF line ends, without the empty line.

    Args:
        oldest: how far Date and Injection-Date may lie back.

    Raises:
        Unfit: with the reason.
    """
    _check_lines(header)
    found: dict[bytes, Field] = {}
    counted: Counter[bytes] = Counter()
    for field in fields(header):
        name = field.name.lower()
        counted[name] += 1
        found.setdefault(name, field)
    for names, why in _REFUSALS:
        for name in names & found.keys():
            raise Unfit(f"{_shown(found[name].name)} {why}")
    for name in MANDATORY:
        if name.lower() not in found:
            raise Unfit(f"There is no {name.decode()} field")
    for name, count in counted.items():
        if count > 1 and name in _ONCE:
            raise Unfit(f"{_shown(found[name].name)} stands there {count} times")
    values = {name: field.value for name, field in found.items()}
    _check_values(values, now, oldest)
    message_id = values.get(b"message-id")
    return ProtoArticle(
        header=header,
        newsgroups=_names(values[b"newsgroups"], "Newsgroups"),
        message_id=message_id.decode() if message_id is not None else None,
        has_date=b"date" in values,
        has_injection_date=b"injection-date" in values,
        approved=b"approved" in values,
        path=values.get(b"path"),
    )


def _shown(name: bytes) -> str:
    return name[:60].decode("ascii", "replace")


def _check_lines(header: bytes) -> None:
    """Judge the form of each line (RFC 5536, 2.2)."""
    if b"\0" in header:
        raise Unfit("There is a NUL in the header")
    try:
        header.decode("utf-8")
    except UnicodeDecodeError:
        raise Unfit("The header is neither ASCII nor UTF-8") from None
    lines = header.removesuffix(b"\r\n").split(b"\r\n")
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_OCTETS:
            raise Unfit(f"Line {number} of the header is longer than {LINE_OCTETS} octets")
        if b"\r" in line or b"\n" in line:
            raise Unfit(f"CR or LF stands alone in line {number} of the header")
        if line[:1] in (b" ", b"\t"):
            if number == 1 or not line.strip(b" \t"):
                raise Unfit(f"Line {number} of the header is no field")
            continue
        match = _name_and_space.match(line)
        if match is None:
            raise Unfit(f"Line {number} of the header is no field")
        if not line[match.end() :].strip(b" \t"):
            raise Unfit(f"{_shown(line[: match.end() - 2])} is empty")


def _check_values(values: dict[bytes, bytes], now: datetime, oldest: timedelta) -> None:
    for name in (b"from", b"sender", b"reply-to", b"approved"):
        value = values.get(name)
        if value is not None and not _has_address(value):
            raise Unfit(f"{_shown(name.title())} has no address")
    message_id = values.get(b"message-id")
    if message_id is not None and not is_message_id(message_id):
        raise Unfit("Message-ID is none: <unique@domain>, 250 octets at most")
    for name in (b"date", b"injection-date", b"expires"):
        value = values.get(name)
        if value is None:
            continue
        when = parse_message_date(value)
        if when is None:
            raise Unfit(f"{_shown(name.title())} is no date")
        if name == b"expires":
            continue
        if when > now + AHEAD:
            raise Unfit(f"{_shown(name.title())} lies in the future")
        if when < now - oldest:
            raise Unfit(f"{_shown(name.title())} lies more than {oldest.days} days back")
    followup = values.get(b"followup-to")
    if followup is not None and followup.lower() != b"poster":
        _names(followup, "Followup-To")
    for name, form in ((b"references", _references), (b"distribution", _dist_list)):
        value = values.get(name)
        if value is not None and not form.fullmatch(value):
            raise Unfit(f"{_shown(name.title())} is malformed")
    path = values.get(b"path")
    if path is not None and (
        len(path) > PATH_OCTETS or not _path.fullmatch(path) or _posted.search(b"!" + path)
    ):
        raise Unfit("Path is none, or says that the article was injected already")


def _has_address(value: bytes) -> bool:
    mailboxes = [each for each in parse_address_list(value) if each.domain is not None]
    return bool(mailboxes) and all(
        each.local and each.domain and _domain.fullmatch(each.domain) for each in mailboxes
    )


def _names(value: bytes, field: str) -> tuple[str, ...]:
    names = [name.strip(b" \t") for name in value.split(b",")]
    if not all(is_newsgroup_name(name) for name in names):
        raise Unfit(f"{field} holds what is no newsgroup's name")
    return tuple(dict.fromkeys(name.decode("ascii") for name in names))


def inject(proto: ProtoArticle, trace: Trace) -> tuple[bytes, str]:
    """Return the header an article is stored with, and its Message-ID.

    Only Path is changed, and put first; all other fields stay as they are (RFC 5537, 3.5, points
    5 to 11). The empty line is not part of it.
    """
    date = format_message_date(trace.now)
    message_id = proto.message_id or trace.message_id
    added = [
        b"Path: " + _path_field(proto.path, trace),
        strip(proto.header, (b"path",)).removesuffix(b"\r\n"),
    ]
    if proto.message_id is None:
        added.append(b"Message-ID: " + message_id.encode())
    if not proto.has_date:
        added.append(b"Date: " + date)
    added.append(b"Injection-Info: " + _info(trace))
    # With both Message-ID and Date of the poster it may have been injected elsewhere too, by
    # somebody who gave it no Injection-Date (point 11).
    if not proto.has_injection_date and not (proto.message_id and proto.has_date):
        added.append(b"Injection-Date: " + date)
    return b"\r\n".join(added) + b"\r\n", message_id


def _path_field(path: bytes | None, trace: Trace) -> bytes:
    # RFC 5537, 3.2.1: host "!" ".POSTED" ["." source] "!" what stood there
    posted = ".POSTED" + (f".{trace.source}" if trace.source else "")
    return f"{trace.host}!{posted}!".encode() + (unfold(path) if path else b"not-for-mail")


def _info(trace: Trace) -> bytes:
    # RFC 5536, 3.2.8: path-identity *( ";" parameter ); values quoted, so that they are values
    parameters: Sequence[tuple[str, str]] = (
        ("posting-host", trace.source),
        ("posting-account", trace.account),
        ("mail-complaints-to", trace.complaints),
    )
    words = [trace.host, *(f"{name}={_quoted(value)}" for name, value in parameters if value)]
    return ";\r\n\t".join(words).encode()


def _quoted(value: str) -> str:
    plain = "".join(character for character in value if " " <= character <= "~")
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
