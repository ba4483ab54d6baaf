"""The numbers of several processes as one."""

from __future__ import annotations

import pytest

from netsuite.control.questions import Family, Metrics
from netsuite.health.collecting import parent_metrics
from netsuite.health.families import METRICS, Gathered, series
from netsuite.health.merging import GONE_KEPT, Merger, sum_up
from netsuite.store.tally import Histogram


def process(worker: int, started: float, commits: int, queued: int) -> Metrics:
    """Return what a process answers."""
    into = Gathered()
    into.add("netsuite_store_units", commits)
    into.add("netsuite_queue_messages", queued)
    into.add("netsuite_processes", 1)
    into.add("netsuite_process_open_fds", 10 * worker, worker=str(worker))
    lag = Histogram((1.0, 2.0))
    lag.add(1.5)
    into.histogram("netsuite_reactor_lag_seconds", lag)
    return {"worker": worker, "started": started, "families": into.families()}


def numbers(families: list[Family]) -> dict[str, float]:
    """Return each number by its name and labels."""
    return {
        "".join([family["name"], sample["suffix"], *sample["labels"].values()]): sample["value"]
        for family in families
        for sample in family["samples"]
    }


def test_added_up() -> None:
    """Counters, histograms and gauges are added up; what all have alike counts once, what each has
    for itself stays apart."""
    found = numbers(Merger().merged([process(1, 5, 10, 3), process(2, 5, 20, 4)]))
    assert found == {
        "netsuite_store_units_total": 30,
        "netsuite_queue_messages": 4,
        "netsuite_processes": 2,
        "netsuite_process_open_fds1": 10,
        "netsuite_process_open_fds2": 20,
        "netsuite_reactor_lag_seconds_bucket1.0": 0,
        "netsuite_reactor_lag_seconds_bucket2.0": 2,
        "netsuite_reactor_lag_seconds_bucket+Inf": 2,
        "netsuite_reactor_lag_seconds_count": 2,
        "netsuite_reactor_lag_seconds_sum": 3,
    }


def test_worker_that_ends() -> None:
    """What it has counted stays; its gauges are gone with it; who takes its place begins anew."""
    merger = Merger()
    merger.merged([process(1, 5, 10, 3), process(2, 5, 20, 4)])
    found = numbers(merger.merged([process(1, 5, 11, 3)]))
    assert (found["netsuite_store_units_total"], found["netsuite_processes"]) == (31, 1)
    assert "netsuite_process_open_fds2" not in found
    found = numbers(merger.merged([process(1, 5, 11, 3), process(2, 6, 1, 3)]))
    assert (found["netsuite_store_units_total"], found["netsuite_processes"]) == (32, 2)


def test_worker_that_was_slow() -> None:
    """One that did not answer once, and does now, is not counted twice."""
    merger = Merger()
    for answers in ([process(1, 5, 10, 0)], [], [process(1, 5, 12, 0)]):
        found = numbers(merger.merged(answers))
    assert found["netsuite_store_units_total"] == 12


def test_many_that_end() -> None:
    """What is kept of them does not grow without end, and no number is lost."""
    merger = Merger()
    for started in range(3 * GONE_KEPT):
        found = numbers(merger.merged([process(1, started, 1, 0)]))
    assert found["netsuite_store_units_total"] == 3 * GONE_KEPT
    assert len(merger._counters) == GONE_KEPT + 1


def test_parent() -> None:
    """It has no store, and tells what it alone knows."""
    answer = parent_metrics(lambda: 3)(None)
    found = numbers(Merger().merged([answer, process(1, 5, 10, 0)]))
    assert found["netsuite_worker_restarts_total"] == 3
    assert found["netsuite_processes"] == 1
    assert found["netsuite_process_resident_memory_bytes0"] > 1e6


def test_of_another_release() -> None:
    """A family that is not known is left out: the others are told."""
    unknown: Family = {"name": "netsuite_new", "kind": "counter", "help": "", "samples": []}
    (family,) = sum_up([unknown, *process(1, 1, 1, 1)["families"][:1]])
    assert family["name"] == "netsuite_store_units"


def test_gathered() -> None:
    """A number without a declaration, or with other labels than are declared, is a mistake."""
    into = Gathered()
    with pytest.raises(KeyError):
        into.add("netsuite_nothing", 1)
    with pytest.raises(ValueError, match="has the labels"):
        into.add("netsuite_logins", 1, service="imap")


def test_names() -> None:
    """As Prometheus wants them: one prefix, base units, no kind in the name, a line of help."""
    for metric in METRICS.values():
        assert metric.name.startswith("netsuite_")
        assert metric.name.islower()
        assert not metric.name.endswith(("_total", "_count", "_sum", "_bucket", "_ms", "_octets"))
        assert metric.help.endswith(".")
        assert "\n" not in metric.help
        assert not {"le", "quantile"} & set(metric.labels)
        if metric.kind == "histogram":
            assert (metric.name.endswith("_seconds"), metric.labels) == (True, ())
    assert series(METRICS["netsuite_logins"]) == ("netsuite_logins_total",)
