"""What sales said of leads: recorded beside the book, whose rows it changes in the same transaction.

It tells of the score, never of the outcome: training doesn't read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, func, insert, select, update

from leadledger.api.log import tables
from leadledger.api.log.book_rows import BookRow
from leadledger.api.log.database import WRITES
from leadledger.api.log.feedback import Feedback
from leadledger.api.log.record import now


class FeedbackStore:
    """The feedback of a log. Raises SQLAlchemyError where the database fails."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def add(self, row: BookRow, feedback: Feedback, key: str) -> bool:
        """Record what sales said of a lead of the book; `key` is the id of the API key. Returns whether it is new.

        The same of one day is recorded once. A rejection lasts until the lead is accepted; whichever comes last of
        snoozing, accepting and rejecting says whether the lead is snoozed.
        """
        book, table = tables.book.c, tables.feedback
        entry = {
            **{"lead_key": row.key, "lead": row.lead, "verb": feedback.verb, "reason": feedback.reason},
            **{"entry": feedback.entry, "until": feedback.until, "on": feedback.on},
        }
        same = [table.c[name].is_(value) if value is None else table.c[name] == value for name, value in entry.items()]
        with self.engine.execution_options(**WRITES).begin() as connection:
            # Two requests with the same feedback wait for each other here; SQLite lets one writer in at a time anyway.
            connection.execute(select(book.key).where(book.key == row.key).with_for_update())
            if connection.execute(select(table.c.number).where(*same).limit(1)).first() is not None:
                return False
            values = {**entry, "score_id": row.score_id, "at": now(), "key": key}
            connection.execute(insert(table).values(values))
            changed = update(tables.book).where(book.key == row.key).values(_change_row(feedback))
            connection.execute(changed)
        return True

    def count_entries(self, since: str) -> list[tuple[str, int]]:
        """The ledger entries that were called wrong from a day on, as `kind:name`, and how often, most often first."""
        table = tables.feedback.c
        return self._count(table.entry, (table.entry != "") & (table.on >= since))

    def count_verbs(self, since: str) -> list[tuple[str, int]]:
        """What was said from a day on, and how often."""
        return self._count(tables.feedback.c.verb, tables.feedback.c.on >= since)

    def count_reasons(self, since: str) -> list[tuple[str, int]]:
        """The reasons of rejections from a day on, and how often, most often first."""
        table = tables.feedback.c
        return self._count(table.reason, (table.reason != "") & (table.on >= since))

    def _count(self, column: Any, condition: Any) -> list[tuple[str, int]]:
        number = func.count()
        query = select(column, number).where(condition).group_by(column).order_by(number.desc(), column)
        with self.engine.connect() as connection:
            return [(str(name), int(count)) for name, count in connection.execute(query)]


def _change_row(feedback: Feedback) -> Mapping[str, str | None]:
    """What feedback changes in the lead's row of the book."""
    match feedback.verb:
        case "accept":
            return {"answered_on": feedback.on, "rejected_on": None, "snoozed_until": None}
        case "reject":
            return {"answered_on": feedback.on, "rejected_on": feedback.on, "snoozed_until": None}
        case "snooze":
            return {"answered_on": feedback.on, "snoozed_until": feedback.until}
