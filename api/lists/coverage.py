"""How well a card fits a list of leads: rows that can be read, how full its fields are, how often its rules fire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadledger.scoring.column_fit import ColumnFit, find_named, require_columns
from leadledger.scoring.errors import DataError
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.scorecard import Card, build_untrained
from leadledger.training.sources.reading import AS_FOUND, ReadingOptions
from leadledger.training.sources.rejects import find_bad_values
from leadledger.training.sources.scan import ROW, Reject
from leadledger.training.sources.table import connect, count_texts, read_list, settle_numbers

if TYPE_CHECKING:
    from leadledger.training.history import History

MOST_REJECTS_IN_JSON = 100


@dataclass(frozen=True)
class CardCoverage:
    """What a list of leads makes of a card.

    `rows` is all rows, `readable` those without a value that can't be read. Over the readable rows, `filled` has the
    share (0..1) of rows with a value by field, `fires` the numbers of rows of which a rule is true, and is unknown, by
    rule. `unused` are columns that belong to no field. `as_of` is the day of the scores, or the
    field that holds each lead's own day. `notes` are sentences, for people, on what was noticed while the list was
    read. `history`: the list with its outcomes, where training can read it as one without doubts.
    """

    rows: int
    readable: int
    rejects: tuple[Reject, ...]
    filled: Mapping[str, float]
    fires: Mapping[str, tuple[int, int]]
    fit: ColumnFit
    as_of: date | str
    notes: tuple[str, ...] = ()
    history: History | None = None

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {
            "rows": self.rows,
            "readable": self.readable,
            "as_of": str(self.as_of),
            "rejects": [asdict(reject) for reject in self.rejects[:MOST_REJECTS_IN_JSON]],
            "filled": {name: round(share, 4) for name, share in self.filled.items()},
            "rules": {name: {"fires": fires, "unknown": unknown} for name, (fires, unknown) in self.fires.items()},
            "columns_not_used": list(self.fit.unused),
            "fields_not_in_the_list": list(self.fit.absent),
            "columns_misspelt": dict(self.fit.misspelt),
            "notes": list(self.notes),
        }


def measure_coverage(
    card: Card, data: Path, as_of: date | None, today: date, reading: ReadingOptions = AS_FOUND
) -> CardCoverage:
    """Read a list of any kind with a card. Raises DataError.

    Without `as_of`, the leads of a history count as of their own days, from which the card's outcome counts, and those
    of any other list as of `today`.
    """
    scorecard = build_untrained(card)
    with connect() as connection:
        leads = settle_numbers(connection, card, read_list(connection, data, reading))
        fit = require_columns(card, leads.columns, str(data))
        outcome = card.outcome
        has_outcome = outcome is not None and bool(find_named(outcome.column, leads.columns))
        is_history = has_outcome and outcome is not None and bool(fit.used.get(outcome.since))
        day: date | str = as_of or (outcome.since if outcome is not None and is_history else today)
        query = Query(
            day, leads.table, leads.columns, keep=[ROW, *leads.columns], checks=True, ledger=True, fields=True
        )
        connection.execute(f"CREATE TEMP TABLE checked AS {sql.select(scorecard, query)}")
        words = count_texts(connection, scorecard, leads).sentences
        rejects = (*leads.rejects, *find_bad_values(connection, scorecard, "checked", leads.columns))
        fields = [field.name for field in card.plain_fields if fit.used[field.name]]
        measures = [f"count({quoted(f'f:{field}')}) / count(*)" for field in fields]
        for rule in card.rules:
            column = quoted(f"r:{rule.name}")
            # count_if() over nothing but NULLs is NULL.
            measures += [f"count(*) FILTER ({column} <> 0)", f"count(*) FILTER ({column} IS NULL)"]
        ((readable, *measured),) = connection.execute(
            f'SELECT {", ".join(["count(*)", *measures])} FROM checked WHERE NOT "ll:bad"'
        ).fetchall()
    counts = measured[len(fields) :]
    examined, history = _examine_history(card, data, as_of, today, reading) if has_outcome else ((), None)
    more = [note for note in examined if note not in words]
    return CardCoverage(
        rows=leads.rows + len({reject.row for reject in leads.rejects}),
        readable=readable,
        rejects=rejects,
        filled=dict(zip(fields, (share or 0.0 for share in measured), strict=False)),
        fires={rule.name: (counts[2 * i], counts[2 * i + 1]) for i, rule in enumerate(card.rules)},
        fit=fit,
        as_of=day,
        notes=(*leads.notes, *words, *more),
        history=history,
    )


def _examine_history(
    card: Card, data: Path, as_of: date | None, today: date, reading: ReadingOptions
) -> tuple[tuple[str, ...], History | None]:
    """What training would say of a list that is a history, and that history; nothing where training is not installed.

    Without a history, training would stop.
    """
    try:
        from leadledger.training.history_reader import read_history
    except ImportError:
        return (), None
    try:
        history = read_history(card, data, as_of, reading, today)
    except DataError as error:
        return (f"Training would stop: {error}",), None
    notes = [note for note in history.notes if note not in history.source.notes]
    doubts = (f"Training would stop: {doubt}" for doubt in history.doubts)
    return (*notes, *doubts), None if history.doubts else history
