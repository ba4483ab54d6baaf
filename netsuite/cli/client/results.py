"""The results and events of a command: a line each for people, or a JSON object a line."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

import click

from netsuite.cli.client.problems import printable

Fact: TypeAlias = str | int | datetime | Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Result:
    """One thing that was done, or has happened.

    Args:
        what: in a word: ``removed``, ``new``.
        facts: about it; their names are JSON's keys, people read the values.
        more: facts that a line for people would only be longer by.
    """

    what: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    more: Mapping[str, Fact] = field(default_factory=dict)

    def show(self, *, as_json: bool) -> None:
        """Print it, at once: whoever reads through a pipe waits for it. Octets of names that are
        not UTF-8 get to a program as they are, and into JSON as lone surrogates."""
        if as_json:
            every = {"event": self.what, **self.facts, **self.more}
            click.echo(json.dumps({name: _told(fact) for name, fact in every.items()}))
            return
        octets = not sys.stdout.isatty()
        words = [self.what, *(_shown(fact) for fact in self.facts.values())]
        line = printable(" ".join(each for each in words if each), octets=octets)
        click.echo(line.encode("utf-8", "surrogateescape"))


def _shown(fact: Fact) -> str:
    if isinstance(fact, datetime):
        return f"{fact.astimezone(UTC):%Y-%m-%d %H:%M}"
    if isinstance(fact, str | int | None):
        return "" if fact is None else str(fact)
    return " ".join(fact)


def _told(fact: Fact) -> str | int | Sequence[str] | None:
    if isinstance(fact, datetime):
        return fact.astimezone(UTC).isoformat(timespec="seconds")
    return fact if isinstance(fact, str | int | None) else list(fact)
