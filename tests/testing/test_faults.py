"""Faults as a whole: every command has a name, every kind of fault its rule."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any, Final, get_args

import pytest
from twisted.internet.task import Clock

from netsuite.testing.faults import Direction, Faults, Rule, TLSFault, kinds
from netsuite.testing.faults.words.table import words_for, words_of
from tests.test_architecture import PROTOCOLS, TAKEN

#: Events that are no command.
NO_COMMANDS: Final = {
    "imap": {"Command", "WantsLiteral", "IdleDone"},
    "telnet": {
        "Line", "Key", "Interrupt", "EndOfFile", "WindowSize", "Echo", "Complete", "Input",
    },
}  # fmt: skip


@pytest.mark.parametrize("protocol", sorted(PROTOCOLS))
def test_every_command_has_a_name(protocol: str) -> None:
    """A rule can be about each; what no rule can be about is named here."""
    words = words_for(protocol)
    dialog = importlib.import_module(f"netsuite.{protocol}.dialog")
    given = {each.__name__ for each in get_args(dialog.ServerEvent)}
    named = {each.__name__ for each in words.names}
    assert given - named - TAKEN[protocol] == NO_COMMANDS.get(protocol, set())
    assert all(name == name.upper() for name in words.names.values())
    assert words.protocol == protocol


@pytest.mark.parametrize("protocol", sorted(PROTOCOLS))
def test_words_are_found_by_the_session(protocol: str) -> None:
    """By its class, or one that a program has made of it."""
    server = importlib.import_module(f"netsuite.{protocol}.server.dispatch")
    (found,) = [
        each for name, each in vars(server).items() if name.endswith("Server") and name != "Server"
    ]
    assert words_of(type("Own", (found,), {})) is words_for(protocol)


#: A call, the protocol it is for, and what its rule is called.
RULES: Final[tuple[tuple[Callable[[Faults], Rule[Any]], str, str], ...]] = (
    (lambda f: f.refusing("RCPT", 451), "smtp", "refusing RCPT 451"),
    (lambda f: f.refusing(), "smtp", "refusing anything"),
    (lambda f: f.delay(1), "smtp", "delay of 1 s"),
    (lambda f: f.delay(1, at="DATA"), "smtp", "delay of 1 s at DATA"),
    (lambda f: f.drop(), "smtp", "drop after 0 octets"),
    (lambda f: f.drop(at="DATA"), "smtp", "drop at DATA"),
    (lambda f: f.reset(after=5), "smtp", "reset after 5 octets"),
    (lambda f: f.dribble(1, every=1), "smtp", "dribble of 1 octets"),
    (lambda f: f.slow_reader(9), "smtp", "slow reader of 9 octets a second"),
    (lambda f: f.truncate(9), "smtp", "truncate after 9 octets"),
    (lambda f: f.garbage(9), "smtp", "garbage of 9 octets"),
    (lambda f: f.blackhole(), "smtp", "blackhole"),
    (lambda f: f.edit(b"a", b"b"), "smtp", "edit b'a'"),
    (lambda f: f.unfinished_reply("EHLO"), "smtp", "unfinished reply at EHLO"),
    (lambda f: f.missing_dot(), "pop3", "missing dot"),
    (lambda f: f.size_lie(-3), "pop3", "size lie of -3"),
    (lambda f: f.wrong_tag(), "imap", "wrong tag"),
    (lambda f: f.literal(+3), "imap", "literal +3"),
    (lambda f: f.uid_validity(), "imap", "other UIDVALIDITY"),
    (lambda f: f.chunk_garbage(), "http", "chunk garbage"),
    (lambda f: f.silent_data_port(), "ftp", "silent data port"),
    (lambda f: f.tls("expired"), "imap", "tls expired"),
    (lambda f: f.starttls_stripped(), "imap", "STARTTLS stripped"),
    (lambda f: f.starttls_injected(), "imap", "STARTTLS injected"),
)


@pytest.mark.parametrize(("make", "protocol", "label"), RULES, ids=[each[2] for each in RULES])
def test_rules(make: Callable[[Faults], Rule[Any]], protocol: str, label: str) -> None:
    """Each makes a rule, which stands until it is cleared, and tells its name."""
    faults = Faults(Clock(), protocol=protocol)
    rule = make(faults)
    assert rule.label == label
    assert len(faults.book) == 1
    faults.check()
    faults.clear()
    assert len(faults.book) == 0


def test_every_rule_can_be_narrowed() -> None:
    """Whoever makes a rule says how often, where, and how probably."""
    others = {"attach", "wrap", "clear", "check", "goodbye", "data", "limit", "count_anew"}
    makers = {name for name in vars(Faults) if not name.startswith("_")} - others
    assert makers == {each[0].__code__.co_names[0] for each in RULES}
    for name in makers:
        parameters = inspect.signature(getattr(Faults, name)).parameters
        assert parameters["whom"].kind is inspect.Parameter.VAR_KEYWORD
    faults = Faults(Clock())
    rule = faults.drop(times=2, connection=3, probability=0.5)
    assert (rule.times, rule.connection, rule.probability) == (2, 3, 0.5)


def test_words_for_directions_and_kinds() -> None:
    """They can be said as words."""
    faults = Faults(Clock())
    assert faults.truncate(1, direction="heard").fault == kinds.Truncate(Direction.HEARD, 1)
    assert faults.tls("stalled").fault is TLSFault.STALLED
    with pytest.raises(ValueError, match="sideways"):
        faults.truncate(1, direction="sideways")
