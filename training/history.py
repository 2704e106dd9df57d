"""A history: what past leads looked like when they were met, and their outcomes.

Rows are cleaned and the rules are scored by the same printed SQL that scores lists, each row as of its own day where
the card names one (`outcome.since`). A lead that is younger than the horizon is immature: whether it will become an
opportunity is not known yet, so it is left out and counted, also where it has become one already: keeping only
the early successes would flatter the young.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadledger.scoring.card.hints import explain_ignored_horizon
from leadledger.scoring.card.reader import read_card
from leadledger.scoring.choice_forms import mark_choice
from leadledger.scoring.column_fit import ColumnFit, find_columns, require_columns
from leadledger.scoring.criterion import Criterion
from leadledger.scoring.errors import DataError, did_you_mean
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.scorecard import START_TENTHS, Card, Choice, Learned, Outcome, Scorecard
from leadledger.training.examined_rows import Counts, Forms, Waits, doubt_rejects, examine_rows
from leadledger.training.frequent_choices import find_frequent_choices
from leadledger.training.lead_order import sort_by_order
from leadledger.training.levels import spell_alike
from leadledger.training.notebook import table
from leadledger.training.outcome_column import (
    OUTCOME_TEXT,
    explain_unreadable,
    holds_times,
    join_days,
    keep_as_text,
    name_day,
    read_words,
    with_outcome,
)
from leadledger.training.plausible_days import EPOCH
from leadledger.training.protected_values import read_protected_values
from leadledger.training.sources.logged import LOG_NAME, LoggedHistory, adapt_to_log
from leadledger.training.sources.reading import AS_FOUND, ReadingOptions
from leadledger.training.sources.rejects import find_bad_values
from leadledger.training.sources.scan import ROW, Reject, list_fetchable
from leadledger.training.sources.table import LeadTable, connect, count_texts, read_list, settle_numbers

UNREADABLE_SHARE = 0.05  # of the rows, whose outcome can't be read: an outcome is not unreadable by chance


@dataclass(frozen=True)
class History:
    """The leads to learn from, oldest first where the card names a day or an order, else in the order of the file.

    `frame`: (n, fields) the learnable fields, number float64 (NaN: missing), text object (None), flag boolean (NA).
    `won`: (n,) bool, within the horizon. `became`: (n,) bool, ever, as far as the history knows; the same as `won`
    where the outcome is a flag. `became_on`: (n,) the day of it, float64 days since 1970, NaN where there is none, or
    None where the outcome is a flag. `days`: (n,) whole days since 1970, or None. `order`: (n,) the places in the order
    that the card names instead, alike where the field is; None where it names a day, or none. `dates`: the date fields
    by name, (n,) float64 days since 1970 (NaN: missing). `ids`: the id fields by name, (n,) texts (None). `rules`: (n,)
    tenths that rules and groups earn at full trust. `criteria`: (n,) by name, 1 met, 0 unmet, -1 unknown. `excluded`:
    (n,) bool. `rows`: (n,) their numbers in `source`, the table that `connection` holds. `logged`: the decision log
    gave it.
    `notes`: sentences, for people, on what was noticed while it was read. `doubts`: those on what would make another
    result; `label` is what messages call the history.
    `choices`: the choices that are flags in `frame`, by their columns. `protected`: the fields under the card's
    `protected` that have a value, by name, typed as in `frame` (dates: the year; choices: as they are kept).
    """

    source: LeadTable
    rows: NDArray[np.int64]
    frame: pd.DataFrame
    won: NDArray[np.bool_]
    days: NDArray[np.int64] | None
    rules: NDArray[np.int64]
    criteria: Mapping[str, NDArray[np.int8]]
    excluded: NDArray[np.bool_]
    counts: Counts
    as_of: date | None
    rejects: tuple[Reject, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    became: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool), repr=False)
    became_on: NDArray[np.float64] | None = field(default=None, repr=False)
    dates: Mapping[str, NDArray[np.float64]] = field(default_factory=dict, repr=False)
    ids: Mapping[str, NDArray[np.object_]] = field(default_factory=dict, repr=False)
    connection: duckdb.DuckDBPyConnection | None = field(default=None, repr=False, compare=False)
    waits: Waits | None = None  # only where the outcome is a date
    logged: bool = False
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    label: str = ""
    choices: Mapping[str, Choice] = field(default_factory=dict)
    protected: Mapping[str, pd.Series[Any]] = field(default_factory=dict, repr=False)
    order: NDArray[np.int64] | None = field(default=None, repr=False)

    @property
    def time_order(self) -> NDArray[np.int64] | None:
        """What rises with time (n,), alike where nobody knows which lead came first; None where no order is known."""
        return self.order if self.days is None else self.days

    def __len__(self) -> int:
        return len(self.won)

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: the leads, and not the list that they came from."""
        return {**self.__dict__, "connection": None}

    @property
    def list_connection(self) -> duckdb.DuckDBPyConnection:
        """The connection with the list that the leads came from. Raises DataError where it is gone."""
        if self.connection is None:
            raise DataError("this history was pickled, and has lost the list it came from; read it again")
        return self.connection

    def _repr_html_(self) -> str:
        rows = [{"leads": name.replace("_", " "), "": count} for name, count in self.counts.__dict__.items()]
        return table(rows, "A history", f"{self.frame.shape[1]} fields to learn from")

    def refuse_doubtful(self, what: str, accept: bool = False) -> History:
        """The history, with its doubts among the notes. Raises DataError where it has some that nobody accepts.

        `what` would rest on the history: training, recalibration.
        """
        if self.doubts and not accept:
            start = f"{what} stopped: what it would leave out of {self.label} changes the result."
            end = "Mend the history or the card; or go on without these rows, with --accept-left-out."
            raise DataError("\n\n".join((start, *self.doubts, end)))
        return replace(self, notes=(*self.notes, *self.doubts), doubts=())

    def take(self, positions: NDArray[np.intp]) -> History:
        """Some leads of the history, (m,) positions in ascending order, from the same list; the counts are of all."""
        return replace(
            self,
            rows=self.rows[positions],
            frame=self.frame.iloc[positions].reset_index(drop=True),
            won=self.won[positions],
            days=None if self.days is None else self.days[positions],
            order=None if self.order is None else self.order[positions],
            rules=self.rules[positions],
            criteria={name: values[positions] for name, values in self.criteria.items()},
            excluded=self.excluded[positions],
            became=self.became[positions],
            became_on=None if self.became_on is None else self.became_on[positions],
            dates={name: values[positions] for name, values in self.dates.items()},
            ids={name: values[positions] for name, values in self.ids.items()},
            protected={name: column.iloc[positions].reset_index(drop=True) for name, column in self.protected.items()},
        )

    def score(self, card: Scorecard) -> NDArray[np.int64]:
        """The totals (n,), in tenths, that a scorecard gives to these leads, each as of its own day."""
        totals = self.list_connection.execute(
            f'SELECT {quoted(ROW)} AS row, "ll:total" AS total FROM ({self._scoring(card)})'
        ).df()
        return totals.set_index("row")["total"].reindex(self.rows).to_numpy(np.int64)

    def select(self, card: Scorecard, columns: Sequence[str], *, ledger: bool = False) -> list[NDArray[Any]]:
        """Columns of the printed SQL for these leads, each lead as of its own day: one array (n,) a column.

        `columns` are SQL expressions over the columns of `Query(checks=True)`, with `ledger` also over the entries
        of the ledger. None of them may be NULL. Cast them to the smallest type that holds them: they are kept whole.
        """
        selected = "".join(f", {column} AS c{i}" for i, column in enumerate(columns))
        table_columns = self.list_connection.execute(
            f"SELECT {quoted(ROW)} AS row{selected} FROM ({self._scoring(card, ledger)})"
        ).fetchnumpy()
        rows = np.asarray(table_columns["row"])
        order = np.argsort(rows, kind="stable")
        at = order[np.searchsorted(rows, self.rows, sorter=order)]
        return [np.asarray(table_columns[f"c{i}"])[at] for i in range(len(columns))]

    def _scoring(self, card: Scorecard, ledger: bool = False) -> str:
        """The SELECT by which a scorecard scores these leads, each as of its own day."""
        if self.logged:
            card = replace(card, card=adapt_to_log(card.card))
        outcome = card.card.outcome
        day: date | str = (outcome.since if outcome else "") or self.as_of or EPOCH
        query = Query(day, self.source.table, self.source.columns, keep=[ROW], checks=True, ledger=ledger)
        return sql.select(card, query)

    def read_leads(self, positions: NDArray[np.intp]) -> list[dict[str, Any]]:
        """Some leads as they stand in the source, by its column names, in the order of `positions`."""
        rows = [int(row) for row in self.rows[positions]]
        selected = list_fetchable(self.source.columns, dict.fromkeys([ROW, *self.source.columns]))
        query = f"SELECT {selected} FROM {self.source.table} WHERE list_contains(?, {quoted(ROW)})"
        answer = self.list_connection.execute(query, [rows])
        names = [column[0] for column in answer.description or ()]
        leads = {row[names.index(ROW)]: dict(zip(names, row, strict=True)) for row in answer.fetchall()}
        return [{name: value for name, value in leads[row].items() if name != OUTCOME_TEXT} for row in rows]

    def scoring_days(self, positions: NDArray[np.intp]) -> list[date]:
        """The days as of which some leads are scored."""
        if self.days is None:
            return [self.as_of or EPOCH] * len(positions)
        return [EPOCH + timedelta(days=int(day)) for day in self.days[positions]]

    def find_fired(self, card: Card) -> dict[str, NDArray[np.int8]]:
        """For each rule of a card (n,): 1 it fires, 0 it doesn't, -1 unknown. Each lead as of its own day.

        Trust may round a rule's points to nothing, so its condition is selected as if it were a criterion.
        """
        criteria_only = replace(
            card, criteria=tuple(Criterion(rule.name, rule.when) for rule in card.rules), stages=(), exclude=()
        )
        fires = [f"CAST(coalesce(CAST({quoted(f'c:{rule.name}')} AS INTEGER), -1) AS TINYINT)" for rule in card.rules]
        columns = self.select(Scorecard(criteria_only, Learned()), fires)
        return {rule.name: states for rule, states in zip(card.rules, columns, strict=True)}


