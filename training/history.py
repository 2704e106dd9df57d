"""A history: what past leads looked like when they were met, or at their landmarks, and their outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadledger.scoring.criterion import Criterion
from leadledger.scoring.each_points import name_earned
from leadledger.scoring.errors import DataError, DoubtfulHistory
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.query import Query, name_counted
from leadledger.scoring.scorecard import Card, Choice, Learned, Scorecard
from leadledger.training.examined_rows import Counts, Waits
from leadledger.training.landmark_counts import LandmarkCounter
from leadledger.training.landmarks import LANDMARK_DAY, LandmarkRows, add_landmark_day
from leadledger.training.notebook import table
from leadledger.training.outcome_column import OUTCOME_TEXT
from leadledger.training.plausible_days import EPOCH
from leadledger.training.sources.logged import adapt_to_log
from leadledger.training.sources.scan import ROW, Reject, list_fetchable
from leadledger.training.sources.table import LeadTable


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
    `landmarks`: a row is a lead at a landmark, and `days` are those of the looks; None: each row is a lead. `counter`
    counts its events for other cards. `weights`: (n,) for how many leads each stands, of a history of promoted leads
    some of which were drawn at random; None: each stands for itself.
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
    landmarks: LandmarkRows | None = field(default=None, repr=False)
    weights: NDArray[np.float64] | None = field(default=None, repr=False)
    counter: LandmarkCounter | None = field(default=None, repr=False, compare=False)

    @property
    def time_order(self) -> NDArray[np.int64] | None:
        """What rises with time (n,), alike where nobody knows which lead came first; None where no order is known."""
        if self.landmarks is not None:
            return self.landmarks.met
        return self.order if self.days is None else self.days

    @property
    def lead_days(self) -> NDArray[np.int64] | None:
        """The leads' own days (n,), whole days since 1970; None where they have none."""
        return self.days if self.landmarks is None else self.landmarks.met

    @property
    def first_rows(self) -> NDArray[np.intp]:
        """The position of the first row of each lead, ascending."""
        starts = np.ones(len(self), bool)
        starts[1:] = self.rows[1:] != self.rows[:-1]
        return np.flatnonzero(starts) if self.landmarks is not None else np.arange(len(self))

    def __len__(self) -> int:
        return len(self.won)

    @property
    def fit_weights(self) -> NDArray[np.float64] | None:
        """How much each lead counts where something is fitted (n,); None: alike. `exploration_study.py` says why."""
        return None if self.weights is None else np.sqrt(self.weights)

    @property
    def rate(self) -> float:
        """The share (0..1) of the leads that became opportunities, of all for which they stand."""
        return float(np.average(self.won, weights=self.weights))

    def weights_at(self, positions: NDArray[np.intp]) -> NDArray[np.float64] | None:
        """For how many leads some leads stand (m,); None: each for itself."""
        return None if self.weights is None else self.weights[positions]

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: the leads, and not the list that they came from."""
        return {**self.__dict__, "connection": None, "counter": None}

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
            raise DoubtfulHistory("\n\n".join((start, *self.doubts, end)), self.doubts)
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
            landmarks=self.landmarks and self.landmarks.take(positions),
            weights=None if self.weights is None else self.weights[positions],
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
        return totals.set_index("row")["total"].reindex(self._numbers).to_numpy(np.int64)

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
        at = order[np.searchsorted(rows, self._numbers, sorter=order)]
        return [np.asarray(table_columns[f"c{i}"])[at] for i in range(len(columns))]

    @property
    def _numbers(self) -> NDArray[np.int64]:
        """The numbers (n,) of the rows among those that are scored."""
        return self.rows if self.landmarks is None else self.landmarks.numbers

    def _scoring(self, card: Scorecard, ledger: bool = False) -> str:
        """The SELECT by which a scorecard scores these leads, each as of its own day, or that of its landmark."""
        if self.logged:
            card = replace(card, card=adapt_to_log(card.card))
        if self.landmarks is not None:
            return self._scoring_at_landmarks(card, ledger)
        outcome = card.card.outcome
        day: date | str = (outcome.since if outcome else "") or self.as_of or EPOCH
        query = Query(
            day, self.source.table, self.source.columns, keep=[ROW], checks=True, ledger=ledger, remember=False
        )
        return sql.select(card, query)

    def _scoring_at_landmarks(self, card: Scorecard, ledger: bool) -> str:
        """The same with what the events of each lead come to. Raises DataError where the list is gone."""
        if self.counter is None:
            raise DataError("this history was pickled, and has lost the list it came from; read it again")
        card = replace(card, card=add_landmark_day(card.card))
        columns = {**self.source.columns, LANDMARK_DAY: "DATE"}
        learned = [f"t:{term.name}" for term in card.learned.terms]
        entries = [*(f"r:{rule.rule.name}" for rule in card.rules), *(f"g:{group.name}" for group in card.groups)]
        earned = [name_counted(name_earned(each.rule.name)) for each in card.each_rules]
        kept = [ROW, *([*entries, *learned, *earned] if ledger else ())]
        query = Query(
            LANDMARK_DAY, self.counter.join(card), columns, keep=kept, checks=True, counted=True, remember=False
        )
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
