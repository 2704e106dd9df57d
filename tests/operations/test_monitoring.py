"""The alert rules and the dashboard name what a service really reports, and can be read."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from leadledger.api.app import create_app
from leadledger.api.log import database
from leadledger.api.log.store import LogStore
from leadledger.api.service.metrics import FEWEST_RECENT
from leadledger.api.service.settings import Settings
from leadledger.models.releases.store import Releases
from leadledger.models.stability import EDGES, POINTS
from leadledger.scoring.scorecard import Learned
from tests import logs
from tests.api.log.test_recent_outcomes import CARD
from tests.api.service.test_metrics import until

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "operations"
RULES = [
    rule for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text("utf-8"))["groups"] for rule in group["rules"]
]
DASHBOARD = json.loads((FOLDER / "grafana.json").read_text("utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
# The expression of each alert, and of each line of a panel, by its name.
EXPRESSIONS = {rule["alert"]: rule["expr"] for rule in RULES} | {
    f"{panel['title']} {target['refId']}": target["expr"] for panel in PANELS for target in panel["targets"]
}
OF_PROMETHEUS = {"up", "job", "instance", "le"}
PARTS = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"], "gauge": [""]}


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The names of all metrics that a service reports once it has all to report, each with its labels."""
    home = tmp_path_factory.mktemp("home")
    first = date(2025, 1, 1)
    Releases(home).publish(
        CARD,
        Learned(base_rate=0.2),
        metrics={POINTS: [1] * (len(EDGES) + 1)},
        provenance={"newest_lead": str(first - timedelta(1))},
        created=datetime(2025, 1, 1, tzinfo=UTC),
    )
    engine = database.open_database(None, home)
    scores = [logs.score(f"L{i}", str(first + timedelta(i % 50)), {"lead_id": f"L{i}"}) for i in range(100)]
    won = [logs.outcome(f"L{i}", "opportunity", str(first + timedelta(55))) for i in range(0, 100, 4)]
    logs.fill(LogStore(engine), scores, [*won, logs.outcome("L1", "lost", str(first + timedelta(200)))])
    engine.dispose()
    with TestClient(create_app(Settings(home=home))) as client:
        client.post("/v1/score/batch", json={"leads": [{"need": "clear"}] * 2 * FEWEST_RECENT}).raise_for_status()
        client.post("/v1/score", json={"lead": {"need": 1}})
        until(lambda: {"leadledger_score_drift", "leadledger_recent_won"} <= read(client).keys())
        return read(client)


def read(client: TestClient) -> dict[str, set[str]]:
    """The names of all metrics, each with the labels that it has been seen with."""
    names: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for part in PARTS[family.type]:
            names[family.name + part] = {label for sample in family.samples for label in sample.labels}
    return names


def find_names(expression: str) -> Iterator[str]:
    """The names of metrics in an expression: what is left without texts, labels, durations and words of PromQL."""
    bare = re.sub(r'"[^"]*"|\[[^]]*\]|\bby \([^)]*\)|\{[^}]*\}', " ", expression)
    words = re.findall(r"[a-z_:][a-z0-9_:]*", bare)
    yield from (word for word in words if word == "up" or word.startswith("leadledger"))
    known = {"sum", "max", "count", "rate", "increase", "histogram_quantile", "by"}
    assert {word for word in words if not word.startswith("leadledger")} <= known | OF_PROMETHEUS, words


@pytest.mark.parametrize("title", EXPRESSIONS)
def test_what_is_named_is_reported(title: str, reported: dict[str, set[str]]) -> None:
    """Each metric exists, and so does each label by which it is chosen or grouped."""
    expression = EXPRESSIONS[title]
    names = set(find_names(expression))
    assert names
    assert names <= reported.keys() | {"up"}
    labels = {label for part in re.findall(r"\bby \(([^)]*)\)", expression) for label in part.split(", ")}
    labels |= set(re.findall(r"([a-z_]+)(?:=|!=|=~)\"", expression))
    documented = (ROOT / "docs" / "keys.md").read_text("utf-8")
    rows = [row for row in documented.splitlines() if any(f"`{name.removesuffix('_bucket')}`" in row for name in names)]
    assert labels <= OF_PROMETHEUS | set(re.findall(r"`([a-z_]+)`", " ".join(rows)))
    assert expression.count("(") == expression.count(")")


def test_every_metric_is_watched(reported: dict[str, set[str]]) -> None:
    """No metric is left out of both the rules and the dashboard; of a histogram, the buckets are enough."""
    named = {name for expression in EXPRESSIONS.values() for name in find_names(expression)}
    assert {name for name in reported if not name.endswith(("_sum", "_count", "_created"))} <= named


def test_alerts_say_what_to_do() -> None:
    """Each alert says what is wrong and what to do, and whether it wakes somebody."""
    for rule in RULES:
        assert rule["labels"]["severity"] in ("page", "ticket"), rule
        assert set(rule["annotations"]) == {"summary", "action"}
    assert len({rule["alert"] for rule in RULES}) == len(RULES)


def test_expressions_are_read(tmp_path: Path) -> None:
    """Prometheus's own tool reads the rules, and the expressions of the dashboard as rules."""
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed: apt-get install prometheus")
    rules = [
        {"record": "panel", "labels": {"of": title}, "expr": expression.replace("$__rate_interval", "5m")}
        for title, expression in EXPRESSIONS.items()
    ]
    panels = tmp_path / "panels.yaml"
    panels.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), "utf-8")
    for path, count in ((FOLDER / "alerts.yaml", len(RULES)), (panels, len(rules))):
        done = subprocess.run([program, "check", "rules", path], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert f"{count} rules found" in done.stdout


def test_panels_have_their_places() -> None:
    """Panels fit into the 24 columns of Grafana, none covers another, and each has an id of its own."""
    places: list[dict[str, Any]] = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below
    assert all(panel["description"] for panel in PANELS)
    assert len({panel["title"] for panel in PANELS}) == len(PANELS)
