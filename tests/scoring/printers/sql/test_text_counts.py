"""What is counted of the texts of a list is what Python finds in them, lead by lead."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import duckdb
import pytest

from leadledger.scoring.bins import TextBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.cleaning import make_cleaner
from leadledger.scoring.engine.score import score
from leadledger.scoring.lookup import Table
from leadledger.scoring.printers.sql.dialects.duckdb import DUCKDB_SETTINGS
from leadledger.scoring.printers.sql.text_counts import TextNotes, find_text_counts
from leadledger.scoring.scorecard import Learned, Scorecard

AWKWARD = (
    *("N/A", "n/a", " N/A ", "N/A\u00a0", "-", "\u2013", "unknown", "UNKNOWN", "(not set)", "None", "NULL", "nan", ""),
    *("Retail", "RETAIL", " retail\u200b", "Santé", "SANTE\u0301", "Quantum", "quantum", "Öko", "(other)", "Nothing"),
    *("none of it", "unknown unknown", "n", "u", "\u0130stanbul", "istanbul", "0", "~", "\ufeff", "\u00a0", "[x]"),
)


@dataclass(frozen=True)
class Case:
    """A text field as a card declares it, with the levels that training saw."""

    declared: str
    levels: tuple[str, ...] = ("Retail", "Santé", "istanbul")
    more: str = ""


CASES = {
    "free": Case("{kind: text}"),
    "exact": Case("{kind: text, exact: yes}"),
    "values": Case("{kind: text, values: [Retail, Santé, Quantum, none], other: missing}", ("Retail", "Santé")),
    "values and other": Case("{kind: text, values: [Retail, Quantum], other: yes}", ("Retail",)),
    "values and other that was seen": Case(
        "{kind: text, values: [Retail, Quantum], other: yes}", ("Retail", "(other)")
    ),
    "own words": Case("{kind: text, missing: [Retail]}", ("Santé",), "missing: [unknown, n/a]"),
    "a word is a level": Case("{kind: text}", ("Retail", "None")),
}


def make_scorecard(case: Case) -> Scorecard:
    """A card of one text field that a table asks."""
    card = parse_card(
        f"name: c\n{case.more}\nfields:\n  id: {{kind: id}}\n  industry: {case.declared}\n"
        "rules: [{name: a, when: industry is not null, points: 1, reason: Has an industry}]\n"
    )
    bins = TextBins(case.levels[:2])
    size = len(bins)
    term = Table("industry", bins, (5,) * size, (9,) * size, ())
    return Scorecard(card, Learned(0.2, terms=(term,), levels={"industry": case.levels}))


def read_texts(texts: tuple[str, ...], select: str) -> list[tuple[Any, ...]]:
    """What DuckDB selects from a list of one column, in the order of its texts."""
    connection = duckdb.connect()
    for setting in DUCKDB_SETTINGS:
        connection.execute(f"SET {setting}")
    connection.execute("CREATE TABLE leads AS SELECT unnest(?::VARCHAR[]) AS industry", [list(texts)])
    return connection.execute(f"SELECT {select} FROM leads").fetchall()


def count_texts(card: Scorecard, texts: tuple[str, ...]) -> TextNotes:
    """What DuckDB counts in a list of one column."""
    counts = find_text_counts(card, {"industry": "VARCHAR"})
    (row,) = read_texts(texts, ", ".join(counts.aggregates))
    return counts.describe(row)


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_texts_are_what_python_finds_in_them(case: Case) -> None:
    """A text is new in SQL where it is in Python; a word where the field has a value without the usual words only."""
    card = make_scorecard(case)
    field, missing = card.card.fields["industry"], card.card.missing_texts
    counts = find_text_counts(card, {"industry": "VARCHAR"})
    word = counts.words.get("industry", "NULL")
    (has_some,) = counts.conditions
    rows = read_texts(AWKWARD, f"{word}, {counts.new['industry'][1]}, {has_some}")
    clean, take = make_cleaner(field, missing), make_cleaner(replace(field, nothing_words=frozenset()), missing)
    for text, (word, new, has_some) in zip(AWKWARD, rows, strict=True):
        assert has_some or (word is None and new is None), text
        assert not has_some or text not in case.levels[:1], text
        unseen = score(card, {"industry": text}, date(2026, 1, 1)).unseen
        assert (new is not None) is (unseen == ("industry",)), text
        if field.other != "missing":  # where a word is missing as any other text is
            assert (word is not None) is (clean(text) is None and take(text) is not None), text


def test_the_sentences() -> None:
    """The words are named by their counts, the most frequent first; one new value is an example."""
    card = make_scorecard(CASES["free"])
    texts = ("N/A",) * 40 + ("-",) * 3 + ("Quantum", "Space", "Quantum")
    notes = count_texts(card, texts)
    assert notes.sentences == (
        "Column 'industry': 40 values 'N/A' and 3 '-' are read as not known.",
        "Column 'industry': 3 values are new to the release, such as 'Quantum'.",
    )
    assert notes.unseen == {"industry": 3}
    assert count_texts(card, ("?", "Space")).sentences == (
        "Column 'industry': 1 value '?' is read as not known.",
        "Column 'industry': 1 value is new to the release, such as 'Space'.",
    )
    many = ("NULL", "None", "nan", "?", "-", "--", "---")
    assert count_texts(card, many).sentences == (
        "Column 'industry': 1 value '-', 1 '--', 1 '---', 1 '?', 1 'NULL' and 2 others are read as not known.",
    )
    assert count_texts(card, ("Retail", "", "SANTÉ")) == TextNotes()