def read_history(
    card: Card | Path | str,
    data: Path | str | pd.DataFrame | LoggedHistory,
    as_of: date | None = None,
    reading: ReadingOptions = AS_FOUND,
    today: date | None = None,
) -> History:
    """Read a history for a card, or for that of a file. Raises DataError, and ScorecardError for the card.

    A field without a column is missing in every lead; the notes say so, and `require_fields` refuses it.

    `as_of` is the day on which it was taken, which decides who is immature; None: the newest plausible day in it, and
    none after `today`, where the caller knows it. `reading` says where in a file the leads are.
    """
    card = card if isinstance(card, Card) else read_card(card)
    logged = isinstance(data, LoggedHistory)
    if isinstance(data, LoggedHistory):
        card, today = adapt_to_log(card), data.as_of
        as_of = as_of or (None if data.backdated else data.as_of)
        data, label = data.path, LOG_NAME
    else:
        label = "the data frame" if isinstance(data, pd.DataFrame) else str(data)
    if card.events:
        raise DataError(
            f"the card '{card.name}' has `events:`, which training doesn't count yet; release its rules with"
            " `leadledger release`, or remove `events:` and what is counted from them"
        )
    outcome = card.outcome
    if outcome is None:
        raise DataError(
            f"the card '{card.name}' has no `outcome:`, so training doesn't know what to predict;"
            " add for example `outcome: {became: {field: won, kind: flag}}`"
        )
    ignored = "" if logged else explain_ignored_horizon(outcome)
    if ignored:
        raise DataError(f"the card '{card.name}': {ignored}")
    connection = connect()
    source = settle_numbers(connection, card, read_list(connection, data, reading))
    return _read_leads(card, outcome, connection, source, label, as_of, today, logged=logged)


