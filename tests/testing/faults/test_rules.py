"""Rules: how often, whom, and what is said of those that were not met."""

from __future__ import annotations

from random import Random

import pytest

from netsuite.testing.faults.rules import Rule, RuleBook, UnmetExpectation, When


def made(
    book: RuleBook,
    *,
    times: int | None = None,
    connection: int | None = None,
    probability: float = 1.0,
    when: When | None = None,
) -> Rule[str]:
    rule = Rule(
        book,
        "fault",
        "a fault",
        times=times,
        connection=connection,
        probability=probability,
        when=when,
    )
    book.add(rule)
    return rule


def book() -> RuleBook:
    return RuleBook(Random(0))


def test_times() -> None:
    """So often, and no more; None for always."""
    rule, always = made(book(), times=2), made(book())
    assert [rule.strikes(1) for _ in range(4)] == [True, True, False, False]
    assert all(always.strikes(1) for _ in range(4))


def test_whom() -> None:
    """One connection, or what ``when`` says; what did not happen does not count."""
    one = made(book(), connection=2, times=1)
    assert [one.strikes(number) for number in (1, 2, 3)] == [False, True, False]
    some = made(book(), when=lambda subject: subject == "b", times=1)
    assert [some.strikes(1, subject) for subject in "abb"] == [False, True, False]


def test_probability() -> None:
    """Seeded: the same for the same seed, about as often as it says."""
    seen = []
    for _ in range(2):
        rule = made(RuleBook(Random(3)), probability=0.3)
        seen.append([rule.strikes(1) for _ in range(1000)])
    assert seen[0] == seen[1]
    assert 200 < sum(seen[0]) < 400
    never = made(book(), probability=0.0)
    assert not any(never.strikes(1) for _ in range(100))


def test_the_end_of_a_block() -> None:
    """A rule ends with its block; one that was not met fails it, by name."""
    rules = book()
    with made(rules, times=1) as rule:
        assert rule.strikes(1)
    assert len(rules) == 0
    with pytest.raises(UnmetExpectation, match="unmet: a fault: happened 1 of 2 times"):  # noqa: SIM117
        with made(rules, times=2) as rule:
            rule.strikes(1)
    assert len(rules) == 0
    with made(rules):
        pass  # always is met by never, too


def test_an_error_within_says_more() -> None:
    """What went wrong in the block is not hidden by what has not happened because of it."""
    rules = book()
    with pytest.raises(ZeroDivisionError), made(rules, times=1):
        _ = 1 / 0
    assert len(rules) == 0


def test_check_and_clear() -> None:
    """All that were not met are named together; cleared rules are not asked any more."""
    rules = book()
    made(rules, times=1)
    made(rules, times=3).strikes(1)
    made(rules)
    first, second = rules.unmet()
    assert first.endswith("happened 0 of 1 times")
    assert second.endswith("happened 1 of 3 times")
    rules.clear()
    assert rules.unmet() == []
    assert list(rules.of(str)) == []


def test_order() -> None:
    """The first that was made stands first."""
    rules = book()
    first, second = made(rules), made(rules)
    assert [rule for rule, _ in rules.of(str)] == [first, second]
    rules.remove(first)
    rules.remove(first)
    assert [rule for rule, _ in rules.of(str)] == [second]
    assert list(rules.of(int)) == []


@pytest.mark.parametrize("wrong", [{"times": 0}, {"probability": 1.5}, {"probability": -0.1}])
def test_what_can_never_be(wrong: dict[str, float]) -> None:
    """A rule that could not be kept is not made."""
    with pytest.raises(ValueError, match="a fault"):
        Rule(book(), "fault", "a fault", **wrong)  # type: ignore[arg-type]


def test_taken_back() -> None:
    """What has not come to pass can on another connection."""
    rule = made(book(), times=1)
    assert rule.strikes(1)
    rule.take_back()
    assert rule.strikes(2)
    assert "1 of 1" in repr(rule)
