"""Faults in JSON: one form for each method of ``Faults``, and the rules that were made so."""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import itertools
import json
import re
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.fields import FieldInfo

from netsuite.testing.control.answers import in_words, refusal, text
from netsuite.testing.faults import Direction, Faults, Rule, TLSFault, UnmetExpectation
from netsuite.testing.faults.service import Whom
from netsuite.testing.suite import Service

#: What can go wrong, by what the form calls it. ``goodbye`` happens at once, and is no rule.
KINDS: Final[Mapping[str, Callable[..., object]]] = {
    method.__name__: method
    for method in (
        Faults.refusing,
        Faults.delay,
        Faults.drop,
        Faults.reset,
        Faults.dribble,
        Faults.slow_reader,
        Faults.truncate,
        Faults.garbage,
        Faults.blackhole,
        Faults.edit,
        Faults.unfinished_reply,
        Faults.missing_dot,
        Faults.size_lie,
        Faults.wrong_tag,
        Faults.literal,
        Faults.uid_validity,
        Faults.chunk_garbage,
        Faults.silent_data_port,
        Faults.tls,
        Faults.starttls_stripped,
        Faults.starttls_injected,
        Faults.goodbye,
    )
}

_LINE: Final = Annotated[str, Field(pattern=r"^[ -~]*$")]
#: Parameters whose values JSON says in another way, or within limits that are not their type's.
_TYPES: Final[Mapping[tuple[str, str], object]] = {
    ("refusing", "text"): _LINE,
    ("tls", "kind"): TLSFault,
    ("starttls_injected", "octets"): bytes,
}
_TYPES_OF_ALL: Final[Mapping[str, object]] = {
    "direction": Direction,
    "after": Annotated[int, Field(ge=0)],
    "octets": Annotated[int, Field(ge=1, le=10_000_000)],
    "octets_per_second": Annotated[int, Field(ge=1)],
    "every": Annotated[float, Field(gt=0, le=86_400)],
    "seconds": Annotated[float, Field(ge=0, le=86_400)],
    "jitter": Annotated[float, Field(ge=0, le=86_400)],
    "connection": Annotated[int | None, Field(ge=1)],
    "times": Annotated[int | None, Field(ge=1)],
    "probability": Annotated[float, Field(ge=0, le=1)],
}
#: What the form calls parameters that JSON cannot say, or that another is called, too.
_CALLED: Final = {"when": "matching", "kind": "fault"}


def _form(kind: str, method: Callable[..., object]) -> type[BaseModel]:
    """Return the form of a method, with the same names."""
    hints = {**typing.get_type_hints(method), **typing.get_type_hints(Whom)}
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(method).parameters.items()
        if name not in ("self", "whom")
    }
    if kind != "goodbye":
        defaults |= {"times": None, "connection": None, "probability": 1.0}
    fields: dict[str, tuple[object, FieldInfo]] = {}
    for name, default in defaults.items():
        hint = _TYPES.get((kind, name), _TYPES_OF_ALL.get(name, hints.get(name)))
        if name == "when":
            hint, default = str, ""
        required = default is inspect.Parameter.empty
        fields[_CALLED.get(name, name)] = (hint, Field(... if required else default))
    settings = ConfigDict(extra="forbid", strict=True)
    made: type[BaseModel] = create_model(kind, __config__=settings, **fields)  # type: ignore[call-overload]
    return made


FORMS: Final[Mapping[str, type[BaseModel]]] = {
    kind: _form(kind, method) for kind, method in KINDS.items()
}


def words() -> list[str]:
    """Return each kind in a line: what it is called, what it takes, what it does."""
    lines = []
    for kind, form in FORMS.items():
        names = [
            name if field.is_required() else f"[{name}]"
            for name, field in form.model_fields.items()
            if name not in typing.get_type_hints(Whom) or kind == "goodbye"
        ]
        documented = (inspect.getdoc(KINDS[kind]) or "").partition("\n\n")[0]
        does = " ".join(re.sub(r"[*`]", "", documented).split())
        lines.append(f"{' '.join([kind, *names])}: {does}")
    return lines