def read_step(card: Card, whole: History) -> History:
    """The leads of a history that a step begins with: those that have the day from which `card.outcome` counts.

    `card` has the outcome of the step in the place of its own, and the flags of the choices of `whole`. Raises
    DataError.
    """
    assert card.outcome is not None
    return _read_leads(
        card, card.outcome, whole.list_connection, whole.source, whole.label, whole.as_of, None, choices=whole.choices
    )


def _read_leads(
    card: Card,
    outcome: Outcome,
    connection: duckdb.DuckDBPyConnection,
    source: LeadTable,
    label: str,
    as_of: date | None,
    today: date | None,
    *,
    logged: bool = False,
    choices: Mapping[str, Choice] | None = None,
) -> History:
    """The leads of a list. With `choices`, those of a step, whose flags are these: only leads with a day to start."""
    wide, became = with_outcome(card, outcome)
    fit = _check_columns(card, wide, became, source, label)
    by_field = find_columns(wide, source.columns)  # as the history spells them
    outcome = replace(outcome, column=by_field[became][0], day=by_field[name_day(became)][0] if outcome.day else "")
    if outcome.kind in ("words", "there"):
        wide, source = keep_as_text(connection, wide, became, outcome, source)
    scorecard = Scorecard(wide, Learned())
    day: date | str = outcome.since or as_of or EPOCH
    query = Query(day, source.table, source.columns, keep=[ROW, *source.columns], checks=True, fields=True)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE history AS {sql.select(scorecard, query)}")
    if choices is not None:
        of_others = " AND ".join(f"{quoted(f'f:{name}')} IS NULL" for name in (outcome.since, became))
        connection.execute(f"DELETE FROM history WHERE {of_others}")  # who made the step has begun it, said or not
    broken = source.rejects if choices is None else ()
    rejects = [*broken, *find_bad_values(connection, scorecard, "history", source.columns)]
    whole = spell_alike(card, connection.execute(_typed(card, outcome, became)).df())
    if outcome.order:
        whole = sort_by_order(whole, card.fields[outcome.order])
    rows = (source.rows if choices is None else len(whole)) + len({reject.row for reject in broken})
    rejected = len({reject.row for reject in rejects})
    doubts = _doubt_outcome(outcome, rejects, rows) or tuple(doubt_rejects(rejects, rejected, rows))
    notes = (*source.notes, *count_texts(connection, Scorecard(card, Learned()), source).sentences)
    if outcome.kind in ("words", "there"):
        whole["became"], odd_words = read_words(outcome, whole["became"], label)
        notes = (*notes, *odd_words)
    if outcome.day:
        days = join_days(outcome, whole["became"].astype("boolean"), whole["day"])
        whole = whole.assign(became=days.became, unsaid=days.unsaid)
        if days.doubtful:
            doubts = (*doubts, days.sentence)
        elif days.sentence:
            notes = (*notes, days.sentence)
        outcome = replace(outcome, kind="date", column=outcome.day)
    examined = examine_rows(whole, outcome, _forms(connection, card, outcome, source), rejects, as_of, today)
    whole, counts = examined.rows, examined.counts
    won = whole["won"].to_numpy(bool)
    choices = find_frequent_choices(card, whole) if choices is None else choices
    frame, left_out = _learnable(card, whole, choices)
    became_on = whole["became"].to_numpy(np.float64, na_value=np.nan) if outcome.kind == "date" else None
    return History(
        source=source,
        rows=whole["row"].to_numpy(np.int64),
        frame=frame,
        won=won,
        days=whole["since"].to_numpy(np.int64) if outcome.since else None,
        rules=whole["rules"].to_numpy(np.int64),
        criteria={criterion.name: _three_valued(whole[f"c:{criterion.name}"]) for criterion in card.criteria},
        excluded=whole["out"].to_numpy(bool),
        counts=replace(counts, rows=rows, rejected=rejected, used=len(whole), won=int(won.sum())),
        as_of=examined.as_of,
        rejects=tuple(rejects),
        left_out=left_out,
        became=won if became_on is None else np.isfinite(became_on),
        became_on=became_on,
        dates=_dates(card, whole),
        ids=_ids(card, whole),
        connection=connection,
        waits=examined.waits,
        logged=logged,
        notes=(*notes, *(() if logged else fit.describe("history")), *examined.notes),
        doubts=(*doubts, *examined.doubts),
        label=label,
        choices={name: choice for name, choice in choices.items() if name in frame},
        protected=read_protected_values(card, whole),
        order=whole["order"].to_numpy(np.int64) if outcome.order and not outcome.since else None,
    )


