"""Axes add up: in every path by which a score leaves, the start and both axes are the total, for every lead."""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

import leadledger
from leadledger.api.app import create_app
from leadledger.api.cli.commands import cli
from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.postgres import score_table
from leadledger.api.lists.wanted import Wanted
from leadledger.api.service.settings import Settings
from leadledger.models.releases.store import Releases
from leadledger.scoring.axis import AXES
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.result import Result
from leadledger.scoring.scorecard import Scorecard
from tests.axes_card import AS_OF, CARD, LEADS, LEARNED
from tests.postgres import database, server

COLUMNS = ["points", "fit", "engagement", "axis_grades", "recommendation"]


def tenths(points: object) -> int:
    """Points as printed, in tenths: they have one decimal, so that nothing is rounded here."""
    exact = Decimal(str(points).replace("−", "-")) * 10
    assert exact == int(exact)
    return int(exact)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one release of the card, and the leads as a list."""
    home = tmp_path_factory.mktemp("home")
    Releases(home).publish(CARD, LEARNED, metrics={}, provenance={}, created=datetime(2026, 6, 1, tzinfo=UTC))
    with (home / "leads.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(LEADS[0]))
        writer.writeheader()
        writer.writerows(LEADS)
    return home


@pytest.fixture(scope="module")
def card(home: Path) -> Scorecard:
    """The released scorecard."""
    return Releases(home).open()


@pytest.fixture(scope="module")
def results(card: Scorecard) -> list[Result]:
    """What Python says of each lead."""
    return [leadledger.score(card, lead, AS_OF) for lead in LEADS]


def listed(result: Result) -> tuple[Any, ...]:
    """The columns COLUMNS of a result."""
    answer = result.to_dict()
    return tuple(answer[name] for name in COLUMNS)


@pytest.mark.slow
def test_in_python(results: list[Result]) -> None:
    """The entries of each axis add up to its points, in the result and in JSON; every grade and verdict occurs."""
    for result in results:
        answer = json.loads(json.dumps(result.to_dict()))
        sums: defaultdict[str, int] = defaultdict(int)
        for entry in answer["ledger"]:
            sums[entry["axis"]] += tenths(entry["points"])
        assert sums[""] == LEARNED.start
        assert [sums[axis] for axis in AXES] == [tenths(answer[axis]) for axis in AXES]
        assert sum(sums.values()) == tenths(answer["points"]) == result.tenths
        assert answer["axis_grades"] == "".join(axis.grade for axis in result.axes)
        for axis in result.axes:
            assert (axis.grade == "?") == (answer[f"{axis.axis}_unknown"] > (0.6 if axis.axis == "fit" else 0.5))
    grades = {result.axis_grades for result in results}
    assert {grade[0] for grade in grades} == {*"ABC?"}
    assert {grade[1] for grade in grades} == {*"123?"}
    verdicts = {(result.recommendation.at, result.recommendation.verdict) for result in results}
    assert verdicts == {(at, verdict) for at in ("contact", "lead") for verdict in ("promote", "ask", "nurture")}


def test_stages_ask_for_grades(results: list[Result]) -> None:
    """A lead is only promoted with the grade that the stage asks for, which is listed among the criteria."""
    for result in results:
        advice, (fit, engagement) = result.recommendation, result.axes
        states = dict(advice.criteria)
        assert list(states) == ["fit B", "engagement 2"]
        assert (states["fit B"] == "met") == (fit.grade in ("A", "B"))
        assert (states["engagement 2"] == "met") == (engagement.grade in ("1", "2"))
        asked = states["fit B" if advice.to == "lead" else "engagement 2"]
        if advice.verdict == "promote":
            assert asked == "met"
        if asked == "unmet":
            assert advice.verdict == "nurture"
            wanted = "fit of grade B" if advice.to == "lead" else "engagement of grade 2"
            assert advice.reasons[0] == f"{wanted} or better is not met"


def test_in_the_picture(card: Scorecard, results: list[Result]) -> None:
    """`explain` has the grades beside the score, and a line that adds up."""
    for lead, result in list(zip(LEADS, results, strict=True))[::25]:
        text = leadledger.explain(card, lead, AS_OF, 200)
        assert f"· {result.axis_grades} ·" in text
        (line,) = re.findall(r"^Start .*$", text, re.MULTILINE)
        numbers = [tenths(number) for number in re.findall(r"[+−]?\d+\.\d", line)]
        assert [LEARNED.start, *(axis.tenths for axis in result.axes), result.tenths] == numbers
        assert sum(numbers[:-1]) == numbers[-1]
        assert ("The grade of fit is open" in text) == (result.axes[0].grade == "?")


def test_over_http(home: Path, results: list[Result]) -> None:
    """One by one, in a batch, in the description of the card; each answer is as OpenAPI says."""
    with TestClient(create_app(Settings(log="off", home=home))) as client:
        body = {"leads": LEADS[::9], "as_of": AS_OF.isoformat()}
        for item, result in zip(client.post("/v1/score/batch", json=body).json()["results"], results[::9], strict=True):
            assert {**item["result"], "id": ""} == {"id": "", **json.loads(json.dumps(result.to_dict()))}
        answer = client.post("/v1/score", json={"lead": LEADS[5], "as_of": AS_OF.isoformat()}).json()
        assert answer["axis_grades"] == results[5].axis_grades
        described = client.get("/v1/scorecard").json()
        shape = client.get("/openapi.json").json()["components"]["schemas"]
    assert [axis["axis"] for axis in described["axes"]] == list(AXES)
    assert described["axes"][0]["grades"][-1] == {"grade": "C", "from": None}
    assert {rule["name"]: rule["axis"] for rule in described["rules"]}["reads"] == "fit"
    assert described["stages"][1]["axis_grades"] == [{"axis": "fit", "grade": "B"}]
    assert set(answer) <= set(shape["Result"]["properties"])
    assert set(answer["ledger"][0]) <= set(shape["Entry"]["properties"])


def test_in_a_list(home: Path, card: Scorecard, results: list[Result], tmp_path: Path) -> None:
    """A list has the columns, also those that are wanted alone, and its ledger says the axis of each entry."""
    out, ledger = tmp_path / "scored.csv", tmp_path / "ledger.csv"
    score_list(card, home / "leads.csv", out, AS_OF, Wanted(columns=("lead_id", *COLUMNS), ledger=ledger))
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row, result in zip(rows, results, strict=True):
        assert [tenths(row[name]) for name in COLUMNS[:3]] == [result.tenths, *(axis.tenths for axis in result.axes)]
        assert (row["axis_grades"], row["recommendation"]) == listed(result)[3:]
    assert_ledger(
        results, duckdb.execute(f"SELECT lead_id, axis, sum(round(points * 10)) FROM '{ledger}' GROUP BY ALL")
    )


def assert_ledger(results: list[Result], rows: Any) -> None:
    """The entries of a list's ledger, added up by lead and axis, are what Python says."""
    sums = {(lead, axis or ""): int(total) for lead, axis, total in rows.fetchall()}
    for lead, result in zip(LEADS, results, strict=True):
        for axis in result.axes:
            assert sums.get((lead["lead_id"], axis.axis), 0) == axis.tenths
        assert sums[lead["lead_id"], ""] == LEARNED.start


