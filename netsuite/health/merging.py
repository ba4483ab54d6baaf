"""The numbers of all processes of a daemon as one: what only grows never falls, also when a worker
ends and another takes its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

from netsuite.control.questions import Family, Metrics, Sample
from netsuite.health.families import METRICS

#: Processes that are gone, and whose numbers are still known apart; those of others are added up.
GONE_KEPT: Final = 64

#: A process: its worker's number, and when it started.
Process: TypeAlias = tuple[int, float]


class Merger:
    """Adds the families of several processes up.

    A worker that ends takes its counters with it. To Prometheus a sum that falls is one that began
    anew, all of which has been counted since; so the last numbers of each process are kept.
    """

    def __init__(self) -> None:
        self._counters: dict[Process, list[Family]] = {}
        self._gone: list[Family] = []  # added up

    def merged(self, answers: Sequence[Metrics]) -> list[Family]:
        """Return the numbers of all that there are and were, in the order of ``METRICS``."""
        gauges = []
        there = set()
        for each in answers:
            process = each["worker"], each["started"]
            there.add(process)
            counters = [family for family in each["families"] if family["kind"] != "gauge"]
            self._counters.pop(process, None)
            self._counters[process] = counters  # the last that answered stand last
            gauges += [family for family in each["families"] if family["kind"] == "gauge"]
        self._forget(there)
        known = [family for families in self._counters.values() for family in families]
        return sum_up([*self._gone, *known, *gauges])

    def _forget(self, there: set[Process]) -> None:
        """Add those up that went first, where there are too many."""
        gone = [process for process in self._counters if process not in there]
        for process in gone[: max(0, len(gone) - GONE_KEPT)]:
            self._gone = sum_up([*self._gone, *self._counters.pop(process)])


def sum_up(families: Iterable[Family]) -> list[Family]:
    """Return families of the same name as one: numbers with the same labels added, or the largest
    of them. What no metric is called is left out."""
    found: dict[str, dict[tuple[Any, ...], Sample]] = {}
    for family in families:
        metric = METRICS.get(family["name"])
        if metric is None:
            continue  # of a newer or older release
        samples = found.setdefault(metric.name, {})
        for sample in family["samples"]:
            key = (sample["suffix"], *sample["labels"].items())
            known = samples.get(key)
            if known is None:
                samples[key] = {**sample}
            elif metric.largest:
                known["value"] = max(known["value"], sample["value"])
            else:
                known["value"] += sample["value"]
    return [
        {
            "name": metric.name,
            "kind": metric.kind,
            "help": metric.help,
            "samples": list(found[metric.name].values()),
        }
        for metric in METRICS.values()
        if metric.name in found
    ]
