"""`leadledger dbt` in dbt itself, on DuckDB: the same scores, and tests that can fail."""

from __future__ import annotations

import csv
import json
import os
import subprocess
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from tests.command_line import run
from tests.environments import install_environment

DAY = "2026-07-01"
CARD = """
name: dbt-card
fields:
  lead_id: {kind: id}
  need: {kind: text}
  budget: {kind: number}
  last_call: {kind: date}
rules:
  - {name: braces, when: "need = '{{ 1/0 }}{% raw %}'", points: 3, reason: Odd}
  - {name: urgent, when: need = 'urgent', points: 12.5, reason: Has an urgent need}
  - {name: small, when: budget < 5000, points: -15, group: money, reason: Has little to spend}
  - {name: large, when: budget > 50000, points: 9, group: money, reason: Has much to spend}
  - {name: called, when: last_call is not null, points: 9, half_life: 14 days of last_call, reason: Called}
groups: {money: {max: 5, min: -10}}
grades: {A: 60, B: 50}
stages: [{name: contact}, {name: lead, points: 56}]
"""
ROWS = [
    (
        f"L{i}",
        ["urgent", "vague", "", "{{ 1/0 }}{% raw %}"][i % 4],
        ["900", "60000", "", "20000"][i % 3],
        f"2026-06-{i:02}",
    )
    for i in range(1, 29)
] + [("bad", "urgent", "much", "")]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of dbt with a source of leads, the card, and the model that the command has written."""
    folder = tmp_path_factory.mktemp("dbt")
    (folder / "models").mkdir()
    (folder / "card.yaml").write_text(CARD, "utf-8")
    (folder / "dbt_project.yml").write_text("name: crm\nprofile: crm\nflags: {send_anonymous_usage_stats: false}\n")
    (folder / "profiles.yml").write_text("crm: {target: dev, outputs: {dev: {type: duckdb, path: crm.duckdb}}}\n")
    (folder / "models" / "sources.yml").write_text("sources: [{name: crm, schema: main, tables: [{name: leads}]}]\n")
    with (folder / "leads.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("lead_id", "need", "budget", "last_call"), *ROWS])
    with duckdb.connect(str(folder / "crm.duckdb")) as connection:
        connection.execute(f"CREATE TABLE leads AS FROM read_csv('{folder / 'leads.csv'}', all_varchar = true)")
    done = run("dbt", folder, "--source", "crm.leads", "--card", folder / "card.yaml")
    assert done.exit_code == 0, done.output
    assert done.stdout.endswith("\nRun them with: dbt build --select lead_scores\n")
    return folder


def build(project: Path, **variables: str) -> dict[str, str]:
    """What dbt says of each model and test, by name."""
    program = str(install_environment("dbt") / "dbt")
    command = [program, "--no-use-colors", "build", "--select", "lead_scores", "--vars", json.dumps(variables)]
    environment = {**os.environ, "DBT_PROFILES_DIR": str(project), "DO_NOT_TRACK": "1"}
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    results = project / "target" / "run_results.json"
    assert results.is_file(), done.stdout[-3000:] + done.stderr[-3000:]
    assert "Deprecat" not in done.stdout
    listed = json.loads(results.read_text("utf-8"))["results"]
    results.unlink()
    return {result["unique_id"].split(".")[2]: result["status"] for result in listed}


def test_the_scores_are_the_same(project: Path) -> None:
    """dbt builds the model and passes its tests; a row that can't be read is a warning; scores are those of `score`."""
    states = build(project, as_of=DAY)
    assert states["lead_scores"] == "success"
    assert Counter(states.values()) == {"success": 1, "pass": 5, "warn": 1}
    assert states["not_null_lead_scores_score"] == "warn"
    scored = project / "scored.csv"
    done = run("score", project / "leads.csv", "-o", scored, "--card", project / "card.yaml", "--as-of", DAY)
    assert done.exit_code == 0, done.output
    with scored.open(encoding="utf-8", newline="") as file:
        expected = {
            row["lead_id"]: (float(row["points"]), row["grade"], row["recommendation"]) for row in csv.DictReader(file)
        }
    with duckdb.connect(str(project / "crm.duckdb"), read_only=True) as connection:
        rows = connection.execute("SELECT lead_id, points, grade, recommendation FROM lead_scores").fetchall()
    assert {lead: (points, grade, verdict) for lead, points, grade, verdict in rows if points is not None} == expected
    assert len(expected) == len(ROWS) - 1
    assert len(set(expected.values())) > 10


def test_its_tests_can_fail(project: Path) -> None:
    """A lead that stands twice, and a ledger that doesn't add up, fail their tests."""
    test = project / "tests" / "lead_scores_ledgers_add_up.sql"
    whole = test.read_text("utf-8")
    with duckdb.connect(str(project / "crm.duckdb")) as connection:
        connection.execute("INSERT INTO leads SELECT * FROM leads WHERE lead_id = 'L1'")
    test.write_text(whole.replace('+ COALESCE(scored."r:urgent", 0)', ""), "utf-8")
    try:
        states = build(project, as_of=DAY)
    finally:
        test.write_text(whole, "utf-8")
    failed = {name for name, state in states.items() if state == "fail"}
    assert failed == {"unique_lead_scores_lead_id", "lead_scores_ledgers_add_up"}
