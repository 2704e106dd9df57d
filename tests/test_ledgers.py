"""The ledger adds up: in every path by which a score leaves, for every lead."""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

import leadledger
from leadledger.api.app import create_app
from leadledger.api.cli.commands import cli
from leadledger.api.cli.examples import load_simulator
from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.wanted import Wanted
from leadledger.api.service.settings import Settings
from leadledger.models.releases.store import Releases
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.meaning.reference import tally
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.query import Query
from tests.golden_files import LEARNED, ROOT

AS_OF = date(2026, 7, 1)
CARD = ROOT / "examples" / "b2b-software" / "card.yaml"
LEADS = 400


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one release: the example card, and tables of each kind."""
    home = tmp_path_factory.mktemp("home")
    Releases(home).publish(
        CARD.read_text("utf-8"), LEARNED, metrics={}, provenance={}, created=datetime(2026, 7, 1, tzinfo=UTC)
    )
    return home


@pytest.fixture(scope="module")
def leads(home: Path) -> list[dict[str, Any]]:
    """Simulated leads as raw texts."""
    simulate = load_simulator()
    simulate.write(simulate.open_leads(LEADS, seed=5, until=date(2026, 6, 30)), home / "leads.csv")
    with (home / "leads.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def tenths(points: object) -> int:
    """Points as printed, in tenths: they have one decimal, so that nothing is rounded here."""
    exact = Decimal(str(points).replace("−", "-")) * 10
    assert exact == int(exact)
    return int(exact)


def totals(home: Path, leads: list[dict[str, Any]]) -> list[int]:
    """What the tree walk says of each lead."""
    card = Releases(home).open()
    return [tally(card, get_engine(card).clean(lead).values, AS_OF).total for lead in leads]


def check(answer: dict[str, Any], total: int) -> None:
    """An answer as JSON: its ledger adds up to its points, and they are the total."""
    assert sum(tenths(entry["points"]) for entry in answer["ledger"]) == tenths(answer["points"]) == total
    assert tenths(answer["low"]) <= total <= tenths(answer["high"])
    assert tenths(answer["plus_minus"]) > 0
    assert answer["score"] == (max(0, min(1000, total)) + 5) // 10


def test_in_python(home: Path, leads: list[dict[str, Any]]) -> None:
    """`score` and its JSON."""
    card = Releases(home).open()
    for lead, total in zip(leads, totals(home, leads), strict=True):
        result = leadledger.score(card, lead, AS_OF)
        assert sum(entry.tenths for entry in result.ledger) == result.tenths == total
        check(json.loads(json.dumps(result.to_dict())), total)


def test_in_the_picture(home: Path, leads: list[dict[str, Any]]) -> None:
    """`explain`: the column of points adds up to the line `Total`."""
    card = Releases(home).open()
    for lead, total in zip(leads, totals(home, leads), strict=True):
        lines = leadledger.explain(card, lead, AS_OF).split("\n\n")[2].splitlines()
        matches = [
            re.search(r" ([+−]?\d+\.\d)(?:  [ █░]*)?$", line) for line in lines if not line.startswith("Answers")
        ]
        points = [tenths(match[1]) for match in matches if match]
        assert len(points) == len(matches)
        assert sum(points[:-1]) == points[-1] == total


@pytest.mark.slow
def test_over_http(home: Path, leads: list[dict[str, Any]]) -> None:
    """One by one, and in a batch."""
    with TestClient(create_app(Settings(log="off", home=home))) as client:
        day = AS_OF.isoformat()
        batch = client.post("/v1/score/batch", json={"leads": leads, "as_of": day}).json()["results"]
        for lead, item, total in zip(leads, batch, totals(home, leads), strict=True):
            check(item["result"], total)
            check(client.post("/v1/score", json={"lead": lead, "as_of": day}).json(), total)


@pytest.mark.slow
def test_on_the_command_line(home: Path, leads: list[dict[str, Any]]) -> None:
    """`explain --json`, for every twentieth lead."""
    for lead, total in list(zip(leads, totals(home, leads), strict=True))[::20]:
        words = ["explain", "-", "--json", "--home", str(home), "--as-of", AS_OF.isoformat()]
        check(json.loads(CliRunner().invoke(cli, words, input=json.dumps(lead)).stdout), total)


@pytest.mark.slow
@pytest.mark.parametrize("explain", [False, True])
def test_in_a_list(home: Path, leads: list[dict[str, Any]], explain: bool) -> None:
    """The points of a list are the same totals."""
    out = home / "scored.csv"
    score_list(Releases(home).open(), home / "leads.csv", out, AS_OF, Wanted(explain=explain))
    with out.open(encoding="utf-8", newline="") as file:
        assert [tenths(row["points"]) for row in csv.DictReader(file)] == totals(home, leads)


@pytest.mark.slow
def test_in_sql(home: Path, leads: list[dict[str, Any]]) -> None:
    """Every entry of the printed SQL, added up."""
    card = Releases(home).open()
    columns = dict.fromkeys(leads[0], "VARCHAR")
    query = sql.select(card, Query(AS_OF, "leads", columns, keep=["lead_id"], ledger=True, checks=True))
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE leads AS FROM read_csv('{home}/leads.csv', all_varchar = true)")
        result = connection.execute(f"{query} ORDER BY lead_id")
        names = [column[0] for column in result.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    by_id = dict(zip((lead["lead_id"] for lead in leads), totals(home, leads), strict=True))
    assert len(rows) == LEADS
    for row in rows:
        entries = [row[name] or 0 for name in names if name[:2] in ("r:", "g:", "t:")]
        assert LEARNED.start + sum(entries) == row["ll:total"] == by_id[row["lead_id"]]
