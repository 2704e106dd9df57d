"""What a day at the desk begins with: how many leads there are to act on, who is new, who waits, whose they are."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, func, or_, select

from leadledger.api.log import tables
from leadledger.scoring.outputs import VERDICTS, Verdict

MOST_OWNERS = 200
MOST_COUNTED = 1_000_000_000
_BOOK = tables.book.c
_WAITS = or_(_BOOK.answered_on.is_(None), _BOOK.answered_on < _BOOK.since)


class TodayFigures:
    """Counts over the book of a log. Raises SQLAlchemyError where the database fails.

    Each statement reads an index, or as many leads as its limit says: a million leads take a tenth of a second.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def count_totals(self) -> list[tuple[Verdict, int, int]]:
        """How many leads have each recommendation and total (tenths), counted in the order of an index."""
        columns = (_BOOK.recommendation, _BOOK.tenths)
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(select(*columns, func.count()).group_by(*columns))]

    def count_put_off(self, today: str) -> dict[Verdict, int]:
        """How many leads have each recommendation, of those that sales has rejected since, or put off beyond today."""
        is_awake = or_(_BOOK.snoozed_until.is_(None), _BOOK.snoozed_until <= today)
        rejected = self._count_verdicts((_BOOK.rejected_on > "") & (_BOOK.rejected_on >= _BOOK.since) & is_awake)
        snoozed = self._count_verdicts(_BOOK.snoozed_until > today)
        return {verdict: snoozed[verdict] + rejected[verdict] for verdict in VERDICTS}

    def count_back(self, first: str, last: str) -> int:
        """How many leads come back within some days, that sales has put off to these."""
        return self._count((_BOOK.snoozed_until >= first) & (_BOOK.snoozed_until <= last))

    def count_new(self, since: str) -> int:
        """How many leads have been promoted since a day."""
        return self._count((_BOOK.recommendation == "promote") & (_BOOK.since >= since))

    def count_waiting(self, most: int) -> int:
        """How many promoted leads sales has said nothing of since; at most `most`."""
        waiting = select(_BOOK.key).where(_BOOK.recommendation == "promote", _WAITS).limit(most).subquery()
        with self.engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(waiting)).scalar_one())

    def list_owners(self) -> list[str]:
        """The owners of leads, by name; at most MOST_OWNERS and one. Each is looked up behind the one before."""
        owners: list[str] = []
        with self.engine.connect() as connection:
            while len(owners) <= MOST_OWNERS:
                following = _BOOK.owner > (owners[-1] if owners else "")
                owner: str | None = connection.execute(select(func.min(_BOOK.owner)).where(following)).scalar()
                if owner is None:
                    break
                owners.append(owner)
        return owners

    def _count_verdicts(self, condition: Any) -> dict[Verdict, int]:
        """How many leads have each recommendation, of the few that meet a condition.

        The limit keeps SQLite from grouping the whole book by an index of recommendations.
        """
        few = select(_BOOK.recommendation).where(condition).limit(MOST_COUNTED).subquery()
        query = select(few.c.recommendation, func.count()).group_by(few.c.recommendation)
        with self.engine.connect() as connection:
            counts = {str(verdict): int(leads) for verdict, leads in connection.execute(query)}
        return {verdict: counts.get(verdict, 0) for verdict in VERDICTS}

    def _count(self, condition: Any) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(tables.book).where(condition)).scalar_one())
