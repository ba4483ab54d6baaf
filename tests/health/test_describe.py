"""The dashboard, the alerts and the page of metrics: all name what there is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from netsuite.health.describe import page
from netsuite.health.families import METRICS, series

DOCS = Path(__file__).resolve().parents[2] / "docs"
ALERTS = DOCS / "monitor/alerts.yml"
DASHBOARD = DOCS / "monitor/grafana-dashboard.json"
SERIES = {name: metric for metric in METRICS.values() for name in series(metric)}
COLUMNS = 24


def dashboard() -> dict[str, Any]:
    """Return the dashboard."""
    found: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return found


def expressions() -> Iterator[str]:
    """Return what the dashboard asks Prometheus."""
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"]


def named(text: str) -> set[str]:
    """Return the metrics that a text names."""
    return set(re.findall(r"netsuite_[a-z0-9_]+", text))


def test_dashboard_shows_every_metric() -> None:
    """Each that it names exists, and there is a panel for each that exists."""
    shown = {name for expression in expressions() for name in named(expression)}
    assert shown <= SERIES.keys()
    assert {SERIES[name].name for name in shown} == METRICS.keys()


def test_dashboard_asks_for_labels_that_are_there() -> None:
    """In what it sums by, and in its legends."""
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            labels = {label for name in named(target["expr"]) for label in SERIES[name].labels}
            by = re.findall(r"by \(([^)]+)\)", target["expr"])
            wanted = {label.strip() for each in by for label in each.split(",")}
            wanted |= set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
            assert wanted - {"le"} <= labels, target


def test_dashboard_has_its_parts() -> None:
    """As Grafana wants it: numbers of its own, panels beside and below each other, a data source
    that is chosen when it is imported."""
    found = dashboard()
    numbers = [panel["id"] for panel in found["panels"]]
    assert len(numbers) == len(set(numbers))
    taken: set[tuple[int, int]] = set()
    for panel in found["panels"]:
        where = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(where["x"], where["x"] + where["w"])
            for y in range(where["y"], where["y"] + where["h"])
        }
        assert max(x for x, _ in cells) < COLUMNS
        assert not cells & taken, panel["title"]
        taken |= cells
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${datasource}"
            assert panel["targets"]
    assert [each["name"] for each in found["templating"]["list"]] == [
        "datasource",
        "job",
        "instance",
    ]


def test_alerts_name_what_exists() -> None:
    """Each rule's metrics, and the labels in what it tells."""
    text = ALERTS.read_text()
    rules = text.split("- alert: ")[1:]
    assert len(rules) > 10
    for rule in rules:
        names = named(rule)
        assert names <= SERIES.keys(), rule
        labels = {label for name in names for label in SERIES[name].labels} | {"instance"}
        assert set(re.findall(r"\$labels\.(\w+)", rule)) <= labels, rule
        assert "severity:" in rule
        assert "summary:" in rule


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_reads_them(tmp_path: Path) -> None:
    """Its own tool finds nothing wrong with the rules, nor with what the dashboard asks."""
    variables = {"$__rate_interval": "5m", "$job": ".*", "$instance": ".*"}
    lines = ["groups:", "- name: dashboard", "  rules:"]
    for number, expression in enumerate(expressions()):
        for variable, value in variables.items():
            expression = expression.replace(variable, value)
        lines += [f"  - record: dashboard:{number}", f"    expr: {json.dumps(expression)}"]
    asked = tmp_path / "dashboard.yml"
    asked.write_text("\n".join(lines))
    for path in (ALERTS, asked):
        done = subprocess.run(
            ["promtool", "check", "rules", str(path)], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "SUCCESS" in done.stdout


def test_page() -> None:
    """It is made from the code: ``python -m netsuite.health.describe > docs/metrics.rst``."""
    assert (DOCS / "metrics.rst").read_text() == page()
