"""Kinds of values that settings have, each with the words that refuse another."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field

T = TypeVar("T", int, float)


def written(form: str, wrong: str) -> AfterValidator:
    """Return what takes texts of one form.

    Args:
        form: a regular expression.
        wrong: what is said of another text, which takes the place of ``{!r}``.
    """
    pattern = re.compile(form)

    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(wrong.format(text))
        return text

    return AfterValidator(check)


def _is_network(text: str) -> str:
    if text != "unix":
        try:
            ipaddress.ip_network(text)
        except ValueError as error:
            raise ValueError(f"{error}; write 192.0.2.1, 2001:db8::/32 or unix") from None
    return text


# RFC 5321, 4.1.2: Domain = sub-domain *("." sub-domain); RFC 5890 adds U-labels.
_SUB_DOMAIN = r"[^\W_](?:[\w-]*[^\W_])?"
DomainName = Annotated[
    str,
    written(
        rf"(?!.{{256}}){_SUB_DOMAIN}(?:\.{_SUB_DOMAIN})*",
        "{!r} is no domain name; write it as example.org",
    ),
]
Network = Annotated[str, AfterValidator(_is_network)]


def _is_directory(path: str) -> str:
    if any(name in ("", ".", "..") for name in path.split("/")) and path:
        raise ValueError(f"must be a directory of the public site, as a/b, or empty, not {path!r}")
    return path


#: A directory of the public site; empty for its root.
PublicDirectory = Annotated[str, AfterValidator(_is_directory)]


def _not_negative(number: T) -> T:
    if number < 0:
        raise ValueError(f"must be 0 or more, not {number}")
    return number


# A function and no ``ge=0``: it would take the place of a greater ``ge`` that a setting asks for.
Seconds = Annotated[float, Field(strict=False), AfterValidator(_not_negative)]
Count = Annotated[int, AfterValidator(_not_negative)]

#: RFC 5536, 3.2.4: dist-name; RFC 3977, 7.6.5: weight, wildmat and value.
_DIST_NAME = "[A-Za-z0-9][A-Za-z0-9+_-]*"
Distribution = Annotated[
    str,
    written(
        rf"{_DIST_NAME} +\S.*",
        '{!r} is none; write value and meaning, as in "local This site"',
    ),
]
DistributionPattern = Annotated[
    str,
    written(
        rf"[0-9]{{1,9}}:[^:\s]+:{_DIST_NAME}",
        "{!r} is none; write weight, wildmat and value, as in 10:local.*:local",
    ),
]
