"""A history, read for a card: its rows cleaned, examined, and with events looked at again at each landmark.

Rows are cleaned and the rules are scored by the same printed SQL that scores lists, each row as of its own day where
the card names one (`outcome.since`). A lead that is younger than the horizon is immature: whether it will become an
opportunity is not known yet, so it is left out and counted, also where it has become one already: keeping only
the early successes would flatter the young.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from leadledger.scoring.card.hints import explain_ignored_horizon
from leadledger.scoring.card.reader import read_card
from leadledger.scoring.column_fit import ColumnFit, find_columns, require_columns
from leadledger.scoring.errors import DataError, did_you_mean
from leadledger.scoring.outcome import Outcome
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.event_properties import describe_missing_properties
from leadledger.scoring.printers.sql.event_table import check_columns
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.scorecard import Card, Choice, Learned, Scorecard
from leadledger.training.examined_rows import Forms, compare_left_out, doubt_rejects, examine_rows
from leadledger.training.frequent_choices import find_frequent_choices
from leadledger.training.history import History
from leadledger.training.history_columns import choose_learnable, select_typed, take_dates, take_ids, three_valued
from leadledger.training.landmark_counts import (
    MOST_MISTAKES_SHOWN,
    KeptEvents,
    LandmarkCounter,
    LandmarkDays,
    join_unknown,
)
from leadledger.training.landmarks import (
    LANDMARK_DAY,
    LandmarkRows,
    Looks,
    add_landmark_day,
    find_looks,
    list_landmarks,
)
from leadledger.training.lead_order import sort_by_order
from leadledger.training.levels import spell_alike
from leadledger.training.outcome_column import (
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
from leadledger.training.sources.event_rows import require_events, write_lead_key
from leadledger.training.sources.logged import LOG_NAME, LoggedHistory, adapt_to_log
from leadledger.training.sources.reading import AS_FOUND, ReadingOptions
from leadledger.training.sources.rejects import find_bad_values
from leadledger.training.sources.scan import ROW, Reject
from leadledger.training.sources.table import LeadTable, connect, count_texts, read_list, settle_numbers

UNREADABLE_SHARE = 0.05  # of the rows, whose outcome can't be read: an outcome is not unreadable by chance


def read_history(
    card: Card | Path | str,
    data: Path | str | pd.DataFrame | LoggedHistory,
    as_of: date | None = None,
    reading: ReadingOptions = AS_FOUND,
    today: date | None = None,
    events: Path | str | pd.DataFrame | None = None,
) -> History:
    """Read a history for a card, or for that of a file. Raises DataError, and ScorecardError for the card.

    A field without a column is missing in every lead; the notes say so, and `require_fields` refuses it.

    `as_of` is the day on which it was taken, which decides who is immature; None: the newest plausible day in it, and
    none after `today`, where the caller knows it. `reading` says where in a file the leads are.
    `events` are those of the leads, one row an event: a card that counts events learns from its leads at landmarks.
    For a history of the decision log, None: those that it has stored.
    """
    card = card if isinstance(card, Card) else read_card(card)
    logged = isinstance(data, LoggedHistory)
    if isinstance(data, LoggedHistory):
        card, today = adapt_to_log(card), data.as_of
        as_of = as_of or (None if data.backdated else data.as_of)
        events = data.events if events is None else events
        data, label = data.path, LOG_NAME
    else:
        label = "the data frame" if isinstance(data, pd.DataFrame) else str(data)
    if events is None:
        require_events(card, None)
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
    kept = None if events is None else _read_events(connection, events)
    return _read_leads(card, outcome, connection, source, label, as_of, today, logged=logged, events=kept)


def _read_events(connection: duckdb.DuckDBPyConnection, events: Path | str | pd.DataFrame) -> KeptEvents:
    """Keep the rows of a list of events. Raises DataError for a column that is gone, or rows that are none."""
    label = "the data frame of events" if isinstance(events, pd.DataFrame) else str(events)
    kept = read_list(connection, events, table="events")
    check_columns(kept.columns, label)
    if kept.rejects:
        broken = kept.rejects[:MOST_MISTAKES_SHOWN]
        raise DataError("\n".join(f"{label}: row {row.row:,} {row.reason}" for row in broken))
    return KeptEvents(kept, label)


def read_step(card: Card, whole: History) -> History:
    """The leads of a history that a step begins with: those that have the day from which `card.outcome` counts.

    `card` has the outcome of the step in the place of its own, and the flags of the choices of `whole`. Raises
    DataError.
    """
    assert card.outcome is not None
    return _read_leads(
        card,
        card.outcome,
        whole.list_connection,
        whole.source,
        whole.label,
        whole.as_of,
        None,
        choices=whole.choices,
        events=None if whole.counter is None else whole.counter.events,
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
    events: KeptEvents | None = None,
) -> History:
    """The leads of a list. With `choices`, those of a step, whose flags are these: only leads with a day to start.

    With `events`, a row is a lead at a landmark.
    """
    wide, became = with_outcome(card, outcome)
    fit = _check_columns(card, wide, became, source, label)
    by_field = find_columns(wide, source.columns)  # as the history spells them
    outcome = replace(outcome, column=by_field[became][0], day=by_field[name_day(became)][0] if outcome.day else "")
    if outcome.kind in ("words", "there"):
        wide, source = keep_as_text(connection, wide, became, outcome, source)
    scorecard = Scorecard(wide, Learned())
    day: date | str = outcome.since or as_of or EPOCH
    # Events are counted once it is known which leads are looked at, and when.
    table = join_unknown(wide, source.table) if card.events else source.table
    kept = [ROW, *source.columns]
    query = Query(day, table, source.columns, kept, checks=True, fields=True, counted=bool(card.events), remember=False)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE history AS {sql.select(scorecard, query)}")
    if choices is not None:
        of_others = " AND ".join(f"{quoted(f'f:{name}')} IS NULL" for name in (outcome.since, became))
        connection.execute(f"DELETE FROM history WHERE {of_others}")  # who made the step has begun it, said or not
    broken = source.rejects if choices is None else ()
    rejects = [*broken, *find_bad_values(connection, scorecard, "history", source.columns)]
    whole = spell_alike(card, connection.execute(select_typed(card, outcome, became)).df())
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
    forms = _forms(connection, card, outcome, source)
    examined = examine_rows(whole, outcome, forms, rejects, as_of, today)
    whole, counts = examined.rows, replace(examined.counts, rows=rows, rejected=rejected)
    choices = find_frequent_choices(card, whole) if choices is None else choices
    counter: LandmarkCounter | None = None
    landmarks: LandmarkRows | None = None
    if events is not None:
        looks = find_looks(whole, outcome, list_landmarks(card, outcome), examined.as_of)
        leads = whole.iloc[looks.leads].reset_index(drop=True)
        landmarks = LandmarkRows(np.arange(len(leads)), looks.after, leads["since"].to_numpy(np.int64))
        counter = _make_counter(connection, card, source, events, label, leads, landmarks)
        whole = _look_again(card, wide, outcome, became, source, counter, leads, looks)
        counter.require_own()
        if counter.unreadable:
            readable = ~whole["row"].isin(list(counter.unreadable)).to_numpy(bool)
            whole, looks = whole[readable].reset_index(drop=True), looks.take(readable)
            landmarks = landmarks.take(np.flatnonzero(readable))
            rejects += [reject for of_lead in counter.unreadable.values() for reject in of_lead]
            counts = replace(counts, rejected=counts.rejected + len(counter.unreadable))
            out = examined.rows["row"].isin(list(counter.unreadable)).to_numpy(bool)
            groups = {"have events that can't be read": out}
            doubts = (*doubts, *doubt_rejects(rejects, counts.rejected, rows))
            doubts = (*doubts, *compare_left_out(examined.rows, groups, rejects, outcome))
        counts = looks.count(counts)
        lacking = describe_missing_properties(card, events.rows.columns, counter.list_kinds)
        notes = (*notes, counter.totals.describe(), *([f"{lacking}."] if lacking else []), *looks.describe())
    won = whole["won"].to_numpy(bool)
    used, became_one = len(pd.unique(whole["row"])), len(pd.unique(whole["row"][won]))
    frame, left_out = choose_learnable(card, whole, choices)
    became_on = whole["became"].to_numpy(np.float64, na_value=np.nan) if outcome.kind == "date" else None
    return History(
        source=source,
        rows=whole["row"].to_numpy(np.int64),
        frame=frame,
        won=won,
        days=whole["since"].to_numpy(np.int64) if outcome.since else None,
        rules=whole["rules"].to_numpy(np.int64),
        criteria={criterion.name: three_valued(whole[f"c:{criterion.name}"]) for criterion in card.criteria},
        excluded=whole["out"].to_numpy(bool),
        counts=replace(counts, used=used, won=became_one),
        as_of=examined.as_of,
        rejects=tuple(rejects),
        left_out=left_out,
        became=won if became_on is None else np.isfinite(became_on),
        became_on=became_on,
        dates=take_dates(card, whole),
        ids=take_ids(card, whole),
        connection=connection,
        waits=examined.waits,
        logged=logged,
        notes=(*notes, *(() if logged else fit.describe("history")), *examined.notes),
        doubts=(*doubts, *examined.doubts),
        label=label,
        choices={name: choice for name, choice in choices.items() if name in frame},
        protected=read_protected_values(card, whole),
        order=whole["order"].to_numpy(np.int64) if outcome.order and not outcome.since else None,
        landmarks=landmarks,
        counter=counter,
    )


def _make_counter(
    connection: duckdb.DuckDBPyConnection,
    card: Card,
    source: LeadTable,
    events: KeptEvents,
    label: str,
    leads: pd.DataFrame,
    landmarks: LandmarkRows,
) -> LandmarkCounter:
    """The counter of the events of some leads at their landmarks; `leads` has a row for each. Raises DataError."""
    by_field = find_columns(card, source.columns)
    ids = [by_field[field.name][0] for field in card.plain_fields if field.kind == "id" and by_field[field.name]]
    if not ids:
        raise DataError(f"{label}: events need an id for each lead, a column of a field of `kind: id`")
    rows = leads["row"].to_numpy(np.int64)
    key = write_lead_key(ids[0], source.columns[ids[0]])
    keys = connection.execute(f"SELECT {quoted(ROW)} AS row, {key} AS key FROM {source.table}").df()
    keys = keys.set_index("row").loc[rows]
    names = {kind.tracked_since for kind in card.events.values() if isinstance(kind.tracked_since, str)}
    at = LandmarkDays(
        landmarks.numbers,
        rows,
        keys["key"].astype(object).where(keys["key"].notna(), None).to_numpy(),
        landmarks.met + landmarks.after,
        {name: days for name, days in take_dates(card, leads).items() if name in names},
    )
    return LandmarkCounter(connection, source, events, at)


def _look_again(
    card: Card,
    wide: Card,
    outcome: Outcome,
    became: str,
    source: LeadTable,
    counter: LandmarkCounter,
    leads: pd.DataFrame,
    looks: Looks,
) -> pd.DataFrame:
    """The typed rows of leads at their landmarks, with what was counted by then; `leads` has the leads' own rows."""
    scorecard = Scorecard(add_landmark_day(wide), Learned())
    columns = {**source.columns, LANDMARK_DAY: "DATE"}
    query = Query(
        LANDMARK_DAY,
        counter.join(scorecard),
        columns,
        keep=[ROW],
        checks=True,
        fields=True,
        counted=True,
        remember=False,
    )
    counter.connection.execute(f"CREATE OR REPLACE TEMP TABLE history AS {sql.select(scorecard, query)}")
    whole = counter.connection.execute(select_typed(card, outcome, became)).df()
    whole = spell_alike(card, whole.set_index("row").loc[np.arange(len(leads))].reset_index(drop=True))
    own = {name: leads[name] for name in ("row", "became", "order") if name in leads}
    return whole.assign(**own, since=leads["since"] + looks.after, won=looks.won)


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
