"""Lists: every row of the input is in the output or in the rejects, and the scores are those of one lead at a time."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

import scoring
from api.lists import score_list
from scoring import DataError
from scoring.lookup import Table, TextBins

AS_OF = date(2026, 7, 1)
CARD = """
name: small
missing: ["n/a"]
fields:
  id: {kind: id, from: {crm: Lead Id}}
  need: {kind: text, values: [vague, clear, urgent], ask: "Which problem?"}
  budget: {kind: number, ask: "What budget?", from: {crm: Budget EUR}}
  seen: {kind: date}
criteria:
  need: {met: "need in ('clear', 'urgent')"}
rules:
  - {name: urgent, when: need = 'urgent', points: 12.5, reason: "Urgent, they say"}
  - {name: rich, when: budget >= 1e4, points: 5, reason: Rich}
  - {name: seen, when: days_since(seen) <= 30, points: 8, half_life: 7 days of seen, reason: Seen lately}
stages: [{name: lead}, {name: opportunity, requires: [need], points: 60}]
"""
LEADS = '''Lead Id,need,Budget EUR,seen,comment
1,urgent,20000,2026-06-30,"says ""now"""
2,vague,n/a,,
3,maybe,lots,2026-02-30,both wrong
4
5,clear,,2026-06-01,"two
lines"
'''


@pytest.fixture
def card(tmp_path: Path) -> scoring.Scorecard:
    """A small card with a rule of each kind."""
    (tmp_path / "card.yaml").write_text(CARD)
    return scoring.load(tmp_path / "card.yaml")


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV file as records."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_list_is_scored(card: scoring.Scorecard, tmp_path: Path) -> None:
    """The output has the input's columns and the new ones; bad rows are in the rejects, a line for each bad value."""
    leads, out = tmp_path / "leads.csv", tmp_path / "scored.csv"
    leads.write_text(LEADS)
    found = score_list(card, leads, out, AS_OF, explain=True)
    assert (found.rows, found.scored, found.rejected) == (5, 3, 2)
    first, second, third = rows(out)
    assert first == {
        "Lead Id": "1",
        "need": "urgent",
        "Budget EUR": "20000",
        "seen": "2026-06-30",
        "comment": 'says "now"',
        "score": "75",
        "points": "74.7",
        "probability": "",
        "grade": "A",
        "recommendation": "promote",
        "plus_minus": "",
        "reasons": "+12.5 Urgent, they say; +7.2 Seen lately; +5.0 Rich",
        "questions": "",
    }
    assert (second["recommendation"], second["questions"]) == ("nurture", "")
    assert (third["comment"], third["recommendation"], third["questions"]) == ("two\nlines", "nurture", "")
    assert rows(found.rejects) == [
        {"row": "3", "column": "need", "value": "maybe", "reason": "'maybe' is not one of: vague, clear, urgent"},
        {
            "row": "3",
            "column": "Budget EUR",
            "value": "lots",
            "reason": "'lots' is not a number; write it like 25000, 2.5 or 1e6",
        },
        {
            "row": "3",
            "column": "seen",
            "value": "2026-02-30",
            "reason": "'2026-02-30' is not a date; write it like 2026-01-31",
        },
        {"row": "4", "column": "", "value": "4", "reason": "has fewer columns than the header"},
    ]
    assert found.recommendations == {"nurture": 2, "promote": 1}
    assert (found.unused, found.absent) == (("comment",), ())


def test_parquet_in_and_out(card: scoring.Scorecard, tmp_path: Path) -> None:
    """Typed columns are read as they are, and kept."""
    leads, out = tmp_path / "leads.parquet", tmp_path / "scored.parquet"
    duckdb.execute(
        "COPY (SELECT 7 AS id, 'urgent' AS need, 15000::DECIMAL(9, 2) AS budget, DATE '2026-06-30' AS seen"
        f" UNION ALL SELECT 8, NULL, 'inf'::DOUBLE, NULL) TO '{leads}'"
    )
    found = score_list(card, leads, out, AS_OF)
    assert (found.scored, found.rejected) == (1, 1)
    ((ident, day, points),) = duckdb.execute(f"SELECT id, seen, points FROM '{out}'").fetchall()
    assert (ident, day, points) == (7, date(2026, 6, 30), 74.7)


def test_a_list_scores_as_one_lead_does(card: scoring.Scorecard, tmp_path: Path) -> None:
    """What the list says of a row, the verb `score` says of that lead."""
    leads, out = tmp_path / "leads.csv", tmp_path / "scored.csv"
    leads.write_text(LEADS)
    score_list(card, leads, out, AS_OF, explain=True)
    for row in rows(out):
        lead = {key: row[key] for key in ("Lead Id", "need", "Budget EUR", "seen")}
        one = scoring.score(card, lead, AS_OF)
        assert (str(one.score), str(one.points), one.grade) == (row["score"], row["points"], row["grade"])
        assert "; ".join(one.recommendation.reasons) == row["reasons"]
        assert "; ".join(asked.text for asked in one.recommendation.questions) == row["questions"]


def test_the_error_of_each_row(card: scoring.Scorecard, tmp_path: Path) -> None:
    """With `explain`, a list says the standard error of each score, as the verb `score` does."""
    table = Table("need", TextBins(("urgent",)), (1, 2, 3), (1, 1, 1), (40, 9, 25))
    learned = replace(card, learned=replace(card.learned, terms=(table,)))
    leads, out = tmp_path / "leads.csv", tmp_path / "scored.csv"
    leads.write_text(LEADS)
    score_list(learned, leads, out, AS_OF, explain=True, prefix="lead_")
    found = rows(out)
    ours = [scoring.score(learned, {"need": row["need"]}, AS_OF).to_dict()["plus_minus"] for row in found]
    assert [float(row["lead_plus_minus"]) for row in found] == ours
    assert len(set(ours)) > 1


@pytest.mark.parametrize(
    ("content", "out", "message"),
    [
        ("x,y\n1,2\n", "scored.csv", "{leads}: no column belongs to the card 'small', the first is 'x';"),
        (
            "need,score\nvague,1\n",
            "scored.csv",
            "{leads}: has a column 'score' already; give the new ones another name,",
        ),
        ("need\nvague\n", "scored.xlsx", "{out}: end the name in .csv or .parquet, so that it says what to write"),
        ("need\nvague\n", "leads.csv", "{out}: is the list itself; write to another file"),
        ("need\nvague\n", "nowhere/scored.csv", "{out}: there is no folder {folder}/nowhere; make it first"),
        ("need,f:need\nvague,1\n", "scored.csv", "column 'f:need' has a prefix that the printer uses itself;"),
    ],
)
def test_a_list_that_can_not_be_scored_is_refused(
    card: scoring.Scorecard, tmp_path: Path, content: str, out: str, message: str
) -> None:
    """Nothing is written, and the message says what to change."""
    leads = tmp_path / "leads.csv"
    leads.write_text(content)
    with pytest.raises(scoring.ScoringError) as refused:
        score_list(card, leads, tmp_path / out, AS_OF)
    expected = message.format(leads=leads, out=tmp_path / out, folder=tmp_path)
    assert str(refused.value).startswith(expected)
    assert leads.read_text() == content
    assert sorted(one.name for one in tmp_path.iterdir()) == ["card.yaml", "leads.csv"]


def test_new_columns_can_have_a_prefix(card: scoring.Scorecard, tmp_path: Path) -> None:
    """A list that was scored before can be scored again beside the old columns."""
    leads, out = tmp_path / "leads.csv", tmp_path / "again.csv"
    leads.write_text("need,score\nurgent,12\n")
    score_list(card, leads, out, AS_OF, prefix="new_", explain=True)
    (row,) = rows(out)
    assert (row["score"], row["new_score"], row["new_recommendation"]) == ("12", "63", "promote")


def test_an_unwritable_target_loses_nothing(card: scoring.Scorecard, tmp_path: Path) -> None:
    """Where the file can't be moved to its place, no half file is left."""
    leads, out = tmp_path / "leads.csv", tmp_path / "scored.csv"
    leads.write_text(LEADS)
    out.mkdir()
    with pytest.raises(DataError, match="is a folder"):
        score_list(card, leads, out, AS_OF)
    assert json.dumps(sorted(one.name for one in tmp_path.iterdir())) == '["card.yaml", "leads.csv", "scored.csv"]'
