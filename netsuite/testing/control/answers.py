"""Answers of the control interface: JSON, what is wrong in words; and what it is asked."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from netsuite.http.commands import Response
from netsuite.http.replies import RequestRefused
from netsuite.http.request import IncomingRequest
from netsuite.http.responses import AnyResponse
from netsuite.store import errors
from netsuite.wire.errors import ErrorTable

F = TypeVar("F", bound=BaseModel)

JSON_TYPE: Final = "application/json"
_STANDING: Final = (("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"))
#: Longer than that nobody waits.
WAIT_SECONDS: Final = 600.0
_COUNT: Final = 1_000_000

#: The store's refusals: the status, and what is said before its own text.
_STORE: Final[ErrorTable[tuple[int, str]]] = ErrorTable(
    {
        errors.NoSuchAccount: (404, "no such account"),
        errors.NoSuchFolder: (404, "no such folder"),
        errors.NoSuchMessage: (404, "no such message"),
        errors.NoSuchFile: (404, "no such file"),
        errors.BadFolderName: (400, "no folder can be called so"),
        errors.BadFileName: (400, "no file can be called so"),
        errors.TooLarge: (413, "too large"),
        errors.MessageExists: (409, "there is a message of that Message-ID"),
        errors.FileInTheWay: (409, "something has that name already"),
        errors.IsADirectory: (409, "that is a directory"),
        errors.NotADirectory: (409, "that is no directory"),
        errors.StoreError: (409, "that cannot be done"),
    }
)


@dataclass(frozen=True, slots=True)
class Route:
    """One thing the control interface can be asked for.

    Args:
        methods: with spaces between.
        pattern: of the path, as of ``Router.add``; one that ends with a slash is a prefix.
        words: what it does.
        handler: answers.
    """

    methods: str
    pattern: str
    words: str
    handler: Callable[[IncomingRequest], Awaitable[AnyResponse]]


# -- what is said --------------------------------------------------------------------------------


def answer(value: object, status: int = 200) -> Response:
    """Return an answer in JSON."""
    body = json.dumps(value, indent=1) + "\n"
    return Response(status, (("Content-Type", JSON_TYPE), *_STANDING), body.encode("ascii"))


def octets(body: bytes, media: str = "application/octet-stream") -> Response:
    """Return an answer that is what it is."""
    return Response(200, (("Content-Type", media), *_STANDING), body)


def error(status: int, text: str, *fields: tuple[str, str]) -> Response:
    """Return an answer that says what is wrong."""
    said = answer({"error": text}, status)
    return Response(status, (*said.fields, *fields), said.body)


def refusal(status: int, text: str) -> RequestRefused:
    """Return what a handler raises to have such an answer sent."""
    return RequestRefused(error(status, text))


def store_refusal(problem: errors.StoreError) -> Response:
    """Return the answer to what the store does not do."""
    status, words = _STORE.find(problem) or (500, "unforeseen")
    return error(status, f"{words}: {problem}")


def text(value: object) -> str:
    """Return a text that every reader of JSON takes: without halves of surrogate pairs."""
    return str(value).encode("utf-8", "replace").decode("utf-8")


# -- what is asked -------------------------------------------------------------------------------


def parsed(form: type[F], body: bytes) -> F:
    """Return the form that a body in JSON fills in; an empty body leaves all out.

    Raises:
        RequestRefused: with 400 and each thing that is wrong.
    """
    try:
        return form.model_validate_json(body.strip() or b"{}")
    except ValidationError as problem:
        raise refusal(400, in_words(problem)) from None


def in_words(problem: ValidationError) -> str:
    """Return what is wrong with a form, in one line."""
    wrong = []
    for each in problem.errors():
        where = ".".join(map(str, each["loc"]))
        wrong.append(f"{where}: {each['msg']}" if where else each["msg"])
    return "; ".join(wrong)


class Query:
    """The parameters of a request, each at most once.

    Args:
        known: their names; others are refused, for a misspelled one would be left out in silence.
    """

    def __init__(self, request: IncomingRequest, *known: str) -> None:
        self._values: dict[str, str] = {}
        for name, values in request.query().items():
            if name not in known:
                raise refusal(400, f"no parameter {name}; there are: {', '.join(known) or 'none'}")
            if len(values) > 1:
                raise refusal(400, f"{name} is there twice")
            self._values[name] = values[0]

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def get(self, name: str) -> str | None:
        """Return a parameter, None where it is not there."""
        return self._values.get(name)

    def count(self, name: str, default: int) -> int:
        """Return a whole number from 1 on. Raises RequestRefused."""
        value = self._values.get(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= _COUNT):
            raise refusal(400, f"{name}: a number from 1 to {_COUNT}, not {value!r}")
        return int(value)

    def seconds(self, name: str, default: float) -> float:
        """Return a time. Raises RequestRefused."""
        value = self._values.get(name)
        if value is None:
            return default
        try:
            seconds = float(value)
        except ValueError:
            seconds = -1.0
        if not 0.0 <= seconds <= WAIT_SECONDS:
            raise refusal(400, f"{name}: seconds from 0 to {WAIT_SECONDS:g}, not {value!r}")
        return seconds