def _check_columns(card: Card, wide: Card, became: str, source: LeadTable, label: str) -> ColumnFit:
    """How the columns fit the card; `wide` has the outcome as a field.

    Raises DataError where the outcome, its day or all fields have no column.
    """
    outcome = wide.outcome
    assert outcome is not None
    by_field = find_columns(wide, source.columns, label)
    if not by_field[became]:
        hint = did_you_mean(outcome.column, source.columns)
        raise DataError(f"{label}: has no column '{outcome.column}', the outcome that the card names.{hint}")
    if outcome.day and not by_field[name_day(became)]:
        hint = did_you_mean(outcome.day, source.columns)
        raise DataError(f"{label}: has no column '{outcome.day}', the day of the outcome that the card names.{hint}")
    if outcome.order and not by_field[outcome.order]:
        hint = did_you_mean(outcome.order, source.columns)
        raise DataError(f"{label}: has no column '{outcome.order}', the order of the leads that the card names.{hint}")
    if outcome.since and not by_field[outcome.since]:
        hint = did_you_mean(outcome.since, source.columns)
        raise DataError(f"{label}: has no column '{outcome.since}', from which the outcome is counted.{hint}")
    return require_columns(card, source.columns, label)


def _typed(card: Card, outcome: Outcome, became: str) -> str:
    """The SELECT that brings the rows, days as whole numbers, in the order to learn from; `bad` can't be read."""
    result = quoted(f"f:{became}")
    since = quoted(f"f:{outcome.since}") if outcome.since else f"DATE '{EPOCH}'"
    columns = [
        f"{quoted(ROW)} AS row",
        f"{since} - DATE '{EPOCH}' AS since",
        f"{result} - DATE '{EPOCH}' AS became" if outcome.kind == "date" else f"{result} AS became",
        *([f"{quoted(f'f:{name_day(became)}')} - DATE '{EPOCH}' AS day"] if outcome.day else []),
        f'"ll:total" - {START_TENTHS} AS rules',
        '"ll:out" AS out',
        '"ll:bad" AS bad',
        *(f"{quoted(f'c:{criterion.name}')}" for criterion in card.criteria),
        *(
            f"{quoted(f'f:{field.name}')} - DATE '{EPOCH}' AS {quoted(f'f:{field.name}')}"
            if field.kind == "date"
            else quoted(f"f:{field.name}")
            for field in card.fields.values()
        ),
    ]
    return f"SELECT {', '.join(columns)} FROM history ORDER BY since, {quoted(ROW)}"


