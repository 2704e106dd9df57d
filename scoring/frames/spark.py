"""Spark DataFrames: a DataFrame of leads in, the same rows with their scores out, planned as Spark SQL.

Spark does all of it, when the result is asked for, and starts no Python worker. This module imports nothing of Spark:
a caller that hands in a DataFrame has its session. Columns are renamed by their place on the way, so that a name of the
DataFrame is never part of a statement, except for the names that the card gives to its own columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from leadledger.scoring.column_fit import find_homes
from leadledger.scoring.column_paths import NOT_OBJECT
from leadledger.scoring.errors import DataError
from leadledger.scoring.printers.sql import event_table, number_evidence
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.cleaning import find_doubtful
from leadledger.scoring.printers.sql.dialects import spark
from leadledger.scoring.printers.sql.dialects.column_types import type_family
from leadledger.scoring.printers.sql.number_evidence import ProvenDecimal
from leadledger.scoring.printers.sql.path_columns import add_path_columns
from leadledger.scoring.printers.sql.query import BAD, Query
from leadledger.scoring.scorecard import Card, Scorecard

BAD_EVENT = "has an event that can't be read"
PLACE = "ll:{}"  # the name on the way of a column of the DataFrame
UNREADABLE = {
    "number": "can't be read as a number",
    "flag": "can't be read as yes or no",
    "date": "can't be read as a date",
    "text": "can't be read as a text",
    "id": "can't be read as an id",
    "choices": "can't be read as choices",
}


@dataclass(frozen=True)
class SparkLeads:
    """A DataFrame of raw leads with its columns under new names.

    `places` has the new name of each column by its name, `types` the columns that belong to the card, under the names
    by which it knows them, with the types that the printer knows.
    """

    frame: Any
    places: Mapping[str, str]
    types: Mapping[str, str]


def prepare_leads(card: Card, frame: Any, columns: Sequence[str]) -> SparkLeads:
    """A DataFrame ready to be scored by some of its columns, each of which it has once. Raises PrinterError."""
    homes = find_homes(card, columns)
    places = [PLACE.format(i) for i in range(len(frame.columns))]
    types, selected = {}, ["*"]
    for (column, kind), place in zip(frame.dtypes, places, strict=True):
        if column in columns:
            types[column] = (
                spark.SPARK.known_type(column, kind, homes[column].kind)
                if column in homes
                else spark.SPARK.read_object_type(kind)
            )
            selected.append(f"{spark.name(place)} AS {spark.name(column)}")
    place_of = dict(zip(frame.columns, places, strict=True))
    return SparkLeads(frame.toDF(*places).selectExpr(*selected), place_of, types)


def score_leads(card: Scorecard, leads: SparkLeads, query: Query) -> Any:
    """The DataFrame of a card's SELECT over `leads`: what the query asks for, by its own names. Raises PrinterError."""
    stand_in = f"ll_{uuid4().hex}"
    select = sql.select(card, replace(query, source=stand_in, columns=leads.types), "spark")
    return run_select(select, {stand_in: leads.frame})


def clean_leads(card: Scorecard, leads: SparkLeads, query: Query) -> Any:
    """The DataFrame of the cleaned fields, as `sql.select_fields`. Raises PrinterError."""
    stand_in = f"ll_{uuid4().hex}"
    select = sql.select_fields(card, replace(query, source=stand_in, columns=leads.types), "spark")
    return run_select(select, {stand_in: leads.frame})


def prove_decimals(card: Card, leads: SparkLeads) -> tuple[ProvenDecimal, ...]:
    """What the leads show of how they write their numbers."""
    stand_in = f"ll_{uuid4().hex}"

    def run_one(query: str) -> tuple[Any, ...]:
        (row,) = run_query(query, leads, stand_in)
        return row

    return number_evidence.prove_decimals(card, leads.types, stand_in, run_one, dialect=spark.SPARK)


def run_query(query: str, leads: SparkLeads, stand_in: str) -> list[tuple[Any, ...]]:
    """The rows of a query over `leads`, which it names by `stand_in`."""
    return [tuple(row) for row in run_select(query, {stand_in: leads.frame}).collect()]


def run_select(select: str, frames: Mapping[str, Any]) -> Any:
    """The DataFrame of a SELECT over others, each by the stand-in that names it there."""
    escaped = select.replace("{", "{{").replace("}", "}}")  # the session puts something in place of what is in braces
    for stand_in in frames:
        escaped = escaped.replace(stand_in, f"{{{stand_in}}}")
    session = next(iter(frames.values())).sparkSession
    return session.sql(escaped, **frames)


def describe_unreadable(card: Card, leads: SparkLeads) -> dict[str, str]:
    """The message for each column that may hold a value that can't be read, by the column that marks such a row."""
    types = add_path_columns(card, leads.types)
    fields = find_homes(card, types)
    messages = {}
    for column in find_doubtful(card, leads.types, spark.SPARK):
        field = fields.get(column)
        if field is None:
            messages[f"bad:{column}"] = f"{column}: {NOT_OBJECT}"
            continue
        is_listed = bool(field.values) and (
            field.kind == "choices" or (field.kind == "text" and type_family(types[column]) == "text")
        )
        messages[f"bad:{column}"] = f"{column}: {field.explain_unlisted() if is_listed else UNREADABLE[field.kind]}"
    return messages


def problem_column(messages: Mapping[str, str], *, counted: bool) -> str:
    """The SQL of what can't be read in a row, NULL where all can; `messages` as `describe_unreadable` gives them.

    `counted`: the row has what the events of the lead come to.
    """
    marks = {spark.name(mark): message for mark, message in messages.items()}
    if counted:
        marks[f"{spark.name(event_table.UNREADABLE)} > 0"] = BAD_EVENT
    problems = [f"CASE WHEN {mark} THEN {spark.text(message)} END" for mark, message in marks.items()]
    joined = f"nullif(concat_ws('; ', {', '.join(problems)}), '')" if problems else "CAST(NULL AS STRING)"
    clash = spark.text("two columns of one field hold different values")
    return f"CASE WHEN {spark.name(BAD)} THEN coalesce({joined}, {clash}) END"


def refuse_unsupported(frame: Any) -> None:
    """Raises DataError for a frame of pandas on Spark, and for one of Spark Connect, which no test has tried."""
    module = type(frame).__module__
    if module.startswith("pyspark.pandas"):
        raise DataError("a frame of pandas on Spark can't be scored; give its .to_spark()")
    if module.startswith("pyspark.sql.connect"):
        raise DataError("a DataFrame of Spark Connect can't be scored; use a session on the cluster itself")
