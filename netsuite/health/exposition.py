"""Families as Prometheus reads them, by its own library, in text or as OpenMetrics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from prometheus_client import exposition as text
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from netsuite.control.questions import Family

#: What the library calls so is newer than what its encoder writes by itself.
TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class Families(Collector):
    """What the library's encoders ask for families."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        """Return them as the library has them."""
        for family in self._families:
            metric = Metric(family["name"], family["help"], family["kind"])
            for sample in family["samples"]:
                name = family["name"] + sample["suffix"]
                metric.add_sample(name, sample["labels"], sample["value"])
            yield metric


def written(families: Sequence[Family], accept: Sequence[str]) -> tuple[bytes, str]:
    """Return families as octets, and their media type.

    Args:
        accept: the elements of the request's Accept field; who names OpenMetrics there is given
            that, everybody else the text that all tools read.
    """
    registry = Families(families)
    if any(each.partition(";")[0].strip() == "application/openmetrics-text" for each in accept):
        octets: bytes = openmetrics.generate_latest(registry)  # type: ignore[no-untyped-call]
        return octets, OPENMETRICS
    return text.generate_latest(registry), TEXT
