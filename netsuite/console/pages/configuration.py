"""The settings in use, secrets left out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from netsuite.config.describe import toml_value
from netsuite.config.schema import sections
from netsuite.console.layout import section, table
from netsuite.console.markup import Content, element, markup
from netsuite.console.visit import Page, Route, Visit

MASK: Final = "***"
#: Names of settings whose value nobody is shown, where they have one.
_SECRET: Final = re.compile("secret|passw|token|credential|hmac|(?:^|_)keys?$", re.I)
#: In URLs: the password, and parameters that are one.
_PASSWORD: Final = re.compile(r"(://[^/@\s:]*):[^/\s]*@")
_PARAMETER: Final = re.compile(r"([?&][^=&\s]*(?:secret|passw|token|key)[^=&\s]*=)[^&\s]*", re.I)


async def show(visit: Visit) -> Page:
    """Show what is set, what is not as by default first."""
    changed, parts = [], []
    for name, kind in sections():
        values = getattr(visit.site.settings, name).model_dump(mode="json")
        defaults = kind().model_dump(mode="json")
        rows = [(key, _code(shown(key, value))) for key, value in values.items()]
        changed += [(f"{name}.{key}", said) for (key, said) in rows if values[key] != defaults[key]]
        parts.append(
            element(
                "details",
                element("summary", f"[{name}]"),
                table(("Setting", "Value"), rows, empty="It has no settings."),
            )
        )
    body = markup(
        section("Other than by default", table(("Setting", "Value"), changed, empty="Nothing is.")),
        section("All", *parts),
    )
    return Page("Settings", body)


def _code(text: str) -> Content:
    return element("code", text)


def shown(name: str, value: object) -> str:
    """Return a value as it stands in the file, without what is secret in it."""
    return toml_value(masked(name, value))


def masked(name: str, value: object) -> object:
    """Return a value without what is secret in it, by its name or inside of URLs."""
    if isinstance(value, Mapping):
        return {key: masked(str(key), each) for key, each in value.items()}
    if isinstance(value, list):
        return [masked(name, each) for each in value]
    if not isinstance(value, str) or not value:
        return value
    if _SECRET.search(name):
        return MASK
    return _PARAMETER.sub(rf"\1{MASK}", _PASSWORD.sub(rf"\1:{MASK}@", value))


ROUTES: Final = (Route("/settings", show),)
