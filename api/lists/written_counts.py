"""What is counted of a list that was scored: rows, recommendations, grades, ids that come twice, odd days and texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from leadledger.api.lists import duplicate_ids
from leadledger.api.lists.odd_days import OddDays
from leadledger.scoring.outputs import VERDICTS
from leadledger.scoring.printers.sql.dialects.literals import quoted, text_expression
from leadledger.scoring.printers.sql.text_counts import TextCounts
from leadledger.scoring.scorecard import Card

if TYPE_CHECKING:
    from leadledger.api.lists.bad_rows import BadRows
    from leadledger.training.sources.scan import Reject


@dataclass(frozen=True)
class CountedThings:
    """What is to be counted. `tallied` are the columns of the output that hold a recommendation, and a grade, if any.

    Odd days are counted in what was written. So are texts and ids if that has them as they stand in the list
    (`has_texts`); else in the whole list.
    """

    id_column: str
    tallied: Mapping[str, str]
    odd_days: OddDays
    texts: TextCounts
    has_texts: bool


@dataclass(frozen=True)
class WrittenCounts:
    """The counts: rows in what was written, of each recommendation and grade, with an id that an earlier row had.

    `odd_days` and `texts` are what their aggregates gave.
    """

    rows: int
    recommendations: Mapping[str, int]
    grades: Mapping[str, int]
    duplicates: int
    odd_days: Sequence[Any]
    texts: Sequence[Any]


@dataclass(frozen=True)
class WrittenScores:
    """What became of the rows of a list: how many were read, how many scored, and in how many a value can't be read.

    `broken` are those that can't be read as rows, in their order. Arrays bring what was counted, and the bad rows if
    there are any; SQL is asked for both when they are needed (None).
    """

    read: int
    scored: int
    bad: int
    broken: Sequence[Reject]
    counts: WrittenCounts | None = None
    bad_rows: BadRows | None = None


def count_written(
    connection: duckdb.DuckDBPyConnection, card: Card, things: CountedThings, written: str, source: str, every_id: bool
) -> WrittenCounts:
    """Count in `written` and `source`, FROM items; `every_id`: all ids of the list are in what was written."""
    known = {
        "recommendation": VERDICTS,
        "grade": tuple(dict.fromkeys([*(grade for grade, _ in card.grades), card.below])),
    }
    pairs = [(name, value) for name, values in known.items() for value in values if name in things.tallied]
    counts = [f"count(*) FILTER ({quoted(things.tallied[name])} = {text_expression(value)})" for name, value in pairs]
    twice = duplicate_ids.count_duplicates(things.id_column) if things.id_column else "0"
    odd_days, texts = things.odd_days.aggregates, things.texts.aggregates
    more = [*odd_days, *(texts if things.has_texts else ())]
    ((rows, duplicates, *totals),) = connection.execute(
        f"SELECT {', '.join(['count(*)', twice if every_id else '0', *counts, *more])} FROM {written}"
    ).fetchall()
    tallies: dict[str, dict[str, int]] = {name: {} for name in known}
    for (name, value), total in sorted(zip(pairs, totals[: len(pairs)], strict=True)):
        if total:
            tallies[name][value] = total
    measured = totals[len(pairs) :]
    days, counted = measured[: len(odd_days)], measured[len(odd_days) :]
    lacking = () if things.has_texts else texts
    if (things.id_column and not every_id) or lacking:
        ((duplicates, *in_list),) = connection.execute(
            f"SELECT {', '.join([twice, *lacking])} FROM {source}"
        ).fetchall()
        counted = counted if things.has_texts else in_list
    return WrittenCounts(rows, tallies["recommendation"], tallies["grade"], duplicates, days, counted)
