"""Lists: every row of the input is in the output or in the rejects, and the scores are those of one lead at a time."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

import leadledger
from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.wanted import Wanted
from leadledger.scoring.bins import TextBins
from leadledger.scoring.errors import DataError, ScoringError
from leadledger.scoring.lookup import Table
from leadledger.scoring.scorecard import MOST_PERCENT, Scorecard
from leadledger.training.sources.table import read_list

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
def card(tmp_path: Path) -> Scorecard:
    """A small card with a rule of each kind."""
    (tmp_path / "card.yaml").write_text(CARD)
    return leadledger.load(tmp_path / "card.yaml")


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV file as records."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_list_is_scored(card: Scorecard, tmp_path: Path) -> None:
    """The output has the input's columns and the new ones; bad rows are in the rejects, a line for each bad value."""
    leads, out = tmp_path / "leads.csv", tmp_path / "scored.csv"
    leads.write_text(LEADS)
    result = score_list(card, leads, out, AS_OF, Wanted(explain=True))
    assert (result.rows, result.scored, result.rejected) == (5, 3, 2)
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
        "percentile": "",
        "plus_minus": "",
        "gain_1": "+12.5 Urgent, they say",
        "gain_2": "+7.2 Seen lately",
        "gain_3": "+5.0 Rich",
        "loss_1": "",
        "loss_2": "",
        "loss_3": "",
        "questions": "",
    }
    assert (second["recommendation"], second["questions"]) == ("nurture", "")
    assert (third["comment"], third["recommendation"], third["questions"]) == ("two\nlines", "nurture", "")
    assert rows(Path(result.rejects)) == [
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
    assert result.recommendations == {"nurture": 2, "promote": 1}
    assert (result.fit.unused, result.fit.absent) == (("comment",), ())


def test_parquet_in_and_out(card: Scorecard, tmp_path: Path) -> None:
    """Typed columns are read as they are, and kept."""
    leads, out = tmp_path / "leads.parquet", tmp_path / "scored.parquet"
    duckdb.execute(
        "COPY (SELECT 7 AS id, 'urgent' AS need, 15000::DECIMAL(9, 2) AS budget, DATE '2026-06-30' AS seen"
        f" UNION ALL SELECT 8, NULL, 'inf'::DOUBLE, NULL) TO '{leads}'"
    )
    result = score_list(card, leads, out, AS_OF)
    assert (result.scored, result.rejected) == (1, 1)
    ((ident, day, points),) = duckdb.execute(f"SELECT id, seen, points FROM '{out}'").fetchall()
    assert (ident, day, points) == (7, date(2026, 6, 30), 74.7)


def test_a_list_scores_as_one_lead_does(card: Scorecard, tmp_path: Path) -> None:
    """What the list says of a row, the verb `score` says of that lead."""
    leads, out = tmp_path / "leads.csv", tmp_path / "scored.csv"
    leads.write_text(LEADS)
    score_list(card, leads, out, AS_OF, Wanted(explain=True))
    for row in rows(out):
        lead = {key: row[key] for key in ("Lead Id", "need", "Budget EUR", "seen")}
        result = leadledger.score(card, lead, AS_OF)
        assert (str(result.score), str(result.points), result.grade) == (row["score"], row["points"], row["grade"])
        gains = [reason for reason in result.recommendation.reasons if reason.startswith("+")]
        assert [row[name] for name in ("gain_1", "gain_2", "gain_3") if row[name]] == gains
        assert "; ".join(question.text for question in result.recommendation.questions) == row["questions"]


@pytest.mark.parametrize("name", ["scored.csv", "scored.parquet", "scored.jsonl"])
def test_the_place_of_each_row(card: Scorecard, tmp_path: Path, name: str) -> None:
    """A list says of each row how many of 100 judged leads have fewer points, as the verb `score` does."""
    placed = replace(card, learned=replace(card.learned, percentiles=tuple(range(400, 400 + 5 * MOST_PERCENT, 5))))
    leads, out = tmp_path / "leads.csv", tmp_path / name
    leads.write_text(LEADS)
    score_list(placed, leads, out, AS_OF, Wanted(best_first=True))
    scored = duckdb.execute(f"SELECT need, points, percentile FROM '{out}'").fetchall()
    ours = [placed.find_percentile(round(float(points) * 10)) for _, points, _ in scored]
    assert [int(place) for _, _, place in scored] == ours
    assert ours == [70, 21, 21]


def test_the_error_of_each_row(card: Scorecard, tmp_path: Path) -> None:
    """With `explain`, a list says the standard error of each score, as the verb `score` does."""
    table = Table("need", TextBins(("urgent",)), (1, 2, 3), (1, 1, 1), (40, 9, 25))
    learned = replace(card, learned=replace(card.learned, terms=(table,)))
    leads, out = tmp_path / "leads.csv", tmp_path / "scored.csv"
    leads.write_text(LEADS)
    score_list(learned, leads, out, AS_OF, Wanted(explain=True, prefix="lead_"))
    scored = rows(out)
    ours = [leadledger.score(learned, {"need": row["need"]}, AS_OF).to_dict()["plus_minus"] for row in scored]
    assert [float(row["lead_plus_minus"]) for row in scored] == ours
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
        ("need\nvague\n", "scored.pdf", "{out}: end the name in one of .csv, .tsv, .csv.gz, .tsv.gz, .parquet,"),
        ("need\nvague\n", "leads.csv", "{out}: is the list itself; write to another file"),
        ("need\nvague\n", "nowhere/scored.csv", "{out}: there is no folder {folder}/nowhere; make it first"),
        ("need,f:need\nvague,1\n", "scored.csv", "column 'f:need' has a prefix that the printer uses itself;"),
    ],
)
def test_a_list_that_can_not_be_scored_is_refused(
    card: Scorecard, tmp_path: Path, content: str, out: str, message: str
) -> None:
    """Nothing is written, and the message says what to change."""
    leads = tmp_path / "leads.csv"
    leads.write_text(content)
    with pytest.raises(ScoringError) as refused:
        score_list(card, leads, tmp_path / out, AS_OF)
    expected = message.format(leads=leads, out=tmp_path / out, folder=tmp_path)
    assert str(refused.value).startswith(expected)
    assert leads.read_text() == content
    assert sorted(path.name for path in tmp_path.iterdir()) == ["card.yaml", "leads.csv"]


