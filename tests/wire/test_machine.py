"""State tables as data."""

from __future__ import annotations

import enum

from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.errors import LocalProtocolError
from netsuite.wire.machine import Machine


class State(enum.Enum):
    OPEN = 1
    BUSY = 2
    CLOSED = 3


class Ask:
    pass


class Tell:
    pass


class Quit:
    pass


TABLE: dict[tuple[State, type], State] = {
    (State.OPEN, Ask): State.BUSY,
    (State.BUSY, Tell): State.OPEN,
    (State.OPEN, Quit): State.CLOSED,
    (State.BUSY, Quit): State.CLOSED,
}


class Tables(SynchronousTestCase):
    """A table is checked when it is made, and says what may be said."""

    def setUp(self) -> None:
        self.machine = Machine(TABLE, start=State.OPEN, final=[State.CLOSED])

    def test_steps(self) -> None:
        """What the table has is done, all else is a bug of ours."""
        self.assertEqual(State.BUSY, self.machine.step(State.OPEN, Ask()))
        error = self.assertRaises(LocalProtocolError, self.machine.step, State.OPEN, Tell())
        self.assertEqual("Tell may not be said in state OPEN", str(error))

    def test_checked(self) -> None:
        """States that cannot be reached or left are found before any dialog runs."""
        self.assertRaises(ValueError, Machine, TABLE, start=State.OPEN)
        self.assertRaises(ValueError, Machine, TABLE, start=State.OPEN, final=list(State))
        unreached = {**TABLE, (State.CLOSED, Ask): State.CLOSED}
        del unreached[State.OPEN, Quit], unreached[State.BUSY, Quit]
        self.assertRaises(ValueError, Machine, unreached, start=State.OPEN)
