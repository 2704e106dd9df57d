"""Rows of the table `book`, how scores change them, and the changes of decisions that hooks tell of.

A row is what the scores of a lead make of it, one after another as they are recorded. It is written in the transaction
of the scores, so that it never differs from them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from pydantic_core import to_json

from leadledger.api.log.record import Record
from leadledger.api.log.score_rows import MOST_ROWS_PER_INSERT
from leadledger.api.log.statements import Statement, is_postgres, run
from leadledger.scoring.lead_ids import find_id_key
from leadledger.scoring.memory import Memory

if TYPE_CHECKING:
    from sqlalchemy import Connection

WEEK = timedelta(days=7)
ZONES_APART = timedelta(days=1)  # today may be tomorrow elsewhere
_KEPT_ACROSS_SCORES = ("key", "rejected_on", "snoozed_until", "answered_on")  # what no score changes
_INDEXED = ("tenths", "probability", "change", "recommendation", "to_stage", "since", "owner", "grade", "title")
_find_place = attrgetter(*_INDEXED)  # where a row stands in all lists


class BookRow(NamedTuple):  # made for each score
    """What the book knows of a lead: the columns of `book`, in their order.

    Points are in tenths; `distance` is above the threshold, negative below it, and None where points don't decide. The
    probability has six digits, as in answers. Days are texts.

    `change` is since the day `earlier_on`, a week ago or more; 0 where that is None, since the lead is known for less.
    Two former totals suffice for it: `earlier_…`, the newest kept one that is a week old, and `recent_…`, which takes
    its place in time. Of a lead that is scored daily, the change is that of the last 7 to 12 days.
    """

    key: str
    lead: str
    score_id: str
    at: str
    as_of: str
    card: str
    card_digest: str
    release: str
    tenths: int
    score: int
    probability: float | None
    percentile: int | None
    grade: str
    axis_grades: str
    recommendation: str
    stage: str
    to_stage: str
    since: str
    below_since: str | None
    distance: int | None
    change: int
    earlier_tenths: int | None
    earlier_on: str | None
    recent_tenths: int | None
    recent_on: str | None
    owner: str
    title: str
    rejected_on: str | None
    snoozed_until: str | None
    answered_on: str | None
    input: str

    @property
    def decision(self) -> tuple[str, str, str]:
        """What a hook tells of when it changes: the recommendation, the stage ahead, and the grade."""
        return self.recommendation, self.to_stage, self.grade

    @property
    def memory(self) -> Memory:
        """What the next score remembers of it."""
        return self.remember(self.card, date.max)

    def remember(self, card: str, day: date) -> Memory:
        """What a score by a card on a day remembers of it.

        That is nothing of another card's recommendation, and of what was on a later day.
        """
        days = (self.since, self.below_since, self.rejected_on)
        since, below_since, rejected_on = (None if text is None else date.fromisoformat(text) for text in days)
        if rejected_on is not None and rejected_on > day:
            rejected_on = None
        if self.card != card or self.as_of > day.isoformat():
            return Memory(rejected_on=rejected_on)
        return Memory(self.recommendation, self.to_stage, since, below_since, rejected_on)


class DecisionChange(NamedTuple):
    """A lead whose recommendation, stage ahead or grade has changed; `before` is None for a lead that is new."""

    before: BookRow | None
    after: BookRow


class _FormerTotals(NamedTuple):
    """The two former totals that a row keeps, in tenths, with their days."""

    earlier_tenths: int | None = None
    earlier_on: str | None = None
    recent_tenths: int | None = None
    recent_on: str | None = None


def write_book(connection: Connection, records: Sequence[Record]) -> list[DecisionChange]:
    """Enter recorded scores in the book, in their order, those without a lead's id apart.

    Returns the decisions that have changed; those of one lead in their order. Until the transaction ends, nobody else
    changes the rows of these leads.
    """
    changes, statements = enter_in_book(connection, records)
    if statements:
        run(connection, statements)
    return changes


def enter_in_book(
    connection: Connection, records: Sequence[Record], before: Sequence[Statement] = ()
) -> tuple[list[DecisionChange], list[Statement]]:
    """As `write_book`, but the statements that remain are returned, so that they are run with what follows.

    `before` are run with the first statement of the book.
    """
    by_key: dict[str, list[Record]] = {}
    for record in records:
        if record.lead is not None:
            by_key.setdefault(find_id_key(record.lead), []).append(record)
    if not by_key:
        return [], list(before)
    rows = _lock_if_all_known(connection, by_key, before)
    inserted = frozenset[str]()
    if len(rows) < len(by_key) and is_postgres(connection):
        inserted = _insert_new(connection, by_key)
        rows |= lock_rows(connection, [key for key in by_key if key not in inserted])
    changes: list[DecisionChange] = []
    written: dict[str, BookRow] = {}
    for key, scores in by_key.items():
        row = rows.get(key)
        for record in scores:
            after = enter_score(row, record)
            if after is None:
                continue
            written[key] = after
            if row is None or row.decision != after.decision:
                changes.append(DecisionChange(row, after))
            row = after
    return changes, _set_rows(connection, [row for key, row in written.items() if key not in inserted], rows)


def enter_score(before: BookRow | None, record: Record) -> BookRow | None:
    """The row of a lead (None: it is new) after a score of it.

    None where the score doesn't enter the book: it is of an older day than the row, or of the same day and answered
    earlier; or it is of a day that lies ahead of its answer, and says what may be.
    """
    result = record.result
    as_of = result.as_of.isoformat()
    if before is not None and (as_of, record.at) < (before.as_of, before.at):
        return None
    if as_of > record.at[:10] and result.as_of > date.fromisoformat(record.at[:10]) + ZONES_APART:
        return None
    advice = result.recommendation
    since, rejected_on, snoozed_until, answered_on, totals = as_of, None, None, None, _FormerTotals()
    if before is not None:
        if (before.recommendation, before.to_stage) == (advice.verdict, advice.to):
            since = before.since
        rejected_on, snoozed_until, answered_on = before.rejected_on, before.snoozed_until, before.answered_on
        totals = _keep_totals(before, as_of)
    if result.recommended_since is not None:  # the card remembers it, and what its CRM sends counts more than the book
        since = result.recommended_since.isoformat()
    lead = record.lead or ""
    return BookRow(
        key=find_id_key(lead),
        lead=lead,
        score_id=record.id,
        at=record.at,
        as_of=as_of,
        card=result.card,
        card_digest=record.digest,
        release=result.release,
        tenths=result.tenths,
        score=result.score,
        probability=None if result.probability is None else round(result.probability, 6),
        percentile=result.percentile,
        grade=result.grade,
        axis_grades=result.axis_grades,
        recommendation=advice.verdict,
        stage=advice.at,
        to_stage=advice.to,
        since=since,
        below_since=None if result.below_since is None else result.below_since.isoformat(),
        distance=None if advice.threshold is None else result.tenths - advice.threshold,
        change=0 if totals.earlier_tenths is None else result.tenths - totals.earlier_tenths,
        earlier_tenths=totals.earlier_tenths,
        earlier_on=totals.earlier_on,
        recent_tenths=totals.recent_tenths,
        recent_on=totals.recent_on,
        owner=record.owner,
        title=record.title,
        rejected_on=rejected_on,
        snoozed_until=snoozed_until,
        answered_on=answered_on,
        input=record.input,
    )


def _keep_totals(before: BookRow, day: str) -> _FormerTotals:
    """The former totals that a row keeps on a day, not before its last."""
    earlier, recent = (before.earlier_tenths, before.earlier_on), (before.recent_tenths, before.recent_on)
    last = (before.tenths, before.as_of)
    if before.as_of == day:
        return _FormerTotals(*earlier, *recent)
    week_ago = (date.fromisoformat(day) - WEEK).isoformat()
    if before.as_of <= week_ago:
        return _FormerTotals(*last)
    if before.recent_on is None:
        return _FormerTotals(*earlier, *last)
    if before.recent_on <= week_ago:
        return _FormerTotals(*recent, *last)
    return _FormerTotals(*earlier, *recent)


# -- reading and writing rows ------------------------------------------------------------------------------------------


def lock_rows(connection: Connection, keys: Iterable[str]) -> dict[str, BookRow]:
    """The rows that there are of some keys; until the transaction ends, nobody else changes them."""
    return _read_rows(connection, _LOCK if is_postgres(connection) else _READ, keys)


def read_rows(connection: Connection, keys: Iterable[str]) -> dict[str, BookRow]:
    """The rows that there are of some keys."""
    return _read_rows(connection, _READ_OF_POSTGRES if is_postgres(connection) else _READ, keys)


def _lock_if_all_known(connection: Connection, keys: Iterable[str], before: Sequence[Statement]) -> dict[str, BookRow]:
    """`lock_rows`, behind other statements; of PostgreSQL only where the book has a row of each key, else nothing."""
    return _read_rows(connection, _LOCK_IF_ALL_KNOWN if is_postgres(connection) else _READ, keys, before)


def _read_rows(
    connection: Connection, query: str, keys: Iterable[str], before: Sequence[Statement] = ()
) -> dict[str, BookRow]:
    """Rows by a query, which takes their keys as JSON. SQLite needs no locks: its writers wait for each other anyway.

    They come as one text: SQLite's driver lets go of the interpreter's lock at each row (see `score_rows`), and that of
    PostgreSQL takes longer for each column.
    """
    text = run(connection, [*before, Statement(query, (_encode_keys(keys),))])[-1]
    return {row[0]: BookRow._make(row) for row in json.loads(text or "[]")}


def find_known(connection: Connection, keys: Iterable[str]) -> set[str]:
    """Those keys of which the book has a row."""
    query = _READ_KEYS_OF_POSTGRES if is_postgres(connection) else _READ_KEYS
    (text,) = run(connection, [Statement(query, (_encode_keys(keys),))])
    return set(json.loads(text or "[]"))


def _encode_keys(keys: Iterable[str]) -> str:
    return json.dumps(list(keys), ensure_ascii=False)


def _insert_new(connection: Connection, by_key: Mapping[str, Sequence[Record]]) -> frozenset[str]:
    """Insert the leads that are new to the book, with all of their scores. Returns their keys.

    Only PostgreSQL needs it. All workers insert in the order of the keys, and then lock in that order, so that none
    waits for one that waits for it: while a worker inserts, it holds no row that was there before.
    """
    known = find_known(connection, by_key)
    fresh = [row for key in sorted(by_key) if key not in known and (row := _enter_scores(by_key[key])) is not None]
    return frozenset(_insert_rows(connection, fresh))


def _enter_scores(records: Iterable[Record]) -> BookRow | None:
    """The row that some scores make of a new lead; None: none of them enters the book."""
    row: BookRow | None = None
    for record in records:
        row = enter_score(row, record) or row
    return row


def _insert_rows(connection: Connection, rows: Sequence[BookRow]) -> list[str]:
    """Insert those rows whose keys nobody has inserted meanwhile, and return these keys."""
    if not rows:
        return []
    (text,) = run(connection, [Statement(_INSERT_NEW, (_encode_rows(rows),))])
    return list(json.loads(text or "[]"))


def write_rows(connection: Connection, rows: Sequence[BookRow], before: Mapping[str, BookRow]) -> None:
    """Insert or update rows, each of another lead. What no score changes stays as it is.

    `before` are those that there were, by key, as far as they are locked.
    """
    statements = _set_rows(connection, rows, before)
    if statements:
        run(connection, statements)


def _set_rows(connection: Connection, rows: Sequence[BookRow], before: Mapping[str, BookRow]) -> list[Statement]:
    """The statements of `write_rows`."""
    moved = [row for row in rows if row.key not in before or _find_place(row) != _find_place(before[row.key])]
    keys = {row.key for row in moved}
    statements: list[Statement] = []
    for update, written in ((_UPDATE, moved), (_UPDATE_IN_PLACE, [row for row in rows if row.key not in keys])):
        if is_postgres(connection):
            if written:
                statements.append(Statement(_INSERT_JSON + update, (_encode_rows(written),)))
            continue
        for start in range(0, len(written), MOST_ROWS_PER_INSERT):
            part = written[start : start + MOST_ROWS_PER_INSERT]
            statements.append(Statement(_insert_statement(len(part)) + update, tuple(chain.from_iterable(part))))
    return statements


def _encode_rows(rows: Sequence[BookRow]) -> str:
    """Rows as one text, for PostgreSQL, so that one statement writes any number of them."""
    return to_json([row._asdict() for row in rows]).decode()


@cache
def _insert_statement(size: int) -> str:
    """The statement that inserts `size` rows into SQLite."""
    row = f"({', '.join(['?'] * len(BookRow._fields))})"
    return f"INSERT INTO book ({', '.join(BookRow._fields)}) VALUES {', '.join([row] * size)}"


def _update_on_conflict(kept: Sequence[str]) -> str:
    changed = ", ".join(f"{name} = excluded.{name}" for name in BookRow._fields if name not in kept)
    return f" ON CONFLICT (key) DO UPDATE SET {changed}"


_UPDATE = _update_on_conflict(_KEPT_ACROSS_SCORES)
# SQLite writes each index of which a column is set, whether or not its value changes.
_UPDATE_IN_PLACE = _update_on_conflict((*_KEPT_ACROSS_SCORES, *_INDEXED))
_COLUMNS = ", ".join(BookRow._fields)
_INSERT_JSON = f"INSERT INTO book ({_COLUMNS}) SELECT {_COLUMNS} FROM json_populate_recordset(NULL::book, $1::json)"
_INSERT_NEW = (
    f"WITH new AS ({_INSERT_JSON} ON CONFLICT (key) DO NOTHING RETURNING key) SELECT json_agg(key)::text FROM new"
)
_ROWS_OF_KEYS = "FROM book WHERE key IN (SELECT value FROM json_each(?))"
_READ = f"SELECT json_group_array(json_array({_COLUMNS})) {_ROWS_OF_KEYS}"
_READ_KEYS = f"SELECT json_group_array(key) {_ROWS_OF_KEYS}"
_KEYS = "ARRAY(SELECT json_array_elements_text($1::json))"
_ROWS_OF_POSTGRES = f"FROM book WHERE key = ANY({_KEYS})"
_AS_JSON = f"SELECT json_agg(json_build_array({_COLUMNS}))::text"
_READ_OF_POSTGRES = f"{_AS_JSON} {_ROWS_OF_POSTGRES}"
_READ_KEYS_OF_POSTGRES = f"SELECT json_agg(key)::text {_ROWS_OF_POSTGRES}"
_LOCK = f"{_AS_JSON} FROM (SELECT * {_ROWS_OF_POSTGRES} ORDER BY key FOR UPDATE) AS locked"
_ALL_KNOWN = f"(SELECT count(*) {_ROWS_OF_POSTGRES}) = json_array_length($1::json)"
_LOCK_IF_ALL_KNOWN = (
    f"{_AS_JSON} FROM (SELECT * {_ROWS_OF_POSTGRES} AND {_ALL_KNOWN} ORDER BY key FOR UPDATE) AS locked"
)
