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
from leadledger.scoring.printers.sql import number_evidence
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.cleaning import find_doubtful
from leadledger.scoring.printers.sql.dialects import spark
from leadledger.scoring.printers.sql.dialects.column_types import type_family
from leadledger.scoring.printers.sql.number_evidence import ProvenDecimal
from leadledger.scoring.printers.sql.path_columns import add_path_columns
from leadledger.scoring.printers.sql.query import BAD, Query
from leadledger.scoring.scorecard import Card, Scorecard

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
    return _run_select(select, leads.frame, stand_in)


def clean_leads(card: Scorecard, leads: SparkLeads, query: Query) -> Any:
    """The DataFrame of the cleaned fields, as `sql.select_fields`. Raises PrinterError."""
    stand_in = f"ll_{uuid4().hex}"
    select = sql.select_fields(card, replace(query, source=stand_in, columns=leads.types), "spark")
    return _run_select(select, leads.frame, stand_in)


def prove_decimals(card: Card, leads: SparkLeads) -> tuple[ProvenDecimal, ...]:
    """What the leads show of how they write their numbers."""
    stand_in = f"ll_{uuid4().hex}"

    def run_one(query: str) -> tuple[Any, ...]:
        (row,) = run_query(query, leads, stand_in)
        return row

    return number_evidence.prove_decimals(card, leads.types, stand_in, run_one, dialect=spark.SPARK)


def run_query(query: str, leads: SparkLeads, stand_in: str) -> list[tuple[Any, ...]]:
    """The rows of a query over `leads`, which it names by `stand_in`."""
    return [tuple(row) for row in _run_select(query, leads.frame, stand_in).collect()]


def _run_select(select: str, frame: Any, stand_in: str) -> Any:
    """The DataFrame of a SELECT that names another DataFrame by `stand_in`."""
    escaped = select.replace("{", "{{").replace("}", "}}")  # the session puts something in place of what is in braces
    return frame.sparkSession.sql(escaped.replace(stand_in, "{ll_leads}"), ll_leads=frame)


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


def problem_column(messages: Mapping[str, str]) -> str:
    """The SQL of what can't be read in a row, NULL where all can; `messages` as `describe_unreadable` gives them."""
    problems = [f"CASE WHEN {spark.name(mark)} THEN {spark.text(message)} END" for mark, message in messages.items()]
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
