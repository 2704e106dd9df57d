"""What a day at the desk begins with: how many leads there are to act on, who is new, who waits, whose they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Engine, case, func, or_, select

from leadledger.api.log import tables
from leadledger.scoring.outputs import Verdict

MOST_OWNERS = 200
MOST_COUNTED = 1_000_000_000
_BOOK = tables.book.c
_WAITS = or_(_BOOK.answered_on.is_(None), _BOOK.answered_on < _BOOK.since)


class TotalCount(NamedTuple):
    """How many leads have a recommendation and a total (tenths); `calls`: of how many it is about a stage for calls."""

    verdict: Verdict
    tenths: int
    leads: int
    calls: int


class TodayFigures:
    """Counts over the book of a log. Raises SQLAlchemyError where the database fails.

    Each statement reads an index, or as many leads as its limit says: a million leads take a tenth of a second.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def count_totals(self, call_stages: Sequence[str]) -> list[TotalCount]:
        """How many leads have each recommendation and total, counted in the order of an index.

        `call_stages`: those to which a promoted lead is to be called; none: to any.
        """
        columns = (_BOOK.recommendation, _BOOK.tenths)
        calls = func.sum(case((_BOOK.to_stage.in_(call_stages), 1), else_=0)) if call_stages else func.count()
        with self.engine.connect() as connection:
            query = select(*columns, func.count(), calls).group_by(*columns)
            return [TotalCount(*row) for row in connection.execute(query)]

    def count_put_off(self, today: str) -> Counter[tuple[Verdict, str]]:
        """How many leads have each recommendation about each stage, of those that sales has rejected since, or put off
        beyond today.
        """
        is_awake = or_(_BOOK.snoozed_until.is_(None), _BOOK.snoozed_until <= today)
        rejected = (_BOOK.rejected_on > "") & (_BOOK.rejected_on >= _BOOK.since) & is_awake
        return self._count_advice(rejected) + self._count_advice(_BOOK.snoozed_until > today)

    def count_back(self, first: str, last: str) -> int:
        """How many leads come back within some days, that sales has put off to these."""
        return self._count((_BOOK.snoozed_until >= first) & (_BOOK.snoozed_until <= last))

    def count_new(self, since: str, call_stages: Sequence[str]) -> int:
        """How many leads have been promoted since a day, to some stages; none: to any."""
        is_new = (_BOOK.recommendation == "promote") & (_BOOK.since >= since)
        return self._count(is_new & _BOOK.to_stage.in_(call_stages) if call_stages else is_new)

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

    def _count_advice(self, condition: Any) -> Counter[tuple[Verdict, str]]:
        """How many leads have each recommendation about each stage, of the few that meet a condition.

        The limit keeps SQLite from grouping the whole book by an index of recommendations.
        """
        few = select(_BOOK.recommendation, _BOOK.to_stage).where(condition).limit(MOST_COUNTED).subquery()
        columns = (few.c.recommendation, few.c.to_stage)
        with self.engine.connect() as connection:
            rows = connection.execute(select(*columns, func.count()).group_by(*columns))
            return Counter({(verdict, stage): leads for verdict, stage, leads in rows})

    def _count(self, condition: Any) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(tables.book).where(condition)).scalar_one())
