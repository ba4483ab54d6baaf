"""The settings as a commented sample file, and as the page of the manual."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from netsuite.config.schema import sections


def sample(values: Mapping[str, Mapping[str, Any]] | None = None) -> str:
    """Return the whole configuration as TOML, each setting under its documentation.

    Args:
        values: by table and name, what to write as a set value; every other setting is
            written as a comment with its default.
    """
    chosen = values or {}
    lines = ["# The configuration of netsuite. What is commented out is the default.", ""]
    for table, section in sections():
        lines.append(f"# {_first_line(section)}")
        lines.append(f"[{table}]")
        for name, field in section.model_fields.items():
            lines.append("")
            lines.extend(f"# {line}" for line in textwrap.wrap(_explained(field), 88))
            if name in chosen.get(table, {}):
                lines.append(f"{name} = {toml_value(chosen[table][name])}")
            else:
                lines.append(f"#{name} = {toml_value(_default(field))}")
        lines.append("")
    return "\n".join(lines)


def manual() -> str:
    """Return docs/configuration.rst."""
    lines = [
        "Configuration",
        "=============",
        "",
        "One TOML file, ``netsuite.toml`` in the home directory or the one ``--config`` names.",
        "Everything has a default, so an empty file, or none, is a configuration.",
        "``--set KEY=VALUE`` on the command line wins over the file.",
        "``netsuite check-config`` says what is wrong with a file, line by line;",
        "``netsuite describe-config`` prints a commented sample. A setting marked *live* takes",
        "a new value at SIGHUP, without a restart; certificates are read again by themselves.",
        "",
        ".. This page is made from netsuite/config/: ``netsuite describe-config --rst``.",
        "",
    ]
    for table, section in sections():
        title = f"[{table}]"
        lines += [title, "-" * len(title), "", _first_line(section), ""]
        for name, field in section.model_fields.items():
            default = toml_value(_default(field))
            live = " (*live*)" if _extra(field).get("live") else ""
            lines += [f"``{name}``{live}"]
            lines += [f"    {line}" for line in textwrap.wrap(_explained(field), 88)]
            lines += ["", f"    Default: ``{default}``", ""]
    return "\n".join(lines)


def toml_value(value: object) -> str:
    """Write a value as TOML; its strings and lists are JSON's."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


def _default(field: FieldInfo) -> object:
    return field.get_default(call_default_factory=True)


def _extra(field: FieldInfo) -> Mapping[str, Any]:
    extra = field.json_schema_extra
    return extra if isinstance(extra, dict) else {}


def _explained(field: FieldInfo) -> str:
    unit = _extra(field).get("unit")
    text = field.description or ""
    return f"{text} Unit: {unit}." if unit else text


def _first_line(section: type[BaseModel]) -> str:
    return (section.__doc__ or "").strip().splitlines()[0]
