"""Cases: a fault, and what two clients see of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from netsuite.testing.faults import Faults, Rule
from tests.testing.faults.clients import OURS, THEIRS, Port, Way
from tests.testing.faults.world import PATIENT, World

#: What a client that is to meet a silence waits for, in real seconds.
IMPATIENT: Final = 0.3


@dataclass(frozen=True)
class Case:
    """A fault, and what two clients see of it.

    Args:
        name: of the fault.
        fault: makes it.
        ours: a pattern of what netsuite's own client sees: ``done`` and what came of its errand, or
            an error's class and text.
        theirs: of what the standard library's sees.
        silent: whether somebody waits in vain, so that nobody is to be patient.
    """

    name: str
    fault: Callable[[Faults], Rule[Any]]
    ours: str
    theirs: str
    silent: bool = False

    def __str__(self) -> str:
        return self.name


def told(error: BaseException) -> str:
    """Return an error as a line: its class, its text."""
    return f"{type(error).__name__}: {error}"


def check_ours(fabric: World, name: str, case: Case) -> None:
    """Have our own client meet a fault, in virtual time."""

    async def errand() -> str:
        try:
            return "done " + await OURS[name](Way(fabric.reactor, fabric.port(name)))
        except Exception as error:
            return told(error)

    with case.fault(fabric.faults[name]):
        seen = fabric.reactor.run(errand(), timeout=600)
    assert re.match(case.ours, seen), seen


def check_theirs(thread: World, name: str, case: Case) -> None:
    """Have the standard library's client meet it."""
    seconds = IMPATIENT if case.silent else PATIENT
    with case.fault(thread.faults[name]):
        try:
            seen = "done " + THEIRS[name](Port(thread.port(name), seconds))
        except Exception as error:
            seen = told(error)
    assert re.match(case.theirs, seen), seen