def test_new_columns_can_have_a_prefix(card: Scorecard, tmp_path: Path) -> None:
    """A list that was scored before can be scored again beside the old columns."""
    leads, out = tmp_path / "leads.csv", tmp_path / "again.csv"
    leads.write_text("need,score\nurgent,12\n")
    score_list(card, leads, out, AS_OF, Wanted(explain=True, prefix="new_"))
    (row,) = rows(out)
    assert (row["score"], row["new_score"], row["new_recommendation"]) == ("12", "63", "promote")


def test_an_unwritable_target_loses_nothing(card: Scorecard, tmp_path: Path) -> None:
    """Where the file can't be moved to its place, no half file is left."""
    leads, out = tmp_path / "leads.csv", tmp_path / "scored.csv"
    leads.write_text(LEADS)
    out.mkdir()
    with pytest.raises(DataError, match="is a folder"):
        score_list(card, leads, out, AS_OF)
    assert json.dumps(sorted(path.name for path in tmp_path.iterdir())) == '["card.yaml", "leads.csv", "scored.csv"]'


@pytest.mark.slow
@pytest.mark.parametrize("name", ["csv", "tsv", "csv.gz", "tsv.gz", "parquet", "jsonl", "ndjson", "jsonl.gz", "xlsx"])
def test_the_ending_says_what_to_write(card: Scorecard, tmp_path: Path, name: str) -> None:
    """Each kind of output holds the same rows, and can be read as a list again."""
    leads, out, again = tmp_path / "leads.csv", tmp_path / f"scored.{name}", tmp_path / "again.csv"
    leads.write_text(LEADS)
    score_list(card, leads, out, AS_OF)
    score_list(card, out, again, AS_OF, Wanted(prefix="again_"))
    scored = rows(again)
    assert [row["Lead Id"] for row in scored] == ["1", "2", "5"]
    assert scored[2]["comment"] == "two\nlines"
    assert all(row["score"] == row["again_score"] for row in scored)
    assert all(row["recommendation"] == row["again_recommendation"] for row in scored)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["card.yaml", "leads.csv", f"scored.{name}", "scored.rejects.csv", "again.csv", "again.rejects.csv"]
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wanted", "ids", "left_out"),
    [
        (Wanted(where="budget > 500"), ["1"], 2),
        (Wanted(where="budget is null"), ["2", "5"], 1),
        (Wanted(where="contains(need, 'EAR') or days_since(seen) <= 1"), ["1", "5"], 1),
        (Wanted(only=("promote",)), ["1"], 2),
        (Wanted(only=("promote", "nurture")), ["1", "2", "5"], 0),
        (Wanted(best_first=True), ["1", "5", "2"], 0),
        (Wanted(top=2), ["1", "5"], 1),
        (Wanted(top=1, only=("nurture",)), ["5"], 2),
    ],
)
def test_what_is_asked_for_is_written(
    card: Scorecard, tmp_path: Path, wanted: Wanted, ids: list[str], left_out: int
) -> None:
    """Rows that are not asked for are counted; those that can't be read are rejects, whatever is asked for."""
    leads, out = tmp_path / "leads.csv", tmp_path / "scored.csv"
    leads.write_text(LEADS)
    result = score_list(card, leads, out, AS_OF, wanted)
    assert [row["Lead Id"] for row in rows(out)] == ids
    assert (result.rows, result.scored, result.rejected, result.left_out) == (5, len(ids), 2, left_out)
    assert sum(result.recommendations.values()) == len(ids)