def _doubt_outcome(outcome: Outcome, rejects: Sequence[Reject], rows: int) -> tuple[str, ...]:
    """Whether the outcome itself can't be read so often that it may be of another kind than the card says."""
    for told in (outcome, replace(outcome, column=outcome.day, kind="date")):
        values = Counter(reject.value for reject in rejects if reject.column == told.column)
        if sum(values.values()) > UNREADABLE_SHARE * rows:
            return (explain_unreadable(told, values, rows),)
    return ()


def _forms(connection: duckdb.DuckDBPyConnection, card: Card, outcome: Outcome, source: LeadTable) -> Forms:
    """How the columns of a history are written."""
    by_field = find_columns(card, source.columns)
    since = (by_field.get(outcome.since) or [""])[0]
    ids = [field.name for field in card.plain_fields if field.kind == "id" and by_field[field.name]]
    return Forms(
        since=since,
        outcome=outcome.column,
        id=ids[0] if ids else "",
        since_has_times=bool(since) and holds_times(connection, source, since),
        outcome_has_times=outcome.kind == "date" and holds_times(connection, source, outcome.column),
        fields=tuple(f"f:{field.name}" for field in card.plain_fields),
    )


def _learnable(card: Card, whole: pd.DataFrame, choices: Mapping[str, Choice]) -> tuple[pd.DataFrame, dict[str, str]]:
    """The fields to learn from, and why the others were left out."""
    columns: dict[str, pd.Series[Any]] = {}
    left_out: dict[str, str] = {}
    for declared in card.fields.values():
        if declared.kind in ("date", "id") or declared.choice_of:
            continue
        values = whole[f"f:{declared.name}"]
        if declared.protected:
            left_out[declared.name] = "the card protects it"
        elif card.outcome and declared.name == card.outcome.order:
            left_out[declared.name] = "it is the order of the leads"
        elif not declared.learn:
            left_out[declared.name] = "the card says `learn: no`"
        elif declared.name == "stage":
            left_out[declared.name] = "the stage is what is decided"
        elif values.isna().all():
            left_out[declared.name] = "has no value in the history"
        elif values.nunique(dropna=False) == 1:
            left_out[declared.name] = "has the same value in every row"
        elif declared.kind == "choices":
            flags = {name: choice.choice for name, choice in choices.items() if choice.field == declared.name}
            for name, choice in flags.items():
                has = values.str.contains(mark_choice(choice, declared.separator), regex=False)
                has = has.astype("boolean").where(values.notna())  # text columns of pandas have no unknown
                if has.nunique(dropna=False) > 1:
                    columns[name] = has
        elif declared.kind == "number":
            columns[declared.name] = values.astype(float)
        elif declared.kind == "flag":
            columns[declared.name] = values.astype("boolean")
        else:
            columns[declared.name] = values.astype(object).where(values.notna(), None)
    return pd.DataFrame(columns, index=whole.index).reset_index(drop=True), left_out


def _dates(card: Card, whole: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    """The date fields by name, (n,) days since 1970 (NaN: missing)."""
    names = [field.name for field in card.fields.values() if field.kind == "date"]
    return {name: whole[f"f:{name}"].to_numpy(np.float64, na_value=np.nan) for name in names}


def _ids(card: Card, whole: pd.DataFrame) -> dict[str, NDArray[np.object_]]:
    """The id fields by name, (n,) texts (None: missing)."""
    columns = {field.name: whole[f"f:{field.name}"] for field in card.fields.values() if field.kind == "id"}
    return {name: column.astype(object).where(column.notna(), None).to_numpy() for name, column in columns.items()}


def _three_valued(values: pd.Series[Any]) -> NDArray[np.int8]:
    return np.asarray(values.astype("boolean").astype("Int8").fillna(-1), dtype=np.int8)
