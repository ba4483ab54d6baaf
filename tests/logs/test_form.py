"""The log as JSON."""

from __future__ import annotations

import inspect
import json
from io import StringIO

import pytest
from twisted.logger import (
    ILogObserver,
    LogEvent,
    Logger,
    LogLevel,
    eventAsJSON,
    eventFromJSON,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from netsuite.connection import readlog
from netsuite.connection.linelog import Line
from netsuite.ftp.server import transfer_log
from netsuite.gopher.server import access
from netsuite.http.server import shared
from netsuite.logs.form import JSONLog, as_object
from netsuite.smtp import messagelog
from netsuite.smtp.delivery import settling


@implementer(ILogObserver)
class Kept(list[LogEvent]):
    """An observer that keeps events."""

    def __call__(self, event: LogEvent) -> None:
        self.append(event)


def event_of(form: str, *, level: LogLevel = LogLevel.info, **fields: object) -> LogEvent:
    """Return an event, as a logger makes it."""
    events = Kept()
    Logger("netsuite.test", observer=events).emit(level, form, **fields)
    (event,) = events
    event["log_time"] = 1.5
    return event


def test_object() -> None:
    """Its time, its level, whose it is, what kind of event; its connection, and the fields that it
    names, by names that are the same everywhere."""
    event = event_of(
        "{name}: {account!r} from {address} in {seconds:.1f} s",
        name="imap-2.17",
        account="ann",
        address="192.0.2.1",
        seconds=1.25,
        password="hidden",
    )
    assert as_object(event) == {
        "time": "1970-01-01T00:00:01.500000+00:00",
        "level": "info",
        "logger": "netsuite.test",
        "event": "{name}: {account!r} from {address} in {seconds:.1f} s",
        "session": "imap-2.17",
        "service": "imap",
        "account": "ann",
        "peer": "192.0.2.1",
        "seconds": 1.25,
        "message": "imap-2.17: 'ann' from 192.0.2.1 in 1.2 s",
    }


def test_of_a_worker() -> None:
    """It has come as JSON, and is what it would be in the worker."""
    event = event_of("{name} is closed: {reason}", name="smtp-1.2", reason=ValueError("x"))
    there = as_object(eventFromJSON(eventAsJSON(event)))
    assert there.pop("event") == "{name} is closed: {reason}"
    assert (there["session"], there["message"]) == ("smtp-1.2", "smtp-1.2 is closed: x")


def test_odd_events() -> None:
    """Whatever an event is, there is an object of it, and it has one line."""
    failure = Failure(ValueError("x\ny"))
    legacy: LogEvent = {"log_namespace": "log_legacy", "log_format": "{log_text}", "log_text": "z"}
    events = [
        event_of("no end {", level=LogLevel.error),
        event_of("{time} {event} {message}", time=1, event=2, message="mine"),
        event_of("{name}", name="no session"),
        event_of("{error} {where} {none}", error=ValueError("x"), where=object(), none=None),
        event_of("it failed", log_failure=failure),
        legacy,
        {},
    ]
    output = StringIO()
    observe = JSONLog(output)
    for event in events:
        observe(event)
    objects = [json.loads(line) for line in output.getvalue().splitlines()]
    assert len(objects) == len(events)
    assert objects[1]["time"].startswith("1970")
    assert objects[1]["message"] == "1 2 mine"
    assert (objects[2]["name"], "session" in objects[2]) == ("no session", False)
    assert (objects[3]["error"], objects[3]["none"], "where" in objects[3]) == ("x", None, False)
    assert objects[4]["traceback"].rstrip().endswith("ValueError: x\ny")
    assert objects[5]["message"] == "z"


@pytest.mark.parametrize("module", [transfer_log, access, shared, messagelog, settling, readlog])
def test_services(module: object) -> None:
    """A line in JSON is made of the same facts as one of text."""
    line = vars(module)["LINE"]
    assert isinstance(line, Line)
    _, *facts = inspect.signature(line.text).parameters.values()
    assert facts == list(inspect.signature(line.fields).parameters.values())