def test_columns_in_the_order_asked_for(card: Scorecard, tmp_path: Path) -> None:
    """Old and new columns, by name."""
    leads, out = tmp_path / "leads.csv", tmp_path / "scored.csv"
    leads.write_text(LEADS)
    score_list(card, leads, out, AS_OF, Wanted(columns=("score", "Lead Id")))
    assert out.read_text().splitlines() == ["score,Lead Id", "75,1", "50,2", "50,5"]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Wanted(columns=("scor",)), "{leads}: there is no column 'scor' to write. Did you mean 'score'?"),
        (Wanted(columns=("score", "score")), "{leads}: column 'score' is wanted twice; name it once"),
        (Wanted(ledger=Path("-")), "standard output takes the scores; name a file for the rejects and for the ledger"),
        (Wanted(only=("promot",)), "there is no recommendation 'promot'. Did you mean 'promote'?"),
        (
            Wanted(where="budgt > 5"),
            "--where: unknown field 'budgt'. Did you mean 'budget'?\n  budgt > 5\n  ^",
        ),
        (Wanted(where="1 +"), "--where: "),
    ],
)
def test_a_wish_that_can_not_be_met_is_refused(card: Scorecard, tmp_path: Path, wanted: Wanted, message: str) -> None:
    """Nothing is written, and the message says what is wrong."""
    leads = tmp_path / "leads.csv"
    leads.write_text(LEADS)
    with pytest.raises(DataError) as refused:
        score_list(card, leads, tmp_path / "scored.csv", AS_OF, wanted)
    assert str(refused.value).startswith(message.format(leads=leads))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["card.yaml", "leads.csv"]


def test_a_ledger_for_each_lead(card: Scorecard, tmp_path: Path) -> None:
    """One row per entry, which add up to the points of each lead."""
    leads, out, ledger = tmp_path / "leads.csv", tmp_path / "scored.csv", tmp_path / "ledger.csv"
    leads.write_text(LEADS)
    score_list(card, leads, out, AS_OF, Wanted(ledger=ledger))
    entries = rows(ledger)
    assert [tuple(entry.values())[1:] for entry in entries if entry["Lead Id"] == "1"] == [
        ("start", "start", "50.0", "Where every lead starts"),
        ("urgent", "rule", "12.5", "Urgent, they say"),
        ("rich", "rule", "5.0", "Rich"),
        ("seen", "rule", "7.2", "Seen lately"),
    ]
    for row in rows(out):
        points = [float(entry["points"]) for entry in entries if entry["Lead Id"] == row["Lead Id"]]
        assert round(sum(points), 1) == float(row["points"])
    score_list(card, leads, out, AS_OF, Wanted(ledger=ledger, top=1))
    assert {entry["Lead Id"] for entry in rows(ledger)} == {"1"}


