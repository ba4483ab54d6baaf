"""The metrics of a daemon: each one's name, kind, labels and meaning, once, for code and docs.

Names follow Prometheus's rules: base units, ``_total`` behind what only grows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from netsuite.control.questions import Family, Sample
from netsuite.store.tally import Histogram

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Args:
        name: without the suffix of its kind.
        help: one line.
        labels: their names.
        largest: a gauge of which every worker has the same, or its own view: the largest counts.
            Other numbers of the same labels are added up.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    largest: bool = False


def _counter(name: str, help_: str, *labels: str) -> Metric:
    return Metric(name, "counter", help_, labels)


def _gauge(name: str, help_: str, *labels: str, largest: bool = False) -> Metric:
    return Metric(name, "gauge", help_, labels, largest)


#: By what they tell of; in this order they stand in the docs.
GROUPS: Final[Mapping[str, Sequence[Metric]]] = {
    "The daemon": (
        _gauge(
            "netsuite_build_info", "1; its labels say what runs.", "version", "python", largest=True
        ),
        _gauge("netsuite_ready", "1 where the daemon can serve, as /readyz says; 0 where not."),
        _gauge("netsuite_processes", "Processes that serve, and answered just now."),
        _counter("netsuite_worker_restarts", "Workers that ended unasked and were started again."),
        _counter("netsuite_log_events", "Lines of the daemon's own log, by level.", "level"),
    ),
    "Connections": (
        _gauge("netsuite_connections", "Connections there are.", "service"),
        _counter("netsuite_connections_accepted", "Connections that were served.", "service"),
        _counter(
            "netsuite_connections_turned_away",
            "Connections that were not, by reason.",
            "service",
            "reason",
        ),
        _counter(
            "netsuite_tls_handshakes", "TLS handshakes that were finished.", "service", "version"
        ),
        _counter("netsuite_received_bytes", "Octets from clients, without TLS's own.", "service"),
        _counter("netsuite_sent_bytes", "Octets to clients, without TLS's own.", "service"),
    ),
    "Commands": (
        _counter("netsuite_commands", "Commands that were understood.", "service", "command"),
        _counter("netsuite_commands_refused", "Commands that were refused as such.", "service"),
        _counter("netsuite_failures", "Answers that went wrong as nobody foresaw.", "service"),
        _counter("netsuite_http_responses", "HTTP responses, by status.", "service", "code"),
    ),
    "Logins": (
        _counter("netsuite_logins", "Logins that succeeded.", "service", "mechanism"),
        _counter(
            "netsuite_logins_refused",
            "Logins that were refused, by reason.",
            "service",
            "mechanism",
            "reason",
        ),
    ),
    "Mail": (
        _counter(
            "netsuite_messages",
            "Messages that were sent to us, by what their sender was told: accepted or refused.",
            "service",
            "outcome",
        ),
        _counter("netsuite_recipients_refused", "Recipients that were refused.", "service"),
        _counter(
            "netsuite_policy_verdicts",
            "What policies said of connections, senders, recipients and messages: defer, reject, "
            "tag, failed, or reported where that is all that is done.",
            "policy",
            "verdict",
        ),
        _counter(
            "netsuite_delivery_attempts",
            "Attempts to deliver a queued message to a recipient, by how they ended: delivered, "
            "deferred, failed (bounced) or expired (bounced).",
            "outcome",
        ),
        _gauge("netsuite_queue_recipients", "Recipients of queued messages.", largest=True),
        _gauge("netsuite_queue_messages", "Queued messages.", largest=True),
        _gauge("netsuite_queue_oldest_seconds", "How long the oldest has waited.", largest=True),
    ),
    "The store": (
        Metric(
            "netsuite_store_commit_seconds",
            "histogram",
            "How long commits took, from the lock on; their number is that of commits.",
        ),
        _counter("netsuite_store_units", "Pieces of work that were committed."),
        _counter("netsuite_store_failures", "Commits that could not be done, by error.", "error"),
        _gauge(
            "netsuite_store_unindexed_contents",
            "Contents that are not in the text index yet; searches read them.",
            largest=True,
        ),
        _gauge(
            "netsuite_store_unpublished_transactions",
            "Transactions of others that a process has not heard of yet.",
            "worker",
        ),
        _counter("netsuite_cache_hits", "What a cache had.", "cache"),
        _counter("netsuite_cache_misses", "What it had not.", "cache"),
        _gauge("netsuite_waiting_jobs", "Work that waits for a thread.", "worker", "threads"),
    ),
    "Certificates": (
        _gauge(
            "netsuite_certificate_expiry_timestamp_seconds",
            "Until when a certificate is good, in seconds since 1970.",
            "certificate",
            largest=True,
        ),
    ),
    "Processes": (
        _gauge("netsuite_process_start_time_seconds", "When it started, since 1970.", "worker"),
        _counter("netsuite_process_cpu_seconds", "Time of processors that was used.", "worker"),
        _gauge("netsuite_process_resident_memory_bytes", "Memory that is used.", "worker"),
        _gauge("netsuite_process_open_fds", "File descriptors that are open.", "worker"),
        _gauge("netsuite_process_max_fds", "File descriptors that may be.", "worker"),
        Metric(
            "netsuite_reactor_lag_seconds",
            "histogram",
            "How much later than asked for the reactor called, twice a second.",
        ),
        _counter(
            "netsuite_gc_collections", "Runs of Python's garbage collector.", "worker", "generation"
        ),
        _counter(
            "netsuite_gc_collected_objects", "Objects it has removed.", "worker", "generation"
        ),
    ),
}

METRICS: Final[Mapping[str, Metric]] = {
    metric.name: metric for group in GROUPS.values() for metric in group
}


def series(metric: Metric) -> tuple[str, ...]:
    """Return the names under which a metric's samples stand."""
    if metric.kind == "counter":
        return (f"{metric.name}_total",)
    if metric.kind == "histogram":
        return tuple(f"{metric.name}{suffix}" for suffix in ("_bucket", "_count", "_sum"))
    return (metric.name,)


class Gathered:
    """Numbers, as they are gathered into families."""

    def __init__(self) -> None:
        self._families: dict[str, Family] = {}

    def families(self) -> list[Family]:
        """Return all that was gathered."""
        return list(self._families.values())

    def add(self, name: str, value: float, **labels: str) -> None:
        """Add a counter's or a gauge's number. Raises KeyError, ValueError where there is no such
        metric, or it has other labels."""
        metric = METRICS[name]
        if tuple(labels) != metric.labels:
            raise ValueError(f"{name} has the labels {metric.labels}, not {tuple(labels)}")
        self._add(metric, "_total" if metric.kind == "counter" else "", value, labels)

    def histogram(self, name: str, values: Histogram) -> None:
        """Add a histogram's."""
        metric, below = METRICS[name], 0
        for bound, count in zip((*values.bounds, float("inf")), values.counts, strict=True):
            below += count
            le = "+Inf" if bound == float("inf") else repr(float(bound))
            self._add(metric, "_bucket", below, {"le": le})
        self._add(metric, "_count", below, {})
        self._add(metric, "_sum", values.total, {})

    def _add(self, metric: Metric, suffix: str, value: float, labels: dict[str, str]) -> None:
        family = self._families.get(metric.name)
        if family is None:
            family = {"name": metric.name, "kind": metric.kind, "help": metric.help, "samples": []}
            self._families[metric.name] = family
        sample: Sample = {"suffix": suffix, "labels": labels, "value": float(value)}
        family["samples"].append(sample)
