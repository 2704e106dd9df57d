"""Texts with a NUL, which ends a text in C, and in Spark doesn't: cleaned, compared and scored as in Python."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import leadledger
from leadledger.scoring.bins import TextBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import LeadError
from leadledger.scoring.lookup import Table
from leadledger.scoring.printers.sql.dialects.spark import fold, plain, strip, trim
from leadledger.scoring.scorecard import Learned, Scorecard
from leadledger.scoring.text_forms import WHITE_SPACE, letters_of
from leadledger.scoring.text_forms import fold as fold_by_python
from leadledger.scoring.text_forms import strip as strip_by_python
from tests import spark

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

AS_OF = date(2026, 1, 31)
TEXTS = (
    *("", "\0", "\0\0", "a", "a\0", "\0a", "\0a\0", "A\0", "a\0B", "a\0b", " a\0 ", "\0 a", "a\0 ", "n\0a", "n/a\0"),
    *("\0㣊", "x\0㣊", "㣊\0", "e\u0301\0E\u0301", "\0\u0301é", "é\0\0\0É", "É", "i\u0307\0İ"),
    *("\u3000\0a\u200b", "a\u200b\0b", "5\0", "\0005", "5", "yes\0", "2026-01-20\0", "2026-01-20"),
)
CARD = """
name: nul
fields:
  id: {kind: id}
  name: {kind: text}
  exact: {kind: text, exact: yes}
  tags: {kind: choices}
  employees: {kind: number}
  asked: {kind: flag}
  seen: {kind: date}
rules:
  - {name: equal, when: name = 'a', points: 1, reason: It is a}
  - {name: some, when: "name in ('é', 'x', 'n/a')", points: 2, reason: Some}
  - {name: part, when: "contains(name, 'b')", points: 4, reason: Holds b}
  - {name: start, when: "starts_with(name, 'a')", points: 8, reason: Starts}
  - {name: end, when: "ends_with(name, 'é')", points: 16, reason: Ends}
  - {name: same, when: exact = 'A', points: 3, reason: Exactly A}
  - {name: word, when: "has(tags, 'a')", points: 5, reason: Tagged}
  - {name: none, when: name is null, points: 7, reason: Nothing}
"""
BINS = TextBins(("a", "a\0", "a\0b", "A\0", "\0"))
COLUMNS = ("id", "name", "exact", "tags", "employees", "asked", "seen")


def build_card() -> Scorecard:
    """A card whose rules compare texts, and which has learned what texts with a NUL are worth."""
    card = parse_card(CARD)
    table = Table("exact", BINS, (0, 11, 13, -17, 19, 23, 29), (5, 4, 3, 2, 1, 1, 1))
    return Scorecard(card, Learned(base_rate=0.2, trust=1.0, terms=(table,)))


def list_leads() -> list[dict[str, str | None]]:
    """Each text in each field in turn, the others without a value; and beside others in the choices."""
    leads: list[dict[str, str | None]] = []
    for text in TEXTS:
        leads += [{column: text} for column in COLUMNS[1:]]
        leads += [{"tags": f"a;{text}"}, {"tags": json.dumps([text, "b"])}]
    return [{column: lead.get(column) for column in COLUMNS} | {"id": str(i)} for i, lead in enumerate(leads)]


def score_by_python(card: Scorecard, lead: dict[str, str | None]) -> float | None:
    """The points of a lead; None where it is refused."""
    try:
        return leadledger.score(card, lead, AS_OF).points
    except LeadError:
        return None


def read_frame(session: SparkSession, frame: pd.DataFrame, folder: Path) -> DataFrame:
    """A frame as Spark reads it from a file; one of the session would be worked out while the query is planned."""
    frame.to_parquet(folder / "texts.parquet")
    return session.read.parquet(str(folder / "texts.parquet"))


@pytest.mark.slow
def test_texts_with_a_nul(spark_local: str, tmp_path: Path) -> None:
    """They are folded, trimmed and stripped as by Python, and nothing plain is said of one that isn't."""
    selected = [
        fold("v", letters_of(frozenset(map(fold_by_python, TEXTS)))),
        trim("v"),
        strip("v"),
        plain("v", frozenset({"a", "n/a"}))[0],
    ]
    with spark.session(spark_local) as session:
        listed = read_frame(session, pd.DataFrame({"i": range(len(TEXTS)), "v": TEXTS}), tmp_path)
        rows = listed.sort("i").selectExpr("v", *selected).collect()
    for text, (value, folded, trimmed, stripped, is_plain) in zip(TEXTS, rows, strict=True):
        by_python = (text, fold_by_python(text), text.strip(WHITE_SPACE), strip_by_python(text))
        assert (value, folded, trimmed, stripped) == by_python
        assert not is_plain or strip_by_python(text) == text.strip(WHITE_SPACE) == text


@pytest.mark.slow
def test_leads_with_a_nul(spark_local: str, tmp_path: Path) -> None:
    """Spark, arrays and Python give such a lead the same points, or refuse it all three."""
    card, leads = build_card(), list_leads()
    by_python = [score_by_python(card, lead) for lead in leads]
    frame = pd.DataFrame(leads, columns=COLUMNS)
    by_arrays = leadledger.score_frame(card, frame, AS_OF)["points"]
    with spark.session(spark_local) as session:
        listed = read_frame(session, frame, tmp_path)
        rows = leadledger.score_frame(card, listed, AS_OF).collect()
    by_spark = {row["id"]: row["points"] for row in rows}
    for i, (lead, points) in enumerate(zip(leads, by_python, strict=True)):
        assert by_spark[lead["id"]] == points, lead
        assert (None if pd.isna(by_arrays[i]) else by_arrays[i]) == points, lead
    assert None in by_python
    assert len(set(by_python)) > 12