def matching(pattern: str) -> Callable[[object], bool]:
    """Return what says whether any part of a command, as text, has a match.

    Raises:
        RequestRefused: with 400: that is no pattern.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as problem:
        raise refusal(400, f"matching: {problem}") from None

    def matches(command: object) -> bool:
        if dataclasses.is_dataclass(command):
            names = [each.name for each in dataclasses.fields(command)]
        else:
            names = list(vars(command))
        return any(compiled.search(_as_text(getattr(command, name))) for name in names)

    return matches


def _as_text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """A fault that was asked for.

    Args:
        id: its number.
        service: whose.
        said: as it was asked for.
        rule: what came of that.
    """

    id: int
    service: Service
    said: Mapping[str, object]
    rule: Rule[object]

    def shown(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {
            "id": self.id,
            "service": self.service.name,
            **self.said,
            "met": self.rule.used,
            "unmet": self.rule.unmet,
        }


class StandingFaults:
    """The faults that were asked for, by their numbers."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._faults: dict[int, Standing] = {}

    def make(self, service: Service, body: bytes) -> Standing | None:
        """Make a fault as a body in JSON has it; None for what has happened already.

        Raises:
            RequestRefused: with 400 and what is wrong.
        """
        said = _object(body)
        kind = said.get("kind")
        if not isinstance(kind, str) or kind not in KINDS:
            raise refusal(400, f"kind: one of {', '.join(KINDS)}")
        data = said.get("data", False)
        if not isinstance(data, bool):
            raise refusal(400, "data: true, for FTP's connections for data, or false")
        others = {key: value for key, value in said.items() if key not in ("kind", "data")}
        arguments = _arguments(kind, others)
        try:
            rule = KINDS[kind](service.data if data else service, **arguments)
        except (ValueError, re.error) as problem:
            raise refusal(400, text(problem)) from None
        if not isinstance(rule, Rule):
            return None
        made = Standing(next(self._numbers), service, said, rule)
        self._faults[made.id] = made
        return made

    def all(self) -> list[Standing]:
        """Return those that stand."""
        return list(self._faults.values())

    def end(self, number: str) -> Standing:
        """End one. Raises RequestRefused, with 404, where there is none."""
        found = self._faults.pop(int(number[:9]), None) if number.isdecimal() else None
        if found is None:
            raise refusal(404, f"there is no fault {text(number)}")
        with contextlib.suppress(UnmetExpectation):  # which is said of it
            found.rule.end()
        return found

    def clear(self) -> list[Standing]:
        """End all."""
        return [self.end(str(each)) for each in list(self._faults)]


def _object(body: bytes) -> dict[str, object]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise refusal(400, f"no JSON: {problem}") from None
    if not isinstance(said, dict):
        raise refusal(400, 'a fault is an object: {"kind": "refusing", "command": "RCPT"}')
    return said


def _arguments(kind: str, said: Mapping[str, object]) -> dict[str, object]:
    """Return the arguments of a kind's method. Raises RequestRefused."""
    try:
        filled = FORMS[kind].model_validate_json(json.dumps(said))
    except ValidationError as problem:
        raise refusal(400, f"{kind}: {in_words(problem)}") from None
    values = {name: getattr(filled, name) for name in filled.model_fields_set}
    if "code" in values:
        values["code"] = _code(values["code"])
    if kind == "edit":
        try:
            re.sub(values["pattern"], values["replacement"], b"")
        except (re.error, IndexError) as problem:
            raise refusal(400, f"edit: {problem}") from None
    pattern = values.pop("matching", "")
    if pattern:
        values["when"] = matching(pattern)
    if "fault" in values:
        values["kind"] = values.pop("fault")
    return values


def _code(code: int | str | None) -> int | str | None:
    """Return the code of a refusal: JSON may have a number as text."""
    return int(code) if isinstance(code, str) and code.isdecimal() else code
