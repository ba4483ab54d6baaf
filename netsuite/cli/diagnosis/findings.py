"""Findings of the doctor: what was looked at, how it is, and what is to be changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Final, Literal

Level = Literal["ok", "warn", "fail"]
_ORDER: Final[Mapping[Level, int]] = {"ok": 0, "warn": 1, "fail": 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Args:
        about: the part it belongs to, in a word.
        text: how it is.
        advice: what to change; empty where nothing is.
    """

    level: Level
    about: str
    text: str
    advice: str = ""

    def lines(self) -> list[str]:
        """Return it as it is printed."""
        said = [f"{self.level:<5} {self.about:<12} {_printable(self.text)}"]
        if self.advice:
            said.append(f"{'':<5} {'':<12} -> {_printable(self.advice)}")
        return said

    def as_json(self) -> dict[str, str]:
        """Return it as JSON has it."""
        return asdict(self)


def worst(findings: Iterable[Finding]) -> Level:
    """Return the worst level there is; ok of none."""
    return max((each.level for each in findings), key=_ORDER.__getitem__, default="ok")


def _printable(text: str) -> str:
    """Return a text without what a terminal would obey: names and greetings are strangers'."""
    return "".join(each if each.isprintable() else "?" for each in text)