def test_on_the_command_line(home: Path, results: list[Result]) -> None:
    """`score --columns` writes the grades, and `explain --json` has them."""
    words = ["score", str(home / "leads.csv"), "--home", str(home), "--as-of", AS_OF.isoformat()]
    run = CliRunner().invoke(cli, [*words, "-o", str(home / "few.csv"), "--columns", "lead_id,axis_grades"])
    assert run.exit_code == 0, run.output
    lines = (home / "few.csv").read_text("utf-8").splitlines()
    assert lines[0] == "lead_id,axis_grades"
    assert lines[1:] == [f"{lead['lead_id']},{result.axis_grades}" for lead, result in zip(LEADS, results, strict=True)]
    words = ["explain", "-", "--json", "--home", str(home), "--as-of", AS_OF.isoformat()]
    answer = json.loads(CliRunner().invoke(cli, words, input=json.dumps(LEADS[7])).stdout)
    assert answer["axis_grades"] == results[7].axis_grades


def test_in_sql_and_in_frames(card: Scorecard, results: list[Result]) -> None:
    """The printed SELECT and a data frame have the same."""
    frame = pd.DataFrame(LEADS)
    scored = leadledger.score_frame(card, frame, AS_OF)
    query = leadledger.to_sql(card, AS_OF, source="frame", columns=dict.fromkeys(LEADS[0], "VARCHAR"), keep=["lead_id"])
    selected = duckdb.execute(
        f"SELECT {', '.join(COLUMNS)} FROM ({query}) ORDER BY CAST(lead_id[2:] AS INTEGER)"
    ).fetchall()
    expected = [listed(result) for result in results]
    assert list(scored[COLUMNS].itertuples(index=False, name=None)) == expected
    assert selected == expected


@pytest.mark.slow
def test_in_a_table(card: Scorecard, results: list[Result]) -> None:
    """A table of PostgreSQL gets the columns, and one of entries with the axis of each."""
    with server() as url, database(url) as db:
        columns = ", ".join(f"{column} text" for column in LEADS[0])
        db.execute(f"CREATE TABLE leads ({columns}, PRIMARY KEY (lead_id))")
        with db.cursor() as cursor:
            marks = ", ".join(["%s"] * len(LEADS[0]))
            cursor.executemany(f"INSERT INTO leads VALUES ({marks})", [list(lead.values()) for lead in LEADS])
        score_table(card, url, "leads", "scores", AS_OF, wanted=Wanted(ledger="entries"))
        rows = db.execute(f"SELECT {', '.join(COLUMNS)} FROM scores ORDER BY substr(lead_id, 2)::int").fetchall()
        assert rows == [listed(result) for result in results]
        assert_ledger(results, db.execute("SELECT lead_id, axis, sum(round(points * 10)) FROM entries GROUP BY 1, 2"))


def test_without_axes_nothing_changes(card: Scorecard, results: list[Result]) -> None:
    """The same card without axes has the same ledger, and neither columns nor members for them."""
    stages = tuple(replace(stage, demands=()) for stage in card.card.stages)
    plain = replace(card, card=replace(card.card, axes={}, stages=stages))
    for lead, result in list(zip(LEADS, results, strict=True))[::25]:
        answer = leadledger.score(plain, lead, AS_OF).to_dict()
        assert answer["points"] == result.points
        assert not {"fit", "engagement", "axis_grades", "fit_unknown", "engagement_unknown"} & set(answer)
    assert "axis_grades" not in sql.to_sql(plain, AS_OF)
