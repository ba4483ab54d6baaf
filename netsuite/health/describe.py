"""The page of all metrics, as reStructuredText: ``python -m netsuite.health.describe``."""

from __future__ import annotations

from netsuite.health.families import GROUPS, Metric, series

TITLE = """\
Metrics
=======

What ``/metrics`` tells (see :doc:`howto/monitor`); this page is made from the code. Times are in
seconds, sizes in octets. ``_total`` is of what only grows, also when workers end and others take
their place. ``worker`` is the number of a process: 0 where there is one, and of the parent of
several.
"""


def page() -> str:
    """Return it."""
    lines = [TITLE]
    for group, metrics in GROUPS.items():
        lines += [group, "-" * len(group), ""]
        for metric in metrics:
            lines += [f"``{_name(metric)}`` ({metric.kind})", f"    {metric.help}", ""]
    return "\n".join(lines)


def _name(metric: Metric) -> str:
    labels = f"{{{', '.join(metric.labels)}}}" if metric.labels else ""
    name = metric.name if metric.kind == "histogram" else series(metric)[0]
    return f"{name}{labels}"


if __name__ == "__main__":
    print(page(), end="")
