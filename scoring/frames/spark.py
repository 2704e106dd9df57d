"""Spark DataFrames: a DataFrame of leads in, the same rows with their scores out, planned as Spark SQL.

Spark does all of it, when the result is asked for, and starts no Python worker. This module imports nothing of Spark:
whoever hands in a DataFrame has its session. Columns are renamed by their place on the way, so that a name of the
DataFrame is never part of a statement, but for the names that the card gives to its own columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from leadledger.scoring.errors import DataError
from leadledger.scoring.printers.sql import cleaning
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.dialects import spark
from leadledger.scoring.printers.sql.dialects.spark import SPARK
from leadledger.scoring.printers.sql.query import BAD, Query
from leadledger.scoring.scorecard import Card, Scorecard

PLACE = "ll:{}"  # the name on the way of a column of the DataFrame
UNREAD = {
    "number": "can't be read as a number",
    "flag": "can't be read as yes or no",
    "date": "can't be read as a date",
    "text": "can't be read as a text",
    "id": "can't be read as an id",
}


@dataclass(frozen=True)
class Source:
    """A DataFrame of raw leads with its columns under new names.

    `places` has the new name of each column by its name, `types` the columns that belong to the card, under the names
    by which it knows them, with the types that the printer knows.
    """

    frame: Any
    places: Mapping[str, str]
    types: Mapping[str, str]


def source(frame: Any, asked: Sequence[str]) -> Source:
    """A DataFrame ready to be scored by its columns `asked`, of which it has one each. Raises PrinterError."""
    places = [PLACE.format(i) for i in range(len(frame.columns))]
    types, selected = {}, ["*"]
    for (column, kind), place in zip(frame.dtypes, places, strict=True):
        if column in asked:
            spelt, types[column] = spark.plain(spark.name(place), column, kind)
            selected.append(f"{spelt} AS {spark.name(column)}")
    return Source(frame.toDF(*places).selectExpr(*selected), dict(zip(frame.columns, places, strict=True)), types)


def run(query: str, frame: Any, stand_in: str) -> Any:
    """The DataFrame of a SELECT that names another DataFrame by `stand_in`."""
    escaped = query.replace("{", "{{").replace("}", "}}")  # the session puts something in place of what is in braces
    return frame.sparkSession.sql(escaped.replace(stand_in, "{ll_leads}"), ll_leads=frame)


def scored(card: Scorecard, leads: Source, query: Query) -> Any:
    """The DataFrame of a card's SELECT over `leads`: what the query asks for, by its own names. Raises PrinterError."""
    stand_in = f"ll_{uuid4().hex}"
    printed = sql.select(card, replace(query, source=stand_in, columns=leads.types), "spark")
    return run(printed, leads.frame, stand_in)


def typed(card: Scorecard, leads: Source, query: Query) -> Any:
    """The DataFrame of the cleaned fields, as `sql.select_fields`. Raises PrinterError."""
    stand_in = f"ll_{uuid4().hex}"
    printed = sql.select_fields(card, replace(query, source=stand_in, columns=leads.types), "spark")
    return run(printed, leads.frame, stand_in)


def marks(card: Card, leads: Source) -> dict[str, str]:
    """What to say of each column whose values may be unreadable, by the name of the column that says so of a row."""
    kinds = {column: one for one in card.plain_fields for column in one.columns}
    found = {}
    for column in cleaning.doubtful(card, leads.types, SPARK):
        one = kinds[column]
        listed = one.kind == "text" and one.values and cleaning.family(leads.types[column]) == "text"
        found[f"bad:{column}"] = f"{column}: {one.explain_unlisted() if listed else UNREAD[one.kind]}"
    return found


def problem(words: Mapping[str, str]) -> str:
    """The SQL of what can't be read in a row, NULL where all can; `words` as `marks` gives them."""
    said = [f"CASE WHEN {spark.name(mark)} THEN {spark.text(one)} END" for mark, one in words.items()]
    all_said = f"nullif(concat_ws('; ', {', '.join(said)}), '')" if said else "CAST(NULL AS STRING)"
    clash = spark.text("two columns of one field hold different values")
    return f"CASE WHEN {spark.name(BAD)} THEN coalesce({all_said}, {clash}) END"


def refuse(frame: Any) -> None:
    """Raises DataError for a frame of pandas on Spark, and for one of Spark Connect, which no test has tried."""
    module = type(frame).__module__
    if module.startswith("pyspark.pandas"):
        raise DataError("a frame of pandas on Spark can't be scored; give its .to_spark()")
    if module.startswith("pyspark.sql.connect"):
        raise DataError("a DataFrame of Spark Connect can't be scored; use a session on the cluster itself")
