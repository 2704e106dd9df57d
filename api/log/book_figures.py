"""Counts over the whole book, each by a statement that reads an index, and the leads nearest to a threshold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Engine, exists, func, select

from leadledger.api.log import tables
from leadledger.api.log.book_rows import BookRow
from leadledger.scoring.outputs import VERDICTS

TENTHS_PER_BIN = 100  # of a distribution of points
HIGHEST_BIN = 9  # 90 points and more; the lowest bin, 0, also has what is below 0
_BOOK = tables.book.c


class GroupCount(NamedTuple):
    """How many leads have a grade and a recommendation, with points in a bin of ten."""

    grade: str
    recommendation: str
    bin: int
    leads: int


class FirstGrade(NamedTuple):
    """The grade of a lead at its first score, and the day of that."""

    lead: str
    as_of: str
    grade: str


class BookFigures:
    """Counts over the book of a log. Raises SQLAlchemyError where the database fails."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def count_groups(self) -> list[GroupCount]:
        """The leads by grade, recommendation and bin of points.

        The database counts by points, in the order of an index; the bins come after, since sorting them takes longer.
        """
        columns = (_BOOK.grade, _BOOK.recommendation, _BOOK.tenths)
        counts = Counter[tuple[str, str, int]]()
        with self.engine.connect() as connection:
            for grade, verdict, tenths, leads in connection.execute(select(*columns, func.count()).group_by(*columns)):
                counts[grade, verdict, min(max(tenths // TENTHS_PER_BIN, 0), HIGHEST_BIN)] += leads
        return [GroupCount(*group, leads) for group, leads in counts.items()]

    def count_since(self, day: str) -> dict[str, int]:
        """How many leads have had each recommendation since a day or later."""
        query = (
            select(_BOOK.recommendation, func.count())
            .where(_BOOK.recommendation.in_(VERDICTS), _BOOK.since >= day)
            .group_by(_BOOK.recommendation)
        )
        with self.engine.connect() as connection:
            return {str(verdict): int(leads) for verdict, leads in connection.execute(query)}

    def count_promoted(self, stage: str, day: str) -> int:
        """How many leads have been promoted to a stage since a day or later."""
        return self._count((_BOOK.recommendation == "promote") & (_BOOK.since >= day) & (_BOOK.to_stage == stage))

    def count_near(self, stage: str, verdicts: tuple[str, ...], low: int, high: int) -> int:
        """How many leads with one of some recommendations about a stage have from `low` to below `high` tenths."""
        is_near = (_BOOK.tenths >= low) & (_BOOK.tenths < high)
        return self._count(_BOOK.recommendation.in_(verdicts) & is_near & (_BOOK.to_stage == stage))

    def count_held(self, stage: str, threshold: int) -> int:
        """How many leads stay promoted to a stage although they are below its threshold (tenths)."""
        is_held = (_BOOK.recommendation == "promote") & (_BOOK.tenths < threshold)
        return self._count(is_held & (_BOOK.to_stage == stage))

    def count_verdict(self, verdict: str) -> int:
        """How many leads have a recommendation."""
        return self._count(_BOOK.recommendation == verdict)

    def read_nearest(
        self, verdict: str, threshold: int, limit: int, owner: str | None = None, to_stages: Sequence[str] = ()
    ) -> list[BookRow]:
        """The leads with a recommendation that are nearest to a threshold (tenths), at most `limit`.

        `owner`: of one owner alone; empty: without one; None: of all. `to_stages`: of recommendations about these
        stages; none: about any.
        """
        query = select(tables.book).where(_BOOK.recommendation == verdict).limit(limit)
        if owner is not None:
            query = query.where(_BOOK.owner == owner)
        if to_stages:
            query = query.where(_BOOK.to_stage.in_(to_stages))
        above = query.where(_BOOK.tenths >= threshold).order_by(_BOOK.tenths, _BOOK.key)
        below = query.where(_BOOK.tenths < threshold).order_by(_BOOK.tenths.desc(), _BOOK.key)
        with self.engine.connect() as connection:
            rows = [BookRow._make(row) for part in (above, below) for row in connection.execute(part)]
        return sorted(rows, key=lambda row: (abs(row.tenths - threshold), row.key))[:limit]

    def read_first_grades(self, card: str, until: str, limit: int) -> list[FirstGrade]:
        """The grades of leads at their first scores by a card, the newest first, of those up to the day `until`."""
        table, earlier = tables.scores, tables.scores.alias()
        has_earlier = exists().where(
            earlier.c.lead == table.c.lead, earlier.c.at < table.c.at, earlier.c.card == table.c.card
        )
        query = (
            select(table.c.lead, table.c.as_of, table.c.grade)
            .where(table.c.at < f"{until}T24", table.c.card == card, table.c.lead.is_not(None), ~has_earlier)
            .order_by(table.c.at.desc(), table.c.id.desc())
            .limit(limit)
        )
        with self.engine.connect() as connection:
            return [FirstGrade(*row) for row in connection.execute(query)]

    def _count(self, condition: Any) -> int:
        with self.engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(tables.book).where(condition)).scalar_one()
