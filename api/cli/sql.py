"""`leadledger sql`: the scorecard as one SELECT."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadledger.api.cli.options import FILE, ScorecardSource, as_of, gather, reading_options, scorecard_source, today

if TYPE_CHECKING:
    from leadledger.training.sources.reading import ReadingOptions


@dataclass(frozen=True)
class Select:
    """What the SELECT is to have, as for `to_sql`."""

    dialect: str
    table: str
    keep: tuple[str, ...]
    where: str
    ledger: bool
    explain: bool


@click.command()
@click.option(
    "--dialect",
    default="duckdb",
    show_default=True,
    help="duckdb, postgres, spark, bigquery or snowflake; the last two are untested on the engine.",
)
@click.option("--from", "--table", "table", default="leads", show_default=True, help="Table to score.")
@click.option("--data", type=FILE, help="Print for the columns of this file, instead of one column per field.")
@click.option("--keep", multiple=True, metavar="COLUMN", help="Column to bring along; may be repeated.")
@click.option("--where", default="", metavar="CONDITION", help="Only leads that meet this: 'employees > 50'.")
@click.option("--ledger", is_flag=True, help="Add a column for each entry of the ledger, in tenths of points.")
@click.option("--explain", is_flag=True, help="Add the strongest reasons each way, and the standard error.")
@gather("select", Select)
@reading_options
@scorecard_source
@as_of
def sql(
    select: Select, data: Path | None, reading: ReadingOptions, source: ScorecardSource, as_of: date | None
) -> None:
    """Print the scorecard as one SELECT.

    It gives the same points, to the last tenth, as every other way to score.
    """
    from leadledger.scoring.printers.sql.select import to_sql

    columns = None
    if data is not None:
        from leadledger.training.sources.opening import open_list
        from leadledger.training.sources.table import connect

        with connect() as connection, open_list(connection, data, reading) as scan:
            columns = dict(scan.columns)
    printed = to_sql(
        source.open(),
        as_of or today(),
        source=select.table,
        columns=columns,
        keep=select.keep,
        dialect=select.dialect,
        where=select.where,
        ledger=select.ledger,
        explain=select.explain,
        plus_minus=select.explain,
    )
    click.echo(f"{printed};")
