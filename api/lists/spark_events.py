"""The events of leads in files that a Spark cluster reads: counted there, and joined to the leads that are scored.

The counts are written beside the scores for the time of a run, so that no step of it counts again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from leadledger.api.lists.list_events import MOST_MISTAKES_SHOWN, list_lead_problems, word_totals
from leadledger.api.lists.spark_files import SparkFiles
from leadledger.api.lists.spark_lists import BROKEN, FILE, ROW, SparkList, open_events
from leadledger.scoring.errors import BadValue, DataError, quote
from leadledger.scoring.events.event_reader import EventReader, KnownNames
from leadledger.scoring.frames.spark import SparkLeads
from leadledger.scoring.frames.spark_events import (
    SparkEvents,
    count_events,
    describe_missing,
    join_events,
    list_keys,
    prepare_events,
    write_json,
)
from leadledger.scoring.printers.sql.counted_events import CountedWish
from leadledger.scoring.printers.sql.dialects.spark import SPARK, name
from leadledger.scoring.printers.sql.event_members import LEAD_KEY, print_lead_key
from leadledger.scoring.printers.sql.event_properties import list_roots
from leadledger.scoring.printers.sql.event_rows import make_event
from leadledger.scoring.printers.sql.event_table import PROPERTIES, TOTALS, check_columns, name_total
from leadledger.scoring.printers.sql.expression import Expression
from leadledger.scoring.scorecard import Card, Scorecard
from leadledger.training.sources.rejects import reject_values
from leadledger.training.sources.scan import Reject

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

FILE_AND_ROW = f"struct({name(FILE)}, {name(ROW)})"


@dataclass(frozen=True)
class FolderEvents:
    """The events of one run, counted. `entries`: the entries of rules are there too."""

    spark: SparkSession
    card: Scorecard
    events: SparkEvents
    label: str
    id_column: str
    counts: DataFrame
    entries: bool
    notes: tuple[str, ...]

    def join(self, leads: SparkLeads) -> SparkLeads:
        """The leads with what their events come to."""
        return join_events(self.card.card, leads, self.id_column, self.counts, entries=self.entries)

    def write_key(self, leads: SparkLeads) -> str:
        """The SQL of the key of a lead, by which its events belong to it."""
        column = Expression(name(leads.places[self.id_column]))
        return print_lead_key(column, leads.types[self.id_column], SPARK).sql

    def find_unread(self, keys: Sequence[str | None]) -> Mapping[str, list[tuple[str, str, str]]]:
        """The column, value and reason of all that can't be read in the events of some leads, by lead."""
        listed = [key for key in keys if key is not None]
        if not listed:
            return {}
        columns = list(self.events.types)
        wanted = self.spark.sql(
            f"SELECT explode(from_json(:keys, 'array<string>')) AS {name(LEAD_KEY)}",
            args={"keys": json.dumps(listed)},
        )
        selected = [f"{self._print_value(column)} AS {name(column)}" for column in columns]
        rows = self.events.frame.selectExpr(f"{self.events.key} AS {name(LEAD_KEY)}", FILE_AND_ROW, *selected)
        reader = EventReader(self.card.card, {root.name: root.fields for root in list_roots(self.card.card)})
        prefix = "" if PROPERTIES in columns else f"{PROPERTIES}."
        unread: dict[str, list[tuple[str, str, str]]] = {}
        for lead, place, *values in rows.join(wanted, LEAD_KEY, "left_semi").toLocalIterator():
            problems: list[BadValue] = []
            event = make_event(dict(zip(columns, values, strict=True)))
            reader.read(event, "$", problems)
            which = _word_event(event, *place)
            for problem in problems:
                value = "" if problem.value is None else str(problem.value)
                reason = f"{which}: {problem.clause}"
                unread.setdefault(lead, []).append((problem.column.removeprefix(prefix), value, reason))
        return unread

    def _print_value(self, column: str) -> str:
        """The SQL of a column as Python takes it: as a text where it has no such value, a day beyond the year 9999."""
        kind = self.events.types[column]
        if column == PROPERTIES:
            return write_json(column, kind)
        is_text = SPARK.family_of(kind) in ("text", "date", "time", "instant")
        return f"CAST({name(column)} AS STRING)" if is_text else name(column)


