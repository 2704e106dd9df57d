"""Scores that no request asked for: of the book's leads, worked out again, and of the leads of a list.

Most of them say what the book knows, of another day. So that the log stays small, such a score only moves the lead's
row of the book, whose `score_id` stays that of the last score in the log: the one that brought the decision. A score
that changes the decision enters the log, as one that a request asked for, so that a message has something to replay.
"""

from __future__ import annotations

import json
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from leadledger.api.log.book_rows import (
    BookRow,
    DecisionChange,
    enter_score,
    find_known,
    lock_rows,
    write_book,
    write_rows,
)
from leadledger.api.log.outbox import write_messages
from leadledger.api.log.record import Record, encode_answer, new_id
from leadledger.api.log.score_rows import write_scores
from leadledger.scoring.lead_ids import find_id_key
from leadledger.scoring.result import Result

if TYPE_CHECKING:
    from sqlalchemy import Connection


class LeadScore(NamedTuple):  # made for each lead
    """A score of a lead: its id, what `encode_input` wrote, its owner and its title, the digest of a card alone."""

    lead: str
    input: str
    owner: str
    title: str
    digest: str
    result: Result

    @property
    def decision(self) -> tuple[str, str, str]:
        """As that of a row of the book."""
        return decision_of(self.result)

    def record(self, at: str, score_id: str = "") -> Record:
        """The record of it: new to the log, or, with the id of an earlier score, for the lead's row of the book alone.

        `at` is when it was worked out.
        """
        ident = score_id or new_id()
        names = self.owner, self.title
        answer = b"" if score_id else encode_answer(ident, self.result)
        return Record(ident, at, self.lead, "", self.digest, self.input, answer, self.result, *names)


class BookUpdate(NamedTuple):  # made for each lead
    """What a score makes of a row of the book; `record` enters the log, too (None: it doesn't)."""

    before: BookRow
    after: BookRow
    record: Record | None


@dataclass
class WrittenUpdates:
    """What was written: how many scores entered the log, how many rows of the book moved, and how many messages.

    `decisions` are those that changed, of leads that the book knew; `new` leads it didn't know. `passed` counts scores
    that weren't written, since the book knows a newer one; `same` those of which it knew all.
    """

    scores: int = 0
    moved: int = 0
    new: int = 0
    decisions: int = 0
    messages: int = 0
    passed: int = 0
    same: int = 0

    def add(self, other: WrittenUpdates) -> None:
        """Add what another transaction has written."""
        for name, count in vars(other).items():
            setattr(self, name, getattr(self, name) + count)


def decision_of(result: Result) -> tuple[str, str, str]:
    """The decision of a score, as that of a row of the book."""
    return result.recommendation.verdict, result.recommendation.to, result.grade


def is_same_release(row: BookRow, score: LeadScore) -> bool:
    """Whether a row of the book and a score come from one release, or one card."""
    return (row.card, row.release, row.card_digest) == (score.result.card, score.result.release, score.digest)


def plan_update(before: BookRow, score: LeadScore, at: str, *, is_new_data: bool = False) -> BookUpdate | None:
    """What a score makes of the row of its lead; None where the book knows a newer score.

    It enters the log where the decision or the release changes, or it rests on new data.
    """
    is_logged = is_new_data or before.decision != score.decision or not is_same_release(before, score)
    record = score.record(at, "" if is_logged else before.score_id)
    after = enter_score(before, record)
    return None if after is None else BookUpdate(before, after, record if is_logged else None)


def write_updates(connection: Connection, updates: Sequence[BookUpdate]) -> tuple[list[BookUpdate], int]:
    """Write updates of different leads, but for those whose rows are no longer as they were: somebody was faster.

    Returns those that were written, and the number of messages.
    """
    rows = lock_rows(connection, [update.before.key for update in updates])
    kept = [update for update in updates if _is_still(rows.get(update.before.key), update.before)]
    return kept, _write(connection, kept).messages


def write_list_scores(
    connection: Connection, scores: Sequence[LeadScore], at: str, remembered: Container[str]
) -> WrittenUpdates:
    """Write scores of a list, in its order, into the log and the book.

    Of a lead that the book knows, one enters the log where its decision, its release or its data changed: the values of
    its fields, but those `remembered` or counted, which change by themselves, and how many events it has.
    """
    by_key: dict[str, list[LeadScore]] = {}
    for score in scores:
        by_key.setdefault(find_id_key(score.lead), []).append(score)
    # New leads first, as `write_book` inserts them: whoever inserts holds no row that was there before.
    known = find_known(connection, by_key)
    written = WrittenUpdates()
    written.add(_write_new(connection, [of_lead for key, of_lead in by_key.items() if key not in known], at))
    rows = lock_rows(connection, known)
    forgotten = [by_key[key] for key in known if key not in rows]
    updates: list[BookUpdate] = []
    for key, row in rows.items():
        for score in by_key[key]:
            update = plan_update(row, score, at, is_new_data=not _is_same_data(row.input, score.input, remembered))
            if update is None:
                written.passed += 1
            elif update.record is None and update.after._replace(at=row.at) == row:
                written.same += 1
            else:
                updates.append(update)
                row = update.after
    written.add(_write(connection, updates))
    written.add(_write_new(connection, forgotten, at))
    return written


def _write_new(connection: Connection, leads: Sequence[Sequence[LeadScore]], at: str) -> WrittenUpdates:
    """Write the scores of leads that the book doesn't know, or didn't a moment ago."""
    records = [score.record(at) for scores in leads for score in scores]
    write_scores(connection, records)
    messages = write_messages(connection, write_book(connection, records), records)
    return WrittenUpdates(len(records), new=len(leads), messages=messages)


def _write(connection: Connection, updates: Sequence[BookUpdate]) -> WrittenUpdates:
    records = [update.record for update in updates if update.record is not None]
    changes = [DecisionChange(before, after) for before, after, _ in updates if before.decision != after.decision]
    write_scores(connection, records)
    before = {update.before.key: update.before for update in reversed(updates)}  # of each lead the first
    write_rows(connection, list({update.after.key: update.after for update in updates}.values()), before)
    messages = write_messages(connection, changes, records)
    return WrittenUpdates(len(records), moved=len(updates), decisions=len(changes), messages=messages)


def _is_still(row: BookRow | None, read: BookRow) -> bool:
    """Whether a row is as it was read. A rejection changes it, too: the next look counts it."""
    return row is not None and (row.score_id, row.at, row.rejected_on) == (read.score_id, read.at, read.rejected_on)


def _is_same_data(old: str, new: str, remembered: Container[str]) -> bool:
    """Whether two inputs rest on the same data."""
    return old == new or _read_data(old, remembered) == _read_data(new, remembered)


def _read_data(text: str, remembered: Container[str]) -> tuple[dict[str, Any], list[str], int]:
    encoded = json.loads(text)
    values = {name: value for name, value in encoded["values"].items() if name not in remembered}
    return values, encoded["ignored"], encoded.get("events", {}).get("counted", 0)
