"""`leadledger sql`: the scorecard as one SELECT."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from leadledger.api.cli.options import FILE, ScorecardSource, as_of, gather, reading_options, scorecard_source, today
from leadledger.scoring.errors import DataError, did_you_mean, quote

if TYPE_CHECKING:
    from leadledger.scoring.scorecard import Card
    from leadledger.training.sources.reading import ReadingOptions


class ColumnOfType(click.ParamType[tuple[str, str]]):
    """A column and its type on the command line: employees=INT64."""

    name = "column=type"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Split it at its last `=`."""
        if isinstance(value, tuple):
            return value
        column, equals, kind = value.rpartition("=")
        if not (equals and column.strip() and kind.strip()):
            self.fail(f"{value!r} is no column and its type; write it like employees=INT64", param, ctx)
        return column.strip(), kind.strip()


@dataclass(frozen=True)
class Select:
    """What the SELECT is to have, as for `to_sql`."""

    dialect: str
    table: str
    row_filter: str
    quoted_names: bool
    keep: tuple[str, ...]
    where: str
    ledger: bool
    explain: bool
    events_table: str
    event_column: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Columns:
    """What is known of the table's columns: a file that has the same ones, and the types of some."""

    data: Path | None
    column: tuple[tuple[str, str], ...]

    def types(self, card: Card, dialect: str, reading: ReadingOptions) -> dict[str, str | None] | None:
        """The columns with their types (None: not known). Raises ScoringError."""
        if self.data is None and not self.column:
            return None
        from leadledger.scoring.column_fit import find_homes

        homes = find_homes(card, dict.fromkeys(column for column, _ in self.column))
        types: dict[str, str | None] = {}
        if self.data is not None:
            types = read_types(self.data, dialect, reading)
        else:
            named = {field.name for field in homes.values()}
            types = {field.name: None for field in card.plain_fields if field.name not in named}
        for column, kind in self.column:
            if column not in homes:
                known = [column for field in card.plain_fields for column in field.written_columns]
                raise DataError(
                    f"--column: no field of the card '{card.name}' has a column {quote(column)}."
                    f"{did_you_mean(column, known)}"
                )
            types[column] = kind
        return types


def read_types(data: Path, dialect: str, reading: ReadingOptions) -> dict[str, str | None]:
    """The columns of a file with the types that a table made of it has; those of texts are not known."""
    from leadledger.scoring.printers.sql.source import find_dialect
    from leadledger.training.sources.opening import open_list
    from leadledger.training.sources.table import connect

    homonyms = find_dialect(dialect).homonyms
    with connect() as connection, open_list(connection, data, reading) as scan:
        if scan.kind != "parquet":
            return dict.fromkeys(scan.columns)
        return {column: homonyms.get(kind, kind) for column, kind in scan.columns.items()}


@click.command()
@click.option(
    "--dialect",
    default="duckdb",
    show_default=True,
    help="duckdb, postgres, spark, bigquery or snowflake; nobody has run the last two on the engine itself.",
)
@click.option("--from", "--table", "table", default="leads", show_default=True, help="Table to score.")
@click.option("--data", type=FILE, help="Print for the columns of this file, instead of one column per field.")
@click.option(
    "--column",
    type=ColumnOfType(),
    multiple=True,
    help="A column and its type, as the engine calls it: created=TIMESTAMP; may be repeated. Others are read by their"
    " texts, whatever their types.",
)
@click.option("--filter", "row_filter", default="", metavar="SQL", help="Read only these rows: SQL that follows WHERE.")
@click.option("--quoted-names", is_flag=True, help="Look names up letter by letter (Snowflake).")
@click.option("--keep", multiple=True, metavar="COLUMN", help="Column to bring along; may be repeated.")
@click.option("--where", default="", metavar="CONDITION", help="Only leads that meet this: 'employees > 50'.")
@click.option("--ledger", is_flag=True, help="Add a column for each entry of the ledger, in tenths of points.")
@click.option("--explain", is_flag=True, help="Add the strongest reasons each way, and the standard error.")
@click.option("--events-table", default="", help="Table of the events of the leads, for a card that counts them.")
@click.option(
    "--event-column",
    type=ColumnOfType(),
    multiple=True,
    help="A column of that table and its type: received=TIMESTAMP; may be repeated. It has lead, kind, time, id and the"
    " properties anyway.",
)
@gather("select", Select)
@gather("columns", Columns)
@reading_options
@scorecard_source
@as_of
def sql(select: Select, columns: Columns, reading: ReadingOptions, source: ScorecardSource, as_of: date | None) -> None:
    """Print the scorecard as one SELECT.

    It gives the same points, to the last tenth, as every other way to score.
    """
    from leadledger.scoring.printers.sql.select import to_sql

    scorecard = source.open()
    printed = to_sql(
        scorecard,
        as_of or today(scorecard.card.time_zone),
        source=select.table,
        columns=columns.types(scorecard.card, select.dialect, reading),
        keep=select.keep,
        dialect=select.dialect,
        where=select.where,
        row_filter=select.row_filter,
        quoted_names=select.quoted_names,
        ledger=select.ledger,
        explain=select.explain,
        plus_minus=select.explain,
        events=select.events_table,
        event_columns=dict(select.event_column),
    )
    click.echo(f"{printed};")
