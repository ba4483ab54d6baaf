"""Messages of ``control.sock``: a request is a line of JSON, and so is each of its answers.

::

    {"netsuite": 1, "do": "kick", "account": "ann"}
    {"value": 2}
    {"done": true}

``netsuite`` is the version of all this. The last line to a request is ``done``, or ``error`` with
the reason; as many lines of ``value`` come before as the request has answers. Requests of one
connection are answered in their order. One that streams ends when the client says anything, or
goes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from netsuite.bus import Value
from netsuite.wire.errors import LineTooLong, RemoteProtocolError
from netsuite.wire.events import EndOfInput, Need
from netsuite.wire.reader import LineDialog

VERSION: Final = 1
#: The longest request.
LINE_OCTETS: Final = 65_536


@dataclass(frozen=True, slots=True)
class Request:
    """Something that is to be done, and what it is to be done with."""

    do: str
    arguments: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """One of the answers."""

    value: Value


@dataclass(frozen=True, slots=True)
class Failed:
    """It has not been done, or not all of it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Done:
    """It has been done, and all is told."""


Said: TypeAlias = Told | Failed | Done


class BadMessage(Exception):
    """What came is no message of this protocol."""


def read_request(line: bytes) -> Request:
    """Return a request. Raises BadMessage, with what is wrong."""
    message = _object(line)
    version, do = message.pop("netsuite", None), message.pop("do", None)
    if version != VERSION or isinstance(version, bool):
        raise BadMessage(f'"netsuite" must be {VERSION}, the version that is spoken here')
    if not isinstance(do, str):
        raise BadMessage('"do" must be a string, the name of a command')
    return Request(do, message)


def read_answer(line: bytes) -> Said:
    """Return an answer. Raises BadMessage."""
    message = _object(line)
    if "value" in message:
        return Told(message["value"])
    if "error" in message:
        return Failed(str(message["error"]))
    if "done" in message:
        return Done()
    raise BadMessage("no answer")


def _object(line: bytes) -> dict[str, Value]:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        raise BadMessage("no JSON") from None
    if not isinstance(message, dict):
        raise BadMessage("no JSON object")
    return message


def written_request(request: Request) -> bytes:
    """Return the line of a request."""
    return _line({"netsuite": VERSION, "do": request.do, **request.arguments})


def written_answer(said: Said) -> bytes:
    """Return the line of an answer."""
    if isinstance(said, Told):
        return _line({"value": said.value})
    return _line({"error": said.reason} if isinstance(said, Failed) else {"done": True})


def _line(value: Value) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


class ControlDialog(LineDialog):
    """The server's side of one connection."""

    def next_event(self) -> Request | EndOfInput | Need:
        """Return the next request; the pump takes it when the one before is answered."""
        try:
            line = self._reader.read_line(LINE_OCTETS, lenient=True)
        except LineTooLong as error:
            raise RemoteProtocolError(str(error), Failed(str(error))) from None
        if line is None:
            return self._end()
        try:
            return read_request(line)
        except BadMessage as error:
            raise RemoteProtocolError(str(error), Failed(str(error))) from None

    def send(self, value: Said) -> bytes:
        """Return the octets of an answer."""
        return written_answer(value)