def test_duplicate_ids_and_misspelt_columns_are_named(card: Scorecard, tmp_path: Path) -> None:
    """All rows are scored; the report says which ids come again, and which column may be misspelt."""
    leads = tmp_path / "leads.csv"
    leads.write_text("id,need,bugdet\n7,clear,1\n8,clear,2\n7,vague,3\n 7 ,vague,3\n8,vague,\n,clear,\n,clear,\n")
    result = score_list(card, leads, tmp_path / "scored.csv", AS_OF)
    assert (result.scored, result.duplicates, result.examples) == (7, 3, ("7", "8"))
    assert result.fit.misspelt == {"bugdet": "budget"}


@pytest.mark.slow
def test_rows_keep_their_order_and_numbers(card: Scorecard, tmp_path: Path) -> None:
    """In a list of many parts that are read at the same time, rows keep their order, and rejects their numbers."""
    leads, out = tmp_path / "leads.csv", tmp_path / "scored.csv"
    with leads.open("w") as file:
        file.write("id,need,budget,comment\n")
        for i in range(1, 500_001):
            bad = "lots" if i % 50_000 == 0 else str(i)
            file.write(f"{i},clear,{bad},{'x' * 60}{',too many' if i % 70_000 == 0 else ''}\n")
    result = score_list(card, leads, out, AS_OF, Wanted(columns=("id", "score")))
    rejects = rows(Path(result.rejects))
    bad_rows = {*range(50_000, 500_001, 50_000), *range(70_000, 500_001, 70_000)}
    assert [int(reject["row"]) for reject in rejects] == sorted(bad_rows)
    assert result.scored == 500_000 - len({reject["row"] for reject in rejects})
    ids = [int(row["id"]) for row in rows(out)]
    assert ids == sorted(ids)
    assert len(ids) == result.scored


def test_a_file_for_each(card: Scorecard, tmp_path: Path) -> None:
    """The scores, the rejects and the ledger never overwrite each other."""
    leads, out = tmp_path / "leads.csv", tmp_path / "scored.csv"
    leads.write_text(LEADS)
    for wanted in (Wanted(ledger=out), Wanted(rejects=out)):
        with pytest.raises(DataError, match="is named twice; the scores, the rejects and the ledger need a file each"):
            score_list(card, leads, out, AS_OF, wanted)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["card.yaml", "leads.csv"]


def test_all_files_or_none(card: Scorecard, tmp_path: Path) -> None:
    """Where one file can't be written, the others keep what they had."""
    leads, out, nowhere = tmp_path / "leads.csv", tmp_path / "scored.csv", tmp_path / ("x" * 250 + ".csv")
    leads.write_text(LEADS)
    out.write_text("before")
    with pytest.raises(DataError, match="can't be written"):
        score_list(card, leads, out, AS_OF, Wanted(ledger=nowhere))
    assert out.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["card.yaml", "leads.csv", "scored.csv"]


def test_a_ledger_as_a_sheet(card: Scorecard, tmp_path: Path) -> None:
    """A ledger is written as its ending says, like the scores."""
    leads, ledger, again = tmp_path / "leads.csv", tmp_path / "ledger.xlsx", tmp_path / "ledger.csv"
    leads.write_text(LEADS)
    score_list(card, leads, tmp_path / "scored.csv", AS_OF, Wanted(ledger=ledger))
    score_list(card, leads, tmp_path / "scored.csv", AS_OF, Wanted(ledger=again))
    with duckdb.connect() as connection:
        sheet = read_list(connection, ledger)
        assert sheet.rows == len(rows(again))
