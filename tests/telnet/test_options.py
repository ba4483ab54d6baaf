"""The Q method against RFC 1143's own table, and against peers that negotiate without end."""

from __future__ import annotations

import itertools

from netsuite.telnet.commands import Negotiation, Verb
from netsuite.telnet.options import (
    ANSWERED_CHANGES,
    TABLE,
    Event,
    Options,
    Side,
    State,
)
from netsuite.testing.cases import SynchronousTestCase

#: RFC 1143, 7, in its own words: what happens, state (and queue bit), next state, what is sent.
#: "WILL+" is a WILL that we agree to, "WILL-" one that we do not.
RFC_1143 = """
WILL+    NO                YES               DO
WILL-    NO                NO                DONT
WILL+    YES               YES               -
WILL-    YES               YES               -
WILL+    WANTNO/EMPTY      NO                -
WILL-    WANTNO/EMPTY      NO                -
WILL+    WANTNO/OPPOSITE   YES               -
WILL-    WANTNO/OPPOSITE   YES               -
WILL+    WANTYES/EMPTY     YES               -
WILL-    WANTYES/EMPTY     YES               -
WILL+    WANTYES/OPPOSITE  WANTNO/EMPTY      DONT
WILL-    WANTYES/OPPOSITE  WANTNO/EMPTY      DONT
WONT     NO                NO                -
WONT     YES               NO                DONT
WONT     WANTNO/EMPTY      NO                -
WONT     WANTNO/OPPOSITE   WANTYES/EMPTY     DO
WONT     WANTYES/EMPTY     NO                -
WONT     WANTYES/OPPOSITE  NO                -
enable   NO                WANTYES/EMPTY     DO
enable   YES               YES               -
enable   WANTNO/EMPTY      WANTNO/OPPOSITE   -
enable   WANTNO/OPPOSITE   WANTNO/OPPOSITE   -
enable   WANTYES/EMPTY     WANTYES/EMPTY     -
enable   WANTYES/OPPOSITE  WANTYES/EMPTY     -
disable  NO                NO                -
disable  YES               WANTNO/EMPTY      DONT
disable  WANTNO/EMPTY      WANTNO/EMPTY      -
disable  WANTNO/OPPOSITE   WANTNO/EMPTY      -
disable  WANTYES/EMPTY     WANTYES/OPPOSITE  -
disable  WANTYES/OPPOSITE  WANTYES/OPPOSITE  -
"""
ROWS = [line.split() for line in RFC_1143.strip().splitlines()]
STATES = {
    "NO": State.NO,
    "YES": State.YES,
    "WANTNO/EMPTY": State.WANT_NO,
    "WANTNO/OPPOSITE": State.WANT_NO_OPPOSITE,
    "WANTYES/EMPTY": State.WANT_YES,
    "WANTYES/OPPOSITE": State.WANT_YES_OPPOSITE,
}
#: How each state is come to from the first: asks (True, False), and what the peer answers.
WAYS: dict[State, list[bool | str]] = {
    State.NO: [],
    State.WANT_YES: [True],
    State.WANT_YES_OPPOSITE: [True, False],
    State.YES: [True, "on"],
    State.WANT_NO: [True, "on", False],
    State.WANT_NO_OPPOSITE: [True, "on", False, True],
}
OPTION, OTHER = 31, 99
#: "We handle the option on our side by the same procedures, with DO-WILL, DONT-WONT swapped."
SIDES = {
    Side.HIM: {"on": Verb.WILL, "off": Verb.WONT, "DO": Verb.DO, "DONT": Verb.DONT},
    Side.US: {"on": Verb.DO, "off": Verb.DONT, "DO": Verb.WILL, "DONT": Verb.WONT},
}


def made(side: Side, state: State, *, agreed: bool) -> Options:
    """Make options of which one is in a state."""
    welcome = (OPTION,) if agreed else ()
    options = Options(ours=welcome, his=welcome)
    for step in WAYS[state]:
        if isinstance(step, bool):
            options.ask(side, OPTION, on=step)
        else:
            options.receive(Negotiation(SIDES[side][step], OPTION))
    assert options.state(side, OPTION) is state
    return options


class TheTable(SynchronousTestCase):
    """Every line of RFC 1143, 7, on both sides."""

    def test_complete(self) -> None:
        """There is a step for every state and event, as many as the RFC has lines."""
        self.assertEqual(set(itertools.product(State, Event)), set(TABLE))
        self.assertEqual(len(TABLE), len(ROWS))

    def test_every_line(self) -> None:
        """What the RFC says happens, happens, and nothing else is said."""
        for (event, before, after, sent), side in itertools.product(ROWS, Side):
            with self.subTest(event=event, state=before, side=side.value):
                options = made(side, STATES[before], agreed=event != "WILL-")
                words = SIDES[side]
                if event in ("enable", "disable"):
                    said = options.ask(side, OPTION, on=event == "enable")
                else:
                    verb = words["on" if event.startswith("WILL") else "off"]
                    said = options.receive(Negotiation(verb, OPTION)).answer
                self.assertIs(STATES[after], options.state(side, OPTION))
                expected = None if sent == "-" else Negotiation(words[sent], OPTION)
                self.assertEqual(expected, said)
                other = Side.US if side is Side.HIM else Side.HIM
                self.assertIs(State.NO, options.state(other, OPTION))


class Loops(SynchronousTestCase):
    """The loops of RFC 1143, 3 and 4, and worse ones."""

    def converse(self, us: Options, him: Options, said: list[tuple[Options, Negotiation]]) -> int:
        """Deliver what is said until nobody says anything; give how much that was."""
        count = 0
        while said:
            options, negotiation = said.pop(0)
            count += 1
            assert count < 1000
            answer = options.receive(negotiation).answer
            if answer is not None:
                said.append((him if options is us else us, answer))
        return count

    def test_quick_changes_of_mind(self) -> None:
        """On, off, on in quick succession ends, agreed on both sides (loop example 2)."""
        for wishes in itertools.product((True, False), repeat=5):
            us = Options(ours=[OPTION], his=[OPTION])
            him = Options(ours=[OPTION], his=[OPTION])
            said = []
            for wish in wishes:
                ours = us.ask(Side.US, OPTION, on=wish)
                his = him.ask(Side.HIM, OPTION, on=not wish)
                said += [(him, ours)] if ours else []
                said += [(us, his)] if his else []
            self.converse(us, him, said)
            self.assertEqual(us.is_on(Side.US, OPTION), him.is_on(Side.HIM, OPTION), wishes)

    def test_refused_once(self) -> None:
        """An option nobody knows is refused, and the refusal is not answered."""
        us, him = Options(ours=[], his=[]), Options(ours=[], his=[])
        asked = us.ask(Side.HIM, OTHER, on=True)
        assert asked is not None
        self.assertEqual(2, self.converse(us, him, [(him, asked)]))

    def test_endless(self) -> None:
        """A peer that changes its mind for ever is not answered for ever."""
        for option in (OPTION, OTHER):
            us = Options(ours=[OPTION], his=[OPTION])
            answers = 0
            for _ in range(1000):
                for verb in (Verb.WILL, Verb.WONT):
                    answers += us.receive(Negotiation(verb, option)).answer is not None
            self.assertEqual(ANSWERED_CHANGES, answers)

    def test_no_growth(self) -> None:
        """Options that are refused leave no state behind."""
        us = Options(ours=[], his=[])
        for option in range(256):
            us.receive(Negotiation(Verb.WILL, option))
            us.receive(Negotiation(Verb.DO, option))
        self.assertEqual((), us.status())
        self.assertEqual({}, us._states)
