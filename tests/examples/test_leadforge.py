"""The example of leads that the package leadforge simulates: they are scored with what they did."""

from __future__ import annotations

import csv
import importlib.util
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest

from leadledger.api.cli.examples import find_examples
from leadledger.scoring.card.reader import read_card
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import LeakageError
from leadledger.scoring.scorecard import build_untrained
from leadledger.training.runs.train import train

FOLDER = find_examples() / "leadforge"
LEADS, SEED = 300, 42


def load_script() -> ModuleType:
    """The script that makes the files."""
    spec = importlib.util.spec_from_file_location("leadforge_load", FOLDER / "load.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a few leads."""
    pytest.importorskip("leadforge", reason="leadforge isn't installed; `pip install leadforge`")
    folder = tmp_path_factory.mktemp("leadforge")
    load_script().load(folder, LEADS, SEED)
    return folder


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a file, without the cells that are empty."""
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: cell for name, cell in row.items() if cell} for row in csv.DictReader(file)]


def make_event(row: Mapping[str, str]) -> dict[str, Any]:
    """A row of events.csv as an event of a request."""
    members = {name: row[name] for name in ("kind", "time", "id")}
    return {**members, "properties": {name: cell for name, cell in row.items() if name not in (*members, "lead")}}


@pytest.mark.slow
def test_counts_are_those_of_its_snapshots(made: Path) -> None:
    """What is counted of a lead as of day 30 is what leadforge counted for its own table, where that isn't blurred."""
    engine = get_engine(build_untrained(read_card(FOLDER / "card.yaml")))
    events: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in read_rows(made / "events.csv"):
        events[row["lead"]].append(make_event(row))
    snapshots = {row["lead_id"]: row for row in read_rows(made / "snapshots.csv")}
    names = {
        "touches": "touch_count",
        "inbound_touches": "inbound_touch_count",
        "sessions": "session_count",
        "pricing_views": "pricing_page_views",
        "demo_views": "demo_page_views",
        "seconds_on_site": "total_session_duration_seconds",
        "activities": "activity_count",
    }
    compared = 0
    for lead in read_rows(made / "leads.csv"):
        day = date.fromisoformat(lead["lead_created_at"]) + timedelta(days=30)
        raw = {name: cell for name, cell in lead.items() if name != "won_on"}
        result = engine.score(raw, day, events=events[lead["lead_id"]])
        assert result.events is not None
        assert sum(entry.tenths for entry in result.ledger) == result.tenths
        assert result.ignored == ("total_touches_all",)
        for name, column in names.items():
            if column in snapshots[lead["lead_id"]]:
                assert result.events.values[name] == float(snapshots[lead["lead_id"]][column]), (lead, name)
                compared += 1
    assert compared > LEADS * 5


def test_every_event_is_of_a_kind_of_the_card(made: Path) -> None:
    """The card declares every kind, and every property, that the files have."""
    card = read_card(FOLDER / "card.yaml")
    properties = {name for kind in card.events.values() for name in kind.properties}
    assert {row["kind"] for row in read_rows(made / "events.csv")} <= set(card.events)
    columns = duckdb.read_csv(str(made / "events.csv")).columns
    assert set(columns) - {"lead", "kind", "time", "id"} == properties


@pytest.mark.slow
def test_training_stops_at_the_trap(made: Path, tmp_path: Path) -> None:
    """Training proves by the events that a field counts the lead's whole life, and stops."""
    text = (FOLDER / "card.yaml").read_text("utf-8")
    card = tmp_path / "card.yaml"
    card.write_text(
        text.replace("fields:\n  lead_id:", "fields:\n  total_touches_all: {kind: number}\n  lead_id:"), "utf-8"
    )
    with pytest.raises(LeakageError) as error:
        train(card, made / "leads.csv", events=made / "events.csv", as_of=date(2024, 12, 31), accept_left_out=True)
    assert [(suspect.field, suspect.kind) for suspect in error.value.suspects] == [("total_touches_all", "whole_life")]
