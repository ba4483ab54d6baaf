"""Settings and tables of settings, as every service declares its own."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

_STANDARD_TO_OPEN = 8000  # where nothing is configured, ports are the standard ones plus this


def setting(default: Any, doc: str, *, unit: str = "", live: bool = False, **limits: Any) -> Any:
    """Declare one setting.

    Args:
        default: its value where the file says nothing.
        doc: what it does, in whole sentences.
        unit: the unit of a number.
        live: whether a reload (SIGHUP) can change it.
        limits: pydantic's ``ge``, ``le``, ``min_length`` ...
    """
    extra: dict[str, JsonValue] = {"unit": unit, "live": live}
    return Field(default=default, description=doc, json_schema_extra=extra, **limits)


def loopback(standard_port: int) -> list[str]:
    """Return the endpoint string listened on where nothing is configured."""
    return [f"tcp:{standard_port + _STANDARD_TO_OPEN}:interface=127.0.0.1"]


class Section(BaseModel):
    """One table of the file; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
