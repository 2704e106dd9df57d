"""`leadledger dbt`: the scorecard as a model of dbt, with its tests."""

from __future__ import annotations

from pathlib import Path

import click

from leadledger.api.cli.options import FILE, ScorecardSource, as_json, gather, reading_options, scorecard_source
from leadledger.api.cli.printing import report
from leadledger.api.cli.sql import ColumnOfType, Columns
from leadledger.models.durable_files import replace_file
from leadledger.scoring.errors import DataError
from leadledger.training.sources.reading import ReadingOptions

PROJECT_FILE = "dbt_project.yml"


@click.command()
@click.argument("project", type=FILE, default=Path("."))
@click.option("--ref", metavar="NAME", help="Model, seed or snapshot to score (default leads).")
@click.option(
    "--source", "source_table", metavar="SOURCE.TABLE", help="Table of a source to score, in place of a model."
)
@click.option("--name", default="lead_scores", show_default=True, help="Name of the model to write.")
@click.option("--key", metavar="COLUMN", help="Unique column of the leads; that of the card's id if left out.")
@click.option(
    "--dialect",
    default="duckdb",
    show_default=True,
    help="duckdb, postgres, spark, bigquery or snowflake; nobody has run the last two on the engine itself.",
)
@click.option("--data", type=FILE, help="Print for the columns of this file, instead of one column per field.")
@click.option(
    "--column",
    type=ColumnOfType(),
    multiple=True,
    help="A column and its type, as the engine calls it: created=TIMESTAMP; may be repeated.",
)
@click.option("--keep", multiple=True, metavar="COLUMN", help="Column to bring along; may be repeated.")
@click.option("--explain", is_flag=True, help="Add the strongest reasons each way, and the standard error.")
@gather("columns", Columns)
@reading_options
@scorecard_source
@as_json
def dbt(
    project: Path,
    ref: str | None,
    source_table: str | None,
    name: str,
    key: str | None,
    dialect: str,
    columns: Columns,
    keep: tuple[str, ...],
    explain: bool,
    reading: ReadingOptions,
    source: ScorecardSource,
    as_json: bool,
) -> None:
    """Write the scorecard as a model of dbt, with its tests.

    Into the folder PROJECT, that of dbt_project.yml. The model gives the same points as every other way to score, as of
    the day of the run or of `--vars 'as_of: 2026-01-31'`. Run this again after each release.
    """
    from leadledger.scoring.column_fit import find_id_column
    from leadledger.scoring.printers.sql.dbt_model import DbtModel, write_dbt_files

    if ref and source_table:
        raise click.UsageError("--ref and --source exclude each other; give one of the two")
    if not (project / PROJECT_FILE).is_file():
        raise DataError(f"{project / PROJECT_FILE} isn't there; name the folder of a project of dbt")
    scorecard = source.open()
    types = columns.types(scorecard.card, dialect, reading)
    known = types or [column for field in scorecard.card.plain_fields for column in field.written_columns]
    key = key or find_id_column(scorecard.card, known)
    if not key:
        raise DataError(f"the card '{scorecard.card.name}' has no id that tells leads apart; name a column by --key")
    model = DbtModel(name, source_table or ref or "leads", key, bool(source_table), dialect, types, keep, explain)
    files = write_dbt_files(scorecard, model)
    _write_files(project, files)
    text = "\n".join([*map(str, files), "", f"Run them with: dbt build --select {name}"])
    report(as_json, {"files": [*files], "model": name}, text)


def _write_files(project: Path, files: dict[str, str]) -> None:
    """Write files, but none in the place of somebody's own. Raises DataError, before anything is written."""
    from leadledger.scoring.printers.sql.dbt_model import MARK

    for path in files:
        try:
            is_own = MARK not in (project / path).read_text("utf-8").partition("\n")[0]
        except FileNotFoundError:
            continue
        except (OSError, ValueError):
            is_own = True
        if is_own:
            raise DataError(f"{project / path} is there, and not {MARK}; choose another --name, or move it away")
    for path, content in files.items():
        try:
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            replace_file(project / path, content.encode())
        except OSError as error:
            raise DataError(f"{project / path} can't be written: {error.strerror or error}") from None
