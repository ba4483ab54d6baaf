"""SPF records as values, and their macros. See RFC 7208, 4.6, 7 and 12."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

VERSION: Final = "v=spf1"
#: Longer records, and domains in them, are nobody's (RFC 7208, 3.4 wants 450 octets), and each
#: could be a stranger's.
RECORD_OCTETS: Final = 8192
DOMAIN_OCTETS: Final = 512
#: By qualifier, what a mechanism that matches results in (RFC 7208, 4.6.2).
QUALIFIERS: Final = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}

# RFC 7208, 12; the delimiters and transformers of macro-expand are its groups.
_expand: Final = re.compile(r"%(?:\{([A-Za-z])([0-9]{0,3})([rR]?)([.\-+,/_=]*)\}|([%_-]))")
_literal: Final = r"[\x21-\x24\x26-\x7e]"
_macro: Final = r"%(?:\{[SLODIPVHslodipvh][0-9]{0,3}[rR]?[.\-+,/_=]*\}|[%_-])"
_macro_string: Final = re.compile(rf"(?:{_literal}|{_macro})*")
_explained: Final = _macro.replace("VHslodipvh", "VHCRTslodipvhcrt")
_any_macro_string: Final = re.compile(rf"(?:{_literal}|{_explained})*")
_domain_end: Final = re.compile(
    r".*(?:\.(?:[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*|[A-Za-z0-9]+-[A-Za-z0-9-]*[A-Za-z0-9])\.?"
    rf"|{_macro})"
)
_modifier: Final = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=(.*)")
_directive: Final = re.compile(r"([+?~-]?)([A-Za-z0-9]+)(?::([^/]*(?:/(?![0-9/])[^/]*)*))?(/.*)?")
_dual_cidr: Final = re.compile(r"(?:/(0|[1-9][0-9]?))?(?://(0|[1-9][0-9]{0,2}))?")
_ip: Final = re.compile(r"([+?~-]?)(ip4|ip6):([0-9A-Fa-f.:]+)(?:/(0|[1-9][0-9]{0,2}))?", re.I)

IP = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


class PermError(Exception):
    """The record cannot be evaluated, whoever asks."""


@dataclass(frozen=True, slots=True)
class Directive:
    """A mechanism and what it results in.

    Args:
        result: where it matches.
        kind: ``all``, ``include``, ``a``, ``mx``, ``ptr``, ``ip`` or ``exists``.
        domain: its domain-spec, with macros; empty for the domain itself.
        network: of ``ip``.
        prefixes: of ``a`` and ``mx``: bits compared of an IPv4 and of an IPv6 address.
    """

    result: str
    kind: str
    domain: str = ""
    network: IPNetwork | None = None
    prefixes: tuple[int, int] = (32, 128)


@dataclass(frozen=True, slots=True)
class Record:
    """A record: directives in order, and the domain-spec that it redirects to."""

    directives: tuple[Directive, ...] = ()
    redirect: str | None = None


def is_record(text: bytes) -> bool:
    """Return whether a TXT record is one of SPF's (RFC 7208, 4.5)."""
    version = VERSION.encode("ascii")
    return text[: len(version)].lower() == version and text[len(version) :][:1] in (b"", b" ")


def parse_record(octets: bytes) -> Record:
    """Read a record, the whole of it. Raises PermError."""
    if len(octets) > RECORD_OCTETS:
        raise PermError("the record is too long")
    try:
        terms = octets.decode("ascii")[len(VERSION) :].split(" ")
    except UnicodeDecodeError:
        raise PermError("octets that are no text") from None
    directives: list[Directive] = []
    modifiers: dict[str, str] = {}
    for term in filter(None, terms):
        modifier = _modifier.fullmatch(term)
        if modifier is None:
            directives.append(_parse_directive(term))
            continue
        name, value = modifier[1].lower(), modifier[2]
        if name in ("redirect", "exp"):
            if name in modifiers:
                raise PermError(f"{name} stands twice")
            modifiers[name] = _domain_spec(value)
        elif not _any_macro_string.fullmatch(value):
            raise PermError(f"malformed: {term[:60]}")
    return Record(tuple(directives), modifiers.get("redirect"))


def _domain_spec(text: str) -> str:
    if (
        len(text) > DOMAIN_OCTETS
        or not _macro_string.fullmatch(text)
        or not _domain_end.fullmatch(text)
    ):
        raise PermError(f"malformed domain: {text[:60]}")
    return text


def _parse_directive(term: str) -> Directive:
    ip = _ip.fullmatch(term)
    if ip is not None:
        return _parse_ip(*ip.groups())
    match = _directive.fullmatch(term)
    if match is None:
        raise PermError(f"malformed: {term[:60]}")
    qualifier, kind, domain, cidr = match.groups()
    result, kind = QUALIFIERS[qualifier or "+"], kind.lower()
    takes_domain = {"all": False, "include": True, "exists": True, "a": None, "mx": None,
                    "ptr": None}  # fmt: skip
    if kind not in takes_domain:
        raise PermError(f"no mechanism: {term[:60]}")
    wanted = takes_domain[kind]
    if (wanted is not None and wanted != (domain is not None)) or (
        cidr and kind not in ("a", "mx")
    ):
        raise PermError(f"malformed: {term[:60]}")
    spec = "" if domain is None else _domain_spec(domain)
    return Directive(result, kind, spec, prefixes=_prefixes(cidr or ""))


def _prefixes(cidr: str) -> tuple[int, int]:
    match = _dual_cidr.fullmatch(cidr)
    if match is None or int(match[1] or 0) > 32 or int(match[2] or 0) > 128:
        raise PermError(f"malformed prefix: {cidr[:60]}")
    return int(match[1] or 32), int(match[2] or 128)


def _parse_ip(qualifier: str, kind: str, address: str, bits: str | None) -> Directive:
    network: IPNetwork
    try:
        if kind.lower() == "ip4":
            network = ipaddress.IPv4Network(f"{address}/{bits or 32}", strict=False)
        else:
            network = ipaddress.IPv6Network(f"{address}/{bits or 128}", strict=False)
    except ValueError:
        raise PermError(f"malformed address: {address[:60]}") from None
    return Directive(QUALIFIERS[qualifier or "+"], "ip", network=network)


def expand(spec: str, value: Callable[[str], str]) -> str:
    """Expand the macros of a domain-spec (RFC 7208, 7.3).

    Args:
        value: returns what a letter (in lower case) stands for.

    Raises:
        PermError: no part is asked for.
    """

    def replaced(match: re.Match[str]) -> str:
        letter, digits, reverse, delimiters, other = match.groups()
        if other:
            return {"%": "%", "_": " ", "-": "%20"}[other]
        text = value(letter.lower())
        parts = re.split(f"[{re.escape(delimiters or '.')}]", text)
        if reverse:
            parts.reverse()
        if digits:
            if int(digits) == 0:
                raise PermError("a macro of no parts")
            parts = parts[-int(digits) :]
        text = ".".join(parts) if digits or reverse or delimiters else text
        return quote(text, safe="-._~") if letter.isupper() else text

    name = _expand.sub(replaced, spec).rstrip(".")
    while len(name) > 253:
        name = name.partition(".")[2]
    return name
