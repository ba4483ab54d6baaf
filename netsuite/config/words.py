"""Words for wrong settings: what a setting has to be, and nothing of the library that judged it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

#: By pydantic's name of an error: what the value has to be. The names in braces are its own.
_WORDS: Final[Mapping[str, str]] = {
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "int_parsing": "must be a whole number",
    "string_type": 'must be text in quotation marks, as in "text"',
    "list_type": 'must be a list, as in ["one", "two"]',
    "model_type": "must be a table of settings, with its name in brackets on a line of its own",
    "model_attributes_type": "must be a table of settings, with its name in brackets",
    "dict_type": "must be a table of settings, with its name in brackets",
    "finite_number": "must be a finite number",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "string_too_short": "must not be empty",
    "string_too_long": "must be {max_length} characters at most",
    "too_short": "must have at least one entry",
    "literal_error": "must be {expected}",
}


def wrong_value(details: Mapping[str, Any], form: str) -> str:
    """Return what is wrong with a value.

    Args:
        details: one of pydantic's errors.
        form: what the setting has to be, where it says so itself.
    """
    kind, given = details["type"], details["input"]
    if kind == "value_error":  # ours, which names what was given
        return str(details["ctx"]["error"])
    if kind == "string_pattern_mismatch":
        return f"must be {form or 'written otherwise'}, not {given!r}"
    words = _WORDS.get(kind, "cannot be that").format(**details.get("ctx", {}))
    return words if kind in ("string_too_short", "too_short") else f"{words}, not {shown(given)}"


def shown(value: object) -> str:
    """Return a value as it was written, more or less: TOML's booleans are not Python's."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    return repr(value)
