"""Settings of a file and the command line, or errors that say what to change."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import ValidationError

from netsuite.config.positions import key_lines
from netsuite.config.schema import Settings, sections
from netsuite.config.sections import Section

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
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "string_too_short": "must not be empty",
    "string_too_long": "must be no longer than {max_length}",
    "too_short": "must have at least one entry",
    "literal_error": "must be {expected}",
    "missing": "is missing",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a configuration.

    Args:
        where: file and line, or the option it came from.
        key: dotted name of the setting; empty for the file as a whole.
        message: what is wrong and what to do.
    """

    where: str
    key: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.where, self.key, self.message) if part)


class ConfigError(Exception):
    """The configuration cannot be used; ``problems`` lists all that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Configuration:
    """Settings, and where each was said.

    Args:
        settings: all of them.
        path: the file; None where there is none.
        place: gives the file and line, or the option, that a setting comes from.
    """

    settings: Settings
    path: Path | None
    place: Callable[[tuple[str, ...]], str]

    def problem(self, key: str, message: str) -> Problem:
        """Return what is wrong with a setting, and where it was said."""
        return Problem(self.place(tuple(key.split("."))), key, message)


def load(path: Path | None, overrides: Iterable[str] = ()) -> Settings:
    """Read settings; as ``read``."""
    return read(path, overrides).settings


def read(path: Path | None, overrides: Iterable[str] = ()) -> Configuration:
    """Read settings.

    Args:
        path: the TOML file; None for the defaults.
        overrides: ``KEY=VALUE`` texts that win over the file; VALUE is a TOML value, or is
            taken as a string when it is none.

    Raises:
        ConfigError: with every problem found, not only the first.
    """
    text, data = _read(path) if path else ("", {})
    given = [_override(data, override) for override in overrides]
    place = partial(_place, path, key_lines(text), given)
    try:
        return Configuration(Settings.model_validate(data), path, place)
    except ValidationError as error:
        raise ConfigError([_problem(details, place) for details in error.errors()]) from None


def changed(settings: Settings, table: str, values: Mapping[str, object]) -> Settings:
    """Return settings of which some of one table are others.

    Args:
        values: by name, with underscores.

    Raises:
        ConfigError: there is no such setting, or it cannot have that value.
    """
    section = getattr(settings, table)
    try:
        made = type(section).model_validate({**section.model_dump(), **values})
    except ValidationError as error:
        found = [{**each, "loc": (table, *each["loc"])} for each in error.errors()]
        raise ConfigError([_problem(each, _in_program) for each in found]) from None
    return settings.model_copy(update={table: made})


def _in_program(names: tuple[str, ...]) -> str:
    """Say where a setting comes from that a program has given."""
    return ""


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            [Problem(str(path), "", "no such file; `netsuite init` writes one")]
        ) from None
    except UnicodeDecodeError:
        raise ConfigError([Problem(str(path), "", "is not UTF-8 text")]) from None
    except OSError as error:
        raise ConfigError([Problem(str(path), "", f"cannot be read: {error.strerror}")]) from None
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, _, position = str(error).partition(" (at line ")
        line = position.split(",")[0]
        where = f"{path}:{line}" if line.isdigit() else str(path)
        raise ConfigError([Problem(where, "", f"is not TOML: {message}")]) from None


def _override(data: dict[str, Any], override: str) -> tuple[str, ...]:
    """Put one ``KEY=VALUE`` into *data*; return the key's path."""
    key, equals, value = override.partition("=")
    if not equals or not key.strip():
        raise ConfigError([Problem(f"--set {override}", "", "write it as KEY=VALUE")])
    path = tuple(key.strip().split("."))
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value
    table = data
    for part in path[:-1]:
        inner = table.setdefault(part, {})
        if not isinstance(inner, dict):
            raise ConfigError([Problem(f"--set {override}", part, "is no table")])
        table = inner
    table[path[-1]] = parsed
    return path


def _place(
    path: Path | None,
    lines: Mapping[tuple[str, ...], int],
    overrides: Sequence[tuple[str, ...]],
    names: tuple[str, ...],
) -> str:
    """Return the file and line, or the option, that a setting comes from."""
    if any(names[: len(given)] == given for given in overrides):
        return "--set"
    line = next(
        (lines[names[:end]] for end in range(len(names), 0, -1) if names[:end] in lines), None
    )
    return f"{path}:{line}" if line else str(path or "")


def _problem(details: Mapping[str, Any], place: Callable[[tuple[str, ...]], str]) -> Problem:
    loc = tuple(str(part) for part in details["loc"])
    names = tuple(part for part in loc if not part.isdigit())
    where = place(loc) if _is_in_table(loc) else place(names)
    if details["type"] == "extra_forbidden":
        return Problem(where, ".".join(names), _unknown(names))
    return Problem(where, ".".join(loc), _wrong_value(details))


def _is_in_table(loc: tuple[str, ...]) -> bool:
    """Whether a place is in one of several tables of one name, as in ``files.rules.0.path``."""
    return (
        len(loc) > 2
        and loc[2].isdigit()
        and any(
            _tables_of(section.model_fields[loc[1]].annotation)
            for table, section in sections()
            if table == loc[0] and loc[1] in section.model_fields
        )
    )


def _wrong_value(details: Mapping[str, Any]) -> str:
    """Return what is wrong with a value, from one of pydantic's errors."""
    kind, given = details["type"], details["input"]
    if kind == "value_error":  # ours, which names what was given
        return str(details["ctx"]["error"])
    words = _WORDS.get(kind, "cannot be that").format(**details.get("ctx", {}))
    alone = kind in ("string_too_short", "too_short", "missing")
    return words if alone else f"{words}, not {_shown(given)}"


def _shown(value: object) -> str:
    """Return a value as it was written, more or less: TOML's booleans are not Python's."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    return repr(value)


def _unknown(names: tuple[str, ...]) -> str:
    """Say that there is no such setting, and which one may have been meant."""
    known = sorted(setting_names())
    name = ".".join(names)
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if not nearest:  # right name, wrong table?
        last = names[-1]
        nearest = [other for other in known if other.rpartition(".")[2] == last][:1]
    hint = f"; did you mean {nearest[0]}?" if nearest else ""
    return f"there is no such setting{hint}"


def setting_names() -> Iterable[str]:
    """Return the dotted name of every table and setting."""
    for table, section in sections():
        yield table
        for name, field in section.model_fields.items():
            yield f"{table}.{name}"
            for inner in _tables_of(field.annotation):
                yield from (f"{table}.{name}.{key}" for key in inner.model_fields)


def _tables_of(annotation: object) -> Iterable[type[Section]]:
    """Return the tables that a setting is a list of."""
    return (
        each
        for each in get_args(annotation)
        if isinstance(each, type) and issubclass(each, Section)
    )
