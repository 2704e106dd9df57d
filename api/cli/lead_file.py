"""One lead from a file, for `leadledger explain`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from leadledger.api.cli.printing import show_controls
from leadledger.api.crm.bodies import BodyRecords, read_records
from leadledger.api.crm.reader import RecordReader
from leadledger.api.crm.systems import recognise
from leadledger.api.requests.json_text import parse_json
from leadledger.api.requests.mistakes import NOTHING, ROOT, Mistakes, Refusal, format_path
from leadledger.api.requests.parameters import NO_PARAMETERS
from leadledger.scoring.cleaning import Lead
from leadledger.scoring.column_fit import find_id_column, find_misspelt, require_columns
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import DataError, did_you_mean, quote
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.scorecard import Card, Scorecard
from leadledger.scoring.text_forms import WHITE_SPACE
from leadledger.training.sources.reading import AS_FOUND, ReadingOptions
from leadledger.training.sources.scan import ROW, list_fetchable
from leadledger.training.sources.table import LeadTable, connect, read_list, settle_numbers

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class WhichLead:
    """Which lead of a list: the one in a row (from 1), or the one with an id. Neither: the file is one lead."""

    row: int | None = None
    id: str | None = None


@dataclass(frozen=True)
class FileLead:
    """A lead from a file: its typed values, and the day that a request body names (None: it names none).

    `events` are those of a request body, as they are there; NOTHING: it has none.
    """

    lead: Lead
    as_of: date | None = None
    events: Any = NOTHING


def read_lead(path: Path, card: Scorecard, which: WhichLead, reading: ReadingOptions = AS_FOUND) -> FileLead:
    """A lead: a JSON object, a body as the service takes it, or one of a list of any kind. Raises ScoringError."""
    if which.row is not None and which.id is not None:
        raise click.UsageError("--row and --id both name a lead; give one of them")
    if which.row is None and which.id is None:
        return _from_json(path, card)
    return FileLead(get_engine(card).clean(_from_list(path, card.card, which, reading)))


def _from_list(path: Path, card: Card, which: WhichLead, reading: ReadingOptions) -> dict[str, Any]:
    """A raw lead of a list. Raises DataError."""
    with connect() as connection:
        source = settle_numbers(connection, card, read_list(connection, path, reading))
        fit = require_columns(card, source.columns, str(path))
        for note in (*source.notes, *(fit.describe("list") if fit.misspelt else ())):
            click.echo(show_controls(note), err=True)
        table = f"SELECT {list_fetchable(source.columns, source.columns)} FROM {source.table}"
        if which.row is not None:
            rows = connection.execute(f"{table} WHERE {quoted(ROW)} = ?", [which.row]).fetchall()
        else:
            rows = _find_by_id(connection, path, card, source, table, str(which.id))
    if not rows:
        for reject in source.rejects:
            if reject.row == which.row:
                raise DataError(f"{path}: row {which.row:,} {reject.reason}")
        raise DataError(f"{path}: there is no row {which.row:,}; it has {source.rows + len(source.rejects):,} rows")
    return dict(zip(source.columns, rows[0], strict=True))


def _find_by_id(
    connection: DuckDBPyConnection, path: Path, card: Card, source: LeadTable, table: str, lead_id: str
) -> list[tuple[Any, ...]]:
    """The row of the lead with an id. Raises DataError where there is none, or several."""
    column = find_id_column(card, source.columns)
    if not column:
        raise DataError(f"{path}: has no column of the lead's id; name a row, as in --row 1")
    wanted = lead_id.strip(WHITE_SPACE)
    rows = connection.execute(
        f"{table} WHERE trim(CAST({quoted(column)} AS VARCHAR), ?) = ? LIMIT 2", [WHITE_SPACE, wanted]
    ).fetchall()
    if not rows:
        raise DataError(f"{path}: no row of column '{column}' has the id {quote(wanted)}")
    if len(rows) > 1:
        raise DataError(f"{path}: several rows of column '{column}' have the id {quote(wanted)}; name one with --row")
    return rows


def _from_json(path: Path, card: Scorecard) -> FileLead:
    """A lead as the service takes it: bare, under `lead`, or as the body of a CRM. Raises DataError."""
    label = "standard input" if str(path) == "-" else str(path)
    try:
        # The bytes are read, since a console may not be UTF-8, and would change the lead.
        content = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        body = parse_json(content)
    except OSError as error:
        raise DataError(f"{label}: can't be opened: {error.strerror}") from None
    except Refusal as refusal:
        is_list = path.suffix not in (".json", "") and "is not JSON" in refusal.mistakes[0].reason
        hint = "; for a list, add a row, as in --row 1" if is_list else ""
        raise DataError(f"{label}: {refusal.mistakes[0].reason}{hint}") from None
    crm = recognise(body)
    if crm is None and not isinstance(body, dict):
        raise DataError(f'{label}: must hold one lead as a JSON object, such as {{"budget": 25000}}')
    mistakes = Mistakes()
    records = BodyRecords(body, None, ROOT)
    if crm is not None or _is_request(body):
        records = read_records(NO_PARAMETERS, body, "lead", mistakes)
    lead = RecordReader(get_engine(card)).clean(records.source, records.content, records.path, mistakes)
    if mistakes or lead is None:
        raise DataError(list_mistakes(mistakes))
    _refuse_unused(card.card, records, lead, label)
    return FileLead(lead, records.as_of, records.events)


def list_mistakes(mistakes: Mistakes) -> str:
    """The mistakes in a file, a line each."""
    lines = [f"{format_path(mistake.path)}: {mistake.reason}" for mistake in mistakes.listed]
    lines += [f"… and {mistakes.count - len(lines):,} more"] if mistakes.count > len(lines) else []
    return "\n".join(lines)


def _is_request(body: Mapping[str, Any]) -> bool:
    """Whether an object is the body of a request, `{"lead": …}`: what is in it is an object or a list."""
    return any(isinstance(body.get(key), dict | list) for key in ("lead", "leads"))


def _refuse_unused(card: Card, records: BodyRecords, lead: Lead, label: str) -> None:
    """Raises DataError for a lead with names, none of which the card uses; says which look like names of fields."""
    names = list(records.content)
    if not records.source and names and len(lead.ignored) == len(names):
        known = [column for field in card.plain_fields for column in field.written_columns]
        raise DataError(
            f"{label}: has no name that the card '{card.name}' uses, the first is {quote(names[0])}; rename the"
            f" members, or name them under `from:` in the card.{did_you_mean(names[0], known)}"
        )
    for column, name in find_misspelt(card, names).items():
        click.echo(f"The name {quote(column)} belongs to no field; did you mean '{name}'?", err=True)