def count_folder_events(
    spark: SparkSession,
    files: SparkFiles,
    card: Scorecard,
    as_of: date,
    data: str,
    leads: tuple[SparkLeads, str],
    work: str,
    *,
    entries: bool,
) -> FolderEvents:
    """Count the events `data` of the leads, given with the column of their ids, into the folder `work`.

    Raises DataError where these are no events.
    """
    from pyspark.sql import Observation
    from pyspark.sql import functions as F

    opened = open_events(spark, files, data)
    check_columns(opened.no_types, opened.label)
    events = prepare_events(card.card, opened.frame)
    read = Observation()
    observed = opened.frame.observe(
        read,
        F.count(F.lit(1)).alias("rows"),
        F.count(F.expr(events.key)).alias("owned"),
        F.count(F.col(BROKEN)).alias("broken"),
    )
    keys = list_keys(events)
    wish = CountedWish(entries, totals=True)
    counted = count_events(card, as_of, SparkEvents(observed, events.types), keys, wish)
    frame, id_column = leads
    key = print_lead_key(Expression(name(frame.places[id_column])), frame.types[id_column], SPARK).sql
    ids = frame.frame.selectExpr(f"{key} AS {name(LEAD_KEY)}")
    counted.join(ids, LEAD_KEY, "left_semi").write.mode("overwrite").parquet(work)
    if read.get["broken"]:
        raise DataError("\n".join(_word_broken(opened)))
    counts = spark.read.parquet(work)
    notes = (
        _describe(card.card, events, counts, read.get["rows"], read.get["owned"]),
        describe_missing(card.card, opened.frame),
    )
    return FolderEvents(spark, card, events, opened.label, id_column, counts, entries, tuple(filter(None, notes)))


def list_rejects(
    card: Scorecard, row: int, lead: Mapping[str, Any], unread: Sequence[tuple[str, str, str]] | None
) -> list[Reject]:
    """What can't be read of a lead; `unread` is that of its events, None where they all can be."""
    if unread is None:
        return [*reject_values(card, row, lead)]
    own = [*reject_values(card, row, lead)] if list_lead_problems(card, lead) else []
    rejects = [*own, *(Reject(row, *of_event) for of_event in unread)]
    return rejects or [Reject(row, "", "", "has an event that can't be read")]


def _word_broken(events: SparkList) -> Iterator[str]:
    """The first rows of a list that are none."""
    reason = "has more or fewer values than the header has columns, or a quote that is not closed"
    if events.kind == "json":
        reason = "is not a JSON object"
    # With a column of the list, without which Spark refuses to say what is broken.
    rows = events.frame.where(f"{name(BROKEN)} IS NOT NULL").select(FILE, BROKEN, name(events.columns[0]))
    for file, text, _ in rows.limit(MOST_MISTAKES_SHOWN).collect():
        yield f"{file}: the row {quote(text)} {reason}"


def _word_event(event: Mapping[str, Any], file: str, row: int | None) -> str:
    """Which event it is: by its row, where the file counts them, else by its id."""
    if row is not None:
        return f"event of row {row:,} in {file}"
    return f"event {quote(str(event['id']))} in {file}" if event.get("id") else f"an event in {file}"


def _describe(card: Card, events: SparkEvents, counts: DataFrame, total: int, owned: int) -> str:
    """What became of all events, in a sentence; `owned` are those with a lead."""
    sums = [f"coalesce(sum({name(name_total(total))}), 0)" for total in TOTALS]
    (row,) = counts.selectExpr(*sums).collect()
    totals = dict(zip(TOTALS, map(int, row), strict=True))
    unknown: dict[str, int] = {}
    if totals["unknown"]:
        kind = f"{SPARK.trim('CAST(kind AS STRING)')} AS kind"
        kinds = events.frame.selectExpr(f"{events.key} AS {name(LEAD_KEY)}", kind)
        names = KnownNames(card.events)
        rows = kinds.join(counts, LEAD_KEY, "left_semi").groupBy("kind").count().collect()
        unknown = {kind: count for kind, count in rows if kind and names.find("", kind) is None}
    return word_totals(totals, unknown, total, total - owned)
